"""Runs a benchmark of decomposers with `--quick`, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def run_quick(name: str, folder: Path) -> tuple[dict[str, Any], str]:
    """What is stored of seed 3, and the page; the folder of the trainings has to be gone."""
    command = [sys.executable, "-m", f"benchmarks.decomposer_{name}", "--quick", "--seed", "3", "--workers", "1"]
    command += ["--out", str(folder / "out"), "--stored", str(folder / "stored")]
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, env=os.environ | {"PYTHONPATH": path}, timeout=900,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert not (folder / "out" / "seed-3").exists()
    return json.loads((folder / "stored" / "seed-3.json").read_text()), done.stdout
