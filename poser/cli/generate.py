"""`poser generate`: a prompt becomes a picture."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from poser.cli.reading import (
    EXIT_INTERRUPTED,
    EXIT_NO_PICTURE,
    PROMPT_HELP,
    print_json,
    read_prompt_argument,
    split_names,
)

if TYPE_CHECKING:
    from poser.engine.forecast import Forecast
    from poser.result import Result


def generate(
    prompt: Annotated[str | None, typer.Argument(help=f"{PROMPT_HELP} Not needed with --plan.")] = None,
    image: Annotated[Path | None, typer.Option(help="Source picture to edit.")] = None,
    plan: Annotated[Path | None, typer.Option(help="Plan to carry out, as `poser plan --json` wrote it.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the run; by default a new one in ./runs.")] = None,
    experts: Annotated[str | None, typer.Option(help="Experts to use, e.g. 'a,b'; by default all.")] = None,
    policy: Annotated[str | None, typer.Option(help="Who decides: a name, or a trained policy's folder.")] = None,
    critic: Annotated[str | None, typer.Option(help="Who judges every picture; by default the detector.")] = None,
    extractor: Annotated[str | None, typer.Option(help="Who decomposes the prompt; by default the grammar.")] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Seeds everything drawn by chance.")] = 0,
    size: Annotated[
        str | None, typer.Option(help="WIDTHxHEIGHT in pixels; by default 768x768 or the source's.")
    ] = None,
    max_steps: Annotated[int | None, typer.Option(min=1, help="Most calls of experts a picture.")] = None,
    budget: Annotated[float | None, typer.Option(min=0, help="Most US dollars for all; 0: free experts only.")] = None,
    thrift: Annotated[
        float | None, typer.Option(min=0, max=1, help="What money counts: 0 spend freely, 1 spare every cent.")
    ] = None,
    explore: Annotated[bool, typer.Option(help="Give experts with few calls a chance.")] = True,
    n: Annotated[int, typer.Option(min=1, max=64, help="How many pictures, with seeds SEED to SEED+N-1.")] = 1,
    metadata: Annotated[bool, typer.Option(help="Write prompt and summary into final.png.")] = True,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before a run that may cost much.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done; call nobody.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, only warnings and the result.")] = False,
) -> None:
    """Make the best picture that the experts can make of a prompt. What is not given is as `poser.toml` says."""
    from poser import engine
    from poser.cli.spending import confirm_spending
    from poser.config import load_settings
    from poser.engine.intake import read_size
    from poser.experts.errors import InputError

    if prompt is None and plan is None:
        raise InputError("Nothing to do: give a PROMPT, or a plan with --plan.")
    text = None if prompt is None else read_prompt_argument(prompt)
    settings = load_settings().run
    wanted = settings.size if size is None else size
    order: dict[str, Any] = {
        "image": image,
        "plan": plan,
        "experts": settings.experts if experts is None else split_names(experts),
        "policy": settings.policy if policy is None else policy,
        "critic": settings.critic if critic is None else critic,
        "extractor": settings.extractor if extractor is None else extractor,
        "seed": seed,
        "size": None if wanted is None else read_size(wanted),
        "max_steps": settings.max_steps if max_steps is None else max_steps,
        "budget": settings.budget if budget is None else budget,
        "thrift": settings.thrift if thrift is None else thrift,
        "explore": explore,
        "n": n,
    }
    if dry_run:
        _show_forecast(engine.forecast(text, **order), as_json)
        return
    if not yes:
        confirm_spending(text, order, settings.confirm_above)
    result = _saved(_run(text, order, out, metadata, quiet))
    if as_json:
        print_json(result.to_dict())
    elif result.image_path is not None:
        typer.echo(result.image_path)
    if result.end == "interrupted":
        raise typer.Exit(EXIT_INTERRUPTED)
    if result.picture is None:
        raise typer.Exit(EXIT_NO_PICTURE)


def _run(text: str | None, order: dict[str, Any], out: Path | None, metadata: bool, quiet: bool) -> Result:
    from rich.console import Console

    from poser import engine
    from poser.cli.live import LiveView
    from poser.cli.tables import result_view, speaks_unicode
    from poser.events import Finished

    result: Result | None = None
    with _stop_on_ctrl_c() as stop, LiveView(quiet=quiet) as view:
        for event in engine.stream(text, out=out or True, metadata=metadata, stop=stop, **order):
            view.show(event)
            if isinstance(event, Finished):
                result = event.result
    assert result is not None, "a stream ends with Finished"
    if not quiet:
        console = Console(stderr=True, highlight=False)
        console.print(result_view(result, plain=not speaks_unicode(console)))
    return result


def _saved(result: Result) -> Result:
    """A picture that could not be written into the run's folder goes into the system's folder for temporary files."""
    if result.picture is None or result.image_path is not None:
        return result
    import tempfile
    from dataclasses import replace

    path = result.save(Path(tempfile.mkdtemp(prefix="poser-")) / "final.png")
    typer.echo(f"note: the picture is kept in {path} instead.", err=True)
    return replace(result, image_path=path)


@contextmanager
def _stop_on_ctrl_c() -> Iterator[threading.Event]:
    """The first Ctrl-C asks the run to end and to write what it has; the second one ends it at once."""
    stop = threading.Event()

    def ask(signum: int, frame: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = signal.signal(signal.SIGINT, ask)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


def _show_forecast(forecast: Forecast, as_json: bool) -> None:
    from rich.console import Console

    from poser.cli.tables import forecast_view, note_view

    errors = Console(stderr=True, highlight=False)
    for warning in forecast.warnings:
        errors.print(note_view(warning), soft_wrap=True)
    if as_json:
        print_json(forecast.to_dict())
        return
    Console(highlight=False).print(forecast_view(forecast))
