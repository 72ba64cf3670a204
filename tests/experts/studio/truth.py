"""The truth about a scene, without pixels: which atoms hold. And seeded random commands to try drawers with."""

from __future__ import annotations

import numpy as np

from poser.experts import lexicon
from poser.experts.studio.drawer import Draft
from poser.experts.studio.geometry import Box, Constraint, holds
from poser.experts.studio.lettering import lettering_box
from poser.experts.studio.spots import half_sides
from poser.experts.types import Atom, Command, Operation

SIDE = 768


def boxes(draft: Draft, phrase: str) -> list[tuple[Box, str, float]]:
    """(box in px, colour, extent) of everything that a subject phrase names."""
    subject = lexicon.parse_subject(phrase)
    assert subject is not None
    found = []
    if lexicon.is_lettering(subject.noun):
        for lettering in draft.scene.letterings:
            if f'"{lettering.text}"' == subject.noun:
                left, top, right, bottom = lettering_box(lettering, SIDE, SIDE)
                box = Box(left * SIDE, top * SIDE, right * SIDE, bottom * SIDE)
                found.append((box, lettering.color, lettering.height))
        return found
    for placed in draft.scene.things:
        if placed.noun == subject.noun and subject.color in (None, placed.color):
            box = Box.around(placed.cx * SIDE, placed.cy * SIDE, *half_sides(placed.noun, placed.extent, SIDE, SIDE))
            found.append((box, placed.color, placed.extent))
    return found


def true(draft: Draft, atom: Atom) -> bool:
    """Does the atom hold for the scene?"""
    match atom.tuple:
        case ("entity", phrase):
            return bool(boxes(draft, phrase)) != atom.negated
        case ("count", phrase, amount):
            return len(boxes(draft, phrase)) == int(amount)
        case ("attribute", "color", phrase, color):
            found = boxes(draft, phrase)
            return bool(found) and all(item[1] == color for item in found)
        case ("attribute", "size", phrase, size):
            low, high = lexicon.SIZE_EXTENT[size]
            found = boxes(draft, phrase)
            return bool(found) and all(low <= item[2] <= high for item in found)
        case ("relation", relation, phrase, *others):
            anchors = () if others == ["canvas"] else tuple(tuple(b for b, _, _ in boxes(draft, o)) for o in others)
            constraint = Constraint(relation, anchors)
            found = boxes(draft, phrase)
            return bool(found) and all(holds(box, constraint, SIDE, SIDE) for box, _, _ in found)
        case ("text", text):
            return any(lettering.text == text for lettering in draft.scene.letterings)
        case ("background", name):
            return draft.scene.background == name
        case ("style", name):
            return name == draft.scene.style or name in draft.tones
    raise AssertionError(atom.tuple)


def random_commands(count: int, rng: np.random.Generator) -> tuple[Command, ...]:
    """Commands as an extractor makes them of an everyday prompt: mostly things, one backdrop, lettering or style."""
    commands: list[Command] = []
    nouns = [str(noun) for noun in rng.choice(lexicon.nouns(), count, replace=False)]
    extras = [Operation.BACKGROUND, Operation.TEXT, Operation.STYLE]
    kinds = extras[: min(len(extras), count // 3)] + [Operation.ADD] * count
    kinds = [kinds[k] for k in rng.permutation(count)]
    placed: list[str] = []
    for number, kind in enumerate(kinds):
        atoms: list[tuple[str, ...]] = []
        if kind is Operation.BACKGROUND:
            atoms.append(("background", str(rng.choice(lexicon.BACKGROUNDS))))
        elif kind is Operation.STYLE:
            atoms.append(("style", str(rng.choice(lexicon.STYLES))))
        elif kind is Operation.TEXT:
            atoms.append(("text", str(rng.choice(["SALE", "Welcome home", "GRAND OPENING", "Ahoy 2026"]))))
        else:
            noun = nouns[number]
            atoms.append(("entity", noun))
            if rng.random() < 0.7:
                atoms.append(("attribute", "color", noun, str(rng.choice(sorted(lexicon.COLORS)))))
            if rng.random() < 0.4:
                atoms.append(("count", noun, str(rng.integers(2, 5))))
            elif rng.random() < 0.35:
                atoms.append(("attribute", "size", noun, str(rng.choice(lexicon.SIZES))))
            if placed and rng.random() < 0.5:
                relation = str(rng.choice(lexicon.RELATIONS[:5]))
                atoms.append(("relation", relation, noun, str(rng.choice(placed))))
            elif rng.random() < 0.15:
                atoms.append(("relation", str(rng.choice(lexicon.PLACES)), noun, "canvas"))
            placed.append(noun)
        commands.append(
            Command(
                id=f"c{number}",
                operation=kind,
                text=f"{kind.value} {number}",
                atoms=tuple(Atom(id=f"a{number}.{k}", tuple=t, question="?") for k, t in enumerate(atoms)),
            )
        )
    return tuple(commands)
