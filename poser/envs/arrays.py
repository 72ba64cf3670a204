"""The arrays that the MDP works on: Pool, State, Outcome, Choice, Effects.

B episodes side by side, E experts, K commands. Plans with fewer commands and pools with fewer experts are padded:
`Pool.command` and `Pool.expert` say which slots are real, and a padded slot is never legal, pending or counted.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

Bools: TypeAlias = NDArray[np.bool_]
Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

NO_FAILURE, TRANSIENT, FAILED, INVALID = 0, 1, 2, 3
"""Codes of `Outcome.failure`: an answer came; it failed for reasons that say nothing about the request (RateLimited,
TimedOut, Unavailable); it failed (ContentFiltered, BadReply); and it would fail again on the same picture
(InvalidRequest)."""


class Pool(NamedTuple):
    """What is fixed during an episode: experts, commands, what the record lets one expect, prices.

    Attributes:
        expert: [B, E] bool, the slot holds an expert.
        t2i: [B, E] bool, it draws from nothing; otherwise it edits.
        command: [B, K] bool, the slot holds a command.
        after: [B, K, K] bool, command i builds on command j.
        supported: [B, E, K] bool, the expert does not refuse the command.
        price: [B, E] US dollars a call; NaN = unknown.
        seconds: [B, E] expected seconds a call.
        success: [B, E, K, 4] expected chance that the command passes, by merge bucket (`record.MERGE_BUCKETS`).
        confidence: [B, E, K, 4] weight of the evidence behind it, n / (n + 2) after n tries, in [0, 1).
        damage: [B, E, K, 4] expected chance that such a call breaks one satisfied command.
        retry: [B] share of its chance that a call keeps after one miss at the same command, in (0, 1).
        critic_price: [B] US dollars a judged picture; NaN = unknown.
        critic_seconds: [B] expected seconds a judged picture.
        has_source: [B] bool, the episode edits a given picture.
        usd_cost: [B] reward units a dollar.
        budget: [B] expected US dollars that may be spent; inf = no budget.
    """

    expert: Bools
    t2i: Bools
    command: Bools
    after: Bools
    supported: Bools
    price: Floats
    seconds: Floats
    success: Floats
    confidence: Floats
    damage: Floats
    retry: Floats
    critic_price: Floats
    critic_seconds: Floats
    has_source: Bools
    usd_cost: Floats
    budget: Floats

    @property
    def shape(self) -> tuple[int, int, int]:
        """(B, E, K)."""
        batch, experts, commands = self.supported.shape
        return batch, experts, commands

    def left_after(self, misses: NDArray[Any]) -> NDArray[Any]:
        """[B, E, ...] share of its chance that a call keeps after so many misses [B, E, ...] at the same command.

        A chance p that is Beta(mean·κ, (1 - mean)·κ) is mean·κ / (κ + n) after n misses; κ is the odds of `retry`.
        """
        kind = np.result_type(misses, np.float32)
        kappa = (self.retry / (1.0 - self.retry)).astype(kind).reshape(-1, *[1] * (misses.ndim - 1))
        left: NDArray[Any] = kappa / (kappa + misses)
        return left


class State(NamedTuple):
    """Where B episodes stand. The *current* picture is the one that the next edit starts from.

    Attributes:
        step: [B] int, calls and illegal actions so far.
        has_picture: [B] bool, there is a current picture.
        alignment: [B] Φ of the current picture, 0 without one.
        score: [B, K] geometric mean of each command's judged atoms in the current picture.
        judged: [B, K] bool, the critic could judge at least one atom of it.
        carried: [B, K] bool, carried out on the way to the current picture.
        satisfied: [B, K] bool, in the current picture.
        dropped: [B, K] bool, given up as a target, for good.
        tries: [B, E, K+1] int, failed tries of (expert, target); target K is ALL.
        closed: [B, E, K+1] bool, called invalid on the current picture.
        failed: [B, K] int, failed tries of a command by anybody.
        transient: [B, E] int, transient failures in a row.
        disabled: [B, E] bool, out for this episode.
        unjudged: [B] int, pictures in a row without a verdict.
        spent, seconds: [B] expected US dollars and seconds charged.
        starved: [B] bool, a command was dropped since the budget does not reach.
        initial: [B] Φ₀, of the source; 0 without one.
        best: [B] highest Φ seen; has_best: [B] bool, there is such a picture; best_satisfied: [B, K] bool, in it.
        done: [B] bool; reason: [B] int, index into `rules.END_REASONS`.
    """

    step: Ints
    has_picture: Bools
    alignment: Floats
    score: Floats
    judged: Bools
    carried: Bools
    satisfied: Bools
    dropped: Bools
    tries: Ints
    closed: Bools
    failed: Ints
    transient: Ints
    disabled: Bools
    unjudged: Ints
    spent: Floats
    seconds: Floats
    starved: Bools
    initial: Floats
    best: Floats
    has_best: Bools
    best_satisfied: Bools
    done: Bools
    reason: Ints


class Outcome(NamedTuple):
    """What one call brought to each episode; rows without a call hold zeros.

    Attributes:
        picture: [B] bool, a picture came back.
        verdict: [B] bool, and the critic judged it.
        alignment: [B] its Φ.
        score, judged: [B, K], as in `State`, of this picture.
        passed: [B, K] bool, every judged atom passes and no parent fails; without meaning where not judged.
        failure: [B] int, NO_FAILURE, TRANSIENT, FAILED or INVALID.
    """

    picture: Bools
    verdict: Bools
    alignment: Floats
    score: Floats
    passed: Bools
    judged: Bools
    failure: Ints

    @classmethod
    def nothing(cls, batch: int, commands: int) -> Outcome:
        """No call anywhere; fill in what came."""
        return cls(
            picture=np.zeros(batch, bool),
            verdict=np.zeros(batch, bool),
            alignment=np.zeros(batch),
            score=np.zeros((batch, commands)),
            passed=np.zeros((batch, commands), bool),
            judged=np.zeros((batch, commands), bool),
            failure=np.zeros(batch, np.int64),
        )


class Choice(NamedTuple):
    """What an action means in a state.

    Attributes:
        legal: [B] bool; stop: [B] bool, it is STOP.
        expert: [B] int; target: [B] int, K = ALL.
        fresh: [B] bool, drawn on an empty canvas.
        carried: [B, K] bool, the commands that the call carries out.
        tried: [B, K] bool, those of them whose try can fail: the pending ones.
    """

    legal: Bools
    stop: Bools
    expert: Ints
    target: Ints
    fresh: Bools
    carried: Bools
    tried: Bools


class Effects(NamedTuple):
    """What the owner of the pictures has to do after `apply`.

    Attributes:
        accepted: [B] bool, the produced picture becomes the current one.
        new_best: [B] bool, it also becomes the best one.
        discarded: [B] bool, it was judged worse than the current one and is not kept.
        illegal: [B] bool, the action was illegal and nobody was to be called.
        usd, seconds: [B] what was charged for this step, expected US dollars and seconds.
    """

    accepted: Bools
    new_best: Bools
    discarded: Bools
    illegal: Bools
    usd: Floats
    seconds: Floats


def any_over(values: Bools, axis: int) -> Bools:
    """`values.any(axis)` of an array with more than one axis, which is an array."""
    found: Bools = np.logical_or.reduce(values, axis=axis)
    return found


Rows = TypeVar("Rows", bound=NamedTuple)


def put_rows(whole: Rows, rows: NDArray[Any], part: Rows) -> Rows:
    """A copy of `whole` [B, ...] with `part` [len(rows), ...] in the rows given."""
    fields: list[Any] = []
    for old, new in zip(whole, part, strict=True):
        copy = old.copy()
        copy[rows] = new
        fields.append(copy)
    return type(whole)(*fields)


def take_rows(whole: Rows, rows: NDArray[Any]) -> Rows:
    """The rows given, in their order."""
    fields: list[Any] = [field[rows] for field in whole]
    return type(whole)(*fields)
