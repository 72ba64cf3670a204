"""Names of the run folder and of what lies in it."""

from __future__ import annotations

import datetime
import re
import unicodedata
from pathlib import Path

FINAL, STORYBOARD, TRACE, PLAN, SOURCE = "final.png", "storyboard.png", "trace.json", "plan.json", "source.png"
STEPS, UNFINISHED = "steps", "unfinished"

_SLUG_CHARACTERS = 40


def default_folder(prompt: str, seed: int = 0, root: Path = Path("runs")) -> Path:
    """`<root>/<date>-<slug>-<seed>`, with "-2", "-3", … behind it if that is taken. Nothing is created."""
    name = f"{datetime.date.today().isoformat()}-{slug(prompt)}-{seed}"
    taken = root / name
    count = 1
    while taken.exists():
        count += 1
        taken = root / f"{name}-{count}"
    return taken


def slug(text: str, most: int = _SLUG_CHARACTERS) -> str:
    """Words of a text as a part of a file name: letters and digits of any script, lower case, "-" between words.

    Whole words, at most `most` characters and 120 bytes; "picture" if nothing is left.
    """
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", text[: 8 * most]).lower())
    made = ""
    for word in words:
        longer = f"{made}-{word}" if made else word[:most]
        if len(longer) > most or len(longer.encode()) > 3 * _SLUG_CHARACTERS:
            break
        made = longer
    return made or "picture"
