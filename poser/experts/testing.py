"""FakeExpert: a whole expert without any model, for tests of policies, engines and plugins."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import numpy as np

from poser.experts.base import CallContext, Expert
from poser.experts.errors import (
    BadReply,
    ContentFiltered,
    ExpertError,
    InvalidRequest,
    RateLimited,
    TimedOut,
    Unavailable,
)
from poser.experts.fake_picture import paint_facts, read_facts
from poser.experts.picture import Picture
from poser.experts.types import Command, ExpertRequest, ExpertResult, ExpertSpec, Mode, Operation, Usage

Fault = Literal[
    "none",
    "rate-limited",
    "timed-out",
    "unavailable",
    "content-filtered",
    "invalid-request",
    "bad-reply",
    "raises",
    "hangs",
    "wrong-size",
    "blank",
    "nothing",
]

FAULTS: tuple[Fault, ...] = Fault.__args__  # type: ignore[attr-defined]

HANG_SECONDS = 60.0
"""Longest time that a hanging fake holds its thread if nobody releases it."""

_ERRORS = {
    "rate-limited": RateLimited("429 Too Many Requests; wait 1 s.", retry_after=1.0),
    "timed-out": TimedOut("No answer within the deadline."),
    "unavailable": Unavailable("Connection refused; is the server running?"),
    "content-filtered": ContentFiltered("The provider refuses this content."),
    "invalid-request": InvalidRequest("The request cannot be carried out."),
    "bad-reply": BadReply("The reply is not an image."),
}


class FakeExpert(Expert):
    """Draws pictures that carry which atoms hold (`poser.experts.fake_picture`); `ScriptedCritic` reads them.

    For every command of a request a seeded coin with chance `ability ** (1 + merge_decay * (n - 1))` for n merged
    commands decides whether all its atoms hold afterwards. A "t2i" fake starts from nothing; an "i2i" fake keeps what
    its source carries and breaks each of it with chance `damage`. Same request, same pixels.

    Attributes:
        requests: everything it was asked, in order.
        release: set it to let a hanging call go on.
    """

    def __init__(
        self,
        name: str = "fake",
        kind: Mode = "t2i",
        *,
        ability: float | Mapping[Operation, float] = 1.0,
        damage: float = 0.0,
        merge_decay: float = 0.0,
        operations: Iterable[Operation] | None = None,
        cannot_draw: Iterable[str] = (),
        price: float | None = 0.0,
        simulated_price: float | None = None,
        nominal_seconds: float = 1.0,
        faults: Iterable[Fault] = (),
        remember: bool = True,
    ) -> None:
        """`faults` are used up one a request, then there are none; `cannot_draw` lists refused subject phrases.

        Without `remember`, `requests` stays empty: they hold pictures, too many for training.
        """
        allowed = tuple(operations) if operations is not None else tuple(Operation)
        abilities = {op: ability[op] if isinstance(ability, Mapping) else ability for op in allowed}
        self._spec = ExpertSpec(
            name=name,
            kind=kind,
            description=f"fake {kind} expert",
            limitations="draws no real pictures",
            operations=abilities,
            seeded=True,
            price=price,
            simulated_price=simulated_price,
            nominal_seconds=nominal_seconds,
            licence="Apache-2.0",
        )
        self._abilities = abilities
        self._damage = damage
        self._merge_decay = merge_decay
        self._cannot_draw = frozenset(cannot_draw)
        self._faults = list(faults)
        self._remember = remember
        self._lock = threading.Lock()
        self.requests: list[ExpertRequest] = []
        self.release = threading.Event()

    @property
    def spec(self) -> ExpertSpec:
        """As built."""
        return self._spec

    def refuses(self, command: Command, has_source: bool) -> str | None:
        """As every expert, and the subjects named in `cannot_draw`."""
        for subject in command.subjects:
            if subject in self._cannot_draw:
                return f"{self._spec.name} cannot draw {subject!r}"
        return super().refuses(command, has_source)

    def run(self, requests: Sequence[ExpertRequest], ctx: CallContext) -> list[ExpertResult | ExpertError]:
        """Carry out, or fail as scripted."""
        answers: list[ExpertResult | ExpertError] = []
        for index, request in enumerate(requests):
            with self._lock:
                if self._remember:
                    self.requests.append(request)
                fault = self._faults.pop(0) if self._faults else "none"
            if ctx.cancelled():
                answers.append(TimedOut(f"{self._spec.name} was stopped."))
                continue
            if fault == "raises":
                raise RuntimeError("the fake was told to raise")
            if fault == "nothing":
                return []
            if fault == "hangs":
                # deaf on purpose: neither the deadline nor a stop ends it
                self.release.wait(HANG_SECONDS)
            if fault in _ERRORS:
                answers.append(_ERRORS[fault])
                continue
            if self._spec.kind == "i2i" and request.source is None:
                answers.append(InvalidRequest(f"{self._spec.name} edits a picture, and none was given."))
                continue
            answers.append(self._draw(request, fault))
            ctx.progress(index, 1.0)
        return answers

    def _draw(self, request: ExpertRequest, fault: Fault) -> ExpertResult:
        rng = np.random.default_rng(request.seed)
        facts = read_facts(request.source) if request.source is not None else set()
        kept = {
            fact for fact, spared in zip(sorted(facts), rng.random(len(facts)) >= self._damage, strict=True) if spared
        }
        merged = len(request.commands)
        for command in request.commands:
            chance = self._abilities.get(command.operation, 0.0) ** (1 + self._merge_decay * (merged - 1))
            hit = bool(rng.random() < chance)
            for atom in command.atoms:
                # a negated atom holds when its statement is absent
                if hit != atom.negated:
                    kept.add(atom.tuple)
                elif hit:
                    kept.discard(atom.tuple)
        width, height = (
            (request.width, request.height) if fault != "wrong-size" else (request.width + 1, request.height)
        )
        if fault == "blank":
            picture = Picture(np.full((height, width, 3), 255, dtype=np.uint8))
        else:
            picture = paint_facts(kept, width, height, request.seed)
        usage = Usage(usd=self._spec.price, simulated_usd=self._spec.simulated_price, seconds=0.0)
        return ExpertResult(picture=picture, usage=usage, text_sent=request.text, revision=self._spec.revision)
