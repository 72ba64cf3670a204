"""The folder of an evaluation: every episode as soon as it is over, then the report."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from poser.evaluate.suite_report import PLOT, plot_suite
from poser.evaluate.suite_results import Played, SuiteResults
from poser.experts.errors import InputError
from poser.experts.files import write_atomically
from poser.run_folder.naming import slug

EPISODES, PICTURES, PAGE, DATA = "episodes.jsonl", "pictures", "report.md", "report.json"


class SuiteFolder:
    """Keeps `episodes.jsonl` (a line an episode), `pictures/<contestant>/<prompt>.png` and `report.md/.json/.png`."""

    def __init__(self, path: Path, contestants: Sequence[str], ids: Sequence[str], warn: Callable[[str], None]) -> None:
        """Make the folder.

        Args:
            path: new, or without anything that an evaluation writes.
            contestants: their names.
            ids: of the prompts, in the order of the tasks.
            warn: told once if an episode cannot be written; the evaluation goes on.

        Raises:
            InputError: it cannot be written, or holds an earlier evaluation or files of such names.
        """
        self.path, self._ids, self._warn, self._warned = path, tuple(ids), warn, False
        self._places = {name: f"{number}-{slug(name)}" for number, name in enumerate(contestants, start=1)}
        if taken := [name for name in (EPISODES, PICTURES, PAGE, DATA, PLOT) if (path / name).exists()]:
            raise InputError(
                f"{str(path)!r} holds {', '.join(taken)}, which would be written over; give a folder that is new or "
                "empty."
            )
        try:
            path.mkdir(parents=True, exist_ok=True)
            (path / EPISODES).touch()
        except OSError as error:
            raise InputError(
                f"Cannot write into {str(path)!r}: {error.strerror or error}. Give another folder."
            ) from error

    def keep(self, played: Played) -> None:
        """Write one episode down; a disk that is full is warned of and costs no episode."""
        name = self._ids[played.index]
        place = Path(PICTURES) / self._places[played.contestant] / f"{played.index + 1:03d}-{slug(name)}.png"
        line = {
            "policy": played.contestant,
            "id": name,
            "seed": played.trace.seed,
            "end": played.trace.end,
            "statuses": played.trace.statuses,
            "figures": None if played.figures is None else _plain(played.figures._asdict()),
            "unjudged": played.unjudged or None,
            "judged": None if played.known != played.known else played.known,
            "usd": played.trace.usd,
            "judge_usd": played.judge_usd,
            "picture": None if played.picture is None else str(place),
        }
        try:
            if played.picture is not None:
                write_atomically(self.path / place, played.picture.to_png())
            with (self.path / EPISODES).open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n")
        except OSError as error:
            if not self._warned:
                self._warn(f"Episodes cannot be written into {str(self.path)!r}: {error.strerror or error}.")
            self._warned = True

    def write_report(self, page: str, data: Mapping[str, Any], results: SuiteResults, title: str) -> None:
        """Write the page and the data, and the plot if there is something to plot.

        Raises:
            InputError: the folder cannot be written.
        """
        try:
            write_atomically(self.path / PAGE, page.encode())
            write_atomically(self.path / DATA, json.dumps(data, indent=1, allow_nan=False).encode())
            if results.figures:
                plot_suite(results, self.path / PLOT, title)
        except OSError as error:
            raise InputError(f"Cannot write the report into {str(self.path)!r}: {error.strerror or error}.") from error


def _plain(figures: Mapping[str, Any]) -> dict[str, float | None]:
    values = {name: float(column[0]) for name, column in figures.items()}
    return {name: value if value == value else None for name, value in values.items()}
