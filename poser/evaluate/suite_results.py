"""What came of playing a suite: episodes, and the figures of those that can be compared."""

from __future__ import annotations

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
    """

    contestant: str
    index: int
    picture: Picture | None = field(repr=False)
    trace: Trace = field(repr=False)
    figures: Figures | None
    known: float


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
        curves: curve -> its contestants.
        terms: contestant -> what it has of its own beside the yardstick's rules and the pool, in words; "" = nothing.
        left_out: contestants that finished nothing before an interruption.
        tasks: how many there were.
        interrupted: Ctrl-C ended it early.
        critic, judge: their names.
        same_judge: they are the same.
        prices: that were charged.
    """

    figures: Mapping[str, Figures]
    episodes: tuple[int, ...]
    known: Mapping[str, float]
    usd: Mapping[str, float | None]
    curves: Mapping[str, tuple[str, ...]]
    terms: Mapping[str, str]
    left_out: tuple[str, ...]
    tasks: int
    interrupted: bool
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
    return SuiteResults(
        figures=figures,
        episodes=tuple(paired),
        known={name: float(np.mean([finished[name][number].known for number in paired])) for name in figures},
        usd={contestant.name: _bill(held[contestant.name]) for contestant in contestants},
        curves=curves,
        terms={contestant.name: _terms(contestant, yardstick, pool) for contestant in contestants},
        left_out=tuple(name for name in held if not finished[name]),
        tasks=tasks,
        interrupted=interrupted,
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


def _bill(played: Mapping[int, Played]) -> float | None:
    bills = [each.trace.usd for each in played.values()]
    known = [bill for bill in bills if bill is not None]
    return sum(known) if len(known) == len(bills) else None
