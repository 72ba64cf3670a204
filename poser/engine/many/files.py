"""Reading a file of prompts: .txt, .jsonl, .csv."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

from poser.engine.many.jobs import OPTIONS, Job, checked, job_of
from poser.experts.errors import InputError, UnknownName

SUFFIXES = (".txt", ".jsonl", ".csv")


def read_jobs(path: Path) -> list[Job]:
    """The prompts of a file. Paths in it are meant from its own folder.

    - .txt: one prompt a line; empty lines are passed over.
    - .jsonl: one JSON object a line, with `prompt` and any of `jobs.OPTIONS`; a mere string is a prompt.
    - .csv: a heading with the same names, one prompt a row; an empty cell says nothing.

    Raises:
        InputError: it cannot be read, is of another kind, holds no prompt, an unknown key or a value of a wrong kind.
    """
    kind = path.suffix.lower()
    if kind not in SUFFIXES:
        raise InputError(f"{str(path)!r} is no file of prompts; give one that ends in {', '.join(SUFFIXES)}.")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"Cannot read {str(path)!r}: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{str(path)!r} is not UTF-8 text: {error.reason} at byte {error.start}.") from error
    reader = {".txt": _lines, ".jsonl": _objects, ".csv": _rows}[kind]
    try:
        return checked(reader(text, path.parent))
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def _lines(text: str, base: Path) -> Iterator[Job]:
    # StringIO, not splitlines: a form feed or a Unicode separator inside a prompt begins no line of its own
    for number, line in enumerate(io.StringIO(text, newline=None), 1):
        if line.strip():
            yield job_of(number, line)


def _objects(text: str, base: Path) -> Iterator[Job]:
    for number, line in enumerate(io.StringIO(text, newline=None), 1):
        if not line.strip():
            continue
        try:
            given = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InputError(f"line {number} is not JSON: {error}.") from error
        yield job_of(number, given, base)


def _rows(text: str, base: Path) -> Iterator[Job]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True, skipinitialspace=True)
    try:
        columns = [(name or "").strip() for name in reader.fieldnames or []]
        for name in columns:
            if name not in ("prompt", *OPTIONS):
                raise UnknownName("column", name, ["prompt", *OPTIONS])
        reader.fieldnames = columns
        for row in reader:
            if None in row:
                raise InputError(f"line {reader.line_num} has more cells than the heading; put text into quotes.")
            given = {name: value for name, value in row.items() if value is not None and value.strip()}
            if given:
                yield job_of(reader.line_num, given, base)
    except csv.Error as error:
        raise InputError(f"line {reader.line_num} is not CSV: {error}.") from error
