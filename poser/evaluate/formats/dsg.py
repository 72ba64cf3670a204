"""The CSV of DSG-1k and DPG-Bench: one question a row, keys in `COLUMNS`.

Read as Cho et al. 2024 (DSG-1k) and Hu et al. 2024 (DPG-Bench, TencentQQGYLab/ELLA at 3c228f1) publish it: `dependency`
holds ids of propositions of the same item, "0" for none; a question counts as 0 if one that it depends on fails, which
is what `Atom.parents` says.

A proposition becomes an atom with its id and its question word for word; a proposition that depends on nothing begins a
command, and what depends on it belongs to that command. What an atom cannot hold (the name of the item, `entity - part`
beside `entity - whole`, the bearer of lettering) stands in `Plan.notes`, so that nothing is lost: reading, writing and
reading again gives the same items.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from poser.evaluate.formats.dsg_plans import Item, Proposition, to_item, to_plan
from poser.evaluate.formats.dsg_tuples import Published, read_tuple
from poser.evaluate.formats.lines import located, text_of
from poser.experts.errors import InputError
from poser.experts.types import Plan

__all__ = ["COLUMNS", "Item", "Proposition", "read_dsg", "read_items", "to_item", "to_plan", "write_dsg", "write_items"]

COLUMNS = (
    "item_id", "text", "keywords", "proposition_id", "dependency", "category_broad", "category_detailed", "tuple",
    "question_natural_language",
)  # fmt: skip

_DIGITS = 9


def read_dsg(path: Path) -> tuple[Plan, ...]:
    """The plans of a CSV file, in its order.

    Raises:
        InputError: see `read_items`; also tuples that are broken, dependencies that go round in a circle.
    """
    plans = []
    for item, lines in _items(path):
        for proposition, line in zip(item.propositions, lines, strict=True):
            with located(path, line):
                read_tuple(proposition.published)
        with located(path, lines[0]):
            plans.append(to_plan(item))
    return tuple(plans)


def write_dsg(plans: Iterable[Plan], path: Path) -> None:
    """Write plans as a CSV file; an item without a name is called after its place, "plan1" first.

    Raises:
        InputError: a plan says that something must not be there; nothing is written then.
    """
    write_items([to_item(plan, f"plan{place}") for place, plan in enumerate(plans, start=1)], path)


def read_items(path: Path) -> tuple[Item, ...]:
    """The items of a CSV file as they stand there.

    Raises:
        InputError: the file cannot be read; a column or a value is missing; an id is no number, or used twice; a
            dependency names no proposition of the item. Names file and line.
    """
    return tuple(item for item, _ in _items(path))


def write_items(items: Iterable[Item], path: Path) -> None:
    """Write items as a CSV file, the text in every row."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for item in items:
        for row in item.propositions:
            dependency = ",".join(str(other) for other in row.dependency) or "0"
            writer.writerow((item.id, item.text, item.keywords, row.id, dependency, *row.published, row.question))
    path.write_text(out.getvalue(), encoding="utf-8")


def _items(path: Path) -> list[tuple[Item, tuple[int, ...]]]:
    """Each item with the lines of its propositions."""
    reader = csv.reader(io.StringIO(text_of(path), newline=""), strict=True)
    rows: dict[str, list[tuple[int, dict[str, str]]]] = {}
    begin = 1
    try:
        header = next(reader, [])
        with located(path, 1):
            _check_header(header)
        begin = reader.line_num + 1
        for cells in reader:
            line, begin = begin, reader.line_num + 1
            if not any(cells):
                continue
            with located(path, line):
                row = _row(header, cells)
            rows.setdefault(row["item_id"], []).append((line, row))
    except csv.Error as error:
        raise InputError(f"{path}, line {begin}: this is no CSV ({error}).") from error
    if not rows:
        raise InputError(f"{path}, line 1: only a header; give at least one question a line.")
    return [_item(path, name, given) for name, given in rows.items()]


def _check_header(header: Sequence[str]) -> None:
    if missing := [column for column in COLUMNS if column not in header]:
        raise InputError(f"the column {missing[0]!r} is missing; columns are {', '.join(COLUMNS)}.")
    if strange := [column for column in header if column not in COLUMNS]:
        raise InputError(f"the column {strange[0]!r} is not of this format; columns are {', '.join(COLUMNS)}.")


def _row(header: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    if len(cells) != len(header):
        raise InputError(f"this row has {len(cells)} cells, the header {len(header)}.")
    row = dict(zip(header, cells, strict=True))
    for column in ("item_id", "proposition_id", "dependency", "tuple", "question_natural_language"):
        if not row[column].strip():
            raise InputError(f"{column!r} is empty.")
    return row


def _item(path: Path, name: str, rows: list[tuple[int, dict[str, str]]]) -> tuple[Item, tuple[int, ...]]:
    text, keywords = (_said(path, rows, column) for column in ("text", "keywords"))
    if not text.strip():
        raise InputError(f"{path}, line {rows[0][0]}: item {name!r} has no text.")
    found: dict[int, tuple[int, Proposition]] = {}
    for line, row in rows:
        with located(path, line):
            proposition = _proposition(row)
            if proposition.id in found:
                earlier = found[proposition.id][0]
                raise InputError(f"proposition_id {proposition.id} of item {name!r} stands on line {earlier} already.")
            found[proposition.id] = (line, proposition)
    for line, proposition in found.values():
        with located(path, line):
            if strangers := [other for other in proposition.dependency if other not in found]:
                raise InputError(
                    f"proposition {proposition.id} depends on {strangers[0]}, but item {name!r} has only "
                    f"{', '.join(str(number) for number in sorted(found))}."
                )
    ordered = sorted(found.values(), key=lambda pair: pair[1].id)
    return Item(name, text, keywords, tuple(one for _, one in ordered)), tuple(line for line, _ in ordered)


def _said(path: Path, rows: list[tuple[int, dict[str, str]]], column: str) -> str:
    """The one value of a column that may be left empty in all rows but one."""
    value = ""
    for line, row in rows:
        if row[column] and value and row[column] != value:
            raise InputError(f"{path}, line {line}: {column!r} differs from that of the rows of this item before it.")
        value = value or row[column]
    return value


def _proposition(row: dict[str, str]) -> Proposition:
    number = _number(row["proposition_id"], "proposition_id")
    if number == 0:
        raise InputError("'proposition_id' is 0, which as a dependency means none; number propositions from 1.")
    dependency = tuple(_number(part, "dependency") for part in row["dependency"].split(","))
    published = Published(row["category_broad"], row["category_detailed"], row["tuple"])
    return Proposition(
        id=number,
        dependency=tuple(other for other in dependency if other),
        published=published,
        question=row["question_natural_language"],
    )


def _number(text: str, column: str) -> int:
    if not (text.strip().isdecimal() and text.strip().isascii()) or len(text.strip()) > _DIGITS:
        raise InputError(f"{column!r} is {text[:40]!r}; it must hold whole numbers of up to {_DIGITS} digits.")
    return int(text)
