"""Published sets of edits as rows: PSRBench, UltraEdit, ImgEdit, MagicBrush-like JSONL, imagefolder, and our own rows.

| set | file | request | source picture |
|---|---|---|---|
| PSRBench | JSON list | `instruction` | the first of `input_paths` |
| UltraEdit | JSONL, Parquet | `edit_prompt` | `source_image` |
| ImgEdit | JSON object of objects | `prompt`; of several turns `turn1`, `turn2`, … | `id`, where it is a file |
| MagicBrush-like | JSONL, Parquet | `instruction` | `source_img` and its like |
| imagefolder | `metadata.jsonl` in a folder | any of the above | `file_name` |
| ours | JSONL | `request` | `image` |

Key names as published where that was seen; which one a file has is found out from its first record. None of these
sets has annotated commands; a set that has `actions`, `subjects` and `goals` beside the request is read with them.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from poser.decompose.annotations import row_of_record
from poser.decompose.data import METADATA, Row
from poser.evaluate.formats.lines import lines_of, located, text_of
from poser.experts.errors import InputError
from poser.experts.extras import install
from poser.experts.picture import MAX_PIXELS, Picture
from poser.extract.base import Extractor

Unannotated = Literal["extract", "refuse"]
Images = bool | Literal["where given"]

REQUESTS = ("request", "instruction", "edit_prompt", "edit_instruction", "prompt", "turn1")
"""Columns that may hold the request, the first that is there is taken."""

IMAGES = ("image", "file_name", "source_image", "source_img", "input_image", "input_paths", "input_image_raw", "id")
"""Columns that may hold the source picture: a path within the data set's folder, or the file itself (Parquet)."""

_PATH_ONLY_IF_FILE = ("id",)
_SUFFIXES = (".jsonl", ".json", ".parquet")


def published_rows(
    path: Path,
    *,
    images: Images = False,
    unannotated: Unannotated = "extract",
    extractor: Extractor | None = None,
    limit: int | None = None,
    max_pixels: int = MAX_PIXELS,
) -> Iterator[Row]:
    """The rows of a published data set, in its order.

    Args:
        path: a JSONL, JSON or Parquet file (needs the extra `grpo`), or an imagefolder with `metadata.jsonl`.
        images: read the source pictures too ("where given": of the records that have one); each is decoded once, and
            the column `image` has it (of a file its path, of Parquet a PIL image). Without, the plans' sources stand
            for pictures that nobody looked at.
        unannotated: what to do with a record without annotated commands: "extract" them by `extractor` and say so in
            the column `annotated`, or "refuse".
        extractor: the grammar, if None.
        limit: most rows; None = all.
        max_pixels: most pixels of a picture.

    Raises:
        InputError: at once for a missing file, another format, or columns that do not suffice; while reading, with
            file and line, for a damaged record, a path that leads out of the folder, a picture that cannot be read.
    """
    path = Path(path)
    file = path / METADATA if path.is_dir() else path
    if file.suffix not in _SUFFIXES:
        raise InputError(f"{str(path)!r} is no data set that can be read; give a folder with {METADATA}, or a file "
                         f"ending in {', '.join(_SUFFIXES)}.")  # fmt: skip
    if unannotated not in ("extract", "refuse"):
        raise InputError(f"unannotated={unannotated!r}; give 'extract' or 'refuse'.")
    if path.is_dir() and not file.is_file():
        raise InputError(f"{str(path)!r} holds no {METADATA}; it has to name the pictures and what is asked of them, a "
                         "line each.")  # fmt: skip
    records = _records(file)
    first = next(records, None)
    if first is None:
        raise InputError(f"{str(file)!r} holds no record.")
    columns = _columns(first[1], file, images=images is True)
    reading = _Reading(file, columns, images, max_pixels)
    return reading.rows(first, records, unannotated, extractor, limit)


class _Columns(NamedTuple):
    request: str
    image: str | None


class _Reading(NamedTuple):
    file: Path
    columns: _Columns
    images: Images
    max_pixels: int

    def rows(
        self,
        first: tuple[int, Mapping[str, Any]],
        others: Iterator[tuple[int, Mapping[str, Any]]],
        unannotated: Unannotated,
        extractor: Extractor | None,
        limit: int | None,
    ) -> Iterator[Row]:
        made = 0
        number, record = first
        while limit is None or made < limit:
            with located(self.file, number):
                yield self._row(record, unannotated, extractor)
            made += 1
            following = next(others, None)
            if following is None:
                return
            number, record = following

    def _row(self, record: Mapping[str, Any], unannotated: Unannotated, extractor: Extractor | None) -> Row:
        request = _request(record, self.columns.request)
        folder, column = self.file.parent, self.columns.image
        if self.images == "where given":
            column = _image_column(record, folder)
        if not self.images or column is None:
            return row_of_record(record, request, None, unannotated == "refuse", extractor)
        image, picture = _picture(record.get(column), column, folder, self.max_pixels)
        row = row_of_record(record, request, picture.ref, unannotated == "refuse", extractor)
        row["image"] = image
        return row


