"""What stood behind a decision: the chance of every call as the policy saw it, and whether that was a draw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from poser.engine.order import Order
from poser.envs import mdp
from poser.envs.trace import Decision
from poser.envs.turn import Turn
from poser.experts.record import merge_bucket
from poser.policies.base import FINISHED

CHANCE = "chance"
"""Name of the part of an alternative that says how likely its call carries out a command."""


class _Seen(NamedTuple):
    """Mean chance over the commands of a call, and the tries that speak for each of them."""

    chance: float
    tries: tuple[float, ...]


def with_chances(decisions: Sequence[Decision | None], turn: Turn, order: Order) -> list[Decision | None]:
    """The same decisions, each alternative with its chance; the reason says where the chosen one's was drawn.

    Args:
        decisions: [B], as `Policy.decide` gave them at `turn`.
        turn: where the episodes stand.
        order: that is carried out.
    """
    ranked = [[] if each is None else [other.action for other in each.alternatives] for each in decisions]
    calls = [
        mdp.targets(turn.state, turn.pool, turn.rules, [row[rank] if rank < len(row) else FINISHED for row in ranked])
        for rank in range(max(map(len, ranked), default=0))
    ]
    # under these rules a policy has words and no chances to go by
    below = 0.0 if turn.rules.first_pending else order.draw_below
    return [
        None if each is None else _told(each, [_seen(turn, call, row, order) for call in calls], below)
        for row, each in enumerate(decisions)
    ]


def _seen(turn: Turn, call: mdp.Choice, row: int, order: Order) -> _Seen | None:
    """What the policy saw of one call; None where nobody would be called."""
    carried = np.flatnonzero(call.carried[row])
    if call.stop[row] or not call.legal[row] or not len(carried):
        return None
    expert = int(call.expert[row])
    chances = turn.pool.success[row, expert, carried, merge_bucket(len(carried))]
    spec, commands = order.experts[expert].spec, order.plan.commands
    tries = (order.records.tries(spec, commands[k].skill) for k in carried)
    return _Seen(float(chances.mean()), tuple(tries))


def _told(decision: Decision, seen: Sequence[_Seen | None], draw_below: float) -> Decision:
    alternatives = tuple(
        other if view is None else other.model_copy(update={"parts": {**other.parts, CHANCE: view.chance}})
        for other, view in zip(decision.alternatives, seen, strict=False)
    )
    # a policy that scores nothing did not look at chances
    looked = alternatives and alternatives[0].score is not None
    words = _drawn(seen[0], draw_below) if looked and seen[0] is not None else ""
    reason = "; ".join(part for part in (decision.reason, words) if part)
    return decision.model_copy(update={"reason": reason, "alternatives": alternatives})


def _drawn(seen: _Seen, draw_below: float) -> str:
    """That a chance was drawn, if it was for at least half of the commands."""
    drawn = [tries for tries in seen.tries if tries < draw_below]
    if not drawn or 2 * len(drawn) < len(seen.tries):
        return ""
    view = f"its chance of {seen.chance:.2f} is a draw"
    if len(seen.tries) > 1:
        return f"{view} for {len(drawn)} of {len(seen.tries)} commands, all with fewer than {draw_below:g} tries"
    tries = {0.0: "no try", 1.0: "1 try"}.get(drawn[0], f"{drawn[0]:g} tries")
    return f"{view}, as it has {tries} at this so far"
