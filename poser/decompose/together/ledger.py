"""What was done in a co-training: a line for each part in `rounds.jsonl`, and its figures by request beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from poser.decompose.named_rewards import F1S
from poser.evaluate.report import Interval, bootstrap
from poser.experts.errors import InputError
from poser.experts.files import write_atomically

LINES, FIGURES = "rounds.jsonl", "evaluations"

START, DECOMPOSER, POLICY = "start", "decomposer", "policy"
TURNS = (DECOMPOSER, POLICY)


class Looked(NamedTuple):
    """How decomposer and policy did after a part, by request.

    Attributes:
        answers: to the held-out requests.
        figures: name of `METRICS` -> [B] of each answer, NaN where it says nothing.
        values: [B] of the answers, by the policy.
        annotated: [B] of the wanted answers, by the policy.
        validation_answers: to the requests by which the best round is chosen.
        validation: [V] values of these.
    """

    answers: list[str]
    figures: dict[str, NDArray[np.float64]]
    values: NDArray[np.float64]
    annotated: NDArray[np.float64]
    validation_answers: list[str]
    validation: NDArray[np.float64]


class Ledger:
    """Reads and writes what parts have brought; a part is done when its line is there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lines = _lines(folder / LINES)

    def has(self, number: int, part: str) -> bool:
        """Whether a part of a round is done."""
        return any((line["round"], line["part"]) == (number, part) for line in self.lines)

    def looked(self, number: int, part: str) -> Looked:
        """The figures of a part that is done.

        Raises:
            InputError: its file is gone or cannot be read.
        """
        path = self._file(number, part)
        try:
            held = json.loads(path.read_text(encoding="utf-8"))
            arrays = {name: np.array(held[name], float) for name in ("values", "annotated", "validation")}
            figures = {name: np.array(values, float) for name, values in held["figures"].items()}
            return Looked(
                answers=held["answers"], figures=figures, validation_answers=held["validation_answers"], **arrays
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"{path} cannot be read ({type(error).__name__}: {error}), so later parts have nothing to be compared "
                "with; train anew in another folder."
            ) from error

    def add(self, number: int, part: str, seconds: float, found: Looked, more: Mapping[str, Any]) -> dict[str, Any]:
        """Note that a part is done: its figures first, then its line, which is returned."""
        held = {
            name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in found._asdict().items()
        }
        held["figures"] = {name: values.tolist() for name, values in found.figures.items()}
        write_atomically(self._file(number, part), json.dumps(held).encode())
        before = None if part == START else self.looked(*self._last())
        first = None if part == START else self.looked(0, START)
        line = {"round": number, "part": part, "seconds": round(seconds, 1), **summary(found, before, first), **more}
        self.lines.append(line)
        write_atomically(self.folder / LINES, "".join(json.dumps(each) + "\n" for each in self.lines).encode())
        return line

    def best(self) -> dict[str, Any]:
        """The line of the round whose plans are worth most on the requests for validation, the later of equals.

        Between a decomposer's turn and the policy's that follows no round has ended; so those lines do not count.
        """
        ends = [line for line in self.lines if line["part"] != DECOMPOSER]
        return max(ends, key=lambda line: (line["validation"][0], line["round"]))

    def _last(self) -> tuple[int, str]:
        return self.lines[-1]["round"], self.lines[-1]["part"]

    def _file(self, number: int, part: str) -> Path:
        return self.folder / FIGURES / f"{number}-{part}.json"


def summary(found: Looked, before: Looked | None, first: Looked | None) -> dict[str, Any]:
    """Means with intervals (mean, low, high; None where nothing is known), differences paired by request.

    `value` is of the decomposer's plans by the policy, `annotated` of the wanted plans by the same, `missing` their
    difference; `gain` and `gain_from_start` are rises of `value` over the part before and over the start.
    """
    rows = np.array([found.figures[name] for name in F1S])
    shown: dict[str, Any] = {name: _interval(values) for name, values in found.figures.items()}
    shown["score"] = _interval(rows.mean(axis=0))
    shown["value"], shown["annotated"] = _interval(found.values), _interval(found.annotated)
    shown["missing"] = _interval(found.annotated - found.values)
    shown["gain"] = None if before is None else _interval(found.values - before.values)
    shown["gain_from_start"] = None if first is None else _interval(found.values - first.values)
    shown["validation"] = _interval(found.validation)
    return shown


def shown(values: Sequence[float] | None) -> str:
    """An interval in words."""
    return "–" if values is None else str(Interval(*values))


def _interval(values: NDArray[np.float64]) -> list[float] | None:
    known = values[~np.isnan(values)]
    return [round(value, 6) for value in bootstrap(known)] if known.size else None


def _lines(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        return []
    try:
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except ValueError as error:
        raise InputError(f"{path} cannot be read: {error}; mend it, or train anew in another folder.") from error
