"""Where a name becomes an object: experts, critics, extractors, policies.

Nothing heavy is imported before a name is asked for. Objects are taken as they are, so every function of the API
accepts "detector" and `DetectorCritic()` alike. Names come from the package, from `poser.toml` and from installed
plugins; a plugin that breaks is told of in one line, and everything else works.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from poser.config import load_settings
from poser.experts.errors import InputError, UnknownName
from poser.panels import panel_of
from poser.pools import OWN, PluginState, Pools
from poser.registry import GROUPS, REMEDY, BrokenPlugin, Source, attribute, installed, of_entry, of_file, refuse_taken
from poser.shipped import (
    ADAPTERS,
    BASELINES,
    BASES,
    CRITICS,
    DECOMPOSER,
    DEFAULT_CRITIC,
    DEFAULT_EXTRACTOR,
    DEFAULT_POLICY,
    EXTRACTORS,
    LEARNED,
    NEEDED,
    POOLS,
    RECORDS,
    SIDES,
)

if TYPE_CHECKING:
    import numpy as np

    from poser.critics.base import Critic
    from poser.experts.base import Expert
    from poser.experts.record import TrackRecord
    from poser.extract.base import Extractor
    from poser.policies.base import Policy

Warn = Callable[[str], None]


def experts(chosen: Iterable[str | Expert] | None = None, warn: Warn | None = None) -> list[Expert]:
    """The experts of a pool, in the order given.

    Args:
        chosen: names of experts, names of whole pools, or experts themselves; None for every expert that is known.
        warn: told of plugins that are left out since they are broken or their names are taken; None = a Python warning.

    Raises:
        UnknownName: no expert or pool of that name.
        InputError: none is left, two of one name, a plugin that was named is broken, or `poser.toml` is.
    """
    from poser.experts.base import Expert

    known = Pools(lambda: sources("expert"), warn or _python_warning)
    pool: list[Expert] = []
    for entry in [None] if chosen is None else _as_list(chosen):
        if entry is None:
            pool.extend(known.everything())
        elif isinstance(entry, Expert):
            pool.append(entry)
        elif isinstance(entry, str):
            pool.extend(known.named(entry))
        else:
            raise InputError(
                f"{entry!r} is not an expert. Give a name from `poser experts list`, or an Expert: decorate a "
                "function with @poser.expert(operations=[...]) or subclass poser.Expert."
            )
    if not pool:
        raise InputError("No expert is left to ask. Name at least one, see `poser experts list`.")
    twice = [name for name, times in Counter(expert.spec.name for expert in pool).items() if times > 1]
    if twice:
        raise InputError(f"The expert {twice[0]!r} is named more than once; each name may stand in a pool once.")
    return pool


def _python_warning(message: str) -> None:
    warnings.warn(message, RuntimeWarning, stacklevel=4)


def sources(kind: str) -> list[Source]:
    """What is registered of this kind, nothing loaded: the package's own first, then `poser.toml`, then plugins.

    Raises:
        InputError: `poser.toml` cannot be read.
    """
    own = {"expert": POOLS, "critic": CRITICS, "extractor": EXTRACTORS, "policy": {}}[kind]
    settings = load_settings()
    found = [Source(kind, name, OWN, _loader(path)) for name, path in own.items()]
    found += [of_entry(entry, ADAPTERS.get(kind, {})) for entry in settings.entries if entry.kind == kind]
    if kind == "expert":
        found += [of_file(path) for path in settings.files]
    return [*found, *installed(kind, settings.plugins)]


def plugin_states(*, load: bool) -> list[PluginState]:
    """Everything that is registered beside what the package brings, and whether it works if it is loaded.

    Raises:
        InputError: `poser.toml` cannot be read.
    """
    pools, states = Pools(lambda: sources("expert"), lambda message: None), []
    for kind in GROUPS:
        known = pools.sources if kind == "expert" else sources(kind)
        for index, source in enumerate(known):
            if source.origin == OWN:
                continue
            brings: tuple[str, ...] = ()
            problem = ""
            if load:
                try:
                    if kind == "expert":
                        brings = tuple(expert.spec.name for expert in pools.at(index))
                    else:
                        brings = (type(_tried(source, known[:index])).__name__,)
                except BrokenPlugin as error:
                    problem = error.reason
            states.append(PluginState(kind, source.name, source.origin, brings, problem, load))
    return states


def _tried(source: Source, before: Sequence[Source]) -> Any:
    """What it is when it is asked for by its name; `before`: those of its kind that go before it."""
    import numpy as np

    origins = {each.name: each.origin for each in reversed(before)}
    if source.kind == "policy":
        origins |= dict.fromkeys(_own_policies(), OWN)
    if source.name in origins:
        raise source.broken(f"its name is taken by {origins[source.name]}. {REMEDY}")
    arguments = [np.random.default_rng(0)] if source.kind == "policy" else []
    return made_by(source, attribute(BASES[source.kind]), *arguments)


def _own_policies() -> dict[str, Callable[[np.random.Generator], Policy]]:
    return {**attribute(BASELINES), "learned": attribute(LEARNED)}


def critic(chosen: str | Critic | None = None) -> Critic:
    """The critic of this name, or the critic itself; the detector by default.

    Raises:
        UnknownName: no critic of that name.
    """
    from poser.critics.base import Critic

    made: Critic = _one("critic", chosen, DEFAULT_CRITIC, Critic)
    return made


panel = partial(panel_of, critic)
"""What `use = "panel"` makes."""


def extractor(chosen: str | Extractor | None = None) -> Extractor:
    """The extractor of this name, the decomposer in this folder, or the extractor itself; the grammar by default.

    Raises:
        UnknownName: no extractor of that name.
        InputError: a folder that is not there, or holds no decomposer of this version.
    """
    from poser.extract.base import Extractor

    made: Extractor = _one("extractor", chosen, DEFAULT_EXTRACTOR, Extractor)
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
    own = _own_policies()
    name = DEFAULT_POLICY if chosen is None else chosen
    if not isinstance(name, str):
        raise InputError(f"{chosen!r} is not a policy. Give one of {', '.join(sorted(own))}, or a Policy object.")
    # a run seeds each episode by itself, see Policy.reset
    rng = np.random.default_rng(0)
    if name in own:
        _refuse_taken("policy", name)
        return own[name](rng)
    if Path(name).exists():
        from poser.policies.trained import load_trained

        return load_trained(Path(name))
    made: Policy = made_by(named_source("policy", name, sources("policy"), own), Policy, rng)
    return made


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
            known.add(attribute(path)().only(names))
    return known


def _comes_from(expert: Expert, package: str) -> bool:
    return f"{type(expert).__module__}.".startswith(f"{package}.")


def _as_list(chosen: Iterable[str | Expert]) -> Sequence[str | Expert]:
    # a single name would otherwise be taken letter by letter
    return [chosen] if isinstance(chosen, str) or not isinstance(chosen, Iterable) else list(chosen)


def _one(kind: str, chosen: Any, default: str, base: type) -> Any:
    if isinstance(chosen, base):
        return chosen
    name = default if chosen is None else chosen
    own = {"critic": CRITICS, "extractor": EXTRACTORS}[kind]
    if isinstance(name, str) and name in own:
        _refuse_taken(kind, name)
        return attribute(own[name])()
    known = sources(kind)
    if not isinstance(name, str):
        names = ", ".join(source.name for source in known)
        raise InputError(f"{chosen!r} is not a {kind}. Give one of {names}, or a {base.__name__} object.")
    free = all(source.name != name for source in known)
    if kind == "extractor" and free and (Path(name).is_dir() or "/" in name):
        return attribute(DECOMPOSER)(model=name)
    if name in ADAPTERS[kind] and free:
        raise InputError(
            f"The {kind} {name!r} needs settings. Write into poser.toml: [[{kind}s]] with name = {name!r}, "
            f"use = {name!r} and {NEEDED[name]}."
        )
    return made_by(named_source(kind, name, known), base)


def _refuse_taken(kind: str, name: str) -> None:
    settings = load_settings()
    entries = [entry for entry in settings.entries if entry.kind == kind]
    refuse_taken(name, OWN, entries, installed(kind, settings.plugins), _python_warning)


def named_source(kind: str, name: str, known: Sequence[Source], others: Iterable[str] = ()) -> Source:
    """The source of this name.

    Raises:
        UnknownName: there is none.
        BrokenPlugin: there are two.
    """
    found = [source for source in known if source.name == name]
    if not found:
        raise UnknownName(kind, name, [*others, *(source.name for source in known)])
    if len(found) > 1:
        raise found[1].broken(f"its name is taken by {found[0].origin}. {REMEDY}")
    return found[0]


def made_by(source: Source, base: type, *arguments: Any) -> Any:
    """The object of class `base` that a source brings, made with these arguments where it brings a class or function.

    Raises:
        BrokenPlugin: it brings something else.
    """
    value = source.loaded()
    if not isinstance(value, base) and callable(value):
        value = Source(source.kind, source.name, source.origin, lambda: value(*arguments)).loaded()
    if not isinstance(value, base):
        raise source.broken(f"it brought a {type(value).__name__}, no {base.__name__}.")
    return value


def _loader(path: str) -> Callable[[], Any]:
    return lambda: attribute(path)
