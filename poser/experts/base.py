"""The expert interface: `Expert`, `CallContext`, the `@expert` decorator."""

from __future__ import annotations

import abc
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np

from poser.experts.errors import BadReply, CallError, ExpertError, InputError, InvalidRequest, TimedOut
from poser.experts.picture import Picture
from poser.experts.types import Command, ExpertRequest, ExpertResult, ExpertSpec, Operation, Usage

BATCH_DEADLINES = 8
"""A call for a batch gets the deadline of each of its pictures, up to so many: who hangs must not cost hours."""


@dataclass(frozen=True)
class CallContext:
    """What a call may know of the world around it.

    Attributes:
        deadline: `time.monotonic()` value after which the answer is not waited for; None = no deadline.
        stop: set when the call should end as soon as it can.
        on_progress: receives (index of the request, fraction done in [0, 1]).
        on_result: receives (index of the request, its result) before the whole batch is done, so that it is kept even
            if the process ends meanwhile.
        allowed: seconds that each picture of the call is waited for, from the moment when its turn comes; None = the
            deadline stands as it is.
        on_deadline: told the new deadline where it moves, since the call has to wait for its turn.
    """

    deadline: float | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    on_progress: Callable[[int, float], None] | None = None
    on_result: Callable[[int, ExpertResult], None] | None = None
    allowed: float | None = None
    on_deadline: Callable[[float | None], None] | None = None

    def cancelled(self) -> bool:
        """True once the result is no longer wanted: stopped, or past the deadline. Long calls should ask."""
        return self.stop.is_set() or (self.deadline is not None and time.monotonic() >= self.deadline)

    def remaining(self) -> float | None:
        """Seconds left until the deadline (never negative), or None without one."""
        return None if self.deadline is None else max(0.0, self.deadline - time.monotonic())

    def progress(self, index: int, fraction: float) -> None:
        """Report that request `index` is done to `fraction` in [0, 1]."""
        if self.on_progress is not None:
            self.on_progress(index, min(1.0, max(0.0, fraction)))

    def deliver(self, index: int, result: ExpertResult) -> None:
        """Hand over the result of request `index` while others of the batch are still worked on; return it as well."""
        if self.on_result is not None:
            self.on_result(index, result)

    def waiting(self) -> CallContext:
        """The context of a call that has to wait until others are done: until `begun` its deadline does not run."""
        return self if self.allowed is None else self._moved(None)

    def begun(self, pictures: int = 1) -> CallContext:
        """The context of a call whose turn has come, as one for so many pictures: its deadline runs from now on."""
        if self.allowed is None:
            return self
        return self._moved(time.monotonic() + self.allowed * min(pictures, BATCH_DEADLINES))

    def _moved(self, deadline: float | None) -> CallContext:
        if self.on_deadline is not None:
            self.on_deadline(deadline)
        return replace(self, deadline=deadline)


class Expert(abc.ABC):
    """Makes or edits pictures. Batch-first: one call, many requests.

    A subclass gives `spec` and `run`; heavy things are loaded on the first `run`, never on construction.

    Attributes:
        concurrent: whether `run` may be called from several threads at once. Where it may not, requests that several
            runs have at the same time are gathered into one call; where it may, each run calls for itself.
    """

    concurrent: bool = False

    @property
    @abc.abstractmethod
    def spec(self) -> ExpertSpec:
        """What this expert can do. Cheap and constant."""

    @abc.abstractmethod
    def run(self, requests: Sequence[ExpertRequest], ctx: CallContext) -> list[ExpertResult | ExpertError]:
        """Carry out the requests.

        Returns a list as long as `requests`, in their order: a result, or a typed error for that request alone.
        Raising means that all failed; what is not a `CallError` is then wrapped as `BadReply`.
        """

    def refuses(self, command: Command, has_source: bool) -> str | None:
        """Why this command cannot be carried out by this expert, or None if it may be tried.

        Local and cheap: no network, no model. Called once for every command at the start of an episode.
        `has_source` tells that the episode edits a given picture. Subclasses add their own reasons and call this.
        """
        if self.spec.kind == "t2i" and has_source:
            return f"{self.spec.name} draws from nothing and would lose the source picture"
        if command.operation not in self.spec.operations:
            return f"{self.spec.name} does not do {command.operation.value!r}"
        return None

    def close(self) -> None:  # noqa: B027  an expert without resources has nothing to close
        """Free what was loaded. The expert may be used again afterwards."""


def run_checked(
    expert: Expert, requests: Sequence[ExpertRequest], ctx: CallContext
) -> list[ExpertResult | ExpertError]:
    """`expert.run` that never raises and always answers for every request.

    What is raised becomes one error for each request (a `CallError` as it is, anything else as `BadReply` that names
    the exception); a list of the wrong length or with foreign members or fields becomes `BadReply`; a picture of
    another size than asked, or of one single colour, becomes `BadReply` for that request. `KeyboardInterrupt` passes
    through.
    """
    name = expert.spec.name
    if ctx.on_result is not None:
        ctx = replace(ctx, on_result=_only_sound(name, requests, ctx.on_result))
    try:
        results = list(expert.run(requests, ctx))
    except CallError as error:
        return [error for _ in requests]
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001  a plugin may even raise CancelledError or SystemExit; it is reported
        return [BadReply(f"{name} raised {type(error).__name__}: {error}", usd=None) for _ in requests]
    if len(results) != len(requests):
        message = f"{name} answered {len(results)} of {len(requests)} requests; one answer for each is required."
        return [BadReply(message, usd=None) for _ in requests]
    return [_checked(name, request, result) for request, result in zip(requests, results, strict=True)]


