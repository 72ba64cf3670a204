"""`GrammarExtractor`: English read by rules, in milliseconds, without a model."""

from __future__ import annotations

from poser.experts.errors import InputError
from poser.experts.picture import PictureRef
from poser.experts.types import Atom, Command, Operation, Plan
from poser.extract.base import Extractor, check_prompt
from poser.extract.build import build
from poser.extract.reading import read
from poser.extract.wording import shows


class GrammarExtractor(Extractor):
    """Reads things, counts, colours, sizes, places, relations, lettering, backdrop, style, tone, absence and edits.

    What it cannot place stands in `Plan.notes`. The same prompt always gives the same plan.
    """

    name = "grammar"

    def extract(self, prompt: str, source: PictureRef | None = None) -> Plan:
        """See `Extractor.extract`."""
        check_prompt(prompt)
        try:
            return build(prompt, read(prompt, source is not None), source)
        except InputError as error:
            return _unsplit(prompt, source, f"the prompt could not be split without contradiction: {error}")


def _unsplit(prompt: str, source: PictureRef | None, note: str) -> Plan:
    """The prompt as one command."""
    words = " ".join(prompt.split())[:500]
    atom = Atom(id="a1", tuple=("other", words), question=shows(words))
    command = Command(id="c1", operation=Operation.OTHER, text=words, atoms=(atom,))
    return Plan(prompt=prompt, source=source, commands=(command,), notes=(note,), extractor=GrammarExtractor.name)
