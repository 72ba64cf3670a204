"""The twin: B simulated episodes side by side over the same MDP, outcomes drawn instead of pictures.

Simulated: whether a call passes its commands, what it damages, failures, and the critic's errors. Real: everything
else (actions, masks, rewards, ends, observations are those of `poser.envs.mdp`). Policies see a `Turn` as from the
driver; the truth stays here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from poser.envs import mdp
from poser.envs.arrays import Bools, Choice, Effects, Floats, Outcome, Pool, State, take_rows
from poser.envs.observation import ObservationLayout
from poser.envs.rules import Rules
from poser.envs.turn import Turn
from poser.envs.twin_outcomes import Canvas, Truth, imagine
from poser.experts.errors import InputError
from poser.experts.types import Plan


class Episodes(NamedTuple):
    """N episodes as a source gives them: what policies see, and what is true."""

    pool: Pool
    truth: Truth


class PoolSource(Protocol):
    """Where simulated pools come from."""

    @property
    def experts(self) -> int:
        """E, padded."""

    @property
    def commands(self) -> int:
        """K, padded."""

    @property
    def plans(self) -> Sequence[Plan]:
        """The bank that `Truth.case` counts; empty where episodes have no plans."""

    def draw(self, rng: np.random.Generator, count: int) -> Episodes:
        """`count` episodes."""


class Twin:
    """Runs simulated episodes; `reset`, then `step` until all are done, or `step` and `restart` for ever.

    Everything is drawn from blocks of episodes that depend on the seed alone: two twins of the same source and seed
    show the same episodes with the same luck at every step, whatever is chosen (paired evaluation), and batches of any
    size see them in the same order.
    """

    def __init__(
        self,
        source: PoolSource,
        episodes: int,
        *,
        rules: Rules = Rules(),  # noqa: B008  an immutable tuple
        seed: int = 0,
        block: int = 512,
    ) -> None:
        """Set up; nothing is drawn yet.

        Args:
            source: of pools.
            episodes: B, that run side by side.
            rules: of the MDP.
            seed: of everything that is drawn.
            block: episodes that are drawn at once; part of what the seed means.

        Raises:
            InputError: fewer than one episode.
        """
        if episodes < 1 or block < 1:
            raise InputError(f"A twin of {episodes} episodes in blocks of {block}; give at least 1 of both.")
        self.source, self.batch, self.rules, self.seed = source, episodes, rules.checked(), seed
        self.layout = ObservationLayout.of(source.experts, source.commands, rules)
        self._block = block
        self._next = 0
        self._mask: NDArray[np.int8] | None = None
        self._drawn: tuple[int, Episodes, NDArray[np.float32]] | None = None

    def reset(self, start: int | None = None) -> Turn:
        """Start the next B episodes, or those from number `start` on."""
        if start is not None:
            self._next = start
        numbers = self._numbers(self.batch)
        (self.pool, self.truth), self._luck = self._take(numbers)
        self.numbers = numbers
        self.state, self._canvas, self._best_done = self._open(self.pool)
        return self._turn()

    def step(self, actions: ArrayLike) -> Turn:
        """One step of every episode that is not over; the entries of the others are ignored."""
        reward, effects = self.advance(actions)
        return self._turn(reward, effects)

    def advance(self, actions: ArrayLike) -> tuple[Floats, Effects]:
        """As `step`, without the observations, which are most of its time: [B] rewards, and what was done."""
        before = self.state
        chosen = np.where(before.done, -1, np.asarray(actions, np.int64))
        choice = mdp.targets(before, self.pool, self.rules, chosen, self._mask)
        self._mask = None
        luck = self._luck[np.arange(self.batch), np.minimum(before.step, self.rules.max_steps - 1)]
        outcome, produced = self._imagine(choice, luck)
        self.state, reward, _, effects = mdp.apply(before, self.pool, self.rules, choice, outcome)
        self._keep(effects.accepted, effects.new_best, produced)
        return reward, effects

    def restart(self) -> Turn:
        """Put the next episodes in the place of those that are over.

        Cheap, for training: the arrays of pools behind earlier turns change with it.
        """
        rows = np.flatnonzero(self.state.done)
        if len(rows):
            numbers = self._numbers(len(rows))
            (pool, truth), luck = self._take(numbers)
            state, canvas, best_done = self._open(pool)
            fresh = (*pool, *truth, luck, *state, *canvas, best_done, numbers)
            unshared: list[Any] = [field.copy() for field in self.state]
            self.state = State(*unshared)
            held: list[Any] = [*self.pool, *self.truth, self._luck, *self.state, *self._canvas]
            held += [self._best_done, self.numbers]
            for whole, part in zip(held, fresh, strict=True):
                whole[rows] = part
        return self._turn()

    @property
    def quality(self) -> Floats:
        """[B] share of the commands that are done in truth in the picture that the episode returns."""
        shares: Floats = (self._best_done & self.pool.command).sum(axis=1) / np.maximum(
            self.pool.command.sum(axis=1), 1
        )
        return shares

    def state_dict(self) -> dict[str, NDArray[Any]]:
        """Where the twin stands, as arrays by name; with source, rules and seed it is everything."""
        arrays = {f"state.{key}": value for key, value in self.state._asdict().items()}
        arrays |= {f"canvas.{key}": value for key, value in self._canvas._asdict().items()}
        return arrays | {"best_done": self._best_done, "numbers": self.numbers, "next": np.array(self._next)}

    def load_state_dict(self, arrays: dict[str, NDArray[Any]]) -> Turn:
        """Go on from a `state_dict` of a twin of the same source, rules, size and seed."""
        self.numbers, self._next = np.array(arrays["numbers"]), int(arrays["next"])
        (self.pool, self.truth), self._luck = self._take(self.numbers)
        self.state = State(**{key: np.array(arrays[f"state.{key}"]) for key in State._fields})
        self._canvas = Canvas(**{key: np.array(arrays[f"canvas.{key}"]) for key in Canvas._fields})
        self._best_done = np.array(arrays["best_done"])
        return self._turn()

    def _imagine(self, choice: Choice, luck: NDArray[np.float32]) -> tuple[Outcome, Canvas]:
        """What the chosen calls bring."""
        return imagine(choice, self._canvas, self.pool, self.truth, luck)

    def _keep(self, accepted: Bools, best: Bools, produced: Canvas) -> None:
        """Go on from the pictures that are kept, and remember the best ones; [B] bool each."""
        fields = zip(produced, self._canvas, strict=True)
        self._canvas = Canvas(*(np.where(accepted[:, None], new, old) for new, old in fields))
        self._best_done = np.where(best[:, None], produced.done, self._best_done)

    def _open(self, pool: Pool) -> tuple[State, Canvas, Bools]:
        batch, _, commands = pool.shape
        canvas = Canvas.blank(batch, commands)
        # a source shows nothing of what is asked for, and the critic sees that
        seen = Outcome.nothing(batch, commands)._replace(
            picture=pool.has_source, verdict=pool.has_source, judged=pool.command & pool.has_source[:, None]
        )
        return mdp.reset(pool, self.rules, seen), canvas, np.zeros((batch, commands), bool)

    def _numbers(self, count: int) -> NDArray[np.int64]:
        numbers = np.arange(self._next, self._next + count)
        self._next += count
        return numbers

    def _take(self, numbers: NDArray[np.int64]) -> tuple[Episodes, NDArray[np.float32]]:
        """The episodes of these numbers, with their luck."""
        blocks = numbers // self._block
        parts = []
        for block in np.unique(blocks):
            rows = numbers[blocks == block] % self._block
            drawn, luck = self._draw(int(block))
            parts.append(
                (np.flatnonzero(blocks == block), take_rows(drawn.pool, rows), take_rows(drawn.truth, rows), luck[rows])
            )
        order = np.argsort(np.concatenate([place for place, *_ in parts]), kind="stable")

        def joined(fields: list[NDArray[Any]]) -> NDArray[Any]:
            return fields[0] if len(fields) == 1 else np.concatenate(fields)[order]

        pool = Pool(*(joined([part[1][i] for part in parts]) for i in range(len(Pool._fields))))
        truth = Truth(*(joined([part[2][i] for part in parts]) for i in range(len(Truth._fields))))
        return Episodes(pool, truth), joined([part[3] for part in parts])

    def _draw(self, block: int) -> tuple[Episodes, NDArray[np.float32]]:
        if self._drawn is None or self._drawn[0] != block:
            rng = np.random.default_rng([self.seed, block])
            episodes = self.source.draw(rng, self._block)
            luck = rng.random((self._block, self.rules.max_steps, 3 * self.source.commands + 1), np.float32)
            self._drawn = block, episodes, luck
        return self._drawn[1], self._drawn[2]

    def _turn(self, reward: Floats | None = None, effects: Effects | None = None) -> Turn:
        bank = self.source.plans
        plans = [bank[case] for case in self.truth.case] if bank and self.rules.first_pending else None
        turn = Turn.at(self.state, self.pool, self.rules, reward=reward, effects=effects, plans=plans)
        self._mask = turn.mask.copy()
        return turn
