"""What an order is expected to take, found without calling anybody.

The policy plays many episodes of the MDP in which a call succeeds as often as the track record says. It sees what it
would see in the run, also the abilities that are drawn for new experts by the order's seeds. Successes are drawn
independently, so a command that is harder than its record says takes more calls than foretold.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from poser.engine.gaps import describe_gaps
from poser.engine.order import Order
from poser.envs import mdp
from poser.envs.arrays import NO_FAILURE, Pool, State
from poser.envs.driver import Task
from poser.envs.opening import open_episodes
from poser.envs.pool import PoolBuilder
from poser.envs.trace import Refusal
from poser.envs.turn import Turn
from poser.experts.record import merge_bucket
from poser.experts.types import Plan

EPISODES = 64
"""Simulated episodes; means over so many are steady to about a tenth."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One expert in the forecast: its expected calls a picture, and US dollars a call (None: unknown)."""

    expert: str
    calls: float
    price: float | None


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What a run is expected to do. Numbers are for one picture.

    Attributes:
        plan: what would be done.
        candidates: command id -> names of the experts that do not refuse it, the likeliest to succeed first.
        refusals: who refuses what, and why.
        asked: the experts that would be called, most calls first.
        calls: expected number of calls.
        usd: expected US dollars; None if a price is unknown.
        seconds: expected seconds of calls.
        alignment: expected share of the commands that hold in the end, 0 to 1.
        pictures: how many pictures were ordered.
        warnings: what the user should know, in words.
        unpriced: names of those asked whose price is unknown, with what they are ("critic vlm").
    """

    plan: Plan
    candidates: dict[str, tuple[str, ...]]
    refusals: tuple[Refusal, ...]
    asked: tuple[Asked, ...]
    calls: float
    usd: float | None
    seconds: float
    alignment: float
    pictures: int
    warnings: tuple[str, ...]
    unpriced: tuple[str, ...] = ()

    @property
    def usd_known(self) -> float:
        """Expected US dollars as far as prices are known: `usd`, or that of the calls that have a price."""
        return sum(one.calls * (one.price or 0.0) for one in self.asked) if self.usd is None else self.usd

    def to_dict(self) -> dict[str, Any]:
        """The object that `poser generate --dry-run --json` prints."""
        return {
            "plan": self.plan.model_dump(mode="json"),
            "candidates": {command: list(names) for command, names in self.candidates.items()},
            "refusals": [refusal.model_dump(mode="json") for refusal in self.refusals],
            "asked": [{"expert": one.expert, "calls": one.calls, "price": one.price} for one in self.asked],
            "calls": self.calls,
            "usd": self.usd,
            "seconds": self.seconds,
            "alignment": self.alignment,
            "pictures": self.pictures,
            "warnings": list(self.warnings),
            "unpriced": list(self.unpriced),
        }


def make_forecast(order: Order, warnings: Sequence[str] = ()) -> Forecast:
    """Simulate the order; `warnings` are handed on."""
    specs = tuple(expert.spec for expert in order.experts)
    builder = PoolBuilder(
        specs,
        order.records,
        critic_price=order.critic.price,
        critic_seconds=order.critic.nominal_seconds,
        draw_below=order.draw_below,
    )
    seeds = [order.seeds[index % len(order.seeds)] for index in range(EPISODES)]
    tasks = [Task(plan=order.plan, source=order.source, seed=seed) for seed in seeds]
    pool, episodes = open_episodes(order.experts, tasks, len(order.plan.commands), builder, order.rules)
    success, damage = (np.broadcast_to(chances, pool.success.shape) for chances in builder.expected(order.plan))
    truth = pool._replace(success=success, damage=damage)
    state, calls = _play(order, pool, truth)
    refusals = episodes[0].refusals
    asked = tuple(
        Asked(expert=specs[e].name, calls=count / EPISODES, price=_known(pool.price[0, e]))
        for e, count in calls.most_common()
    )
    unpriced = [f"expert {one.expert}" for one in asked if one.price is None]
    if np.isnan(pool.critic_price[0]):
        unpriced.append(f"critic {order.critic.name}")
    return Forecast(
        plan=order.plan,
        candidates=_candidates(order, truth),
        refusals=refusals,
        asked=asked,
        calls=sum(one.calls for one in asked),
        usd=None if unpriced else round(float(state.spent.mean()), 6),
        seconds=round(float(state.seconds.mean()), 3),
        alignment=float(state.best.mean()),
        pictures=len(order.seeds),
        warnings=(*warnings, *describe_gaps(order.plan, specs, refusals)),
        unpriced=tuple(unpriced),
    )


def reading_paid(order: Order) -> list[str]:
    """That making the plan for a forecast has cost money, and how much; nothing where it was free."""
    if order.extraction is None or order.extraction.usd == 0.0:
        return []
    usd = order.extraction.usd
    cost = "an amount that is not known" if usd is None else f"${usd:.4f}"
    return [
        f"Decomposing the prompt has cost {cost}, which is not in this forecast. A run decomposes it once more, unless "
        "it is given the plan."
    ]


def _play(order: Order, pool: Pool, truth: Pool) -> tuple[State, Counter[int]]:
    """Final states of the simulated episodes, and how often each expert was called in all of them.

    The policy sees `pool`; calls succeed and damage as `truth` says.
    """
    batch = len(pool.has_source)
    rules, policy = order.rules, order.policy
    state = mdp.reset(pool, rules)
    calls: Counter[int] = Counter()
    plans = [order.plan] * batch
    policy.reset(Turn.at(state, pool, order.rules, plans=plans), list(range(batch)))
    rng = np.random.default_rng(order.seeds[0])
    # STOP ends an episode and a call counts towards max_steps, so this many turns always do
    for _ in range(rules.max_steps + 1):
        if state.done.all():
            break
        actions = policy.act(Turn.at(state, pool, order.rules, plans=plans))
        choice = mdp.targets(state, pool, rules, actions)
        called = ~state.done & choice.legal & ~choice.stop
        calls.update(choice.expert[called].tolist())
        state, *_ = mdp.apply(state, pool, rules, choice, _draw(state, truth, choice, called, rng))
    return state, calls


def _draw(state: State, pool: Pool, choice: mdp.Choice, called: np.ndarray, rng: np.random.Generator) -> mdp.Outcome:
    batch, _, commands = pool.shape
    rows = np.arange(batch)
    bucket = np.array([merge_bucket(int(count)) for count in choice.carried.sum(axis=1)])
    chance = pool.success[rows, choice.expert, :, bucket]
    damage = pool.damage[rows, choice.expert, :, bucket]
    kept = state.satisfied & ~choice.fresh[:, None] & (rng.random((batch, commands)) >= damage)
    passed = pool.command & np.where(choice.carried, rng.random((batch, commands)) < chance, kept)
    return mdp.Outcome(
        picture=called,
        verdict=called,
        alignment=passed.sum(axis=1) / np.maximum(pool.command.sum(axis=1), 1),
        score=passed.astype(float),
        passed=passed,
        judged=pool.command.copy(),
        failure=np.full(batch, NO_FAILURE, np.int64),
    )


def _candidates(order: Order, pool: Pool) -> dict[str, tuple[str, ...]]:
    named = {}
    for k, command in enumerate(order.plan.commands):
        able = np.flatnonzero(pool.supported[0, :, k])
        best = able[np.argsort(-pool.success[0, able, k, 0], kind="stable")]
        named[command.id] = tuple(order.experts[e].spec.name for e in best)
    return named


def _known(price: float) -> float | None:
    return None if np.isnan(price) else float(price)
