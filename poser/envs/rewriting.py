"""What the driver asks of whoever can reword the instruction of a command that keeps failing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from poser.experts.types import Document, Plan, Usage


@dataclass(frozen=True, kw_only=True)
class RewriteRequest:
    """One instruction that has failed.

    Attributes:
        plan: the whole plan; its commands, their ids and atoms stay as they are.
        command: id of the command.
        feedback: what the critic said of pictures that were made by it, and experts of it, the oldest first.
        tries: how often it has failed.
    """

    plan: Plan
    command: str
    feedback: tuple[str, ...]
    tries: int


class Rewriting(Document):
    """Another instruction for the same command, "" = the old one stays; and what it took to find it."""

    text: str = ""
    usage: Usage = Usage(usd=0.0)


class Rewriter(Protocol):
    """Rewords instructions.

    Attributes:
        name: shown in traces and messages.
        rewrite_price: expected US dollars of one rewording; None = unknown: it is then not asked under a budget.
    """

    name: str
    rewrite_price: float | None

    def rewrite(
        self, plan: Plan, command_id: str, feedback: Sequence[str], tries: int, cancelled: Callable[[], bool]
    ) -> Rewriting:
        """Another instruction; the arguments are those of `RewriteRequest`.

        Raises:
            CallError: nothing usable came; what it cost is in it.
        """
        ...
