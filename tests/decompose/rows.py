"""Rows of a decomposer's data set, and completions about them."""

from __future__ import annotations

import numpy as np

from poser.decompose.format import written
from poser.decompose.plans import atoms_of, decomposition_of
from poser.envs.tasks import sample_plan


def row_of(plan):
    """The columns of one plan."""
    d = decomposition_of(plan)
    return {
        "request": plan.prompt,
        "actions": [str(action) for action in d.actions],
        "subjects": [list(items) for items in d.subjects],
        "goals": [list(items) for items in d.goals],
        "atoms": atoms_of(plan),
        "plan": plan.model_dump_json(),
    }


def batch(plans):
    """The columns of several plans."""
    rows = [row_of(plan) for plan in plans]
    return {name: [row[name] for row in rows] for name in rows[0]}


def plans(count=3, seed=0, commands=(2, 5)):
    """Sampled plans."""
    rng = np.random.default_rng(seed)
    return [sample_plan(rng, commands) for _ in range(count)]


def completion_of(plan):
    """What a perfect decomposer writes."""
    return written(decomposition_of(plan))
