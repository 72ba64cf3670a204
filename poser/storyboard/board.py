"""The board as a whole: header, grid of cards, footer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from poser.envs.trace import Trace
from poser.experts.errors import InputError
from poser.experts.picture import Picture
from poser.storyboard import story
from poser.storyboard.canvas import FAINT, GREEN, INK, MUTED, PAPER, RED, WHITE, Box, Canvas
from poser.storyboard.cards import CardSize, card_size, draw_card
from poser.storyboard.lettering import Lettering, clean

MIN_WIDTH, MAX_WIDTH = 1200, 4000
_NOMINAL = 1800
_MARGIN, _GAP, _PANEL_PAD = 56, 28, 32
_RING = 132
_MOST_NOTES, _NOTE_LINES = 5, 3
_MOST_PROMPT = 1200
"""Characters of the prompt that are looked at; more never fit."""


class _Grid(NamedTuple):
    """Where the cards stand."""

    columns: int
    left: int
    size: CardSize
    gap: int

    def place(self, index: int, top: int) -> tuple[int, int]:
        """Upper left corner of a card."""
        row, column = divmod(index, self.columns)
        return self.left + column * (self.size.width + self.gap), top + row * (self.size.height + self.gap)


def draw_storyboard(trace: Trace, pictures: Mapping[str, Picture], *, width: int = _NOMINAL) -> Picture:
    """The board: prompt, one card a step, commands and their status, totals.

    Args:
        trace: what happened.
        pictures: pixel hash -> picture; what is missing is drawn as an empty frame.
        width: of the board in pixels, 1200 to 4000; the height follows from the contents.

    Raises:
        InputError: a width out of range.
    """
    if not MIN_WIDTH <= width <= MAX_WIDTH:
        raise InputError(f"A storyboard of {width} pixels cannot be read; give {MIN_WIDTH} to {MAX_WIDTH}.")
    # heights are measured before there is a sheet to draw on
    probe = Canvas(8, 8, width / _NOMINAL)
    cards = story.cards(trace)
    prompt, prompt_size = _prompt(probe, trace.plan.prompt, width)
    header = max(probe.px(40) + len(prompt) * probe.lettering(prompt_size).line, probe.px(_RING)) + probe.px(36)
    grid = _grid(probe, cards, width)
    rows = math.ceil(len(cards) / grid.columns)
    cards_height = rows * (grid.size.height + grid.gap) if cards else probe.px(160)
    footer = _Footer(probe, trace, width)
    top = probe.px(_MARGIN)
    canvas = Canvas(
        width, top + header + cards_height + probe.px(12) + footer.height + probe.px(_MARGIN), width / _NOMINAL
    )
    places = [grid.place(index, top + header) for index in range(len(cards))]
    foot = (top, top + header + cards_height + canvas.px(12))
    footer_box = (canvas.px(_MARGIN), foot[1], width - canvas.px(_MARGIN), foot[1] + footer.height)
    canvas.shadows([*((x, y, x + grid.size.width, y + grid.size.height) for x, y in places), footer_box])
    _draw_header(canvas, trace, prompt, prompt_size)
    for card, place in zip(cards, places, strict=True):
        there = None if card.picture is None else pictures.get(card.picture.sha256)
        draw_card(canvas, card, place, grid.size, there)
    if not cards:
        lines = canvas.lettering(22).wrap(clean(story.why_nothing(trace)), width - 2 * canvas.px(_MARGIN), 3)
        canvas.text((canvas.px(_MARGIN), top + header), lines, 22, MUTED)
    footer.draw(canvas, footer_box)
    return Picture(np.asarray(canvas.image))


def _prompt(canvas: Canvas, prompt: str, width: int) -> tuple[list[str], float]:
    """Lines of the prompt and their size: long prompts get smaller letters, then are cut."""
    text = clean(prompt[: 2 * _MOST_PROMPT])
    size, most = next((size, most) for least, size, most in _PROMPT_SIZES if len(text) >= least)
    room = width - 2 * canvas.px(_MARGIN) - canvas.px(_RING + 60)
    lettering = canvas.lettering(size, bold=size >= _BOLD_FROM)
    lines = lettering.wrap(text[:_MOST_PROMPT], room, most)
    if len(prompt) > _MOST_PROMPT and lines:
        lines[-1] = lettering.shorten(lines[-1].rstrip(" …") + " …", room)
    return lines, size


_PROMPT_SIZES = ((500, 22, 7), (200, 27, 6), (0, 36, 4))
"""Least characters, size, most lines."""

_BOLD_FROM = 30


def _grid(canvas: Canvas, cards: list[story.Card], width: int) -> _Grid:
    count = max(1, len(cards))
    columns = math.ceil(count / math.ceil(count / 5))
    gap, room = canvas.px(_GAP), width - 2 * canvas.px(_MARGIN)
    # few cards would become huge
    widest = canvas.px(520 if columns <= 2 else 440)
    size = min(widest, (room - (columns - 1) * gap) // columns)
    left = canvas.px(_MARGIN) + (room - columns * size - (columns - 1) * gap) // 2
    sizes = [card.picture for card in cards if card.picture is not None]
    ratio = min(1.35, max(0.5, sizes[0].height / sizes[0].width)) if sizes else 0.6
    return _Grid(columns, left, card_size(canvas, cards, size, ratio), gap)


def _draw_header(canvas: Canvas, trace: Trace, prompt: list[str], size: float) -> None:
    left, top = canvas.px(_MARGIN), canvas.px(_MARGIN)
    canvas.text((left, top), ["image-poser"], 18, MUTED, bold=True)
    canvas.text((left, top + canvas.px(36)), prompt, size, INK, bold=size >= _BOLD_FROM)
    _draw_ring(canvas, trace, canvas.image.width - left - canvas.px(_RING), top)


def _draw_ring(canvas: Canvas, trace: Trace, left: int, top: int) -> None:
    """The alignment as a part of a circle."""
    size = canvas.px(_RING)
    ring = Image.new("RGB", (4 * size, 4 * size), PAPER)
    pen = ImageDraw.Draw(ring)
    box, thick = (8, 8, 4 * size - 9, 4 * size - 9), canvas.px(13) * 4
    pen.arc(box, 0, 360, FAINT, thick)
    if trace.alignment > 0:
        pen.arc(box, -90, -90 + 360 * trace.alignment, GREEN, thick)
    canvas.image.paste(ring.resize((size, size), Image.Resampling.BOX), (left, top))
    number = "–" if trace.best is None or trace.unjudged else f"{trace.alignment:.2f}"
    for text, high, below in ((number, 32, 36), ("alignment", 15, 76)):
        lettering = canvas.lettering(high, bold=high > 20)
        x = left + (size - round(lettering.width(text))) // 2
        canvas.text((x, top + canvas.px(below)), [text], high, INK if high > 20 else MUTED, bold=high > 20)


class _Footer:
    """Commands with their ticks, folded words, totals."""

    def __init__(self, canvas: Canvas, trace: Trace, width: int) -> None:
        """Measure; `canvas` only lends its sizes."""
        pad, gap = canvas.px(_PANEL_PAD), canvas.px(48)
        room = width - 2 * canvas.px(_MARGIN) - 2 * pad
        self._trace, self._pad, self._gap = trace, pad, gap
        self._totals_width = canvas.px(380)
        folded = story.folded(trace)
        self._folded_width = canvas.px(420) if folded else 0
        self._commands_width = room - self._totals_width - gap - (self._folded_width + gap if folded else 0)
        lettering = canvas.lettering(18)
        self._line = lettering.line
        commands = story.lines(trace)
        self._columns = 2 if len(commands) > 6 else 1
        column = (self._commands_width - (self._columns - 1) * canvas.px(28)) // self._columns
        self._column = column
        self._commands = [
            (line, lettering.wrap(line.text + ("" if line.checked else " (not checked)"), column - canvas.px(34), 3))
            for line in commands
        ]
        self._folded = [lettering.wrap(text, self._folded_width, 3) for text in folded[:8]]
        self._totals = story.totals(trace)
        feedback = trace.best_verdict.feedback if trace.best_verdict is not None else story.why_unjudged(trace)
        self._feedback = lettering.wrap(clean(feedback), self._commands_width, 2) if feedback else []
        self._notes = [line for note in story.notes(trace)[:_MOST_NOTES] for line in self._noted(lettering, note)]
        self._heading = canvas.px(40)
        self._between = canvas.px(8)
        self._split = self._halves()
        commands_height = max(self._height([lines for _, lines in half]) for half in self._split)
        if self._feedback:
            commands_height += canvas.px(16) + len(self._feedback) * self._line
        if self._notes:
            commands_height += canvas.px(16) + len(self._notes) * self._line
        inner = max(
            commands_height,
            self._height(self._folded),
            len(self._totals) * (self._line + canvas.px(4)) + (self._line if story.by_the_studio(trace) else 0),
        )
        self.height = 2 * pad + self._heading + inner

    def _noted(self, lettering: Lettering, note: str) -> list[str]:
        return lettering.wrap(f"Note: {note}", self._commands_width, _NOTE_LINES)

    def _height(self, blocks: list[list[str]]) -> int:
        return sum(len(block) * self._line + self._between for block in blocks)

    def _halves(self) -> list[list[tuple[story.Line, list[str]]]]:
        """The commands in columns of about the same height."""
        if self._columns == 1:
            return [self._commands]
        whole = self._height([lines for _, lines in self._commands])
        first: list[tuple[story.Line, list[str]]] = []
        for each in self._commands:
            if first and self._height([lines for _, lines in first]) * 2 >= whole:
                break
            first.append(each)
        return [first, self._commands[len(first) :]]

    def draw(self, canvas: Canvas, box: Box) -> None:
        """Draw into a panel of the measured height."""
        canvas.panel(box, WHITE)
        x, y = box[0] + self._pad, box[1] + self._pad
        self._draw_commands(canvas, x, y)
        x += self._commands_width + self._gap
        if self._folded:
            canvas.text((x, y), ["Folded into the plan"], 19, INK, bold=True)
            below = y + self._heading
            for lines in self._folded:
                below = canvas.text((x, below), lines, 18, MUTED) + self._between
            x += self._folded_width + self._gap
        self._draw_totals(canvas, x, y)

    def _draw_commands(self, canvas: Canvas, x: int, y: int) -> None:
        shown = [line.shown for line, _ in self._commands] if self._trace.best is not None else []
        unchecked = shown.count("unchecked")
        heading = f"Commands: {shown.count('satisfied') + unchecked} of {len(self._commands)} satisfied"
        heading += f" ({unchecked} not checked)" if unchecked else ""
        if self._trace.unjudged:
            heading = f"Commands: {unchecked} of {len(self._commands)} not checked"
        canvas.text((x, y), [heading], 19, INK, bold=True)
        lowest = y + self._heading
        for number, half in enumerate(self._split):
            left, below = x + number * (self._column + canvas.px(28)), y + self._heading
            for line, text in half:
                tick, color = _TICKS["unknown" if self._trace.best is None else line.shown]
                canvas.text((left, below), [tick], 20, color, bold=True)
                ink = INK if line.status == "satisfied" else MUTED
                below = canvas.text((left + canvas.px(34), below), text, 18, ink) + self._between
            lowest = max(lowest, below)
        if self._feedback:
            lowest = canvas.text((x, lowest + canvas.px(8)), self._feedback, 18, RED) + canvas.px(8)
        if self._notes:
            canvas.text((x, lowest + canvas.px(8)), self._notes, 18, MUTED)

    def _draw_totals(self, canvas: Canvas, x: int, y: int) -> None:
        canvas.text((x, y), ["Totals"], 19, INK, bold=True)
        below = y + self._heading
        room = self._totals_width
        for name, value in self._totals:
            label = canvas.lettering(18).width(name) + canvas.px(18)
            canvas.text((x, below), [name], 18, MUTED)
            short = canvas.lettering(18, bold=True).shorten(value, room - label)
            right = x + room - round(canvas.lettering(18, bold=True).width(short))
            below = canvas.text((right, below), [short], 18, INK, bold=True) + canvas.px(4)
        if story.by_the_studio(self._trace):
            canvas.text((x, below + canvas.px(4)), ["drawn by the studio, no AI model"], 16, MUTED)


_TICKS = {
    "satisfied": ("✓", GREEN),
    "unchecked": ("?", MUTED),
    "pending": ("✗", RED),
    "dropped": ("✗", RED),
    "unknown": ("–", MUTED),
}
