"""Actions: what an index means, which calls are legal, what they are expected to cost.

`a = e * (K + 1) + t`: expert e on command t, or on all of them (t = K, ALL); the last index is STOP. With
`Rules.first_pending` (the paper's form) an action is the index of an expert and nothing else.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from poser.envs.arrays import Bools, Choice, Floats, Pool, State, any_over
from poser.envs.rules import Rules


class Action(NamedTuple):
    """One action index taken apart: expert, target (K = ALL; -1 = the first pending command), or STOP."""

    expert: int
    target: int
    stop: bool


def action_count(experts: int, commands: int, rules: Rules) -> int:
    """Number of actions: E·(K+1)+1, or E with `Rules.first_pending`."""
    return experts if rules.first_pending else experts * (commands + 1) + 1


def decode(action: int, experts: int, commands: int, rules: Rules) -> Action:
    """Take one action index apart (STOP has expert and target -1)."""
    if rules.first_pending:
        return Action(action, -1, False)
    if action == experts * (commands + 1):
        return Action(-1, -1, True)
    return Action(*divmod(action, commands + 1), False)


def pending(state: State, pool: Pool) -> Bools:
    """[B, K] commands that are neither satisfied nor dropped."""
    return pool.command & ~state.satisfied & ~state.dropped


def expected_cost(pool: Pool, rules: Rules) -> tuple[Floats, Floats, Floats]:
    """What a call by each expert is expected to cost, the verdict on its picture included.

    Returns:
        [B, E] US dollars (NaN = unknown), [B, E] seconds, [B, E] the two in units of reward, without `step_cost`. There
        an unknown price counts as the dearest known one of the pool (so that not to know is never an advantage), an
        unknown price of the critic as 0 (it is the same for every call).
    """
    usd = pool.price + pool.critic_price[:, None]
    seconds = pool.seconds + pool.critic_seconds[:, None]
    charged = charged_price(pool) + np.nan_to_num(pool.critic_price)[:, None]
    return usd, seconds, charged * pool.usd_cost[:, None] + seconds * rules.second_cost


def charged_price(pool: Pool) -> Floats:
    """[B, E] US dollars that a call is charged with, without the verdict; see `expected_cost` for unknown prices."""
    unknown = np.isnan(pool.price)
    if not unknown.any():
        return pool.price
    dearest = np.where(unknown | ~pool.expert, 0.0, pool.price).max(axis=1, keepdims=True, initial=0.0)
    return np.where(unknown, dearest, pool.price)


def _affordable(state: State, pool: Pool) -> Bools:
    """[B, E]; under a budget an unknown price is not."""
    # sums of prices carry rounding errors; a call that takes the last cent is legal
    left = (pool.budget - state.spent)[:, None] + 1e-9
    return np.logical_or(np.isposinf(left), np.less_equal(pool.price + pool.critic_price[:, None], left))


def verdict_affordable(spent: Floats, pool: Pool) -> Bools:
    """[B] what is left of the budget after `spent` [B] covers one verdict; an unknown price is never covered."""
    left = pool.budget - spent + 1e-9
    return np.logical_or(np.isposinf(left), np.less_equal(pool.critic_price, left))


def _legal_calls(state: State, pool: Pool, rules: Rules) -> Bools:
    """[B, E, K+1] legal calls, STOP aside."""
    batch, experts, commands = pool.shape
    picture, todo = state.has_picture[:, None], pending(state, pool)
    able = pool.expert & ~state.disabled & _affordable(state, pool) & todo.any(axis=1, keepdims=True)
    editor = able & ~pool.t2i & picture
    painter = able & pool.t2i & ~pool.has_source[:, None]
    left = _tries_left(state, rules)
    legal = np.empty((batch, experts, commands + 1), bool)
    single = pool.supported & todo[:, None, :] & (editor | (painter & ~picture))[:, :, None]
    legal[:, :, :commands] = single & left[:, :, :commands]
    merged = (pool.supported & todo[:, None, :]).sum(axis=2) >= 2
    redraw = (pool.supported & (pool.command & ~state.dropped)[:, None, :]).any(axis=2) & left[:, :, commands]
    legal[:, :, commands] = ((editor & merged) | (painter & redraw)) & rules.merged_calls
    return legal & ~state.closed


def _tries_left(state: State, rules: Rules) -> Bools:
    """[B, E, K+1] the pair has failed fewer than `tries_per_pair` times."""
    limit = np.inf if rules.tries_per_pair is None else rules.tries_per_pair
    left: Bools = np.less(state.tries, limit)
    return left


def mask(state: State, pool: Pool, rules: Rules) -> Bools:
    """[B, A] legal actions, never all False in a row: STOP is legal once there is a picture or when nothing else is.

    Episodes that are over have STOP alone. With `Rules.first_pending` every real expert is legal.
    """
    if rules.first_pending:
        return pool.expert.copy()
    calls = _legal_calls(state, pool, rules).reshape(len(state.step), -1) & ~state.done[:, None]
    stop = state.has_picture | state.done | ~calls.any(axis=1)
    return np.concatenate([calls, stop[:, None]], axis=1)


def targets(
    state: State, pool: Pool, rules: Rules, actions: ArrayLike, known_mask: NDArray[Any] | None = None
) -> Choice:
    """What the actions [B] mean: whom they call for which commands, and whether they are legal.

    An index outside the action space is illegal. Rows of episodes that are over are without meaning. `known_mask` is
    the `mask` [B, A] of this state, if somebody has it: to find it out takes most of the time.
    """
    batch, experts, commands = pool.shape
    action = np.asarray(actions, np.int64)
    rows, todo = np.arange(batch), pending(state, pool)
    count = action_count(experts, commands, rules)
    known = (action >= 0) & (action < count)
    clipped = np.where(known, action, 0)
    if rules.first_pending:
        expert = clipped
        fresh: Bools = pool.t2i[rows, expert]
        first = np.where(todo.any(axis=1), todo.argmax(axis=1), commands)
        target = np.where(fresh, commands, first)
        stop: Bools = ~any_over(todo, 1)
    else:
        stop = np.equal(clipped, experts * (commands + 1))
        expert, target = np.divmod(np.where(stop, 0, clipped), commands + 1)
        fresh = np.logical_and(pool.t2i[rows, expert], ~stop)
    everything = np.equal(target, commands)
    wanted = np.where(fresh[:, None], pool.command & ~state.dropped, todo)
    carried = pool.supported[rows, expert] & wanted
    carried &= everything[:, None] | (np.arange(commands) == target[:, None])
    carried &= ~stop[:, None]
    if rules.first_pending:
        # whoever is called, the try is one for the current command
        tried = todo & (np.arange(commands) == first[:, None])
        able = pool.expert[rows, expert] & ~state.disabled[rows, expert] & _affordable(state, pool)[rows, expert]
        able &= np.where(fresh, ~pool.has_source, state.has_picture) & carried.any(axis=1)
        return Choice(known & (able | stop), stop, expert, target, fresh, carried, tried)
    found = mask(state, pool, rules) if known_mask is None else known_mask
    legal = known & (found[rows, clipped] > 0)
    return Choice(legal, stop, expert, target, fresh, carried, carried & todo)


def hopeless(state: State, pool: Pool, rules: Rules) -> Bools:
    """[B, K] pending commands that no call can serve any more."""
    todo = pending(state, pool)
    served = _servable(state, pool, rules, todo)
    if not state.closed.any():
        return todo & ~served
    rest = state._replace(dropped=state.dropped | (todo & ~served))
    # what is closed opens with the next picture, which only a legal call can bring
    moving = any_over(_legal_calls(rest, pool, rules).reshape(len(todo), -1), 1)
    return todo & ~(served & moving[:, None])


def _servable(state: State, pool: Pool, rules: Rules, todo: Bools) -> Bools:
    """[B, K] commands for which a call is legal now or will be, once there is a picture or another one.

    A redraw of the whole plan counts: so a pool that cannot edit may still draw again.
    """
    commands = pool.shape[2]
    able = pool.expert & ~state.disabled & _affordable(state, pool)
    left = _tries_left(state, rules)
    painter = able & pool.t2i & ~pool.has_source[:, None]
    serves = pool.supported & todo[:, None, :]
    alone = left[:, :, :commands] & ~state.has_picture[:, None, None]
    again = left[:, :, commands, None] & rules.merged_calls
    by_painter = any_over(serves & painter[:, :, None] & (alone | again), 1)
    # without a picture an editor has something to edit only if somebody can still draw
    canvas = state.has_picture | any_over(by_painter, 1)
    editor = able & ~pool.t2i & canvas[:, None]
    return by_painter | any_over(serves & editor[:, :, None] & left[:, :, :commands], 1)
