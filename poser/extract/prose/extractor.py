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


class OpenGrammarExtractor(Extractor):
    """Reads English descriptions with any nouns, materials, textures, states and relations, without a model.

    A prompt that the closed grammar understands to the last word, and one with edits or a source picture, is read by
    it. The same prompt always gives the same plan.
    """

    name = "grammar-open"

    def __init__(self) -> None:
        self._closed = GrammarExtractor()

    def extract(self, prompt: str, source: PictureRef | None = None) -> Plan:
        """See `Extractor.extract`."""
        check_prompt(prompt)
        if source is None:
            sketch = read(prompt)
            if not _understood(sketch):
                scene = read_prose(prompt)
                if scene.entities:
                    try:
                        plan = check_plan(OpenBuilder(sketch_of(scene, sketch)).plan(prompt))
                        return plan.model_copy(update={"extractor": self.name})
                    except InputError:
                        pass
        return self._closed.extract(prompt, source).model_copy(update={"extractor": self.name})


def _understood(sketch: Sketch) -> bool:
    """Whether the closed grammar leaves nothing over, or the prompt edits what it makes."""
    if sketch.folded or sketch.edits:
        return True
    return not sketch.notes and all(thing.known for thing in sketch.live())
