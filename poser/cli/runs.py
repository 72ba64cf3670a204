"""`poser runs`, `poser resume`, `poser edit`, `poser store`: what is kept of runs, and going on with them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from poser.cli.reading import PROMPT_HELP, print_json, read_prompt_argument, split_names
from poser.cli.running import carry_out

if TYPE_CHECKING:
    from poser.store import RunRow

RUN_HELP = "Name of a run, see `poser runs list`, or how it begins, or the folder of the run."

app = typer.Typer(no_args_is_help=True, help="The runs that are kept.")
store_app = typer.Typer(invoke_without_command=True, help="The store: how much it holds, and cleaning up.")


@app.callback()
def _group() -> None:
    """Groups the commands below."""


@store_app.callback()
def _store_group(context: typer.Context) -> None:
    """Without a command the size is shown."""
    if context.invoked_subcommand is None:
        store_size(as_json=False)


@app.command("list")
def list_runs(
    limit: Annotated[int, typer.Option(min=1, help="Most runs that are shown, the newest first.")] = 20,
    unfinished: Annotated[bool, typer.Option("--unfinished", help="Interrupted ones alone.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """List the runs that are kept: when, how they ended, what they cost."""
    from poser.engine.user_store import open_store

    with open_store() as store:
        rows = store.runs(limit=limit, status="interrupted" if unfinished else None)
    if as_json:
        print_json({"runs": [_as_data(row) for row in rows]})
        return
    from rich.console import Console
    from rich.table import Table

    from poser.cli.tables import money
    from poser.explain import printable

    table = Table(box=None, pad_edge=False)
    for heading in ("run", "status", "calls", "cost", "score", "prompt"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        score = "–" if row.alignment is None else f"{row.alignment:.2f}"
        cost = money(row.usd_known, unknown=row.usd is None)
        words = row.prompt if len(row.prompt) <= 60 else f"{row.prompt[:59]}…"
        table.add_row(row.id, row.status, str(row.calls), cost, score, printable(words))
    Console(highlight=False).print(table if rows else "No run is kept yet.")


@app.command("show")
def show_run(
    run: Annotated[str, typer.Argument(help=RUN_HELP)],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Show one run: what was asked for, every call, where its files are."""
    from poser.engine.user_store import open_store

    with open_store() as store:
        row = store.run(run)
        traces = store.traces(row.id)
        calls = store.calls(row.id)
    if as_json:
        made = [
            {"key": call.key, "who": call.who, "kind": call.kind, "state": "done" if call.answered else "begun",
             "failed": call.failed or None, "sent": call.sent, "usd": None if call.usage is None else call.usage.usd}
            for call in calls
        ]  # fmt: skip
        steps = {str(n): [step.model_dump(mode="json") for step in trace.steps] for n, trace in traces.items()}
        print_json(_as_data(row) | {"calls_made": made, "steps": steps})
        return
    from rich.console import Console
    from rich.table import Table

    from poser.cli.tables import money
    from poser.explain import printable

    console = Console(highlight=False)
    head = {
        "run": row.id,
        "status": row.status + (f"; go on with it: poser resume {row.id}" if row.status == "interrupted" else ""),
        "begun": f"{row.created:%Y-%m-%d %H:%M:%S} UTC",
        "prompt": row.prompt,
        "follows": row.parent or "",
        "folder": str(row.folder or "–"),
        "cost": money(row.usd_known, unknown=row.usd is None),
    }
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, text in head.items():
        if text:
            table.add_row(name, printable(text))
    console.print(table)
    calls_table = Table(box=None, pad_edge=False)
    for heading in ("call", "who", "state", "cost", "seconds"):
        calls_table.add_column(heading)
    for call in calls:
        usage = call.usage
        state = f"failed: {call.failed}" if call.failed else "answered" if call.answered else "no answer yet"
        state += " (sent twice)" if call.sent > 1 else ""
        calls_table.add_row(
            call.key.partition("/")[2], call.who, state,
            "–" if usage is None else money(usage.usd), "–" if usage is None else f"{usage.seconds:.2f}",
        )  # fmt: skip
    console.print(calls_table)


