"""Verbs of descriptive prose and their forms."""

from __future__ import annotations

from functools import cache

from poser.extract.prose.word_lists import WORDS

_STANDING = WORDS["verbs_of_standing"]
_ACTING = WORDS["verbs_of_acting"]
#: What they are about is told by no picture of their objects: "adding a sense of calm", "suggesting a storm".
ABSTRACT_VERBS = WORDS["verbs_of_effect"]
_IRREGULAR: dict[str, tuple[str, str]] = {
    word: (base, form)
    for base, form, words in (
        ("make", "ed", "made"), ("wear", "ed", "worn"), ("see", "ed", "seen"), ("hang", "ed", "hung"),
        ("set", "ed", "set"),
        ("light", "ed", "lit"), ("build", "ed", "built"), ("draw", "ed", "drawn"), ("write", "ed", "written"),
        ("weave", "ed", "woven"), ("tear", "ed", "torn"), ("break", "ed", "broken"), ("freeze", "ed", "frozen"),
        ("hide", "ed", "hidden"), ("grow", "ed", "grown"), ("throw", "ed", "thrown"), ("show", "ed", "shown"),
        ("hold", "ed", "held"), ("bind", "ed", "bound"), ("spread", "ed", "spread"), ("cut", "ed", "cut"),
        ("lay", "ed", "laid"), ("strew", "ed", "strewn"), ("catch", "ed", "caught"), ("keep", "ed", "kept"),
        ("bend", "ed", "bent"), ("spin", "ed", "spun"), ("wind", "ed", "wound"), ("fall", "ed", "fallen"),
        ("find", "ed", "found"), ("lie", "ing", "lying"), ("tie", "ing", "tying"), ("stand", "ed", "stood"),
        ("inlay", "ed", "inlaid"), ("shape", "ed", "misshapen"), ("sit", "ed", "sat"), ("take", "ed", "taken"),
        ("give", "ed", "given"), ("have", "s", "boasts"), ("ride", "ed", "ridden"), ("blow", "ed", "blown"),
    )
    for word in words.split()
}  # fmt: skip
#: Nouns although they look like a participle.
NOT_PARTICIPLES = WORDS["not_participles"]


@cache
def forms() -> dict[str, tuple[str, str]]:
    """Word -> (base, form): "base", "s", "ing" or "ed"."""
    table: dict[str, tuple[str, str]] = {}
    for base in sorted(_STANDING | _ACTING | ABSTRACT_VERBS):
        stem = base[:-1] if base.endswith("e") and not base.endswith(("ee", "ye")) else base
        doubled = base + base[-1] if _doubles(base) else stem
        ys = base[:-1] + "i" if base.endswith("y") and base[-2] not in "aeou" else None
        table.setdefault(base, (base, "base"))
        plural = f"{ys}es" if ys else base + ("es" if base.endswith(("s", "x", "ch", "sh", "z")) else "s")
        table.setdefault(plural, (base, "s"))
        table.setdefault(doubled + "ing", (base, "ing"))
        table.setdefault(f"{ys or doubled}ed", (base, "ed"))
    return table | _IRREGULAR


def _doubles(base: str) -> bool:
    vowels = "aeiou"
    if base in {"begin", "equip", "emit"}:
        return True
    return (
        len(base) in (3, 4)
        and base[-1] not in vowels + "wxy"
        and base[-2] in vowels
        and base[-3] not in vowels
        and base not in {"open"}
    )


def verb_form(word: str) -> tuple[str, str] | None:
    """Base and form of a word that may be a verb; participles also of verbs that are in no list."""
    known = forms().get(word)
    if known is not None:
        return known
    if word in NOT_PARTICIPLES or len(word) < 5:
        return None
    tail = word.rsplit("-", 1)[-1]
    if tail != word and tail in forms():
        return forms()[tail]
    if word.endswith("ing"):
        return word[:-3], "ing"
    return (word[:-2], "ed") if word.endswith("ed") and not word.endswith("eed") else None


#: Verbs whose base and -s form are as often nouns.
NOUNS_TOO = WORDS["verbs_that_are_nouns"]

#: Verbs whose objects stand in a relation that a picture shows.
RELATING = _ACTING - ABSTRACT_VERBS - WORDS["verbs_without_relation"]

#: Verbs with an object.
TRANSITIVE = _ACTING | ABSTRACT_VERBS

#: Participles before "by", "with", "in" that name a relation that a picture shows.
JOINING = WORDS["verbs_of_joining"]
#: States that a picture shows; "stand", "rest" and the like are told by the relation that follows.
UNREMARKABLE = WORDS["verbs_without_state"]


@cache
def ing_form(base: str) -> str:
    """The -ing form of a base."""
    for word, (of, form) in (*_IRREGULAR.items(), *forms().items()):
        if of == base and form == "ing":
            return word
    return f"{base}ing"
