"""Workflows of a ComfyUI server as experts."""

from poser.experts.comfyui.expert import ComfyUIExpert

__all__ = ["ComfyUIExpert"]