def resume(
    run: Annotated[str, typer.Argument(help=RUN_HELP)],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, only warnings and the result.")] = False,
) -> None:
    """Go on with a run that was cut off or not judged. What it has received is not asked, or paid, for again."""
    from poser import engine

    carry_out(lambda stop: engine.resumed(run, stop=stop), quiet=quiet, as_json=as_json)


def edit(
    run: Annotated[str, typer.Argument(help=RUN_HELP)],
    prompt: Annotated[str, typer.Argument(help=PROMPT_HELP)],
    out: Annotated[Path | None, typer.Option(help="Folder of the run; by default a new one in ./runs.")] = None,
    experts: Annotated[str | None, typer.Option(help="Experts to use, e.g. 'a,b'; by default as before.")] = None,
    policy: Annotated[str | None, typer.Option(help="Who decides; by default as before.")] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Seeds everything drawn by chance.")] = 0,
    max_steps: Annotated[int | None, typer.Option(min=1, help="Most calls of experts.")] = None,
    budget: Annotated[float | None, typer.Option(min=0, help="Most US dollars; 0: free experts only.")] = None,
    metadata: Annotated[bool, typer.Option(help="Write prompt and summary into final.png.")] = True,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before a run that may cost much.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, only warnings and the result.")] = False,
) -> None:
    """Follow up a run: change its picture as PROMPT says, with the same experts and settings."""
    from poser import engine
    from poser.cli.spending import ask_above
    from poser.config import load_settings

    text = read_prompt_argument(prompt)
    confirm = None if yes else ask_above(load_settings().run.confirm_above)
    options: dict[str, Any] = {
        "experts": split_names(experts), "policy": policy, "seed": seed, "max_steps": max_steps, "budget": budget
    }  # fmt: skip
    carry_out(
        lambda stop: engine.edit_stream(
            run, text, out=out or True, metadata=metadata, stop=stop, confirm=confirm, **options
        ),
        quiet=quiet,
        as_json=as_json,
    )


@store_app.command("size")
def store_size(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Say where the store is and how much it holds."""
    from poser.engine.user_store import open_store

    with open_store() as store:
        size = store.size()
    if as_json:
        print_json({**vars(size), "folder": str(size.folder), "rows": dict(size.rows)})
        return
    typer.echo(f"{size.folder}: {size.pictures} pictures of {_megabytes(size.picture_bytes)}, "
               f"database {_megabytes(size.database_bytes)}")  # fmt: skip
    typer.echo(", ".join(f"{count} {name}" for name, count in size.rows.items()))


@store_app.command("clean")
def store_clean(
    days: Annotated[float, typer.Option(min=0, help="Remove what has not been touched for so many days.")] = 30.0,
    keep_finished: Annotated[bool, typer.Option(help="Keep finished runs, however old.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Remove old runs, kept results and pictures that nothing refers to. Run folders and the track record stay.

    Pictures of the last hour stay too: another process may be about to refer to them.
    """
    from poser.engine.user_store import open_store

    with open_store() as store:
        gone = store.clean(older_than=days * 86400.0, keep_finished=keep_finished)
    if as_json:
        print_json(vars(gone))
        return
    typer.echo(f"removed {gone.runs} runs, {gone.cached} kept results, {gone.pictures} pictures "
               f"({_megabytes(gone.picture_bytes)})")  # fmt: skip


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB"


def _as_data(row: RunRow) -> dict[str, Any]:
    return {
        "run": row.id,
        "status": row.status,
        "created": row.created.isoformat(),
        "prompt": row.prompt,
        "parent": row.parent,
        "folder": None if row.folder is None else str(row.folder),
        "calls": row.calls,
        "usd": row.usd,
        "usd_known": row.usd_known,
        "alignment": row.alignment,
        "picture": None if row.best is None else row.best.sha256,
    }
