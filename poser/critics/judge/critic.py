"""NeuralJudge: a critic whose recognition is learnt, for evaluating what was made or trained with the detector."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Sequence

from poser.critics.answers import answer
from poser.critics.base import Critic, judge_one_by_one
from poser.critics.feedback import feedback
from poser.critics.judge import views
from poser.critics.judge.seeing import see
from poser.critics.letters import Lettering, with_lines_joined
from poser.critics.ocr import ocr_installed, read_by_ocr
from poser.critics.preservation import preservation
from poser.critics.reading import Reading
from poser.critics.scene import UNKNOWN, Scene
from poser.critics.types import AtomAnswer, JudgeRequest, Verdict
from poser.experts import lexicon
from poser.experts.base import CallContext
from poser.experts.errors import CriticError
from poser.experts.picture import Picture
from poser.experts.types import Atom, Usage

REVISION = "1"
LAST_LATIN = "\u024f"  #: letters beyond are of scripts that OCR takes for Latin ones
OCR_SIDES = (768, 1024)  #: shorter sides in px: a clear panel may be overlooked at one and read at the other
_KEPT_READINGS = 64


class NeuralJudge(Critic):
    """Judges the studio's pictures by three small convolutional networks, independently of the detector.

    Nothing that the detector finds or names things with is used: no outlines, no colour segmentation, no measured
    profiles. Places, nouns, colours, sizes, backdrop, style and tone come from networks that
    `scripts/train_judge.py` trains on painted pictures (`make judge`); weights are float16, the forward pass is numpy.
    Shared with the detector is what defines the atoms, given a list of things: how many there are, which stand left
    of which, what counts as large (`thing_answers`, `relations`, `counting`, `preservation`).

    Lettering is read by `rapidocr` alone, where the extra `ocr` is installed; without it, and in other than Latin
    letters, atoms about lettering are answered None. Deterministic; safe to be called from several threads.
    """

    concurrent = True
    name = "neural-judge"
    price = 0.0
    nominal_seconds = 0.1

    def __init__(self, *, ocr: bool | None = None) -> None:
        """Cheap; weights are loaded with the first picture.

        Args:
            ocr: read lettering with `rapidocr`: True, False, or None = where the extra `ocr` is installed.
        """
        self._ocr = ocr_installed() if ocr is None else ocr
        self._readings: OrderedDict[str, Reading] = OrderedDict()
        self._lock = threading.Lock()

    def judge(self, requests: Sequence[JudgeRequest], ctx: CallContext) -> list[Verdict | CriticError]:
        """Judge the pictures one after another; what is still to do at the deadline is `TimedOut`."""
        return judge_one_by_one(requests, ctx, self._verdict)

    def close(self) -> None:
        """Forget the pictures read so far."""
        with self._lock:
            self._readings.clear()

    def read(self, picture: Picture, *, lettering: bool = False) -> Reading:
        """What the picture shows, its lettering only where asked for and OCR is there; the last readings are kept."""
        key = picture.sha256 + ("+" if lettering else "")
        with self._lock:
            known = self._readings.get(key)
        if known is None:
            if lettering:
                known = _with_lettering(picture, self.read(picture))
            else:
                known = see(picture)
            with self._lock:
                self._readings[key] = known
                while len(self._readings) > _KEPT_READINGS:
                    self._readings.popitem(last=False)
        return known

    def _verdict(self, request: JudgeRequest) -> Verdict:
        start = time.perf_counter()
        source = None if request.source is None else self.read(request.source)
        lettering = self._ocr and any(_letterings(atom) for atom in request.atoms)
        scene = Scene(self.read(request.picture, lettering=lettering), source)
        answers = [
            UNKNOWN if any(_beyond_latin(text) for text in _letterings(atom)) else answer(atom, scene)
            for atom in request.atoms
        ]
        return Verdict(
            answers=tuple(
                AtomAnswer(atom=atom.id, probability=given.probability, seen=given.seen)
                for atom, given in zip(request.atoms, answers, strict=True)
            ),
            preservation=None if source is None else preservation(request.atoms, scene.picture, source),
            feedback=feedback(request.atoms, answers),
            critic=self.name,
            model="judge.safetensors",
            revision=REVISION,
            usage=Usage(usd=0.0, seconds=time.perf_counter() - start),
        )


def _with_lettering(picture: Picture, reading: Reading) -> Reading:
    """The reading with all lines that OCR finds, at the first size at which it finds any."""
    lines: list[Lettering] = []
    for side in OCR_SIDES:
        lines = lines or read_by_ocr(views.resized(picture.pixels, side))
    return reading._replace(letterings=with_lines_joined(lines), illegible=False)


def _letterings(atom: Atom) -> list[str]:
    """The lettering that an atom speaks of."""
    return [atom.tuple[1]] if atom.kind == "text" else [word for word in atom.tuple[1:] if lexicon.is_lettering(word)]


def _beyond_latin(text: str) -> bool:
    return any(letter.isalpha() and letter > LAST_LATIN for letter in text)
