"""`make bench-recognition`: how well readers recognise what the studio painted, in plain and in styled pictures.

    python -m benchmarks.recognition [--reader detector|eye|both] [--scenes 1000] [--styled 200] [--seed 0]

The scenes (`recognition_scenes.py`) are painted straight from facts: 1 to 9 separate things of any noun, colour and
size, on any backdrop, on canvases of five sizes. A thing is *right* if a thing of the same noun and colour is found at
its place. The detector also reads backdrop, style, tone and lettering; the editors' eye reads things only.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import cv2
import numpy as np

from benchmarks.recognition_scenes import SIZES, random_scene
from benchmarks.report import write
from poser.critics.detector import DetectorCritic
from poser.critics.letters import same_lettering
from poser.evaluate.report import header, table, wilson
from poser.experts import lexicon
from poser.experts.picture import Picture
from poser.experts.studio.painter import Placed, Scene, apply_tone, paint

Found = tuple[str, str, float, float, float]
LETTERINGS = (
    "SALE 50%", "Hello, world!", "Happy Birthday", "Open 9-18", "NEW", "A", "7", "Up & away?", "“It’s” fine…",
    "Grand Opening this Saturday", "Café Zürich", "Crème brûlée 3,50 €", "ПРИВЕТ", "Добро пожаловать",
    "Καλημέρα κόσμε", "The quick brown fox jumps over the lazy dog near the river",
)  # fmt: skip


class Reader(Protocol):
    """Finds things: (noun, color, centre x, centre y, extent) in fractions, as in the painter's `Placed`."""

    def read(self, picture: Picture) -> list[Found]: ...


class DetectorReader:
    """The detector critic, things that it is rather sure of."""

    def __init__(self) -> None:
        self.critic = DetectorCritic(ocr=False)

    def read(self, picture: Picture) -> list[Found]:
        things = [thing for thing in self.critic.read(picture).things if thing.sure >= 0.5]
        return [(t.noun, t.color, (t.box[0] + t.box[2]) / 2, (t.box[1] + t.box[3]) / 2, t.extent) for t in things]


class EyeReader:
    """The eye of the studio's editors."""

    def read(self, picture: Picture) -> list[Found]:
        from poser.experts.studio.eye import read

        return read(np.array(picture.pixels))


READERS: dict[str, Callable[[], Reader]] = {"detector": DetectorReader, "eye": EyeReader}


@dataclass
class Tally:
    """What became of the painted things."""

    things: int = 0
    right: int = 0
    noun_right: int = 0
    color_right: int = 0
    extra: int = 0
    scenes: int = 0
    counts_right: int = 0
    seconds: list[float] = field(default_factory=list)
    confusions: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, painted: Sequence[Placed], found: list[Found], seconds: float) -> None:
        """Match found things to the painted ones by place, and count."""
        left = list(found)
        for thing in painted:
            near = [f for f in left if np.hypot(f[2] - thing.cx, f[3] - thing.cy) < 0.35 * thing.extent]
            # of several at one place, one that is right
            best = min(near, key=lambda f: (f[0] != thing.noun, f[1] != thing.color), default=None)
            self.things += 1
            if best is None:
                self.confusions[f"{thing.color} {thing.noun}", "nothing"] += 1
                continue
            left.remove(best)
            self.noun_right += best[0] == thing.noun
            self.color_right += best[1] == thing.color
            self.right += best[0] == thing.noun and best[1] == thing.color
            if best[:2] != (thing.noun, thing.color):
                self.confusions[f"{thing.color} {thing.noun}", f"{best[1]} {best[0]}"] += 1
        self.extra += len(left)
        self.scenes += 1
        self.counts_right += len(found) == len(painted)
        self.seconds.append(seconds)

    def row(self) -> list[object]:
        """Things, share right with its interval, nouns, colours, scenes with the right count, extra, ms."""
        low, high = wilson(self.right, self.things)
        n = max(1, self.things)
        return [
            self.things,
            self.right / n,
            f"{low:.3f}–{high:.3f}",
            self.noun_right / n,
            self.color_right / n,
            self.counts_right / max(1, self.scenes),
            self.extra,
            round(1000 * float(np.median(self.seconds))),
        ]


COLUMNS = ("things", "right", "95 % interval", "noun", "colour", "scenes with right count", "extra", "median ms")


class Painted(NamedTuple):
    """A painted scene."""

    scene: Scene
    picture: Picture


def painted(count: int, seed: int, style: str | None = None, *, lettered: bool = False) -> Iterator[Painted]:
    """Scenes seed, seed + 1, …; with lettering of the list on request."""
    for number in range(seed, seed + count):
        width, height = SIZES[number % len(SIZES)]
        lettering = LETTERINGS[number % len(LETTERINGS)] if lettered else None
        scene = random_scene(number, width=width, height=height, style=style, lettering=lettering)
        yield Painted(scene, Picture(paint(scene, width, height, number)))


def things(reader: Reader, scenes: Iterator[Painted]) -> Tally:
    """Run a reader over scenes."""
    tally = Tally()
    for scene, picture in scenes:
        start = time.perf_counter()
        found = reader.read(picture)
        tally.add(scene.things, found, time.perf_counter() - start)
    return tally


