"""The desk: one picture being edited. What the eye saw on it is kept up to date edit by edit, within one call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np

from poser.experts import lexicon
from poser.experts.lexicon import Subject
from poser.experts.studio import easel
from poser.experts.studio.asks import Ask
from poser.experts.studio.eye import look
from poser.experts.studio.geometry import Box, Constraint, violations
from poser.experts.studio.lettering import lay_out as lay_out_lettering
from poser.experts.studio.placing import LEAST_EXTENT, Wanted, find_places
from poser.experts.studio.scene import Canvas, Lettering, Placed
from poser.experts.studio.sight import Panel, Thing
from poser.experts.studio.spots import half_sides, outer_half_sides
from poser.experts.studio.sticker import backing_color
from poser.experts.types import Command

SMALL_EXTENTS = (0.116, 0.1, 0.085)
LARGE_EXTENTS = (0.3, 0.284)
USUAL_EXTENT = (0.142, 0.22)


class Desk:
    """A picture on which things are added, taken away, moved, coloured and resized.

    Changes of things are noted first and carried over to the canvas by `finish`, all at once.

    Attributes:
        canvas: uint8 (H, W, 3), the picture as it was at the last `finish`; a copy, never the source.
        things, panels: what is on it now.
        clear: whether this is a plain picture of the studio (see `eye.Sight`).
        colors: the colours that things have in this picture.
        rng: of the call.
        notes: what did not work, in words.
        added: how many things were added so far.
        region: (left, top, right, bottom) in fractions of the canvas where things are to be edited; None = anywhere.
        confusion: chance that a colour is mixed up, and the colours that are about.
    """

    def __init__(self, pixels: Canvas, rng: np.random.Generator) -> None:
        """Look at uint8 (H, W, 3) pixels, which are copied."""
        self.canvas: Canvas = np.array(pixels)
        sight = look(self.canvas)
        self.things: list[Thing] = list(sight.things)
        self.panels: list[Panel] = list(sight.panels)
        self.unknown = list(sight.unknown)
        self.clear = sight.clear
        self.colors = sight.colors
        self.rng = rng
        self.notes: list[str] = []
        self.added = 0
        self.region: tuple[float, float, float, float] | None = None
        self._fresh: dict[int, Thing] = {}  # placed, not drawn yet
        self._stale: list[Thing | Panel] = []  # taken away, not erased yet
        self.confusion: tuple[float, list[str]] = (0.0, [])

    @property
    def width(self) -> int:
        """Canvas width, px."""
        return int(self.canvas.shape[1])

    @property
    def height(self) -> int:
        """Canvas height, px."""
        return int(self.canvas.shape[0])

    @property
    def short(self) -> int:
        """Shorter canvas side, px."""
        return min(self.width, self.height)

    # -- finding -----------------------------------------------------------------------------------------------

    def matching(self, subject: Subject, anywhere: bool = False) -> list[Thing]:
        """Things that a subject phrase means, as they look now; those in the region only, unless `anywhere`."""
        found = [t for t in self.things if t.noun == subject.noun and (anywhere or self._in_region(t))]
        if subject.color is not None:
            found = [thing for thing in found if thing.color == subject.color]
        if subject.size is not None:
            sized = [thing for thing in found if has_size(thing.extent, subject.size)]
            if not sized and len(found) > 1:  # the smallest, the largest of them
                sized = [sorted(found, key=lambda t: t.extent)[0 if subject.size == "small" else -1]]
            found = sized or found
        if subject.place is not None and len(found) > 1:
            found = [_picked(found, subject.place)]
        return found

    def named(self, phrase: str) -> list[Thing]:
        """Things that a subject phrase names; none for lettering or what cannot be read."""
        subject = lexicon.parse_subject(phrase)
        return [] if subject is None else self.matching(subject, anywhere=True)

    def bystander(self, command: Command) -> Thing | None:
        """Some thing that the command does not name at all, or None."""
        words = [*command.subjects, *(word for atom in command.atoms for word in atom.tuple[1:])]
        named = {subject.noun for word in words if (subject := lexicon.parse_subject(word)) is not None}
        others = [thing for thing in self.things if thing.noun not in named]
        return others[int(self.rng.integers(len(others)))] if others else None

    def boxes_of(self, phrase: str) -> tuple[Box, ...]:
        """Glyph boxes (or panels) in px of what a phrase names; empty if it is not there."""
        subject = lexicon.parse_subject(phrase)
        if subject is None:
            return ()
        if lexicon.is_lettering(subject.noun):
            return tuple(Box(*panel.box) for panel in self.panels)
        return tuple(self.inner(thing) for thing in self.named(phrase))

    def inner(self, thing: Thing) -> Box:
        """Box of the glyph, px."""
        halves = half_sides(thing.noun, thing.extent, self.width, self.height)
        return Box.around(thing.cx * self.width, thing.cy * self.height, *halves)

    def outer(self, thing: Thing) -> Box:
        """Box of the sticker, px."""
        halves = outer_half_sides(thing.noun, thing.extent, self.width, self.height)
        return Box.around(thing.cx * self.width, thing.cy * self.height, *halves)

    def outline(self, one: Thing | Panel) -> Box:
        """Box of a sticker or a panel, px."""
        return self.outer(one) if isinstance(one, Thing) else Box(*one.box)

    def fits(self, lettering: Lettering) -> bool:
        """Is there room for a lettering just there?"""
        box = Box(*lay_out_lettering(lettering, self.width, self.height).box)
        return not any(_touch(box, other) for other in self.taken())

    def taken(self, without: Iterable[Thing | Panel] = ()) -> list[Box]:
        """Boxes in px that nothing new may touch."""
        ignored = {id(one) for one in without}
        boxes = [self.outer(thing) for thing in self.things if id(thing) not in ignored]
        boxes += [Box(*panel.box) for panel in self.panels if id(panel) not in ignored]
        return boxes + [Box(*box) for box in self.unknown]

    def constraints(self, ask: Ask, places: bool = True, relations: bool = True) -> list[Constraint]:
        """The ask's relations towards what stands on the canvas now; what is not there is left out."""
        made = []
        for relation, phrases in ask.relations:
            anchors = tuple(self.boxes_of(phrase) for phrase in phrases)
            if (relations and phrases and all(anchors)) or (places and not phrases):
                made.append(Constraint(relation, anchors))
        return made

    def broken(self, thing: Thing, constraints: Sequence[Constraint]) -> int:
        """How many of the constraints a thing breaks where it stands."""
        return violations(self.inner(thing), constraints, self.width, self.height)

    # -- changing ----------------------------------------------------------------------------------------------

    def put(self, placed: Placed) -> Thing:
        """Stand a thing exactly there."""
        thing = easel.as_thing(placed, self.width, self.height)
        self.things.append(thing)
        self._fresh[id(thing)] = thing
        return thing

    def remove(self, gone: Sequence[Thing | Panel]) -> None:
        """Take things and panels away."""
        ids = {id(one) for one in gone}
        self.things = [thing for thing in self.things if id(thing) not in ids]
        self.panels = [panel for panel in self.panels if id(panel) not in ids]
        for one in gone:
            if self._fresh.pop(id(one), None) is None:
                self._stale.append(one)

    def finish(self) -> Canvas:
        """Carry all changes over to the canvas: backdrop where things were, then the new things."""
        fresh = list(self._fresh.values())
        if not fresh and not self._stale:
            return self.canvas
        stay: list[Thing | Panel] = [*(thing for thing in self.things if id(thing) not in self._fresh), *self.panels]
        easel.erase(self.canvas, self._stale, stay, fresh)
        easel.draw(self.canvas, fresh, self.colors)
        self._fresh, self._stale = {}, []
        if self.colors.blocky:  # what was filled is not in blocks yet
            self.canvas = self.colors.toned(self.canvas)
        return self.canvas

    def recolor(self, thing: Thing, color: str) -> Thing:
        """Give a thing another colour where it stands."""
        new_backing = self.colors.textured or backing_color(color) != backing_color(thing.color)
        if id(thing) in self._fresh or new_backing:
            self.remove([thing])
            return self.put(Placed(thing.noun, color, thing.cx, thing.cy, thing.extent))
        easel.recolor(self.canvas, thing, color, self.colors)
        changed = thing._replace(color=color)
        self.things = [changed if other is thing else other for other in self.things]
        return changed

    def move(self, thing: Thing, constraints: Sequence[Constraint], extents: Sequence[float] = ()) -> bool:
        """Stand a thing where the constraints hold, at its own extent or one of `extents`; False if nothing is won."""
        wanted = Wanted(thing.noun, (thing.color,), tuple(extents) or (thing.extent,))
        found = find_places(self, wanted, constraints, without=[thing])
        if not found.placed or (not extents and found.cost >= self.broken(thing, constraints)):
            return False
        self.remove([thing])
        self.put(found.placed[0])
        return True

    def shift(self, one: Thing | Panel, constraints: Sequence[Constraint]) -> bool:
        """Move a thing or a panel unless it stands right already; False if it still stands wrong."""
        if isinstance(one, Thing):
            if not self.broken(one, constraints):
                return True
            return self.move(one, constraints)
        from poser.experts.studio.panels import shift_panel

        return shift_panel(self, one, constraints)

    def resize(self, thing: Thing, extent: float, constraints: Sequence[Constraint] = ()) -> bool:
        """Draw a thing larger or smaller, in its place if there is room, else nearby; False if there is none."""
        here = Placed(thing.noun, thing.color, *self._inside(thing, extent), extent)
        box = Box.around(
            here.cx * self.width, here.cy * self.height, *outer_half_sides(here.noun, extent, self.width, self.height)
        )
        if any(_touch(box, other) for other in self.taken(without=(thing,))):
            return self.move(thing, constraints, (extent,))
        self.remove([thing])
        self.put(here)
        return True

    def replace(self, thing: Thing, noun: str, color: str) -> Thing:
        """Draw another thing in a thing's place, about as large."""
        self.remove([thing])
        return self.put(Placed(noun, color, *self._inside(thing, thing.extent, noun), thing.extent))

    def extents_for(self, size: str | None) -> tuple[float, ...]:
        """Extents of new things of the wanted size, the best first; without a wish for a size as large as others."""
        if size == "small":
            return SMALL_EXTENTS
        if size == "large":
            return LARGE_EXTENTS
        usual = [t.extent for t in self.things if not has_size(t.extent, "small") and not has_size(t.extent, "large")]
        low, high = USUAL_EXTENT
        best = float(np.clip(np.median(usual) if usual else high - 0.008 * len(self.things), low, high))
        return best, max(low, 0.85 * best), LEAST_EXTENT

    def bustle(self, x: float, y: float, size: float) -> float:
        """How much goes on in a square of the picture; calm places are better for additions to photographs."""
        half = size / 2
        part = self.canvas[max(0, int(y - half)) : int(y + half), max(0, int(x - half)) : int(x + half)]
        return float(cv2.Laplacian(cv2.cvtColor(part, cv2.COLOR_RGB2GRAY), cv2.CV_32F).std()) if part.size else 0.0

    def _in_region(self, thing: Thing) -> bool:
        if self.region is None:
            return True
        left, top, right, bottom = self.region
        return left <= thing.cx <= right and top <= thing.cy <= bottom

    def _inside(self, thing: Thing, extent: float, noun: str | None = None) -> tuple[float, float]:
        """The thing's centre, moved so far that it stays in the canvas at another extent."""
        wide, tall = outer_half_sides(noun or thing.noun, extent, self.width, self.height)
        x = np.clip(thing.cx * self.width, wide + 2, max(wide + 2, self.width - wide - 2))
        y = np.clip(thing.cy * self.height, tall + 2, max(tall + 2, self.height - tall - 2))
        return float(x / self.width), float(y / self.height)


def has_size(extent: float, size: str) -> bool:
    """Does an extent count as "small" or "large"?"""
    low, high = lexicon.SIZE_EXTENT[size]
    return low <= extent < high if size == "small" else low <= extent <= high


def _picked(things: Sequence[Thing], place: str) -> Thing:
    """The leftmost, rightmost, uppermost, lowest one, or the one nearest to the middle of them all."""
    if place == "middle":
        x, y = (float(np.mean([getattr(t, axis) for t in things])) for axis in ("cx", "cy"))
        return min(things, key=lambda t: float(np.hypot(t.cx - x, t.cy - y)))
    along = sorted(things, key=lambda t: t.cy if place in ("top", "bottom") else t.cx)
    return along[0] if place in ("left", "top") else along[-1]


def _touch(a: Box, b: Box) -> bool:
    return a.left < b.right and b.left < a.right and a.top < b.bottom and b.top < a.bottom
