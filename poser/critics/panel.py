"""Panel: several critics as one, and a stronger one asked only about what they leave open."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from statistics import median
from typing import NamedTuple

from poser.critics.base import Critic, judge_checked, usage_of
from poser.critics.feedback import complaint, feedback
from poser.critics.types import AtomAnswer, JudgeRequest, Verdict
from poser.experts.base import CallContext
from poser.experts.errors import CallError, CriticError, InputError
from poser.experts.types import Atom, Usage


class PanelCritic(Critic):
    """Asks several critics, one after another, and answers every atom with the median of their probabilities.

    An atom is None only if nobody judges it. With `escalate_to` that critic is asked about the atoms that the others
    *leave open*, and about no others: nobody judges them, the members' probabilities are `disagreement` or more apart,
    or their median is nearer to one half than `unsure`. Where it judges, its answer stands; where it does not or
    fails, the median. A picture of which nothing is open does not reach it.

    A member that fails leaves the others; if all fail, the escalation critic is asked about everything, and if there
    is none or it fails too, the picture has the first member's error. Money and seconds are the sums over all that
    were asked, failed ones included; one unknown bill makes the sum unknown. Preservation, fidelity and aesthetics are
    medians of the members'. The verdict names who has answered ("detector + vlm > strong": the last one escalated to),
    and its notes say who of those asked has not, and why.
    """

    def __init__(
        self,
        *,
        members: Sequence[Critic],
        escalate_to: Critic | None = None,
        disagreement: float = 0.5,
        unsure: float = 0.2,
        name: str = "panel",
    ) -> None:
        """Set up; nobody is asked.

        Args:
            members: the critics, at least one; in `poser.toml` their names.
            escalate_to: the critic for what they leave open, or None; in `poser.toml` its name.
            disagreement: from this distance of two members' probabilities on an atom is open, in (0, 1].
            unsure: an atom is open while the median is less than this from one half, in [0, 0.5].
            name: of the panel.

        Raises:
            InputError: no member, somebody twice, or a threshold out of its range.
        """
        everybody = [*members, *([] if escalate_to is None else [escalate_to])]
        for critic in everybody:
            if not isinstance(critic, Critic):
                raise InputError(
                    f"The panel {name!r} asks {critic!r}, which is no critic; give Critic objects such as "
                    "DetectorCritic(). Names are for poser.toml."
                )
        if not members or len({id(critic) for critic in everybody}) < len(everybody):
            names = [critic.name for critic in everybody]
            raise InputError(f"The panel {name!r} asks {names}; give at least one member, each critic once.")
        if not 0.0 < disagreement <= 1.0 or not 0.0 <= unsure <= 0.5:
            raise InputError(
                f"The panel {name!r} has disagreement {disagreement} and unsure {unsure}; give a disagreement above 0 "
                "and up to 1, and an unsure from 0 to 0.5."
            )
        self.name = name
        self.members, self.escalate_to = tuple(members), escalate_to
        self._disagreement, self._unsure = disagreement, unsure
        prices = [critic.price for critic in everybody]
        known = [price for price in prices if price is not None]
        # as if everything were open: the most that a picture is expected to cost
        self.price = sum(known) if len(known) == len(prices) else None
        self.nominal_seconds = sum(critic.nominal_seconds for critic in everybody)
        self.concurrent = all(critic.concurrent for critic in everybody)
        self.grades_atoms = any(critic.grades_atoms for critic in everybody)

    @property
    def parts(self) -> tuple[Critic, ...]:
        """Everybody who may be asked."""
        return self.members if self.escalate_to is None else (*self.members, self.escalate_to)

    def refuses(self) -> str | None:
        """Where everybody refuses; a member that fails leaves the others."""
        reasons = [critic.refuses() for critic in self.parts]
        return next((reason for reason in reasons if reason), None) if all(reasons) else None

    def judge(self, requests: Sequence[JudgeRequest], ctx: CallContext) -> list[Verdict | CriticError]:
        """Ask all members about all pictures, then the escalation critic about what is open."""
        told = [_asked(member, requests, ctx) for member in self.members] if requests else []
        heard = [_Heard(request, said) for request, *said in zip(requests, *told, strict=True)]
        wanted = [self._open(each) if self.escalate_to is not None else () for each in heard]
        asked = [index for index, atoms in enumerate(wanted) if atoms]
        strong: dict[int, _Said] = {}
        if asked and self.escalate_to is not None:
            smaller = [replace(heard[index].request, atoms=wanted[index]) for index in asked]
            strong = dict(zip(asked, _asked(self.escalate_to, smaller, ctx), strict=True))
        return [_verdict(each, strong.get(index)) for index, each in enumerate(heard)]

    def close(self) -> None:
        """Close everybody."""
        for critic in self.parts:
            critic.close()

    def _open(self, heard: _Heard) -> tuple[Atom, ...]:
        return tuple(
            atom
            for atom, given in zip(heard.request.atoms, heard.probabilities, strict=True)
            if not given or max(given) - min(given) >= self._disagreement or abs(median(given) - 0.5) < self._unsure
        )


class _Said(NamedTuple):
    """Somebody's answer about one picture, and what it took, also where it is an error."""

    who: str
    answer: Verdict | CriticError
    usage: Usage


