"""The exact optimum of small twins, by dynamic programming: how far any policy is from the best there is."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from poser.envs import mdp
from poser.envs.arrays import Choice, Floats, Ints, Outcome, Pool, State, take_rows
from poser.envs.rules import Rules
from poser.envs.turn import Turn
from poser.envs.twin import Episodes, Twin
from poser.envs.twin_outcomes import Canvas, Truth, imagine, odds
from poser.experts.errors import InputError
from poser.experts.types import Plan
from poser.policies import base

_CHUNK = 20_000
"""Rows that are expanded at once."""


class Repeated:
    """A source that gives one episode again and again, with other luck."""

    def __init__(self, episodes: Episodes, row: int = 0) -> None:
        """`row` of `episodes` is repeated."""
        one = np.array([row])
        self.episode = Episodes(take_rows(episodes.pool, one), take_rows(episodes.truth, one))
        _, self.experts, self.commands = self.episode.pool.shape
        self.plans: tuple[Plan, ...] = ()

    def draw(self, rng: np.random.Generator, count: int) -> Episodes:
        """`count` times the same; nothing is drawn."""
        rows = np.zeros(count, int)
        return Episodes(take_rows(self.episode.pool, rows), take_rows(self.episode.truth, rows))


class Optimal(base.Policy):
    """Takes the best action in every state of one episode, as `solve` found it."""

    name = "optimal"

    def __init__(self, tables: list[dict[bytes, int]]) -> None:
        """`tables`: by step, state (see `_keys`) -> action."""
        super().__init__()
        self.tables = tables

    def choose(self, turn: Turn) -> base.Choice:
        """The best action.

        Raises:
            InputError: a state that the solved episode cannot come to.
        """
        actions = np.full(len(turn.done), base.FINISHED)
        keys = _keys(turn.state, turn.pool, turn.rules)
        for row in np.flatnonzero(~turn.done):
            action = self.tables[turn.state.step[row]].get(keys[row].tobytes())
            if action is None:
                raise InputError("This state does not belong to the episode that was solved; solve this one first.")
            actions[row] = action
        return base.Choice(actions=actions, why=lambda row: "the best action there is, by dynamic programming")


class Optimum(NamedTuple):
    """The greatest expected sum of rewards from the start, who reaches it, and how many states there are."""

    value: float
    policy: Optimal
    states: int


def solve(source: Repeated, rules: Rules, *, most: int = 200_000) -> Optimum:
    """Solve one episode of a twin exactly: backward induction over the states that can be reached, step by step.

    Transition, reward and end are those of `mdp.apply` on every outcome of a call; outcomes and what they show are
    those of `twin_outcomes.imagine`, here enumerated with their chances. States that differ only in what matters no
    more (money spent without a budget, tries without a limit, how the picture came about) are one.

    Args:
        source: the episode; its critic makes no errors and gives no partial scores
            (`RandomPools(critic_error=0, partial=0)`), since scores would make the states endless.
        rules: of the MDP; without `tries_per_pair` there are far fewer states.
        most: states a step.

    Raises:
        InputError: a critic that errs, partial scores, the paper's rules, or too many states.
    """
    truth = source.episode.truth
    if truth.false_positive.any() or truth.false_negative.any() or truth.partial.any():
        raise InputError(
            "The critic of this episode errs or gives partial scores, so its states are endless; draw it from "
            "RandomPools(critic_error=0, partial=0)."
        )
    if rules.first_pending:
        raise InputError("With Rules.first_pending nothing is masked; solve an episode under other rules.")
    twin = Twin(source, 1, rules=rules)
    state = twin.reset().state
    layers: list[tuple[State, _Step]] = []
    while len(state.step):
        if len(state.step) > most:
            raise InputError(
                f"Step {len(layers)} has {len(state.step)} states, {most} are allowed. Take fewer experts, commands or "
                "Rules.max_steps, or tries_per_pair=None."
            )
        step, following = _expand(state, source, rules)
        layers.append((state, step))
        state = following
    tables: list[dict[bytes, int]] = []
    value, states = np.zeros(0), 0
    for state, step in reversed(layers):
        actions, value = _back_up(step, len(state.step), np.append(value, 0.0))
        keys = _keys(state, _pools(source, len(value)), rules)
        tables.insert(0, {key.tobytes(): int(action) for key, action in zip(keys, actions, strict=True)})
        states += len(value)
    return Optimum(float(value[0]), Optimal(tables), states)


class _Step(NamedTuple):
    """All transitions from the N states of one step: [M] state, action, chance, reward, next state (-1 = it ends)."""

    state: Ints
    action: Ints
    chance: Floats
    reward: Floats
    following: Ints


def _expand(state: State, source: Repeated, rules: Rules) -> tuple[_Step, State]:
    """Every legal action in every state with everything that it may bring, and the distinct states after it."""
    owner, action = np.nonzero(mdp.mask(state, _pools(source, len(state.step)), rules))
    parts, states = [], []
    for start in range(0, len(owner), _CHUNK):
        chunk = slice(start, start + _CHUNK)
        pair, chance, following, reward, done = _transitions(
            take_rows(state, owner[chunk]), action[chunk], source, rules
        )
        parts.append((owner[chunk][pair], action[chunk][pair], chance, reward, done))
        # those that end have value 0 and need no state
        states.append(take_rows(following, np.flatnonzero(~done)))
    found = State(*(np.concatenate(column) for column in zip(*states, strict=True)))
    keys = _keys(found, _pools(source, len(found.step)), rules)
    whole = keys.view(np.dtype((np.void, keys.itemsize * keys.shape[1]))).reshape(-1)
    _, first, number = np.unique(whole, return_index=True, return_inverse=True)
    owners, actions, chance, reward, done = (np.concatenate(column) for column in zip(*parts, strict=True))
    following_number = np.full(len(done), -1)
    following_number[~done] = number
    return _Step(owners, actions, chance, reward, following_number), take_rows(found, first)


def _back_up(step: _Step, states: int, value: Floats) -> tuple[Ints, Floats]:
    """([N] best action, [N] its value); `value` of the next states, 0 as the last entry."""
    actions = int(step.action.max()) + 1
    worth = np.full((states, actions), -np.inf)
    worth[step.state, step.action] = 0.0
    np.add.at(worth, (step.state, step.action), step.chance * (step.reward + value[step.following]))
    return worth.argmax(axis=1), worth.max(axis=1)


def _transitions(
    state: State, action: Ints, source: Repeated, rules: Rules
) -> tuple[Ints, Floats, State, Floats, NDArray[np.bool_]]:
    """Of P (state, action): [M] which of them, chance, next state, reward, done."""
    pool, truth = _pools(source, len(action)), take_rows(source.episode.truth, np.zeros(len(action), int))
    choice = mdp.targets(state, pool, rules, action)
    chances, luck = _lots(choice, state, truth)
    pair, lot = np.nonzero(chances)
    luck = luck[pair, lot]
    before, pool, truth = take_rows(state, pair), take_rows(pool, pair), take_rows(truth, pair)
    canvas = Canvas(before.satisfied, before.satisfied, before.satisfied.astype(float))
    outcome: Outcome = imagine(take_rows(choice, pair), canvas, pool, truth, luck)[0]
    following, reward, done, _ = mdp.apply(before, pool, rules, action[pair], outcome)
    return pair, chances[pair, lot], following, reward, done


def _lots(choice: Choice, state: State, truth: Truth) -> tuple[Floats, NDArray[np.float32]]:
    """What may come of P calls: [P, L] chances, and [P, L, 3K+1] the luck for `imagine` that brings it.

    The lots are every pattern of commands done afterwards, a failure in passing, and a failure; STOP has but one.
    """
    batch, commands = choice.carried.shape
    rows = np.arange(batch)
    passes, risk = odds(choice, truth)
    stays = (state.satisfied & ~choice.fresh[:, None]) * (1.0 - risk)[:, None]
    done = np.where(choice.carried, passes.astype(np.float64), stays)
    pattern = (np.arange(2**commands)[:, None] >> np.arange(commands)) % 2 > 0
    pictures = np.where(pattern, done[:, None, :], 1.0 - done[:, None, :]).prod(axis=2)
    transient, failed = truth.transient[rows, choice.expert], truth.failed[rows, choice.expert]
    pictures = pictures * (1.0 - transient - failed)[:, None]
    missed = ~(pattern & choice.carried[:, None, :]).any(axis=2)
    given_up = pictures * np.where(missed, truth.gives_up[rows, choice.expert][:, None], 0.0)
    failed = failed + given_up.sum(axis=1)
    chances = np.concatenate([pictures - given_up, transient[:, None], failed[:, None]], axis=1)
    chances[choice.stop] = np.arange(chances.shape[1]) == 0
    luck = np.ones((batch, chances.shape[1], 3 * commands + 1), np.float32)
    luck[:, : len(pattern), :commands] = np.where(pattern, 0.0, 1.0)
    luck[:, : len(pattern), commands : 2 * commands] = np.where(pattern, 1.0, 0.0)
    luck[:, -2, -1] = 0.0
    # the lot of a failure hits nothing, so that whoever may give up does
    least = truth.failed[rows, choice.expert]
    luck[:, -1, -1] = transient + (least + truth.gives_up[rows, choice.expert] * (1.0 - transient - least)) / 2.0
    return chances, luck


def _keys(state: State, pool: Pool, rules: Rules) -> NDArray[Any]:
    """[N, F] what of a state matters for what can still come, beside the step."""
    flags = (state.has_picture[:, None], state.has_best[:, None], state.satisfied, state.best_satisfied, state.dropped,
             state.disabled, state.transient, state.starved[:, None])  # fmt: skip
    columns: list[NDArray[Any]] = [np.asarray(flag, np.float64) for flag in flags]
    if rules.tries_per_pair is not None:
        tries = np.minimum(state.tries, rules.tries_per_pair)
        columns += [tries[:, expert].astype(float) for expert in range(tries.shape[1])]
    if rules.tries_per_command is not None:
        columns.append(state.failed.astype(float))
    if np.isfinite(pool.budget).any():
        columns.append(np.round(state.spent, 9)[:, None])
    return np.ascontiguousarray(np.concatenate(columns, axis=1))


def _pools(source: Repeated, count: int) -> Pool:
    return take_rows(source.episode.pool, np.zeros(count, int))
