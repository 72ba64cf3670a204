"""Folders of tiny pipelines, built once a session when a heavy test asks for one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Name of a recipe -> folder of that pipeline."""
    root = tmp_path_factory.mktemp("pipelines")

    def folder_of(recipe: str) -> str:
        from tests.experts.diffusers.tiny_pipelines import save

        folder = Path(root) / recipe
        return str(folder if folder.is_dir() else save(recipe, folder))

    return folder_of


@pytest.fixture(autouse=True)
def _small_qwen_sources(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Qwen-Image-Edit scales every source to a megapixel, which takes half a minute on a CPU; 64 x 64 here."""
    if request.node.get_closest_marker("heavy") is None:
        return
    from diffusers.pipelines.qwenimage import pipeline_qwenimage_edit, pipeline_qwenimage_edit_plus

    for module in (pipeline_qwenimage_edit, pipeline_qwenimage_edit_plus):
        real = module.calculate_dimensions
        monkeypatch.setattr(module, "calculate_dimensions", lambda area, ratio, real=real: real(64 * 64, ratio))
