"""Files of records by lines: what an error says of where it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from poser.experts.errors import InputError


def text_of(path: Path) -> str:
    """The file as text.

    Raises:
        InputError: there is no such file, or it is not UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"Cannot read {str(path)!r}: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{str(path)!r} is not UTF-8 text: {error.reason} at byte {error.start}.") from error


def lines_of(path: Path) -> Iterator[tuple[int, str]]:
    """Numbers (from 1) and texts of the lines that are not blank."""
    # not splitlines: a JSON string may hold U+2028 and the like
    for number, line in enumerate(text_of(path).split("\n"), start=1):
        if line.strip():
            yield number, line


@contextmanager
def located(path: Path, number: int) -> Iterator[None]:
    """Put file and line before what went wrong within.

    Raises:
        InputError: the error, with its place.
    """
    try:
        yield
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(f"{path}, line {number}: {first['msg']}") from error
    except InputError as error:
        raise InputError(f"{path}, line {number}: {error}") from error
