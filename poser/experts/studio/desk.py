"""The desk: one picture being edited. What the eye saw on it is kept up to date edit by edit, within one call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np

from poser.experts import lexicon
from poser.experts.lexicon import Subject
from poser.experts.studio import easel
from poser.experts.studio.asks import Ask
from poser.experts.studio.eye import Panel, Thing, look
from poser.experts.studio.geometry import Box, Constraint, violations
from poser.experts.studio.layout import AIRY
from poser.experts.studio.lettering import lay_out as lay_out_lettering
from poser.experts.studio.scene import Canvas, Lettering, Placed
from poser.experts.studio.spots import free_spot, half_sides, outer_half_sides

SMALL_EXTENT = 0.116
LARGE_EXTENT = 0.29
USUAL_EXTENT = (0.142, 0.22)
_SHRINKS = (1.0, 0.88, 0.76)
_CALM_TRIES = 8  #: spots compared on a picture in which nothing is recognised


class Desk:
    """A picture on which things are added, taken away, moved, coloured and resized.

    Attributes:
        canvas: uint8 (H, W, 3), the picture as it is now; a copy, never the source.
        things, panels: what is on it now.
        sighted: whether anything of the studio was recognised at the start.
        rng: of the call.
        notes: what did not work, in words.
        added: how many things were added so far.
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
        self.rng = rng
        self.notes: list[str] = []
        self.added = 0
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

    def matching(self, subject: Subject) -> list[Thing]:
        """Things that a subject phrase means, as they look now."""
        found = [thing for thing in self.things if thing.noun == subject.noun]
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

    def boxes_of(self, phrase: str) -> tuple[Box, ...]:
        """Glyph boxes (or panels) in px of what a phrase names; empty if it is not there."""
        subject = lexicon.parse_subject(phrase)
        if subject is None:
            return ()
        if lexicon.is_lettering(subject.noun):
            return tuple(Box(*panel.box) for panel in self.panels)
        return tuple(self.inner(thing) for thing in self.matching(subject))

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

    def add(
        self,
        noun: str,
        color: str,
        size: str | None = None,
        constraints: Sequence[Constraint] = (),
        mates: Sequence[Thing] = (),
        extent: float | None = None,
    ) -> Thing | None:
        """Draw a thing where there is room; None if there is none, even for a smaller one."""
        wanted = extent if extent is not None else self.extent_for(size)
        for shrink in _SHRINKS if size != "large" else (1.0, 0.95):
            placed = self._spot(noun, color, wanted * shrink, constraints, mates)
            if placed is not None:
                return self.put(placed)
        self.notes.append(f"There was no room left for another {noun}.")
        return None

    def put(self, placed: Placed) -> Thing:
        """Draw a thing exactly there."""
        easel.draw(self.canvas, placed)
        thing = easel.as_thing(placed, self.width, self.height)
        self.things.append(thing)
        return thing

    def remove(self, gone: Sequence[Thing | Panel]) -> None:
        """Take things and panels away and cover the place with backdrop."""
        ids = {id(one) for one in gone}
        self.things = [thing for thing in self.things if id(thing) not in ids]
        self.panels = [panel for panel in self.panels if id(panel) not in ids]
        easel.erase(self.canvas, gone, [*self.things, *self.panels])

    def recolor(self, thing: Thing, color: str) -> Thing:
        """Give a thing another colour where it stands."""
        others: list[Thing | Panel] = [*(t for t in self.things if t is not thing), *self.panels]
        easel.recolor(self.canvas, thing, color, others)
        return self._exchange(thing, thing._replace(color=color))

    def move(self, thing: Thing, constraints: Sequence[Constraint], extent: float | None = None) -> bool:
        """Stand a thing where the constraints hold, perhaps at another size; False if no such place is free."""
        size = thing.extent if extent is None else extent
        placed = self._spot(thing.noun, thing.color, size, constraints, (), without=(thing,))
        if placed is None:
            return False
        box = Box.around(
            placed.cx * self.width, placed.cy * self.height, *half_sides(placed.noun, size, self.width, self.height)
        )
        better = violations(box, constraints, self.width, self.height) < self.broken(thing, constraints)
        if extent is None and not better:
            return False
        self.remove([thing])
        self.put(placed)
        return True

    def shift(self, one: Thing | Panel, constraints: Sequence[Constraint]) -> bool:
        """Move a thing or a panel unless it stands right already; False if it still stands wrong."""
        if isinstance(one, Thing):
            if not self.broken(one, constraints):
                return True
            smaller = max(0.135, one.extent * 0.8)
            return self.move(one, constraints) or (smaller < one.extent and self.move(one, constraints, smaller))
        from poser.experts.studio.panels import shift_panel

        return shift_panel(self, one, constraints)

    def resize(self, thing: Thing, extent: float, constraints: Sequence[Constraint] = ()) -> bool:
        """Draw a thing larger or smaller, in its place if there is room, else nearby; False if there is none."""
        here = Placed(thing.noun, thing.color, *self._inside(thing, extent), extent)
        box = Box.around(
            here.cx * self.width, here.cy * self.height, *outer_half_sides(here.noun, extent, self.width, self.height)
        )
        if any(_touch(box, other) for other in self.taken(without=(thing,))):
            return self.move(thing, constraints, extent)
        self.remove([thing])
        self.put(here)
        return True

    def replace(self, thing: Thing, noun: str, color: str) -> Thing:
        """Draw another thing in a thing's place, about as large."""
        self.remove([thing])
        return self.put(Placed(noun, color, *self._inside(thing, thing.extent, noun), thing.extent))

    def extent_for(self, size: str | None) -> float:
        """Extent of a new thing of the wanted size; without a wish like the others, smaller where it is crowded."""
        if size == "small":
            return SMALL_EXTENT
        if size == "large":
            return LARGE_EXTENT
        usual = [t.extent for t in self.things if not has_size(t.extent, "small") and not has_size(t.extent, "large")]
        low, high = USUAL_EXTENT
        crowded = high - 0.008 * len(self.things)
        return float(np.clip(np.median(usual) if usual else crowded, low, high))

    # -- inner workings ----------------------------------------------------------------------------------------

    def _exchange(self, old: Thing, new: Thing) -> Thing:
        self.things = [new if thing is old else thing for thing in self.things]
        return new

    def _inside(self, thing: Thing, extent: float, noun: str | None = None) -> tuple[float, float]:
        """The thing's centre, moved so far that it stays in the canvas at another extent."""
        wide, tall = outer_half_sides(noun or thing.noun, extent, self.width, self.height)
        x = np.clip(thing.cx * self.width, wide + 2, max(wide + 2, self.width - wide - 2))
        y = np.clip(thing.cy * self.height, tall + 2, max(tall + 2, self.height - tall - 2))
        return float(x / self.width), float(y / self.height)

    def _spot(
        self,
        noun: str,
        color: str,
        extent: float,
        constraints: Sequence[Constraint],
        mates: Sequence[Thing],
        without: Sequence[Thing] = (),
    ) -> Placed | None:
        level = any(c.relation != "next to" for c in constraints)
        spots = [
            free_spot(
                self.taken(without),
                extent,
                constraints,
                self.rng,
                width=self.width,
                height=self.height,
                noun=noun,
                mates=[self.inner(mate) for mate in mates],
                prefer_y=None if level else 0.26 if noun in AIRY else 0.62,
            )
            for _ in range(1 if self.clear else _CALM_TRIES)
        ]
        found = [spot for spot in spots if spot is not None]
        if not found:
            return None
        least = min(spot.broken for spot in found)
        found = [spot for spot in found if spot.broken == least]
        best = found[0] if len(found) == 1 else min(found, key=lambda s: self._bustle(s.x, s.y, extent * self.short))
        return Placed(noun, color, best.x / self.width, best.y / self.height, extent)

    def _bustle(self, x: float, y: float, size: float) -> float:
        """How much goes on in a square of the picture; calm places are better for additions to photographs."""
        half = size / 2
        part = self.canvas[max(0, int(y - half)) : int(y + half), max(0, int(x - half)) : int(x + half)]
        return float(cv2.Laplacian(cv2.cvtColor(part, cv2.COLOR_RGB2GRAY), cv2.CV_32F).std()) if part.size else 0.0


def has_size(extent: float, size: str) -> bool:
    """Does an extent count as "small" or "large"?"""
    low, high = lexicon.SIZE_EXTENT[size]
    return low <= extent < high if size == "small" else low <= extent <= high


def _picked(things: Sequence[Thing], place: str) -> Thing:
    """The leftmost, rightmost, uppermost, lowest or middle one."""
    along = sorted(things, key=lambda t: t.cy if place in ("top", "bottom") else t.cx)
    return {"left": along[0], "top": along[0], "middle": along[len(along) // 2]}.get(place, along[-1])


def _touch(a: Box, b: Box) -> bool:
    return a.left < b.right and b.left < a.right and a.top < b.bottom and b.top < a.bottom
