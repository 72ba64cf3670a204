"""`poser plan`: a prompt as commands, to read or to change and give back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from poser.cli.reading import PROMPT_HELP, print_json, read_prompt_argument


def plan(
    prompt: Annotated[str, typer.Argument(help=PROMPT_HELP)],
    image: Annotated[Path | None, typer.Option(help="Source picture that the prompt edits.")] = None,
    extractor: Annotated[str | None, typer.Option(help="Who decomposes the prompt; by default the grammar.")] = None,
    size: Annotated[str | None, typer.Option(help="As you will give it to `poser generate`.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="The plan as JSON on stdout; change it and give it back with --plan.")
    ] = False,
) -> None:
    """Decompose a prompt into commands without carrying them out."""
    from poser import engine
    from poser.config import load_settings
    from poser.engine.intake import read_size

    settings = load_settings().run
    made = engine.plan(
        read_prompt_argument(prompt),
        image=image,
        extractor=settings.extractor if extractor is None else extractor,
        experts=settings.experts,
        size=None if size is None else read_size(size),
    )
    if as_json:
        print_json(made.model_dump(mode="json"))
        return
    from rich.console import Console

    from poser.cli.tables import plan_view

    Console(highlight=False).print(plan_view(made))
