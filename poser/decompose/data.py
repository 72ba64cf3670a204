"""Rows that train and test a decomposer: the studio's own, as many as wanted, and files of rows.

| column | holds |
|---|---|
| `request` | the user's words |
| `actions` | one value of `Operation` per command, in the plan's order |
| `subjects`, `goals` | per command the subject phrases and goals, aligned with `actions` |
| `atoms` | each atom as `poser.decompose.plans.atoms_of` spells it |
| `plan` | the plan as JSON; "" where none is known |
| `annotated` | False where the answer comes from an extractor, not from an annotation |
| `image` | only with pictures: the source picture as a PIL image, or the path of its file |
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NotRequired, TypedDict

from poser.decompose.plans import atoms_of, decomposition_of
from poser.decompose.requests.generator import LEVELS, SPLITS, Pair, pairs
from poser.decompose.requests.sources import source_picture
from poser.experts.errors import InputError
from poser.experts.files import write_atomically
from poser.experts.picture import Picture
from poser.experts.png import file_of
from poser.experts.types import Plan

if TYPE_CHECKING:
    from datasets import Dataset
    from PIL.Image import Image

__all__ = [
    "COLUMNS", "LEVELS", "METADATA", "SPLITS", "Row", "dataset_of", "row_of", "studio_dataset", "studio_rows",
    "write_image_folder", "write_rows",
]  # fmt: skip


class Row(TypedDict):
    """One request with the answer that is wanted; see the module's table."""

    request: str
    actions: list[str]
    subjects: list[list[str]]
    goals: list[list[str]]
    atoms: list[str]
    plan: str
    annotated: bool
    image: NotRequired[Image | str | None]


COLUMNS = ("request", "actions", "subjects", "goals", "atoms", "plan")
"""Columns that every row has."""

METADATA = "metadata.jsonl"
"""The rows of an imagefolder; `file_name` is the picture's."""


def row_of(plan: Plan, *, request: str | None = None, annotated: bool = True) -> Row:
    """The row of a plan; `request` are other words for it than its prompt.

    Raises:
        InputError: the plan has more commands than a decomposition.
    """
    wanted = decomposition_of(plan)
    return {
        "request": plan.prompt if request is None else request,
        "actions": [action.value for action in wanted.actions],
        "subjects": [list(items) for items in wanted.subjects],
        "goals": [list(items) for items in wanted.goals],
        "atoms": atoms_of(plan),
        "plan": plan.model_dump_json(),
        "annotated": annotated,
    }


def studio_rows(
    count: int, *, seed: int, split: str = "train", level: str = "full", with_images: bool = False
) -> Iterator[Row]:
    """So many rows of the studio's generator; the same for a seed, and the first ones the same whatever the count.

    Args:
        count: of rows; no request comes twice, and none stands in two splits, whatever their seeds.
        seed: at least 0.
        split: "train"; "validation" (worded alike, never in train); "phrasings", "nouns", "both": all phrasings, or
            all nouns and lettering, or both, are kept out of training; "rewordings": all phrasings are, but their
            words are those of training.
        level: "tiny" (1 to 5 commands, at most 60 words, some forty nouns) or "full" (3 to 10, all nouns).
        with_images: edits alone, each with its source picture (512 px, drawn by the studio) as a PIL image. Without,
            about half of the rows are edits, and their plans' sources stand for pictures that nobody has drawn.

    Raises:
        InputError: a negative count or seed. UnknownName: no such split or level.
    """
    made = pairs(count, seed=seed, split=split, level=level, edits=with_images)
    return (_with_picture(pair) if with_images else row_of(pair.plan) for pair in made)


def _with_picture(pair: Pair) -> Row:
    if pair.scene is None:
        raise ValueError("a pair without a source picture was drawn among edits")
    picture = source_picture(pair.scene)
    row = row_of(pair.plan.model_copy(update={"source": picture.ref}))
    row["image"] = picture.to_pil()
    return row


def studio_dataset(
    count: int, *, seed: int, split: str = "train", level: str = "full", with_images: bool = False
) -> Dataset:
    """The same rows as a `datasets.Dataset`; needs the extra `grpo`."""
    return dataset_of(studio_rows(count, seed=seed, split=split, level=level, with_images=with_images))


def dataset_of(rows: Iterable[Row]) -> Dataset:
    """Rows as a `datasets.Dataset`, whose column `image` decodes pictures if a row has one.

    Raises:
        InputError: there is no row.
    """
    from datasets import Dataset, Features, Sequence, Value
    from datasets import Image as ImageColumn

    held = list(rows)
    if not held:
        raise InputError("There are no rows to train on; give at least one.")
    words = Sequence(Value("string"))
    columns = {"request": Value("string"), "actions": words, "subjects": Sequence(words), "goals": Sequence(words),
               "atoms": words, "plan": Value("string"), "annotated": Value("bool")}  # fmt: skip
    if any("image" in row for row in held):
        columns["image"] = ImageColumn()
    return Dataset.from_list([{name: row.get(name) for name in columns} for row in held], features=Features(columns))


def write_rows(rows: Iterable[Row], path: Path) -> int:
    """Write rows without pictures as JSONL, UTF-8; how many they were. An older file stays until the new one is whole.

    Raises:
        InputError: a row has a picture in memory; `write_image_folder` keeps those.
    """
    lines = []
    for row in rows:
        if not isinstance(row.get("image"), str | None):
            raise InputError("A row has a picture in memory, which a line of text cannot hold; use write_image_folder.")
        lines.append(json.dumps(row, ensure_ascii=False))
    write_atomically(path, "".join(f"{line}\n" for line in lines).encode())
    return len(lines)


def write_image_folder(rows: Iterable[Row], folder: Path) -> int:
    """Write rows with pictures as an imagefolder: PNG files and `metadata.jsonl`; how many rows they were.

    A picture is named by the hash of its pixels, so that rows may share one.

    Raises:
        InputError: a row has no picture in memory.
    """
    lines = []
    for row in rows:
        image = row.get("image")
        if image is None or isinstance(image, str):
            raise InputError(f"The row {row['request'][:60]!r} has no picture; make rows with with_images=True.")
        picture = Picture.from_pil(image)
        name = f"{picture.sha256[:32]}.png"
        if not (folder / name).exists():
            write_atomically(folder / name, file_of(picture))
        kept = {key: value for key, value in row.items() if key != "image"}
        lines.append(json.dumps({"file_name": name, **kept}, ensure_ascii=False))
    write_atomically(folder / METADATA, "".join(f"{line}\n" for line in lines).encode())
    return len(lines)
