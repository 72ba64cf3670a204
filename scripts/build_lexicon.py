"""Derive poser/experts/data/lexicon.json from scripts/lexicon_nouns.txt, lexicon_near.txt and fontawesomefree's glyphs.

    python scripts/build_lexicon.py            write the file
    python scripts/build_lexicon.py --check    only say whether the file on disk is what would be written
    python scripts/build_lexicon.py --pairs 30 show the most similar silhouettes

The build refuses: unknown icons, colours or plurals, one word for two nouns, and two nouns whose silhouettes
are so alike (`MAX_IOU`) that no detector could tell them apart.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "scripts" / "lexicon_nouns.txt"
NEAR = ROOT / "scripts" / "lexicon_near.txt"
TARGET = ROOT / "poser" / "experts" / "data" / "lexicon.json"
COLORS = ("black", "white", "gray", "red", "orange", "yellow", "green", "blue", "purple", "pink", "brown")

MASK_SIDE = 64
MAX_IOU = 0.855  #: intersection over union of two silhouettes, each scaled to a longer side of MASK_SIDE px
MAX_RELATED = 3  #: a search term that leads to more nouns than this says too little to be kept


class Row(NamedTuple):
    """One line of the source; each synonym with its plural, or None for none."""

    icon: str
    noun: str
    plural: str
    color: str
    synonyms: tuple[tuple[str, str | None], ...]


def font_folder() -> Path:
    """Where fontawesomefree keeps its fonts and metadata."""
    spec = importlib.util.find_spec("fontawesomefree")
    if spec is None or spec.origin is None:
        raise SystemExit("fontawesomefree is not installed: pip install fontawesomefree==6.6.0")
    return Path(spec.origin).parent / "static" / "fontawesomefree"


def plural_of(noun: str) -> str:
    """Regular English plural of the last word; irregular ones stand in the source."""
    if noun.endswith(("s", "x", "ch", "sh", "z")):
        return noun + "es"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + "s"


def split_plural(text: str) -> tuple[str, str | None]:
    """`word` or `word/plural`, where `-` says that there is no plural."""
    word, _, plural = (part.strip() for part in text.partition("/"))
    if plural == "-":
        return word, None
    return word, plural or plural_of(word)


def read_rows() -> list[Row]:
    """The hand-written source, line by line."""
    rows = []
    for number, line in enumerate(SOURCE.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) != 4 or cells[2] not in COLORS:
            raise SystemExit(f"{SOURCE.name}:{number}: want 'icon | noun | colour | synonyms', got {line!r}")
        noun, plural = split_plural(cells[1])
        synonyms = tuple(split_plural(word) for word in cells[3].split(",") if word.strip())
        rows.append(Row(cells[0], noun, plural or noun, cells[2], synonyms))
    return rows


def word_table(rows: list[Row]) -> dict[str, str]:
    """Every spelling -> canonical noun; a canonical name beats nothing: any clash is an error."""
    table: dict[str, str] = {}
    clashes = []
    for row in rows:
        words = {row.noun, row.plural}
        for word, plural in row.synonyms:
            words |= {word, plural or word}
        for word in sorted(words):
            key = word.lower().replace("-", " ").replace("’", "'")
            if table.setdefault(key, row.noun) != row.noun:
                clashes.append(f"{word!r} stands for both {table[key]!r} and {row.noun!r}")
    if clashes:
        raise SystemExit("\n".join(clashes))
    return table


def silhouette(font: ImageFont.FreeTypeFont, character: str) -> np.ndarray:
    """Bool array [MASK_SIDE, MASK_SIDE]: the glyph, its longer side filling the square, centred."""
    left, top, right, bottom = font.getbbox(character)
    image = Image.new("L", (int(right - left) + 1, int(bottom - top) + 1))
    ImageDraw.Draw(image).text((-left, -top), character, font=font, fill=255)
    image = image.crop(image.getbbox())
    scale = MASK_SIDE / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    square = Image.new("L", (MASK_SIDE, MASK_SIDE))
    square.paste(image.resize(size, Image.Resampling.BOX), ((MASK_SIDE - size[0]) // 2, (MASK_SIDE - size[1]) // 2))
    return np.asarray(square) > 127


def similar_pairs(rows: list[Row], icons: dict[str, Any], count: int) -> list[tuple[float, str, str]]:
    """The `count` most similar pairs of nouns as (IoU, noun, noun), most similar first."""
    font = ImageFont.truetype(str(font_folder() / "webfonts" / "fa-solid-900.ttf"), 256)
    masks = np.stack([silhouette(font, chr(int(icons[row.icon]["unicode"], 16))).ravel() for row in rows])
    flat = masks.astype(np.float32)
    common = flat @ flat.T
    area = flat.sum(1)
    iou = common / (area[:, None] + area[None, :] - common)
    first, second = np.triu_indices(len(rows), 1)
    order = np.argsort(-iou[first, second])[:count]
    return [(float(iou[first[k], second[k]]), rows[first[k]].noun, rows[second[k]].noun) for k in order]


def related_table(rows: list[Row], icons: dict[str, Any], words: dict[str, str]) -> dict[str, list[str]]:
    """Search terms of the icon set that are not words of ours -> nouns, for suggestions only."""
    related: dict[str, list[str]] = {}
    for row in rows:
        for term in icons[row.icon]["search"]["terms"]:
            key = str(term).lower().replace("-", " ")
            if key not in words and key.isascii() and key.isalpha() and len(key) > 2:
                related.setdefault(key, []).append(row.noun)
    kept = {key: nouns for key, nouns in related.items() if len(nouns) <= MAX_RELATED}
    return dict(sorted({**kept, **near_table(words)}.items()))


def near_table(words: dict[str, str]) -> dict[str, list[str]]:
    """Everyday words of no glyph -> what comes near, by hand; an empty list says that nothing does."""
    table: dict[str, list[str]] = {}
    for number, line in enumerate(NEAR.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        left, _, right = line.partition("|")
        given = [word.strip() for word in left.split(",")]
        near = [noun.strip() for noun in right.split(",") if noun.strip()]
        if wrong := [word for word in given if word in words] + [noun for noun in near if words.get(noun) != noun]:
            raise SystemExit(f"{NEAR.name}:{number}: can be drawn, or is no noun: {', '.join(wrong)}")
        table |= dict.fromkeys(given, near)
    return table


def build() -> tuple[str, list[tuple[float, str, str]]]:
    """The text of lexicon.json and the most similar pairs."""
    icons = json.loads((font_folder() / "metadata" / "icons.json").read_text(encoding="utf-8"))
    rows = read_rows()
    wrong = [row.icon for row in rows if "solid" not in icons.get(row.icon, {}).get("free", ())]
    if wrong:
        raise SystemExit(f"no free solid icon of this name: {', '.join(wrong)}")
    words = word_table(rows)
    pairs = similar_pairs(rows, icons, 40)
    alike = [f"{a!r} and {b!r} look alike (IoU {iou:.3f} > {MAX_IOU})" for iou, a, b in pairs if iou > MAX_IOU]
    if alike:
        raise SystemExit("\n".join(alike))
    nouns = [[row.noun, row.plural, int(icons[row.icon]["unicode"], 16), row.color] for row in rows]
    other = {word: noun for word, noun in sorted(words.items()) if word != noun}
    document = {"nouns": nouns, "words": other, "related": related_table(rows, icons, words)}
    return json.dumps(document, ensure_ascii=False, indent=0, separators=(",", ":")) + "\n", pairs


def main() -> int:
    """Write or check the file; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--pairs", type=int, default=0, help="print so many of the most similar pairs (at most 40)")
    arguments = parser.parse_args()
    text, pairs = build()
    for iou, first, second in pairs[: arguments.pairs]:
        print(f"{iou:.3f}  {first} ~ {second}")
    if arguments.check:
        same = TARGET.exists() and TARGET.read_text(encoding="utf-8") == text
        print("lexicon.json is up to date" if same else "lexicon.json differs: run scripts/build_lexicon.py")
        return 0 if same else 1
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(text, encoding="utf-8")
    document = json.loads(text)
    print({key: len(value) for key, value in document.items()}, f"{len(text) / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
