"""`Extractor`: what turns a prompt into a plan."""

from __future__ import annotations

import abc
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

    One that has a method `rewrite(request: RewriteRequest, ctx: CallContext) -> Rewriting` (`poser.envs.rewriting`) can
    also reword the instruction of a command that keeps failing.

    Attributes:
        name: unique; `Plan.extractor` begins with it.
    """

    name: str = "extractor"

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
