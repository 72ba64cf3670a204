"""What the track records let one expect of every call: hits, gain in alignment, price.

Pure functions over the arrays of a turn. B episodes, E experts, K commands; K as a target means ALL.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from poser.envs.actions import expected_cost, pending
from poser.envs.arrays import Bools, Floats, Ints
from poser.envs.features import FAILED_SCORE
from poser.experts.record import PRIOR_RETRY

if TYPE_CHECKING:
    from poser.envs.turn import Turn

WAITING = 0.25
"""Share of its gain that a command is worth while others that it builds on are pending: a style that comes first has to
be applied again, and editors see worse through it."""


class Forecast(NamedTuple):
    """Expectations of every call; entries of illegal calls are without meaning.

    Attributes:
        hits: [B, E, K+1] expected number of target commands that pass afterwards.
        gain: [B, E, K+1] expected gain in reward units (Δ best Φ, and the completion bonus shared out over the
            commands); a picture that turns out worse is discarded, so this is never negative.
        cost: [B, E, K+1] expected cost in reward units: dollars, seconds and the step.
    """

    hits: Floats
    gain: Floats
    cost: Floats


def forecast(turn: Turn, thrift: float = 1.0, retry: float | None = PRIOR_RETRY) -> Forecast:
    """Expect every call of a turn.

    Args:
        turn: what is known.
        thrift: >= 0 scales what dollars cost.
        retry: share of its chance that a call keeps after a miss; None = as the track record says (`Pool.retry`).
            Looking one call ahead it serves better to assume the same of all registries (docs/log.md).
    """
    if retry is not None:
        turn = replace(turn, pool=turn.pool._replace(retry=np.full(len(turn.done), retry)))
    pool = turn.pool
    batch, experts, commands = pool.shape
    hits = np.zeros((batch, experts, commands + 1))
    gain = np.zeros_like(hits)
    chance = _chances(turn)
    one = _one(turn, chance)
    hits[:, :, :commands], gain[:, :, :commands] = chance[..., 0] * pool.supported, one
    edited_hits, edited_gain = _merged_edit(turn, chance)
    drawn_hits, drawn_gain = _redraw(turn, chance)
    hits[:, :, commands] = np.where(pool.t2i, drawn_hits, edited_hits)
    gain[:, :, commands] = np.where(pool.t2i, drawn_gain, edited_gain)
    dear = pool._replace(usd_cost=pool.usd_cost * thrift)
    cost = expected_cost(dear, turn.rules)[2] + turn.rules.step_cost
    return Forecast(hits, gain, np.repeat(cost[:, :, None], commands + 1, axis=2))


def whole_plan(turn: Turn) -> Floats:
    """[B, E] expected share of all commands that pass after one ALL call by each expert, in [0, 1].

    By the record alone, whatever is satisfied or was tried: what is known of an expert before the first call.
    """
    pool = turn.pool
    target = pool.supported & pool.command[:, None, :]
    size = target.sum(axis=2)
    chance = _pick_bucket(pool.success, size)
    return np.asarray((chance * target).sum(axis=2) / np.maximum(pool.command.sum(axis=1), 1)[:, None])


def one_command(turn: Turn) -> Floats:
    """[B, E, K] recorded chance that a single call passes the command, in [0, 1], whatever was tried."""
    return np.asarray(turn.pool.success[..., 0])


def _chances(turn: Turn) -> Floats:
    """[B, E, K, 4] chance of a hit by merge bucket, after the tries so far."""
    state, pool = turn.state, turn.pool
    commands = pool.shape[2]
    # a failed call for everything is evidence against the commands that still wait
    tried = state.tries[:, :, :commands] + state.tries[:, :, commands, None] * pending(state, pool)[:, None, :]
    return np.asarray(pool.success * pool.left_after(tried.astype(float))[..., None])


def _worth(turn: Turn) -> tuple[Floats, Floats, Floats]:
    """[B, K] gain if a command passes, [B, K] loss if it breaks, [B] lead of the best over the current picture."""
    state, pool = turn.state, turn.pool
    real = pool.command
    judged = state.judged & real
    # where the critic can judge nothing at all, every command is worth the same
    counted = np.where(judged.any(axis=1, keepdims=True) & state.has_picture[:, None], judged, real)
    share = counted / np.maximum(counted.sum(axis=1), 1)[:, None]
    # shared out evenly, the completion bonus rewards every command on the way to the last one
    bonus = _bonus(turn)[:, None] * real / np.maximum(real.sum(axis=1), 1)[:, None]
    return (1.0 - state.score) * share + bonus, state.score * share + bonus, state.best - state.alignment


def _bonus(turn: Turn) -> Floats:
    """[B] the completion bonus; none once a command was dropped, as nobody works on it any more."""
    lost = (turn.state.dropped & ~turn.state.satisfied).any(axis=1)
    return np.where(lost, 0.0, turn.rules.completion_bonus)


def _one(turn: Turn, chance: Floats) -> Floats:
    """[B, E, K] gain expected of a call for one command."""
    pool = turn.pool
    rise, fall, behind = _worth(turn)
    broken = _breakable(turn)
    count, lost = broken.sum(axis=1), _mean(fall, broken)
    risk = np.where(pool.t2i[:, :, None], 0.0, pool.damage[..., 0])
    gain = np.zeros(risk.shape)
    for j in range(int(count.max(initial=0)) + 1):
        odds = _binomial(count[:, None, None], j, risk)
        gain += odds * np.maximum(0.0, rise[:, None, :] - (behind + j * lost)[:, None, None])
    todo = pending(turn.state, pool)
    waits = np.asarray((pool.after & todo[:, None, :]).any(axis=2))
    gain *= np.where(waits, WAITING, 1.0)[:, None, :]
    return np.where(pool.supported, chance[..., 0] * gain, 0.0)


def _merged_edit(turn: Turn, chance: Floats) -> tuple[Floats, Floats]:
    """([B, E] hits, [B, E] gain) expected of an edit of everything that is pending."""
    state, pool = turn.state, turn.pool
    rise, fall, behind = _worth(turn)
    target = pool.supported & pending(state, pool)[:, None, :]
    size = target.sum(axis=2)
    hit = np.where(target, _pick_bucket(chance, size), 0.0)
    risk = _mean(_pick_bucket(pool.damage, size), target)
    step = _mean(np.broadcast_to(rise[:, None, :], target.shape), target)
    broken = _breakable(turn)
    count, lost = broken.sum(axis=1), _mean(fall, broken)
    passing = _poisson_binomial(hit)
    gain = np.zeros(size.shape)
    for j in range(int(count.max(initial=0)) + 1):
        odds = _binomial(count[:, None], j, risk)
        for m in range(1, passing.shape[2]):
            gain += odds * passing[..., m] * np.maximum(0.0, m * step - (behind + j * lost)[:, None])
    return hit.sum(axis=2), gain


def _redraw(turn: Turn, chance: Floats) -> tuple[Floats, Floats]:
    """([B, E] hits, [B, E] gain) expected of drawing the whole plan anew."""
    state, pool = turn.state, turn.pool
    real = np.maximum(pool.command.sum(axis=1), 1)[:, None]
    target = pool.supported & (pool.command & ~state.dropped)[:, None, :]
    size = target.sum(axis=2)
    hit = np.where(target, _pick_bucket(chance, size), 0.0)
    passing = _poisson_binomial(hit)
    bonus = _bonus(turn)[:, None]
    now = state.best[:, None] + bonus * (state.best_satisfied & pool.command).sum(axis=1, keepdims=True) / real
    gain = np.zeros(size.shape)
    for m in range(passing.shape[2]):
        drawn = (m * (1.0 + bonus) + np.maximum(size - m, 0) * FAILED_SCORE) / real
        gain += passing[..., m] * np.maximum(0.0, drawn - now)
    return hit.sum(axis=2), gain


def _breakable(turn: Turn) -> Bools:
    """[B, K] commands that an edit may break."""
    return np.asarray(turn.state.satisfied & turn.pool.command & turn.state.has_picture[:, None])


def _mean(values: Floats, where: Bools) -> Floats:
    """Mean over the last axis of the entries that count; 0 where none does."""
    return np.asarray((values * where).sum(axis=-1) / np.maximum(where.sum(axis=-1), 1))


def _pick_bucket(table: Floats, size: Ints) -> Floats:
    """[B, E, K] of a table [B, E, K, 4] for merged calls of `size` [B, E] commands."""
    # as `record.merge_bucket`, over arrays
    bucket = np.where(size <= 1, 0, np.where(size == 2, 1, np.where(size <= 4, 2, 3)))
    return np.asarray(np.take_along_axis(table, bucket[:, :, None, None], axis=3)[..., 0])


def _poisson_binomial(chance: Floats) -> Floats:
    """[B, E, K+1] distribution of the number of hits among independent chances [B, E, K]."""
    *shape, count = chance.shape
    odds = np.zeros((*shape, count + 1))
    odds[..., 0] = 1.0
    for k in range(count):
        hit = chance[..., k, None]
        odds[..., 1:] = odds[..., 1:] * (1.0 - hit) + odds[..., :-1] * hit
        odds[..., :1] *= 1.0 - hit
    return odds


def _binomial(count: Ints, j: int, chance: Floats) -> Floats:
    """Chance of exactly j among `count` events of equal chance, broadcast; 0 where j > count."""
    ways = np.ones(np.shape(count))
    for i in range(j):
        ways = ways * np.maximum(count - i, 0) / (i + 1)
    return np.asarray(ways * chance**j * (1.0 - chance) ** np.maximum(count - j, 0))
