"""`OpenGrammarExtractor`: the grammar for pools that can paint anything."""

from __future__ import annotations

from poser.experts.errors import InputError
from poser.experts.picture import PictureRef
from poser.experts.plan_check import check_plan
from poser.experts.types import Plan
from poser.extract.base import Extractor, check_prompt
from poser.extract.grammar import GrammarExtractor
from poser.extract.prose.plan import OpenBuilder, sketch_of
from poser.extract.prose.reader import read_prose
from poser.extract.reading import read
from poser.extract.sketch import Sketch

_LEFT = 1 / 6
"""Words of a prompt that are left over, as a share: wishes stay below, descriptions above."""


class OpenGrammarExtractor(Extractor):
    """Reads English descriptions with any nouns, materials, textures, states and relations, without a model.

    Wishes of which the closed grammar leaves little over, and prompts with edits or a source picture, are read by it.
    The same prompt always gives the same plan.
    """

    name = "grammar-open"

    def __init__(self) -> None:
        self._closed = GrammarExtractor()

    def extract(self, prompt: str, source: PictureRef | None = None) -> Plan:
        """See `Extractor.extract`."""
        check_prompt(prompt)
        notes: tuple[str, ...] = ()
        if source is None and _is_prose(prompt, sketch := read(prompt)):
            scene = read_prose(prompt)
            try:
                return self._named(check_plan(OpenBuilder(sketch_of(scene, sketch)).plan(prompt)), notes)
            except InputError as error:
                notes = (f"read with the studio's nouns alone, since the description contradicts itself: {error}",)
        return self._named(self._closed.extract(prompt, source), notes)

    def _named(self, plan: Plan, notes: tuple[str, ...]) -> Plan:
        return plan.model_copy(update={"extractor": self.name, "notes": (*plan.notes, *notes)})


def _is_prose(prompt: str, sketch: Sketch) -> bool:
    """Whether the closed grammar leaves much over of a prompt that edits nothing of what it makes."""
    if sketch.folded or sketch.edits:
        return False
    left = sum(note.count(", ") + 1 for note in sketch.notes if ": " in note)
    left += sum(not thing.known for thing in sketch.live())
    return left > _LEFT * len(prompt.split())
