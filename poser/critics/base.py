"""The critic interface."""

from __future__ import annotations

import abc
from collections.abc import Callable, Sequence

from poser.critics.types import JudgeRequest, Verdict
from poser.critics.unchanged import with_comparatives, without_comparatives
from poser.experts.base import CallContext
from poser.experts.errors import BadReply, CallError, CriticError, InputError, TimedOut
from poser.experts.types import Usage


class Critic(abc.ABC):
    """Judges pictures against atoms. Batch-first: one call, many requests."""

    concurrent: bool = False
    """Whether `judge` may be called from several threads at once; where not, several runs' pictures are gathered."""

    grades_atoms: bool = True
    """Whether atoms are answered at all; a critic that grades pictures as a whole can judge runs, and steers none."""

    name: str = "critic"
    """Shown in verdicts and traces."""

    price: float | None = 0.0
    """Expected US dollars a judged picture; None when unknown."""

    nominal_seconds: float = 0.05
    """Expected seconds a judged picture."""

    model: str = ""
    """What answers, as in its verdicts; "" for critics that are no model."""

    prompt_hash: str = ""
    """Hash of the words that the model is asked with, as in its verdicts."""

    @property
    def parts(self) -> tuple[Critic, ...]:
        """The critics that this one asks; none for most. Whoever grades runs must be none of those that steer them."""
        return ()

    def refuses(self) -> str | None:
        """Why it can judge nothing at all, as far as that is known locally and at once (no key); None = it may.

        Asked before anybody is called, so nothing is loaded and no network used.
        """
        return None

    @abc.abstractmethod
    def judge(self, requests: Sequence[JudgeRequest], ctx: CallContext) -> list[Verdict | CriticError]:
        """Judge the pictures.

        Returns a list as long as `requests`, in their order: a verdict with one answer for each atom asked (`None`
        for what cannot be judged, never an invented answer), or a typed error for that request alone. Raising means
        that all failed.
        """

    def close(self) -> None:  # noqa: B027  a critic without resources has nothing to close
        """Free what was loaded."""


def judge_one_by_one(
    requests: Sequence[JudgeRequest], ctx: CallContext, judge: Callable[[JudgeRequest], Verdict]
) -> list[Verdict | CriticError]:
    """For critics that see one picture at a time; what is still to do at the deadline is `TimedOut`."""
    verdicts: list[Verdict | CriticError] = []
    for index, request in enumerate(requests):
        if ctx.cancelled():
            verdicts.append(TimedOut(f"picture {index} was not judged before the deadline; allow more time."))
            continue
        verdicts.append(judge(request))
        ctx.progress(index, 1.0)
    return verdicts


def steering(critic: Critic) -> Critic:
    """The critic, as one that says which commands of a run are done.

    Raises:
        InputError: it grades no atoms.
    """
    if critic.grades_atoms:
        return critic
    raise InputError(
        f"The critic {critic.name!r} grades pictures as a whole and no atoms, so it cannot steer a run. "
        'Take one that answers atoms, such as use = "rubric" or "vlm", and this one as the judge of '
        "`poser evaluate policies`."
    )


def judge_checked(critic: Critic, requests: Sequence[JudgeRequest], ctx: CallContext) -> list[Verdict | CriticError]:
    """`critic.judge` that never raises and always answers for every request.

    What is raised, a list of the wrong length, a foreign member, or a verdict that does not answer exactly the atoms
    asked, becomes an error for the request concerned. `KeyboardInterrupt` passes through. Whether something is larger
    or smaller in a picture that is still the source is answered here: the critic is not asked.
    """
    if not critic.grades_atoms:
        return _judged(critic, requests, ctx)
    verdicts = _judged(critic, [without_comparatives(request) for request in requests], ctx)
    return [
        verdict if isinstance(verdict, CallError) else with_comparatives(request.atoms, verdict)
        for request, verdict in zip(requests, verdicts, strict=True)
    ]


def _judged(critic: Critic, requests: Sequence[JudgeRequest], ctx: CallContext) -> list[Verdict | CriticError]:
    try:
        verdicts = list(critic.judge(requests, ctx))
    except CallError as error:
        return [error for _ in requests]
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001  a plugin may even raise CancelledError or SystemExit; it is reported
        return [BadReply(f"critic {critic.name} raised {type(error).__name__}: {error}", usd=None) for _ in requests]
    if len(verdicts) != len(requests):
        message = f"critic {critic.name} gave {len(verdicts)} verdicts on {len(requests)} pictures; one each is needed."
        return [BadReply(message, usd=None) for _ in requests]
    return [_checked(critic.name, request, verdict) for request, verdict in zip(requests, verdicts, strict=True)]


def usage_of(answer: Verdict | CriticError, answers: Sequence[Verdict | CriticError], seconds: float) -> Usage:
    """What one of the answers of a call took, errors included.

    Args:
        answer: one of them.
        answers: all; an error that was raised for the whole call has one bill for all.
        seconds: its share of the call's time, for answers that do not say.
    """
    if isinstance(answer, CallError):
        usd = answer.usd if answer.usd is not None and 0.0 <= answer.usd < float("inf") else None
        sharing = sum(other is answer for other in answers)
        return Usage(usd=None if usd is None else usd / sharing, seconds=seconds)
    return answer.usage if answer.usage.seconds > 0 else answer.usage.model_copy(update={"seconds": seconds})


def _checked(name: str, request: JudgeRequest, verdict: Verdict | CriticError) -> Verdict | CriticError:
    if isinstance(verdict, CallError):
        return verdict
    if not isinstance(verdict, Verdict):
        return BadReply(f"critic {name} gave a {type(verdict).__name__} instead of a Verdict.", usd=None)
    asked = [atom.id for atom in request.atoms]
    answered = [answer.atom for answer in verdict.answers]
    if asked != answered:
        return BadReply(
            f"critic {name} answered the atoms {answered}; exactly {asked} were asked, in this order.",
            usd=verdict.usage.usd,
        )
    return verdict
