"""The detector: a critic that reads the studio's kind of picture from its pixels alone."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Sequence

from poser.critics.answers import answer
from poser.critics.base import Critic, judge_one_by_one
from poser.critics.feedback import feedback
from poser.critics.letters import same_lettering, with_lines_joined
from poser.critics.looks import reduced
from poser.critics.ocr import ocr_installed, read_by_ocr
from poser.critics.preservation import preservation
from poser.critics.reading import Reading, read_picture
from poser.critics.scene import Scene
from poser.critics.types import AtomAnswer, JudgeRequest, Verdict
from poser.experts.base import CallContext
from poser.experts.errors import CriticError
from poser.experts.picture import Picture
from poser.experts.types import Atom, Usage

REVISION = "1"
OCR_SIDE = 768  #: shorter side in px that OCR is given at most
_KEPT_READINGS = 64


class DetectorCritic(Critic):
    """Judges flat illustrations: things, colours, sizes, counts, relations, lettering, backdrop, style and tone.

    It knows the outlines of the lexicon, finds them on their die-cut backing, and says `None` where it cannot judge:
    atoms in free words, nouns without an outline, pictures that are no such illustration (photographs). Nothing but
    pixels is looked at. Deterministic; safe to be called from several threads.

    With a source, the verdict's preservation says how much outside of what the atoms name is kept.
    """

    concurrent = True
    name = "detector"
    price = 0.0
    nominal_seconds = 0.06

    def __init__(self, *, ocr: bool | None = None) -> None:
        """Cheap; outlines, profiles and OCR are loaded with the first picture that needs them.

        Args:
            ocr: ask `rapidocr` about lettering that the own reader does not find: True, False, or None = where the
                extra `ocr` is installed.
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

    def read(self, picture: Picture) -> Reading:
        """What the picture shows; the last readings are kept."""
        with self._lock:
            known = self._readings.get(picture.sha256)
            if known is not None:
                self._readings.move_to_end(picture.sha256)
                return known
        reading = read_picture(picture)
        self._keep(picture.sha256, reading)
        return reading

    def _with_ocr(self, picture: Picture, reading: Reading, atoms: Sequence[Atom]) -> Reading:
        """The reading with the lettering that OCR finds, if some wanted lettering was not found without."""
        if reading.readable and reading.look.style is None:
            return reading  # plain studio lettering is read for certain without, in a tenth of the time
        wanted = [atom.tuple[1] for atom in atoms if atom.kind == "text"]
        if all(any(same_lettering(panel, text) >= 0.5 for panel in reading.letterings) for text in wanted):
            return reading
        key = "ocr:" + picture.sha256
        with self._lock:
            known = self._readings.get(key)
        if known is None:
            lines = read_by_ocr(reduced(picture.pixels, OCR_SIDE))
            known = reading._replace(letterings=reading.letterings + with_lines_joined(lines), illegible=False)
            self._keep(key, known)
        return known

    def _keep(self, key: str, reading: Reading) -> None:
        with self._lock:
            self._readings[key] = reading
            while len(self._readings) > _KEPT_READINGS:
                self._readings.popitem(last=False)

    def _verdict(self, request: JudgeRequest) -> Verdict:
        start = time.perf_counter()
        source = None if request.source is None else self.read(request.source)
        picture = self.read(request.picture)
        if self._ocr and any(atom.kind == "text" for atom in request.atoms):
            picture = self._with_ocr(request.picture, picture, request.atoms)
        scene = Scene(picture, source)
        answers = [answer(atom, scene) for atom in request.atoms]
        return Verdict(
            answers=tuple(
                AtomAnswer(atom=atom.id, probability=given.probability, seen=given.seen)
                for atom, given in zip(request.atoms, answers, strict=True)
            ),
            preservation=None if source is None else preservation(request.atoms, scene.picture, source),
            feedback=feedback(request.atoms, answers),
            critic=self.name,
            revision=REVISION,
            usage=Usage(usd=0.0, seconds=time.perf_counter() - start),
        )
