"""One command for every operation and a picture to edit: what conformance checks and documentation try things with."""

from __future__ import annotations

import numpy as np

from poser.experts.picture import Picture
from poser.experts.types import Atom, Command, Operation

EXAMPLES: dict[Operation, Command] = {
    command.operation: command
    for command in (
        Command(
            id="c1",
            operation=Operation.GENERATE,
            text="A red car on a white background",
            atoms=(Atom(id="a1", tuple=("entity", "car"), question="Is there a car?"),),
        ),
        Command(
            id="c1",
            operation=Operation.ADD,
            subjects=("car",),
            goals=("red",),
            text="Add a red car",
            atoms=(
                Atom(id="a1", tuple=("entity", "car"), question="Is there a car?"),
                Atom(id="a2", tuple=("attribute", "color", "car", "red"), question="Is the car red?", parents=("a1",)),
            ),
        ),
        Command(
            id="c1",
            operation=Operation.REMOVE,
            subjects=("car",),
            text="Remove the car",
            atoms=(Atom(id="a1", tuple=("entity", "car"), question="Is there a car?", answer="no"),),
        ),
        Command(
            id="c1",
            operation=Operation.REPLACE,
            subjects=("car",),
            goals=("tree",),
            text="Replace the car by a tree",
            atoms=(
                Atom(id="a1", tuple=("entity", "car"), question="Is there a car?", answer="no"),
                Atom(id="a2", tuple=("entity", "tree"), question="Is there a tree?"),
            ),
        ),
        Command(
            id="c1",
            operation=Operation.RECOLOR,
            subjects=("car",),
            goals=("blue",),
            text="Make the car blue",
            atoms=(Atom(id="a1", tuple=("attribute", "color", "car", "blue"), question="Is the car blue?"),),
        ),
        Command(
            id="c1",
            operation=Operation.RESIZE,
            subjects=("car",),
            goals=("large",),
            text="Make the car large",
            atoms=(Atom(id="a1", tuple=("attribute", "size", "car", "large"), question="Is the car large?"),),
        ),
        Command(
            id="c1",
            operation=Operation.MOVE,
            subjects=("car",),
            goals=("left",),
            text="Move the car to the left",
            atoms=(Atom(id="a1", tuple=("relation", "left", "car", "canvas"), question="Is the car on the left?"),),
        ),
        Command(
            id="c1",
            operation=Operation.BACKGROUND,
            goals=("sunset",),
            text="Set the background to a sunset",
            atoms=(Atom(id="a1", tuple=("background", "sunset"), question="Is the background a sunset?"),),
        ),
        Command(
            id="c1",
            operation=Operation.STYLE,
            goals=("watercolor",),
            text="Turn it into a watercolor",
            atoms=(Atom(id="a1", tuple=("style", "watercolor"), question="Is it a watercolor?"),),
        ),
        Command(
            id="c1",
            operation=Operation.TONE,
            goals=("darker",),
            text="Make the picture darker",
            atoms=(Atom(id="a1", tuple=("style", "darker"), question="Is the picture darker?"),),
        ),
        Command(
            id="c1",
            operation=Operation.TEXT,
            subjects=('"SALE"',),
            goals=("SALE",),
            text='Write "SALE" on it',
            atoms=(Atom(id="a1", tuple=("text", "SALE"), question='Can "SALE" be read?', answer="SALE"),),
        ),
        Command(
            id="c1",
            operation=Operation.OTHER,
            text="Make it feel hopeful",
            atoms=(Atom(id="a1", tuple=("other", "feel hopeful"), question="Does it feel hopeful?"),),
        ),
    )
}
"""One command for every operation, to try experts with."""


def example_source(width: int, height: int) -> Picture:
    """A picture to edit when the author gives none: uint8 (height, width, 3), a gradient with two blocks."""
    y, x = np.mgrid[0:height, 0:width]
    pixels = np.stack([x * 200 // width + 30, y * 200 // height + 30, np.full_like(x, 120)], axis=-1).astype(np.uint8)
    pixels[height // 4 : height // 2, width // 4 : width // 2] = (220, 40, 40)
    pixels[height // 2 :, width // 2 : width * 3 // 4] = (40, 160, 60)
    return Picture(pixels)
