"""Pictures, answers and traces for the store's tests."""

from __future__ import annotations

from poser.critics.types import AtomAnswer, Verdict
from poser.envs.trace import Trace
from poser.experts.examples import EXAMPLES
from poser.experts.fake_picture import paint_facts
from poser.experts.picture import Picture, PictureRef
from poser.experts.types import ExpertResult, ExpertSpec, Operation, Plan, Usage
from poser.store import Answer, CallBegun, CallDone, CallKind, JournalEntry, Store


def painted(seed: int, side: int = 16) -> Picture:
    return paint_facts([("entity", f"thing {seed}")], side, side, seed)


def result(seed: int, side: int = 16, usd: float | None = 0.04) -> ExpertResult:
    return ExpertResult(
        picture=painted(seed, side),
        usage=Usage(usd=usd, seconds=1.5, input_tokens=7),
        text_sent="a red car",
        notes=("cut", "resized"),
        revision="2026-11",
    )


def verdict() -> Verdict:
    answers = (AtomAnswer(atom="a", probability=0.25, seen="2 cars"), AtomAnswer(atom="b"))
    return Verdict(answers=answers, preservation=0.5, feedback="1 of 2", critic="detector", usage=Usage(usd=0.0))


def trace(best: PictureRef | None = None, alignment: float = 0.5, source: PictureRef | None = None) -> Trace:
    spec = ExpertSpec(name="fake", kind="i2i", operations={Operation.ADD: 0.5})
    plan = Plan(prompt="a red car", commands=(EXAMPLES[Operation.ADD],), source=source)
    return Trace(plan=plan, experts=(spec,), seed=1, best=best, alignment=alignment)


def call_begun(
    store: Store, run: str, key: str, *, expert: str, index: int, digest: str, kind: CallKind = "expert"
) -> JournalEntry:
    """Journal the beginning of one call."""
    return store.calls_begun([CallBegun(run=run, key=key, expert=expert, index=index, digest=digest, kind=kind)])[0]


def call_done(store: Store, run: str, key: str, answer: Answer, usage: Usage) -> None:
    """Journal the answer of one call."""
    store.calls_done([CallDone(run=run, key=key, answer=answer, usage=usage)])
