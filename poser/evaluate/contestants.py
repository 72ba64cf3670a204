"""Contestants of policies by name, and of their dial."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from poser import catalog
from poser.envs.rules import Rules
from poser.evaluate.suite_results import Contestant
from poser.experts.base import Expert
from poser.experts.errors import InputError
from poser.policies.base import Policy


@runtime_checkable
class Dialled(Protocol):
    """A policy with a dial: `thrift` >= 0 scales what a dollar costs in its eyes."""

    thrift: float


def named_contestants(
    names: Sequence[str],
    experts: Sequence[Expert],
    *,
    rules: Rules = Rules(),  # noqa: B008  an immutable tuple
    thrifts: Sequence[float] = (),
) -> list[Contestant]:
    """Contestants of names of policies and of trained policies' folders.

    Args:
        names: as `catalog.policy` takes them. One that serves only certain experts or rules brings them, the experts
            out of the pool.
        experts: the pool.
        rules: of the MDP, for all others.
        thrifts: settings of the dial; policies that have one play once for each and are joined to a curve, the others
            play once.

    Raises:
        InputError: none, one twice, an unknown one, one whose experts are not in the pool, or settings of a dial that
            are out of range or that nobody has.
    """
    if not names:
        raise InputError("No policy is named; give at least one, e.g. learned,greedy.")
    seen: dict[str, str] = {}
    for name in names:
        where = os.path.realpath(name) if Path(name).exists() else name
        if where in seen:
            raise InputError(f"The policy {name!r} is named twice; every policy plays once.")
        seen[where] = name
    _check_thrifts(thrifts)
    made = {name: catalog.policy(name) for name in names}
    if thrifts and not any(isinstance(policy, Dialled) for policy in made.values()):
        raise InputError(
            f"None of {', '.join(names)} has a dial, so there are no thrifts to compare; learned, greedy and trained "
            "policies have one."
        )
    contestants = []
    for name, policy in made.items():
        if policy.experts is not None or policy.rules is not None:
            contestants.append(particular_contestant(name, policy, experts, rules))
        elif not thrifts or not isinstance(policy, Dialled):
            contestants.append(Contestant(name=name, make=_maker(name), rules=rules))
        else:
            contestants += [
                Contestant(name=f"{name}, thrift {thrift:g}", make=_maker(name, thrift), rules=rules, curve=name)
                for thrift in thrifts
            ]
    return contestants


def particular_contestant(
    name: str,
    policy: Policy,
    experts: Sequence[Expert],
    rules: Rules = Rules(),  # noqa: B008  an immutable tuple
) -> Contestant:
    """A policy with the experts and the rules that it brings; what it does not bring is as given.

    Raises:
        InputError: one of its experts is not in the pool, or it cannot be run with them.
    """
    pool = {expert.spec.name: expert for expert in experts}
    wanted = tuple(pool) if policy.experts is None else policy.experts
    if missing := [each for each in wanted if each not in pool]:
        raise InputError(
            f"The policy {name!r} chooses from {', '.join(wanted)}; {', '.join(missing)} are not in the pool. Take "
            "them in, or leave the policy out."
        )
    own = rules if policy.rules is None else policy.rules
    policy.check(wanted, own)
    return Contestant(name=name, make=lambda: policy, rules=own, experts=tuple(pool[each] for each in wanted))


def _maker(name: str, thrift: float | None = None) -> Callable[[], Policy]:
    def make() -> Policy:
        policy = catalog.policy(name)
        if thrift is not None and isinstance(policy, Dialled):
            policy.thrift = thrift
        return policy

    return make


def _check_thrifts(thrifts: Sequence[float]) -> None:
    for thrift in thrifts:
        if not 0.0 <= thrift < np.inf:
            raise InputError(f"A thrift is {thrift}; give finite numbers of at least 0, e.g. 0.5,1,2.")
    if len({f"{thrift:g}" for thrift in thrifts}) < len(thrifts):
        raise InputError(f"The thrifts are {', '.join(f'{t:g}' for t in thrifts)}; give each one once.")
