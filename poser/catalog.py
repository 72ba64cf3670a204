"""Where a name becomes an object: experts, critics, extractors, policies.

Nothing heavy is imported before a name is asked for. Objects are taken as they are, so every function of the API
accepts "detector" and `DetectorCritic()` alike.
"""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from poser.experts.errors import InputError, UnknownName

if TYPE_CHECKING:
    from poser.critics.base import Critic
    from poser.experts.base import Expert
    from poser.experts.record import TrackRecord
    from poser.extract.base import Extractor
    from poser.policies.base import Policy

POOLS: Mapping[str, str] = {"studio": "poser.experts.studio:studio_experts"}
"""Name of a pool -> "module:function" that makes its experts."""

CRITICS: Mapping[str, str] = {
    "detector": "poser.critics.detector:DetectorCritic",
    "neural-judge": "poser.critics.judge.critic:NeuralJudge",
}
EXTRACTORS: Mapping[str, str] = {"grammar": "poser.extract.grammar:GrammarExtractor"}
BASELINES = "poser.policies.baselines:BASELINES"
LEARNED = "poser.policies.learned:Learned"

SIDES: Mapping[str, tuple[int, int]] = {"poser.experts.studio": (512, 1024)}
"""Package of experts -> shortest and longest side that they are meant for, in pixels."""

RECORDS: Mapping[str, str] = {"poser.experts.studio": "poser.experts.studio.pool:studio_record"}
"""Package of experts -> "module:function" that gives the track record they come with."""

DEFAULT_CRITIC = "detector"
DEFAULT_EXTRACTOR = "grammar"
DEFAULT_POLICY = "learned"


def experts(chosen: Iterable[str | Expert] | None = None) -> list[Expert]:
    """The experts of a pool, in the order given.

    Args:
        chosen: names of experts, names of whole pools, or experts themselves; None for every expert that is known.

    Raises:
        UnknownName: no expert or pool of that name.
        InputError: none is left, or two of one name.
    """
    from poser.experts.base import Expert

    pool: list[Expert] = []
    known: dict[str, dict[str, Expert]] = {}
    for entry in POOLS if chosen is None else _as_list(chosen):
        if isinstance(entry, Expert):
            pool.append(entry)
            continue
        if not isinstance(entry, str):
            raise InputError(
                f"{entry!r} is not an expert. Give a name from `poser experts list`, or an Expert: decorate a "
                "function with @poser.expert(operations=[...]) or subclass poser.Expert."
            )
        known = known or {name: {e.spec.name: e for e in _load(path)()} for name, path in POOLS.items()}
        pool.extend(_named(entry, known))
    if not pool:
        raise InputError("No expert is left to ask. Name at least one, see `poser experts list`.")
    twice = [name for name, times in Counter(expert.spec.name for expert in pool).items() if times > 1]
    if twice:
        raise InputError(f"The expert {twice[0]!r} is named more than once; each name may stand in a pool once.")
    return pool


def critic(chosen: str | Critic | None = None) -> Critic:
    """The critic of this name, or the critic itself; the detector by default.

    Raises:
        UnknownName: no critic of that name.
    """
    from poser.critics.base import Critic

    made: Critic = _one("critic", chosen, CRITICS, DEFAULT_CRITIC, Critic)
    return made


def extractor(chosen: str | Extractor | None = None) -> Extractor:
    """The extractor of this name, or the extractor itself; the grammar by default.

    Raises:
        UnknownName: no extractor of that name.
    """
    from poser.extract.base import Extractor

    made: Extractor = _one("extractor", chosen, EXTRACTORS, DEFAULT_EXTRACTOR, Extractor)
    return made


def policy(chosen: str | Policy | None = None) -> Policy:
    """The policy of this name, the trained one in this folder, or the policy itself; the shipped one by default.

    Raises:
        UnknownName: no policy of that name.
        InputError: a folder that holds no policy of this version.
    """
    import numpy as np

    from poser.policies.base import Policy

    if isinstance(chosen, Policy):
        return chosen
    known: dict[str, Callable[[np.random.Generator], Policy]] = {**_load(BASELINES), "learned": _load(LEARNED)}
    name = DEFAULT_POLICY if chosen is None else chosen
    if not isinstance(name, str):
        raise InputError(f"{chosen!r} is not a policy. Give one of {', '.join(sorted(known))}, or a Policy object.")
    if name not in known and Path(name).exists():
        from poser.policies.trained import load_trained

        return load_trained(Path(name))
    if name not in known:
        raise UnknownName("policy", name, known)
    # a run seeds each episode by itself, see Policy.reset
    return known[name](np.random.default_rng(0))


def sides(pool: Iterable[Expert]) -> tuple[int, int]:
    """Shortest and longest side, in pixels, that suits all these experts."""
    low, high = 1, 1 << 16
    for expert in pool:
        for package, (shortest, longest) in SIDES.items():
            if _comes_from(expert, package):
                low, high = max(low, shortest), min(high, longest)
    return low, high


def shipped_record(pool: Iterable[Expert]) -> TrackRecord:
    """What is known of these experts before their first call: the counts that came with them.

    An expert of another origin has none, whatever its name.
    """
    from poser.experts.record import TrackRecord

    known, members = TrackRecord(), list(pool)
    for package, path in RECORDS.items():
        if names := {expert.spec.name for expert in members if _comes_from(expert, package)}:
            known.add(_load(path)().only(names))
    return known


def _comes_from(expert: Expert, package: str) -> bool:
    return f"{type(expert).__module__}.".startswith(f"{package}.")


def _named(name: str, pools: Mapping[str, Mapping[str, Expert]]) -> list[Expert]:
    if name in pools:
        return list(pools[name].values())
    for pool in pools.values():
        if name in pool:
            return [pool[name]]
    raise UnknownName("expert", name, [*pools, *(each for pool in pools.values() for each in pool)])


def _as_list(chosen: Iterable[str | Expert]) -> Sequence[str | Expert]:
    # a single name would otherwise be taken letter by letter
    return [chosen] if isinstance(chosen, str) or not isinstance(chosen, Iterable) else list(chosen)


def _one(kind: str, chosen: Any, known: Mapping[str, str], default: str, base: type) -> Any:
    if isinstance(chosen, base):
        return chosen
    name = default if chosen is None else chosen
    if not isinstance(name, str):
        raise InputError(f"{chosen!r} is not a {kind}. Give one of {', '.join(known)}, or a {base.__name__} object.")
    if name not in known:
        raise UnknownName(kind, name, known)
    return _load(known[name])()


def _load(path: str) -> Any:
    module, _, attribute = path.partition(":")
    return getattr(importlib.import_module(module), attribute)
