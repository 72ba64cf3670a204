"""Rows that train and test a decomposer: the studio's own, as many as wanted, and files of rows.

| column | holds |
|---|---|
| `request` | the user's words |
| `actions` | one value of `Operation` per command, in the plan's order |
| `subjects`, `goals` | per command the subject phrases and goals, aligned with `actions` |
| `atoms` | each atom as `poser.decompose.plans.atoms_of` spells it |
| `plan` | the plan as JSON; "" where none is known |
| `annotated` | False where the answer comes from an extractor, not from an annotation |
| `image` | only with pictures: path of the source picture, or None |
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NotRequired, TypedDict

from poser.decompose.plans import atoms_of, decomposition_of
from poser.decompose.requests.generator import LEVELS, SPLITS, Pair, pairs
from poser.experts.errors import InputError
from poser.experts.files import write_atomically
from poser.experts.types import Plan

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = [
    "COLUMNS", "LEVELS", "SPLITS", "Row", "dataset_of", "row_of", "studio_dataset", "studio_rows",
    "write_rows",
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
    image: NotRequired[str | None]


COLUMNS = ("request", "actions", "subjects", "goals", "atoms", "plan")
"""Columns that every row has."""


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


def studio_rows(count: int, *, seed: int, split: str = "train", level: str = "full") -> Iterator[Row]:
    """So many rows of the studio's generator; the same for a seed, and the first ones the same whatever the count.

    Args:
        count: of rows; no request comes twice, and none stands in two splits, whatever their seeds.
        seed: at least 0.
        split: "train"; "validation" (worded alike, never in train); "phrasings", "nouns", "both": all phrasings, or
            all nouns and lettering, or both, are kept out of training.
        level: "tiny" (1 to 5 commands, at most 60 words, about a hundred nouns) or "full" (3 to 10, all nouns).

    Raises:
        InputError: a negative count or seed. UnknownName: no such split or level.
    """
    return (_studio_row(pair) for pair in pairs(count, seed=seed, split=split, level=level))


def _studio_row(pair: Pair) -> Row:
    return row_of(pair.plan)


def studio_dataset(count: int, *, seed: int, split: str = "train", level: str = "full") -> Dataset:
    """The same rows as a `datasets.Dataset`; needs the extra `grpo`."""
    return dataset_of(studio_rows(count, seed=seed, split=split, level=level))


def dataset_of(rows: Iterable[Row]) -> Dataset:
    """Rows as a `datasets.Dataset`, whose column `image` decodes pictures if a row has one.

    Raises:
        InputError: there is no row.
    """
    from datasets import Dataset, Features, Image, Sequence, Value

    held = list(rows)
    if not held:
        raise InputError("There are no rows to train on; give at least one.")
    words = Sequence(Value("string"))
    columns = {"request": Value("string"), "actions": words, "subjects": Sequence(words), "goals": Sequence(words),
               "atoms": words, "plan": Value("string"), "annotated": Value("bool")}  # fmt: skip
    if any("image" in row for row in held):
        columns["image"] = Image()
    return Dataset.from_list([{name: row.get(name) for name in columns} for row in held], features=Features(columns))


def write_rows(rows: Iterable[Row], path: Path) -> int:
    """Write rows as JSONL, UTF-8; how many they were. An older file stays until the new one is whole."""
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    write_atomically(path, "".join(f"{line}\n" for line in lines).encode())
    return len(lines)
