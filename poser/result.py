"""Result: the best picture of a run and all about it."""

from __future__ import annotations

import base64
import html
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from poser.critics.types import AtomAnswer
from poser.envs.rules import EndReason
from poser.envs.trace import Trace
from poser.experts.errors import InputError, PoserError
from poser.experts.files import write_atomically
from poser.experts.picture import Picture
from poser.experts.types import Plan

DrawBoard = Callable[[Trace, Mapping[str, Picture]], Picture]


@dataclass(frozen=True, kw_only=True, repr=False)
class Result:
    """What a run brought.

    In a notebook it shows itself: the picture, and which commands it satisfies.

    Attributes:
        picture: the best picture; None if none was made.
        trace: everything that happened.
        draw_board: draws the storyboard of a trace and its pictures.
        pictures: pixel hash -> picture, of the source and of every step.
        image_path, storyboard_path, trace_path: where they were written; None if they were not.
        folder: the run's folder, or None if nothing was written.
        run: its name in the store, for `poser resume` and `poser edit`; None if it is not kept there.
        warnings: what the user should know, in words.
        variants: all pictures of the run in the order of their seeds, this one among them.
    """

    picture: Picture | None
    trace: Trace
    draw_board: DrawBoard
    pictures: Mapping[str, Picture] = field(default_factory=dict)
    image_path: Path | None = None
    storyboard_path: Path | None = None
    trace_path: Path | None = None
    folder: Path | None = None
    run: str | None = None
    warnings: tuple[str, ...] = ()
    variants: tuple[Result, ...] = ()

    @property
    def plan(self) -> Plan:
        """What was to be done."""
        return self.trace.plan

    @property
    def alignment(self) -> float:
        """Φ of the picture, in [0, 1]."""
        return self.trace.alignment

    @property
    def end(self) -> EndReason:
        """Why the run ended."""
        return self.trace.end

    @property
    def seed(self) -> int:
        """Of this picture."""
        return self.trace.seed

    @property
    def steps(self) -> int:
        """How many times an expert was called."""
        return sum(bool(step.expert) for step in self.trace.steps)

    @property
    def usd(self) -> float | None:
        """Real US dollars of all calls; None if a bill is unknown."""
        return self.trace.usd

    @property
    def seconds(self) -> float:
        """Real seconds of all calls."""
        return self.trace.seconds

    @cached_property
    def storyboard(self) -> Picture:
        """The run at a glance."""
        return self.draw_board(self.trace, self.pictures)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture as PNG.

        Raises:
            PoserError: there is no picture.
            InputError: the file cannot be written.
        """
        if self.picture is None:
            raise PoserError(f"No picture was made (the run ended as {self.end!r}), so there is nothing to save.")
        target = Path(path)
        try:
            write_atomically(target, self.picture.to_png())
        except OSError as error:
            raise InputError(
                f"Cannot write {str(target)!r}: {error.strerror or error}. Choose another place."
            ) from error
        return target

    def to_dict(self) -> dict[str, Any]:
        """The object that `poser generate --json` prints."""
        content = self._own_dict()
        if len(self.variants) > 1:
            bills = [variant.usd for variant in self.variants]
            content["total_usd"] = None if None in bills else sum(bill or 0.0 for bill in bills)
            content["variants"] = [variant._own_dict() for variant in self.variants]
        return content

    def _own_dict(self) -> dict[str, Any]:
        answers: dict[str, AtomAnswer] = {}
        if self.trace.best_verdict is not None:
            answers = {answer.atom: answer for answer in self.trace.best_verdict.answers}
        return {
            "image": _text(self.image_path),
            "storyboard": _text(self.storyboard_path),
            "trace": _text(self.trace_path),
            "folder": _text(self.folder),
            "run": self.run,
            "prompt": self.plan.prompt,
            "seed": self.seed,
            "width": None if self.picture is None else self.picture.width,
            "height": None if self.picture is None else self.picture.height,
            "alignment": self.alignment,
            "end": self.end,
            "commands": [
                {
                    "id": command.id,
                    "text": command.text,
                    "status": self.trace.statuses.get(command.id, "pending"),
                    "checked": any(
                        atom.id in answers and answers[atom.id].probability is not None for atom in command.atoms
                    ),
                }
                for command in self.plan.commands
            ],
            "atoms": [
                {
                    "id": atom.id,
                    "question": atom.question,
                    "answer": atom.answer,
                    "probability": answers[atom.id].probability if atom.id in answers else None,
                    "seen": answers[atom.id].seen if atom.id in answers else "",
                }
                for atom in self.plan.atoms
            ],
            "steps": self.steps,
            "usd": self.usd,
            "seconds": self.seconds,
            "warnings": list(self.warnings),
        }

    def __repr__(self) -> str:
        size = "no picture" if self.picture is None else f"{self.picture.width}x{self.picture.height}"
        folder = "" if self.folder is None else f", folder {str(self.folder)!r}"
        return f"Result({size}, {self._score('alignment')}, end {self.end!r}, {self._calls()}{folder})"

    def _score(self, name: str) -> str:
        return "not judged" if self.trace.unjudged else f"{name} {self.alignment:.2f}"

    def _calls(self) -> str:
        return f"{self.steps} call{'' if self.steps == 1 else 's'}"

    def _repr_png_(self) -> bytes | None:
        return None if self.picture is None else self.picture.to_png()

    def _repr_html_(self) -> str:
        marks = {"satisfied": "✓", "unchecked": "?", "dropped": "✗"}
        statuses = self.trace.statuses | dict.fromkeys(self.trace.unchecked, "unchecked")
        lines = "".join(
            f"<li>{marks.get(statuses.get(command.id, ''), '·')} {html.escape(command.text)}</li>"
            for command in self.plan.commands
        )
        cost = "cost unknown" if self.usd is None else f"${self.usd:.4g}"
        facts = f"{self._score('score')}, {self._calls()}, {cost}, {self.seconds:.1f} s"
        shown = "<p>No picture was made.</p>"
        if self.picture is not None:
            data = base64.b64encode(self.picture.to_png()).decode()
            shown = f'<img src="data:image/png;base64,{data}" width="{min(512, self.picture.width)}" alt="result">'
        return f"<div>{shown}<p>{facts}</p><ul style='list-style:none;padding-left:0'>{lines}</ul></div>"


class Interrupted(KeyboardInterrupt):
    """Ctrl-C in the middle of `poser.generate`. What was made until then is in `result`."""

    def __init__(self, result: Result) -> None:
        """`result`: the best picture so far, with its trace."""
        super().__init__("interrupted; the best picture so far is in `.result`")
        self.result = result


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
