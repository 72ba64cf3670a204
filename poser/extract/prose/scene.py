"""What prose says of things: qualities, relations of any words, parts; the open counterpart of a sketch."""

from __future__ import annotations

from dataclasses import dataclass, field

from poser.extract.sketch import Thing


@dataclass(eq=False)
class Entity(Thing):
    """A thing of an open vocabulary; `relations` may use any words.

    Attributes:
        qualities: (kind, value) beside colour and size.
        owner: the thing that it is a part of, or None.
        told: its number was said.
    """

    qualities: list[tuple[str, str]] = field(default_factory=list)
    owner: Entity | None = None
    told: bool = False


@dataclass
class Scene:
    """All that prose says."""

    entities: list[Entity] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    styles: list[str] = field(default_factory=list)
    backgrounds: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