class _Words(NamedTuple):
    """An answer with what to say if it fails."""

    probability: float | None
    complaint: str


class _Heard(NamedTuple):
    """What the members said of one picture."""

    request: JudgeRequest
    said: Sequence[_Said]

    @property
    def verdicts(self) -> list[Verdict]:
        return [said.answer for said in self.said if isinstance(said.answer, Verdict)]

    @property
    def probabilities(self) -> Iterator[list[float]]:
        """For each atom the probabilities of the members who judge it."""
        verdicts = self.verdicts
        for index in range(len(self.request.atoms)):
            given = [verdict.answers[index].probability for verdict in verdicts]
            yield [probability for probability in given if probability is not None]


def _asked(critic: Critic, requests: Sequence[JudgeRequest], ctx: CallContext) -> list[_Said]:
    started = time.perf_counter()
    answers = judge_checked(critic, requests, ctx)
    share = (time.perf_counter() - started) / len(requests)
    return [_Said(critic.name, answer, usage_of(answer, answers, share)) for answer in answers]


def _verdict(heard: _Heard, strong: _Said | None) -> Verdict | CriticError:
    everybody = [*heard.said, *([] if strong is None else [strong])]
    usage = _summed([said.usage for said in everybody])
    members, last = heard.verdicts, None if strong is None else strong.answer
    judging = [*members, last] if isinstance(last, Verdict) else members
    if not judging:
        asked = [*heard.said, *([] if strong is None else [strong])]
        failed = [said.answer for said in asked if isinstance(said.answer, CallError)]
        # it will not go away only if nobody's will
        return next((error for error in failed if not error.lasting), failed[0]).billed(usage.usd)
    decided: dict[str, AtomAnswer] = {}
    if isinstance(last, Verdict):
        decided = {answer.atom: answer for answer in last.answers if answer.probability is not None}
    answers = tuple(
        decided.get(atom.id) or _middle(atom.id, [verdict.answers[index] for verdict in members])
        for index, atom in enumerate(heard.request.atoms)
    )
    # whoever was asked about some atoms alone cannot say what the others were to leave as it was
    whole = members or judging
    names = [" + ".join(verdict.critic or "?" for verdict in members), last.critic if isinstance(last, Verdict) else ""]
    return Verdict(
        answers=answers,
        preservation=_median(verdict.preservation for verdict in whole),
        fidelity=_median(verdict.fidelity for verdict in whole),
        aesthetics=_median(verdict.aesthetics for verdict in whole),
        feedback=_feedback(heard.request.atoms, answers, judging),
        notes=tuple(
            dict.fromkeys([*(note for verdict in judging for note in verdict.notes), *_absences(everybody)]),
        ),
        critic=" > ".join(name for name in names if name),
        model=" + ".join(dict.fromkeys(verdict.model for verdict in judging if verdict.model)),
        revision=" + ".join(verdict.revision or "?" for verdict in judging),
        prompt_hash=_joint_hash([verdict.prompt_hash for verdict in judging if verdict.prompt_hash]),
        usage=usage,
    )


def _absences(asked: Sequence[_Said]) -> list[str]:
    """Who gave no verdict, and why."""
    return [
        f"{said.who} gave no verdict: {type(said.answer).__name__}: {said.answer}"
        for said in asked
        if isinstance(said.answer, CallError)
    ]


def _middle(atom: str, answers: Sequence[AtomAnswer]) -> AtomAnswer:
    """The median of the answers that judge, with the words of the one that is nearest to it."""
    judged = [(answer.probability, answer.seen) for answer in answers if answer.probability is not None]
    if not judged:
        return AtomAnswer(atom=atom, seen=next((answer.seen for answer in answers if answer.seen), ""))
    middle = median(probability for probability, _ in judged)
    return AtomAnswer(atom=atom, probability=middle, seen=min(judged, key=lambda each: abs(each[0] - middle))[1])


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _feedback(atoms: Sequence[Atom], answers: Sequence[AtomAnswer], verdicts: Sequence[Verdict]) -> str:
    """The words of a verdict that fails the same atoms; without one what is wrong with each."""
    failed = _failed(answers)
    if not failed:
        return ""
    for verdict in verdicts:
        if verdict.feedback and _failed(verdict.answers) == failed:
            return verdict.feedback
    words = [_Words(a.probability, complaint(atom, a.seen)) for atom, a in zip(atoms, answers, strict=True)]
    return feedback(atoms, words)


def _failed(answers: Sequence[AtomAnswer]) -> set[str]:
    return {answer.atom for answer in answers if answer.probability is not None and answer.probability < 0.5}


def _summed(usages: Sequence[Usage]) -> Usage:
    bills = [usage.usd for usage in usages if usage.usd is not None]
    return Usage(
        usd=sum(bills) if len(bills) == len(usages) else None,
        seconds=sum(usage.seconds for usage in usages),
        input_tokens=_total(usage.input_tokens for usage in usages),
        output_tokens=_total(usage.output_tokens for usage in usages),
    )


def _total(counts: Iterable[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _joint_hash(hashes: Sequence[str]) -> str:
    """The one hash, or one of several."""
    return hashes[0] if len(hashes) == 1 else hashlib.sha256(" ".join(hashes).encode()).hexdigest() if hashes else ""
