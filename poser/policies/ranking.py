"""From scores of calls to the action that is taken: what policies that rank calls have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from poser.envs.actions import pending
from poser.envs.arrays import Bools, Floats
from poser.policies.base import FINISHED, Choice

if TYPE_CHECKING:
    from poser.envs.turn import Turn

_UNWANTED = -1e300
"""Rank of a legal action that the policy does not want."""


def right_kind(turn: Turn) -> Bools:
    """[B, E] experts that can serve the whole plan: painters, or editors where there is a source."""
    return np.asarray(np.where(turn.pool.has_source[:, None], ~turn.pool.t2i, turn.pool.t2i))


def cheaper_first(score: Floats, turn: Turn) -> Floats:
    """Scores [B, E] with ties broken by price; an unknown price counts as the highest."""
    price = turn.pool.price
    dear = np.where(np.isnan(price), 1.0, price / (1.0 + price))
    # far below any difference of record means that matters
    return np.asarray(score - 1e-9 * dear)


def flat(table: Floats, turn: Turn) -> Floats:
    """[B, A] of a table [B, E, K+1] over calls; STOP gets NaN.

    With `Rules.first_pending` an action is an expert: painters draw the whole plan, editors serve the first pending
    command.
    """
    batch, _, columns = table.shape
    if not turn.rules.first_pending:
        return np.concatenate([table.reshape(batch, -1), np.full((batch, 1), np.nan)], axis=1)
    first = pending(turn.state, turn.pool).argmax(axis=1)
    column = np.where(turn.pool.t2i, columns - 1, first[:, None])
    return np.asarray(np.take_along_axis(table, column[:, :, None], axis=2)[..., 0])


def best_action(
    turn: Turn,
    calls: Floats,
    stop: Floats,
    why: Callable[[int, bool], str],
    parts: Mapping[str, Floats] | None = None,
) -> Choice:
    """The legal action of the highest score, STOP on ties.

    Where nothing that is wanted is legal STOP is taken, and where STOP is not legal either the first legal action.

    Args:
        turn: where the episodes stand.
        calls: [B, E, K+1] scores, NaN = not wanted.
        stop: [B] score of STOP, NaN = not wanted.
        why: (row, whether it is STOP) -> sentence.
        parts: name -> [B, E, K+1], what the scores are made of.
    """
    scores = flat(calls, turn)
    if not turn.rules.first_pending:
        scores[:, -1] = stop
    ranked = np.where(turn.mask > 0, np.where(np.isnan(scores), _UNWANTED, scores), -np.inf)
    # the first highest wins; STOP is looked at first
    order = np.roll(np.arange(ranked.shape[1]), 0 if turn.rules.first_pending else 1)
    actions = np.where(turn.done, FINISHED, order[ranked[:, order].argmax(axis=1)])

    def reason(row: int) -> str:
        action = int(actions[row])
        stops = not turn.rules.first_pending and action == scores.shape[1] - 1
        if ranked[row, action] == _UNWANTED and not stops:
            return "nothing that this policy wants is legal, so it takes the first call that is"
        return why(row, stops)

    return Choice(
        actions=actions,
        scores=scores,
        parts={name: flat(table, turn) for name, table in (parts or {}).items()},
        why=reason,
    )
