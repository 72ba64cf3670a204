"""Studio pictures with known truth: what holds of each and, as often, what does not, for measuring critics.

A picture is painted from groups of things laid out by the studio, so where everything is, is known. For every
statement that holds there is one of its kind that does not, made by changing colour, noun, number, size, relation,
place, backdrop, look or lettering; some of both are turned round ("there is no car"). A statement whose truth hangs on
less than `CLEAR` of the canvas is not asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from poser.critics.letters import folded, without_accents
from poser.critics.relations import Box, place_margin, relation_margin
from poser.experts import lexicon
from poser.experts.picture import Picture
from poser.experts.studio.layout import lay_out
from poser.experts.studio.painter import Placed, Scene, apply_tone, paint
from poser.experts.studio.scene import Group
from poser.experts.types import Atom

CLEAR = 0.02  #: in shares of the canvas
NEGATED = 0.2  #: share of the statements about things that are turned round
LETTERED = 0.5  #: share of the pictures with lettering
SIZES = ((768, 768), (512, 512), (1024, 1024), (1024, 768), (640, 896))
KINDS = ("entity", "color", "size", "count", "relation", "place", "text", "background", "style", "tone")
"""Kinds of statements that are reported apart; colour and size are attributes, places are relations to the canvas,
tones are styles."""

LETTERINGS = (
    "SALE 50%", "Hello, world!", "Happy Birthday", "Open 9-18", "NEW", "Up & away?", "Grand Opening this Saturday",
    "Café Zürich", "Crème brûlée 3,50 €", "ПРИВЕТ", "Добро пожаловать", "Καλημέρα κόσμε", "Fresh bread", "Room 42",
    "Closed today", "Best of 2024", "Mind the gap", "The quick brown fox jumps over the lazy dog near the river",
)  # fmt: skip


class Look(NamedTuple):
    """Picture-wide style and tone; None = none."""

    style: str | None = None
    tone: str | None = None

    @property
    def name(self) -> str:
        """In words; "clean" without both."""
        return ", ".join(word for word in self if word) or "clean"


LOOKS = (Look(), *(Look(style=style) for style in lexicon.STYLES), *(Look(tone=tone) for tone in lexicon.TONES))


class Statement(NamedTuple):
    """An atom of one of `KINDS`, and whether it holds as expected (with the answer "no": that the thing is absent)."""

    kind: str
    atom: Atom
    holds: bool


class KnownPicture(NamedTuple):
    """A picture, how it looks, and what holds of it and what does not."""

    picture: Picture
    look: Look
    statements: tuple[Statement, ...]


_Pair = tuple[str, tuple[str, ...], tuple[str, ...]]
"""Kind, words that hold, words that do not."""


def known_pictures(
    count: int, seed: int, *, clean: float = 0.4, statements: int | None = None
) -> Iterator[KnownPicture]:
    """So many pictures, the same for a seed: a share of them clean, the others under every style and tone in turn.

    Args:
        count: of the pictures.
        seed: of the first; pictures of seeds further apart than `count` have nothing in common.
        clean: share without style and tone.
        statements: most of each picture, drawn by chance in pairs of one that holds and one that does not; None = all.
    """
    plain = round(clean * count)
    for number in range(count):
        look = LOOKS[0] if number < plain else LOOKS[1 + (number - plain) % (len(LOOKS) - 1)]
        yield known_picture(seed + number, look, statements=statements)


def known_picture(seed: int, look: Look = LOOKS[0], *, statements: int | None = None) -> KnownPicture:
    """One picture of two to five groups of things, and lettering in half of them; see `known_pictures`."""
    rng = np.random.default_rng([37, seed])
    width, height = SIZES[int(rng.integers(len(SIZES)))]
    text = str(rng.choice(LETTERINGS)) if rng.random() < LETTERED else None
    layout = lay_out(_groups(rng, text), width, height, rng)
    backdrop = str(rng.choice(lexicon.BACKGROUNDS))
    placed = tuple(thing for _, thing in layout.things)
    letterings = tuple(lettering for _, lettering in layout.letterings)
    canvas = paint(Scene(backdrop, placed, letterings, look.style), width, height, seed)
    if look.tone is not None:
        canvas = apply_tone(canvas, look.tone)
    pairs = [*_of_things(placed, rng), *_of_single_ones(placed, width, height, rng)]
    pairs.append(_of_lettering(letterings[0].text if letterings else None, rng))
    pairs.append(("background", ("background", backdrop), ("background", _other(lexicon.BACKGROUNDS, {backdrop}, rng))))
    if statements is not None:
        pairs = [pairs[k] for k in rng.permutation(len(pairs))[: max(1, statements // 2)]]
    asked = [_asked(pair, holds, rng) for pair in pairs for holds in (True, False)]
    if statements is None:
        asked += [*_of_look("style", look.style, lexicon.STYLES, rng), *_of_look("tone", look.tone, lexicon.TONES, rng)]
    named = (s._replace(atom=s.atom.model_copy(update={"id": f"a{k}"})) for k, s in enumerate(asked, 1))
    return KnownPicture(Picture(canvas), look, tuple(named))


def _groups(rng: np.random.Generator, text: str | None) -> list[Group]:
    colors = tuple(lexicon.COLORS)
    groups: list[Group] = []
    for noun in rng.choice(lexicon.nouns(), size=int(rng.integers(2, 5)), replace=False).tolist():
        # now and then two groups of one noun, which only their colours tell apart
        for color in rng.choice(colors, size=2 if rng.random() < 0.2 else 1, replace=False).tolist():
            size = [None, None, "small", "large"][int(rng.integers(4))]
            groups.append(Group(noun, color, size, int(rng.choice((1, 1, 1, 2, 3, 4)))))
    return groups if text is None else [*groups, Group(f'"{text}"', str(rng.choice(colors)))]


def _of_things(placed: Sequence[Placed], rng: np.random.Generator) -> Iterator[_Pair]:
    """Things, colours, numbers and sizes."""
    numbers = Counter((thing.noun, thing.color) for thing in placed)
    nouns = {noun for noun, _ in numbers}
    for (noun, color), number in numbers.items():
        own = {other for same, other in numbers if same == noun}
        wrong_noun, wrong_color = _other(lexicon.nouns(), nouns, rng), _other(tuple(lexicon.COLORS), own, rng)
        wrong = f"{color} {wrong_noun}" if rng.random() < 0.5 else f"{wrong_color} {noun}"
        yield "entity", ("entity", f"{color} {noun}"), ("entity", wrong)
        phrase = noun if len(own) == 1 else f"{color} {noun}"
        off = max(1, number + int(rng.choice((-1, 1)))) if number > 1 else 2
        if rng.random() < 0.2:
            yield "count", ("count", phrase, f">={number}"), ("count", phrase, f">={number + 1}")
        else:
            yield "count", ("count", phrase, str(number)), ("count", phrase, str(off))
        if len(own) > 1:
            continue
        yield "color", ("attribute", "color", noun, color), ("attribute", "color", noun, wrong_color)
        extents = [thing.extent for thing in placed if thing.noun == noun]
        small, large = lexicon.SIZE_EXTENT["small"][1], lexicon.SIZE_EXTENT["large"][0]
        sizes = [("attribute", "size", noun, "small"), ("attribute", "size", noun, "large")]
        if max(extents) < small - CLEAR / 2:
            yield "size", sizes[0], sizes[1]
        elif min(extents) > large + CLEAR / 2:
            yield "size", sizes[1], sizes[0]


def _of_single_ones(placed: Sequence[Placed], width: int, height: int, rng: np.random.Generator) -> Iterator[_Pair]:
    """Places and relations of things that are there once."""
    numbers = Counter(thing.noun for thing in placed)
    single = [thing for thing in placed if numbers[thing.noun] == 1]
    boxes = {thing: _box(thing, width, height) for thing in single}
    for thing in single:
        margins = {place: place_margin(place, boxes[thing]) for place in lexicon.PLACES}
        yield from _clear_pair("place", margins, (thing.noun, "canvas"), rng)
    directed = [relation for relation in lexicon.RELATIONS if relation != "between"]
    for one, other in combinations(single, 2):
        margins = {name: relation_margin(name, boxes[one], boxes[other], width, height) for name in directed}
        yield from _clear_pair("relation", margins, (one.noun, other.noun), rng)


def _clear_pair(
    kind: str, margins: Mapping[str, float], nouns: tuple[str, str], rng: np.random.Generator
) -> Iterator[_Pair]:
    true = [name for name, margin in margins.items() if margin > CLEAR]
    false = [name for name, margin in margins.items() if margin < -CLEAR]
    if true and false:
        yield kind, ("relation", str(rng.choice(true)), *nouns), ("relation", str(rng.choice(false)), *nouns)


def _box(thing: Placed, width: int, height: int) -> Box:
    rows, columns = lexicon.glyph_mask(thing.noun, 200).shape
    short = thing.extent * min(width, height)
    wide, high = short * columns / 400 / width, short * rows / 400 / height
    return Box(thing.cx - wide, thing.cy - high, thing.cx + wide, thing.cy + high)


def _of_lettering(text: str | None, rng: np.random.Generator) -> _Pair:
    if text is not None:
        return "text", ("text", text), ("text", _misspelt(text, rng))
    # turned round by `_asked`: that there is no lettering holds
    return "text", ("text", ""), ("text", str(rng.choice(LETTERINGS)))


def _misspelt(text: str, rng: np.random.Generator) -> str:
    """The text with one word less or one letter replaced, so that it is another one also without accents and case."""
    words = text.split()
    if len(words) > 1 and rng.random() < 0.5:
        del words[int(rng.integers(len(words)))]
        return " ".join(words)
    bare = without_accents(text).casefold()
    while True:
        at = int(rng.integers(len(text)))
        changed = text[:at] + str(rng.choice(list("abdeghkmnprstuwxz"))) + text[at + 1 :]
        if text[at].isalnum() and folded(changed) != folded(text) and without_accents(changed).casefold() != bare:
            return changed.upper() if text.isupper() else changed


def _asked(pair: _Pair, holds: bool, rng: np.random.Generator) -> Statement:
    kind, true, false = pair
    words = true if holds else false
    empty = words == ("text", "")
    negated = empty or (kind == "entity" and rng.random() < NEGATED)
    # a turned statement holds where the thing is absent, so it takes the other words of the pair
    if negated and not empty:
        words = false if holds else true
    answer = "no" if negated else words[2] if kind == "count" else words[1] if kind == "text" else "yes"
    return Statement(kind, Atom(id="a", tuple=words, question=question(words), answer=answer), holds)


def _of_look(kind: str, name: str | None, words: Sequence[str], rng: np.random.Generator) -> Iterator[Statement]:
    wrong = ("style", _other(words, {name or ""}, rng))
    yield Statement(kind, Atom(id="a", tuple=wrong, question=question(wrong)), False)
    # where there is none, it holds that another one is not there
    true = ("style", name or _other(words, {wrong[1]}, rng))
    answer = "yes" if name else "no"
    yield Statement(kind, Atom(id="a", tuple=true, question=question(true), answer=answer), True)


def question(words: Sequence[str]) -> str:
    """An atom's tuple as a question in English, for critics that read."""
    kind, *rest = words
    if kind == "entity":
        return f"Is there a {rest[0]}?"
    if kind == "attribute":
        return f"Is every {rest[1]} {rest[2]}?"
    if kind == "count":
        least = "at least " if rest[1].startswith(">=") else "exactly "
        return f"Are there {least}{rest[1].removeprefix('>=')} of: {rest[0]}?"
    if kind == "relation":
        where = f"at the {rest[0]} of the picture" if rest[2] == "canvas" else f"{rest[0]} the {rest[2]}"
        return f"Is every {rest[1]} {where}?"
    if kind == "text":
        return f'Does the lettering read "{rest[0]}"?' if rest[0] else "Is there any lettering?"
    return f"Is the background {rest[0]}?" if kind == "background" else f"Is the whole picture in the look {rest[0]!r}?"


def _other(words: Sequence[str], but: set[str], rng: np.random.Generator) -> str:
    return str(rng.choice([word for word in words if word not in but]))
