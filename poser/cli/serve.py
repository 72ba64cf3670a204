"""`poser expert-server`: experts for other processes and machines."""

from __future__ import annotations

from typing import Annotated

import typer

from poser.cli.reading import split_names


def expert_server(
    experts: Annotated[str | None, typer.Option(help="Experts to serve, e.g. 'a,b'; by default all.")] = None,
    host: Annotated[
        str, typer.Option(help="Address to bind to; what can be reached from outside needs --secret-env.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one, which is printed.")] = 8765,
    secret_env: Annotated[
        str | None, typer.Option(metavar="NAME", help="Environment variable with the secret that callers must send.")
    ] = None,
    concurrency: Annotated[int, typer.Option(min=1, help="Calls of one expert at once.")] = 1,
    max_mb: Annotated[int, typer.Option(min=1, help="Largest request, in MiB.")] = 64,
) -> None:
    """Serve experts over HTTP until Ctrl-C; use = "http" in another poser.toml calls them."""
    import os
    import signal

    from poser import catalog
    from poser.experts.errors import InputError
    from poser.experts.serving import ExpertServer

    secret = ""
    if secret_env is not None:
        secret = os.environ.get(secret_env, "")
        if not secret:
            raise InputError(
                f"The environment variable {secret_env!r} holds no secret; set it, or leave --secret-env out."
            )
    server = ExpertServer(
        catalog.experts(split_names(experts)),
        host=host,
        port=port,
        secret=secret,
        concurrency=concurrency,
        max_bytes=max_mb * 2**20,
        log=lambda line: typer.echo(line, err=True),
    )

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    with server:
        # a service is told to stop by SIGTERM
        before = signal.signal(signal.SIGTERM, end)
        try:
            typer.echo(server.url)
            typer.echo(f"serving {', '.join(server.offered)}; Ctrl-C ends it", err=True)
            server.serve_forever(poll_interval=0.2)
        except KeyboardInterrupt:
            typer.echo("stopping: calls under way are given ten seconds", err=True)
        finally:
            signal.signal(signal.SIGTERM, before)
