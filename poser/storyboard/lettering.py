"""Fonts, measuring, wrapping and drawing of text in any script."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from PIL import ImageDraw, ImageFont, features

from poser.experts.lexicon import lettering_font

RGB = tuple[int, int, int]

_COMMON = 0x0250
"""Everything below is in every font that is used here."""

_RIGHT_TO_LEFT_OR_JOINED = re.compile("[\u0590-\u08ff\u0900-\u0dff\ufb1d-\ufefc]")
_UNBROKEN = re.compile("[\u1100-\u11ff\u2e80-\ua4cf\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef]")
"""Scripts that are written without spaces between words, so that a line may end after any letter."""

_FALLBACKS = (
    "NotoSansCJK-Regular.ttc",
    "NotoSansCJKsc-Regular.otf",
    "wqy-microhei.ttc",
    "DroidSansFallbackFull.ttf",
    "Arial Unicode.ttf",
    "PingFang.ttc",
    "msyh.ttc",
    "NotoSans-Regular.ttf",
    "FreeSans.ttf",
    "unifont.ttf",
)
"""Fonts of operating systems, for scripts that DejaVu Sans does not cover; used where one is installed."""


@dataclass(frozen=True)
class Lettering:
    """Text of one size and weight.

    Attributes:
        size: in pixels.
        bold: weight.
    """

    size: int
    bold: bool = False

    @property
    def line(self) -> int:
        """Distance between two lines in pixels."""
        return round(self.size * 1.36)

    def width(self, text: str) -> float:
        """Length of a line in pixels."""
        return sum(_font(self.size, self.bold, part).getlength(part) for part in self._runs(text))

    def draw(self, draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, color: RGB) -> None:
        """One line, its upper left corner at `at`; ascenders start there, the baseline lies below."""
        x, y = at
        baseline = y + self.size * 0.97
        for part in self._runs(text):
            font = _font(self.size, self.bold, part)
            draw.text((x, baseline), part, font=font, fill=color, anchor="ls")
            x += font.getlength(part)

    def wrap(self, text: str, width: float, lines: int) -> list[str]:
        """At most `lines` lines that are at most `width` pixels wide; "…" stands for what is left out."""
        made: list[str] = []
        current = ""
        for token in _tokens(text):
            if not current and token.isspace():
                continue
            if self.width((current + token).rstrip()) <= width:
                current += token
                continue
            if current.strip():
                made.append(current.rstrip())
            current = token.lstrip()
            while current and self.width(current) > width:
                # one word longer than a line: an address, a hash
                cut = self._fitting(current, width)
                made.append(current[:cut])
                current = current[cut:]
                if len(made) > lines:
                    break
            if len(made) > lines:
                break
        if current.strip():
            made.append(current.rstrip())
        if len(made) <= lines:
            return made
        return [*made[: lines - 1], self.shorten(made[lines - 1] + " …", width)]

    def shorten(self, text: str, width: float) -> str:
        """The text, with "…" for its end if it is wider than `width` pixels."""
        if self.width(text) <= width:
            return text
        bare = text.removesuffix("…").rstrip()
        return bare[: self._fitting(bare, width - self.width("…"))].rstrip() + "…"

    def _fitting(self, text: str, width: float) -> int:
        """How many characters fit; at least one, so that wrapping ends."""
        low, high = 1, max(1, len(text))
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.width(text[:middle]) <= width else (low, middle - 1)
        return low

    def _runs(self, text: str) -> Iterator[str]:
        """Parts of a line that are drawn with one font each."""
        if not any(ord(letter) >= _COMMON for letter in text):
            if text:
                yield text
            return
        part, kind = "", False
        for letter in text:
            covered = _covered(letter)
            if part and covered != kind:
                yield part
                part = ""
            part, kind = part + letter, covered
        if part:
            yield part


def clean(text: str) -> str:
    """The text on one line: white space folded, control and invisible formatting characters left out."""
    kept = (
        " " if letter.isspace() else letter
        for letter in text.encode("utf-8", "replace").decode()
        # C: controls, surrogates, joiners; variation selectors draw as boxes
        if letter.isspace() or (unicodedata.category(letter)[0] != "C" and not 0xFE00 <= ord(letter) <= 0xFE0F)
    )
    return " ".join("".join(kept).split())


def _tokens(text: str) -> Iterator[str]:
    """Words, the spaces between them, and single letters of scripts without spaces."""
    for word in re.findall(r"\s+|\S+", text):
        if _UNBROKEN.search(word):
            yield from word
        else:
            yield word


def _font(size: int, bold: bool, text: str) -> ImageFont.FreeTypeFont:
    """The font that draws `text`, a run of letters that are all covered or all not."""
    if ord(text[0]) >= _COMMON and not _covered(text[0]):
        other = _fallback()
        if other is not None:
            return _sized(other, size, True)
    return _sized(_path(bold), size, bool(_RIGHT_TO_LEFT_OR_JOINED.search(text)))


@lru_cache(maxsize=256)
def _sized(path: str, size: int, shaped: bool) -> ImageFont.FreeTypeFont:
    # basic layout is several times faster, and enough for letters that stand side by side
    engine = ImageFont.Layout.RAQM if shaped and features.check("raqm") else ImageFont.Layout.BASIC
    return ImageFont.truetype(path, size, layout_engine=engine)


@cache
def _path(bold: bool) -> str:
    path = Path(str(lettering_font(16).path))
    return str(path if bold else path.with_name("DejaVuSans.ttf"))


@cache
def _fallback() -> str | None:
    for name in _FALLBACKS:
        try:
            return str(ImageFont.truetype(name, 16).path)
        except OSError:
            continue
    return None


@lru_cache(maxsize=4096)
def _covered(letter: str) -> bool:
    """Whether DejaVu Sans has this letter: a letter that it lacks is drawn as its box for missing ones."""
    return ord(letter) < _COMMON or _shape(letter) != _shape("\U0010ffff") or letter.isspace()


@lru_cache(maxsize=4096)
def _shape(letter: str) -> bytes:
    return bytes(_sized(_path(False), 20, False).getmask(letter))
