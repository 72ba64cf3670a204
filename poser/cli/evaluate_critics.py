"""`poser evaluate critics`: how right critics are, and how well they know it."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from poser.cli.reading import EXIT_INTERRUPTED, EXIT_NO_PICTURE, print_json, split_names

if TYPE_CHECKING:
    from poser.critics.base import Critic


def evaluate_critics(
    critics: Annotated[
        str,
        typer.Option(
            help="Who is measured: names, and 'simulated' or 'simulated:0.8' for a noisy one of that accuracy."
        ),
    ] = "detector,simulated",
    pictures: Annotated[
        int, typer.Option(min=1, help="How many; two fifths plain, the others in styles and tones.")
    ] = 200,
    statements: Annotated[
        int | None, typer.Option(min=2, help="Most statements a picture, about half of them true; by default all.")
    ] = None,
    batch: Annotated[int, typer.Option(min=1, help="Pictures in one call of a critic.")] = 8,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Of the pictures.")] = 0,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before spending money.")] = False,
    out: Annotated[Path | None, typer.Option(help="Folder of the report; by default a new one in ./runs.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Show critics studio pictures of known truth: accuracy, calibration, cost and time by kind and look."""
    from rich.console import Console
    from rich.progress import Progress

    from poser.evaluate.critics import MeasuringInterrupted, measure_critics
    from poser.evaluate.critics_report import critics_data, critics_notes, critics_page, overview, plot_reliability
    from poser.evaluate.known_pictures import known_pictures
    from poser.explain import printable
    from poser.run_folder.naming import default_folder

    asked = _critics(split_names(critics) or [])
    _confirm(asked, pictures, yes)
    folder = default_folder("evaluate critics", seed) if out is None else out
    _make(folder)
    errors = Console(stderr=True, highlight=False)
    interrupted = ""
    try:
        with Progress(console=errors, transient=True) as bar:
            line = bar.add_task("judging", total=pictures)
            measured = measure_critics(
                asked,
                known_pictures(pictures, seed, statements=statements),
                batch=batch,
                progress=lambda done, name: bar.update(line, completed=done, description=name or "judging"),
            )
    except MeasuringInterrupted as stopped:
        measured = stopped.measured
        interrupted = f"**Interrupted**: {pictures} pictures were to be shown.\n\n"
    finally:
        for critic in asked:
            critic.close()
    command = shlex.join(["poser", *sys.argv[1:]])
    facts = {"pictures": pictures, "seed": seed, "batch": batch}
    data = {**facts, "interrupted": bool(interrupted), "out": str(folder), "critics": critics_data(measured)}
    # said before it is written: a full disk must not take what was paid for
    if as_json:
        print_json(data)
    else:
        console = Console(highlight=False)
        for answers, row in zip(measured, overview(measured), strict=True):
            told = ["–" if cell is None else str(cell) for cell in row]
            said = f"{told[0]}: right {told[4]} ({told[5]}), ECE {told[8]}, {told[9]} ms, {told[10]} USD a picture"
            if answers.silent:
                said = f"{told[0]}: no verdict on any of {told[1]} pictures"
            console.print(printable(said))
        for note in critics_notes(measured):
            console.print(printable(note.replace("*", ""), style="yellow"))
    title = "Critics on pictures of known truth"
    _write(folder, critics_page(measured, title, command, facts, "report.png", interrupted), data)
    plot_reliability(measured, folder / "report.png", f"Critics on {pictures} studio pictures of known truth")
    if not as_json:
        typer.echo(folder / "report.md")
    if interrupted:
        raise typer.Exit(EXIT_INTERRUPTED)
    if any(answers.silent for answers in measured):
        raise typer.Exit(EXIT_NO_PICTURE)


def _critics(names: Sequence[str]) -> list[Critic]:
    from poser import catalog
    from poser.evaluate.simulated_critic import NAME, SimulatedCritic
    from poser.experts.errors import InputError

    if not names or len(set(names)) < len(names):
        raise InputError(f"The critics are {', '.join(names) or 'none'}; give at least one, each once.")
    made: list[Critic] = []
    for name in names:
        kind, _, accuracy = name.partition(":")
        if kind != NAME:
            made.append(catalog.critic(name))
            continue
        try:
            made.append(SimulatedCritic(accuracy=float(accuracy or 0.9)))
        except ValueError as error:
            # InputError is a ValueError too, and says what is allowed
            raise InputError(f"{name!r} is no simulated critic; write simulated:0.8. {error}") from error
    return made


def _confirm(critics: Sequence[Critic], pictures: int, yes: bool) -> None:
    """Ask before critics that cost money are shown everything."""
    from poser.cli.spending import CONFIRM_ABOVE
    from poser.config import load_settings
    from poser.experts.errors import InputError

    unknown = [critic.name for critic in critics if critic.price is None]
    if unknown:
        typer.echo(f"note: what {', '.join(unknown)} will cost for {pictures} pictures is not known.", err=True)
    limit = load_settings().run.confirm_above
    allowed = CONFIRM_ABOVE if limit is None else limit
    expected = pictures * sum(critic.price or 0.0 for critic in critics)
    if yes or expected <= allowed:
        return
    told = f"{pictures} pictures are expected to cost {expected:.2f} US dollars"
    if not sys.stdin.isatty():
        raise InputError(f"{told}, more than {allowed:g}. Say --yes, show fewer --pictures, or raise confirm_above.")
    typer.confirm(f"{told}. Go on?", abort=True, err=True)


def _make(folder: Path) -> None:
    from poser.experts.errors import InputError

    taken = [name for name in ("report.md", "report.json", "report.png") if (folder / name).exists()]
    if taken:
        raise InputError(f"{str(folder)!r} holds {', '.join(taken)}; give a folder that is new or empty.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"Cannot write into {str(folder)!r}: {error.strerror or error}. Give another folder."
        ) from error


def _write(folder: Path, page: str, data: dict[str, object]) -> None:
    import json

    from poser.experts.files import write_atomically

    write_atomically(folder / "report.md", page.encode())
    write_atomically(folder / "report.json", json.dumps(data, indent=1, allow_nan=False).encode())
