"""A whole prompt, sentence by sentence, into a sketch."""

from __future__ import annotations

from poser.extract.changes import LEAD
from poser.extract.clauses import Clauses
from poser.extract.edits import Editor
from poser.extract.references import References
from poser.extract.sketch import Sketch
from poser.extract.tokens import sentences
from poser.extract.vocabulary import noun_at
from poser.extract.words import INSTRUCTIONS, UNREMARKABLE

_MOST_DETAILS = 30

ENGLISH_ALONE = (
    "most words were not understood: the grammar reads English alone; a language model reads any language "
    "(--extractor llm, docs/critics-and-extractors.md)"
)


def read(prompt: str, source: bool = False) -> Sketch:
    """What a prompt says; with `source`, definite things are those of the source picture."""
    references = References(Sketch(source=source))
    editor = Editor(references)
    words = unknown = 0
    for sentence in sentences(prompt):
        i, before = 0, references.sketch.extent()
        while sentence.word(i) in LEAD and noun_at(sentence, i) is None:
            i += 1
        end = editor.edit(sentence, i)
        clauses = Clauses(references, editor, sentence)
        if end is not None:
            clauses.subject = references.recent[-1:]
        clauses.read(end or 0)
        references.draft = None
        references.later = True
        references.anchor = []
        unread = [each for each in clauses.unread if not set(each.lower().split()) <= UNREMARKABLE]
        words += sum(bool(sentence.word(k)) for k in range(len(sentence)))
        unknown += sum(len(each.split()) for each in unread)
        if unread and sentence.word(i) in INSTRUCTIONS and references.sketch.extent() == before:
            # an instruction of which nothing was understood: somebody who reads language may carry it out
            references.sketch.others.append(sentence.words(i, len(sentence)))
        if unread and len(unread) <= 30:
            references.sketch.note("not understood: " + ", ".join(dict.fromkeys(unread)))
    if unknown > words / 2:
        references.sketch.note(ENGLISH_ALONE)
    if references.passed:
        references.sketch.note("no command holds these details: " + ", ".join(list(references.passed)[:_MOST_DETAILS]))
    return references.sketch
