"""What came of playing a suite: episodes, and the figures of those that can be compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from poser.envs.pool import Prices
from poser.envs.rules import Rules
from poser.envs.trace import Trace
from poser.evaluate.playing import Figures, joined
from poser.experts.base import Expert
from poser.experts.picture import Picture
from poser.policies.base import Policy


@dataclass(frozen=True, kw_only=True)
class Contestant:
    """Who plays.

    Attributes:
        name: of its row.
        make: the policy; called once, and the policy is reset for every batch. It is never told to learn.
        rules: of the MDP.
        experts: whom it may call; None = the pool that all share.
        curve: contestants of one curve are joined in the plot, as the settings of a dial; "" = a point of its own.
    """

    name: str
    make: Callable[[], Policy]
    rules: Rules = Rules()  # noqa: RUF009  an immutable tuple
    experts: tuple[Expert, ...] | None = None
    curve: str = ""


@dataclass(frozen=True, kw_only=True)
class Played:
    """One episode of one contestant.

    Attributes:
        contestant, index: whose, and the number of the task.
        picture: that it returned, None if there is none.
        trace: everything that happened.
        figures: of this one episode, [1] each, quality by the judge (NaN where it judges nothing); None if the episode
            was interrupted, so that it cannot be compared.
        known: share of the plan's commands of which the judge can judge anything.
        graded: quality is the judge's grade of the whole picture.
        unjudged: why the episode is no result: the critic gave no verdict at all, or the judge none; "" else.
        judge_usd: US dollars that the judge cost; None if unknown. judge_notes: of its verdict.
    """

    contestant: str
    index: int
    picture: Picture | None = field(repr=False)
    trace: Trace = field(repr=False)
    figures: Figures | None
    known: float
    graded: bool = False
    unjudged: str = ""
    judge_usd: float | None = 0.0
    judge_notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SuiteResults:
    """What came of it.

    Attributes:
        figures: contestant -> figures of the episodes that *all* of them finished and the judge could judge, [N] each
            in the order of `episodes`; empty if there is no such episode. Quality is by the judge, alignment and return
            by the critic, spend what the MDP charged, seconds the real ones of all calls; `wrong` is NaN under rules
            without a choice of commands.
        episodes: numbers of these tasks.
        known: contestant -> mean share of the commands that the judge could judge, over these episodes.
        usd: contestant -> US dollars that its calls really cost in all its episodes; None if any bill is unknown.
        judge_usd: US dollars that the judge cost in all episodes of everybody; None if any bill is unknown.
        graded: qualities are grades of whole pictures, at least in part.
        unjudged: reason why episodes are no results -> how many. notes: what critic and judge note -> in how many.
        curves: curve -> its contestants.
        terms: contestant -> what it has of its own beside the yardstick's rules and the pool, in words; "" = nothing.
        left_out: contestants that finished nothing before an interruption.
        tasks: how many there were.
        interrupted: Ctrl-C ended it early. stopped: a batch without a single verdict did.
        critic, judge: their names.
        same_judge: they are the same.
        prices: that were charged.
    """

    figures: Mapping[str, Figures]
    episodes: tuple[int, ...]
    known: Mapping[str, float]
    usd: Mapping[str, float | None]
    judge_usd: float | None
    graded: bool
    unjudged: Mapping[str, int]
    notes: Mapping[str, int]
    curves: Mapping[str, tuple[str, ...]]
    terms: Mapping[str, str]
    left_out: tuple[str, ...]
    tasks: int
    interrupted: bool
    stopped: bool
    critic: str
    judge: str
    same_judge: bool
    prices: Prices


def paired_results(
    contestants: Sequence[Contestant],
    held: Mapping[str, Mapping[int, Played]],
    tasks: int,
    *,
    yardstick: Rules,
    pool: int,
    interrupted: bool,
    stopped: bool,
    critic: str,
    judge: str,
    same_judge: bool,
    prices: Prices,
) -> SuiteResults:
    """The results of what was played, contestant -> number of the task -> episode: pairs what everybody finished.

    `yardstick` and `pool`, the number of its experts, are what `terms` are told beside.
    """
    finished = {name: {n: p for n, p in own.items() if p.figures is not None} for name, own in held.items()}
    present = [contestant for contestant in contestants if finished[contestant.name]]
    paired = [
        number
        for number in range(tasks)
        if present and all(_is_judged(finished[contestant.name].get(number)) for contestant in present)
    ]
    curves: dict[str, tuple[str, ...]] = {}
    figures: dict[str, Figures] = {}
    for contestant in present if paired else ():
        own = [finished[contestant.name][number].figures for number in paired]
        figures[contestant.name] = joined([each for each in own if each is not None])
        line = contestant.curve or contestant.name
        curves[line] = (*curves.get(line, ()), contestant.name)
    everything = [played for own in held.values() for played in own.values()]
    return SuiteResults(
        figures=figures,
        episodes=tuple(paired),
        known={name: float(np.mean([finished[name][number].known for number in paired])) for name in figures},
        usd={
            contestant.name: _bill([each.trace.usd for each in held[contestant.name].values()])
            for contestant in contestants
        },
        judge_usd=_bill([each.judge_usd for each in everything]),
        graded=any(finished[name][number].graded for name in figures for number in paired),
        unjudged=Counter(each.unjudged for each in everything if each.unjudged),
        notes=Counter(note for each in everything for note in _notes(each)),
        curves=curves,
        terms={contestant.name: _terms(contestant, yardstick, pool) for contestant in contestants},
        left_out=tuple(name for name in held if not finished[name]),
        tasks=tasks,
        interrupted=interrupted,
        stopped=stopped,
        critic=critic,
        judge=judge,
        same_judge=same_judge,
        prices=prices,
    )


def _is_judged(played: Played | None) -> bool:
    return played is not None and played.figures is not None and bool(np.isfinite(played.figures.quality).all())


def _terms(contestant: Contestant, yardstick: Rules, pool: int) -> str:
    usual = yardstick._asdict()
    own = [f"{name} {_word(value)}" for name, value in contestant.rules._asdict().items() if value != usual[name]]
    if contestant.experts is not None and len(contestant.experts) != pool:
        own.insert(0, f"{len(contestant.experts)} of {pool} experts")
    return ", ".join(own)


def _word(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else "none" if value is None else str(value)


def _notes(played: Played) -> set[str]:
    verdicts = [played.trace.source_verdict, *(step.verdict for step in played.trace.steps)]
    critic = {f"the critic notes: {note}" for verdict in verdicts if verdict is not None for note in verdict.notes}
    return critic | {f"the judge notes: {note}" for note in played.judge_notes}


def _bill(bills: Sequence[float | None]) -> float | None:
    known = [bill for bill in bills if bill is not None]
    return sum(known) if len(known) == len(bills) else None
