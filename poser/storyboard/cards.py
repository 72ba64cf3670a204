"""One card: picture, who made it of what, the score before and after, the price."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from PIL import Image

from poser.experts.picture import Picture
from poser.storyboard.canvas import BLUE, FAINT, GOLD, GREEN, INK, MUTED, PAPER, RED, WHITE, Box, Canvas
from poser.storyboard.lettering import RGB
from poser.storyboard.story import Card

_BADGES: Mapping[str, tuple[str, RGB]] = {
    "source": ("source", BLUE),
    "best": ("★ final picture", GOLD),
    "kept": ("kept", GREEN),
    "discarded": ("discarded", RED),
    "unjudged": ("unjudged", MUTED),
    "failed": ("failed", RED),
    "illegal": ("illegal", RED),
}
_PAD = 18
_TASK_LINES, _TROUBLE_LINES = 3, 6
_STRIP = 48
"""Height of the strip above the picture, so that nothing covers the picture itself."""


class CardSize(NamedTuple):
    """Width of a card, height of its picture area and of the whole card, in pixels; lines kept for the task."""

    width: int
    picture: int
    height: int
    lines: int


def card_size(canvas: Canvas, cards: list[Card], width: int, ratio: float) -> CardSize:
    """The size that all cards share: as high as the longest task needs."""
    task = canvas.lettering(18)
    room = width - 2 * canvas.px(_PAD)
    lines = max((len(task.wrap(card.task, room, _TASK_LINES)) for card in cards), default=1)
    picture = round(width * ratio)
    body = canvas.px(_STRIP) + canvas.px(16) + canvas.lettering(20).line + lines * task.line + canvas.px(68)
    return CardSize(width, picture, picture + body, lines)


def draw_card(canvas: Canvas, card: Card, at: tuple[int, int], size: CardSize, picture: Picture | None) -> None:
    """Draw one card with its upper left corner at `at`; its shadow is already there."""
    left, top = at
    box = (left, top, left + size.width, top + size.height)
    if card.fate == "best":
        edge = canvas.px(5)
        canvas.panel((box[0] - edge, box[1] - edge, box[2] + edge, box[3] + edge), GOLD, radius=20)
    canvas.panel(box, WHITE)
    _draw_strip(canvas, card, box)
    top += canvas.px(_STRIP)
    _draw_picture(canvas, card, (left, top, left + size.width, top + size.picture), picture)
    inner = left + canvas.px(_PAD), left + size.width - canvas.px(_PAD)
    room = inner[1] - inner[0]
    y = top + size.picture + canvas.px(16)
    name = canvas.lettering(20, bold=True).shorten(card.expert or ("nobody" if card.label else "source picture"), room)
    y = canvas.text((inner[0], y), [name], 20, bold=True)
    canvas.text((inner[0], y), canvas.lettering(18).wrap(card.task, room, size.lines), 18, MUTED)
    _draw_score(canvas, card, inner, box[3] - canvas.px(54))


def _draw_picture(canvas: Canvas, card: Card, box: Box, picture: Picture | None) -> None:
    width, height = box[2] - box[0], box[3] - box[1]
    if picture is None:
        canvas.panel(box, FAINT, radius=0)
        _draw_trouble(canvas, card.trouble or ("" if card.picture is None else "the picture is not there"), box)
    else:
        canvas.image.paste(_fitted(picture, width, height, faded=card.fate == "discarded"), box[:2])


def _draw_strip(canvas: Canvas, card: Card, box: Box) -> None:
    y, pad = box[1] + canvas.px(9), canvas.px(12)
    text, color = _BADGES[card.fate]
    canvas.badge((box[2] - pad, y), text, color, size=16, right=True)
    if card.label:
        canvas.badge((box[0] + pad, y), card.label, INK, size=16)


def _draw_trouble(canvas: Canvas, trouble: str, box: Box) -> None:
    room = box[2] - box[0] - canvas.px(48)
    lines = canvas.lettering(18).wrap(trouble, room, _TROUBLE_LINES)
    line = canvas.lettering(18).line
    y = (box[1] + box[3] - len(lines) * line) // 2 + canvas.px(14)
    for text in lines:
        x = (box[0] + box[2] - round(canvas.lettering(18).width(text))) // 2
        y = canvas.text((x, y), [text], 18, MUTED)


def _draw_score(canvas: Canvas, card: Card, inner: tuple[int, int], y: int) -> None:
    """The bar: what was there in blue, what came in green, what was lost in red."""
    left, right = inner
    if card.after is not None:
        high = canvas.px(8)

        def stretch(start: float, end: float, color: RGB) -> None:
            span = right - left
            if round(span * end) > round(span * start):
                canvas.panel((left + round(span * start), y, left + round(span * end), y + high), color, radius=4)

        stretch(0.0, 1.0, FAINT)
        before = card.before if card.label else card.after
        stretch(0.0, max(before, card.after), GREEN if card.after >= before else RED)
        stretch(0.0, min(before, card.after), BLUE)
    # the sign of the change is told by the numbers too, not by colour alone
    after = "not judged" if card.after is None else f"{card.after:.2f}"
    score = after if not card.label or card.after is None else f"{card.before:.2f} → {after}"
    color = MUTED if card.after is None else RED if card.after < card.before else INK
    canvas.text((left, y + canvas.px(18)), [score], 18, color, bold=True)
    price = canvas.lettering(15).shorten(card.price, (right - left) * 0.6)
    x = right - round(canvas.lettering(15).width(price))
    canvas.text((x, y + canvas.px(21)), [price], 15, MUTED)


def _fitted(picture: Picture, width: int, height: int, *, faded: bool) -> Image.Image:
    """The whole picture within the frame; a rejected one pales."""
    image = picture.to_pil()
    scale = min(width / image.width, height / image.height)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    image = image.resize(size, Image.Resampling.HAMMING)
    if faded:
        image = Image.blend(image, Image.new("RGB", size, PAPER), 0.5)
    if size == (width, height):
        return image
    frame = Image.new("RGB", (width, height), FAINT)
    frame.paste(image, ((width - size[0]) // 2, (height - size[1]) // 2))
    return frame
