"""The features of an observation, computed from state and pool."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from poser.envs.actions import expected_cost, pending
from poser.envs.arrays import Bools, Floats, Pool, State, any_over
from poser.envs.rules import Rules
from poser.experts.record import merge_bucket

COST_SCALE = 0.1
"""Cost in units of reward that is seen as 0.5: costs enter as c / (c + 0.1)."""

FAILED_SCORE = 0.25
"""Score in [0, 1] assumed of a command that a fresh picture misses: most miss one of several atoms."""

F32 = NDArray[np.float32]

_LOGISTIC = 1.702
"""The logistic curve of 1.702 x is within .01 of the normal distribution's."""

_BARRED = np.array([-np.inf, 0.0], np.float32)
"""Added to the value of what is illegal (0) and legal (1)."""

_BUCKET = np.array([merge_bucket(n) for n in range(6)])


class Expected(NamedTuple):
    """What calls may bring, [B, E, K+1] each (target K is ALL); todo: [B, K] pending commands.

    `carried` is the share of the plan that a call carries out, `decay` what is left of the chances by merging, `tried`
    the failed tries that tell of the target, those of merged calls included, `barred` is 0 where the call is legal and
    -inf where not; the others as in `observation.PAIRS`.
    """

    legal: Bools
    carried: F32
    mean: F32
    confidence: F32
    decay: F32
    gain: F32
    risk: F32
    cost: F32
    tried: F32
    todo: Bools
    barred: F32


def expect(state: State, pool: Pool, rules: Rules, legal: Bools) -> Expected:
    """What every call may bring; `legal` is the mask [B, A]."""
    batch, experts, commands = pool.shape
    todo = pending(state, pool)
    size = np.maximum(pool.command.sum(axis=1), 1)[:, None, None]
    if rules.first_pending:
        calls = np.broadcast_to(legal[:, :, None], (batch, experts, commands + 1))
    else:
        calls = legal[:, :-1].reshape(batch, experts, commands + 1)
    # products with 0 and 1 instead of `np.where`: exact, and several times as fast on broadcast truth values
    fresh = pool.t2i[:, :, None]
    everything = pool.supported & ((fresh & ~state.dropped[:, None, :]) | (~fresh & todo[:, None, :]))
    count = everything.sum(axis=2)
    row, slot, bucket = np.arange(batch)[:, None], np.arange(experts), _BUCKET[np.minimum(count, 5)]
    # half the bytes are half the time, and all that follows ends in float32 anyway
    tables = [np.asarray(table, np.float32) for table in (pool.success, pool.confidence, pool.damage)]
    many, sure, hurt = (table[row, slot, :, bucket] for table in tables)
    one = tables[0][..., 0]
    share = (1.0 / size).astype(np.float32)
    each = everything / np.maximum(count, 1).astype(np.float32)[:, :, None]
    tries = state.tries.astype(np.float32)
    tried = tries[:, :, :commands] + tries[:, :, commands:] * todo[:, None, :]
    left = pool.left_after(tried)
    left *= ((1.0 - state.score).astype(np.float32)[:, None, :] * ~fresh + fresh) * share
    redrawn = np.where(pool.t2i, state.alignment[:, None], 0.0).astype(np.float32)
    gain_one = one * left - redrawn[:, :, None]
    best = state.best.astype(np.float32)[:, None]
    gain_all = _over(many * left, everything)
    spread = np.sqrt(_over(many * (1.0 - many) * share * share, everything))
    drawn = _improvement(gain_all, count * share[:, :, 0], spread, best)
    gain_all = np.where(pool.t2i, drawn, gain_all)
    standing = ((state.score * state.satisfied).sum(axis=1)[:, None] * share[:, :, 0]).astype(np.float32)
    risk_all = np.where(pool.t2i, redrawn, _over(hurt, each) * standing)
    risk_one = tables[2][..., 0] * (standing * ~pool.t2i)[:, :, None] + redrawn[:, :, None]
    _, _, spending = expected_cost(pool, rules)
    cost = np.broadcast_to((spending + rules.step_cost).astype(np.float32)[:, :, None], calls.shape)

    def joined(singles: F32 | np.float32, merged: F32) -> F32:
        whole = np.empty(calls.shape, np.float32)
        np.multiply(singles, pool.supported, out=whole[:, :, :-1])
        whole[:, :, -1] = merged
        return whole

    return Expected(
        legal=calls,
        carried=joined(share, count * share[:, :, 0]),
        mean=joined(one, _over(many, each)),
        confidence=joined(tables[1][..., 0], _over(sure, each)),
        decay=joined(np.float32(1.0), _over(np.minimum(many / np.maximum(one, 1e-6), 1.0), each)),
        gain=np.maximum(joined(gain_one, gain_all), 0.0),
        risk=joined(risk_one, risk_all),
        cost=cost,
        tried=joined(tried, tries[:, :, commands]),
        todo=todo,
        barred=_BARRED.take(calls.view(np.uint8)),
    )


