"""`Extractor`: what turns a prompt into a plan."""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING

from poser.experts.errors import InputError
from poser.experts.types import MAX_PROMPT_CHARACTERS, Plan

if TYPE_CHECKING:
    from poser.experts.picture import PictureRef


class Extractor(abc.ABC):
    """Makes a `Plan` of a prompt.

    Attributes:
        name: unique; written into `Plan.extractor`.
    """

    name: str = "extractor"

    @abc.abstractmethod
    def extract(self, prompt: str, source: PictureRef | None = None) -> Plan:
        """The plan of a prompt; with `source`, commands are edits of that picture.

        Raises:
            InputError: the prompt is empty or longer than `MAX_PROMPT_CHARACTERS`.
        """


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
