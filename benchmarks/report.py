"""Where benchmarks write: docs/figures."""

from __future__ import annotations

from pathlib import Path

FIGURES = Path(__file__).resolve().parents[1] / "docs" / "figures"


def write(name: str, text: str) -> Path:
    """Write `docs/figures/<name>` and say so."""
    FIGURES.mkdir(parents=True, exist_ok=True)
    path = FIGURES / name
    path.write_text(text, encoding="utf-8")
    print(f"wrote {path}")
    return path
