"""The info of an environment: what Gymnasium shells tell beside observation and reward."""

from __future__ import annotations

from typing import Any

from poser.envs.rules import END_REASONS
from poser.envs.trace import StepRecord
from poser.envs.turn import Turn


def episode_info(turn: Turn, row: int, last: StepRecord | None) -> dict[str, Any]:
    """The info of one episode, as `ImagePoserEnv` specifies it; `last` is its last step, if any."""
    state = turn.state
    return {
        "action_mask": turn.mask[row].copy(),
        "illegal_action": bool(turn.illegal[row]),
        "alignment": float(state.alignment[row]),
        "best_alignment": float(state.best[row]),
        "satisfied": int(state.satisfied[row].sum()),
        "expected_usd": float(state.spent[row]),
        "failure": last.failure.error if last is not None and last.failure is not None else "",
        "end": END_REASONS[int(state.reason[row])],
    }
