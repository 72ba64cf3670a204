"""`poser generate`: a prompt becomes a picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from poser.cli.reading import PROMPT_HELP, print_json, read_prompt_argument, split_names
from poser.cli.running import carry_out

if TYPE_CHECKING:
    from poser.engine.forecast import Forecast


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
    reflect: Annotated[
        bool | None, typer.Option(help="Have instructions reworded that failed twice; by default no.")
    ] = None,
    n: Annotated[int, typer.Option(min=1, max=64, help="How many pictures, with seeds SEED to SEED+N-1.")] = 1,
    metadata: Annotated[bool, typer.Option(help="Write prompt and summary into final.png.")] = True,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before a run that may cost much.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done; call no expert and no critic.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, only warnings and the result.")] = False,
) -> None:
    """Make the best picture that the experts can make of a prompt. What is not given is as `poser.toml` says."""
    from poser import engine
    from poser.cli.spending import ask_above
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
        "reflect": bool(settings.reflect) if reflect is None else reflect,
        "n": n,
    }
    if dry_run:
        _show_forecast(engine.forecast(text, **order), as_json)
        return
    confirm = None if yes else ask_above(settings.confirm_above)
    carry_out(
        lambda stop: engine.stream(text, out=out or True, metadata=metadata, stop=stop, confirm=confirm, **order),
        quiet=quiet,
        as_json=as_json,
    )


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
