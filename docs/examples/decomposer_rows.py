"""Rows that a decomposer learns from, and rows with phrasings that it never saw."""

import json

from poser.decompose.data import studio_rows

for split in ("train", "rewordings", "phrasings"):
    for row in studio_rows(2, seed=7, split=split, level="tiny"):
        shown = {name: row[name] for name in ("request", "actions", "subjects", "goals")}
        print(json.dumps(shown, ensure_ascii=False))
