"""Reading a run back: its trace, and the pictures that are still there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from poser.envs.trace import TRACE_VERSION, Trace
from poser.experts.errors import InputError
from poser.experts.picture import Picture, PictureRef
from poser.run_folder.naming import PLAN, SOURCE, STEPS, TRACE


def read_run(folder: Path) -> tuple[Trace, dict[str, Picture]]:
    """The trace of a run folder, and its pictures by pixel hash (those that are still there).

    Raises:
        InputError: as `read_trace`, or a picture is damaged.
    """
    trace = read_trace(folder)
    wanted = {ref.sha256 for ref in _references(trace)}
    pictures = {}
    for path in _picture_files(Path(folder), trace.seed):
        picture = Picture.open(path)
        if picture.sha256 in wanted:
            pictures[picture.sha256] = picture
    return trace, pictures


def read_trace(folder: Path) -> Trace:
    """The trace of a run folder; its pictures are not looked at.

    Raises:
        InputError: no such folder, no trace in it, or it cannot be read.
    """
    folder = Path(folder)
    try:
        data = json.loads((folder / TRACE).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError) as error:
        cut_off = " The run was cut off; its pictures lie in it." if (folder / PLAN).exists() else ""
        raise InputError(f"There is no {TRACE} in {str(folder)!r}; give the folder of a run.{cut_off}") from error
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"Cannot read {str(folder / TRACE)!r}: {error}.") from error
    found = data.get("version") if isinstance(data, Mapping) else None
    if found != TRACE_VERSION:
        raise InputError(f"The trace in {str(folder)!r} has version {found}; this release reads {TRACE_VERSION}.")
    try:
        return Trace.model_validate_json(json.dumps(data))
    except ValidationError as error:
        raise InputError(f"The trace in {str(folder)!r} is damaged: {error.errors()[0]['msg']}.") from error


def _references(trace: Trace) -> list[PictureRef]:
    steps = [step.picture for step in trace.steps]
    return [ref for ref in (trace.plan.source, trace.best, *steps) if ref is not None]


def _picture_files(folder: Path, seed: int) -> list[Path]:
    places = [folder, folder / f"seed-{seed}"]
    files = [path for place in places for path in sorted((place / STEPS).glob("*.png"))]
    return files + [path for path in (folder / SOURCE, folder.parent / SOURCE) if path.is_file()]
