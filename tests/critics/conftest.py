"""Folders of tiny vision-language models, built once a session when a heavy test asks for one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def tiny_vlm(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Name of a recipe -> folder of that model; see `tests.critics.tiny_vlms.save`."""
    root = tmp_path_factory.mktemp("vlms")

    def folder_of(recipe: str, *, decided: bool = True) -> str:
        from tests.critics.tiny_vlms import save

        folder = Path(root) / (recipe if decided else f"{recipe}-babbling")
        return str(folder if folder.is_dir() else save(recipe, folder, decided=decided))

    return folder_of
