"""Random pools, outcomes and small plans for the tests of the environments."""

from __future__ import annotations

import numpy as np

from poser.envs import mdp
from poser.envs.arrays import FAILED, INVALID, TRANSIENT, Outcome, Pool
from poser.envs.rules import Rules
from poser.experts.picture import Picture, PictureRef
from poser.experts.types import Atom, Command, Operation, Plan

NOUNS = ("car", "tree", "dog", "cat", "sun", "house", "star", "fish")


def thing(index: int, noun: str, operation: Operation = Operation.ADD, **fields) -> Command:
    """A command with an entity and a colour that depends on it."""
    entity = Atom(id=f"e{index}", tuple=("entity", noun), question=f"Is there a {noun}?")
    red = Atom(id=f"r{index}", tuple=("attribute", "color", noun, "red"), question="Is it red?", parents=(f"e{index}",))
    text = f"Add a red {noun}"
    return Command(
        id=f"c{index}", operation=operation, subjects=(noun,), goals=("red",), text=text, atoms=(entity, red), **fields
    )


def plan_of(count: int, *, source: Picture | None = None, **fields) -> Plan:
    """`count` things to add, the k-th is `NOUNS[k]`, its command `c{k}`."""
    commands = tuple(thing(k, NOUNS[k]) for k in range(count))
    ref = None if source is None else source.ref
    return Plan(prompt="Some red things.", commands=commands, source=ref, **fields)


def source_picture(width: int = 64, height: int = 48) -> Picture:
    return Picture(np.random.default_rng(1).integers(0, 255, (height, width, 3), dtype=np.uint8))


def any_ref() -> PictureRef:
    return source_picture().ref


def random_pool(rng: np.random.Generator, batch: int = 3, experts: int = 4, commands: int = 3) -> Pool:
    """A pool with padded slots, refusals, unknown prices, budgets and sources by chance."""
    command = np.arange(commands) < rng.integers(1, commands + 1, (batch, 1))
    expert = np.arange(experts) < rng.integers(1, experts + 1, (batch, 1))
    has_source = rng.random(batch) < 0.3
    t2i = rng.random((batch, experts)) < 0.5
    supported = (rng.random((batch, experts, commands)) < 0.8) & command[:, None, :] & expert[:, :, None]
    price = rng.choice([0.0, 0.01, 0.05, np.nan], (batch, experts))
    shape = (batch, experts, commands, 4)
    after = np.tril(rng.random((batch, commands, commands)) < 0.3, -1) & command[:, None, :] & command[:, :, None]
    return Pool(
        expert=expert,
        t2i=t2i,
        command=command,
        after=after,
        supported=supported,
        price=price,
        seconds=rng.random((batch, experts)),
        success=rng.random(shape),
        confidence=rng.random(shape) * 0.9,
        damage=rng.random(shape) * 0.2,
        retry=rng.uniform(0.05, 0.98, batch),
        critic_price=rng.choice([0.0, 0.002, np.nan], batch, p=[0.6, 0.3, 0.1]),
        critic_seconds=rng.random(batch),
        has_source=has_source,
        usd_cost=rng.choice([0.0, 1.0, 5.0], batch),
        budget=rng.choice([np.inf, 0.0, 0.08, 0.2], batch, p=[0.5, 0.1, 0.2, 0.2]),
    )


def random_rules(rng: np.random.Generator) -> Rules:
    return Rules(
        second_cost=float(rng.choice([0.0, 0.01])),
        max_steps=int(rng.integers(1, 9)),
        tries_per_pair=[None, 1, 2, 3][rng.integers(4)],
        tries_per_command=[None, None, 2][rng.integers(3)],
        keep_regressions=bool(rng.random() < 0.3),
        merged_calls=bool(rng.random() < 0.8),
        first_pending=bool(rng.random() < 0.2),
    )


def random_outcome(rng: np.random.Generator, pool: Pool) -> Outcome:
    """Anything that calls may bring, failures and missing verdicts included."""
    batch, _, commands = pool.shape
    failure = rng.choice([0, TRANSIENT, FAILED, INVALID], batch, p=[0.7, 0.1, 0.1, 0.1])
    picture = failure == 0
    judged = (rng.random((batch, commands)) < 0.9) & pool.command
    score = np.where(judged, rng.random((batch, commands)), 0.0)
    return Outcome(
        picture=picture,
        verdict=picture & (rng.random(batch) < 0.85),
        # few values, so that ties happen
        alignment=rng.integers(0, 5, batch) / 4,
        score=score,
        passed=score >= 0.5,
        judged=judged,
        failure=failure,
    )


def pick(rng: np.random.Generator, legal: np.ndarray, *, illegal: float = 0.0) -> np.ndarray:
    """One action a row: a legal one, or with chance `illegal` any."""
    actions = [int(rng.choice(np.flatnonzero(row))) for row in legal]
    wild = rng.integers(-1, legal.shape[1] + 1, len(legal))
    return np.where(rng.random(len(legal)) < illegal, wild, actions)


def start(rng: np.random.Generator, pool: Pool, rules: Rules) -> mdp.State:
    """A first state, with judged sources."""
    return mdp.reset(pool, rules, random_outcome(rng, pool))


def world(experts: str, commands: int = 2, **changes):
    """A pool of one episode; `experts` is a word of T (t2i) and I (i2i)."""
    pool = random_pool(np.random.default_rng(0), 1, len(experts), commands)
    shape = (1, len(experts), commands, 4)
    pool = pool._replace(
        expert=np.ones((1, len(experts)), bool),
        t2i=np.array([[letter == "T" for letter in experts]]),
        command=np.ones((1, commands), bool),
        supported=np.ones((1, len(experts), commands), bool),
        price=np.zeros((1, len(experts))),
        seconds=np.zeros((1, len(experts))),
        success=np.full(shape, 0.5),
        critic_price=np.zeros(1),
        critic_seconds=np.zeros(1),
        has_source=np.zeros(1, bool),
        usd_cost=np.ones(1),
        budget=np.full(1, np.inf),
    )
    return pool._replace(**{name: np.asarray(value) for name, value in changes.items()})
