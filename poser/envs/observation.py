"""Observation: what a policy sees, as one flat vector with named parts.

Nothing in it names an expert: an expert is what the track record, its price and its refusals say of it. So weights that
read it carry over to other registries, and, shared over pairs, to other sizes of pool and plan.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from poser.envs.actions import action_count, mask
from poser.envs.arrays import Pool, State
from poser.envs.features import command_features, expect, expert_features, fill_pairs, global_features
from poser.envs.rules import Rules

OBSERVATION_VERSION = 5
"""Changes whenever a feature does; weights of another version are refused."""

GLOBALS = (
    "steps_left", "has_picture", "has_source", "alignment", "best_alignment", "pending", "satisfied", "dropped",
    "unchecked", "commands", "step_cost", "completion_bonus", "has_budget", "budget_left", "critic_cost",
    "editors_mean", "redraw_mean", "best_net", "unjudged",
    "retry",
)  # fmt: skip
"""Features of the episode. Shares are of the plan's commands; `best_net` is the best expected gain minus cost,
`unjudged` how near the critic's failures in a row are to the end of the episode, `retry` the share of its chance that a
call keeps after a miss."""

COMMANDS = (
    "exists", "pending", "satisfied", "dropped", "score", "judged", "waits", "best_mean", "best_confidence", "options",
    "failed",
)  # fmt: skip
"""Features of a command. `waits`: a pending command comes before it; `options`: share of experts that may serve it."""

EXPERTS = (
    "exists", "t2i", "disabled", "shaky", "cost", "budget_share", "price_unknown", "seconds", "supported",
    "pending_mean", "mean", "confidence", "damage", "merge_decay",
)  # fmt: skip
"""Features of an expert; means are of the track record, over the pending or over all supported commands. `cost` is in
units of reward, so it hides prices where a dollar costs none; `budget_share`, what a call takes of the budget that is
left, does not. With neither weight nor budget nothing depends on prices, and none is shown."""

PAIRS = (
    "legal", "merged", "fresh", "carried", "mean", "confidence", "decay", "gain", "risk", "cost", "net", "lead",
    "net_lead", "worth", "worth_lead", "tries", "waits",
)  # fmt: skip
"""Features of an (expert, target) pair; the last target is ALL. `gain`, `risk`: expected rise and loss of Φ, the former
less after failed tries, for a fresh picture of everything how much it may be above the best one so far; `net`: gain
minus cost; `worth`: gain by gain and cost, in [0, 1]: where the first hit ends the search, trying in the order of
chance by cost is best (Weitzman 1979); `lead`, `net_lead`, `worth_lead`: distance to the best other expert for this
target, in [-1, 1]; `tries`: failed ones, merged ones included."""


class Parts(NamedTuple):
    """Views into observations [B, D]: globals [B, 20], commands [B, K, 11], experts [B, E, 14], pairs [B, E, K+1, 17],
    mask [B, A].
    """

    globals: NDArray[np.float32]
    commands: NDArray[np.float32]
    experts: NDArray[np.float32]
    pairs: NDArray[np.float32]
    mask: NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class ObservationLayout:
    """Where what stands in a flat observation: globals · commands · experts · pairs · mask.

    Attributes:
        experts, commands: E and K.
        actions: length of the mask.
        version: of the features.
    """

    experts: int
    commands: int
    actions: int
    version: int = OBSERVATION_VERSION

    @classmethod
    def of(cls, experts: int, commands: int, rules: Rules) -> ObservationLayout:
        """The layout for E experts and K commands under these rules."""
        return cls(experts=experts, commands=commands, actions=action_count(experts, commands, rules))

    @property
    def slices(self) -> dict[str, slice]:
        """Name of a part -> its place."""
        sizes = {
            "globals": len(GLOBALS),
            "commands": self.commands * len(COMMANDS),
            "experts": self.experts * len(EXPERTS),
            "pairs": self.experts * (self.commands + 1) * len(PAIRS),
            "mask": self.actions,
        }
        ends = np.cumsum(list(sizes.values())).tolist()
        return {name: slice(end - size, end) for (name, size), end in zip(sizes.items(), ends, strict=True)}

    @property
    def size(self) -> int:
        """D, the length of one observation."""
        return int(self.slices["mask"].stop)

    def split(self, observation: NDArray[np.float32]) -> Parts:
        """The named parts of observations [..., D], as views of contiguous ones."""
        places, lead = self.slices, observation.shape[:-1]
        targets = self.commands + 1
        return Parts(
            observation[..., places["globals"]],
            observation[..., places["commands"]].reshape(*lead, self.commands, len(COMMANDS)),
            observation[..., places["experts"]].reshape(*lead, self.experts, len(EXPERTS)),
            observation[..., places["pairs"]].reshape(*lead, self.experts, targets, len(PAIRS)),
            observation[..., places["mask"]],
        )


def encode(state: State, pool: Pool, rules: Rules) -> NDArray[np.float32]:
    """[B, D] float32 observations, every value finite and in [-1, 1]; padded slots are 0."""
    layout = ObservationLayout.of(pool.shape[1], pool.shape[2], rules)
    flat = np.empty((len(state.step), layout.size), np.float32)
    parts = layout.split(flat)
    legal = mask(state, pool, rules)
    expected = expect(state, pool, rules, legal)
    net = fill_pairs(parts.pairs, state, pool, rules, expected)
    parts.globals[:] = global_features(state, pool, rules, expected, net)
    parts.commands[:] = command_features(state, pool, expected)
    parts.experts[:] = expert_features(state, pool, rules, expected)
    parts.mask[:] = legal
    return np.clip(flat, -1.0, 1.0, out=flat)
