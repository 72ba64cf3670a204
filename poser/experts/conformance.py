"""`check_expert`: does an expert keep the contract? For plugin authors, in their tests or by hand."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from poser.experts.base import CallContext, Expert, run_checked
from poser.experts.errors import CallError, ContentFiltered, InvalidRequest
from poser.experts.examples import EXAMPLES, example_source
from poser.experts.picture import Picture
from poser.experts.types import API_VERSION, Command, ExpertRequest, ExpertResult, ExpertSpec


@dataclass(frozen=True)
class Finding:
    """One thing that was checked.

    Attributes:
        check: what was checked, in a few words.
        problem: what is wrong and what to do, or "" if all is well.
        skipped: why it could not be checked, or "".
    """

    check: str
    problem: str = ""
    skipped: str = ""

    @property
    def ok(self) -> bool:
        """True unless a problem was found."""
        return not self.problem


def check_expert(
    expert: Expert,
    *,
    commands: Iterable[Command] | None = None,
    source: Picture | None = None,
    size: tuple[int, int] = (512, 512),
    call: bool = True,
) -> list[Finding]:
    """Check an expert against the contract of `poser.experts.base.Expert`.

    Args:
        expert: what is checked. Unless `call` is false it is called up to eight times, for 18 pictures at most, which
            may cost money.
        commands: what to ask of it; by default one example for each operation it names and does not refuse.
        source: picture to edit, for "i2i" experts; a simple one by default.
        size: width and height in pixels to ask for; the first of `spec.sizes` if that is not offered.
        call: false checks the declaration alone.

    Returns:
        One finding for each check, all of them, in order. `all(finding.ok for finding in findings)` is the verdict.
    """
    findings: list[Finding] = []

    def check(name: str, probe: Callable[[], str]) -> None:
        try:
            findings.append(Finding(name, problem=probe()))
        except Exception as error:  # noqa: BLE001  whatever a plugin raises is the finding
            findings.append(Finding(name, problem=f"raised {type(error).__name__}: {error}"))

    check("spec", lambda: _spec_problem(expert))
    if not findings[-1].ok:
        return findings
    spec = expert.spec
    has_source = spec.kind == "i2i"
    asked = list(commands) if commands is not None else [EXAMPLES[operation] for operation in spec.operations]
    able: list[Command] = []

    def refusals() -> str:
        able.extend(command for command in asked if expert.refuses(command, has_source) is None)
        return _refusal_problem(expert)

    check("refuses", refusals)
    if not call or not able:
        refused = "every example is refused; say what it can do (`--ask`, `commands`)"
        reason = "not called on request" if not call else refused if findings[-1].ok else "refuses() has to work first"
        return [*findings, *(Finding(name, skipped=reason) for name in _CALL_CHECKS)]
    width, height = size if not spec.sizes or size in spec.sizes else spec.sizes[0]
    canvas = (source or example_source(width, height)).resized(width, height) if has_source else None
    requests = [
        ExpertRequest(
            mode=spec.kind,
            text=command.text,
            commands=(command,),
            source=canvas,
            width=width,
            height=height,
            seed=7 + index,
        )
        for index, command in enumerate(able[:3])
    ]
    before = canvas.sha256 if canvas is not None else ""
    results = run_checked(expert, requests, CallContext())
    check("answers", lambda: _answer_problem(results))
    if not findings[-1].ok:
        # nothing that failed as a whole says anything of the rest
        return [*findings, *(Finding(name, skipped="no request was carried out") for name in _CALL_CHECKS[1:])]
    check("source untouched", lambda: _source_problem(canvas, before))
    check("errors", lambda: _error_problem(expert, requests[0], results[0]))
    check("sizes", lambda: _size_problem(expert, requests[0]))
    if spec.seeded:
        check("determinism", lambda: _difference(results, run_checked(expert, requests, CallContext()), "a second run"))
        singles = [run_checked(expert, [request], CallContext())[0] for request in requests]
        check("batch = single", lambda: _difference(results, singles, "one request at a time"))
    else:
        findings += [Finding(name, skipped="spec.seeded is false") for name in ("determinism", "batch = single")]
    check("cancellation", lambda: _cancel_problem(expert, requests))
    return findings


_CALL_CHECKS = ("answers", "source untouched", "errors", "sizes", "determinism", "batch = single", "cancellation")

_MOST_SIZES = 3
"""Offered sizes that are asked for beside the first one: each is a picture, which may cost money."""


def _spec_problem(expert: Expert) -> str:
    spec = expert.spec
    if not isinstance(spec, ExpertSpec):
        return f"spec is a {type(spec).__name__}; return a poser.ExpertSpec"
    if spec.api_version != API_VERSION:
        return f"api_version is {spec.api_version}; this release speaks {API_VERSION}. Update the plugin or image-poser"
    if expert.spec != spec:
        return "spec differs between two reads; it must be constant"
    if not spec.description or not spec.limitations:
        return "description and limitations must be given: users and policies choose by them"
    return ""


def _refusal_problem(expert: Expert) -> str:
    for operation, command in EXAMPLES.items():
        for has_source in (False, True):
            answer = expert.refuses(command, has_source)
            if answer is not None and (not isinstance(answer, str) or not answer.strip()):
                return f"refuses() answered {answer!r} for {operation.value!r}; return None or the reason in words"
            if answer is None and operation not in expert.spec.operations:
                return (
                    f"refuses() accepts {operation.value!r}, which spec.operations does not name; call super().refuses"
                )
    return ""


def _answer_problem(results: Sequence[ExpertResult | CallError]) -> str:
    errors = [result for result in results if isinstance(result, CallError)]
    if len(errors) < len(results):
        return ""
    return f"no request was carried out: {type(errors[0]).__name__}: {errors[0]}"


def _source_problem(canvas: Picture | None, before: str) -> str:
    if canvas is None:
        return ""
    return (
        "" if Picture(np.array(canvas.pixels)).sha256 == before else "the source's pixels were changed; copy them first"
    )


def _error_problem(expert: Expert, possible: ExpertRequest, before: ExpertResult | CallError) -> str:
    """What is wrong with the answer to a request that cannot be carried out, asked beside one that can."""
    edits = possible.mode == "i2i"
    asked = "an edit without a source" if edits else "a request without text and commands"
    impossible = replace(possible, source=None) if edits else replace(possible, text="", commands=())
    try:
        answers = list(expert.run([impossible, possible], CallContext()))
    except CallError as error:
        return f"{asked} raised {type(error).__name__} for the whole call; return it in the place of that request alone"
    except Exception as error:  # noqa: BLE001  whatever a plugin raises is the finding
        return f"{asked} raised {type(error).__name__}: {error}; return a poser.InvalidRequest in its place"
    if len(answers) != 2:
        return f"{len(answers)} answers came for 2 requests; give one for each, an error in the place of what failed"
    answer, other = answers
    if edits and not isinstance(answer, CallError):
        return f"{asked} was answered with a {type(answer).__name__}; return a poser.InvalidRequest"
    if isinstance(answer, CallError):
        if not answer.transient and not isinstance(answer, InvalidRequest | ContentFiltered):
            return f"{asked} ended in {type(answer).__name__}: {answer}; return a poser.InvalidRequest that says why"
        if not str(answer).strip():
            return f"the {type(answer).__name__} for {asked} says nothing; say what was given and what to do"
        if answer.usd is not None and not 0.0 <= answer.usd < float("inf"):
            return f"{asked} is said to have cost {answer.usd!r} US dollars; give 0 or more, or None where nobody knows"
        if answer.usd is None and expert.spec.price == 0:
            return f"{asked} is said to have cost nobody knows what, though spec.price is 0; give usd=0.0"
    if isinstance(before, ExpertResult) and isinstance(other, CallError) and not other.transient:
        return f"{asked} made the request beside it end in {type(other).__name__}; errors stay with their request"
    return ""


def _size_problem(expert: Expert, request: ExpertRequest) -> str:
    """Every offered size comes as it was asked for; another one does, or is refused in words."""
    offered, first = expert.spec.sizes, (request.width, request.height)
    sizes = [size for size in offered if size != first][:_MOST_SIZES]
    sizes.append(next(size for size in _others(*first) if size not in offered))
    requests = [_at_size(request, *size) for size in sizes]
    answers = run_checked(expert, requests, CallContext())
    for size, answer in zip(sizes, answers, strict=True):
        if not isinstance(answer, CallError) or answer.transient:
            continue
        named = f"{size[0]}x{size[1]} pixels, which spec.sizes {'names' if size in offered else 'does not rule out'},"
        if not offered or size in offered:
            return (
                f"{named} ended in {type(answer).__name__}: {answer}; bring that size, or name the sizes that you offer"
            )
        if not isinstance(answer, InvalidRequest):
            return (
                f"{size[0]}x{size[1]} pixels, which spec.sizes does not offer, ended in "
                f"{type(answer).__name__}: {answer}; bring that size all the same, or return a poser.InvalidRequest"
            )
    return ""


def _others(width: int, height: int) -> Iterable[tuple[int, int]]:
    """Sizes of other proportions."""
    for part in (4, 2, 8):
        more = max(8, height // part // 8 * 8)
        yield width, height + more if height + more <= 2048 else height - more
    yield height + 8, width


def _at_size(request: ExpertRequest, width: int, height: int) -> ExpertRequest:
    source = None if request.source is None else request.source.resized(width, height)
    return replace(request, source=source, width=width, height=height)


def _difference(first: Sequence[ExpertResult | CallError], second: Sequence[ExpertResult | CallError], way: str) -> str:
    for index, (one, other) in enumerate(zip(first, second, strict=True)):
        if isinstance(one, ExpertResult) and isinstance(other, ExpertResult):
            if one.picture != other.picture:
                return f"request {index} gives other pixels in {way}; draw chance from request.seed or set seeded=False"
        elif type(one) is not type(other):
            return f"request {index} gives {type(one).__name__} and {type(other).__name__} in {way}"
    return ""


def _cancel_problem(expert: Expert, requests: Sequence[ExpertRequest]) -> str:
    stop = threading.Event()
    stop.set()
    results = run_checked(expert, requests, CallContext(stop=stop))
    wrong = [r for r in results if isinstance(r, CallError) and not r.transient]
    return f"a cancelled call must end in TimedOut or bring pictures; got {type(wrong[0]).__name__}" if wrong else ""
