"""Write the pages of docs/ that are made from code; `--check` only says whether they are current.

- docs/mdp.md        the specification of the environment, from the docstring of `ImagePoserEnv`
- docs/cli.md        `--help` of every command
- docs/studio.md     the embedded experts, from their specs
"""

from __future__ import annotations

import argparse
import inspect
import os
import sys
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parents[1] / "docs"
MADE = "<!-- made by scripts/build_docs.py; edit the code instead -->\n\n"


def mdp_page() -> str:
    """The environment's specification."""
    from poser.envs.image_poser import ImagePoserEnv

    doc = inspect.cleandoc(ImagePoserEnv.__doc__ or "")
    return f"{MADE}# The decision process\n\n{doc}\n"


def cli_page() -> str:
    """Help of the command line, 100 columns wide, without colours."""
    steady = {"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb", "POSER_HOME": "/nonexistent"}
    before = dict(os.environ)
    os.environ.update(steady)
    try:
        from typer.main import get_command
        from typer.testing import CliRunner

        from poser.cli.main import app

        def walk(command: Any, path: list[str]) -> list[str]:
            shown = CliRunner().invoke(app, [*path, "--help"], env=steady, terminal_width=100)
            text = "\n".join(line.rstrip() for line in shown.output.strip("\n").splitlines())
            pages = [f"## {' '.join(['poser', *path])}\n\n```\n{text}\n```\n"]
            for name, child in getattr(command, "commands", {}).items():
                pages += walk(child, [*path, name])
            return pages

        return f"{MADE}# Command line\n\n" + "\n".join(walk(get_command(app), []))
    finally:
        os.environ.clear()
        os.environ.update(before)


def studio_page() -> str:
    """The embedded experts."""
    from poser.experts.studio.pool import studio_experts

    lines = [
        "# The studio's experts\n",
        "The embedded pool draws flat illustrations on the CPU. Every expert is a plain algorithm with a real",
        "limitation. Calls cost nothing; benchmarks use the simulated price.\n",
        "| expert | kind | does (declared ability) | limitations | simulated USD | seconds |",
        "|---|---|---|---|---|---|",
    ]
    for expert in studio_experts():
        spec = expert.spec
        does = ", ".join(f"{operation.value} {ability:.2f}" for operation, ability in spec.operations.items())
        cells = (f"`{spec.name}`", spec.kind, does, spec.limitations, spec.simulated_price, spec.nominal_seconds)
        lines.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    return MADE + "\n".join(lines) + "\n"


PAGES = {"mdp.md": mdp_page, "cli.md": cli_page, "studio.md": studio_page}


def stale() -> list[str]:
    """Names of the pages that differ from what the code says."""
    return [
        name
        for name, make in PAGES.items()
        if not (DOCS / name).exists() or (DOCS / name).read_text(encoding="utf-8") != make()
    ]


def main() -> None:
    """Write, or check."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a page is stale")
    if parser.parse_args().check:
        names = stale()
        if names:
            sys.exit(f"stale: {', '.join(names)}; run make docs")
        return
    for name, make in PAGES.items():
        (DOCS / name).write_text(make(), encoding="utf-8")
        print(f"wrote {DOCS / name}")


if __name__ == "__main__":
    main()
