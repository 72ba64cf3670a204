"""Subject phrases as items of a sketch, for the grammar's wording of instructions and questions."""

from __future__ import annotations

from collections.abc import Mapping

from poser.decompose.atoms import Statement
from poser.experts.lexicon import COLORS, SIZES, SUBJECT_PLACES, find_noun, is_lettering, parse_subject
from poser.extract.sketch import Item, Sign, Thing
from poser.extract.vocabulary import plural
from poser.extract.wording import (
    a,
    color_question,
    count_question,
    name,
    place_question,
    relation_question,
    size_question,
)


def item_named(phrase: str, counts: Mapping[str, str], existing: bool = False) -> Item:
    """The thing or lettering that a subject phrase names.

    Args:
        phrase: canonical, or as said.
        counts: subject phrase -> "3" or ">=3", for the plural.
        existing: it stands in the source picture.
    """
    if is_lettering(phrase):
        return Sign(phrase[1:-1], existing=existing)
    found = parse_subject(phrase)
    if found is not None:
        noun, color, size, known = found.noun, found.color, found.size, True
    else:
        words = phrase.split()
        while len(words) > 1 and (words[0] in COLORS or words[0] in SIZES or words[0] in SUBJECT_PLACES):
            words = words[1:]
        said = phrase.split()[: len(phrase.split()) - len(words)]
        noun, known = " ".join(words), False
        color = next((word for word in said if word in COLORS), None)
        size = next((word for word in said if word in SIZES), None)
    number = counts.get(phrase, "1")
    entry = find_noun(noun) if known else None
    return Thing(
        noun=noun,
        plural=plural(noun) if entry is None else entry.plural,
        known=known,
        count=max(1, int(number.removeprefix(">="))),
        at_least=number.startswith(">="),
        color=color,
        size=size,
        label=phrase,
        existing=existing,
    )


def question_of(statement: Statement, counts: Mapping[str, str]) -> str:
    """A question that the expected answer answers."""
    words, _ = statement
    match words[0]:
        case "entity":
            return f"Is there {a(words[1])}?"
        case "count" if words[2].removeprefix(">=").isdecimal() and int(words[2].removeprefix(">=")) > 0:
            return count_question(item_named(words[1], {words[1]: words[2]}))
        case "count":
            return f"Are there {words[2]} of: {words[1]}?"
        case "attribute" if words[1] == "color":
            return color_question(item_named(words[2], counts), words[3])
        case "attribute" if words[1] == "size":
            item = item_named(words[2], counts)
            item.size = words[3]
            return size_question(item)
        case "attribute":
            return f"Is the {words[1]} of the {words[2]} {words[3]}?"
        case "relation" if words[-1] == "canvas":
            return place_question(item_named(words[2], counts), words[1])
        case "relation":
            targets = tuple(item_named(target, counts) for target in words[3:])
            return relation_question(item_named(words[2], counts), words[1], targets)
        case "text":
            return f"Can {name(Sign(words[1]))} be read?" if words[1] else "Is there any lettering?"
        case "background":
            return f"Is the background {words[1]}?"
        case "style":
            return f"Is the picture in the style {words[1]}?"
        case _:
            return f"Does the picture show this: {words[1]}?"
