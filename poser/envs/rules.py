"""Rules: the settings of the MDP, and how an episode can end."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

from poser.experts.errors import InputError

EndReason = Literal["satisfied", "stopped", "max_steps", "budget", "dropped", "interrupted", "truncated", "unjudged"]

END_REASONS: tuple[str, ...] = ("", *get_args(EndReason))
"""Code -> why an episode ended; 0 while it runs."""

SATISFIED, STOPPED, MAX_STEPS, BUDGET, DROPPED, INTERRUPTED, TRUNCATED, UNJUDGED = range(1, len(END_REASONS))


class Rules(NamedTuple):
    """Settings of the MDP. Costs are in units of reward; alignment is in [0, 1].

    Attributes:
        step_cost: of every call and every illegal action (STOP is free).
        usd_cost: of one US dollar; the user's thrift dial. `Pool.usd_cost` may differ per episode.
        second_cost: of one expected second.
        illegal_cost: of an illegal action, on top of `step_cost`.
        completion_bonus: paid at the end if all commands are satisfied in the returned picture.
        pass_probability: an atom passes from this probability on.
        max_steps: an episode ends after so many calls.
        tries_per_pair: failed tries of one (expert, command) after which it is illegal; None = no limit.
        tries_per_command: failed tries after which a command is dropped; None = no limit.
        transient_limit: transient failures in a row after which an expert is out for the episode.
        unjudged_limit: pictures in a row without a verdict after which the episode ends.
        budget_usd: expected dollars that may be spent, 0 = free experts only, None = no budget. `Pool.budget` may
            differ per episode.
        keep_regressions: a picture is kept even if its alignment is lower than before.
        merged_calls: a call may be for all commands at once; False for ablations.
        first_pending: as in Image-POSER an action is an expert, applied to the first pending command (the whole plan
            if it is a "t2i" one); nothing is masked, an impossible call is a failed try, there is no STOP.
    """

    step_cost: float = 0.005
    usd_cost: float = 1.0
    second_cost: float = 0.0
    illegal_cost: float = 0.05
    completion_bonus: float = 0.2
    pass_probability: float = 0.5
    max_steps: int = 16
    tries_per_pair: int | None = 3
    tries_per_command: int | None = None
    transient_limit: int = 2
    unjudged_limit: int = 3
    budget_usd: float | None = None
    keep_regressions: bool = False
    merged_calls: bool = True
    first_pending: bool = False

    @classmethod
    def paper(cls) -> Rules:
        """Image-POSER as published (arXiv 2511.11780): 6 steps, a command is dropped after 3 failed tries, dense critic
        reward minus a step penalty, no masking, no STOP.

        The size of the penalty, what happens to regressions and to impossible calls was not published: our choice.
        """
        return cls(
            step_cost=0.05,
            usd_cost=0.0,
            illegal_cost=0.0,
            completion_bonus=0.0,
            max_steps=6,
            tries_per_pair=None,
            tries_per_command=3,
            keep_regressions=True,
            first_pending=True,
        )

    def checked(self) -> Rules:
        """Itself.

        Raises:
            InputError: a setting out of its range.
        """
        for name in ("step_cost", "usd_cost", "second_cost", "illegal_cost", "completion_bonus", "budget_usd"):
            value = getattr(self, name)
            if value is not None and not 0.0 <= value < float("inf"):
                raise InputError(f"Rules.{name} is {value!r}; give a finite number of at least 0.")
        for name in ("max_steps", "tries_per_pair", "tries_per_command", "transient_limit", "unjudged_limit"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InputError(f"Rules.{name} is {value!r}; give at least 1.")
        if not 0.0 < self.pass_probability <= 1.0:
            raise InputError(f"Rules.pass_probability is {self.pass_probability!r}; give a number in (0, 1].")
        return self


def thrift_to_usd_cost(thrift: float) -> float:
    """Reward units a dollar for a thrift of 0 (money is no object) to 1: 1 at one half, 32 times as much at 1.

    Raises:
        InputError: thrift outside [0, 1].
    """
    if not 0.0 <= thrift <= 1.0:
        raise InputError(f"thrift is {thrift!r}; give a number from 0 (spend freely) to 1 (spare every cent).")
    return 0.0 if thrift == 0.0 else 10.0 ** (3.0 * thrift - 1.5)


PAPER = Rules.paper()
"""The preset of the original paper."""
