"""Wrappers that `poser.toml` puts around an expert: replayed calls, retries, rate limits."""

from __future__ import annotations

import atexit
import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from poser.config import home
from poser.experts.errors import InputError

if TYPE_CHECKING:
    from poser.experts.types import ExpertResult
    from poser.store import Store

WRAPPING = ("cache", "retries", "requests_per_minute", "tokens_per_minute")
"""Settings of any expert in `poser.toml`, whatever it is made of."""


class HomeCache:
    """Results of calls in the user's store, which is opened with the first of them. A `CallCache`."""

    def get(self, key: str) -> ExpertResult | None:
        """What is kept under this key."""
        return _home_store().results.get(key)

    def put(self, key: str, result: ExpertResult) -> None:
        """Keep a result."""
        _home_store().results.put(key, result)


def wrapped(expert: Any, settings: Mapping[str, Any]) -> Any:
    """The expert, with what these settings (of `WRAPPING`) put around it; what is no expert as it is.

    Args:
        expert: as it was made.
        settings: `cache` = "seeded", "always", "only" or "off", see `CachedExpert`; `retries`: further tries after a
            transient failure, at least 0; `requests_per_minute`, `tokens_per_minute`: above 0.

    Raises:
        InputError: a value that is not allowed.
    """
    from poser.experts.base import Expert
    from poser.experts.wrappers import CachedExpert, RateLimitedExpert, RetryingExpert

    if not isinstance(expert, Expert):
        # whoever wanted one says so
        return expert
    limits = {name: settings[name] for name in ("requests_per_minute", "tokens_per_minute") if name in settings}
    for name, value in limits.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InputError(f"{name} is {value!r}; give a number above 0")
    if limits:
        expert = RateLimitedExpert(expert, **limits)
    if "retries" in settings:
        retries = settings["retries"]
        if not isinstance(retries, int) or isinstance(retries, bool) or retries < 0:
            raise InputError(f"retries is {retries!r}; give a whole number of at least 0")
        expert = RetryingExpert(expert, attempts=retries + 1)
    if "cache" in settings:
        expert = CachedExpert(expert, HomeCache(), replay=settings["cache"])
    return expert


@functools.cache
def _home_store() -> Store:
    from poser.store import Store

    store = Store(home())
    atexit.register(store.close)
    return store
