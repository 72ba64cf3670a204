"""The two forms of an observation, "pairs" (ours) and "text" (the original paper's), for shells of other libraries."""

from __future__ import annotations

from typing import Literal

import gymnasium
import numpy as np
from numpy.typing import NDArray

from poser.envs.observation import ObservationLayout
from poser.envs.rules import Rules
from poser.envs.text_state import DIMENSIONS, encode_text
from poser.envs.turn import Turn
from poser.experts.errors import InputError
from poser.experts.types import Plan

Form = Literal["pairs", "text"]


def choose_form(form: Literal["auto", "pairs", "text"], rules: Rules) -> Form:
    """The form asked for; "auto" goes by the rules: the paper's come with the paper's observation.

    Raises:
        InputError: a form that is not known.
    """
    if form not in ("auto", "pairs", "text"):
        raise InputError(f"observation={form!r} is not known; give 'auto', 'pairs' or 'text'.")
    if form == "auto":
        return "text" if rules.first_pending else "pairs"
    return form


def observation_space(form: Form, layout: ObservationLayout) -> gymnasium.spaces.Space[NDArray[np.float32]]:
    """The space of one observation."""
    if form == "text":
        return gymnasium.spaces.Box(0.0, 1.0, (2 * DIMENSIONS,), np.float32)
    return gymnasium.spaces.Box(-1.0, 1.0, (layout.size,), np.float32)


def observations(form: Form, turn: Turn) -> NDArray[np.float32]:
    """[B, D] float32 observations of all episodes of this turn.

    Raises:
        InputError: texts of a turn that has none.
    """
    if form == "pairs":
        return turn.observation
    if turn.text is None:
        raise InputError(
            "These episodes show no text: that takes the paper's rules (Rules.paper()) and plans, which random twins "
            "and ratings do not have. Take the registered experts (env fitted or studio), or observation pairs."
        )
    return turn.text


def observe(form: Form, turn: Turn, plan: Plan) -> NDArray[np.float32]:
    """A fresh [D] float32 observation of the one episode of this turn."""
    if form == "text":
        return np.array(encode_text([plan], turn.state, turn.pool)[0])
    return np.array(turn.observation[0])
