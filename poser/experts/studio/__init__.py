"""The studio: an embedded pool of experts that draw and edit flat illustrations on the CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from poser.experts.studio.pool import studio_experts

__all__ = ["studio_experts"]


def __getattr__(name: str) -> Any:
    if name == "studio_experts":
        from poser.experts.studio.pool import studio_experts

        return studio_experts
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
