"""Every page and its data is written by one benchmark alone."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


def test_no_benchmark_overwrites_the_page_of_another():
    written = Counter(
        name
        for path in sorted(BENCHMARKS.glob("*.py"))
        for name in set(re.findall(r'\bwrite\(\s*"([^"]+)"', path.read_text(encoding="utf-8")))
    )
    assert len(written) > 10
    assert [name for name, times in written.items() if times > 1] == []
