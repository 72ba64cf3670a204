"""`poser`: the command line. Errors become one line and an exit code here and nowhere else.

Exit codes: 0 a picture was made, 2 the input cannot be worked with, 3 no picture, or nothing to compare, came out, 130
interrupted.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import Any, TextIO, cast

import typer
from typer.core import TyperGroup

from poser.cli.batch import batch
from poser.cli.evaluate import app as evaluate_app
from poser.cli.experts import app as experts_app
from poser.cli.explain import explain
from poser.cli.generate import generate
from poser.cli.init import init
from poser.cli.plan import plan
from poser.cli.plugins import plugins
from poser.cli.reading import EXIT_INPUT, EXIT_INTERRUPTED
from poser.cli.runs import app as runs_app
from poser.cli.runs import edit, resume, store_app
from poser.cli.serve import expert_server
from poser.cli.train import app as train_app
from poser.experts.errors import PoserError

# before numpy is loaded: the studio multiplies thousands of small matrices, which idle threads only slow down
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


class EdgeGroup(TyperGroup):
    """Turns what commands raise into one line on stderr and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except PoserError as error:
            typer.echo(f"poser: {error}", err=True)
            raise typer.Exit(EXIT_INPUT) from error
        except KeyboardInterrupt as error:
            typer.echo("poser: interrupted.", err=True)
            raise typer.Exit(EXIT_INTERRUPTED) from error


app = typer.Typer(
    name="poser",
    cls=EdgeGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Runs long image prompts: splits them into commands, calls image experts one after another, checks every "
    "picture, and keeps the best one.",
)
app.command()(generate)
app.command()(batch)
app.command()(plan)
app.command()(resume)
app.command()(edit)
app.add_typer(runs_app, name="runs")
app.add_typer(store_app, name="store")
app.add_typer(experts_app, name="experts")
app.command()(plugins)
app.command()(init)
app.command()(explain)
app.add_typer(train_app, name="train")
app.add_typer(evaluate_app, name="evaluate")
app.command("expert-server")(expert_server)


def _show_version(wanted: bool) -> None:
    if wanted:
        from poser import __version__

        typer.echo(f"image-poser {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_show_version, is_eager=True, help="Say the version and leave."
    ),
) -> None:
    """Runs before every command; only carries --version."""


class ResultStream:
    """Standard output for results alone: what other threads print, such as plugins and experts, goes to stderr."""

    def __init__(self, results: TextIO, rest: TextIO) -> None:
        """`results` gets what the main thread writes, `rest` all else."""
        self._results, self._rest = results, rest

    def __getattr__(self, name: str) -> Any:
        """All else is as it is of the stream."""
        main = threading.current_thread() is threading.main_thread()
        return getattr(self._results if main else self._rest, name)

    def write(self, text: str) -> int:
        """Write the text where it belongs."""
        written: int = self.__getattr__("write")(text)
        return written


def main() -> None:
    """Entry point of the `poser` command."""
    for stream in (sys.stdout, sys.stderr):
        # a pipe in a bare locale is ASCII and would fail on the first "é" of a prompt
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    sys.stdout = cast("TextIO", ResultStream(sys.stdout, sys.stderr))
    app()
