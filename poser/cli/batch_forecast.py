"""Before a batch: what it is expected to do and cost, and a question where that is much."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import typer

from poser.cli.reading import print_json
from poser.cli.spending import CONFIRM_ABOVE, unknown_prices
from poser.experts.errors import InputError
from poser.shipped import EXTRACTORS

if TYPE_CHECKING:
    from poser.engine.forecast import Forecast
    from poser.engine.many import Job

SAMPLE = 8
"""Prompts whose cost is foretold before the question; a forecast simulates many episodes."""


def show_forecast(jobs: Sequence[Job], options: dict[str, Any], budget: float | None, *, as_json: bool) -> None:
    """Print what each prompt would do; nobody is called. What fails is told in its place."""
    models = sorted({str(name) for job in jobs if (name := _extractor(job, options)) not in (None, *EXTRACTORS)})
    if models:
        typer.echo(f"note: foretold from plans of the grammar; {', '.join(models)} is asked in the run.", err=True)
    rows: list[dict[str, Any]] = []
    for job in jobs:
        try:
            forecast = _forecast(job, options, budget, len(jobs))
        except InputError as error:
            rows.append({"line": job.line, "prompt": job.prompt, "error": str(error)})
            continue
        rows.append(
            {
                "line": job.line,
                "prompt": forecast.plan.prompt,
                "commands": len(forecast.plan.commands),
                "calls": forecast.calls * forecast.pictures,
                "usd": None if forecast.usd is None else forecast.usd * forecast.pictures,
                "seconds": forecast.seconds * forecast.pictures,
                "alignment": forecast.alignment,
            }
        )
    bills = [row["usd"] for row in rows if "usd" in row]
    total = None if None in bills else sum(bills)
    if as_json:
        print_json({"prompts": rows, "usd": total, "seconds": sum(row.get("seconds", 0.0) for row in rows)})
        return
    from rich.console import Console
    from rich.table import Table

    from poser.cli.tables import money
    from poser.explain import printable

    table = Table(box=None, pad_edge=False)
    for heading in ("#", "commands", "calls", "cost", "seconds", "prompt"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        if "error" in row:
            table.add_row(str(row["line"]), "–", "–", "–", "–", printable(row["error"], style="red"))
            continue
        table.add_row(
            str(row["line"]), str(row["commands"]), f"{row['calls']:.1f}", money(row["usd"]), f"{row['seconds']:.1f}",
            printable(row["prompt"] if len(row["prompt"]) <= 60 else f"{row['prompt'][:59]}…"),
        )  # fmt: skip
    console = Console(highlight=False)
    console.print(table)
    console.print(printable(f"expected of all: {money(total)}; no expert and no critic was called"))


def confirm_batch(jobs: Sequence[Job], options: dict[str, Any], budget: float | None, limit: float | None) -> None:
    """Ask before a batch that is expected to cost more than `limit` US dollars (None: `CONFIRM_ABOVE`).

    The cost is foretold for some of the prompts. Where nobody can be asked, the batch is refused.

    Raises:
        InputError: nobody is there to ask.
        Abort: the answer was no.
    """
    from poser import catalog

    allowed = CONFIRM_ABOVE if limit is None else limit
    if budget is not None and budget <= allowed:
        return
    own = any({"experts", "critic", "policy"} & set(job.options) for job in jobs)
    policy = catalog.policy(options["policy"])
    experts = catalog.experts(policy.experts if options["experts"] is None else options["experts"])
    free = all(expert.spec.price == 0 for expert in experts) and catalog.critic(options["critic"]).price == 0
    if free and not own:
        return
    chosen = jobs[:: max(1, -(-len(jobs) // SAMPLE))]
    costs: list[float] = []
    least = ""
    unpriced: dict[str, None] = {}
    for job in chosen:
        try:
            forecast = _forecast(job, options, budget, len(jobs))
        except InputError:
            # told of when its turn comes; it costs nothing
            costs.append(0.0)
            continue
        costs.append(forecast.usd_known * forecast.pictures)
        least = "at least " if forecast.usd is None else least
        unpriced |= dict.fromkeys(forecast.unpriced)
    if least:
        typer.echo(f"note: what this batch will cost is not known: {unknown_prices(unpriced)}.", err=True)
    expected = sum(costs) / len(costs) * len(jobs)
    if expected <= allowed:
        return
    told = (
        f"These {len(jobs)} prompts are expected to cost {least}{expected:.2f} US dollars (foretold from {len(costs)})"
    )
    if not sys.stdin.isatty():
        raise InputError(
            f"{told}, more than {allowed:g}. Say --yes, give a --budget, or raise confirm_above in poser.toml."
        )
    typer.confirm(f"{told}. Go on?", abort=True, err=True)


def _forecast(job: Job, options: dict[str, Any], budget: float | None, prompts: int) -> Forecast:
    """The forecast of one prompt; an extractor that may cost money is not asked, the grammar stands in for it."""
    from poser import catalog, engine

    share = None if budget is None else budget / prompts
    own = job.options.get("budget")
    money = own if share is None else share if own is None else min(own, share)
    order = {**options, **job.options, "budget": money}
    if (reader := _extractor(job, options)) not in (None, *EXTRACTORS):
        # only looked at, so that a name or a setting that is wrong is told of
        catalog.extractor(reader)
        order |= {"extractor": None, "reflect": False}
    return engine.forecast(job.prompt or None, **order)


def _extractor(job: Job, options: dict[str, Any]) -> Any:
    """What would make the plan of a prompt; None = the default, or it has a plan."""
    return None if "plan" in job.options else job.options.get("extractor", options.get("extractor"))
