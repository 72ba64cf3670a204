"""How good critics are: their answers on pictures of known truth, accuracy and calibration by kind and by look."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from poser.critics.base import Critic, judge_checked
from poser.critics.types import JudgeRequest, Verdict
from poser.evaluate.known_pictures import KnownPicture
from poser.evaluate.report import wilson
from poser.evaluate.simulated_critic import SimulatedCritic
from poser.experts.base import CallContext

BINS = 15
"""Bins of equal width over the probability, for calibration."""

BATCH = 8
"""Pictures in one call of a critic."""

Floats = NDArray[np.float64]


@dataclass
class Answers:
    """What one critic said of N statements, in the order in which they were asked.

    Attributes:
        critic: its name.
        simulated: it only pretends to look, or somebody whom it asks does.
        kind, look: [N] words.
        picture: [N] int, which picture.
        probability: [N] that the statement holds as expected; NaN = not judged.
        holds: [N] bool, whether it does.
        seconds: of every picture that has a verdict; usd: of all, None if any bill is unknown.
        failed: pictures without a verdict; errors: why, each once, with how often.
        notes: what its verdicts note, such as members of a panel that did not answer, with how often.
    """

    critic: str
    simulated: bool = False
    kind: list[str] = field(default_factory=list)
    look: list[str] = field(default_factory=list)
    picture: list[int] = field(default_factory=list)
    probability: list[float] = field(default_factory=list)
    holds: list[bool] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    usd: float | None = 0.0
    pictures: int = 0
    errors: dict[str, int] = field(default_factory=dict)
    notes: dict[str, int] = field(default_factory=dict)

    @property
    def failed(self) -> int:
        """Pictures without a verdict."""
        return sum(self.errors.values())

    @property
    def silent(self) -> bool:
        """It was shown pictures and gave a verdict on none."""
        return 0 < self.pictures == self.failed

    def figures(self, *, kind: str | None = None, look: str | None = None) -> CriticFigures:
        """The figures of all statements, or of those of a kind or in pictures of a look."""
        chosen = np.ones(len(self.holds), bool)
        if kind is not None:
            chosen &= np.array(self.kind) == kind
        if look is not None:
            chosen &= np.array(self.look) == look
        return figures_of(
            np.array(self.probability)[chosen], np.array(self.holds, bool)[chosen], np.array(self.picture)[chosen]
        )


class CriticFigures(NamedTuple):
    """Figures of N statements.

    Attributes:
        n: statements. answered: share of them that are judged at all.
        right: share of all that are judged and rightly (0.5 and above says that it holds); low, high: its 95 %
            interval, see `clustered_interval`.
        accuracy: share of the judged that are judged rightly; NaN where none is.
        brier: mean squared distance of the probability from 1 or 0, of the judged.
        ece: expected calibration error of the judged, see `reliability`.
    """

    n: int
    answered: float
    right: float
    low: float
    high: float
    accuracy: float
    brier: float
    ece: float


class Reliability(NamedTuple):
    """The bins of a reliability diagram: [BINS] mean probability, share that holds, how many statements."""

    probability: Floats
    holds: Floats
    statements: Floats


class MeasuringInterrupted(KeyboardInterrupt):
    """Ctrl-C after the first verdicts.

    Attributes:
        measured: what every critic has said by then; some may have been shown a batch more than others.
    """

    def __init__(self, measured: list[Answers]) -> None:
        super().__init__()
        self.measured = measured


def measure_critics(
    critics: Sequence[Critic],
    pictures: Iterator[KnownPicture],
    *,
    batch: int = BATCH,
    progress: Callable[[int, str], None] = lambda done, name: None,
) -> list[Answers]:
    """Ask every critic every statement: one request a picture, `batch` pictures a call.

    A picture without a verdict counts as not judged in all its statements. Simulated critics are told the truth.

    Args:
        critics: who is asked; they take turns, so that no more than a batch of pictures is held.
        pictures: what is shown.
        batch: pictures in one call.
        progress: told (pictures done, whose turn it is).

    Raises:
        MeasuringInterrupted: Ctrl-C after the first verdicts; it holds them, since they may have been paid for.
    """
    pretenders = [_simulated(critic) for critic in critics]
    found = [Answers(critic.name, bool(those)) for critic, those in zip(critics, pretenders, strict=True)]
    try:
        _measure(critics, pretenders, found, pictures, batch, progress)
    except KeyboardInterrupt:
        if not any(answers.pictures for answers in found):
            raise
        raise MeasuringInterrupted(found) from None
    return found


def _measure(
    critics: Sequence[Critic],
    pretenders: Sequence[Sequence[SimulatedCritic]],
    found: Sequence[Answers],
    pictures: Iterator[KnownPicture],
    batch: int,
    progress: Callable[[int, str], None],
) -> None:
    done = 0
    while shown := list(islice(pictures, batch)):
        requests = [
            JudgeRequest(picture=known.picture, atoms=tuple(said.atom for said in known.statements)) for known in shown
        ]
        for critic, those, answers in zip(critics, pretenders, found, strict=True):
            progress(done, critic.name)
            for each in those:
                each.know(shown)
            verdicts = judge_checked(critic, requests, CallContext())
            for number, (known, verdict) in enumerate(zip(shown, verdicts, strict=True), done):
                _enter(answers, number, known, verdict)
        done += len(shown)
        progress(done, "")


def _simulated(critic: Critic) -> list[SimulatedCritic]:
    """The simulated critics among those that this one asks, itself included."""
    return [critic] if isinstance(critic, SimulatedCritic) else [s for part in critic.parts for s in _simulated(part)]


def _enter(answers: Answers, number: int, known: KnownPicture, verdict: Verdict | Exception) -> None:
    answers.pictures += 1
    said: list[float | None] = [None] * len(known.statements)
    if isinstance(verdict, Verdict):
        said = [answer.probability for answer in verdict.answers]
        answers.seconds.append(verdict.usage.seconds)
        bill = verdict.usage.usd
        for note in verdict.notes:
            answers.notes[note] = answers.notes.get(note, 0) + 1
    else:
        reason = f"{type(verdict).__name__}: {verdict}"
        answers.errors[reason] = answers.errors.get(reason, 0) + 1
        bill = getattr(verdict, "usd", None)
    answers.usd = None if answers.usd is None or bill is None else answers.usd + bill
    for statement, probability in zip(known.statements, said, strict=True):
        answers.kind.append(statement.kind)
        answers.look.append(known.look.name)
        answers.picture.append(number)
        answers.probability.append(float("nan") if probability is None else probability)
        answers.holds.append(statement.holds)


def figures_of(probability: Floats, holds: NDArray[np.bool_], picture: NDArray[np.int64]) -> CriticFigures:
    """Figures of statements [N]: probability (NaN = not judged), truth, and which picture each is about."""
    known = ~np.isnan(probability)
    right = known & ((np.nan_to_num(probability) >= 0.5) == holds)
    n, judged = len(holds), int(known.sum())
    low, high = clustered_interval(right, picture)
    p, y = probability[known], holds[known].astype(float)
    return CriticFigures(
        n=n,
        answered=judged / n if n else float("nan"),
        right=float(right.mean()) if n else float("nan"),
        low=low,
        high=high,
        accuracy=float(right.sum() / judged) if judged else float("nan"),
        brier=float(np.mean((p - y) ** 2)) if judged else float("nan"),
        ece=calibration_error(reliability(p, y)),
    )


def clustered_interval(right: NDArray[np.bool_], picture: NDArray[np.int64]) -> tuple[float, float]:
    """95 % interval of a share of statements [N] several of which are about one picture.

    Mistakes of one picture come together, so Wilson's interval is taken of as many statements as are worth it: N over
    the design effect (variance by pictures over the binomial one, at least 1), as for cluster samples (Kish 1965).
    """
    n = len(right)
    if n == 0:
        return wilson(0, 0)
    share = float(right.mean())
    _, cluster = np.unique(picture, return_inverse=True)
    clusters = int(cluster.max()) + 1
    effect = 1.0
    if 0.0 < share < 1.0 and clusters > 1:
        residual = np.bincount(cluster, weights=right - share)
        variance = float((residual**2).sum()) / n**2 * clusters / (clusters - 1)
        effect = max(1.0, variance / (share * (1 - share) / (n - 1)))
    return wilson(share * n / effect, n / effect)


def reliability(probability: Floats, holds: Floats, bins: int = BINS) -> Reliability:
    """How often what was given a probability holds, over `bins` bins of equal width from 0 to 1."""
    place = np.minimum((np.asarray(probability) * bins).astype(np.int64), bins - 1)
    count = np.bincount(place, minlength=bins).astype(float)
    with np.errstate(invalid="ignore"):
        return Reliability(
            np.bincount(place, weights=probability, minlength=bins) / count,
            np.bincount(place, weights=holds, minlength=bins) / count,
            count,
        )


def calibration_error(table: Reliability) -> float:
    """ECE: mean distance of the bins' probability from the share that holds, weighted by statements; NaN if empty.

    After Naeini et al. (AAAI 2015), over the probability that a statement holds, not over the confidence in the answer.
    """
    total = table.statements.sum()
    if total == 0:
        return float("nan")
    filled = table.statements > 0
    return float((table.statements * np.abs(table.probability - table.holds))[filled].sum() / total)
