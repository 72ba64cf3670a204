"""The MDP, its driver and its environments. Importing this package registers `poser/ImagePoser-v0`."""

from __future__ import annotations

from gymnasium.envs.registration import register, registry

__all__ = ["IMAGE_POSER"]

IMAGE_POSER = "poser/ImagePoser-v0"
"""Name for `gymnasium.make`; see `poser.envs.image_poser.ImagePoserEnv`."""

if IMAGE_POSER not in registry:
    register(id=IMAGE_POSER, entry_point="poser.envs.image_poser:ImagePoserEnv")