def things_section(name: str, clean: Tally, styled: dict[str, Tally]) -> str:
    """Tables of one reader."""
    base = clean.right / max(1, clean.things)
    rows = [["none", *clean.row(), "–"]]
    for style, tally in styled.items():
        share = tally.right / max(1, tally.things) / max(base, 1e-9)
        rows.append([style, *tally.row(), f"{100 * share:.1f} %"])
    confusions = Counter[tuple[str, str]]()
    for tally in (clean, *styled.values()):
        confusions.update(tally.confusions)
    listed = [[a, b, n] for (a, b), n in confusions.most_common(25)]
    return (
        f"## Things, read by the {name}\n\n"
        + table(("style", *COLUMNS, "of plain"), rows)
        + f"\nNouns met in the plain scenes: {len(lexicon.nouns())} in the lexicon, drawn evenly.\n\n"
        + f"Most frequent mistakes of the {name}, over all styles:\n\n"
        + table(("painted", "read", "times"), listed)
    )


def looks_section(critic: DetectorCritic, count: int, seed: int) -> str:
    """Backdrop, style and tone as the detector reads them."""
    rows: list[list[object]] = []
    wrong: Counter[tuple[str, str]] = Counter()
    cases: list[tuple[str | None, str | None]] = [(None, None), *((style, None) for style in lexicon.STYLES)]
    cases += [(None, tone) for tone in lexicon.TONES]
    for style, tone in cases:
        backdrops = styles = tones = right = total = 0
        for scene, picture in painted(count, seed + 20_000, style):
            shown = picture if tone is None else Picture(apply_tone(np.array(picture.pixels), tone))
            reading = critic.read(shown)
            best = max(reading.backdrops, key=lambda name: reading.backdrops[name], default="")
            backdrops += best == scene.background
            styles += reading.look.style == style
            tones += reading.look.tint.tone == tone
            if best != scene.background:
                wrong[scene.background, best or "unknown"] += 1
            seen = {(thing.noun, thing.color) for thing in reading.things if thing.sure >= 0.5}
            right += sum((thing.noun, thing.color) in seen for thing in scene.things)
            total += len(scene.things)
        rows.append(
            [
                style or "none",
                tone or "none",
                count,
                backdrops / count,
                styles / count,
                tones / count,
                right / max(1, total),
            ]
        )
    confused = [[a, b, n] for (a, b), n in wrong.most_common(10)]
    return (
        "## Backdrop, style and tone, read by the detector\n\n"
        + table(("painted style", "painted tone", "pictures", "backdrop", "style", "tone", "things"), rows)
        + ("\nMistaken backdrops:\n\n" + table(("painted", "read", "times"), confused) if confused else "")
    )


def lettering_section(critic: DetectorCritic, count: int, seed: int) -> str:
    """Lettering as the own reader of the detector reads it."""
    rows: list[list[object]] = []
    for style in (None, *lexicon.STYLES):
        right = found = false = 0
        for scene, picture in painted(count, seed + 40_000, style, lettered=True):
            panels = critic.read(picture).letterings
            wanted = scene.letterings[0].text
            right += any(same_lettering(panel, wanted) >= 0.5 for panel in panels)
            found += bool(panels)
        for _, picture in painted(count, seed + 60_000, style):
            false += bool(critic.read(picture).letterings)
        low, high = wilson(right, count)
        rows.append([style or "none", count, right / count, f"{low:.3f}–{high:.3f}", found / count, false / count])
    columns = ("style", "pictures", "text right", "95 % interval", "lettering seen", "seen where none is")
    return "## Lettering, read by the detector's own reader (without OCR)\n\n" + table(columns, rows)


def main() -> None:
    """Measure and write `docs/figures/recognition.md`."""
    parser = argparse.ArgumentParser(description="How well readers recognise what the studio painted.")
    parser.add_argument("--reader", choices=(*READERS, "both"), default="both")
    parser.add_argument("--scenes", type=int, default=1000, help="plain scenes")
    parser.add_argument("--styled", type=int, default=200, help="scenes under each style and tone")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--print", action="store_true", help="show the page instead of writing it")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    names = list(READERS) if given.reader == "both" else [given.reader]
    page = header(
        "Recognition", f"python -m benchmarks.recognition --reader {given.reader}", scenes=given.scenes, seed=given.seed
    )
    page += "\n" + " ".join((__doc__ or "").split("\n\n", 2)[2].split()) + "\n"
    for name in names:
        reader = READERS[name]()
        clean = things(reader, painted(given.scenes, given.seed))
        styled = {s: things(reader, painted(given.styled, given.seed, s)) for s in lexicon.STYLES}
        page += "\n" + things_section(name, clean, styled)
    if "detector" in names:
        critic = DetectorCritic(ocr=False)
        page += "\n" + looks_section(critic, given.styled, given.seed)
        page += "\n" + lettering_section(critic, given.styled, given.seed)
    if given.print:
        print(page)
    else:
        write("recognition.md" if given.reader != "eye" else "recognition_eye.md", page)


if __name__ == "__main__":
    main()
