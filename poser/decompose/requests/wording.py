"""Words of the generator: names of things, numbers, colours, sizes, places, relations, backdrops, styles, lettering.

Tables by construct come in pairs where held-out phrasings have words of their own: those of training first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from poser.experts.lexicon import (
    BACKGROUND_WORDS,
    COLOR_WORDS,
    PLACE_WORDS,
    SIZE_WORDS,
    STYLE_WORDS,
    SUBJECT_PLACES,
    TONE_WORDS,
    find_noun,
    nouns,
    spellings,
)
from poser.extract.vocabulary import plural

Words = tuple[str, ...]
Pair = tuple[Words, Words]
"""Wordings of training, and held-out ones."""

HELD_OUT_NOUNS = 0.15
"""Share of the nouns, and of the lettering, that training never sees."""


_ONE_OF = 5
"""A small model learns a noun by meeting it often, so it gets one of so many."""


class Name(NamedTuple):
    """How a thing may be called: `noun` is canonical, `spellings` are (singular, plural), its own name first."""

    noun: str
    spellings: tuple[tuple[str, str], ...]


def held_out(word: str) -> bool:
    """Whether a noun or a lettering is kept out of training; a hash decides, so new nouns move no old one."""
    return int(hashlib.sha256(word.encode()).hexdigest()[:8], 16) / 2**32 < HELD_OUT_NOUNS


@cache
def names(kept: bool, few: bool = False) -> tuple[Name, ...]:
    """The things that requests speak of: with `kept` those kept out of training, else those of training.

    With `few` some forty of them, of short single words, and one other spelling at most.

    Left out are nouns that are alike in singular and plural ("fish"), and spellings that are a backdrop, a look, a
    colour, a size or a place as well ("mountains", "red apple", "old man").
    """
    found = []
    for noun in nouns():
        entry = find_noun(noun)
        if entry is None or entry.plural == noun or held_out(noun) != kept:
            continue
        own = (noun, entry.plural)
        if not (_plain(noun) and _plain(entry.plural)):
            continue
        known = spellings(noun)
        others = [(word, plural(word)) for word in known if word != noun and plural(word) in known]
        others = [pair for pair in others if pair != own and _plain(pair[0]) and len(pair[0].split()) < 3]
        if few and (" " in noun or len(noun) > 9):
            continue
        others = [pair for pair in others if " " not in pair[0]][:1] if few else others
        found.append(Name(noun, (own, *others)))
    return tuple(found[::_ONE_OF] if few and not kept else found)


def _plain(word: str) -> bool:
    taken = {**BACKGROUND_WORDS, **STYLE_WORDS, **TONE_WORDS}
    parts = {**COLOR_WORDS, **SIZE_WORDS, **SUBJECT_PLACES, **PLACE_WORDS, "old": "", "pair": "", "text": ""}
    return word not in taken and not any(part in parts for part in word.replace("-", " ").split())


@cache
def lettering(kept: bool) -> Words:
    """The lettering of training, or with `kept` that of held-out rows."""
    return tuple(words for words in _LETTERING if held_out(words) == kept)


_LETTERING = (
    "SALE", "OPEN", "CLOSED", "HELLO", "WELCOME", "THANK YOU", "NEW", "FREE", "EXIT", "STOP", "GO", "LOVE", "PEACE",
    "JAZZ", "SUMMER", "WINTER", "SPRING", "AUTUMN", "PARTY", "DANCE", "MUSIC", "NEWS", "TODAY", "TONIGHT", "2030",
    "COFFEE", "TEA TIME", "FRESH FISH", "Grand Opening", "Happy Birthday", "Save the Date", "Good Luck", "Bon Voyage",
    "Home Sweet Home", "Book Club", "Art Fair", "Farm Shop", "City Run", "Night Bus", "Room 42", "Gate 7", "Track 9",
    "50% OFF", "Mind the Gap", "Keep Out", "No Parking", "Wet Paint", "Lost and Found", "Made with Love", "Be Kind",
    "Dream Big", "Stay Curious", "Game Over", "Level Up", "Hot Soup", "Ice Cold", "Fun Fair", "Film Night", "Quiz",
    "Vote", "Yes", "Why not", "Up and Away", "Sold", "To Let", "Bakery", "Garage", "Library", "Museum Night", "Chess",
)  # fmt: skip

NUMBERS: Mapping[int, Pair] = {
    1: (("a",) * 6 + ("one", "a single"), ("a",) * 6 + ("just one",)),
    2: (("two", "two", "2", "a pair of", "a couple of"), ("two", "2", "exactly two")),
    3: (("three", "three", "3"), ("three", "3", "a group of three")),
    4: (("four", "four", "4"), ("four", "4", "a group of four")),
    5: (("five", "five", "5"), ("five", "5", "exactly five")),
    6: (("six", "6", "half a dozen"), ("six", "exactly six")),
}

COLORS: Mapping[str, Words] = {
    "black": ("jet black",), "white": ("snow white", "ivory"), "gray": ("grey", "silver"),
    "red": ("crimson", "scarlet", "ruby"), "orange": ("tangerine",), "yellow": ("golden", "lemon yellow"),
    "green": ("emerald", "dark green", "mint green"), "blue": ("navy", "turquoise", "sky blue", "dark blue"),
    "purple": ("violet", "lilac"), "pink": ("hot pink", "rose pink"), "brown": ("beige", "chocolate brown"),
}  # fmt: skip
"""Other words for colours; they stand in all splits."""

SIZES: Mapping[str, Words] = {"small": ("tiny", "little"), "large": ("big", "huge", "giant")}

RELATIONS: Mapping[str, Pair] = {
    "left of": (
        ("to the left of {}", "left of {}", "on the left of {}"),
        ("on the left-hand side of {}", "just left of {}"),
    ),
    "right of": (
        ("to the right of {}", "right of {}", "on the right of {}"),
        ("on the right-hand side of {}", "just right of {}"),
    ),
    "above": (("above {}", "over {}", "higher than {}"), ("right above {}", "somewhere over {}")),
    "below": (("below {}", "under {}", "beneath {}"), ("right below {}", "lower down than {}")),
    "next to": (("next to {}", "beside {}", "near {}", "close to {}"), ("right beside {}", "side by side with {}")),
    "between": (
        ("between {} and {}", "in between {} and {}"),
        ("halfway between {} and {}", "with {} on one side and {} on the other"),
    ),
}  # fmt: skip

PLACES: Mapping[str, Pair] = {
    "left": (
        ("on the left", "on the left side", "at the left edge"),
        ("over on the left-hand side", "along the left border"),
    ),
    "right": (
        ("on the right", "on the right side", "at the right edge"),
        ("over on the right-hand side", "along the right border"),
    ),
    "top": (
        ("at the top", "in the upper part", "at the top edge"),
        ("all the way up at the top", "along the upper border"),
    ),
    "bottom": (
        ("at the bottom", "in the lower part", "at the bottom edge"),
        ("all the way down at the bottom", "along the lower border"),
    ),
    "center": (("in the center", "in the middle", "in the centre"), ("right in the middle", "at the very center")),
    **{
        f"{edge} {side}": (
            (
                *(f"in the {edge} {side}", f"in the {edge} {side} corner"),
                *(f"at the {edge} {side}", f"in the {other} {side} corner"),
            ),
            (f"tucked into the {edge} {side} corner", f"over in the {other} {side}"),
        )
        for edge, other in (("top", "upper"), ("bottom", "lower"))
        for side in ("left", "right")
    },
}  # fmt: skip

BACKDROPS: Mapping[str, Words] = {
    "sky": ("a blue sky", "the open sky", "a clear sky"), "night": ("a starry night sky", "the night sky"),
    "sunset": ("a sunset", "an evening sky"), "sea": ("the sea", "the ocean"), "beach": ("a beach", "a sandy beach"),
    "meadow": ("a meadow", "a grassy field", "a green meadow"), "desert": ("a desert", "sand dunes"),
    "snow": ("a snowy landscape", "snow"), "mountains": ("mountains", "a mountain range"),
    "forest": ("a forest", "the woods"), "city": ("a city street", "a city skyline"),
    "space": ("outer space", "a galaxy"), "underwater": ("an underwater scene", "a coral reef"),
    "room": ("a living room", "a cozy room"),
}  # fmt: skip
"""Painted scenes as people call them; a plain one is "plain" and its colour."""

STYLES: Mapping[str, tuple[Words, Words]] = {
    "watercolor": (("watercolor", "watercolour"), ("a watercolor", "a watercolor painting")),
    "oil painting": (("oil painting",), ("an oil painting", "an oil painting on canvas")),
    "pencil sketch": (("pencil sketch", "hand-drawn"), ("a pencil sketch", "a pencil drawing")),
    "pixel art": (("pixel art", "8-bit"), ("pixel art", "a pixel art image")),
    "mosaic": (("mosaic",), ("a mosaic", "a tile mosaic")),
    "comic": (("comic", "comic book"), ("a comic", "a comic strip")),
    "vintage": (("vintage", "retro"), ("a vintage photo", "an old photograph")),
    "poster": (("poster",), ("a poster", "a travel poster")),
    "chalk": (("chalk",), ("a chalk drawing",)),
    "cross-stitch": (("cross-stitch", "embroidery"), ("a cross-stitch", "needlework")),
}
"""Style -> adjectives, and what a picture in that style is."""

TONES: Mapping[str, Words] = {
    "darker": ("darker", "gloomier", "dimmer"), "brighter": ("brighter", "lighter", "sunnier"),
    "warmer": ("warmer",), "cooler": ("cooler", "colder"), "more contrast": ("punchier", "higher in contrast"),
    "faded": ("faded", "washed out", "muted"),
}  # fmt: skip

QUOTES = (('"', '"'), ('"', '"'), ('"', '"'), ("“", "”"), ("'", "'"))
