"""`poser experts`: who can be asked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from poser.cli.reading import EXIT_INPUT, print_json, split_names

if TYPE_CHECKING:
    from poser.envs.calibration import Calibration
    from poser.experts.base import Expert
    from poser.experts.record import TrackRecord
    from poser.experts.types import Command, ExpertSpec

app = typer.Typer(no_args_is_help=True, help="Who can be asked for pictures.")


@app.callback()
def _group() -> None:
    """Groups the commands below."""


@app.command("list")
def list_experts(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """List the experts: what they do, how well, at which price, and what they are bad at."""
    from poser import catalog
    from poser.engine.user_store import load_record

    experts = catalog.experts(warn=_note)
    specs = [expert.spec for expert in experts]
    record = load_record(experts, _note)
    if as_json:
        print_json({"experts": [_as_data(spec, record) for spec in specs]})
        return
    from rich.console import Console

    from poser.cli.tables import experts_view

    Console(highlight=False).print(experts_view(specs, record))


@app.command("show")
def show_expert(
    name: Annotated[str, typer.Argument(help="An expert or pool of `poser experts list`, or module:attribute.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Show everything that an expert says of itself, and what its track record says."""
    from poser.engine.user_store import load_record

    experts = _named(name)
    record = load_record(experts, _note)
    if as_json:
        print_json({"experts": [_as_data(expert.spec, record) for expert in experts]})
        return
    from rich.console import Console

    from poser.cli.tables import expert_view

    console = Console(highlight=False)
    for index, expert in enumerate(experts):
        console.print(*[""] * (index > 0), expert_view(expert.spec, record), sep="\n")


