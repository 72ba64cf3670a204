"""Where benchmarks write: docs/figures."""

from __future__ import annotations

from pathlib import Path

FIGURES = Path(__file__).resolve().parents[1] / "docs" / "figures"


def write(name: str, text: str, folder: Path = FIGURES) -> Path:
    """Write `<folder>/<name>` and say so."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    print(f"wrote {path}")
    return path