def _only_sound(
    name: str, requests: Sequence[ExpertRequest], on_result: Callable[[int, ExpertResult], None]
) -> Callable[[int, ExpertResult], None]:
    """`on_result` for results that will not be turned into an error."""

    def hand_over(index: int, result: ExpertResult) -> None:
        if 0 <= index < len(requests):
            checked = _checked(name, requests[index], result)
            if isinstance(checked, ExpertResult):
                on_result(index, checked)

    return hand_over


def _checked(name: str, request: ExpertRequest, result: Any) -> ExpertResult | ExpertError:
    if isinstance(result, CallError):
        return result
    if not isinstance(result, ExpertResult) or not isinstance(result.picture, Picture):
        return BadReply(
            f"{name} brought a {type(result).__name__} instead of an ExpertResult with a Picture.", usd=None
        )
    texts = (result.text_sent, result.revision, *result.notes) if isinstance(result.notes, tuple | list) else (None,)
    if not isinstance(result.usage, Usage) or not all(isinstance(text, str) for text in texts):
        return BadReply(
            f"{name} brought usage={result.usage!r}, notes={result.notes!r}, text_sent={result.text_sent!r}, "
            f"revision={result.revision!r}; give a Usage, a tuple of strings, and two strings.",
            usd=None,
        )
    picture = result.picture
    if picture.size != (request.width, request.height):
        return BadReply(
            f"{name} brought {picture.width}x{picture.height} pixels; {request.width}x{request.height} were asked for.",
            usd=result.usage.usd,
        )
    pixels, corner = picture.pixels, picture.pixels[0, 0]
    # a coarse look settles nearly every picture; the full comparison takes milliseconds
    if not np.any(pixels[::16, ::16] != corner) and not np.any(pixels != corner):
        return BadReply(f"{name} brought a blank picture (one single colour).", usd=result.usage.usd)
    return result


@runtime_checkable
class ExpertFunction(Protocol):
    """A function that serves one request: returns a Picture or a uint8 H×W×3 array, or raises a `CallError`."""

    def __call__(self, request: ExpertRequest, /) -> Picture | np.ndarray[Any, np.dtype[np.uint8]]:
        """Carry out the request."""
        ...


class FunctionExpert(Expert):
    """An expert made of a function; see `expert`."""

    def __init__(self, function: ExpertFunction, spec: ExpertSpec, concurrent: bool = False) -> None:
        """Wrap `function`; it is called once a request."""
        self._function = function
        self.concurrent = concurrent
        self._spec = spec
        self.__doc__ = function.__doc__

    @property
    def spec(self) -> ExpertSpec:
        """As given to the decorator."""
        return self._spec

    def __call__(self, request: ExpertRequest) -> Picture | np.ndarray[Any, np.dtype[np.uint8]]:
        """The wrapped function itself, for tests."""
        return self._function(request)

    def run(self, requests: Sequence[ExpertRequest], ctx: CallContext) -> list[ExpertResult | ExpertError]:
        """Call the function for one request after another; its errors stay with their request."""
        results: list[ExpertResult | ExpertError] = []
        for index, request in enumerate(requests):
            if ctx.cancelled():
                # what is already made is handed over all the same
                results.append(TimedOut(f"{self._spec.name} was stopped before request {index + 1}."))
                continue
            if self._spec.kind == "i2i" and request.source is None:
                # the function need not look
                results.append(InvalidRequest(f"{self._spec.name} edits a picture, and none was given. Give a source."))
                continue
            started = time.perf_counter()
            try:
                made = self._function(request)
                picture = made if isinstance(made, Picture) else Picture(np.asarray(made))
            except CallError as error:
                results.append(error)
                continue
            except Exception as error:  # noqa: BLE001  the user's function may raise anything; it is reported
                results.append(BadReply(f"{self._spec.name} raised {type(error).__name__}: {error}", usd=None))
                continue
            usage = Usage(
                usd=self._spec.price,
                simulated_usd=self._spec.simulated_price,
                seconds=time.perf_counter() - started,
            )
            made_now = ExpertResult(picture=picture, usage=usage, text_sent=request.text, revision=self._spec.revision)
            results.append(made_now)
            ctx.deliver(index, made_now)
            ctx.progress(index, 1.0)
        return results


def expert(
    *,
    operations: Mapping[str | Operation, float] | Sequence[str | Operation],
    name: str | None = None,
    kind: str = "i2i",
    concurrent: bool = False,
    **spec: Any,
) -> Callable[[ExpertFunction], FunctionExpert]:
    """Make an expert of a function `request -> Picture | array`.

    Args:
        operations: names of operations, or a mapping to prior abilities in [0, 1] (names alone: 0.5).
        name: the expert's name; the function's name with "-" for "_" by default.
        kind: "t2i" or "i2i".
        concurrent: the function may be called from several threads at once, as one that waits for a server may.
        **spec: further fields of `ExpertSpec`, e.g. `price=0.02`.

    Raises:
        InputError: an operation or field that does not exist.

    Example:
        >>> @expert(operations=["tone"], price=0.0)
        ... def invert(request):
        ...     "Inverts all colours."
        ...     return 255 - request.source.pixels
        >>> invert.spec.name
        'invert'
    """
    abilities = dict(operations) if isinstance(operations, Mapping) else dict.fromkeys(operations, 0.5)

    def wrap(function: ExpertFunction) -> FunctionExpert:
        function_name = getattr(function, "__name__", type(function).__name__)
        try:
            described = ExpertSpec.model_validate(
                {
                    "name": name or function_name.lower().replace("_", "-"),
                    "kind": kind,
                    "operations": abilities,
                    "description": (function.__doc__ or "").strip().split("\n")[0],
                    **spec,
                }
            )
        except ValueError as error:
            raise InputError(f"@expert on {function_name!r}: {error}") from error
        return FunctionExpert(function, described, concurrent)

    return wrap
