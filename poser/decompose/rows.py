"""The rows a training reads: to imitate, to explore, and held out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from poser.decompose.arguments import EVALUATION_SEED, FRESH, GENERATOR, DecomposerArguments
from poser.decompose.data import METADATA, SPLITS, studio_rows
from poser.decompose.prompting import check_rows
from poser.decompose.published import published_rows
from poser.experts.errors import InputError, UnknownName

Row = dict[str, Any]

_HELD_BACK = 10
"""Where held-out rows are not given, at most one row in so many is held out."""


class Rows(NamedTuple):
    """What a training reads.

    Attributes:
        sft: rows of the warm start.
        grpo: rows of GRPO.
        held: held-out rows.
        about: where they are from, in words.
    """

    sft: list[Row]
    grpo: list[Row]
    held: list[Row]
    about: str


def check_sources(arguments: DecomposerArguments) -> None:
    """Check what can be checked before rows are made: names, files, and the first row of each file.

    Raises:
        InputError: no such file or split, or a first row that cannot be learned from.
    """
    splits = "one of the splits " + ", ".join(each for each in SPLITS if each != "train")
    for name, others in ((arguments.data, GENERATOR), (arguments.eval_data, splits)):
        if name and name != GENERATOR and name not in SPLITS:
            check_rows(_read(name, 1, others), name)
    if arguments.data in SPLITS:
        raise InputError(f"data is {arguments.data}, a split of the studio's generator; give studio, or a JSONL file.")
    if arguments.eval_data in ("train", GENERATOR):
        raise UnknownName("held-out split", arguments.eval_data, [each for each in SPLITS if each != "train"])


def training_rows(arguments: DecomposerArguments) -> Rows:
    """All rows of a training, checked, pictures opened; the same for equal arguments.

    Raises:
        InputError: rows that cannot be learned from, or too few.
    """
    given = arguments
    wanted = given.examples + given.grpo_examples
    made = given.data == GENERATOR
    rows = studio(given, wanted, given.seed, "train") if made else _read(given.data, None)
    # a model from nothing knows the words of its rows alone
    own = "rewordings" if given.model == FRESH else "phrasings"
    split = given.eval_data or (own if made else "")
    if split in SPLITS:
        held = studio(given, given.eval_examples, EVALUATION_SEED, split)
    elif split:
        held = _read(split, given.eval_examples)
    else:
        split = f"the last rows of {Path(given.data).name}"
        count = min(given.eval_examples, len(rows) // _HELD_BACK)
        if not count:
            raise InputError(
                f"{given.data} has {len(rows)} rows, too few to hold some out; give at least {_HELD_BACK}, or "
                "eval_data."
            )
        rows, held = rows[:-count], rows[-count:]
    rows = rows[:wanted]
    check_rows(rows, given.data)
    check_rows(held, split)
    first = given.examples
    if given.grpo_examples and len(rows) <= first:
        first = _share(given, len(rows))
    about = f"{given.level} requests of the studio's generator" if made else Path(given.data).name
    return Rows(
        sft=rows[:first],
        grpo=rows[first:] if given.grpo_examples else rows,
        held=held,
        about=f"{about}; held out: {Path(split).name}",
    )


def _share(arguments: DecomposerArguments, rows: int) -> int:
    """How many rows of a file that the warm start could use up are its own; a stage that runs alone takes all."""
    given = arguments
    if len(given.stages) == 1:
        return rows if given.stages == ("sft",) else 0
    share = round(rows * given.examples / (given.examples + given.grpo_examples))
    if not 0 < share < rows:
        raise InputError(
            f"{given.data} has {rows} rows to train on, too few for the shares of both stages; give more, other "
            "--examples and --grpo-examples, or --grpo-examples 0 for the same rows in both."
        )
    return share


def studio(arguments: DecomposerArguments, count: int, seed: int, split: str) -> list[Row]:
    """So many rows of the studio's generator."""
    made = studio_rows(count, seed=seed, split=split, level=arguments.level, with_images=arguments.pictures)
    return [dict(row) for row in made]


def has_pictures(rows: Sequence[Row]) -> bool:
    """True if a row has a picture."""
    return any(row.get("image") is not None for row in rows)


def _read(name: str, count: int | None, others: str = GENERATOR) -> list[Row]:
    path = Path(name)
    if not path.exists():
        raise InputError(
            f"There is no file {path}; give a JSONL file of rows, a folder with pictures and {METADATA}, or {others}."
        )
    read = published_rows(path, images="where given", unannotated="refuse", limit=count)
    return [dict(row) for row in read]
