"""The learned policy at run time: a trained pair network in plain numpy."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from poser.envs.observation import encode
from poser.envs.rules import Rules
from poser.experts.errors import InputError
from poser.policies.base import FINISHED, Choice, Policy
from poser.policies.bundle import Bundle
from poser.policies.pair_weights import action_values, best_actions

if TYPE_CHECKING:
    from poser.envs.turn import Turn

SHIPPED = Path(__file__).parent / "data" / "default_policy"
"""The bundle that comes with the package; its card says how it was trained."""


class Learned(Policy):
    """Takes the legal action of highest learned value, or one of nearly that value that gains more for its price.

    A value is the reward that is expected from here to the end of the episode: gain in alignment and completion bonus,
    minus everything that is spent on the way. No weight depends on who is registered, so it serves any pool.
    """

    name = "learned"

    def __init__(
        self, rng: np.random.Generator | None = None, *, bundle: Bundle | None = None, thrift: float = 1.0
    ) -> None:
        """Set up.

        Args:
            rng: nothing is drawn.
            bundle: what was trained; None = the shipped one.
            thrift: >= 0 scales what a dollar costs in its eyes; 1 takes `Rules.usd_cost` as it stands.
        """
        super().__init__(rng)
        if not 0.0 <= thrift < np.inf:
            raise InputError(f"thrift is {thrift}; give a finite number of at least 0.")
        self.bundle = shipped() if bundle is None else bundle
        self.thrift = thrift

    def check(self, experts: Sequence[str], rules: Rules) -> None:
        """Whether actions are pairs of an expert and a target, as the network scores them.

        Raises:
            InputError: under `Rules.first_pending` they are not.
        """
        if rules.first_pending:
            raise InputError(
                f"The policy {self.name!r} chooses an expert and what to ask for; under Rules.paper() an action is an "
                "expert alone. Leave these rules out, or take another policy, e.g. greedy."
            )

    def choose(self, turn: Turn) -> Choice:
        """The best action by the network."""
        seen = turn.observation
        if self.thrift != 1.0:
            dear = turn.pool._replace(usd_cost=turn.pool.usd_cost * self.thrift)
            seen = encode(turn.state, dear, turn.rules)
        values = action_values(self.bundle.weights, turn.layout, seen)
        actions = np.where(turn.done, FINISHED, best_actions(values, turn.layout, seen, self.bundle.margin))
        legal = turn.mask > 0

        def why(row: int) -> str:
            chosen = values[row, actions[row]]
            if actions[row] == values.shape[1] - 1:
                return "no further call is worth its price"
            count = int(legal[row].sum())
            if chosen < values[row].max():
                return (
                    f"expects {chosen:.2f} of reward from here on by asking {{expert}}, hardly less than the most of "
                    f"{count} actions, and more for what it costs"
                )
            return f"expects {chosen:.2f} of reward from here on by asking {{expert}}, the most of {count} actions"

        return Choice(actions=actions, scores=np.where(legal, values, np.nan).astype(np.float64), why=why)


@cache
def shipped() -> Bundle:
    """The shipped bundle."""
    return Bundle.load(SHIPPED)
