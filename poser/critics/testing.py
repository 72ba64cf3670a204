"""ScriptedCritic: a critic without any model, for tests of policies, engines and plugins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from poser.critics.base import Critic
from poser.critics.types import AtomAnswer, JudgeRequest, Verdict
from poser.experts.base import CallContext
from poser.experts.errors import CallError, CriticError
from poser.experts.fake_picture import read_facts
from poser.experts.types import Usage

Line = Mapping[str, float | None] | Exception
"""One scripted verdict: atom id -> probability (an atom that is not named is read from the picture), or what to raise
(a `CallError` is returned for that picture alone, any other exception is raised out of `judge`)."""


class ScriptedCritic(Critic):
    """Answers from a script, one line a picture; after its end, and for atoms not named, it reads fake pictures.

    Attributes:
        requests: everything it was asked, in order.
    """

    name = "scripted"

    def __init__(
        self,
        script: Iterable[Line] = (),
        *,
        unjudged: Iterable[str] = (),
        certainty: float = 1.0,
        preservation: float | None = 1.0,
        price: float | None = 0.0,
        nominal_seconds: float = 0.0,
        remember: bool = True,
    ) -> None:
        """`unjudged`: kinds of atoms answered `None`. `certainty` in [0.5, 1]: probability given to what holds.

        `preservation`: of every source; fake pictures consist of facts alone, and their colours mean nothing. Without
        `remember`, `requests` stays empty: they hold pictures, too many for training.
        """
        self._script = list(script)
        self._unjudged = frozenset(unjudged)
        self._certainty = certainty
        self._preservation = preservation
        self.price = price
        self.nominal_seconds = nominal_seconds
        self._remember = remember
        self.requests: list[JudgeRequest] = []

    def judge(self, requests: Sequence[JudgeRequest], ctx: CallContext) -> list[Verdict | CriticError]:
        """As scripted, then as the pictures say."""
        return [self._verdict(request) for request in requests]

    def _verdict(self, request: JudgeRequest) -> Verdict | CriticError:
        if self._remember:
            self.requests.append(request)
        line: Line = self._script.pop(0) if self._script else {}
        if isinstance(line, CallError):
            return line
        if isinstance(line, Exception):
            raise line
        facts = read_facts(request.picture)
        answers = []
        for atom in request.atoms:
            holds = (atom.tuple in facts) != atom.negated
            probability = None if atom.kind in self._unjudged else self._certainty if holds else 1 - self._certainty
            answers.append(AtomAnswer(atom=atom.id, probability=line.get(atom.id, probability)))
        failed = [a.atom for a in answers if a.probability is not None and a.probability < 0.5]
        return Verdict(
            answers=tuple(answers),
            preservation=self._preservation if request.source is not None else None,
            feedback=f"not there: {', '.join(failed)}" if failed else "",
            critic=self.name,
            usage=Usage(usd=self.price, seconds=0.0),
        )
