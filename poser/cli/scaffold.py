"""`poser experts new`: a plugin to start from, as a distribution of its own."""

from __future__ import annotations

import keyword
import re
from importlib.resources import files
from pathlib import Path

from poser.experts.errors import InputError

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")

TEMPLATES = {
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    "expert.py": "{module}.py",
    "test_expert.py": "test_{module}.py",
}
"""Template in the package's data -> file of the plugin."""


def write_plugin(name: str, folder: Path | None = None) -> Path:
    """Write the files of a plugin that brings one working expert; returns its folder.

    Args:
        name: of the expert, and of its distribution with "poser-" before it.
        folder: where to; None = `./poser-NAME`. It must be empty or not there.

    Raises:
        InputError: a name of another form, a folder that holds something, or one that cannot be written.
    """
    if not _NAME.fullmatch(name):
        raise InputError(f"{name!r} is no name for a plugin; give lower case letters, digits and '-', e.g. soft-focus.")
    target = Path(f"poser-{name}") if folder is None else folder
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InputError(f"{target} is there already and not empty; give another --folder.")
    module = f"poser_{name.replace('-', '_')}"
    function = module.removeprefix("poser_")
    if keyword.iskeyword(function) or function in ("np", "poser"):
        # no name for a function, or one that the module needs itself
        function += "_"
    templates = files("poser.cli").joinpath("data", "plugin")
    try:
        target.mkdir(parents=True, exist_ok=True)
        for template, path in TEMPLATES.items():
            text = templates.joinpath(f"{template}.txt").read_text(encoding="utf-8")
            filled = text.replace("@NAME@", name).replace("@MODULE@", module).replace("@FUNCTION@", function)
            (target / path.format(module=module)).write_text(filled, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{target} cannot be written: {error.strerror or error}. Give another --folder.") from error
    return target