@app.command("check")
def check_experts(
    name: Annotated[str, typer.Argument(help="An expert or pool of `poser experts list`, or module:attribute.")],
    call: Annotated[bool, typer.Option(help="Also call it, for up to 18 pictures; they may cost money.")] = True,
    size: Annotated[int, typer.Option(min=16, max=2048, help="Side of the pictures in pixels.")] = 512,
    ask: Annotated[
        str | None, typer.Option(help="What to ask of it, e.g. 'Add a vignette', where it refuses the examples.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Check whether an expert keeps the contract: for plugin authors. Exit code 2 if it does not."""
    from poser.experts.conformance import check_expert

    found = {
        expert.spec.name: check_expert(expert, size=(size, size), call=call, commands=_asked(expert, ask))
        for expert in _named(name)
    }
    sound = all(finding.ok for findings in found.values() for finding in findings)
    if as_json:
        print_json({"ok": sound, "experts": {name: [vars(each) for each in found[name]] for name in found}})
    else:
        for expert, findings in found.items():
            for each in findings:
                mark = "skip" if each.skipped else "ok" if each.ok else "BAD"
                typer.echo(f"{expert}  {mark:4}  {each.check}{': ' if each.problem or each.skipped else ''}"
                           f"{each.problem or each.skipped}")  # fmt: skip
    if not sound:
        raise typer.Exit(EXIT_INPUT)


@app.command("new")
def new_expert(
    name: Annotated[str, typer.Argument(help="Of the expert: lower case, digits and '-'.")],
    folder: Annotated[Path | None, typer.Option(help="Where to write it; by default a new folder of its name.")] = None,
) -> None:
    """Write a plugin to start from: a distribution of its own with one expert, its entry point and its test."""
    from poser.cli.scaffold import write_plugin

    written = write_plugin(name, folder)
    typer.echo(written)
    typer.echo(f"Next: pip install -e {written} && poser experts check {name}", err=True)


def _asked(expert: Expert, text: str | None) -> list[Command] | None:
    """The text as a command of each operation that the expert knows."""
    from poser.experts.types import Command

    if not text:
        return None
    return [Command(id="c1", operation=operation, text=text) for operation in expert.spec.operations]


def _note(message: str) -> None:
    typer.echo(f"note: {message}", err=True)


def _named(name: str) -> list[Expert]:
    """The experts of a registered name, or at "module:attribute"."""
    from poser import catalog
    from poser.pools import as_experts
    from poser.registry import Source, attribute

    if ":" in name:
        source = Source("expert", name, "the command line", lambda: attribute(name, Path.cwd()))
        return as_experts(source, source.loaded())
    return catalog.experts(name)


@app.command("calibrate")
def calibrate_experts(
    context: typer.Context,
    experts: Annotated[str | None, typer.Option(help="Experts to calibrate, e.g. 'a,b'; by default all.")] = None,
    episodes: Annotated[int, typer.Option(min=1, help="Sampled plans to carry out.")] = 80,
    edits: Annotated[
        int | None,
        typer.Option(min=0, help="Edits of the pictures that came of them; by default half as many as --episodes."),
    ] = None,
    budget: Annotated[float, typer.Option(min=0, help="Most US dollars for everything; 0: free experts only.")] = 0.0,
    size: Annotated[int, typer.Option(min=256, max=2048, help="Side of the pictures in pixels.")] = 768,
    seed: Annotated[int, typer.Option(min=0, help="Seeds plans and choices.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="Calibration file; by default calibration.json beside the track record.")
    ] = None,
    learn: Annotated[bool, typer.Option(help="Also add what was seen to the track record.")] = True,
    runs: Annotated[
        list[Path] | None,
        typer.Option(help="Call nobody: read the runs in this folder, which the track record knows. Repeatable."),
    ] = None,
) -> None:
    """Find out what experts can do: chance calls them on sampled plans and edits, the critic judges."""
    from rich.console import Console
    from rich.progress import Progress

    from poser import catalog
    from poser.config import home
    from poser.engine.user_store import add_to_record
    from poser.evaluate.calibrate import CalibrationInterrupted, calibrate

    path = home() / "calibration.json" if out is None else out
    if runs:
        from poser.evaluate.stored_runs import calibrate_stored, read_runs

        _refuse_settings_of_calls(context)
        stored = calibrate_stored(read_runs(runs), catalog.experts(split_names(experts), _note))
        if stored.left_out:
            typer.echo(f"note: left out, since not registered here: {', '.join(stored.left_out)}", err=True)
        _save(stored.calibration, path)
        return
    wanted, played = episodes + (episodes // 2 if edits is None else edits), 0

    def keep(fit: Calibration) -> None:
        if learn:
            records = fit.records()
            add_to_record(None, lambda record: record.add(records), _note)
        _save(fit, path)

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("calibrating", total=wanted)

        def show(done: int, usd: float) -> None:
            nonlocal played
            played = done
            bar.update(task, completed=done, description=f"{usd:.2f} USD")

        try:
            fit = calibrate(
                catalog.experts(split_names(experts), _note),
                catalog.critic(),
                episodes=episodes,
                edits=wanted - episodes,
                extractor=catalog.extractor(),
                budget_usd=budget,
                size=size,
                seed=seed,
                progress=show,
            )
        except CalibrationInterrupted as stopped:
            keep(stopped.calibration)
            raise
    if played < wanted:
        rest = (
            "the budget is used up" if played < episodes else "for more edits a picture, money or understanding lacked"
        )
        typer.echo(f"note: {played} of {wanted} episodes were played; {rest}.", err=True)
    keep(fit)


def _refuse_settings_of_calls(context: typer.Context) -> None:
    from poser.experts.errors import InputError

    for name in ("episodes", "edits", "budget", "size", "seed", "learn"):
        # by name: typer may bring a click of its own
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            given = "no-learn" if name == "learn" and not context.params[name] else name
            raise InputError(f"--{given} is about calls, and --runs makes none; leave one of the two out.")


def _save(fit: Calibration, path: Path) -> None:
    from poser.experts.errors import InputError

    try:
        fit.save(path)
    except OSError as error:
        raise InputError(
            f"Cannot write the calibration {str(path)!r}: {error.strerror or error}. Give another --out."
        ) from error
    typer.echo(path)


def _as_data(spec: ExpertSpec, record: TrackRecord) -> dict[str, Any]:
    abilities = {}
    for operation, prior in spec.operations.items():
        a, b = record.success(spec, operation.value)
        abilities[operation.value] = {
            "prior": prior,
            "ability": a / (a + b),
            "calls": record.calls(spec, operation.value),
        }
    return {
        **spec.model_dump(mode="json"),
        "operations": abilities,
        "expected_usd": record.price(spec),
        "expected_seconds": record.seconds(spec),
        "calls": record.tally(spec.name).calls,
    }
