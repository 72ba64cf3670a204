"""Panels: finding, writing, moving and recolouring lettering on the desk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np

from poser.experts.errors import InvalidRequest
from poser.experts.studio.geometry import Box, Constraint, violations
from poser.experts.studio.lettering import MAX_LINES, lay_out, paint_lettering
from poser.experts.studio.palette import Palette
from poser.experts.studio.scene import Canvas, Lettering
from poser.experts.studio.sight import Panel
from poser.experts.studio.spots import EDGE, free_spot
from poser.experts.studio.sticker import SHADOW

if TYPE_CHECKING:
    from poser.experts.studio.desk import Desk

_SAME = 0.004  #: share of letter pixels that may differ by more than an edge in the same lettering
_THICK = np.ones((3, 3), np.uint8)  #: what is thicker than an edge
_LINE_STEP, _PADDING = 1.22, 1.55  #: of a panel's height, in font sizes; see lettering


def saying(desk: Desk, text: str) -> list[Panel]:
    """Panels that show this text, told by writing it anew and comparing; none where a style blurs the letters."""
    if desk.colors.textured:
        return []
    return [panel for panel in desk.panels if _says(desk.canvas, panel, text, desk.colors)]


def misspelt(desk: Desk, text: str) -> list[Panel]:
    """Panels of just the size that this text would have, which show another one."""
    if desk.colors.textured:
        return [panel for panel in desk.panels if _is_as_long(panel, text)]
    right = saying(desk, text)
    return [
        panel
        for panel in desk.panels
        if not any(panel is other for other in right) and _written_like(desk.canvas, panel, text)
    ]


def free_panel(
    desk: Desk, text: str, color: str, heights: Sequence[float], constraints: Sequence[Constraint] = ()
) -> Lettering | None:
    """A free place for a text, at the first of the font heights that fits; None if nothing is free."""
    for height in heights:
        lettering = Lettering(text, color, 0.5, 0.5, height)
        box = Box(*lay_out(lettering, desk.width, desk.height).box)
        halves = ((box.right - box.left) / 2, (box.bottom - box.top) / 2)
        if 2 * halves[0] > desk.width or 2 * halves[1] > desk.height:
            continue
        edge = 1.4 * EDGE * desk.short + halves[1]
        for y in (edge, desk.height - edge):
            panel = Box.around(desk.width / 2, y, *halves)
            if not _touches(panel, desk.taken()) and not violations(panel, constraints, desk.width, desk.height, 0.01):
                return lettering._replace(cy=y / desk.height)
        spot = free_spot(desk.taken(), 0.0, constraints, desk.rng, width=desk.width, height=desk.height, halves=halves)
        if spot is not None and spot.broken == 0:
            return lettering._replace(cx=spot.x / desk.width, cy=spot.y / desk.height)
    return None


def write(desk: Desk, lettering: Lettering) -> Panel:
    """Write a panel on the desk; whatever lies under it is covered."""
    _paint(desk.finish(), lettering, desk.colors)
    panel = _as_panel(lettering, desk.width, desk.height)
    desk.panels.append(panel)
    return panel


def shift_panel(desk: Desk, panel: Panel, constraints: Sequence[Constraint]) -> bool:
    """Move a panel unless it stands right already; False if there is no room where it should be."""
    if not violations(Box(*panel.box), constraints, desk.width, desk.height):
        return True
    left, top, right, bottom = panel.box
    halves = ((right - left) / 2, (bottom - top) / 2)
    spot = free_spot(
        desk.taken([panel]), 0.0, constraints, desk.rng, width=desk.width, height=desk.height, halves=halves
    )
    if spot is None or spot.broken:
        return False
    pixels = desk.canvas[top:bottom, left:right].copy()
    desk.remove([panel])
    desk.finish()
    x, y = round(spot.x - halves[0]), round(spot.y - halves[1])
    desk.panels.append(lay_down(desk.canvas, panel._replace(box=(x, y, x + right - left, y + bottom - top)), pixels))
    return True


def lay_down(canvas: Canvas, panel: Panel, pixels: Canvas) -> Panel:
    """Put a panel's pixels (of the size of its box) on the canvas, with a shadow; returns the panel."""
    left, top, right, bottom = panel.box
    sigma = max(2.0, (bottom - top) * 0.04)
    cover = np.zeros(canvas.shape[:2], np.float32)
    cover[top:bottom, left:right][panel.mask] = SHADOW
    cover = np.roll(cv2.GaussianBlur(cover, (0, 0), sigma), max(1, round(sigma)), axis=0)
    canvas[...] = (canvas * (1 - cover[..., None]) + 0.5).astype(np.uint8)
    canvas[top:bottom, left:right][panel.mask] = pixels[panel.mask]
    return panel


