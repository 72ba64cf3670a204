"""What the commands read and write alike: PROMPT, names in a list, one JSON object."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from poser.experts.errors import InputError

EXIT_INPUT, EXIT_NO_PICTURE, EXIT_INTERRUPTED = 2, 3, 130

PROMPT_HELP = "What the picture should show; '-' reads it from stdin, '@FILE' from a file."


def read_prompt_argument(given: str) -> str:
    """The prompt: the argument itself, stdin for "-", the content of a UTF-8 file for "@FILE".

    Raises:
        InputError: the file cannot be read or is not text.
    """
    if given != "-" and not given.startswith("@"):
        return given
    name = "stdin" if given == "-" else repr(given[1:])
    try:
        data = sys.stdin.buffer.read() if given == "-" else Path(given[1:]).read_bytes()
    except OSError as error:
        raise InputError(f"Cannot read the prompt from {name}: {error.strerror or error}.") from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"The prompt in {name} is not UTF-8 text: {error.reason} at byte {error.start}.") from error


def split_names(given: str | None) -> list[str] | None:
    """Names of a comma-separated list; None if nothing was given."""
    return None if given is None else [name.strip() for name in given.split(",") if name.strip()]


def print_json(content: Mapping[str, Any]) -> None:
    """One JSON object on stdout."""
    # "\\xe9" of an encoding without é would be no JSON
    plain = not (sys.stdout.encoding or "").lower().startswith("utf")
    typer.echo(json.dumps(content, ensure_ascii=plain, indent=2, allow_nan=False))