def _improvement(hits: F32, carried: F32, spread: F32, best: F32) -> F32:
    """[B, E] how much a fresh picture may be above the best one so far, on average; worse ones are discarded.

    Its alignment is taken as normal: `hits` [B, E] is the share of the plan expected to pass, with the deviation
    `spread`, and the rest of the share `carried` scores `FAILED_SCORE`. A logistic curve stands for the normal one.
    """
    mean = hits + FAILED_SCORE * np.maximum(carried - hits, 0.0)
    scale = np.maximum((1.0 - FAILED_SCORE) * spread, 1e-3) / _LOGISTIC
    improved: F32 = (scale * np.logaddexp(0.0, (mean - best) / scale)).astype(np.float32)
    return improved


def _over(values: F32, weights: NDArray[Any]) -> F32:
    """[B, E] sums over the commands of [B, E, K]."""
    sums: F32 = np.einsum("bek,bek->be", values, weights, dtype=np.float32)
    return sums


def fill_pairs(out: NDArray[np.float32], state: State, pool: Pool, rules: Rules, expected: Expected) -> F32:
    """Write [B, E, K+1, P] as named in `observation.PAIRS` to `out`; gives [B, E, K+1] expected gain minus cost."""
    batch, _, commands = pool.shape
    net = expected.gain - expected.cost
    worth = expected.gain / (expected.gain + expected.cost + 1e-6)
    limit = rules.tries_per_pair or rules.max_steps
    waits = np.concatenate([_waits(pool, expected.todo), np.zeros((batch, 1), bool)], axis=1)
    merged = np.arange(commands + 1) == commands
    features = (
        expected.legal,
        merged,
        pool.t2i[:, :, None],
        expected.carried,
        expected.mean,
        expected.confidence,
        expected.decay,
        expected.gain,
        expected.risk,
        _squash(expected.cost[:, :, :1]),
        net,
        _lead(expected.mean, expected.barred),
        _lead(net, expected.barred),
        worth,
        _lead(worth, expected.barred),
        expected.tried / limit,
        waits[:, None, :],
    )
    # this is most of an observation, so it is written where it belongs instead of being stacked and copied
    for index, feature in enumerate(features):
        # conversion while copying with strides is slow
        out[..., index] = np.asarray(feature, np.float32)
    real = pool.expert[:, :, None] & np.concatenate([pool.command, np.ones((batch, 1), bool)], axis=1)[:, None, :]
    if not real.all():
        out *= real[..., None]
    return net


def _lead(value: F32, barred: F32) -> F32:
    """Distance to the best legal value of the *other* experts (axis 1), to 0 where there is none."""
    if value.shape[1] == 1:
        return value
    offered = value + barred
    best = np.partition(offered, -2, axis=1)[:, -2:]
    leads = offered >= best[:, 1:]
    best = np.where(np.isfinite(best), best, np.float32(0.0))
    lead: F32 = value - np.where(leads, best[:, :1], best[:, 1:])
    return lead


