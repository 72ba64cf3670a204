"""The policies that learn nothing, by name: what a trained one has to beat."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from poser.envs.actions import pending
from poser.envs.arrays import Bools, Floats
from poser.experts.errors import InputError
from poser.policies.base import FINISHED, Choice, Policy
from poser.policies.forecast import forecast, one_command, whole_plan

if TYPE_CHECKING:
    from poser.envs.turn import Turn


class RandomLegal(Policy):
    """Draws uniformly from the legal actions, STOP among them."""

    name = "random"

    def choose(self, turn: Turn) -> Choice:
        """One draw a row that is not over."""
        if len(self._rows) != len(turn.done):
            self._rows = list(self._rng.spawn(len(turn.done)))
        actions = [
            FINISHED if done else int(rng.choice(np.flatnonzero(mask)))
            for done, mask, rng in zip(turn.done, turn.mask, self._rows, strict=True)
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
        share = _cheaper_first(whole_plan(turn), turn)
        able = _right_kind(turn)
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

        return _best(turn, wanted, np.where(over, 0.0, np.nan), why)


class BestSingle(BestOfN):
    """The best "t2i" expert on the whole prompt, once: what a user does who picks one model."""

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

    def __init__(self, rng: np.random.Generator | None = None, *, thrift: float = 1.0) -> None:
        """`thrift` >= 0 scales what a dollar costs: 0 spends freely, 1 takes `Rules.usd_cost` as it stands."""
        super().__init__(rng)
        if not 0.0 <= thrift < np.inf:
            raise InputError(f"thrift is {thrift}; give a finite number of at least 0.")
        self.thrift = thrift

    def choose(self, turn: Turn) -> Choice:
        """The call of highest expected utility, or STOP (utility 0)."""
        seen = forecast(turn, self.thrift)
        parts = {"hits": seen.hits, "gain": seen.gain, "cost": seen.cost}
        utility = seen.gain - seen.cost

        def why(row: int, stops: bool) -> str:
            if stops:
                return "no call is expected to gain more than it costs"
            action = int(choice.actions[row])
            hits, gain, cost = (table[row, action] for table in choice.parts.values())
            return f"expects {hits:.2f} commands to pass, a gain of {gain:.3f} for a cost of {cost:.3f}"

        choice = _best(turn, utility, np.zeros(len(utility)), why, parts)
        return choice


class RuleAgent(Policy):
    """The loop that people write by hand, after T2I-Copilot (ICCV 2025): draw, then repair what the critic faults.

    The best "t2i" expert draws the whole prompt; then the editor with the best record is called for the first failing
    command, again and again; it stops at alignment `threshold` (T2I-Copilot: 8 of 10), when every failing command has
    had `tries` tries, or when nobody can help.
    """

    name = "rules"

    def __init__(self, rng: np.random.Generator | None = None, *, threshold: float = 0.8, tries: int = 3) -> None:
        """`threshold` in (0, 1] on Φ; `tries` >= 1 a command, the first drawing not counted."""
        super().__init__(rng)
        if not 0.0 < threshold <= 1.0 or tries < 1:
            raise InputError(f"threshold {threshold} must be in (0, 1] and tries {tries} at least 1.")
        self.threshold, self.tries = threshold, tries

    def choose(self, turn: Turn) -> Choice:
        """Draw, repair the first failing command, or STOP."""
        state, pool = turn.state, turn.pool
        commands = pool.shape[2]
        wanted = np.full((*pool.supported.shape[:2], commands + 1), np.nan)
        blank = ~state.has_picture
        draw = pool.t2i & blank[:, None]
        wanted[:, :, commands] = np.where(draw, _cheaper_first(whole_plan(turn), turn), np.nan)
        good = state.has_picture & (state.alignment >= self.threshold)
        current = self._current(turn) & ~blank[:, None] & ~good[:, None]
        edit = current[:, None, :] & ~pool.t2i[:, :, None]
        wanted[:, :, :commands] = np.where(edit, one_command(turn), np.nan)
        over = good | (~blank & ~current.any(axis=1))

        def why(row: int, stops: bool) -> str:
            if stops:
                if good[row]:
                    return f"alignment {state.alignment[row]:.2f} reaches the threshold of {self.threshold:g}"
                return f"every failing command has had {self.tries} tries, or nobody can help it"
            if blank[row]:
                return "draws the whole prompt with the expert that is best on it"
            return "{expert} has the best record on {target}, the first command that fails"

        return _best(turn, wanted, np.where(over, 0.0, np.nan), why)

    def _current(self, turn: Turn) -> Bools:
        """[B, K] the first failing command that has tries left and an editor that may be called."""
        state, pool = turn.state, turn.pool
        batch, experts, commands = pool.shape
        if turn.rules.first_pending:
            able = np.ones((batch, commands), bool)
        else:
            single = turn.mask[:, :-1].reshape(batch, experts, commands + 1)[:, :, :commands] > 0
            able = np.asarray((single & ~pool.t2i[:, :, None]).any(axis=1))
        # a failed first drawing counts one try for everything it missed
        drawn = (state.tries[:, :, commands] * pool.t2i).sum(axis=1)
        left = state.failed - drawn[:, None] < self.tries
        open_ = able & left & pending(state, pool)
        return np.asarray(open_ & (np.arange(commands) == open_.argmax(axis=1)[:, None]))


_UNWANTED = -1e300
"""Rank of a legal action that the policy does not want."""

BASELINES: Mapping[str, Callable[[np.random.Generator], Policy]] = {
    policy.name: policy for policy in (RandomLegal, BestSingle, BestOfN, Greedy, RuleAgent)
}
"""Name -> factory; its argument seeds whatever the policy draws."""


def _right_kind(turn: Turn) -> Bools:
    """[B, E] experts that can serve the whole plan: painters, or editors where there is a source."""
    return np.asarray(np.where(turn.pool.has_source[:, None], ~turn.pool.t2i, turn.pool.t2i))


def _cheaper_first(score: Floats, turn: Turn) -> Floats:
    """Scores [B, E] with ties broken by price; an unknown price counts as the highest."""
    price = turn.pool.price
    dear = np.where(np.isnan(price), 1.0, price / (1.0 + price))
    # far below any difference of record means that matters
    return np.asarray(score - 1e-9 * dear)


def _flat(table: Floats, turn: Turn) -> Floats:
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


def _best(
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
    scores = _flat(calls, turn)
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
        parts={name: _flat(table, turn) for name, table in (parts or {}).items()},
        why=reason,
    )
