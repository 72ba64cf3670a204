"""How what is missing gets installed: the one place that says so."""

from __future__ import annotations


def install(extra: str) -> str:
    """The command that installs an extra of the package, and the one for whoever has a checkout."""
    return f"pip install 'image-poser[{extra}]' (in a checkout: pip install -c constraints.txt -e '.[{extra}]')"