def global_features(state: State, pool: Pool, rules: Rules, expected: Expected, net: F32) -> Floats:
    """[B, G], as named in `observation.GLOBALS`."""
    commands = pool.shape[2]
    size = np.maximum(pool.command.sum(axis=1), 1)
    offered = expected.mean * expected.legal
    alone = (offered[:, :, :commands] * ~pool.t2i[:, :, None]).max(axis=1)
    todo = expected.todo
    redraw = (offered[:, :, commands] * pool.t2i).max(axis=1)
    best_net = (net + expected.barred).max(axis=(1, 2))
    limited = np.isfinite(pool.budget)
    left = np.where(limited, np.maximum(np.where(limited, pool.budget, 0.0) - state.spent, 0.0), np.inf)
    batch = len(size)
    return np.stack(
        [
            1.0 - state.step / rules.max_steps,
            state.has_picture,
            pool.has_source,
            state.alignment,
            state.best,
            todo.sum(axis=1) / size,
            state.satisfied.sum(axis=1) / size,
            (state.dropped & ~state.satisfied).sum(axis=1) / size,
            (state.satisfied & ~state.judged).sum(axis=1) / size,
            size / (size + 8.0),
            np.full(batch, _squash(np.asarray(rules.step_cost))),
            np.full(batch, rules.completion_bonus),
            limited,
            np.where(limited, _squash(np.where(limited, left, 0.0) * pool.usd_cost), 1.0),
            _squash(np.nan_to_num(pool.critic_price) * pool.usd_cost + pool.critic_seconds * rules.second_cost),
            (alone * todo).sum(axis=1) / np.maximum(todo.sum(axis=1), 1),
            redraw,
            np.where(np.isfinite(best_net), best_net, 0.0),
            state.unjudged / rules.unjudged_limit,
            pool.retry,
        ],
        axis=1,
    )


def command_features(state: State, pool: Pool, expected: Expected) -> Floats:
    """[B, K, C], as named in `observation.COMMANDS`."""
    commands = pool.shape[2]
    open_to = expected.legal[:, :, :commands]
    offered = expected.mean[:, :, :commands] * open_to - ~open_to
    best = offered.argmax(axis=1)[:, None, :]
    sure = np.take_along_axis(expected.confidence[:, :, :commands], best, axis=1)[:, 0]
    features = np.stack(
        [
            pool.command,
            expected.todo,
            state.satisfied,
            state.dropped,
            state.score,
            state.judged,
            _waits(pool, expected.todo),
            np.maximum(offered.max(axis=1), 0.0),
            sure * open_to.any(axis=1),
            open_to.sum(axis=1) / np.maximum(pool.expert.sum(axis=1), 1)[:, None],
            state.failed / (state.failed + 2.0),
        ],
        axis=2,
    )
    return features * pool.command[..., None]


def expert_features(state: State, pool: Pool, rules: Rules, expected: Expected) -> Floats:
    """[B, E, X], as named in `observation.EXPERTS`."""
    todo = pool.supported & expected.todo[:, None, :]
    size = np.maximum(pool.command.sum(axis=1), 1)[:, None]

    def mean_over(shares: Floats, table: Floats) -> Floats:
        mean: Floats = np.einsum("bek,bek->be", shares, table)
        return mean

    count = pool.supported.sum(axis=2)
    able = pool.supported / np.maximum(count, 1)[:, :, None]
    open_to = todo / np.maximum(todo.sum(axis=2), 1)[:, :, None]
    one = pool.success[..., 0]
    features = np.stack(
        [
            pool.expert,
            pool.t2i,
            state.disabled,
            state.transient / rules.transient_limit,
            _squash(expected.cost[:, :, 0]),
            _budget_share(state, pool, rules),
            np.isnan(pool.price),
            pool.seconds / (pool.seconds + 10.0),
            count / size,
            mean_over(open_to, one),
            mean_over(able, one),
            mean_over(able, pool.confidence[..., 0]),
            mean_over(able, pool.damage[..., 0]),
            mean_over(able, np.minimum(pool.success[..., 1] / np.maximum(one, 1e-6), 1.0)),
        ],
        axis=2,
    )
    return features * pool.expert[..., None]


def _budget_share(state: State, pool: Pool, rules: Rules) -> Floats:
    """[B, E] share of what is left of the budget that a call takes; 1 if more or unknown, 0 without a budget."""
    usd = expected_cost(pool, rules)[0]
    usd = np.where(np.isnan(usd), np.inf, usd)
    left = np.maximum(pool.budget - state.spent, 0.0)[:, None]
    share = np.divide(usd, left, out=np.ones_like(usd), where=usd < left)
    return np.where(np.isposinf(left) | np.equal(usd, 0.0), 0.0, share)


def _waits(pool: Pool, todo: Bools) -> Bools:
    """[B, K] a pending command comes before this one."""
    return any_over(pool.after & todo[:, None, :], 2)


def _squash(cost: NDArray[Any]) -> NDArray[Any]:
    squashed: NDArray[Any] = cost / (cost + COST_SCALE)
    return squashed
