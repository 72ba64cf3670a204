"""What a trained policy has to beat, by name; the plainest ones stand here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from poser.experts.errors import InputError
from poser.experts.record import PRIOR_RETRY
from poser.policies.bandits import LinUCB, Thompson
from poser.policies.base import FINISHED, Choice, Policy
from poser.policies.forecast import forecast, whole_plan
from poser.policies.perfguard import PerfGuard
from poser.policies.ranking import best_action, cheaper_first, right_kind
from poser.policies.rule_agent import RuleAgent

if TYPE_CHECKING:
    from poser.envs.turn import Turn


class RandomLegal(Policy):
    """Draws uniformly from the legal actions, STOP among them."""

    name = "random"

    def choose(self, turn: Turn) -> Choice:
        """One draw a row that is not over."""
        actions = [
            FINISHED if done else int(rng.choice(np.flatnonzero(mask)))
            for done, mask, rng in zip(turn.done, turn.mask, self.generators(len(turn.done)), strict=True)
        ]
        legal = turn.mask.sum(axis=1)
        return Choice(actions=np.array(actions), why=lambda row: f"drawn at random from {legal[row]} legal actions")


class BestOfN(Policy):
    """The best "t2i" expert on the whole prompt, `calls` times from scratch; the MDP keeps the best picture.

    The best one has the highest expected share of commands that pass (cheaper first on ties), among those that are
    legal. With a source picture there is nothing to draw anew: there it is the best editor, on all pending commands as
    long as there are two, then on the single one. Stops after `calls` calls, though never without a picture. More than
    `Rules.tries_per_pair` drawings by one expert need that rule to be raised; otherwise the next best one goes on.
    """

    name = "best-of-n"

    def __init__(self, rng: np.random.Generator | None = None, *, calls: int = 4) -> None:
        """`calls` >= 1: how many pictures are drawn at most."""
        super().__init__(rng)
        if calls < 1:
            raise InputError(f"{self.name} is to make {calls} calls; give at least 1.")
        self.calls = calls

    def choose(self, turn: Turn) -> Choice:
        """The same call again, or STOP."""
        commands = turn.pool.shape[2]
        share = cheaper_first(whole_plan(turn), turn)
        able = right_kind(turn)
        wanted = np.full((*share.shape, commands + 1), np.nan)
        wanted[:, :, commands] = np.where(able, share, np.nan)
        alone = np.where(able & turn.pool.has_source[:, None], share, np.nan)
        # merging is legal from two commands on; a single one ranks below every merged call
        wanted[:, :, :commands] = np.where(np.isnan(alone), np.nan, alone - 1.0)[:, :, None]
        over = turn.state.has_picture & (turn.state.step >= self.calls)
        wanted[over] = np.nan

        def why(row: int, stops: bool) -> str:
            if stops:
                return f"{turn.state.step[row]} of {self.calls} calls are made; the best picture is returned"
            best = "{expert} is expected to satisfy the largest share of commands"
            return best if self.calls == 1 else f"{best}; call {turn.state.step[row] + 1} of {self.calls}"

        return best_action(turn, wanted, np.where(over, 0.0, np.nan), why)


class BestSingle(BestOfN):
    """One merged call to the best expert, then STOP: what a user does who picks one model.

    The best "t2i" expert draws the whole prompt; with a source the best editor edits all that is pending. A call that
    brings no picture is made again, since there is nothing to return without one.
    """

    name = "best-single"

    def __init__(self, rng: np.random.Generator | None = None) -> None:
        """Nothing to set."""
        super().__init__(rng, calls=1)


class Greedy(Policy):
    """Takes the call whose expected gain exceeds its expected cost the most, by the track records; else stops.

    See `poser.policies.forecast` for what is expected: record means by merge size, fewer hits after failed tries,
    damage to what is satisfied, worse pictures discarded, prices in reward units. It looks one call ahead.
    """

    name = "greedy"

    def __init__(
        self, rng: np.random.Generator | None = None, *, thrift: float = 1.0, retry: float | None = PRIOR_RETRY
    ) -> None:
        """Set up.

        Args:
            rng: nothing is drawn.
            thrift: >= 0 scales what a dollar costs: 0 spends freely, 1 takes `Rules.usd_cost` as it stands.
            retry: as in `forecast`, above 0 and below 1.
        """
        super().__init__(rng)
        if not 0.0 <= thrift < np.inf:
            raise InputError(f"thrift is {thrift}; give a finite number of at least 0.")
        if retry is not None and not 0.0 < retry < 1.0:
            raise InputError(f"retry is {retry}; give a share above 0 and below 1, or None for the track record's.")
        self.thrift, self.retry = thrift, retry

    def choose(self, turn: Turn) -> Choice:
        """The call of highest expected utility, or STOP (utility 0)."""
        seen = forecast(turn, self.thrift, self.retry)
        parts = {"hits": seen.hits, "gain": seen.gain, "cost": seen.cost}
        utility = seen.gain - seen.cost

        def why(row: int, stops: bool) -> str:
            if stops:
                return "no call is expected to gain more than it costs"
            action = int(choice.actions[row])
            hits, gain, cost = (table[row, action] for table in choice.parts.values())
            return f"expects {hits:.2f} commands to pass, a gain of {gain:.3f} for a cost of {cost:.3f}"

        choice = best_action(turn, utility, np.zeros(len(utility)), why, parts)
        return choice


BASELINES: Mapping[str, Callable[[np.random.Generator], Policy]] = {
    policy.name: policy for policy in (RandomLegal, BestSingle, BestOfN, Greedy, RuleAgent, Thompson, LinUCB, PerfGuard)
}
"""Name -> factory; its argument seeds whatever the policy draws."""
