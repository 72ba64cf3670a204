"""Which things a phrase or a pronoun stands for: earlier ones, or a new one."""

from __future__ import annotations

from poser.experts.lexicon import Subject, format_subject
from poser.extract.phrases import phrase_at
from poser.extract.quantities import Phrase
from poser.extract.sketch import Item, Sign, Sketch, Thing
from poser.extract.tokens import Sentence
from poser.extract.vocabulary import colors, looks_plural, singular, sizes
from poser.extract.words import DEFINITE, POSSESSIVE, PRAISE, PRONOUNS, TEXT_CUES

_LETTERING_WORDS = TEXT_CUES | {"line", "letters", "all-caps"}
_LETTERED = {
    "bold",
    "block",
    "capital",
    "big",
    "large",
    "small",
    "fat",
    "thick",
    "clear",
    "plain",
    "same",
    "logo",
    "main",
}


MOST_ITEMS = 200
"""Groups of things, and pieces of lettering, that are kept; nobody draws more, and time stays bounded."""


class References:
    """Things said so far, by name.

    Attributes:
        sketch: what is understood.
        recent: items mentioned last, the latest at the end.
        anchor: what the current sentence compares others with ("above the crown A, below it B").
        group: the group of several mentioned last, of which "two are blue" speaks.
        past: the last comparison: relation, and what was compared with.
        later: this is not the first sentence.
        passed: adjectives of the phrases looked up that nothing was made of, each with its noun.
        draft: lettering announced whose words still come ("the title at the top reads …").
    """

    def __init__(self, sketch: Sketch) -> None:
        self.sketch = sketch
        self.recent: list[Item] = []
        self.anchor: list[Item] = []
        self.draft: Sign | None = None
        self.group: Thing | None = None
        self.later = False
        self.passed: dict[str, None] = {}
        self.past: tuple[str, list[Item]] = ("", [])

    def mention(self, items: list[Item]) -> None:
        """Remember items as the latest."""
        self.recent = [item for item in self.recent if item not in items][-7:] + items

    def find(self, p: Phrase) -> list[Thing]:
        """Earlier things that a phrase fits."""
        live = self.sketch.live()
        if lost := [word for word in p.passed if word not in PRAISE and not word.endswith("ly")]:
            self.passed[" ".join([*lost, p.said])] = None
        if p.noun:
            found = [thing for thing in live if thing.noun == p.noun]
            if not found and p.article == "the":
                found = self._by_tail(p)
        else:
            latest = [thing.noun for thing in self.recent if isinstance(thing, Thing) and not thing.gone]
            found = [thing for thing in live if latest and thing.noun == latest[-1]]
            if p.color and not any(thing.color == p.color for thing in found):
                colored = [thing for thing in live if thing.color == p.color]
                found = colored or found
        if p.color:
            found = [t for t in found if t.color == p.color] or [t for t in found if t.color is None and p.noun]
        if p.size:
            found = [t for t in found if t.size == p.size] or [t for t in found if t.size is None or not p.noun]
        if p.place:
            found = [t for t in found if _stands(t, p.place)] or found
        if not found and self.sketch.source and p.noun and p.article == "the":
            found = [self._in_source(p)]
        return found

    def _by_tail(self, p: Phrase) -> list[Thing]:
        """Things whose noun ends with the word said: "the king" for the chess king."""
        said = {p.said, singular(p.said), p.noun} - {""}
        if p.several:
            said |= {singular(word) for word in said}
        live = self.sketch.live()
        found = [t for t in live if t.noun.split()[-1] in said or (t.noun.split()[0] in said and " " in t.noun)]
        return found or [t for t in live if any(len(w) > 3 and t.noun.endswith(w) for w in said)]

    def _in_source(self, p: Phrase) -> Thing:
        """A thing that must stand in the source picture."""
        place = p.place
        size, color = p.size, p.color
        label = format_subject(Subject(p.noun, color, size, place))
        for thing in self.sketch.live():
            if thing.existing and thing.label == label:
                return thing
        count = p.count if p.several or p.counted else 1
        thing = Thing(p.noun, p.plural, p.known, p.out_of or count, p.several, label=label, existing=True)
        self.sketch.things.append(thing)
        return thing

    def new(self, p: Phrase, like: Thing | None = None) -> Thing:
        """Add the thing that a phrase describes; `like` gives the noun where the phrase says "one"."""
        noun, many, known = (like.noun, like.plural, like.known) if like else (p.noun, p.plural, p.known)
        thing = Thing(noun, many, known, p.count, p.at_least, p.color, p.size, pattern=p.pattern)
        thing.vague = p.article == "the" and not p.counted
        thing.more = self.sketch.source and p.article == "another" and like is None
        if len(self.sketch.things) >= MOST_ITEMS:
            self.sketch.note(f"more than {MOST_ITEMS} groups of things: the rest is left out.")
            thing.gone = True
            return thing
        self.sketch.things.append(thing)
        if not known:
            self.sketch.note(f"{noun!r} is no thing of the lexicon; only experts that read the words can draw it.")
        return thing

    def take(self, p: Phrase, again: bool = False, joined: bool = False) -> list[Thing]:
        """The things that a phrase in a description stands for.

        `again`: the phrase repeats what was said ("a medal: one large medal"); `joined`: "and" stands before it.
        """
        found = self.find(p)
        if not p.noun:
            return self._one(p, found, joined)
        if not p.known and p.article == "the" and not p.counted and not found:
            return []
        if found and p.one_of:
            return [self.split(found[0], p.count)]
        if found and p.article == "the":
            for thing in found:
                thing.color = thing.color or p.color
                thing.size = thing.size or p.size
            return found[-1:] if len(found) > 1 and not (p.several or p.color or p.size or p.place) else found
        if found and not p.article and not p.counted:
            if p.several and not (p.color or p.size):
                return found
            return [self._said_again(found[-1], p)]
        if found and not p.picks and (again or (len(found) == 1 and found[0].vague and p.counted)):
            return [self._said_again(found[-1], p)]
        return [self.new(p)]

    def _said_again(self, thing: Thing, p: Phrase) -> Thing:
        """The thing that a phrase speaks of once more, with what it adds: "robots … purple robots"."""
        thing.color, thing.size = p.color or thing.color, p.size or thing.size
        if p.counted:
            thing.count, thing.at_least, thing.vague = p.count, p.at_least, False
        return thing

    def _one(self, p: Phrase, found: list[Thing], joined: bool) -> list[Thing]:
        """What "another one", "a red one", "the second one" stand for."""
        if p.article == "the" or not p.counted:
            return found[-1:] if not p.several else found
        last = next((t for t in reversed(self.recent) if isinstance(t, Thing) and not t.gone), None)
        if last is None:
            return []
        rest = self.group
        plain = rest is not None and not (rest.gone or rest.color or rest.size)
        if p.article != "another" and rest is not None and plain and rest is not last and rest.noun == last.noun:
            last = rest  # "two cars, a red one and a blue one"
            if last.count <= p.count:
                self.group = None
                return [self.split(last, p.count, p.color, p.size)]
        agrees = not (last.color and p.color) and not (last.size and p.size)
        if p.article == "a" and not joined and last.count == p.count and agrees:
            return [self._said_again(last, p)]  # "a dragon! A green one"
        if p.article != "another" and last.count > p.count and not last.at_least:
            return [self.split(last, p.count, p.color, p.size)]
        return [self.new(p, last)]

    def split(self, thing: Thing, count: int, color: str | None = None, size: str | None = None) -> Thing:
        """Part a group: `count` of it become a group of their own with this colour and size."""
        if thing.count <= count or thing.existing or len(self.sketch.things) >= MOST_ITEMS:
            thing.color, thing.size = color or thing.color, size or thing.size
            return thing
        thing.count -= count
        part = Thing(thing.noun, thing.plural, thing.known, count, False, color or thing.color, size or thing.size,
                     list(thing.places), list(thing.relations), pattern=thing.pattern)  # fmt: skip
        self.sketch.things.insert(self.sketch.things.index(thing) + 1, part)
        for other in self.sketch.items():
            other.relations = [
                (name, (*of, part) if thing in of and name != "between" else of) for name, of in other.relations
            ]
        return part

    def pronoun(self, which: str, without: list[Item] | None = None) -> list[Item]:
        """What "it", "them", "both" or "everything" stand for, leaving out `without`."""
        out = without or []
        if which == "all":
            return [item for item in self.sketch.items() if _read(item) and item not in out]
        order: list[Item] = [item for item in self.recent if _read(item) and item not in out]
        anchored: list[Item] = [item for item in self.anchor if not item.gone and item not in out]
        if which == "it":
            pool = anchored or order
            single = [item for item in pool if isinstance(item, Sign) or item.count == 1]
            return (single or pool)[-1:]
        if which == "both":
            last = order[-1:]
            if last and isinstance(last[0], Thing) and last[0].count == 2:
                return last
            return order[-2:]
        pool = anchored if anchored and isinstance(anchored[-1], Thing) and anchored[-1].count > 1 else order
        several: list[Item] = [item for item in pool[-3:] if isinstance(item, Thing) and item.count > 1]
        return several[-1:] or pool[-2:]

    def target(self, s: Sentence, i: int, without: list[Item] | None = None) -> tuple[list[Item], int] | None:
        """The items named at i (of which something is said to stand left …), and the end."""
        if i < len(s) and s.tokens[i].kind == "quote":
            return [self.sign(s.tokens[i].raw)], i + 1
        word = s.word(i)
        if word in {"all", "both"} and s.word(i + 1) in {"of"} and s.word(i + 2) in PRONOUNS:
            i, word = i + 2, s.word(i + 2)
        if word in {"him", "her", "his"} or (word in PRONOUNS and phrase_at(s, i) is None):
            return self.pronoun(PRONOUNS.get(word, "it"), without), i + 1
        cue = self.cue(s, i)
        if cue is not None:
            end = cue[0]
            if end < len(s) and s.tokens[end].kind == "quote":
                return [self.sign(s.tokens[end].raw)], end + 1
            signs = self.sketch.lettering()
            return ([signs[-1]], end) if signs else None
        p = phrase_at(s, i)
        if p is None:
            p = self.short_name(s, i)
        if p is None:
            return None
        got: list[Item] = [*self.take(p)]
        if not got and p.noun and p.end - i == 2 and not s.word(p.end) and not self.later:
            got = [self.new(p)]  # "above the fence", of which nothing else is known
        return (got, p.end) if got else None

    def short_name(self, s: Sentence, i: int) -> Phrase | None:
        """Reads "the king" where a chess king is known: a definite phrase of a word that is no noun of the lexicon."""
        if s.word(i) not in DEFINITE | POSSESSIVE:
            return None
        word = s.word(i + 1)
        p = Phrase(i + 2, word, word, False, word, "the", several=looks_plural(word))
        return p if word and self._by_tail(p) else None

    def sign(self, text: str) -> Sign:
        """The piece of lettering with these words, which fills the announced one if there is any."""
        for sign in self.sketch.signs:
            if sign.text == text and not sign.gone:
                return sign
        if self.draft is not None:
            sign, self.draft = self.draft, None
            sign.text = text
            return sign
        sign = Sign(text)
        if len(self.sketch.signs) < MOST_ITEMS:
            self.sketch.signs.append(sign)
        return sign

    def cue(self, s: Sentence, i: int) -> tuple[int, str | None, str | None] | None:
        """Reads "the title", "yellow letters" at i as (end, colour, size), or None."""
        start = i
        if s.word(i) in DEFINITE | POSSESSIVE | {"a", "an"}:
            i += 1
        color = size = None
        for _ in range(4):
            hit = colors.at(s, i)
            sized = sizes.at(s, i)
            if hit is not None:
                color, i = hit
            elif sized is not None:
                size, i = sized[0] or None, sized[1]
            elif s.word(i) in _LETTERED:
                i += 1
            else:
                break
        if s.word(i) not in _LETTERING_WORDS:
            return None
        if s.word(i) == "line" and not s.quoted(start):
            return None
        while s.word(i + 1) in _LETTERING_WORDS:
            i += 1
        return i + 1, color, size


def _read(item: Item) -> bool:
    """Still there, and if it is lettering, its words are known."""
    return not item.gone and (isinstance(item, Thing) or bool(item.text))


def _stands(thing: Thing, place: str) -> bool:
    words = {"middle": "center"}.get(place, place)
    return any(words in name.split() for name in thing.places) or any(
        name == f"{place} of" for name, _ in thing.relations
    )
