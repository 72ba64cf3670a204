"""SimulatedCritic: a critic that knows the truth of studio pictures and errs on purpose. Labelled as simulated."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from statistics import NormalDist

from poser.critics.base import Critic
from poser.critics.types import AtomAnswer, JudgeRequest, Verdict
from poser.evaluate.known_pictures import KnownPicture
from poser.experts.base import CallContext
from poser.experts.errors import CriticError, InputError
from poser.experts.types import Usage

NAME = "simulated"
"""Every name of such a critic begins with this."""


class SimulatedCritic(Critic):
    """Answers by signal detection: the truth plus Gaussian noise, as the log-odds that an observer of it would give.

    So it is right in the share `accuracy` of the cases, and calibrated where `overconfidence` is 1: what it is unsure
    of, it errs in more often. The same atom of the same picture gets the same answer every time. Nothing is looked at:
    a critic of any real picture it is not.
    """

    concurrent = True

    def __init__(
        self,
        *,
        accuracy: float = 0.9,
        overconfidence: float = 1.0,
        shared: float = 0.0,
        price: float = 0.0,
        seconds: float = 0.0,
        seed: int = 0,
        name: str = "",
    ) -> None:
        """Set up; the truth comes by `know`.

        Args:
            accuracy: share of right answers, in (0.5, 1).
            overconfidence: factor on the log-odds; above 1 it is surer than it should be.
            shared: share of the noise's variance that all such critics have in common (hard pictures), in [0, 1].
            price: US dollars a picture that it says it costs.
            seconds: that it says a picture takes.
            seed: of the noise of its own.
            name: what follows "simulated" in its name; by default its accuracy.

        Raises:
            InputError: an accuracy or share out of its range.
        """
        if not 0.5 < accuracy < 1.0 or not 0.0 <= shared <= 1.0 or overconfidence <= 0.0:
            raise InputError(
                f"A simulated critic of accuracy {accuracy}, overconfidence {overconfidence}, shared noise {shared}; "
                "give an accuracy between 0.5 and 1, a positive overconfidence and a share from 0 to 1."
            )
        self.name = f"{NAME}-{name or f'{accuracy:g}'}"
        self.price, self.nominal_seconds = price, seconds
        self._distance = NormalDist().inv_cdf(accuracy)
        self._overconfidence, self._shared, self._seed = overconfidence, shared, seed
        self._truth: dict[tuple[str, tuple[str, ...], str], bool] = {}

    def know(self, pictures: Sequence[KnownPicture]) -> None:
        """Learn what holds of these pictures; what was known before is forgotten."""
        self._truth = {
            (known.picture.sha256, said.atom.tuple, said.atom.answer): said.holds
            for known in pictures
            for said in known.statements
        }

    def judge(self, requests: Sequence[JudgeRequest], ctx: CallContext) -> list[Verdict | CriticError]:
        """Answer what is known; None for everything else."""
        return [self._verdict(request) for request in requests]

    def _verdict(self, request: JudgeRequest) -> Verdict:
        answers = []
        for atom in request.atoms:
            key = (request.picture.sha256, atom.tuple, atom.answer)
            holds = self._truth.get(key)
            answers.append(
                AtomAnswer(atom=atom.id, probability=None if holds is None else self._probability(holds, str(key)))
            )
        failed = [a.atom for a in answers if a.probability is not None and a.probability < 0.5]
        return Verdict(
            answers=tuple(answers),
            feedback=f"simulated: {', '.join(failed)} failed" if failed else "",
            critic=self.name,
            model=f"{NAME} noise",
            revision=f"seed {self._seed}",
            usage=Usage(usd=self.price, seconds=self.nominal_seconds),
        )

    def _probability(self, holds: bool, key: str) -> float:
        noise = math.sqrt(self._shared) * _normal(key) + math.sqrt(1 - self._shared) * _normal(
            f"{self.name}/{self._seed}/{key}"
        )
        signal = (self._distance if holds else -self._distance) + noise
        # for equally frequent truths this is the logarithm of their likelihood ratio
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, 2 * self._distance * self._overconfidence * signal))))


def _normal(key: str) -> float:
    """A standard normal number that depends on the key alone."""
    digest = hashlib.sha256(key.encode()).digest()
    return NormalDist().inv_cdf((int.from_bytes(digest[:7], "big") + 0.5) / 2**56)
