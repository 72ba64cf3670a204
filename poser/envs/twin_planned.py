"""A twin of given plans: one episode each, with luck that belongs to a seed and to what a command is about.

Two plans of one seed that both ask for a cat meet the same chances and the same luck at it, wherever it stands and
whatever else they ask for; so their difference is the plans' own, and not chance's (common random numbers).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from poser.envs.arrays import Bools, Floats, Ints, Pool, take_rows
from poser.envs.rules import Rules
from poser.envs.turn import Turn
from poser.envs.twin import Episodes, Twin
from poser.envs.twin_bank import latent_chances
from poser.envs.twin_outcomes import Truth
from poser.experts.errors import InputError
from poser.experts.types import Plan


class Dealt(NamedTuple):
    """B episodes as a registry deals them for B plans.

    Attributes:
        true: pools whose `success` and `damage` are the true means.
        seen: the same as policies see them.
        kappa: [B] how alike retries are; inf = every try has the mean chance.
        failed, transient, gives_up: [B, E], as in `Truth`.
        partial: [B], as in `Truth`.
    """

    true: Pool
    seen: Pool
    kappa: Floats
    failed: Floats
    transient: Floats
    gives_up: Floats
    partial: Floats

    def rows(self, rows: NDArray[np.int64]) -> Dealt:
        """The episodes of these rows, in their order."""
        rest = [field[rows] for field in self[2:]]
        return Dealt(take_rows(self.true, rows), take_rows(self.seen, rows), *rest)


class Played(NamedTuple):
    """How B episodes ended.

    Attributes:
        done: [B, K] bool, what is done in truth in the pictures that they return; all False without a picture.
        spent: [B] expected US dollars.
        steps: [B] calls.
    """

    done: Bools
    spent: Floats
    steps: Ints


class _Given:
    """The source of a twin that draws nothing."""

    plans: Sequence[Plan] = ()

    def __init__(self, experts: int, commands: int) -> None:
        self.experts, self.commands = experts, commands

    def draw(self, rng: np.random.Generator, count: int) -> Episodes:
        """No episodes but the given ones."""
        raise InputError("A twin of given plans has no other episodes; make a new one.")


class PlannedTwin(Twin):
    """Runs B given episodes; of several runs each begins anew with `reset`."""

    def __init__(
        self,
        dealt: Dealt,
        topics: Sequence[Sequence[str]],
        seeds: Sequence[int],
        *,
        rules: Rules = Rules(),  # noqa: B008  an immutable tuple
    ) -> None:
        """Draw the episodes' chances and luck.

        Args:
            dealt: the episodes.
            topics: [B] of each command in words what it is about, one for each.
            seeds: [B] of the luck; at least 0.
            rules: of the MDP.

        Raises:
            InputError: other numbers of topics or seeds than of plans.
        """
        batch, experts, commands = dealt.true.shape
        if len(topics) != batch or len(seeds) != batch:
            raise InputError(
                f"{batch} episodes with {len(topics)} lists of topics and {len(seeds)} seeds; give {batch}."
            )
        super().__init__(_Given(experts, commands), batch, rules=rules)
        self._episodes, self._all_luck = _with_luck(dealt, topics, seeds, self.rules.max_steps)

    def play(self, act: Callable[[Turn], ArrayLike]) -> Played:
        """Run all episodes to their ends, on fewer and fewer rows as they end.

        Args:
            act: from a turn to actions [rows]; rows are the episodes that still run, in their order.
        """
        batch, _, commands = self._episodes.pool.shape
        played = Played(np.zeros((batch, commands), bool), np.zeros(batch), np.zeros(batch, np.int64))
        rows = np.arange(batch)
        self.batch = batch
        turn = self.reset()
        while True:
            over = np.flatnonzero(turn.done)
            if 2 * len(over) >= len(rows):
                played.done[rows[over]] = (self._best_done & self.pool.command)[over]
                played.spent[rows[over]], played.steps[rows[over]] = self.state.spent[over], self.state.step[over]
                left = np.flatnonzero(~turn.done)
                rows = rows[left]
                if not len(rows):
                    return played
                turn = self._only(left)
            turn = self.step(act(turn))

    def _only(self, rows: NDArray[np.int64]) -> Turn:
        """Go on with these rows alone."""
        self.batch = len(rows)
        self.pool, self.truth = take_rows(self.pool, rows), take_rows(self.truth, rows)
        self.state, self._canvas = take_rows(self.state, rows), take_rows(self._canvas, rows)
        self._luck, self._best_done, self.numbers = self._luck[rows], self._best_done[rows], self.numbers[rows]
        return self._turn()

    def _take(self, numbers: NDArray[np.int64]) -> tuple[Episodes, NDArray[np.float32]]:
        # every reset starts the same episodes, all of them
        return self._episodes, self._all_luck


def _with_luck(
    dealt: Dealt, topics: Sequence[Sequence[str]], seeds: Sequence[int], steps: int
) -> tuple[Episodes, NDArray[np.float32]]:
    batch, _, commands = dealt.true.shape
    success, damage = dealt.true.success.copy(), dealt.true.damage.copy()
    luck = np.ones((batch, steps, 3 * commands + 1), np.float32)
    known: dict[tuple[int, str, bytes], tuple[Floats, Floats, NDArray[np.float32]]] = {}
    failing: dict[int, NDArray[np.float32]] = {}
    for b, (own, seed) in enumerate(zip(topics, seeds, strict=True)):
        if seed not in failing:
            failing[seed] = np.random.default_rng([seed, 0x6661696C]).random(steps, np.float32)
        luck[b, :, -1] = failing[seed]
        for k, topic in enumerate(own):
            # of another operation, or for another registry, the means differ and so do the chances
            key = seed, topic, success[b, :, k].tobytes()
            if key not in known:
                known[key] = _drawn(success[b, :, k], damage[b, :, k], float(dealt.kappa[b]), seed, topic, steps)
            success[b, :, k], damage[b, :, k], luck[b, :, [k, commands + k, 2 * commands + k]] = known[key]
    truth = Truth(
        success=success,
        damage=np.where(dealt.true.t2i[:, :, None, None], 0.0, damage),
        failed=dealt.failed,
        transient=dealt.transient,
        gives_up=dealt.gives_up,
        false_positive=np.zeros(batch),
        false_negative=np.zeros(batch),
        partial=dealt.partial,
        grade=np.full(dealt.failed.shape, np.nan),
        case=np.full(batch, -1),
    )
    return Episodes(dealt.seen, truth), luck


def _drawn(
    success: Floats, damage: Floats, kappa: float, seed: int, topic: str, steps: int
) -> tuple[Floats, Floats, NDArray[np.float32]]:
    """Chances of success and damage [E, 4] at one command, and its luck [3, steps] at every step."""
    topic_seed = [seed, zlib.crc32(topic.encode("utf-8", "replace"))]
    if np.isfinite(kappa):
        rng = np.random.default_rng([*topic_seed, 1])
        success = latent_chances(rng, success[None, :, None], kappa)[0, :, 0]
        damage = latent_chances(rng, damage[None, :, None], kappa)[0, :, 0]
    return success, damage, np.random.default_rng(topic_seed).random((3, steps), np.float32)
