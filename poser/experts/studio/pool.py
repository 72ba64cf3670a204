"""The embedded pool: where its experts are listed."""

from __future__ import annotations

from poser.experts.base import Expert


def drawers() -> list[Expert]:
    """The text-to-image experts, best all-rounder first."""
    from poser.experts.studio.collagist import Collagist
    from poser.experts.studio.composer import Composer
    from poser.experts.studio.counter import Counter
    from poser.experts.studio.letterer import Letterer
    from poser.experts.studio.sketcher import Sketcher
    from poser.experts.studio.stager import Stager

    return [Composer(), Letterer(), Stager(), Counter(), Collagist(), Sketcher()]


def studio_experts() -> list[Expert]:
    """A fresh list of all experts of the studio, drawers first. Cheap: nothing is loaded before the first call."""
    return [*drawers()]
