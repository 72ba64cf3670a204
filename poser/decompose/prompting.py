"""What a decomposer is asked and what it should answer: rows of data as TRL takes them, and the settings of its use."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from poser.decompose.format import Decomposition, written
from poser.experts.errors import InputError
from poser.experts.files import write_atomically
from poser.experts.types import Operation

COMMAND = "command.json"
"""Name of the file in a training's folder that says by which command it began."""

SETTINGS = "decomposer.json"
"""File beside a model's weights that says how it is asked; extractors read it."""

VERSION = 1

REQUEST = "{request}"

WANTED = ("request", "actions", "subjects", "goals", "atoms", "plan")
"""Columns without which nothing can be trained."""


def check_rows(rows: Sequence[Mapping[str, Any]], source: str) -> None:
    """Check that rows have what training needs.

    Raises:
        InputError: no row, or one without a column, or whose lists do not go together; says which.
    """
    if not rows:
        raise InputError(f"{source} holds no rows; give at least one.")
    for number, row in enumerate(rows, start=1):
        missing = [name for name in WANTED if name not in row]
        if missing:
            raise InputError(
                f"Row {number} of {source} has no {' and no '.join(missing)}; every row needs {', '.join(WANTED)} "
                f"(and may have image). It has {', '.join(row) or 'nothing'}."
            )
        try:
            answer(row)
        except (ValueError, TypeError) as error:
            raise InputError(f"Row {number} of {source} cannot be learned from: {error}") from error


def answer(row: Mapping[str, Any]) -> str:
    """The text that a row wants, in the canonical form, without thoughts."""
    return written(
        Decomposition(
            "",
            tuple(Operation(action) for action in row["actions"]),
            tuple(tuple(items) for items in row["subjects"]),
            tuple(tuple(items) for items in row["goals"]),
        )
    )


def question(request: str, template: str, *, chat: bool) -> str | list[dict[str, str]]:
    """The prompt for a request: a text, or a conversation of one message."""
    text = template.replace(REQUEST, request)
    return [{"role": "user", "content": text}] if chat else text


def to_imitate(rows: Iterable[Mapping[str, Any]], template: str, *, chat: bool) -> list[dict[str, Any]]:
    """Rows as prompt and completion, for `trl.SFTTrainer`; it learns the completion alone."""
    return [
        {
            "prompt": question(row["request"], template, chat=chat),
            "completion": [{"role": "assistant", "content": answer(row)}] if chat else answer(row),
        }
        | _picture(row)
        for row in rows
    ]


def to_explore(rows: Iterable[Mapping[str, Any]], template: str, *, chat: bool) -> list[dict[str, Any]]:
    """Rows as prompts with the columns that rewards read, for `trl.GRPOTrainer`."""
    return [
        {"prompt": question(row["request"], template, chat=chat)} | {name: row[name] for name in WANTED} | _picture(row)
        for row in rows
    ]


def write_settings(folder: Path, template: str, *, chat: bool, max_new_tokens: int) -> None:
    """Say beside a model how it is asked."""
    settings = {"version": VERSION, "template": template, "chat": chat, "max_new_tokens": max_new_tokens}
    write_atomically(folder / SETTINGS, json.dumps(settings, indent=1, ensure_ascii=False).encode())


def _picture(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"image": row["image"]} if row.get("image") is not None else {}
