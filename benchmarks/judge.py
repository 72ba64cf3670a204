"""`make bench-judge`: how well the neural judge recognises studio pictures, and how often it agrees with the facts.

    python -m benchmarks.judge [--scenes 300] [--styled 60] [--facts 150] [--seed 0] [--print]

*Things*: the scenes of `recognition_scenes.py`, as in `make bench-recognition`. *Facts*: groups of things laid out by
the studio and painted; from where everything was put follow statements that hold (thing, colour, count, relation,
place, size) and others that do not, each with one word changed. A critic agrees if it gives at least 0.5 to what holds
and less to what does not; None is no agreement. The detector stands beside it.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations

import cv2
import numpy as np

from benchmarks.recognition import COLUMNS, Found, painted, things
from benchmarks.report import write
from poser.critics.base import Critic, judge_checked
from poser.critics.detector import DetectorCritic
from poser.critics.judge.critic import NeuralJudge
from poser.critics.judge.layers import WEIGHTS
from poser.critics.relations import Box, place_margin, relation_margin
from poser.critics.types import JudgeRequest, Verdict
from poser.evaluate.report import header, table, wilson
from poser.experts import lexicon
from poser.experts.base import CallContext
from poser.experts.picture import Picture
from poser.experts.studio.layout import lay_out
from poser.experts.studio.painter import Placed, Scene, apply_tone, paint
from poser.experts.studio.scene import Group
from poser.experts.types import Atom

CLEAR = 0.02  #: statements whose truth hangs on less (shares of the canvas) are not asked
SIDE = 768
FIRST = 500_000  #: pictures of facts have seeds from here on


class JudgeReader:
    """The neural judge, things that it is rather sure of."""

    def __init__(self) -> None:
        self.critic = NeuralJudge(ocr=False)

    def read(self, picture: Picture) -> list[Found]:
        found = [thing for thing in self.critic.read(picture).things if thing.sure >= 0.5]
        return [(t.noun, t.color, (t.box[0] + t.box[2]) / 2, (t.box[1] + t.box[3]) / 2, t.extent) for t in found]


Statement = tuple[str, tuple[str, ...], bool]
"""Kind, words of the atom, whether it holds."""


def facts(seed: int, style: str | None, tone: str | None = None) -> tuple[Picture, list[Statement]]:
    """A picture of two to five groups, and what holds of it and what does not."""
    rng = np.random.default_rng([23, seed])
    names = rng.choice(lexicon.nouns(), size=int(rng.integers(2, 6)), replace=False).tolist()
    groups = [
        Group(
            noun,
            str(rng.choice(list(lexicon.COLORS))),
            [None, None, "small", "large"][int(rng.integers(4))],
            int(rng.choice((1, 1, 1, 2, 3, 4))),
        )
        for noun in names
    ]
    layout = lay_out(groups, SIDE, SIDE, rng)
    backdrop = str(rng.choice(lexicon.BACKGROUNDS))
    placed = tuple(thing for _, thing in layout.things)
    canvas = paint(Scene(backdrop, placed, (), style), SIDE, SIDE, seed)
    if tone is not None:
        canvas = apply_tone(canvas, tone)
    statements = [*_of_kinds(placed, rng), *_of_pairs(placed, rng)]
    statements += [("background", ("background", backdrop), True)]
    other = _other(lexicon.BACKGROUNDS, {backdrop}, rng)
    statements += [("background", ("background", other), False)]
    for kind, name, words in (("style", style, lexicon.STYLES), ("tone", tone, lexicon.TONES)):
        statements += [] if name is None else [(kind, ("style", name), True)]
        statements += [(kind, ("style", _other(words, {name or ""}, rng)), False)]
    return Picture(canvas), statements


def _of_kinds(placed: Sequence[Placed], rng: np.random.Generator) -> Iterator[Statement]:
    """Things, colours, numbers and sizes."""
    kinds = Counter((thing.noun, thing.color) for thing in placed)
    for (noun, color), number in kinds.items():
        other_noun = _other(lexicon.nouns(), {thing.noun for thing in placed}, rng)
        other_color = _other(tuple(lexicon.COLORS), {color}, rng)
        yield "entity", ("entity", f"{color} {noun}"), True
        yield "entity", ("entity", f"{color} {other_noun}"), False
        yield "entity", ("entity", f"{other_color} {noun}"), False
        yield "color", ("attribute", "color", noun, color), True
        yield "color", ("attribute", "color", noun, other_color), False
        yield "count", ("count", noun, str(number)), True
        yield "count", ("count", noun, str(max(1, number + int(rng.choice((-1, 1)))) if number > 1 else 2)), False
        extents = [thing.extent for thing in placed if thing.noun == noun]
        if max(extents) < lexicon.SIZE_EXTENT["small"][1] - CLEAR / 2:
            yield "size", ("attribute", "size", noun, "small"), True
            yield "size", ("attribute", "size", noun, "large"), False
        elif min(extents) > lexicon.SIZE_EXTENT["large"][0] + CLEAR / 2:
            yield "size", ("attribute", "size", noun, "large"), True
            yield "size", ("attribute", "size", noun, "small"), False


def _of_pairs(placed: Sequence[Placed], rng: np.random.Generator) -> Iterator[Statement]:
    """Relations and places of things that are there once."""
    numbers = Counter(thing.noun for thing in placed)
    single = [thing for thing in placed if numbers[thing.noun] == 1]
    for thing in single:
        margins = {place: place_margin(place, _box(thing)) for place in lexicon.PLACES}
        yield from _clear_ones("place", margins, lambda place, t=thing: ("relation", place, t.noun, "canvas"), rng)
    for one, other in combinations(single, 2):
        margins = {
            relation: relation_margin(relation, _box(one), _box(other), SIDE, SIDE)
            for relation in lexicon.RELATIONS
            if relation != "between"
        }
        yield from _clear_ones(
            "relation", margins, lambda relation, a=one, b=other: ("relation", relation, a.noun, b.noun), rng
        )


def _clear_ones(
    kind: str, margins: dict[str, float], words: Callable[[str], tuple[str, ...]], rng: np.random.Generator
) -> Iterator[Statement]:
    """One of those that clearly hold and one of those that clearly do not."""
    for holds in (True, False):
        clear = [name for name, margin in margins.items() if (margin > CLEAR if holds else margin < -CLEAR)]
        if clear:
            yield kind, words(str(rng.choice(clear))), holds


def _box(thing: Placed) -> Box:
    rows, columns = lexicon.glyph_mask(thing.noun, 200).shape
    wide, high = thing.extent * columns / 400, thing.extent * rows / 400
    return Box(thing.cx - wide, thing.cy - high, thing.cx + wide, thing.cy + high)


def _other(words: Sequence[str], but: set[str], rng: np.random.Generator) -> str:
    return str(rng.choice([word for word in words if word not in but]))


Agreement = dict[tuple[str, bool], list[float]]
"""(kind, holds) -> for every statement 1.0 agreed, 0.0 not; NaN for None."""


def agreement(critic: Critic, pictures: Sequence[tuple[Picture, list[Statement]]]) -> tuple[Agreement, float]:
    """What a critic agrees with, and its median seconds a picture."""
    given: Agreement = defaultdict(list)
    seconds = []
    for picture, statements in pictures:
        atoms = tuple(
            Atom(id=f"a{k}", tuple=words, question="?", answer=words[2] if kind == "count" else "yes")
            for k, (kind, words, _) in enumerate(statements)
        )
        start = time.perf_counter()
        verdict = judge_checked(critic, [JudgeRequest(picture=picture, atoms=atoms)], CallContext())[0]
        seconds.append(time.perf_counter() - start)
        if not isinstance(verdict, Verdict):
            raise verdict
        for (kind, _, holds), answer in zip(statements, verdict.answers, strict=True):
            p = answer.probability
            given[kind, holds].append(float("nan") if p is None else float((p >= 0.5) == holds))
    return given, float(np.median(seconds))


def facts_section(count: int, seed: int) -> str:
    """Agreement of both critics in plain, styled and toned pictures."""
    kinds = ("entity", "color", "count", "size", "relation", "place", "background", "style", "tone")
    pages, totals = [], []
    cases: list[tuple[str, list[tuple[str | None, str | None]], int]] = [("plain", [(None, None)], count)]
    cases += [("under the styles", [(style, None) for style in lexicon.STYLES], max(1, count // 5))]
    cases += [("under the tones", [(None, tone) for tone in lexicon.TONES], max(1, count // 5))]
    for title, looks, each in cases:
        pictures = [facts(FIRST + seed + number, style, tone) for style, tone in looks for number in range(each)]
        for critic in (NeuralJudge(ocr=False), DetectorCritic(ocr=False)):
            given, seconds = agreement(critic, pictures)
            for holds in (True, False):
                row = [given.get((kind, holds), []) for kind in kinds]
                totals.append(
                    [title, critic.name, "hold" if holds else "do not", sum(map(len, row))]
                    + [float(np.nan_to_num(part).mean()) if part else "–" for part in row]
                    + [int(sum(np.isnan(part).sum() for part in row)), round(1000 * seconds)]
                )
            flat = np.nan_to_num(np.concatenate([np.array(part) for part in given.values()]))
            low, high = wilson(int(flat.sum()), len(flat))
            pages.append([title, critic.name, len(pictures), len(flat), float(flat.mean()), f"{low:.3f}–{high:.3f}"])
    return (
        "## Agreement with the facts\n\n"
        + table(("pictures", "critic", "n", "statements", "agreed", "95 % interval"), pages)
        + "\n"
        + table(("pictures", "critic", "statements that", "n", *kinds, "None", "median ms"), totals)
    )


def main() -> None:
    """Measure and write `docs/figures/judge.md`."""
    parser = argparse.ArgumentParser(description="How well the neural judge recognises what the studio painted.")
    parser.add_argument("--scenes", type=int, default=300, help="plain scenes")
    parser.add_argument("--styled", type=int, default=60, help="scenes under each style")
    parser.add_argument("--facts", type=int, default=150, help="plain pictures of facts; a fifth under each look")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--print", action="store_true", help="show the page instead of writing it")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    reader = JudgeReader()
    rows: list[list[object]] = []
    confusions = Counter[tuple[str, str]]()
    for style in (None, *lexicon.STYLES):
        tally = things(reader, painted(given.scenes if style is None else given.styled, given.seed, style))
        rows.append([style or "none", *tally.row()])
        confusions.update(tally.confusions)
    page = header("The neural judge", "make bench-judge", scenes=given.scenes, seed=given.seed)
    page += "\n" + " ".join((__doc__ or "").split("\n\n", 2)[2].split()) + "\n"
    page += f"\nWeights: {WEIGHTS.stat().st_size / 1e6:.2f} MB.\n\n## Things\n\n" + table(("style", *COLUMNS), rows)
    listed = [[a, b, n] for (a, b), n in confusions.most_common(15)]
    page += "\nMost frequent mistakes:\n\n" + table(("painted", "read", "times"), listed)
    page += "\n" + facts_section(given.facts, given.seed)
    if given.print:
        print(page)
    else:
        write("judge.md", page)


if __name__ == "__main__":
    main()
