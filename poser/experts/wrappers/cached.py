"""CachedExpert: results are kept by what was asked, and replayed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, get_args

from poser.experts.base import CallContext, Expert, run_checked
from poser.experts.digest import call_digest
from poser.experts.errors import ExpertError, InputError, InvalidRequest, PoserError
from poser.experts.protocols import CallCache
from poser.experts.types import ExpertRequest, ExpertResult, Usage
from poser.experts.wrappers.base import Wrapper, for_some

Replay = Literal["seeded", "always", "only", "off"]

REPLAYED = "replayed"
"""Stands in the notes of a result that was not made now."""


class CachedExpert(Wrapper):
    """Serves what was made before for the same request, and keeps what is made now.

    The key is a hash of the expert's name, revision and interface version and of everything that the request asks for
    (`poser.experts.digest.call_digest`). Results alone are kept, never errors. What is not there goes to the expert in
    one call; equal requests of one batch are asked once, where they may be replayed. A replayed result costs 0 dollars,
    has the seconds that the replay took, and "replayed" in its notes. A cache that fails costs a note, never a result.

    Args:
        inner: who is asked.
        cache: where results are kept.
        replay: "seeded" replays experts alone that promise the same pixels for the same seed; "always" replays
            everybody; "only" never calls the expert: what is not there is `InvalidRequest`; "off" neither replays nor
            keeps anything.
    """

    def __init__(self, inner: Expert, cache: CallCache, *, replay: Replay = "seeded") -> None:
        super().__init__(inner)
        if replay not in get_args(Replay):
            raise InputError(f"replay is {replay!r}; give one of {', '.join(map(repr, get_args(Replay)))}.")
        self._cache = cache
        self._replay = replay

    def run(self, requests: Sequence[ExpertRequest], ctx: CallContext) -> list[ExpertResult | ExpertError]:
        """Replay what is there, and ask for the rest in one call."""
        if self._replay == "off":
            return self.inner.run(requests, ctx)
        keys = [call_digest(self.spec, request) for request in requests]
        may_replay = self._replay != "seeded" or self.spec.seeded
        answers: dict[int, ExpertResult | ExpertError] = {}
        troubles: dict[int, str] = {}
        if may_replay:
            for index, key in enumerate(keys):
                answer = self._kept(key, index, troubles)
                if answer is not None:
                    answers[index] = answer
        # of equal requests the first one is asked
        first = {key: index for index, key in reversed(list(enumerate(keys)))} if may_replay else {}
        missing = [i for i, key in enumerate(keys) if i not in answers and first.get(key, i) == i]
        for index, answer in zip(missing, self._asked([requests[i] for i in missing], missing, ctx), strict=True):
            if isinstance(answer, ExpertResult):
                answer = self._keep(keys[index], answer, troubles.get(index, ""))
            answers[index] = answer
        for index, key in enumerate(keys):
            if index not in answers:
                same = answers[first[key]]
                answers[index] = _replayed(same, 0.0) if isinstance(same, ExpertResult) else same
        return [answers[index] for index in range(len(requests))]

    def _kept(self, key: str, index: int, troubles: dict[int, str]) -> ExpertResult | ExpertError | None:
        started = time.perf_counter()
        try:
            found = self._cache.get(key)
        except PoserError as error:
            found, troubles[index] = None, f"the kept result cannot be read: {error}"
        if found is not None:
            return _replayed(found, time.perf_counter() - started)
        if self._replay != "only":
            return None
        return InvalidRequest(
            f"{self.spec.name} may replay only, and {troubles.get(index, 'nothing is kept for this request')}. "
            "Ask what was asked before, or allow calls (replay = 'seeded' or 'always')."
        )

    def _asked(
        self, requests: Sequence[ExpertRequest], indices: Sequence[int], ctx: CallContext
    ) -> list[ExpertResult | ExpertError]:
        if not requests:
            return []
        return run_checked(self.inner, requests, for_some(ctx, indices))

    def _keep(self, key: str, result: ExpertResult, trouble: str) -> ExpertResult:
        try:
            self._cache.put(key, result)
        except PoserError as error:
            trouble = f"{trouble}; not kept: {error}" if trouble else f"not kept: {error}"
        return replace(result, notes=(*result.notes, trouble)) if trouble else result


def _replayed(result: ExpertResult, seconds: float) -> ExpertResult:
    """Nothing is billed now, by any list."""
    simulated = None if result.usage.simulated_usd is None else 0.0
    notes = result.notes if REPLAYED in result.notes else (*result.notes, REPLAYED)
    return replace(result, usage=Usage(usd=0.0, simulated_usd=simulated, seconds=seconds), notes=notes)
