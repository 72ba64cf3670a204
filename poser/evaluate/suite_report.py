"""The report on a suite that was played: a page, its data, and a plot of quality against spend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from poser.evaluate.comparison import (
    PICTURE_COLUMNS,
    SPEND,
    Column,
    against,
    comparison_data,
    comparison_rows,
    plot_frontier,
)
from poser.evaluate.report import Interval, bootstrap, header, table
from poser.evaluate.suite_results import SuiteResults

PLOT = "report.png"
COLUMN_NOTE = (
    "A discarded picture was worse than the one before; a call is a wrong choice if its expected gain less cost, by "
    "the track record and one call ahead, is more than .05 below the best legal one's: *greedy* goes by just that."
)
"""What two columns of `PICTURE_COLUMNS` count."""

_WITH_INTERVAL = ("quality", "full", "alignment", "reward", "spend", "steps")


def suite_page(results: SuiteResults, title: str, command: str, facts: Mapping[str, object]) -> str:
    """Markdown: provenance, what was compared, the table and the plot.

    Args:
        results: of `play_suite`; the first contestant is the reference.
        title: of the page.
        command: that makes it.
        facts: name -> value for the line of provenance.
    """
    lines = [header(title, command, **facts), *(f"{warning}\n" for warning in suite_warnings(results))]
    if results.figures:
        lines += [f"{paragraph}\n" for paragraph in _definitions(results)]
        reference = next(iter(results.figures))
        lines.append(f"Differences are paired with *{reference}*, intervals are bootstrapped (95 %).\n")
        lines.append(table(*suite_rows(results, PICTURE_COLUMNS)))
        lines.append(f"![quality against spend]({PLOT})\n")
    return "\n".join(lines)


def suite_warnings(results: SuiteResults) -> list[str]:
    """What is unusual about these results, as Markdown paragraphs."""
    notes = []
    if results.interrupted:
        notes.append(f"**Interrupted**: {len(results.episodes)} of {results.tasks} prompts were finished by everybody.")
    elif results.stopped:
        notes.append(
            f"**Stopped**: {len(results.episodes)} of {results.tasks} prompts were finished by everybody when a whole "
            "batch of episodes got no verdict."
        )
    elif len(results.episodes) < results.tasks:
        notes.append(
            f"{results.tasks - len(results.episodes)} of {counted(results.tasks, 'prompt')} left out for everybody: "
            "somebody's picture got no verdict, or the judge could judge nothing of the plan."
        )
    notes += [f"{counted(times, 'episode')} left out: {why}" for why, times in results.unjudged.items()]
    notes += [f"{note} (in {counted(times, 'episode')})" for note, times in results.notes.items()]
    if results.left_out:
        notes.append(f"Nothing was finished by {', '.join(results.left_out)}.")
    if results.same_judge:
        notes.append(
            f"**The judge is the critic** (judge {results.judge}, critic {results.critic}), or takes part in it: "
            "qualities say how well policies please whoever graded them on the way, not how good the pictures are."
        )
    if not results.figures:
        notes.append("There is nothing to compare.")
    return notes


def _definitions(results: SuiteResults) -> list[str]:
    known = ", ".join(f"{name} {100 * share:.0f} %" for name, share in results.known.items())
    quality = (
        f"Quality is the share of a plan's commands whose atoms all pass before the judge, *{results.judge}*, in the "
        f"returned picture; commands of which it can judge nothing are left out (judged: {known}); where it judges no "
        "atom but grades the whole picture, quality is its grade as a share of 1, and full success is the full grade. "
        f"Alignment and return are by the critic of the runs, *{results.critic}*."
    )
    price = "the *simulated* price list" if results.prices == "simulated" else "expected prices"
    bills = ", ".join(f"{name} {_usd(usd)}" for name, usd in results.usd.items())
    own = "; ".join(f"{name} ({terms})" for name, terms in results.terms.items() if terms)
    same = f"whole pool, but for {own}." if own else "whole pool."
    terms = (
        f"Everybody plays by the default rules with the {same} Abilities are what the track record lets one expect; "
        "nothing is drawn for experts with few tries (as with `poser generate --no-explore`)."
    )
    rest = (
        "Full success: all of these commands. Returns are in units of the default rules, whatever a contestant plays "
        f"by. USD an episode by {price}; really billed for everything, in USD: {bills}. The judge is on nobody's bill; "
        f"in USD it cost: {_usd(results.judge_usd)}. Seconds are those of all calls. {COLUMN_NOTE}"
    )
    return [quality, terms, rest]


def suite_rows(results: SuiteResults, columns: Sequence[Column]) -> tuple[list[str], list[list[object]]]:
    """(titles, rows) as of `comparison_rows`; dollars expected of calls that were billed nobody knows what say so."""
    titles, rows = comparison_rows(results.figures, next(iter(results.figures)), columns)
    place = titles.index(SPEND.title)
    for row in rows:
        name = str(row[0])
        if results.prices == "real" and results.usd[name] is None:
            row[place] = f"{row[place]} + unknown" if results.figures[name].spend.any() else "unknown"
    return titles, rows


def counted(number: int, noun: str) -> str:
    """So many of them, in words: 1 prompt, 2 prompts."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _usd(usd: float | None) -> str:
    return "unknown" if usd is None else f"{usd:.4f}"


def suite_data(results: SuiteResults) -> dict[str, Any]:
    """JSON: all figures of all contestants, with intervals, and their paired differences from the first one."""
    names = list(results.figures)
    base = results.figures[names[0]] if names else None
    means = comparison_data(results.figures)
    return {
        "tasks": results.tasks,
        "episodes": list(results.episodes),
        "interrupted": results.interrupted,
        "stopped": results.stopped,
        "unjudged": dict(results.unjudged),
        "notes": dict(results.notes),
        "left_out": list(results.left_out),
        "critic": results.critic,
        "judge": results.judge,
        "same_judge": results.same_judge,
        "prices": results.prices,
        "terms": dict(results.terms),
        "reference": names[0] if names else None,
        "billed_usd": dict(results.usd),
        "judge_usd": results.judge_usd,
        "graded": results.graded,
        "policies": {
            name: {
                **means[name],
                "judged": results.known[name],
                "intervals": {key: _bounds(bootstrap(getattr(figures, key))) for key in _WITH_INTERVAL},
                "above_reference": {}
                if base is None or figures is base
                else {key: _bounds(against(figures, base, key)) for key in _WITH_INTERVAL},
            }
            for name, figures in results.figures.items()
        },
    }


def plot_suite(results: SuiteResults, path: Path, title: str) -> None:
    """Quality by the judge against spend; the settings of a dial are joined."""
    curves = {name: [results.figures[each] for each in members] for name, members in results.curves.items()}
    plot_frontier(curves, path, title, quality_label(results))


def quality_label(results: SuiteResults) -> str:
    """What quality is, and who says so."""
    what = "grade as a share of 1" if results.graded else "share of commands done"
    return f"{what}, says {results.judge}"


def _bounds(interval: Interval) -> dict[str, float]:
    return interval._asdict()
