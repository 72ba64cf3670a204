"""`poser init`: a commented `poser.toml`, with what is at hand on this machine."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer


def init(
    user: Annotated[bool, typer.Option("--user", help="Write the user's own file, not the project's.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    show: Annotated[bool, typer.Option("--print", help="Print it instead of writing it.")] = False,
) -> None:
    """Write a commented poser.toml, which names what is at hand here. Take away the # of what you want."""
    from poser.config import project_file, user_file
    from poser.experts.errors import InputError

    found = at_hand()
    text = settings_text(found)
    if show:
        typer.echo(text, nl=False)
        return
    path = user_file() if user else project_file()
    if path.exists() and not force:
        raise InputError(f"{path} is there already. Edit it, print a new one with --print, or say --force.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}.") from error
    typer.echo(path)
    for line in found:
        typer.echo(f"found: {line}", err=True)


def settings_text(found: Sequence[str]) -> str:
    """The file, with what was found in its head, and each pipeline in a table that is ready to be switched on.

    Args:
        found: lines of `at_hand`.
    """
    head = "\n".join(f"#   {line}" for line in found or ["nothing but the studio; it needs neither key nor GPU"])
    template = files("poser.cli").joinpath("data", "poser.toml.txt").read_text(encoding="utf-8")
    tables = "".join(_pipeline_table(name, folder) for name, folder in cached_pipelines().items())
    return template.replace("@FOUND@", head) + tables


def _pipeline_table(name: str, folder: Path) -> str:
    try:
        made = str(json.loads((folder / "model_index.json").read_text(encoding="utf-8"))["_class_name"])
    except (OSError, ValueError, KeyError, TypeError):
        # half a download; the table is switched off anyway
        made = ""
    inpaints = "Inpaint" in made
    edits = inpaints or any(word in made for word in ("Img2Img", "Edit", "Kontext", "Pix2Pix"))
    lines = [
        "[[experts]]",
        f'name = "{re.sub("[^a-z0-9.-]+", "-", name.rpartition("/")[2].lower()).strip("-.")}"',
        'use = "diffusers"',
        f'model = "{name}"',
        *['kind = "i2i"'] * edits,
        *["mask = true"] * inpaints,
    ]
    return "\n" + "".join(f"# {line}\n" for line in lines)


def at_hand() -> list[str]:
    """What this machine has for real models, one line each: keys, a GPU, ComfyUI, pipelines in the hub's cache."""
    found = [
        f"the environment variable {name}, for {use}"
        for name, use in (
            ("OPENAI_API_KEY", 'use = "openai_images", "vlm" and "llm"'),
            ("OPENAI_BASE_URL", 'use = "openai_images", "vlm" and "llm"'),
            ("HF_TOKEN", 'use = "huggingface"'),
        )
        if os.environ.get(name)
    ]
    if gpu := _gpu():
        found.append(f'a GPU ({gpu}), for use = "diffusers"')
    if _answers("http://127.0.0.1:8188/system_stats"):
        found.append('ComfyUI on port 8188, for use = "comfyui"')
    found += [f'the pipeline {name} in the hub\'s cache, for use = "diffusers"' for name in cached_pipelines()]
    return found


def cached_pipelines() -> dict[str, Path]:
    """Ids of the diffusers pipelines in the local cache of the hub, and the folder of one snapshot of each."""
    cache = os.environ.get("HF_HUB_CACHE")
    if not cache:
        root = os.environ.get("HF_HOME") or os.path.join(
            os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "huggingface"
        )
        cache = os.path.join(root, "hub")
    found = {path.parts[-4]: path.parent for path in Path(cache).glob("models--*/snapshots/*/model_index.json")}
    ids = {name.removeprefix("models--").replace("--", "/", 1): folder for name, folder in sorted(found.items())}
    # ids stand in a file of settings: whatever else a folder may be called is no id
    return {name: folder for name, folder in ids.items() if re.fullmatch(r"[\w.-]+(/[\w.-]+)?", name)}


def _gpu() -> str:
    """Name of the first GPU, found without loading torch; "" if there is none."""
    import shutil
    import subprocess

    tool = shutil.which("nvidia-smi")
    if tool is None:
        return ""
    try:
        asked = subprocess.run(
            [tool, "--query-gpu=name,memory.total", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return asked.stdout.strip().split("\n")[0] if asked.returncode == 0 else ""


def _answers(url: str) -> bool:
    import httpx

    try:
        return httpx.get(url, timeout=0.5, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False