def _columns(record: Mapping[str, Any], file: Path, *, images: bool) -> _Columns:
    """Which columns of a set hold what, by its first record."""
    there = f"{str(file)!r} has the columns {', '.join(sorted(record)) or 'none'}"
    request = next((name for name in REQUESTS if isinstance(record.get(name), str)), None)
    if request is None:
        raise InputError(f"{there}; a request is needed in one of {', '.join(REQUESTS)}. Rename the column.")
    image = _image_column(record, file.parent)
    if images and image is None:
        raise InputError(f"{there}; with images a source picture is needed in one of {', '.join(IMAGES)}. Rename the "
                         "column, or read the set without images.")  # fmt: skip
    return _Columns(request, image)


def _image_column(record: Mapping[str, Any], folder: Path) -> str | None:
    return next((name for name in IMAGES if _is_image(name, record.get(name), folder)), None)


def _is_image(name: str, value: Any, folder: Path) -> bool:
    if name in _PATH_ONLY_IF_FILE:
        return isinstance(value, str) and bool(value) and _file(value, folder) is not None
    return bool(value) and isinstance(value, str | list | Mapping)


def _request(record: Mapping[str, Any], column: str) -> str:
    value = record.get(column)
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"the column {column!r} holds {value!r:.60}; a request in words is needed.")
    if not all(text.isascii() or text.encode("utf-8", "replace").decode() == text for text in _texts(record)):
        raise InputError("half of a surrogate pair stands in a text; write it as UTF-8.")
    if column != "turn1":
        return value
    turns = [record[f"turn{k}"] for k in range(1, 20) if isinstance(record.get(f"turn{k}"), str)]
    return " ".join(turn if turn.rstrip().endswith((".", "!", "?")) else f"{turn.rstrip()}." for turn in turns)


def _texts(record: Mapping[str, Any]) -> Iterator[str]:
    """All texts of a record, but its keys."""
    left: list[Any] = [record]
    while left:
        value = left.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping | list):
            left += value.values() if isinstance(value, Mapping) else value


def _picture(value: Any, column: str, folder: Path, max_pixels: int) -> tuple[Any, Picture]:
    """What the column `image` gets, and the decoded picture."""
    if isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, Mapping):
        data = value.get("bytes")
        if isinstance(data, bytes):
            picture = Picture.from_bytes(data, name=str(value.get("path") or column), max_pixels=max_pixels)
            return picture.to_pil(), picture
        value = value.get("path")
    if not isinstance(value, str) or not value:
        raise InputError(f"the column {column!r} holds no picture but {value!r:.60}; give a path or the file itself.")
    path = _file(value, folder)
    if path is None:
        raise InputError(f"the picture {value!r:.200} is no file in {str(folder)!r}. Put it there, or mend its name.")
    if not path.is_relative_to(folder.resolve()):
        raise InputError(f"the picture {value!r} lies outside of {str(folder)!r}; only files within are read.")
    return str(path), Picture.open(path, max_pixels=max_pixels)


def _file(value: str, folder: Path) -> Path | None:
    """The file that a path leads to, or None; one that leads out of the folder is not looked at."""
    try:
        path = (folder.resolve() / value).resolve()
        return path if not path.is_relative_to(folder.resolve()) or path.is_file() else None
    except (OSError, ValueError, RuntimeError):  # no path at all: too long, a NUL in it, links in a circle
        return None


def _records(file: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Records with their numbers, from 1 (of JSONL: the line)."""
    if file.suffix == ".parquet":
        return _parquet(file)
    return _lines(file) if file.suffix == ".jsonl" else _document(file)


def _lines(file: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in lines_of(file):
        with located(file, number):
            yield number, _object(_json(line))


def _document(file: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    with located(file, 1):
        data = _json(text_of(file))
    if isinstance(data, dict) and data and all(isinstance(value, dict) for value in data.values()):
        data = list(data.values())  # ImgEdit: number -> record
    if not isinstance(data, list):
        raise InputError(f"{str(file)!r} holds neither a list of records nor an object of them.")
    for number, record in enumerate(data, start=1):
        with located(file, number):
            yield number, _object(record)


def _parquet(file: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        from pyarrow import ArrowException, parquet
    except ImportError as error:
        raise InputError(f"Parquet files need pyarrow: {install('grpo')}.") from error
    try:
        opened = parquet.ParquetFile(io.BytesIO(file.read_bytes()))
        number = 0
        for batch in opened.iter_batches(batch_size=64):
            for record in batch.to_pylist():
                number += 1
                yield number, record
    except (OSError, ArrowException, UnicodeDecodeError) as error:
        raise InputError(f"Cannot read {str(file)!r}: {error}.") from error


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"this is not JSON: {error}.") from error


def _object(record: Any) -> Mapping[str, Any]:
    if not isinstance(record, Mapping):
        raise InputError(f"a record is an object with named values, not {type(record).__name__}.")
    return record
