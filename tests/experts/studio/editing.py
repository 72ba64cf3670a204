"""Seeded scenes to look at and to edit, and what can be told of a picture by looking."""

from __future__ import annotations

import zlib

import numpy as np

from poser.experts import lexicon
from poser.experts.base import CallContext, Expert
from poser.experts.errors import CallError
from poser.experts.picture import Picture
from poser.experts.studio.eye import look
from poser.experts.studio.geometry import Box
from poser.experts.studio.painter import paint
from poser.experts.studio.scene import Canvas, Lettering, Placed, Scene
from poser.experts.studio.sight import Thing
from poser.experts.studio.spots import outer_half_sides
from poser.experts.types import Atom, Command, ExpertRequest, ExpertResult, Operation

SIDE = 512  #: px; editing goes twice as fast as at 768
TEXTS = ("SALE", "Hello world", "Open 24 hours", "Happy Birthday Anna")


def random_scene(rng: np.random.Generator, count: int | None = None) -> Scene:
    """1 to 9 separate things of any size, at times with lettering, on any backdrop."""
    colors = list(lexicon.COLORS)
    boxes: list[tuple[float, float, float, float]] = []
    letterings: tuple[Lettering, ...] = ()
    if rng.random() < 0.3:
        text = TEXTS[int(rng.integers(len(TEXTS)))]
        letterings = (Lettering(text, colors[int(rng.integers(11))], 0.5, 0.08, float(rng.uniform(0.05, 0.1))),)
        boxes.append((0.0, 0.0, 1.0, 0.17))
    things: list[Placed] = []
    wanted = count or int(rng.integers(1, 10))
    for _ in range(600):
        if len(things) == wanted:
            break
        span = ((0.08, 0.12), (0.14, 0.26), (0.28, 0.36))[int(rng.choice(3, p=(0.25, 0.6, 0.15)))]
        extent = float(rng.uniform(*span))
        half = extent / 2 * 1.12 + 0.012
        x, y = (float(v) for v in rng.uniform(half, 1 - half, 2))
        box = (x - half, y - half, x + half, y + half)
        if any(box[0] < o[2] and o[0] < box[2] and box[1] < o[3] and o[1] < box[3] for o in boxes):
            continue
        boxes.append(box)
        noun = lexicon.nouns()[int(rng.integers(len(lexicon.nouns())))]
        things.append(Placed(noun, colors[int(rng.integers(11))], x, y, extent))
    background = lexicon.BACKGROUNDS[int(rng.integers(len(lexicon.BACKGROUNDS)))]
    return Scene(background, tuple(things), letterings)


def painted(scene: Scene, seed: int = 0, side: int = SIDE) -> Canvas:
    return paint(scene, side, side, seed)


def photograph(seed: int = 0, side: int = 512) -> Picture:
    """Something like a photograph: soft gradients, blurred shapes, grain."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:side, 0:side] / side
    base = np.stack([120 + 90 * y, 100 + 60 * x, 90 + 80 * (1 - y)], axis=-1)
    for _ in range(6):
        cx, cy, size = rng.uniform(0, 1), rng.uniform(0, 1), rng.uniform(0.05, 0.2)
        blob = np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / size**2)
        base += blob[..., None] * rng.uniform(-70, 70, 3)
    return Picture(np.clip(base + rng.normal(0, 5, base.shape), 0, 255).astype(np.uint8))


def command(
    operation: str, *atoms: tuple[str, ...], subjects: tuple[str, ...] = (), goals: tuple[str, ...] = ()
) -> Command:
    """A command with atoms given as tuples; a leading "not" makes a negated one."""
    made = []
    for number, words in enumerate(atoms):
        negated = words[0] == "not"
        made.append(
            Atom(
                id=f"a{number}",
                tuple=words[1:] if negated else words,
                question="?",
                answer="no" if negated else "yes",
            )
        )
    text = " ".join([operation, *subjects, *goals])
    number = zlib.crc32(repr(atoms).encode()) % 10**6
    return Command(
        id=f"{operation}-{number}",
        operation=Operation(operation),
        subjects=subjects,
        goals=goals,
        text=text,
        atoms=tuple(made),
    )


def request(source: Picture | Canvas | None, *commands: Command, seed: int = 0) -> ExpertRequest:
    picture = source if source is None or isinstance(source, Picture) else Picture(source)
    width, height = (SIDE, SIDE) if picture is None else picture.size
    return ExpertRequest(
        mode="i2i", text="words", commands=commands, source=picture, width=width, height=height, seed=seed
    )


def edited(expert: Expert, source: Picture | Canvas, *commands: Command, seed: int = 0) -> ExpertResult:
    answer = expert.run([request(source, *commands, seed=seed)], CallContext())[0]
    assert isinstance(answer, ExpertResult), answer
    return answer


def refused(expert: Expert, source: Picture | Canvas | None, *commands: Command) -> CallError:
    answer = expert.run([request(source, *commands)], CallContext())[0]
    assert isinstance(answer, CallError)
    return answer


def seen(picture: Picture) -> list[Thing]:
    return list(look(picture.pixels).things)


def named(picture: Picture, noun: str) -> list[Thing]:
    return [thing for thing in seen(picture) if thing.noun == noun]


def changed(before: Picture, after: Picture, *about: str) -> list[Thing]:
    """Things of `before`, other than those of the nouns `about`, that are not in `after` just as they were."""
    left = seen(after)
    lost = []
    for thing in seen(before):
        if thing.noun in about:
            continue
        same = [o for o in left if o[:2] == thing[:2] and abs(o.cx - thing.cx) < 0.02 and abs(o.cy - thing.cy) < 0.02]
        if same and abs(same[0].extent - thing.extent) < 0.02:
            left.remove(same[0])
        else:
            lost.append(thing)
    return lost


def outer_boxes(picture: Picture) -> list[Box]:
    """Stickers and panels in px."""
    sight = look(picture.pixels)
    width, height = picture.size
    boxes = [
        Box.around(t.cx * width, t.cy * height, *outer_half_sides(t.noun, t.extent, width, height))
        for t in sight.things
    ]
    return boxes + [Box(*panel.box) for panel in sight.panels]
