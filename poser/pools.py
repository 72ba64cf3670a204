"""The registered experts: loaded when they are asked for, each name once, and what is broken left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from poser.experts.errors import PoserError, UnknownName
from poser.registry import BrokenPlugin, Source

if TYPE_CHECKING:
    from poser.experts.base import Expert

OWN = "image-poser"
"""Origin of what the package itself brings."""


@dataclass(frozen=True)
class PluginState:
    """One registered thing that the package does not bring.

    Attributes:
        kind, name, origin: as in `registry.Source`.
        brings: names of the experts that it brings, or its class.
        problem: what is wrong with it, or "".
        loaded: whether it was loaded to find out.
    """

    kind: str
    name: str
    origin: str
    brings: tuple[str, ...] = ()
    problem: str = ""
    loaded: bool = False

    @property
    def state(self) -> str:
        """In words."""
        return self.problem or (f"brings {', '.join(self.brings)}" if self.loaded else "not loaded")


class Pools:
    """The registered experts; each source is loaded once, and only when it is asked for.

    Args:
        find: gives the sources of experts, the package's own first; not called before one is needed.
        warn: told of sources that are left out.
    """

    def __init__(self, find: Callable[[], list[Source]], warn: Callable[[str], None]) -> None:
        self._find, self._warn = find, warn
        self._loaded: dict[int, list[Expert]] = {}
        self._broken: dict[int, BrokenPlugin] = {}
        self._owner: dict[str, Source] = {}

    @cached_property
    def sources(self) -> list[Source]:
        """All of them."""
        return self._find()

    def everything(self) -> list[Expert]:
        """The experts of all sources that can be used."""
        return [expert for index in range(len(self.sources)) for expert in self._experts(index)]

    def named(self, name: str) -> list[Expert]:
        """Those of the source of this name, or the expert of this name.

        Raises:
            UnknownName: there is none.
            BrokenPlugin: the source of this name cannot be used.
        """
        for index, source in enumerate(self.sources):
            if source.name == name:
                found = self.at(index)
                self._tell_of_others(name, index)
                return found
        for index in range(len(self.sources)):
            for expert in self._experts(index):
                if expert.spec.name == name:
                    return [expert]
        raise UnknownName("expert", name, [*(source.name for source in self.sources), *self._owner])

    def _tell_of_others(self, name: str, first: int) -> None:
        for other in self.sources[first + 1 :]:
            if other.name == name:
                owner = self.sources[first].origin
                self._warn(str(other.broken(f"its name is taken by {owner}. Remove or rename one of the two.")))

    def at(self, index: int) -> list[Expert]:
        """The experts of one source.

        Raises:
            BrokenPlugin: it cannot be used.
        """
        for own, source in enumerate(self.sources):
            # names of the package's own are taken, whether they are asked for or not
            if source.origin == OWN:
                self._experts(own)
        # who asks for this one gets its error, not a warning
        found = self._experts(index, tell=False)
        if index in self._broken:
            raise self._broken[index]
        return found

    def _experts(self, index: int, *, tell: bool = True) -> list[Expert]:
        if index not in self._loaded and index not in self._broken:
            try:
                self._loaded[index] = self._load(self.sources[index])
            except BrokenPlugin as error:
                self._broken[index] = error
                if tell:
                    self._warn(str(error))
        return self._loaded.get(index, [])

    def _load(self, source: Source) -> list[Expert]:
        found = as_experts(source, source.loaded())
        pools = {each.name: each for each in self.sources if each.origin == OWN and each is not source}
        for expert in found:
            # the name of a pool means the pool, so an expert of that name could never be asked for
            owner = self._owner.get(expert.spec.name) or pools.get(expert.spec.name)
            if owner is not None:
                raise source.broken(
                    f"the name {expert.spec.name!r} is taken by {owner.origin}. Remove or rename one of the two."
                )
        self._owner |= {expert.spec.name: source for expert in found}
        return found


def as_experts(source: Source, value: Any) -> list[Expert]:
    """The experts in what a source brought: an expert, a class or function that makes experts, or a list of them.

    Raises:
        BrokenPlugin: something else, a spec of another API version, or two experts of one name.
    """
    from poser.experts.base import Expert
    from poser.experts.types import API_VERSION, ExpertSpec

    if not isinstance(value, Expert) and callable(value):
        value = Source(source.kind, source.name, source.origin, value).loaded()
    found = list(value) if isinstance(value, list | tuple) else [value]
    if not found:
        raise source.broken("it brought an empty list, no poser.Expert.")
    for each in found:
        if not isinstance(each, Expert):
            raise source.broken(f"it brought a {type(each).__name__}, no poser.Expert or list of them.")
        try:
            spec = each.spec
        except PoserError as error:
            # the spec of an expert elsewhere is fetched, and nobody may be there
            raise source.broken(str(error)) from error
        except Exception as error:
            raise source.broken(f"its spec raised {type(error).__name__}: {error}") from error
        if not isinstance(spec, ExpertSpec):
            raise source.broken(f"its spec is a {type(spec).__name__}, no poser.ExpertSpec.")
        if spec.api_version != API_VERSION:
            raise source.broken(
                f"{spec.name!r} speaks version {spec.api_version} of the interface, this release {API_VERSION}. "
                "Update the plugin or image-poser."
            )
    if len({each.spec.name for each in found}) < len(found):
        raise source.broken("it brought two experts of one name.")
    return found
