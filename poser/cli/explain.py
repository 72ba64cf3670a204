"""`poser explain`: why each step of a run was taken."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from poser.cli.reading import print_json


def explain(
    run: Annotated[Path, typer.Argument(help="Folder of the run, as `poser generate` wrote it.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Say for each step of a run which expert was chosen, against which others, why, and what came of it."""
    from poser import explain as explaining
    from poser.run_folder import read_trace

    trace = read_trace(run)
    if as_json:
        print_json(explaining.explain_data(trace))
        return
    from rich.console import Console

    Console(highlight=False).print(explaining.explain(trace))