def recolor_panel(desk: Desk, panel: Panel, color: str) -> Panel:
    """Give letters another colour, and the panel another ground if they would be too pale on it.

    Raises:
        InvalidRequest: the picture is in a style under which letters cannot be told from their ground.
    """
    if desk.colors.textured:
        raise InvalidRequest(f"Letters are not recoloured under the style {desk.colors.tone!r}; recolour them before.")
    left, top, right, bottom = panel.box
    part = desk.canvas[top:bottom, left:right]
    old, new = (np.array(desk.colors.ground(c), np.float32) for c in (panel.color, color))
    way = np.array(desk.colors.colors[panel.color], np.float32) - old
    share = np.clip(((part.astype(np.float32) - old) @ way) / (way @ way), 0, 1)[..., None]
    painted = new + share * (np.array(desk.colors.colors[color], np.float32) - new)
    part[panel.mask] = np.rint(painted).astype(np.uint8)[panel.mask]
    changed = panel._replace(color=color)
    desk.panels = [changed if other is panel else other for other in desk.panels]
    return changed


def _paint(canvas: Canvas, lettering: Lettering, colors: Palette) -> None:
    """Paint a lettering in the picture's colours, in place."""
    if colors.tone is None:
        paint_lettering(canvas, lettering)
        return
    left, top, right, bottom = lay_out(lettering, canvas.shape[1], canvas.shape[0]).box
    paint_lettering(canvas, lettering)
    where = (slice(None), slice(None)) if colors.blocky else (slice(top, bottom), slice(left, right))
    canvas[where] = colors.toned(canvas)[where]


def _as_panel(lettering: Lettering, width: int, height: int) -> Panel:
    box = lay_out(lettering, width, height).box
    return Panel(lettering.color, box, np.ones((box[3] - box[1], box[2] - box[0]), bool))


def _says(canvas: Canvas, panel: Panel, text: str, colors: Palette) -> bool:
    """Does the panel show this text?"""
    ground = np.array(colors.ground(panel.color), np.int16)
    for lettering in _written_like(canvas, panel, text):
        anew = canvas.copy()
        _paint(anew, lettering, colors)
        left, top, right, bottom = lay_out(lettering, canvas.shape[1], canvas.shape[0]).box
        inner = (slice(top + 2, bottom - 2), slice(left + 2, right - 2))
        seen, drawn = (np.abs(pixels[inner].astype(np.int16) - ground).max(axis=2) > 60 for pixels in (canvas, anew))
        shifts = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
        rests = (np.roll(drawn, shift, (0, 1)) ^ seen for shift in shifts)
        # edges differ by a pixel; a bar of another letter ("FE" for "EF") is thicker
        thick = min(int(cv2.morphologyEx(rest.astype(np.uint8), cv2.MORPH_OPEN, _THICK).sum()) for rest in rests)
        if thick <= _SAME * max(1, int(np.count_nonzero(drawn))):
            return True
    return False


def _written_like(canvas: Canvas, panel: Panel, text: str) -> list[Lettering]:
    """The text as it would be written on a panel of this very size; empty if it would need another one."""
    height, width = canvas.shape[:2]
    left, top, right, bottom = panel.box
    found = []
    for lines in range(1, MAX_LINES + 1):
        size = (bottom - top) / (_LINE_STEP * (lines - 1) + _PADDING)
        for guess in (round(size), round(size) - 1, round(size) + 1):
            lettering = Lettering(
                text, panel.color, (left + right) / 2 / width, (top + bottom) / 2 / height, guess / min(width, height)
            )
            box = lay_out(lettering, width, height).box
            if abs((box[2] - box[0]) - (right - left)) <= 3 and abs((box[3] - box[1]) - (bottom - top)) <= 2:
                found.append(lettering)
    return found


def _is_as_long(panel: Panel, text: str) -> bool:
    """May a panel whose box is only roughly known bear this text on one line?"""
    box = lay_out(Lettering(text, panel.color, 0.5, 0.5, 0.02), 4000, 4000).box
    seen = (panel.box[2] - panel.box[0]) / max(1, panel.box[3] - panel.box[1])
    return abs(seen / ((box[2] - box[0]) / (box[3] - box[1])) - 1) < 0.12


def _touches(box: Box, others: Sequence[Box]) -> bool:
    return any(box.left < o.right and o.left < box.right and box.top < o.bottom and o.top < box.bottom for o in others)
