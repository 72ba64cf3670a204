"""Before money is spent: a question where a run is expected to cost much."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import typer

from poser.experts.errors import InputError

if TYPE_CHECKING:
    from poser.engine.forecast import Forecast

CONFIRM_ABOVE = 1.0
"""US dollars that a run may be expected to cost without being asked for, unless `poser.toml` says otherwise."""


def unknown_prices(names: Iterable[str]) -> str:
    """Whose price is unknown, in words."""
    return f"nobody has said what a call of {', '.join(names)} costs"


def ask_above(limit: float | None) -> Callable[[Forecast], None]:
    """Asks before a run that is expected to cost more than `limit` US dollars (None: `CONFIRM_ABOVE`).

    What it returns raises `InputError` where nobody is there to ask, and `typer.Abort` if the answer was no.
    """
    allowed = CONFIRM_ABOVE if limit is None else limit

    def ask(forecast: Forecast) -> None:
        if forecast.usd is None:
            typer.echo(f"note: what this run will cost is not known: {unknown_prices(forecast.unpriced)}.", err=True)
        expected = forecast.usd_known * forecast.pictures
        if expected <= allowed:
            return
        least = "at least " if forecast.usd is None else ""
        told = f"This is expected to cost {least}{expected:.2f} US dollars ({forecast.calls:.1f} calls a picture)"
        if not sys.stdin.isatty():
            raise InputError(
                f"{told}, more than {allowed:g}. Say --yes, give a --budget, or raise confirm_above in poser.toml."
            )
        typer.confirm(f"{told}. Go on?", abort=True, err=True)

    return ask
