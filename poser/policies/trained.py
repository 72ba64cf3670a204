"""Trained policies by their folder, of whatever kind they are."""

from __future__ import annotations

from pathlib import Path

from poser.experts.errors import InputError
from poser.policies.base import Policy
from poser.policies.bundle import Bundle
from poser.policies.bundle_files import bundle_in, kind_of
from poser.policies.learned import Learned
from poser.policies.paper import Paper
from poser.policies.text_weights import TextBundle


def load_trained(folder: Path) -> Policy:
    """The policy that `poser train policy` wrote into this folder, or into its `bundle`.

    Raises:
        InputError: no bundle, a broken one, or one of an unknown kind or version; a pickle is refused.
    """
    folder = bundle_in(folder)
    kind = kind_of(folder)
    if kind == "pairs":
        return Learned(bundle=Bundle.load(folder))
    if kind == "text-mlp":
        return Paper(bundle=TextBundle.load(folder))
    raise InputError(f"{folder} holds a policy of the kind {kind!r}; this release knows pairs and text-mlp.")
