"""Generated requests: what the splits hold, and how far the rule-based extractor gets.

For every level and split as many requests of the studio's generator (`poser.decompose.requests`); the grammar extractor
reads them, and its plans are compared with the true ones by the rewards that decomposers are trained and judged by
(`poser.decompose.rewards`): F1 of actions, subjects, goals and atoms, means with 95 % bootstrap intervals over
requests. `mean` is that of the first three. It knows the nouns, colours and other words of the generator, so what it
lacks is the phrasing; nothing of it was changed for these requests.
"""

from __future__ import annotations

import argparse

import numpy as np

from benchmarks.report import write
from poser.decompose.data import LEVELS, SPLITS, Row, studio_rows
from poser.decompose.format import written
from poser.decompose.named_rewards import METRICS, metric
from poser.decompose.plans import decomposition_of
from poser.evaluate.report import bootstrap, header, table
from poser.experts.types import Plan
from poser.extract.grammar import GrammarExtractor

COUNT, SEED = 1000, 0
HEADS = ("level", "split", "words", "commands", "edits", "folded", "action", "subject", "goal", "atom", "mean",
           "all right")  # fmt: skip
_COMPARED = METRICS[1:]


def scores(rows: list[Row]) -> dict[str, np.ndarray]:
    """The grammar's score of every row by name, 0 to 1."""
    extractor = GrammarExtractor()
    plans = [Plan.model_validate_json(row["plan"]) for row in rows]
    answers = [written(decomposition_of(extractor.extract(plan.prompt, plan.source))) for plan in plans]
    columns = {
        name: [row[name] for row in rows] for name in ("request", "actions", "subjects", "goals", "atoms", "plan")
    }
    found = {
        name: np.array(metric(name)(prompts=columns["request"], completions=answers, **columns), float)
        for name in _COMPARED
    }
    return {**found, "mean": (found["action"] + found["subject"] + found["goal"]) / 3}


def line(level: str, split: str, count: int) -> list[object]:
    """One line of the table."""
    rows = list(studio_rows(count, seed=SEED, split=split, level=level))
    plans = [Plan.model_validate_json(row["plan"]) for row in rows]
    found = scores(rows)
    facts = (
        np.median([len(row["request"].split()) for row in rows]),
        np.mean([len(row["actions"]) for row in rows]),
        np.mean([plan.source is not None for plan in plans]),
        np.mean([bool(plan.folded) for plan in plans]),
    )
    right = float(np.mean(found["atom"] == 1))
    shares = [f"{facts[0]:.0f}", f"{facts[1]:.1f}", f"{facts[2]:.0%}", f"{facts[3]:.0%}"]
    return [level, split, *shares, *(str(bootstrap(found[name])) for name in (*_COMPARED, "mean")), f"{right:.0%}"]


def page(count: int) -> str:
    """The whole page."""
    lines = [line(level, split, count) for level in LEVELS for split in SPLITS]
    head = header("Generated requests", "make bench-decomposer-requests", n=f"{count} a split", seed=SEED)
    about = (__doc__ or "").split("\n\n", 1)[1]
    legend = (
        "`words` is the median a request, `commands` the mean; `edits` change a source picture, `folded` requests "
        "correct themselves; `all right` is the share of plans with exactly the atoms that were meant."
    )
    return f"{head}\n{about}\n{table(HEADS, lines)}\n{legend}\n"


def main() -> None:
    """Measure and write `docs/figures/decomposer-requests.md`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=COUNT, help="requests a split")
    write("decomposer-requests.md", page(parser.parse_args().count))


if __name__ == "__main__":
    main()
