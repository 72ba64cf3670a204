"""Carrying out a run on the command line: live view, Ctrl-C, what is printed, and the exit code."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from poser.cli.reading import EXIT_INTERRUPTED, EXIT_NO_PICTURE, print_json

if TYPE_CHECKING:
    from poser.events import Event
    from poser.result import Result


def carry_out(stream: Callable[[threading.Event], Iterator[Event]], *, quiet: bool, as_json: bool) -> None:
    """Show a run while it goes on, and print where its picture is.

    Args:
        stream: gives the events of the run; the event that it gets asks the run to end.
        quiet: no progress, only warnings and the result.
        as_json: print one JSON object instead of the path.

    Raises:
        Exit: 130 interrupted, 3 no picture.
    """
    result = _saved(_run(stream, quiet))
    if as_json:
        print_json(result.to_dict())
    elif result.image_path is not None:
        typer.echo(result.image_path)
    if result.end == "interrupted":
        raise typer.Exit(EXIT_INTERRUPTED)
    if result.picture is None:
        raise typer.Exit(EXIT_NO_PICTURE)


def _run(stream: Callable[[threading.Event], Iterator[Event]], quiet: bool) -> Result:
    from rich.console import Console

    from poser.cli.live import LiveView
    from poser.cli.tables import no_picture, result_view, speaks_unicode
    from poser.events import Finished

    result: Result | None = None
    with stop_on_ctrl_c() as stop, LiveView(quiet=quiet) as view:
        for event in stream(stop):
            view.show(event)
            if isinstance(event, Finished):
                result = event.result
    assert result is not None, "a stream ends with Finished"
    if not quiet:
        console = Console(stderr=True, highlight=False)
        console.print(result_view(result, plain=not speaks_unicode(console)))
    elif result.picture is None:
        typer.echo(f"note: {no_picture(result)}", err=True)
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
def stop_on_ctrl_c() -> Iterator[threading.Event]:
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
