"""Panels of simulated critics beside their members: accuracy, and how often the expensive one is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from poser.critics.base import Critic
from poser.critics.panel import PanelCritic
from poser.critics.types import JudgeRequest, Verdict
from poser.evaluate.critics import Answers, measure_critics
from poser.evaluate.known_pictures import KnownPicture
from poser.evaluate.report import Interval, bootstrap, table
from poser.evaluate.simulated_critic import SimulatedCritic
from poser.experts.base import CallContext
from poser.experts.errors import CriticError

CHEAP, STRONG = (0.9, 0.9), 0.95
STATEMENTS = 8  #: a picture: about as many atoms as a prompt of four commands has
SHARED = (0.0, 0.3)
UNSURE = (0.1, 0.2, 0.3, 0.4)


class Counted(Critic):
    """Counts what another critic is asked."""

    def __init__(self, inner: Critic) -> None:
        self.inner, self.name, self.price = inner, inner.name, inner.price
        self.calls = self.atoms = 0

    @property
    def parts(self) -> tuple[Critic, ...]:
        return (self.inner,)

    def judge(self, requests: Sequence[JudgeRequest], ctx: CallContext) -> list[Verdict | CriticError]:
        self.calls += len(requests)
        self.atoms += sum(len(request.atoms) for request in requests)
        return self.inner.judge(requests, ctx)


def section(pictures: Callable[[], Sequence[KnownPicture]]) -> tuple[str, dict[str, Any]]:
    """Table, verdict and data: members, medians and escalating panels, with errors of their own and shared ones."""
    shown = pictures()
    rows: list[list[object]] = []
    verdicts, data = [], {}
    for shared in SHARED:
        contestants = _contestants(shared)
        measured = measure_critics([critic for critic, _ in contestants.values()], iter(shown))
        found = dict(zip(contestants, measured, strict=True))
        best = found["strong"]
        for name, (_, counted) in contestants.items():
            figures, difference = found[name].figures(), _against(found[name], best)
            asked = len(shown) * STATEMENTS
            calls, atoms = (0, 0) if counted is None else (counted.calls, counted.atoms)
            rows.append(
                [
                    f"{shared:.0%}",
                    name,
                    figures.n,
                    f"{100 * figures.right:.2f} %",
                    f"{100 * figures.low:.1f}–{100 * figures.high:.1f} %",
                    "–"
                    if name == "strong"
                    else f"{100 * difference.mean:+.2f} [{100 * difference.low:+.2f}, {100 * difference.high:+.2f}]",
                    figures.ece,
                    calls,
                    f"{100 * calls / len(shown):.0f} %",
                    f"{100 * atoms / asked:.0f} %",
                ]
            )
            data[f"{name}, {shared:.0%} shared"] = {
                **figures._asdict(), "calls": calls, "atoms": atoms, "above_strong": difference._asdict(),
            }  # fmt: skip
        name = "escalating, unsure 0.2"
        gain, counted = _against(found[name], best), contestants[name][1]
        verdicts.append(
            f"- {shared:.0%} of the noise shared: *{name}* is {100 * gain.mean:+.2f} points "
            f"[{100 * gain.low:+.2f}, {100 * gain.high:+.2f}] beside its best member, with "
            f"**{100 * (counted.calls if counted else 0) / len(shown):.0f} %** of its calls.\n"
        )
    text = (
        "## Panels\n\n**Simulated critics**: they know the truth and add noise, and no picture is looked at. Two cheap "
        f"critics of accuracy {CHEAP[0]} each and a strong one of {STRONG}; {len(shown)} pictures with {STATEMENTS} "
        "statements each, as many as a prompt of about four commands has atoms. *Expensive calls* are pictures that "
        "the strong critic was shown, *atoms* what it was asked of all. Part of the noise may be common to all critics "
        "(hard pictures), which a panel cannot mend. Differences are paired, in points of accuracy, bootstrapped by "
        "picture.\n\n"
        + table(
            (
                "noise shared",
                "critic",
                "n",
                "right",
                "95 %",
                "above strong [95 %]",
                "ECE",
                "expensive calls",
                "of pictures",
                "atoms",
            ),
            rows,
        )
        + "\n"
        + "".join(verdicts)
    )
    return text, data


def _contestants(shared: float) -> Mapping[str, tuple[Critic, Counted | None]]:
    """Name -> critic, and its counted strong one."""

    def cheap() -> list[SimulatedCritic]:
        return [
            SimulatedCritic(accuracy=accuracy, shared=shared, seed=seed, name=f"cheap-{seed}")
            for seed, accuracy in enumerate(CHEAP)
        ]

    def strong() -> Counted:
        return Counted(SimulatedCritic(accuracy=STRONG, shared=shared, name="strong"))

    found: dict[str, tuple[Critic, Counted | None]] = {"cheap": (cheap()[0], None)}
    found["median of the cheap two"] = PanelCritic(members=cheap()), None
    alone = strong()
    found["strong"] = alone, alone
    member = strong()
    found["median of all three"] = PanelCritic(members=[*cheap(), member]), member
    for unsure in UNSURE:
        last = strong()
        found[f"escalating, unsure {unsure:g}"] = (
            PanelCritic(members=cheap(), escalate_to=last, unsure=unsure), last
        )  # fmt: skip
    return found


def _against(answers: Answers, other: Answers) -> Interval:
    """Paired difference of the share that is right, by picture."""
    return bootstrap(_right_by_picture(answers) - _right_by_picture(other))


def _right_by_picture(answers: Answers) -> np.ndarray:
    probability, holds = np.array(answers.probability), np.array(answers.holds)
    right = ~np.isnan(probability) & ((np.nan_to_num(probability) >= 0.5) == holds)
    edges = np.searchsorted(answers.picture, np.arange(answers.picture[-1] + 2))
    return np.array([right[start:end].mean() for start, end in pairwise(edges)])
