from __future__ import annotations

import re
import runpy
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_shows_the_rows_that_the_generator_makes(capsys):
    runpy.run_path(str(ROOT / "docs" / "examples" / "decomposer_rows.py"), run_name="__main__")
    page = (ROOT / "docs" / "decomposer-data.md").read_text(encoding="utf-8")
    shown = re.search(r"```json\n(.*?)```", page, re.DOTALL)[1]
    assert shown == capsys.readouterr().out
