"""Any `diffusers` pipeline as an expert: text to image, instruction editing, image to image, inpainting."""

from poser.experts.diffusers.expert import DiffusersExpert

__all__ = ["DiffusersExpert"]
