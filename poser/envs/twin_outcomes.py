"""What simulated calls bring: hits, damage, failures and the critic's errors, drawn from the truth of an episode."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from poser.envs.arrays import FAILED, NO_FAILURE, TRANSIENT, Bools, Choice, Floats, Ints, Outcome, Pool
from poser.experts.record import merge_bucket

BUCKET = np.array([merge_bucket(size) for size in range(6)])
"""Merge bucket of a call for 0 … 5 or more commands."""


class Truth(NamedTuple):
    """How likely things go in B episodes; drawn once an episode, so that retries are not independent.

    Attributes:
        success: [B, E, K, 4] chance that a call passes the command, by merge bucket.
        damage: [B, E, K, 4] chance that an edit for this command breaks a done one.
        failed, transient: [B, E] chance that a call fails, or fails in passing.
        gives_up: [B, E] chance that a call which hits nothing fails instead of bringing a picture.
        false_positive, false_negative: [B] chance that the critic passes what is not done, or fails what is.
        partial: [B] highest score of a command that the critic fails; it is drawn from 0 to this.
        grade: [B, E] score that the critic gives to whatever the expert makes, at every retry the same; only 1 passes.
            NaN = outcomes are drawn.
        case: [B] which plan or prompt of the source's bank this is; -1 = it has none.
    """

    success: Floats
    damage: Floats
    failed: Floats
    transient: Floats
    gives_up: Floats
    false_positive: Floats
    false_negative: Floats
    partial: Floats
    grade: Floats
    case: Ints


class Canvas(NamedTuple):
    """What a simulated picture shows of B plans.

    Attributes:
        done: [B, K] bool, the command is carried out in truth.
        passed: [B, K] bool, and in the critic's eyes.
        score: [B, K] the critic's score in [0, 1].
    """

    done: Bools
    passed: Bools
    score: Floats

    @classmethod
    def blank(cls, batch: int, commands: int) -> Canvas:
        """Nothing is done."""
        return cls(np.zeros((batch, commands), bool), np.zeros((batch, commands), bool), np.zeros((batch, commands)))


def odds(choice: Choice, truth: Truth) -> tuple[Floats, Floats]:
    """([B, K] chance that the chosen call passes each command, [B] that it breaks a done one it does not touch)."""
    rows, size = np.arange(len(choice.expert)), choice.carried.sum(axis=1)
    bucket = BUCKET[np.minimum(size, len(BUCKET) - 1)]
    damage = (truth.damage[rows, choice.expert, :, bucket] * choice.carried).sum(axis=1) / np.maximum(size, 1)
    return truth.success[rows, choice.expert, :, bucket], damage


def imagine(
    choice: Choice, canvas: Canvas, pool: Pool, truth: Truth, luck: NDArray[np.float32]
) -> tuple[Outcome, Canvas]:
    """What the chosen calls bring: the outcome for the MDP, and what the produced pictures show.

    Args:
        choice: whom to call for what, B rows.
        canvas: the pictures that edits start from.
        pool: of the episodes.
        truth: of the episodes.
        luck: [B, 3K+1] uniform numbers in [0, 1): passes, damage, critic, failure.
    """
    batch, _, commands = pool.shape
    rows, carried, fresh = np.arange(batch), choice.carried, choice.fresh[:, None]
    called = choice.legal & ~choice.stop & carried.any(axis=1)
    expert = choice.expert
    chance, risk = odds(choice, truth)
    pass_luck, harm_luck, critic_luck = (luck[:, i * commands : (i + 1) * commands] for i in range(3))
    kept = canvas.done & ~fresh & (harm_luck >= risk[:, None])
    grade = truth.grade[rows, expert][:, None]
    graded = ~np.isnan(grade)
    done = np.where(carried, np.where(graded, grade >= 1.0, pass_luck < chance), kept)
    # the critic errs anew only where something changed
    anew = carried | fresh | (canvas.done & ~kept)
    error = np.where(done, truth.false_negative[:, None], truth.false_positive[:, None])
    wrong = critic_luck < error
    passed = np.where(anew, done ^ wrong, canvas.passed) & pool.command
    # reuse the number, which is uniform again once it is known not to be an error
    left = np.clip((critic_luck - error) / np.maximum(1.0 - error, 1e-6), 0.0, 1.0)
    score = np.where(passed, 1.0, np.where(anew, left * truth.partial[:, None] * carried, canvas.score)) * pool.command
    score = np.where(graded & carried, grade, score)
    failing, failure = luck[:, -1], np.full(batch, NO_FAILURE)
    transient, failed = truth.transient[rows, expert], truth.failed[rows, expert]
    # whoever would hit nothing may also fail; of what is left after the other failures
    missed, left_over = ~(done & carried).any(axis=1), 1.0 - transient - failed
    failed = failed + np.where(missed, truth.gives_up[rows, expert], 0.0) * left_over
    failure[failing < transient + failed] = FAILED
    failure[failing < transient] = TRANSIENT
    picture = called & (failure == NO_FAILURE)
    outcome = Outcome(
        picture=picture,
        verdict=picture,
        alignment=np.round(score.sum(axis=1) / np.maximum(pool.command.sum(axis=1), 1), 12),
        score=score,
        passed=passed,
        judged=pool.command & picture[:, None],
        failure=np.where(called, failure, NO_FAILURE),
    )
    return outcome, Canvas(done, passed, score)
