"""A short notation for what a plan should say, so that hundreds of prompts can be compared at a glance.

Items are separated by ";":

    car=2:red~large<left of tree><between tree & house>@top left   things: count, colour, size, relations, place
    car!red                                                        must not be red
    "SALE":red@top                                                 lettering
    no person / no "" / bg beach / style comic / tone warmer / other
"""

from __future__ import annotations

import re

from poser.experts.types import Atom, Plan

_ITEM = re.compile(r'^(?P<name>"[^"]*"|[^=:~<@!]+)(?P<rest>.*)$')
_PART = re.compile(
    r"=(?P<count>[>=\d]+)|:(?P<color>\w+)|~(?P<size>\w+)|<(?P<rel>[^>]+)>|@(?P<place>[a-z ]+)|!(?P<not>\w+)"
)
_RELATION = re.compile(r"^(left of|right of|above|below|next to|between) (.+)$")

Fact = tuple[tuple[str, ...], str]


def expected(notation: str) -> set[Fact]:
    """The facts that a notation stands for."""
    facts: set[Fact] = set()
    for item in filter(None, (part.strip() for part in notation.split(";"))):
        facts |= _item(item)
    return facts


def _item(item: str) -> set[Fact]:
    if item == "other":
        return {(("other",), "yes")}
    if item.startswith("no "):
        name = item[3:]
        return {(("text", name.strip('"')), "no")} if name.startswith('"') else {(("entity", name), "no")}
    for word, kind in (("bg ", "background"), ("style ", "style"), ("tone ", "style")):
        if item.startswith(word):
            return {((kind, item[len(word) :]), "yes")}
    match = _ITEM.match(item)
    assert match is not None, item
    name = match["name"].strip()
    lettering = name.startswith('"')
    facts: set[Fact] = {(("text", name[1:-1]), "yes") if lettering else (("entity", name), "yes")}
    end = 0
    for part in _PART.finditer(match["rest"]):
        assert part.start() == end, item
        end = part.end()
        if part["count"]:
            facts.add((("count", name, part["count"]), "yes"))
        elif part["color"]:
            facts.add((("attribute", "color", name, part["color"]), "yes"))
        elif part["not"]:
            facts.add((("attribute", "color", name, part["not"]), "no"))
        elif part["size"]:
            facts.add((("attribute", "size", name, part["size"]), "yes"))
        elif part["place"]:
            facts.add((("relation", part["place"].strip(), name, "canvas"), "yes"))
        else:
            relation = _RELATION.match(part["rel"])
            assert relation is not None, item
            targets = tuple(target.strip() for target in relation[2].split("&"))
            facts.add((("relation", relation[1], name, *targets), "yes"))
    assert end == len(match["rest"]), item
    return facts


def facts(plan: Plan) -> set[Fact]:
    """What a plan says; the words of "other" atoms are left out."""
    return {_fact(atom) for atom in plan.atoms}


def _fact(atom: Atom) -> Fact:
    words = ("other",) if atom.kind == "other" else atom.tuple
    return words, "no" if atom.negated else "yes"


def spelled(found: set[Fact]) -> str:
    """Facts as readable lines, for failures."""
    return "\n".join(sorted(f"{'NOT ' if answer == 'no' else ''}{' '.join(words)}" for words, answer in found))


__all__ = ["expected", "facts", "spelled"]
