"""What is registered: found without loading it, and loaded without trusting it to work.

Sources are installed distributions (entry points in the groups of `GROUPS`), files named in `poser.toml`, and tables of
`poser.toml`. A source that breaks is one line that names it; everything else goes on.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import inspect
import math
import os
import queue
import re
import sys
import threading
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from poser.experts.errors import InputError, PoserError, UnknownName, without_secrets
from poser.wrapping import WRAPPING, wrapped

if TYPE_CHECKING:
    from poser.config import Entry

GROUPS = {
    "expert": "poser.experts",
    "critic": "poser.critics",
    "extractor": "poser.extractors",
    "policy": "poser.policies",
}
"""Kind -> group of entry points."""

PATIENCE_SECONDS = 20.0
"""How long a plugin may take to load, unless `POSER_PLUGIN_SECONDS` says otherwise."""

INJECTED = frozenset(("client", "endpoint", "pipe", "processor"))
"""Arguments of adapters that no file can give: objects of Python."""

REMEDY = "Remove or rename one of the two."
"""Where two things have one name."""


class BrokenPlugin(InputError):
    """Something registered that cannot be used. The message names the culprit and the reason."""

    def __init__(self, kind: str, name: str, origin: str, reason: str) -> None:
        """`origin`: distribution with version, or file."""
        self.kind, self.name, self.origin, self.reason = kind, name, origin, without_secrets(reason)
        super().__init__(f"{kind.capitalize()} {name!r} of {origin} cannot be used: {self.reason}")


@dataclass(frozen=True)
class Source:
    """One thing that is registered, not loaded yet.

    Attributes:
        kind: "expert", "critic", "extractor" or "policy".
        name: it is asked for by.
        origin: distribution with version, or file.
        load: gives what was registered: an object, a class or a function that makes one, or a list of experts.
    """

    kind: str
    name: str
    origin: str
    load: Callable[[], Any]

    def loaded(self) -> Any:
        """What was registered, within the time that a plugin has.

        Raises:
            BrokenPlugin: it raised, or took too long.
        """
        answers: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()

        def work() -> None:
            try:
                answers.put((self.load(), None))
            except BaseException as error:  # noqa: BLE001  an import may even raise SystemExit; it is reported
                answers.put((None, error))

        patience = _patience()
        # a thread: an import that hangs must not hold up everybody else
        threading.Thread(target=work, name=f"load {self.name}", daemon=True).start()
        try:
            value, error = answers.get(timeout=patience)
        except queue.Empty:
            raise self.broken(
                f"it did not load within {patience:g} s; heavy things belong into the first call. "
                "Set POSER_PLUGIN_SECONDS to wait longer."
            ) from None
        if isinstance(error, PoserError):
            raise self.broken(str(error)) from error
        if error is not None:
            raise self.broken(f"{type(error).__name__}: {error}") from error
        return value

    def broken(self, reason: str) -> BrokenPlugin:
        """The error for this source."""
        return BrokenPlugin(self.kind, self.name, self.origin, reason)


def installed(kind: str, allowed: Iterable[str] | None = None) -> list[Source]:
    """What installed distributions register of this kind, in the order of their names.

    Args:
        kind: a key of `GROUPS`.
        allowed: names of entries or distributions that may be used; None = all.
    """
    wanted = None if allowed is None else {_normal(name) for name in allowed}
    found = []
    for entry in entry_points(group=GROUPS[kind]):
        distribution = entry.dist
        owner = "an unknown distribution" if distribution is None else str(distribution.metadata["Name"])
        version = "" if distribution is None else f" {distribution.version}"
        if wanted is None or not wanted.isdisjoint({_normal(entry.name), _normal(owner)}):
            found.append(Source(kind, entry.name, f"{owner}{version}", _loader(entry)))
    return sorted(found, key=lambda source: (source.origin, source.name))


def not_installed(allowed: Iterable[str]) -> list[str]:
    """Those of these names that no entry of any kind and no distribution of one bears: they allow nothing."""
    return [name for name in allowed if not any(installed(kind, [name]) for kind in GROUPS)]


def _normal(name: str) -> str:
    # as packaging compares names of distributions
    return re.sub(r"[-_.]+", "-", name).lower()


def of_file(path: Path) -> Source:
    """The experts that a Python file holds: all module-level `Expert` objects, such as functions under `@expert`."""
    return Source("expert", path.stem, str(path), lambda: _experts_of(path))


def of_entry(entry: Entry, adapters: Mapping[str, str]) -> Source:
    """What a table of `poser.toml` describes.

    Args:
        entry: the table.
        adapters: name -> "module:class" of what `use` may name beside a "module:attribute" of its own.
    """
    return Source(entry.kind, entry.name, entry.origin, lambda: _made(entry, adapters))


def refuse_taken(
    name: str, owner: str, entries: Iterable[Entry], plugins: Iterable[Source], warn: Callable[[str], None]
) -> None:
    """Look for others by a name of the package's own: a table of `poser.toml` is refused, a plugin is told of.

    Args:
        name: that is asked for.
        owner: whose it is.
        entries: tables of the same kind.
        plugins: what is installed of it; somebody's plugin must not stop what the package brings.
        warn: told of plugins of that name.

    Raises:
        BrokenPlugin: there is a table of that name.
    """
    reason = f"its name is taken by {owner}. {REMEDY}"
    for entry in entries:
        if entry.name == name:
            raise BrokenPlugin(entry.kind, name, entry.origin, reason)
    for source in plugins:
        if source.name == name:
            warn(str(source.broken(reason)))


def attribute(path: str, near: Path | None = None) -> Any:
    """The object at "module:attribute".

    Args:
        path: of the object.
        near: folder in which modules are looked for as well, the last of all.

    Raises:
        InputError: not of this form, or the module has no such attribute.
    """
    module, _, names = path.partition(":")
    if not module or not names:
        raise InputError(f'{path!r} names no object; write "module:attribute".')
    if near is not None and str(near.resolve()) not in sys.path:
        # it stays there: the module may import its neighbours later
        sys.path.append(str(near.resolve()))
    try:
        return functools.reduce(getattr, names.split("."), importlib.import_module(module))
    except AttributeError as error:
        raise InputError(f"The module {module!r} has no {names!r}.") from error


def _loader(entry: EntryPoint) -> Callable[[], Any]:
    return entry.load


def _patience() -> float:
    given = os.environ.get("POSER_PLUGIN_SECONDS")
    try:
        seconds = PATIENCE_SECONDS if not given else float(given)
    except ValueError:
        seconds = math.nan
    if not seconds > 0.0:
        raise InputError(f"POSER_PLUGIN_SECONDS is {given!r}; give seconds above 0.")
    return min(seconds, threading.TIMEOUT_MAX)


def _experts_of(path: Path) -> list[Any]:
    from poser.experts.base import Expert

    if not path.is_file():
        raise InputError("there is no such file")
    # two folders may hold files of one name
    name = f"poser_file_{path.stem}_{zlib.crc32(os.fsencode(path.resolve())):08x}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise InputError("it is no Python file")
    module = importlib.util.module_from_spec(spec)
    # dataclasses and pickles of the file look themselves up there
    sys.modules[name] = module
    spec.loader.exec_module(module)
    experts = [value for value in vars(module).values() if isinstance(value, Expert)]
    if not experts:
        raise InputError("it holds no expert; decorate a function with @poser.expert(operations=[...])")
    return list(dict.fromkeys(experts))


def _made(entry: Entry, adapters: Mapping[str, str]) -> Any:
    if ":" in entry.use:
        target = attribute(entry.use, near=Path(entry.origin).parent)
    elif entry.use in adapters:
        target = attribute(adapters[entry.use])
    else:
        raise UnknownName("use", entry.use, [*adapters, "module:class"])
    if not callable(target):
        raise InputError(f"{entry.use} is no class or function that makes a {entry.kind}")
    try:
        taken = inspect.signature(target).parameters.values()
    except ValueError as error:
        raise InputError(
            f"{entry.use} does not say which arguments it takes; name a class or function of Python"
        ) from error
    known = [each.name for each in taken if each.kind in (each.KEYWORD_ONLY, each.POSITIONAL_OR_KEYWORD)]
    if entry.use in adapters:
        known = [name for name in known if name not in INJECTED]
    anything = any(each.kind is each.VAR_KEYWORD for each in taken)
    given = {name: _placed(entry.origin, value) for name, value in entry.options.items()}
    around = {name: given.pop(name) for name in WRAPPING if entry.kind == "expert" and name in given}
    options = {**({"name": entry.name} if "name" in known or anything else {}), **given}
    for name in options:
        if name not in known and not anything:
            raise UnknownName(
                f"setting of {entry.use!r}", name, [*known, *WRAPPING] if entry.kind == "expert" else known
            )
    missing = [each.name for each in taken if each.name in known and each.default is each.empty]
    missing = [name for name in missing if name not in options]
    if missing:
        raise InputError(f"{entry.use!r} also needs {', '.join(missing)}")
    # pydantic takes a tenth of a second to import
    from poser.experts.settings import check_types

    check_types(target, options)
    made = target(**options)
    if not around:
        return made
    return [wrapped(each, around) for each in made] if isinstance(made, list | tuple) else wrapped(made, around)


def _placed(file: str, value: Any) -> Any:
    """Texts that begin with a dot are paths from the folder of the file that names them, "~/" is the user's home.

    Args:
        file: that names them.
        value: a text; in lists and tables every text.
    """
    if isinstance(value, list):
        return [_placed(file, each) for each in value]
    if isinstance(value, Mapping):
        return {key: _placed(file, each) for key, each in value.items()}
    if isinstance(value, str) and value.startswith("~/"):
        return os.path.expanduser(value)
    if isinstance(value, str) and value.startswith(("./", "../")):
        # absolute: without its dot it might be taken for something else, such as a model's name
        return os.path.abspath(Path(file).parent / value)
    return value
