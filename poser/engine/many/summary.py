"""What a batch leaves at its end: summary.csv, summary.json, contact_sheet.png."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from poser.engine.many.outcome import FIELDS, BatchFinished, Outcome
from poser.experts.errors import InputError
from poser.experts.files import write_atomically
from poser.experts.picture import Picture
from poser.experts.png import file_of
from poser.storyboard import Cell, draw_contact_sheet

MOST_ON_SHEET = 1000
"""More thumbnails would make a picture that few programs open, and take gigabytes to draw."""

SUMMARY_CSV, SUMMARY_JSON, CONTACT_SHEET = "summary.csv", "summary.json", "contact_sheet.png"


def write_summary(finished: BatchFinished, folder: Path) -> BatchFinished:
    """Write the three files; what cannot be written is told in `notes`."""
    notes: list[str] = []

    def written(name: str, content: Callable[[], bytes]) -> Path | None:
        try:
            write_atomically(folder / name, content())
        except OSError as error:
            notes.append(f"{name} cannot be written: {error.strerror or error}")
            return None
        return folder / name

    # the sheet takes most time and memory, so it comes after what cannot be found out again
    table = written(SUMMARY_CSV, lambda: _csv(finished))
    sheet = written(CONTACT_SHEET, lambda: file_of(contact_sheet(finished, folder.resolve().name)))
    whole = replace(finished, contact_sheet=sheet, summary_csv=table, notes=tuple(notes))
    data = written(SUMMARY_JSON, lambda: json.dumps(whole.to_dict(), indent=1).encode())
    return replace(whole, summary_json=data, notes=tuple(notes))


def contact_sheet(finished: BatchFinished, title: str) -> Picture:
    """All prompts at a glance, but for those beyond `MOST_ON_SHEET`."""
    cost = f"${finished.usd_known:.4g}" + ("" if finished.usd is not None else " + unknown")
    facts = f"{finished.pictures} of {len(finished.outcomes)} prompts have a picture, {cost}"
    if len(finished.outcomes) > MOST_ON_SHEET:
        facts += f"; the first {MOST_ON_SHEET} are shown"
    return draw_contact_sheet(title, facts, [_cell(outcome) for outcome in finished.outcomes[:MOST_ON_SHEET]])


def _cell(outcome: Outcome) -> Cell:
    def picture() -> Picture | None:
        try:
            return None if outcome.image is None else Picture.open(outcome.image)
        except InputError:
            # taken away or damaged since; the sheet shows an empty frame
            return None

    word: str = "" if outcome.status == "finished" else outcome.status
    if outcome.status == "finished" and outcome.image is None:
        word = "no picture"
    return Cell(label=str(outcome.line), prompt=outcome.prompt, score=outcome.alignment, picture=picture, word=word)


def _csv(finished: BatchFinished) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, FIELDS)
    writer.writeheader()
    for outcome in finished.outcomes:
        writer.writerow({name: _safe(value) for name, value in outcome.to_dict().items()})
    return text.getvalue().encode("utf-8", "replace")


def _safe(value: object) -> object:
    """A prompt that begins like a formula is text all the same for whoever opens the file in a spreadsheet."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
