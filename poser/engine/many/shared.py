"""The objects that all prompts of a batch share."""

from __future__ import annotations

import copy
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from poser import catalog
from poser.critics.gathered import shared as shared_critic
from poser.engine.makers import Makers, Names, Warn
from poser.engine.order import Order
from poser.experts.base import Expert
from poser.experts.wrappers import shared as shared_expert
from poser.extract.base import Extraction, Extractor
from poser.policies.base import Policy

if TYPE_CHECKING:
    from poser.critics.base import Critic
    from poser.experts.picture import PictureRef
    from poser.experts.record import TrackRecord
    from poser.experts.types import Plan


class SharedMakers(Makers):
    """One expert of each name and one critic for all orders, and the same track record; may be used by many threads.

    Policies remember their episode, so each order has its own: those given as objects are copied. An extractor that is
    given as an object is asked by one thread at a time; of one given by name every thread has its own.

    Args:
        chosen: the pool of the batch; its experts are found by name before the catalog's.
        own: the user's track record, frozen.
        warn: told, once, of plugins that are left out.
    """

    def __init__(self, chosen: Names | None, own: TrackRecord, warn: Warn) -> None:
        self._own, self._warn = own, warn
        self._lock, self._asking = threading.Lock(), threading.Lock()
        self._experts: dict[str, Expert] = {}
        self._pools: dict[tuple[str, ...] | None, list[Expert]] = {}
        self._critics: dict[str | None, Critic] = {}
        self._extractors: dict[tuple[int, str | None], Extractor] = {}
        self._made: list[Any] = []
        self._shared: dict[int, Expert] = {}
        self._judges: dict[int, Critic] = {}
        if chosen is not None:
            self.experts(chosen, warn)

    def experts(self, chosen: Names | None, warn: Warn) -> list[Expert]:
        """The pool, of the same objects for all."""
        with self._lock:
            entries = None if chosen is None else [chosen] if isinstance(chosen, str) else list(chosen)
            given = [entry for entry in entries or [] if isinstance(entry, Expert)]
            key = None if entries is None else tuple(str(entry) for entry in entries)
            if not given and key in self._pools:
                return self._pools[key]
            if entries is not None:
                entries = [self._experts.get(entry, entry) if isinstance(entry, str) else entry for entry in entries]
            # warnings are told once for the batch, not once for every prompt
            pool = [self._known(each, given) for each in catalog.experts(entries, self._warn)]
            if not given:
                self._pools[key] = pool
            return pool

    def critic(self, chosen: str | Critic | None) -> Critic:
        """Who judges: one object for all."""
        if not (chosen is None or isinstance(chosen, str)):
            return catalog.critic(chosen)
        with self._lock:
            if chosen not in self._critics:
                self._critics[chosen] = catalog.critic(chosen)
                self._made.append(self._critics[chosen])
            return self._critics[chosen]

    def extractor(self, chosen: str | Extractor | None) -> Extractor:
        """Who decomposes; its connections serve all prompts of a thread."""
        if isinstance(chosen, Extractor):
            return _OneAtATime(chosen, self._asking)
        key = (threading.get_ident(), chosen)
        with self._lock:
            if key not in self._extractors:
                self._extractors[key] = catalog.extractor(chosen)
                if callable(getattr(self._extractors[key], "close", None)):
                    self._made.append(self._extractors[key])
            return self._extractors[key]

    def policy(self, chosen: str | Policy | None) -> Policy:
        """Who decides: one object for each order."""
        return copy.copy(chosen) if isinstance(chosen, Policy) else catalog.policy(chosen)

    def record(self, pool: Sequence[Expert], warn: Warn) -> TrackRecord:
        """What was known of these experts when the batch began."""
        record = catalog.shipped_record(pool)
        record.add(self._own)
        return record

    def share(self, order: Order) -> Order:
        """The order with experts and critic as several runs may use them at once."""
        with self._lock:
            for each in order.experts:
                if id(each) not in self._shared:
                    self._shared[id(each)] = shared_expert(each)
            if id(order.critic) not in self._judges:
                self._judges[id(order.critic)] = shared_critic(order.critic)
            experts = tuple(self._shared[id(each)] for each in order.experts)
            return replace(order, experts=experts, critic=self._judges[id(order.critic)])

    def close(self) -> None:
        """Free what was loaded by objects that were made here."""
        for each in self._made:
            each.close()

    def _known(self, expert: Expert, given: Sequence[Expert]) -> Expert:
        """The object that stands for this name; one that was given stands for itself."""
        known = self._experts.setdefault(expert.spec.name, expert)
        if any(expert is each for each in given):
            return expert
        if known is expert and not any(expert is each for each in self._made):
            self._made.append(expert)
        return known


class _OneAtATime(Extractor):
    """An extractor of which nobody knows whether it may be asked by several threads at once."""

    def __init__(self, inner: Extractor, lock: threading.Lock) -> None:
        self.name, self._inner, self._lock = inner.name, inner, lock

        if callable(getattr(inner, "rewrite", None)):
            self.rewrite_price = inner.rewrite_price  # type: ignore[attr-defined]  # of a Rewriter
            self.rewrite = self._rewrite

    def _rewrite(self, *given: Any) -> Any:
        with self._lock:
            return self._inner.rewrite(*given)  # type: ignore[attr-defined]  # of a Rewriter

    def expected_usd(self, prompt: str) -> float | None:
        return self._inner.expected_usd(prompt)

    def extract(self, prompt: str, source: PictureRef | None = None) -> Plan:
        with self._lock:
            return self._inner.extract(prompt, source)

    def extraction(self, prompt: str, source: PictureRef | None = None) -> Extraction:
        with self._lock:
            return self._inner.extraction(prompt, source)
