"""Before money is spent: what a run is expected to cost, and a question where that is much."""

from __future__ import annotations

import sys
from typing import Any

import typer

from poser.experts.errors import InputError

CONFIRM_ABOVE = 1.0
"""US dollars that a run may be expected to cost without being asked for, unless `poser.toml` says otherwise."""


def confirm_spending(prompt: str | None, order: dict[str, Any], limit: float | None) -> None:
    """Ask before an order that is expected to cost more than `limit` US dollars (None: `CONFIRM_ABOVE`).

    Free pools are not simulated for it. Where nobody can be asked, the order is refused.

    Raises:
        InputError: the order cannot be worked with, or nobody is there to ask.
        Abort: the answer was no.
    """
    from poser import catalog, engine

    allowed = CONFIRM_ABOVE if limit is None else limit
    policy = catalog.policy(order["policy"])
    experts = catalog.experts(policy.experts if order["experts"] is None else order["experts"])
    if all(expert.spec.price == 0 for expert in experts) and catalog.critic(order["critic"]).price == 0:
        return
    forecast = engine.forecast(prompt, **order)
    if forecast.usd is None:
        typer.echo("note: what this run will cost is not known, since not every price is.", err=True)
        return
    expected = forecast.usd * forecast.pictures
    if expected <= allowed:
        return
    told = f"This is expected to cost {expected:.2f} US dollars ({forecast.calls:.1f} calls a picture)"
    if not sys.stdin.isatty():
        raise InputError(
            f"{told}, more than {allowed:g}. Say --yes, give a --budget, or raise confirm_above in poser.toml."
        )
    typer.confirm(f"{told}. Go on?", abort=True, err=True)
