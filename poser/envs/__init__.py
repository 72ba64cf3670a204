"""The MDP, its driver and its environments. Importing this package registers the Gymnasium ids below."""

from __future__ import annotations

from gymnasium.envs.registration import register, registry

__all__ = ["IMAGE_POSER", "TWIN"]

IMAGE_POSER = "poser/ImagePoser-v0"
"""Name for `gymnasium.make`; see `poser.envs.image_poser.ImagePoserEnv`."""

TWIN = "poser/Twin-v0"
"""Name for `gymnasium.make`; see `poser.envs.twin_env.TwinEnv`."""

for _name, _class in ((IMAGE_POSER, "poser.envs.image_poser:ImagePoserEnv"), (TWIN, "poser.envs.twin_env:TwinEnv")):
    if _name not in registry:
        register(id=_name, entry_point=_class)
