"""`GrammarExtractor`: reads English by rules; no model, no network, the same plan every time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from poser.experts.types import Atom, Command, Operation, Plan
from poser.extract.base import Extractor, check_prompt
from poser.extract.build import Builder
from poser.extract.describe import Describer
from poser.extract.edits import EditReader
from poser.extract.lettering import with_lettering
from poser.extract.pieces import Piece, pieces
from poser.extract.refer import Discourse
from poser.extract.scene import Scene
from poser.extract.tokens import Sentence, sentences
from poser.extract.words import FILLER

if TYPE_CHECKING:
    from poser.experts.picture import PictureRef


class GrammarExtractor(Extractor):
    """Decomposes a prompt sentence by sentence, clause by clause.

    Nouns, colours, places, styles … are those of `poser.experts.lexicon`; what is not in it stays as an unknown
    thing, as an "other" command or in the notes. English only.
    """

    name = "grammar"

    def extract(self, prompt: str, source: PictureRef | None = None) -> Plan:
        """The plan of a prompt; see `Extractor.extract`."""
        check_prompt(prompt)
        scene = Scene(source=source is not None)
        talk = Discourse(scene)
        describer = Describer(scene, talk)
        editor = EditReader(scene, talk, describer)
        for sentence in sentences(prompt):
            quoted = with_lettering(sentence)
            for clause in clauses(pieces(quoted)):
                if not editor.read(quoted, clause):
                    _describe(scene, describer, quoted, clause)
                talk.next_clause()
        commands, folded, notes = Builder(scene).build()
        said = [f"No check for: {words}" for words in scene.notes]
        if not commands:
            commands = (_whole_prompt(prompt),)
            said = ["Nothing was understood; the prompt is left whole to experts that read language."]
        return Plan(
            prompt=prompt,
            commands=commands,
            folded=folded,
            source=source,
            notes=tuple(dict.fromkeys((*notes, *said))),
            extractor=self.name,
        )


def clauses(row: Sequence[Piece]) -> list[list[Piece]]:
    """The pieces of a sentence cut before every further imperative and after "then"."""
    found: list[list[Piece]] = [[]]
    for piece in row:
        if piece.kind == "verb" and any(p.kind not in {"filler", "mark", "small", "link"} for p in found[-1]):
            moved: list[Piece] = []
            while found[-1] and found[-1][-1].is_word(
                "and", "then", ",", "but", "also", "now", "please", "to", "not", "or", "do"
            ):
                moved.insert(0, found[-1].pop())
            found.append(moved)
        elif piece.is_word("then") and any(p.kind not in {"filler", "mark"} for p in found[-1]):
            found.append([])
        found[-1].append(piece)
    return [clause for clause in found if clause]


def _describe(scene: Scene, describer: Describer, sentence: Sentence, clause: list[Piece]) -> None:
    """Read a clause as a description and keep what was not understood of it."""
    found = describer.read(sentence, clause)
    unknown = [words for words in dict.fromkeys(describer.unknown) if words and words not in FILLER]
    if not unknown:
        return
    if not found and any(piece.kind == "verb" for piece in clause):
        scene.other(sentence.words(clause[0].start, clause[-1].end))
    else:
        scene.notes.append(", ".join(unknown))


def _whole_prompt(prompt: str) -> Command:
    """A prompt in which nothing was understood, as one command."""
    words = " ".join(prompt.split())
    atom = Atom(id="a1", tuple=("other", words), question=f"Does the picture show this: {words}?")
    return Command(id="c1", operation=Operation.OTHER, text=words, atoms=(atom,))
