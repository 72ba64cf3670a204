"""Where the objects of an order come from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from poser import catalog, shipped
from poser.engine.user_store import load_record

if TYPE_CHECKING:
    from poser.critics.base import Critic
    from poser.experts.base import Expert
    from poser.experts.record import TrackRecord
    from poser.extract.base import Extractor
    from poser.policies.base import Policy

Names = Iterable["str | Expert"]
Warn = Callable[[str], None]


OPEN = {"grammar": "grammar-open"}
"""Extractor by default -> the one instead of it where some expert paints what is not in the lexicon."""


def suited_extractor(pool: Iterable[Expert]) -> str:
    """Name of the extractor to take where none is: experts with sides of their own draw from the lexicon alone."""
    closed = all(
        any(f"{type(expert).__module__}.".startswith(f"{package}.") for package in shipped.SIDES) for expert in pool
    )
    name = shipped.DEFAULT_EXTRACTOR
    return name if closed else OPEN.get(name, name)


class Makers:
    """New objects for every order, by the catalog; raises what that raises."""

    def experts(self, chosen: Names | None, warn: Warn) -> list[Expert]:
        """The pool."""
        return catalog.experts(chosen, warn)

    def critic(self, chosen: str | Critic | None) -> Critic:
        """Who judges."""
        return catalog.critic(chosen)

    def extractor(self, chosen: str | Extractor | None) -> Extractor:
        """Who decomposes."""
        return catalog.extractor(chosen)

    def policy(self, chosen: str | Policy | None) -> Policy:
        """Who decides."""
        return catalog.policy(chosen)

    def record(self, pool: Sequence[Expert], warn: Warn) -> TrackRecord:
        """What is known of these experts now."""
        return load_record(pool, warn)
