"""Word classes of descriptive prose: what a tagger without a model has to know."""

from __future__ import annotations

import tomllib
from pathlib import Path

from poser.experts.words import COLOR_WORDS, SIZE_WORDS
from poser.extract.vocabulary import singular
from poser.extract.words import word_set

_FILE = Path(__file__).parent / "data" / "words.toml"
#: Open word classes, see the file's remarks.
WORDS: dict[str, frozenset[str]] = {
    name: word_set(words) for name, words in tomllib.loads(_FILE.read_text(encoding="utf-8")).items()
}

DETERMINERS = word_set("a an the this that these those each every some any both another all several many few various "
                       "numerous multiple no either neither such countless")  # fmt: skip
POSSESSIVES = word_set("its his her their my your our whose")
PRONOUNS = word_set("it they he she them him itself themselves himself herself i we you us me everything nothing "
                    "something anything everyone someone one others")  # fmt: skip
BE = word_set("is are was were be been being")
AUXILIARIES = word_set("can could will would may might must should shall do does did has have had not")
RELATIVES = word_set("which that who where whose")
CONJUNCTIONS = word_set(
    "and or but while whereas yet nor plus as if though although because so when than unless whether after before once"
)
ADVERBS = WORDS["adverbs"]
#: Not adverbs although they end in -ly.
LY_ADJECTIVES = WORDS["ly_adjectives"]

#: Single prepositions and what they say of two things; "" says nothing that a picture shows.
PREPOSITIONS: dict[str, str] = {
    word: relation
    for relation, words in {
        "above": "on upon atop over above onto",
        "below": "under below beneath underneath",
        "next to": "beside near by alongside nearby",
        "in": "in inside within",
        "among": "among amid amidst amongst",
        **{word: word for word in sorted(word_set("behind through against around across along into between at"))},
        "": "of to for from with without like during until since despite via per off about as toward towards beyond "
            "throughout past outside",
    }.items()
    for word in words.split()
}  # fmt: skip
#: Prepositions of several words, longest first where one begins another.
LONG_PREPOSITIONS: dict[tuple[str, ...], str] = {
    tuple(phrase.split()): relation
    for relation, phrases in {
        "above": "on top of, perched atop, over the top of",
        "in front of": "in front of, directly in front of, against a backdrop of, against the backdrop of, "
                       "against a background of, with a backdrop of, in front of a backdrop of",
        "behind": "in back of, at the back of",
        "next to": "next to, close to, adjacent to, by the side of, at the side of, to the side of, side by side with, "
                   "at the edge of, to one side of, on the side of, to the sides of",
        "left of": "to the left of, on the left of, on the left side of",
        "right of": "to the right of, on the right of, on the right side of",
        "in": "in the middle of, in the center of, in the centre of, inside of, in the midst of, at the center of, "
              "in the heart of",
        "below": "at the foot of, at the base of",
        "around": "around the base of, all around, on either side of, on both sides of",
    }.items()
    for phrase in phrases.split(", ")
}  # fmt: skip
#: Places of the picture, as said -> as the atom says them.
CANVAS: dict[tuple[str, ...], str] = {
    tuple(phrase.split()): place
    for place, phrases in {
        "background": "in the background, in the far background, in the distance, in the backdrop",
        "foreground": "in the foreground",
        "center": "in the center, in the centre, in the middle, at the center, at the centre",
        "left": "on the left, to the left, on the left side, on the left-hand side, on the far left",
        "right": "on the right, to the right, on the right side, on the right-hand side, on the far right",
        "top": "at the top", "bottom": "at the bottom",
    }.items()
    for phrase in phrases.split(", ")
}  # fmt: skip

#: Nouns of amount and arrangement: "a row of bins" is about bins.
COLLECTIVES = WORDS["collectives"]
#: Of these the thing that holds them is told too.
HOLDERS = WORDS["holders"]
NUMBERED = {"pair": (2, False), "couple": (2, False), "duo": (2, False), "trio": (3, False), "quartet": (4, False)}

#: Nouns that no picture shows as a thing of its own.
ABSTRACT = WORDS["abstract"]
_ABSTRACT_ENDINGS = ("ness", "ity", "tion", "sion", "ism", "ship", "hood", "ance", "ence", "ment", "dom")
#: Things although they end like abstract nouns.
CONCRETE = WORDS["concrete"]

MATERIALS = WORDS["materials"]
TEXTURES = WORDS["textures"]
SHAPES = WORDS["shapes"]
SIZES = WORDS["sizes"] | frozenset(word for word in SIZE_WORDS if " " not in word)
ADJECTIVES = WORDS["adjectives"] | frozenset(word for word in COLOR_WORDS if " " not in word)
_ADJECTIVE_ENDINGS = (
    "ional", "ural", "ical", "ental", "ful", "ous", "ive", "less", "ish", "able", "ible", "ular", "esque", "like",
    "shaped", "sized", "colored", "coloured", "style", "themed", "inspired", "looking", "ic",
)  # fmt: skip
_NOT_ADJECTIVES = WORDS["not_adjectives"]


#: Adjectives that stand alone as nouns.
AS_NOUNS = WORDS["as_nouns"]


#: Adjectives that tell nothing of what a picture shows.
EMPTY = WORDS["empty"]

#: Nouns of masses that need no article.
MASS = WORDS["mass"]


def is_adjective(word: str) -> bool:
    """True for a word that describes rather than names."""
    if word in ADJECTIVES or word in MATERIALS or word in TEXTURES or word in SHAPES or word in SIZES:
        return True
    return word not in _NOT_ADJECTIVES and len(word) > 5 and word.endswith(_ADJECTIVE_ENDINGS)


def is_abstract(word: str) -> bool:
    """True for a noun that names nothing to be seen by itself."""
    if word in CONCRETE or word in {"edges", "corners", "figures", "works"}:
        return False
    if word in ABSTRACT or singular(word) in ABSTRACT or (word.startswith("mid-") and len(word) < 14):
        return True
    stem = word.removesuffix("s") if not word.endswith("ss") else word
    return word not in CONCRETE and len(stem) > 6 and stem.endswith(_ABSTRACT_ENDINGS)


def kind_of(word: str) -> str:
    """What an adjective tells of a thing: "color", "size", "material", "texture", "shape" or "other"."""
    if word in COLOR_WORDS and word not in {"metallic", "rusty", "snowy", "ash"}:
        return "color"
    if word in MATERIALS:
        return "material"
    if word in TEXTURES:
        return "texture"
    if word in SHAPES or word.endswith("shaped"):
        return "shape"
    return "size" if word in SIZES or word.endswith("sized") else "other"
