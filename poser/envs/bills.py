"""What calls took: shares of a batch, failures that cost all the same, calls that were given up."""

from __future__ import annotations

from collections.abc import Sequence

from poser.experts.errors import CallError, TimedOut
from poser.experts.types import Usage


def timed(usage: Usage, share: float) -> Usage:
    """The usage, with this share of the call's seconds if it does not say any."""
    return usage if usage.seconds > 0 else usage.model_copy(update={"seconds": share})


def bill(error: CallError, answers: Sequence[object], seconds: float) -> Usage:
    """What one of the answers cost that are errors: an error that was raised for a whole batch has one bill for all."""
    usd = error.usd if error.usd is not None and 0.0 <= error.usd < float("inf") else None
    sharing = sum(answer is error for answer in answers)
    return Usage(usd=None if usd is None else usd / sharing, seconds=seconds)


def given_up(name: str, reason: str, begun: bool, seconds: float) -> tuple[TimedOut, Usage]:
    """The answer of a call that was not waited for; `begun`: it may have been billed all the same."""
    usd = None if begun else 0.0
    return TimedOut(f"{name} {reason}.", usd=usd), Usage(usd=usd, seconds=seconds)


def stopped(name: str, error: CallError) -> CallError:
    """The error of a call that the user's stop has cut off: more time would not have helped."""
    return TimedOut(f"{name} was stopped.", usd=error.usd) if isinstance(error, TimedOut) else error


def together(first: Usage, second: Usage) -> Usage:
    """Usage of a call that was made twice."""

    def both(one: float | None, other: float | None) -> float | None:
        return None if one is None or other is None else one + other

    simulated = [each.simulated_usd for each in (first, second) if each.simulated_usd is not None]
    return second.model_copy(
        update={
            "usd": both(first.usd, second.usd),
            "simulated_usd": sum(simulated) if simulated else None,
            "seconds": first.seconds + second.seconds,
        }
    )
