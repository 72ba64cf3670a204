"""`poser plugins`: what is registered, where it comes from, and what is wrong with what is broken."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from poser.cli.reading import print_json


def plugins(
    load: Annotated[bool, typer.Option(help="Load each, to see whether it works.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """List everything that is registered beside what the package brings, and whether it works."""
    from poser import catalog
    from poser.config import load_settings
    from poser.registry import not_installed

    told = catalog.plugin_states(load=load)
    for name in not_installed(load_settings().plugins or ()):
        typer.echo(f"note: {name!r} is allowed by POSER_PLUGINS or [plugins], and nothing here is called so.", err=True)
    if as_json:
        print_json({"plugins": [vars(each) for each in told]})
        return
    from rich.console import Console
    from rich.table import Table

    from poser.explain import printable

    console = Console(highlight=False)
    if not told:
        console.print("Nothing is registered beside what image-poser brings; see docs/plugins.md.")
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("kind", "name", "from", "state"):
        table.add_column(heading, overflow="fold")
    for each in told:
        style: dict[str, Any] = {"style": "red"} if each.problem else {}
        table.add_row(each.kind, printable(each.name), printable(each.origin), printable(each.state, **style))
    console.print(table)
