"""Tables and sentences on held-out figures of decomposers: means over seeds, paired differences, what they show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks.decomposer_runs import F1S, METRICS, SPLITS, Stored
from poser.evaluate.report import Interval, bootstrap, table


def means(stored: Sequence[Stored], agent: str, split: str, names: Sequence[str]) -> np.ndarray:
    """[requests] the mean of the figures `names`, over seeds."""
    columns = [[each["agents"][agent]["values"][split][name] for name in names] for each in stored]
    return np.ma.masked_invalid(np.array(columns, dtype=float)).mean(axis=(0, 1)).filled(np.nan)


def known(values: np.ndarray) -> np.ndarray:
    """Those that say something."""
    return values[~np.isnan(values)]


def figure_tables(stored: Sequence[Stored], agents: Mapping[str, str]) -> str:
    """All figures of the agents (name -> title) on each split."""
    text = ""
    for split, title in SPLITS.items():
        rows = [
            [name, *(str(bootstrap(known(means(stored, agent, split, [each])))) for each in METRICS),
             str(bootstrap(means(stored, agent, split, F1S)))]
            for agent, name in agents.items()
        ]  # fmt: skip
        text += f"\n## Held out: {title}\n\n" + table(("agent", *METRICS, "mean of three F1s"), rows)
    return text


def gain(stored: Sequence[Stored], one: str, other: str, split: str, names: Sequence[str] = F1S) -> Interval:
    """How much higher the mean of these figures is for `one` than for `other`, paired by request and seed."""
    return bootstrap(known(means(stored, one, split, names) - means(stored, other, split, names)))


def gain_table(stored: Sequence[Stored], pairs: Sequence[tuple[str, str]], agents: Mapping[str, str]) -> str:
    """Differences of the mean of three F1s, of the pairs whose agents there are."""
    rows = [
        [f"{agents[one]} − {agents[other]}", *(str(gain(stored, one, other, split)) for split in SPLITS)]
        for one, other in pairs
        if {one, other} <= set(agents)
    ]
    return "\n## Differences of the mean of three F1s\n\n" + table(("pair", *SPLITS.values()), rows)


def rounded(values: Sequence[float] | np.ndarray) -> list[float | None]:
    """To be stored."""
    return [None if np.isnan(value) else round(float(value), 4) for value in values]


def errors(found: Sequence[Interval]) -> list[list[float]]:
    """Lengths of error bars, below and above the means."""
    return [[max(0.0, each.mean - each.low) for each in found], [max(0.0, each.high - each.mean) for each in found]]


def told(what: str, found: Interval) -> str:
    """One sentence on a paired difference; it claims nothing that the interval does not show."""
    shown = f"{found.mean:+.3f} [{found.low:+.3f}, {found.high:+.3f}]"
    if found.low > 0 or found.high < 0:
        return f"{what}: {'higher' if found.low > 0 else 'lower'}, {shown}."
    return f"{what}: no difference is shown, {shown} includes 0."


def seeds_of(stored: Sequence[Stored]) -> str:
    """The seeds, for the page's first line."""
    return ", ".join(str(each["seed"]) for each in stored)


def whole_runs(stored: Sequence[Stored]) -> str:
    """How long each seed took, in a sentence."""
    return "Whole runs, without what another benchmark had trained in the same folder: " + ", ".join(
        f"{each['seconds']:,} s" for each in stored
    )
