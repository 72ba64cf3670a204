"""The embedded pool: where its experts are listed."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from poser.experts.base import Expert
from poser.experts.record import TrackRecord

RECORD = Path(__file__).parent / "data" / "track_record.json"
"""What calls on sampled plans and edits have shown of these experts; made by `make calibration`."""


def drawers() -> list[Expert]:
    """The text-to-image experts, best all-rounder first."""
    from poser.experts.studio.collagist import Collagist
    from poser.experts.studio.composer import Composer
    from poser.experts.studio.counter import Counter
    from poser.experts.studio.letterer import Letterer
    from poser.experts.studio.sketcher import Sketcher
    from poser.experts.studio.stager import Stager

    return [Composer(), Letterer(), Stager(), Counter(), Collagist(), Sketcher()]


def editors() -> list[Expert]:
    """The image-to-image experts, in the order of what they do."""
    from poser.experts.studio.arranger import Arranger
    from poser.experts.studio.corrector import Corrector
    from poser.experts.studio.eraser import Eraser, Restorer
    from poser.experts.studio.filters import Filter, Grader, Stylist
    from poser.experts.studio.generalist import Generalist
    from poser.experts.studio.inserter import Inserter
    from poser.experts.studio.mover import Mover
    from poser.experts.studio.recolorer import Recolorer
    from poser.experts.studio.replacer import Replacer
    from poser.experts.studio.scenery import Cutter, ScenePainter
    from poser.experts.studio.signwriter import Labeler, Signwriter

    return [
        Inserter(), Arranger(), Corrector(), Eraser(), Restorer(), Recolorer(), Mover(), Replacer(), Signwriter(),
        Labeler(), ScenePainter(), Cutter(), Stylist(), Filter(), Grader(), Generalist(),
    ]  # fmt: skip


def studio_experts() -> list[Expert]:
    """A fresh list of all experts of the studio, drawers first. Cheap: nothing is loaded before the first call."""
    return [*drawers(), *editors()]


def studio_record() -> TrackRecord:
    """The track record that comes with the pool, so that a first run knows what its experts can do; a copy."""
    return _shipped().copy()


@cache
def _shipped() -> TrackRecord:
    return TrackRecord.from_json(RECORD.read_text(encoding="utf-8"), name=str(RECORD))
