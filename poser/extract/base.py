"""`Extractor`: what turns a prompt into a plan."""

from __future__ import annotations

import abc
import hashlib
import re
from typing import TYPE_CHECKING, NamedTuple

from poser.experts.errors import InputError
from poser.experts.types import MAX_PROMPT_CHARACTERS, Plan

if TYPE_CHECKING:
    from poser.experts.picture import PictureRef
    from poser.experts.types import Usage


class Extraction(NamedTuple):
    """A plan, and what it took to make it; None: nothing is known of that, and nothing is billed."""

    plan: Plan
    usage: Usage | None = None


class Extractor(abc.ABC):
    """Makes a `Plan` of a prompt.

    One that is also a `poser.envs.rewriting.Rewriter` can reword the instruction of a command that keeps failing.

    Attributes:
        name: unique; `Plan.extractor` begins with it.
    """

    name: str = "extractor"

    def expected_usd(self, prompt: str) -> float | None:
        """Expected US dollars of the plan of a prompt, None when unknown; to be overridden where a plan costs money.

        Under a budget nobody is asked whose plan does not fit into it, or has no known price.
        """
        # who tells of costs of its own may have some
        return 0.0 if type(self).extraction is Extractor.extraction else None

    @abc.abstractmethod
    def extract(self, prompt: str, source: PictureRef | None = None) -> Plan:
        """The plan of a prompt; with `source`, commands are edits of that picture.

        Raises:
            InputError: the prompt is empty or longer than `MAX_PROMPT_CHARACTERS`.
        """

    def extraction(self, prompt: str, source: PictureRef | None = None) -> Extraction:
        """The same with its cost; to be overridden where a plan costs money.

        Raises:
            InputError: as `extract`.
        """
        return Extraction(self.extract(prompt, source))


_STAMP = re.compile(r".*, commands ([0-9a-f]{12})\)")


def stamped(plan: Plan, extractor: str, facts: str) -> Plan:
    """The plan with `Plan.extractor` "name (facts, commands HASH)", by which `edited` knows it again."""
    return plan.model_copy(update={"extractor": f"{extractor} ({facts}, commands {_digest(plan)})"})


def edited(plan: Plan) -> bool:
    """True if the commands are others than when the plan was `stamped`; False also where it never was."""
    found = _STAMP.fullmatch(plan.extractor)
    return found is not None and found[1] != _digest(plan)


def _digest(plan: Plan) -> str:
    return hashlib.sha256("\n".join(command.model_dump_json() for command in plan.commands).encode()).hexdigest()[:12]


def check_prompt(prompt: str) -> None:
    """Refuse what no extractor takes.

    Raises:
        InputError: the prompt is blank or longer than `MAX_PROMPT_CHARACTERS`.
    """
    if not prompt.strip():
        raise InputError("The prompt is empty; say in words what the picture should show.")
    if len(prompt) > MAX_PROMPT_CHARACTERS:
        raise InputError(
            f"The prompt has {len(prompt):,} characters; at most {MAX_PROMPT_CHARACTERS:,} are taken. Shorten it."
        )
