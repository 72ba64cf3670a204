"""The policy interface: observation and mask in, action out, and the reasons in words."""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from poser.envs.actions import decode
from poser.envs.arrays import Floats, Ints
from poser.envs.rules import Rules
from poser.envs.trace import Alternative, Decision
from poser.experts.errors import PoserError

if TYPE_CHECKING:
    from poser.envs.turn import Turn

SHOWN_ALTERNATIVES = 6
"""How many actions a decision lists, the chosen one among them."""

FINISHED = -1
"""Stands for "no action" in the rows of episodes that are over."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What a policy chose for B episodes, and what it thought of the other actions.

    Attributes:
        actions: [B] int; `FINISHED` where the episode is over.
        scores: [B, A] float in the policy's own unit, NaN where it has none; None if it scores nothing.
        parts: what the scores are made of, name -> [B, A] float, NaN = none.
        why: row -> sentence; {expert} and {target} stand for the chosen ones.
    """

    actions: Ints
    scores: Floats | None = None
    parts: Mapping[str, Floats] = field(default_factory=dict)
    why: Callable[[int], str] = lambda _: ""


class Policy(abc.ABC):
    """Chooses the next action of B episodes that run side by side.

    A policy reads `turn.observation`, `turn.mask`, `turn.rules`, and the arrays `turn.pool` and `turn.state` (records,
    prices, verdicts, tries); never pictures, prompts or the truth behind a simulation. A subclass gives `name` and
    `choose`. Except for the generators of `reset` and what `learn` keeps it has no memory between turns, so that rows
    may restart anywhere.

    Attributes:
        name: as in `--policy`, and in the trace.
        experts: whom alone it can choose from, in the order of the action index; None = anybody.
        rules: under which it is run unless others are asked for; None = the usual ones.
    """

    name: str
    experts: tuple[str, ...] | None = None
    rules: Rules | None = None

    def __init__(self, rng: np.random.Generator | None = None) -> None:
        """`rng` seeds whatever is drawn; a fixed seed 0 if None. Each row draws from a generator of its own."""
        self._rng = np.random.default_rng(0) if rng is None else rng
        self._rows: list[np.random.Generator] | None = None
        self._seeds: Sequence[int] | None = None

    def reset(self, turn: Turn, seeds: Sequence[int] | None = None) -> None:
        """Start B new episodes.

        Args:
            turn: as `Driver.reset` gave it.
            seeds: [B] seeds at least 0, one an episode, so that its draws do not depend on its neighbours; None = rows
                are seeded by the policy's own generator.
        """
        self._rows, self._seeds = None, seeds

    def generators(self, rows: int) -> list[np.random.Generator]:
        """What each row draws from since the last `reset`; made when first asked for: most policies never draw."""
        if self._rows is None and self._seeds is not None:
            # the salt keeps these draws apart from call seeds, which start from the same number
            self._rows = [np.random.default_rng([seed, 0x706F6C69]) for seed in self._seeds]
        if self._rows is None or len(self._rows) != rows:
            self._rows = list(self._rng.spawn(rows))
        return self._rows

    def check(self, experts: Sequence[str], rules: Rules) -> None:  # noqa: B027  most serve anybody under any rules
        """Find out before a run whether this policy can choose from these experts under these rules.

        Raises:
            InputError: it cannot.
        """

    def learn(self, before: Turn, actions: Ints, after: Turn) -> None:  # noqa: B027  most learn nothing
        """Take in what the actions [B] chosen at `before` brought; `after` is the turn that followed.

        Called after every step by a loop that lets its policy learn (`poser.evaluate.practice`), or never. What is
        kept over episodes is one memory for all rows, and not to call this freezes it.
        """

    @abc.abstractmethod
    def choose(self, turn: Turn) -> Choice:
        """Legal actions for all episodes that are not over, with scores and reasons."""

    def act(self, turn: Turn) -> list[int]:
        """The actions [B] alone; `FINISHED` (-1) for episodes that are over."""
        return [int(action) for action in self.choose(turn).actions]

    def decide(
        self, turn: Turn, experts: Sequence[str], commands: Sequence[Sequence[str]]
    ) -> tuple[list[int], list[Decision | None]]:
        """The actions as in `act`, and why.

        Call either `act` or `decide` once a turn: a policy that draws would otherwise draw twice.

        Args:
            turn: where the episodes stand.
            experts: [E] names, in the order of the action index.
            commands: [B] lists of command ids, in the order of the action index.

        Returns:
            [B] actions and [B] decisions; -1 and None for episodes that are over.

        Raises:
            PoserError: an action that is not legal.
        """
        choice = self.choose(turn)
        actions = [int(action) for action in choice.actions]
        for action, mask, done in zip(actions, turn.mask, turn.done, strict=True):
            if not done and not (0 <= action < len(mask) and mask[action]):
                raise PoserError(
                    f"The policy {self.name!r} chose action {action}, which is not legal here; choose where the mask "
                    f"is 1: {np.flatnonzero(mask).tolist()}."
                )
        decisions = [
            None if action == FINISHED else self._decision(turn, choice, row, experts, commands[row])
            for row, action in enumerate(actions)
        ]
        return actions, decisions

    def _decision(
        self, turn: Turn, choice: Choice, row: int, experts: Sequence[str], commands: Sequence[str]
    ) -> Decision:
        chosen = int(choice.actions[row])
        alternatives = []
        for action in _ranked(turn, choice, row, chosen):
            expert, target = _words(turn, row, action, experts, commands)
            alternatives.append(
                Alternative(
                    action=action,
                    expert=expert,
                    target=target,
                    score=None if choice.scores is None else _number(choice.scores[row, action]),
                    parts={
                        name: value
                        for name, table in choice.parts.items()
                        if (value := _number(table[row, action])) is not None
                    },
                )
            )
        first = alternatives[0]
        return Decision(
            policy=self.name,
            reason=choice.why(row).replace("{expert}", first.expert).replace("{target}", first.target),
            alternatives=tuple(alternatives),
        )


def _ranked(turn: Turn, choice: Choice, row: int, chosen: int) -> list[int]:
    """The chosen action, then the best of the other legal ones that have a score."""
    if choice.scores is None:
        return [chosen]
    scores = choice.scores[row]
    others = np.flatnonzero((turn.mask[row] > 0) & ~np.isnan(scores) & (np.arange(len(scores)) != chosen))
    order = others[np.argsort(-scores[others], kind="stable")]
    return [chosen, *(int(action) for action in order[: SHOWN_ALTERNATIVES - 1])]


def _words(turn: Turn, row: int, action: int, experts: Sequence[str], commands: Sequence[str]) -> tuple[str, str]:
    """(expert, target) as they stand in a trace."""
    _, slots, places = turn.pool.shape
    taken = decode(action, slots, places, turn.rules)
    if taken.stop:
        return "", "stop"
    if taken.target >= 0:
        return experts[taken.expert], "all" if taken.target == places else commands[taken.target]
    if turn.pool.t2i[row, taken.expert]:
        return experts[taken.expert], "all"
    todo = turn.pool.command[row] & ~turn.state.satisfied[row] & ~turn.state.dropped[row]
    return experts[taken.expert], commands[int(todo.argmax())] if todo.any() else "stop"


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
