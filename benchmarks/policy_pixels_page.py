"""Tables and plot of `benchmarks.policy_pixels`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.report import write
from poser.envs.arrays import Floats
from poser.evaluate.comparison import PICTURE_COLUMNS, comparison_data, comparison_table, plot_frontier, signed
from poser.evaluate.playing import Figures
from poser.evaluate.report import bootstrap, header, table
from poser.evaluate.suite_report import COLUMN_NOTE

NAME, TITLE = "policy-pixels", "The policies on pictures"
REFERENCE = "greedy"


class Row(NamedTuple):
    """A policy with its dial: thrift, or N of best-of-N."""

    policy: str
    dial: float = 1.0

    @property
    def name(self) -> str:
        """As it stands in the tables."""
        if self.policy == "best-of":
            return f"best of {self.dial:g}"
        return self.policy if self.dial == 1.0 else f"{self.policy}, thrift {self.dial:g}"


class Pixels(NamedTuple):
    """What a row brought on N prompts.

    Attributes:
        row: whose.
        episodes: numbers of the prompts.
        figures: of `poser.evaluate`, quality by the judge.
        facts_critic, facts_judge: [N] share of the annotated facts that the critic and the judge see.
        done_critic: [N] share of the plan's commands that are done, as the critic says.
        known: share of the commands that the judge could judge.
        seconds: of the whole row.
    """

    row: Row
    episodes: tuple[int, ...]
    figures: Figures
    facts_critic: Floats
    facts_judge: Floats
    done_critic: Floats
    known: float
    seconds: float


def paired(rows: Sequence[Pixels]) -> list[Pixels]:
    """The prompts that every row has."""
    shared = sorted(set.intersection(*(set(row.episodes) for row in rows)))
    made = []
    for row in rows:
        at = [row.episodes.index(number) for number in shared]
        made.append(
            row._replace(
                episodes=tuple(shared),
                figures=Figures(*(column[at] for column in row.figures)),
                facts_critic=row.facts_critic[at],
                facts_judge=row.facts_judge[at],
                done_critic=row.done_critic[at],
            )
        )
    return made


def main_table(rows: Sequence[Pixels]) -> str:
    """Facts by both critics, commands by the judge, calls and dollars; differences paired with greedy."""
    base = next(row for row in rows if row.row.name == REFERENCE)

    def cells(row: Pixels, values: Floats, reference: Floats) -> list[object]:
        return [bootstrap(values), None if row is base else signed(bootstrap(values - reference))]

    columns = ["policy"]
    for name in ("facts, detector sees", "facts, judge sees", "commands, judge says"):
        columns += [f"{name} [95 %]", "above greedy"]
    return table(
        [*columns, "calls", "simulated USD"],
        [
            [
                row.row.name,
                *cells(row, row.facts_critic, base.facts_critic),
                *cells(row, row.facts_judge, base.facts_judge),
                *cells(row, row.figures.quality, base.figures.quality),
                f"{row.figures.steps.mean():.2f}",
                f"{row.figures.spend.mean():.4f}",
            ]
            for row in rows
        ],
    )


def twin_section(rows: Sequence[Pixels], twins: Mapping[str, Figures]) -> tuple[str, dict[str, float]]:
    """The twin beside the pictures: returns, qualities, full success and its gap, rank correlations."""
    shown, order = [], {"twin return": [], "twin quality": []}
    seen: dict[str, list[float]] = {
        "return": [], "commands, detector": [], "commands, judge": [], "facts, detector": [], "facts, judge": [],
    }  # fmt: skip
    for row in rows:
        twin, full_critic = twins[row.row.name], float((row.done_critic >= 1.0).mean())
        full_twin, full_judge = float(twin.full.mean()), float(row.figures.full.mean())
        order["twin return"].append(float(twin.reward.mean()))
        order["twin quality"].append(float(twin.quality.mean()))
        for name, values in zip(
            seen,
            (row.figures.reward, row.done_critic, row.figures.quality, row.facts_critic, row.facts_judge),
            strict=True,
        ):
            seen[name].append(float(values.mean()))
        shown.append(
            [
                row.row.name,
                order["twin return"][-1],
                seen["return"][-1],
                order["twin quality"][-1],
                seen["commands, detector"][-1],
                seen["commands, judge"][-1],
                full_twin,
                full_critic,
                full_judge,
                f"{full_twin - full_critic:+.3f}",
                f"{full_twin - full_judge:+.3f}",
                f"{twin.steps.mean():.2f} / {row.figures.steps.mean():.2f}",
                f"{twin.spend.mean():.4f} / {row.figures.spend.mean():.4f}",
            ]
        )
    columns = (
        "policy", "return: twin", "pictures", "commands done: twin", "pictures, detector", "pictures, judge",
        "full success: twin", "pictures, detector", "pictures, judge", "twin above detector", "twin above judge",
        "calls: twin / pictures", "USD: twin / pictures",
    )  # fmt: skip
    ranks = {"return": ("twin return", "return")}
    ranks |= {name: ("twin quality", name) for name in seen if name != "return"}
    correlations = {name: spearman(order[mine], seen[theirs]) for name, (mine, theirs) in ranks.items()}
    listed = [["twin return" if name == "return" else "twin quality", name, rho] for name, rho in correlations.items()]
    text = table(columns, shown) + "\nOrder of the policies, Spearman's rank correlation (aimed at: 0.9):\n\n"
    return text + table(("on the twin", "on pictures", "ρ"), listed), correlations


def spearman(one: Sequence[float], other: Sequence[float]) -> float:
    """Rank correlation; NaN of fewer than three rows, or where all are equal."""
    from scipy import stats

    if len(one) < 3 or np.ptp(one) == 0 or np.ptp(other) == 0:
        return float("nan")
    return float(stats.spearmanr(one, other).statistic)


def write_page(
    rows: Sequence[Pixels],
    twins: Mapping[str, Figures],
    *,
    folder: Path,
    about: str,
    missing: Sequence[str],
    seed: int,
    seconds: float,
) -> None:
    """Write the page, its data and the plot into the folder."""
    figures, count = {row.row.name: row.figures for row in rows}, len(rows[0].episodes)
    twin_text, correlations = twin_section(rows, twins)
    known = ", ".join(f"{row.row.name} {100 * row.known:.0f} %" for row in rows)
    curves: dict[str, list[Figures]] = {}
    for row in sorted(rows, key=lambda each: each.row.dial):
        curves.setdefault("learned" if row.row.policy == "learned" else row.row.name, []).append(row.figures)
    plot_frontier(curves, folder / f"{NAME}.png", TITLE, "share of commands done, says the neural judge")
    absent = f"\nNot played, since there is no bundle of it: {', '.join(missing)}.\n" if missing else ""
    page = (
        header(TITLE, f"make bench-{NAME}", prompts=count, seed=seed)
        + f"\n{about}{absent}\n## Facts and commands\n\n{main_table(rows)}\n"
        + f"Commands of which the judge can judge nothing are outside of the share; it judged: {known}.\n\n"
        + f"![quality against spend]({NAME}.png)\n\n## All figures\n\n"
        + "Returns are in units of the default rules, whatever a policy plays by. "
        + f"{COLUMN_NOTE}\n\n"
        + comparison_table(figures, REFERENCE, PICTURE_COLUMNS)
        + f"\n## The twin beside the pictures\n\nTwin: {len(twins[REFERENCE].reward)} episodes.\n\n{twin_text}"
        + f"\nWhole run {seconds:.0f} s.\n"
    )
    data = {
        "prompts": count,
        "pictures": {
            name: values
            | {
                "facts_critic": float(row.facts_critic.mean()),
                "facts_judge": float(row.facts_judge.mean()),
                "commands_critic": float(row.done_critic.mean()),
                "seconds_of_row": row.seconds,
            }
            for (name, values), row in zip(comparison_data(figures).items(), rows, strict=True)
        },
        "twin": comparison_data(twins),
        "spearman": {name: None if np.isnan(rho) else rho for name, rho in correlations.items()},
        "missing": list(missing),
    }
    write(f"{NAME}.md", page, folder)
    write(f"{NAME}.json", json.dumps(data, indent=1), folder)
