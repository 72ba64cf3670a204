"""English for commands and questions."""

from __future__ import annotations

from poser.experts.lexicon import COLORS, find_noun
from poser.extract.amounts import Amount
from poser.extract.naming import Group
from poser.extract.scene import Thing
from poser.extract.vocabulary import is_plural, plural

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_AT_PLACE = {
    "left": "on the left", "right": "on the right", "top": "at the top", "bottom": "at the bottom",
    "center": "in the center",
}  # fmt: skip


def number_word(number: int) -> str:
    """Of “two” for 2; digits above twelve."""
    return _NUMBERS[number] if 0 <= number < len(_NUMBERS) else str(number)


def article(words: str) -> str:
    """The words with "a" or "an" before them."""
    return f"an {words}" if words[:1].lower() in set("aeiou") else f"a {words}"


def at_place(place: str) -> str:
    """Of “in the top left corner”, “at the bottom”."""
    return _AT_PLACE.get(place, f"in the {place} corner")


def noun_words(thing: Thing, many: bool) -> str:
    """The noun of a thing as the user said it, in the number wanted."""
    if thing.text is not None:
        return f'the words "{thing.text}"' if " " in thing.text else f'the word "{thing.text}"'
    said = thing.said or thing.noun
    noun = find_noun(said)
    if noun is None:
        return plural(thing.noun) if many else thing.noun
    if many == is_plural(noun, said):
        return said
    if many:
        return plural(said) if said != noun.name else noun.plural
    # said in the plural, one of them wanted
    for ending, instead in (("ies", "y"), ("ses", "s"), ("xes", "x"), ("ches", "ch"), ("shes", "sh"), ("s", "")):
        shorter = said.removesuffix(ending) + instead
        if said.endswith(ending) and (found := find_noun(shorter)) is not None and found.name == noun.name:
            return shorter
    return noun.name


def label(group: Group, many: bool | None = None) -> str:
    """The group's name with the user's own noun ("blue birds")."""
    thing = group.first
    if thing.text is not None:
        return noun_words(thing, False)
    several = thing.many if many is None else many
    s = group.subject
    return " ".join(filter(None, (s.place, s.size, s.color, noun_words(thing, several))))


def the(group: Group) -> str:
    """The group with its article ("the blue birds")."""
    return label(group) if group.first.text is not None else f"the {label(group)}"


def one_of(group: Group) -> str:
    """A singular mention for questions on entities ("a blue bird")."""
    return article(label(group, False))


def things_words(thing: Thing, count: Amount | None, extra: str = "") -> str:
    """A group in full: number, qualities, noun ("two small wooden blue cars")."""
    many = thing.plural if count is None else (count.number > 1 or count.at_least)
    looks = [extra, thing.size, *thing.modifiers, thing.color, noun_words(thing, many)]
    words = " ".join(word for word in looks if word)
    if count is None:
        return words
    if count.at_least:
        if count.number <= 1:
            return f"one or more {words}"
        return f"{'some' if count.number == 2 else f'at least {number_word(count.number)}'} {words}"
    return article(words) if count.number == 1 else f"{number_word(count.number)} {words}"


def relation_words(name: str, targets: list[str]) -> str:
    """Of “left of the tree”, “between the tree and the house”, “in the top left corner”."""
    if not targets:
        return at_place(name)
    if name == "between":
        pair = targets[:2]
        return f"between {pair[0]}" if len(set(pair)) == 1 else f"between {pair[0]} and {pair[1]}"
    return f"{'to the ' if name in {'left of', 'right of'} else ''}{name} {targets[0]}"


def backdrop_words(value: str, words: str) -> str:
    """What a backdrop is called in a command."""
    if not value:
        return words
    return f"plain {value}" if value in COLORS and words in {value, ""} else words or value
