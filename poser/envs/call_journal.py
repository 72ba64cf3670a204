"""What the driver asks of a journal of calls, by which a run goes on after a crash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from poser.critics.types import JudgeRequest, Verdict
from poser.envs.rewriting import RewriteRequest, Rewriting
from poser.experts.errors import CallError
from poser.experts.types import ExpertRequest, ExpertResult, Usage

Answer = ExpertResult | Verdict | Rewriting | CallError


@dataclass(frozen=True, kw_only=True)
class Call:
    """A call that is about to be made.

    Attributes:
        key: its idempotency key: the same for the same call of a run that goes on, and no other has it.
        who: name of the expert, of the critic, or of who rewords.
        index: number of the call among those of its kind in its episode.
        kind: who is called.
        request: what is asked.
    """

    key: str
    who: str
    index: int
    kind: Literal["expert", "critic", "rewriter"]
    request: ExpertRequest | JudgeRequest | RewriteRequest


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known of a call before it is made.

    Attributes:
        answer, usage: what it has brought already; it is then not made again. None: nothing is known.
        uncertain: it was sent before and cut off, so it may have been carried out, and billed, all the same.
    """

    answer: Answer | None = None
    usage: Usage | None = None
    uncertain: bool = False


class CallJournal(Protocol):
    """Keeps calls and what they brought, durably: what a method has returned from survives the process."""

    def begun(self, calls: Sequence[Call]) -> list[Known]:
        """Note that these calls are about to be made; what is known of each."""
        ...

    def done(self, answers: Sequence[tuple[str, Answer, Usage]]) -> None:
        """Note what calls have brought: (key, answer, usage). An answer that is there already stays."""
        ...
