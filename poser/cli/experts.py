"""`poser experts`: who can be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from poser.cli.reading import print_json

if TYPE_CHECKING:
    from poser.experts.record import TrackRecord
    from poser.experts.types import ExpertSpec

app = typer.Typer(no_args_is_help=True, help="Who can be asked for pictures.")


@app.callback()
def _group() -> None:
    """Keeps `list` a command of its own while it is the only one."""


@app.command("list")
def list_experts(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """List the experts: what they do, how well, at which price, and what they are bad at."""
    from poser import catalog
    from poser.engine.record_file import load_record, record_path

    specs = [expert.spec for expert in catalog.experts()]
    record = load_record(record_path(), lambda message: typer.echo(f"note: {message}", err=True))
    if as_json:
        print_json({"experts": [_as_data(spec, record) for spec in specs]})
        return
    from rich.console import Console

    from poser.cli.tables import experts_view

    Console(highlight=False).print(experts_view(specs, record))


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
