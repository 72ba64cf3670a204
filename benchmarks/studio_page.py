"""Tables and plot of `benchmarks.studio`: what it measured, as Markdown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks.annotated_jobs import LENGTHS, Job
from benchmarks.report import FIGURES
from benchmarks.suite_facts import match_facts
from poser.evaluate.report import bootstrap, table
from poser.experts.base import Expert
from poser.experts.picture import Picture
from poser.experts.record import MERGE_BUCKETS, TrackRecord

KINDS = ("entity", "count", "color", "size", "relation", "place", "text", "background", "style", "absence")


@dataclass
class Outcome:
    """What one policy reached on one prompt."""

    job: Job
    held: list[bool]
    calls: int
    seconds: float
    usd: float
    alignment: float
    picture: Picture | None = field(repr=False, default=None)

    @property
    def share(self) -> float:
        """Share of the facts that hold, in [0, 1]."""
        return float(np.mean(self.held))


def extraction_page(jobs: Sequence[Job]) -> str:
    """Recall and precision of the extractor against the facts."""
    groups = {
        "hand-written, long": [j for j in jobs if j.prompt.handwritten and j.length != "1-3"],
        "hand-written, long, without the 10 marked hard": [
            j for j in jobs if j.prompt.handwritten and j.length != "1-3" and not j.prompt.hard
        ],
        "templates, long": [j for j in jobs if not j.prompt.handwritten and j.length != "1-3"],
        "short": [j for j in jobs if j.length == "1-3"],
    }
    rows = []
    for name, members in groups.items():
        matchings = [match_facts(job.prompt.facts, job.plan.atoms) for job in members]
        if not matchings:
            continue
        required = sum(m.required for m in matchings)
        judged = sum(m.judged for m in matchings)
        missed = sum(len(m.missed) for m in matchings)
        unsupported = sum(len(m.unsupported) for m in matchings)
        rows.append((name, len(members), required, 1 - missed / required, 1 - unsupported / max(1, judged)))
    return "## Extractor against the annotated facts\n\n" + table(
        ("prompts", "n", "facts", "recall", "precision"), rows
    )


def policy_page(results: dict[str, list[Outcome]]) -> str:
    """The main table: facts held with interval, full success, calls, seconds, price; and by length."""
    rows = []
    for name, outcomes in results.items():
        long = [o for o in outcomes if o.job.length != "1-3"]
        shares = [o.share for o in long]
        rows.append(
            (
                name,
                str(bootstrap(shares)),
                float(np.mean([all(o.held) for o in long])),
                *(mean([o.share for o in outcomes if o.job.length == length]) for length in LENGTHS),
                f"{np.mean([o.calls for o in long]):.2f}",
                f"{np.mean([o.seconds for o in long]):.2f}",
                f"{np.mean([o.usd for o in long]):.4f}",
            )
        )
    columns = (
        "policy",
        "facts held, long prompts [95 %]",
        "full prompt",
        *(f"facts, {length} commands" for length in LENGTHS),
        "calls",
        "seconds",
        "simulated USD",
    )
    return "## Policies\n\n" + table(columns, rows)


def mean(values: Sequence[float]) -> float | None:
    """Mean, or None of nothing."""
    return float(np.mean(values)) if len(values) else None


def kind_of(words: tuple[str, ...], negated: bool) -> str:
    """The column of a fact in the table of kinds."""
    if negated:
        return "absence"
    if words[0] == "attribute":
        return words[1]
    return "place" if words[0] == "relation" and words[-1] == "canvas" else words[0]


def kinds_page(results: dict[str, list[Outcome]], experts: Sequence[Expert]) -> str:
    """Where each text-to-image expert fails: facts held by kind, beside what its spec admits."""
    rows = []
    for name, outcomes in results.items():
        tally: dict[str, list[bool]] = defaultdict(list)
        for outcome in outcomes:
            required = [fact for fact in outcome.job.prompt.facts if not fact.optional]
            for fact, held in zip(required, outcome.held, strict=True):
                tally[kind_of(fact.atom.tuple, fact.atom.negated)].append(held)
        rows.append((name, *(mean([float(h) for h in tally[kind]]) for kind in KINDS)))
    limits = "".join(f"- **{expert.spec.name}**: {expert.spec.limitations}\n" for expert in experts)
    return (
        "## Where each fails: facts held by kind (all 160 prompts)\n\n"
        + table(("policy", *KINDS), rows)
        + "\nWhat the specs say of their limits:\n\n"
        + limits
    )


def editors_page(records: TrackRecord, experts: Sequence[Expert]) -> str:
    """Success and damage of the image-to-image experts, over all calls of the runs above."""
    rows = []
    for expert in experts:
        if expert.spec.kind != "i2i":
            continue
        for skill in sorted(operation.value for operation in expert.spec.operations):
            cells = [records.cell(expert.spec.name, skill, merged) for merged in (1, 2, 3, 5)]
            shown = [
                f"{c.success / (c.success + c.failure):.2f} ({c.success + c.failure:.0f})"
                if c.success + c.failure
                else "–"
                for c in cells
            ]
            damaged = sum(c.damaged for c in cells)
            exposed = damaged + sum(c.spared for c in cells)
            if any(cell != "–" for cell in shown):
                rows.append((expert.spec.name, skill, *shown, damaged / exposed if exposed else None))
    columns = ("editor", "operation", *(f"{bucket} merged" for bucket in MERGE_BUCKETS), "damage")
    return (
        "## Editors: share of commands that pass (tries), by merged commands; damage per satisfied command\n\n"
        + table(columns, rows)
    )


def plot(results: dict[str, list[Outcome]]) -> None:
    """Facts held against simulated price, and by length of the prompt."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4.8))
    for name, outcomes in results.items():
        long = [o for o in outcomes if o.job.length != "1-3"]
        shares = [o.share for o in long]
        centre, low, high = bootstrap(shares)
        spend = float(np.mean([o.usd for o in long]))
        left.errorbar(spend, centre, yerr=[[centre - low], [high - centre]], fmt="o", capsize=3)
        left.annotate(name, (spend, centre), textcoords="offset points", xytext=(6, 4), fontsize=8)
        right.plot(LENGTHS, [mean([o.share for o in outcomes if o.job.length == k]) for k in LENGTHS], "o-", label=name)
    left.set(xlabel="simulated USD a prompt", ylabel="annotated facts held", title="100 long prompts")
    right.set(xlabel="commands in the prompt", title="by length")
    right.legend(fontsize=7)
    for axis in (left, right):
        axis.grid(alpha=0.3)
        axis.set_ylim(0, 1.02)
    figure.tight_layout()
    figure.savefig(FIGURES / "studio.png", dpi=110)
    print(f"wrote {FIGURES / 'studio.png'}")
