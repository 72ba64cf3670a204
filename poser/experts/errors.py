"""Every error of image-poser, in one place.

A message says what was given, what is allowed and what to do. Recoverable or not is a matter of type:
`RateLimited`, `TimedOut` and `Unavailable` say nothing about the command that was tried (`transient = True`);
`InvalidRequest`, `ContentFiltered` and `BadReply` do.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable
from typing import Self

_SECRET_NAME = re.compile(r"(^|_)(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)S?$", re.IGNORECASE)
SHORTEST_SECRET = 8
"""Characters; what is shorter is no secret, and stands in words ("none", "x")."""


def without_secrets(text: str) -> str:
    """The text with "***" for the value of every environment variable that is named like a secret (…_KEY, …_TOKEN).

    What others raise goes into traces and storyboards, and an HTTP library names the whole address, key included.
    """
    for name, value in os.environ.items():
        if len(value) >= SHORTEST_SECRET and _SECRET_NAME.search(name):
            text = text.replace(value, "***")
    return text


class PoserError(Exception):
    """Root of all errors that a caller may want to handle."""


class InputError(PoserError, ValueError):
    """What the user gave cannot be worked with: prompt, plan, picture, option, folder."""


_LISTED = 60
"""Names of a list that is shown."""


class UnknownName(InputError):
    """A name that nothing is registered under. Lists what exists and suggests the nearest."""

    def __init__(self, kind: str, given: str, known: Iterable[str]) -> None:
        """`kind` is the word shown to the user ("expert", "key of [run]", …), `known` the allowed names."""
        known = sorted(set(known))
        near = difflib.get_close_matches(given, known, n=1, cutoff=0.5)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        listed = ", ".join(known if len(known) <= _LISTED else [*known[:_LISTED], f"and {len(known) - _LISTED} more"])
        what, _, whose = kind.partition(" of ")
        where = f" of {whose}" if whose else ""
        super().__init__(f"Unknown {what} {given!r}{where}.{hint} Known: {listed or 'none'}.")
        self.kind, self.given, self.known = kind, given, tuple(known)


class StoreError(PoserError):
    """The store of runs cannot be written or read: disk full, locked by another process, damaged, closed."""


class AnotherRequest(StoreError):
    """The journal of a run knows another request under the key of this one: it is not the same run."""


class CallError(PoserError):
    """A call to an expert or a critic that brought no result.

    Attributes:
        transient: the failure says nothing about the request; the same call may succeed later.
        retry_after: seconds that the other side asked to wait, or None.
        usd: what the failed call cost all the same, in US dollars; None when unknown.
        lasting: however often one asks it is the same until the user does something: key, address, model, settings.
    """

    transient = False
    lasting = False

    def __init__(
        self, message: str, *, retry_after: float | None = None, usd: float | None = 0.0, lasting: bool = False
    ) -> None:
        """`message`: what was given, what is allowed, what to do; secrets of the environment are taken out of it."""
        super().__init__(without_secrets(message))
        self.retry_after = retry_after
        self.usd = usd
        self.lasting = lasting

    def billed(self, usd: float | None) -> Self:
        """A copy with another bill; a plugin's own class may take other arguments, so it is not built anew."""
        kind = type(self)
        same = kind.__new__(kind, *self.args)
        same.__dict__.update(self.__dict__, usd=usd)
        same.__cause__ = self.__cause__
        return same


class RateLimited(CallError):
    """Too many requests; wait `retry_after` seconds."""

    transient = True


class TimedOut(CallError):
    """No answer before the deadline."""

    transient = True


class Unavailable(CallError):
    """The expert or critic is not there: server away, model not loaded, library missing."""

    transient = True


class ContentFiltered(CallError):
    """The other side refuses this content."""


class InvalidRequest(CallError):
    """The request cannot be carried out as it stands (unknown noun, size not offered, no source)."""


class BudgetExceeded(InvalidRequest):
    """The call could cost more than is left of a budget."""


class BadReply(CallError):
    """An answer came, but it is not usable: wrong size, blank picture, broken JSON, an exception."""


ExpertError = CallError
CriticError = CallError
