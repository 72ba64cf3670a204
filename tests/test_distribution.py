"""What a person gets who installs the wheel: one top-level name, base dependencies, a picture."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.heavy


def run(*command: object, cwd: Path = ROOT) -> str:
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--wheel", "--outdir", out, ROOT)
    return next(out.glob("*.whl"))


def test_the_wheel_installs_one_top_level_name(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    top = {name.split("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == {"poser"}
    assert "poser/py.typed" in names
    data = {str(p.relative_to(ROOT)) for p in (ROOT / "poser").rglob("data/*") if p.is_file()}
    assert data
    assert data <= set(names)


def test_a_venv_with_base_only_makes_the_demo_and_never_loads_torch(wheel, tmp_path):
    home = tmp_path / "venv"
    venv.create(home, with_pip=True)
    python = home / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", "-c", ROOT / "constraints.txt", wheel)
    missing = run(python, "-c", "import importlib.util as u; print(u.find_spec('torch'))", cwd=tmp_path)
    assert missing.strip() == "None"
    prompt = f"@{ROOT / 'docs/examples/demo_prompt.txt'}"
    out = run(
        home / "bin" / "poser", "generate", prompt, "--out", tmp_path / "demo", "--seed", "1", "--json", cwd=tmp_path
    )
    made = json.loads(out)
    assert Path(made["image"]).is_file()
    assert Path(made["storyboard"]).is_file()
    held = [atom for atom in made["atoms"] if atom["probability"] is not None]
    assert len(held) >= 8
    assert sum(atom["probability"] >= 0.5 for atom in held) / len(held) >= 0.9
