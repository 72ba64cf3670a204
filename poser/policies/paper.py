"""The original paper's policy at run time: reads the commands' words, chooses one of the experts it was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from poser.envs.rules import Rules
from poser.envs.trace import Decision
from poser.experts.errors import InputError
from poser.policies.base import FINISHED, Choice, Policy
from poser.policies.text_weights import TextBundle, text_values

if TYPE_CHECKING:
    from poser.envs.turn import Turn


class Paper(Policy):
    """Takes the expert of highest learned value for the first pending command (Image-POSER, arXiv 2511.11780).

    It sees the words of that command and of all that are pending, and nothing else. Its actions are experts by their
    places, so it runs with the experts and under the kind of rules that it was trained with, and with no others.

    Attributes:
        experts: whom it chooses from, in the order of the action index.
        rules: that it was trained under.
    """

    name = "paper"
    experts: tuple[str, ...]
    rules: Rules

    def __init__(self, rng: np.random.Generator | None = None, *, bundle: TextBundle) -> None:
        """`bundle`: what was trained; nothing is drawn."""
        super().__init__(rng)
        self.bundle = bundle
        self.experts, self.rules = bundle.experts, bundle.rules

    def check(self, experts: Sequence[str], rules: Rules) -> None:
        """Whether these are its experts, in its order, and the rules of the paper's form.

        Raises:
            InputError: they are not.
        """
        if not rules.first_pending:
            raise InputError(
                f"The policy {self.name!r} reads the words of the first pending command: it needs Rules.paper() and "
                "episodes with plans. Leave the rules to it, or take the policy 'learned'."
            )
        if tuple(experts) != self.experts:
            raise InputError(
                f"The policy {self.name!r} chooses from {', '.join(self.experts)}, in this order; here are "
                f"{', '.join(experts)}. Leave the experts to it, or take the policy 'learned', which serves any."
            )

    def choose(self, turn: Turn) -> Choice:
        """The expert of highest value.

        Raises:
            InputError: the rules are not of the paper's form, the plans are not known, or there are more or fewer
                experts.
        """
        names, count = self.bundle.experts, turn.pool.shape[1]
        self.check(names, turn.rules)
        if turn.text is None:
            raise InputError(f"The policy {self.name!r} reads words, and the plans of these episodes are not known.")
        if count != len(names):
            raise InputError(
                f"The policy {self.name!r} chooses from its {len(names)} experts {', '.join(names)}; here are {count}. "
                "Leave the experts to it, or take the policy 'learned', which serves any."
            )
        values = text_values(self.bundle.weights, turn.text)
        actions = np.where(turn.done, FINISHED, values.argmax(axis=1))

        def why(row: int) -> str:
            return f"values {{expert}} at {values[row, actions[row]]:.3f} for these words, the most of {count} experts"

        return Choice(actions=actions, scores=values.astype(np.float64), why=why)

    def decide(
        self, turn: Turn, experts: Sequence[str], commands: Sequence[Sequence[str]]
    ) -> tuple[list[int], list[Decision | None]]:
        """As in the base class.

        Raises:
            InputError: as `choose`, or other experts than its own, or in another order.
        """
        self.check(experts, turn.rules)
        return super().decide(turn, experts, commands)
