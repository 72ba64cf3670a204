"""Prompts of critics that are language models: package data, told apart by version and hash."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from poser.experts.chat import COMPLAINT


class Prompts(NamedTuple):
    """One file of prompts.

    Attributes:
        version: as it stands in the file.
        sha256: hex hash of the file and of `poser.experts.chat.COMPLAINT`, which follows on unusable answers.
        texts: section -> name -> text, without blanks around it.
    """

    version: int
    sha256: str
    texts: Mapping[str, Mapping[str, str]]


@cache
def prompts(name: str) -> Prompts:
    """The prompts in `data/<name>.toml`."""
    data = (files("poser.critics") / "data" / f"{name}.toml").read_bytes()
    tables = tomllib.loads(data.decode("utf-8"))
    return Prompts(
        version=tables.pop("version"),
        sha256=hashlib.sha256(data + COMPLAINT.encode()).hexdigest(),
        texts={section: {key: text.strip() for key, text in table.items()} for section, table in tables.items()},
    )
