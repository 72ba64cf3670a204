"""Completions as rewards see them, each read once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from pydantic import ValidationError

from poser.decompose.format import Decomposition, read_strict, read_tolerant
from poser.decompose.notation import letters_of
from poser.decompose.plans import plan_of
from poser.decompose.repair import lists_of
from poser.experts.errors import BadReply, InputError
from poser.experts.picture import PictureRef
from poser.experts.types import MAX_PROMPT_CHARACTERS, Plan
from poser.extract.operations import operation_of

SOURCE = PictureRef(sha256="0" * 64, width=512, height=512)
"""Stands for the picture that a request edits; rewards never look at it."""

_REMEMBERED = 4096


class Reading(NamedTuple):
    """A completion.

    Attributes:
        strict: it has the format exactly.
        decomposition: what it means, or None if that is not clear.
        actions, subjects, goals: each list for itself, flat; None if it cannot be read.
    """

    strict: bool
    decomposition: Decomposition | None
    actions: tuple[str, ...] | None
    subjects: tuple[str, ...] | None
    goals: tuple[str, ...] | None


def text_of(completion: Any) -> str:
    """The text of a completion: a string, or the messages of a conversation, of which the assistant's count.

    Raises:
        InputError: something else.
    """
    if isinstance(completion, str):
        return completion
    if isinstance(completion, Sequence) and all(isinstance(message, Mapping) for message in completion):
        said = [message for message in completion if message.get("role", "assistant") == "assistant"]
        return "".join(_content(message.get("content")) for message in said)
    raise InputError(
        f"A completion is a {type(completion).__name__}; rewards read strings, or lists of messages with 'content'."
    )


@lru_cache(_REMEMBERED)
def read(text: str) -> Reading:
    """The completion with this text; nothing is raised for what it says."""
    if len(text) > MAX_PROMPT_CHARACTERS:
        return Reading(False, None, None, None, None)
    decomposition, strict = None, True
    try:
        decomposition = read_strict(text)
    except BadReply:
        strict = False
        try:
            decomposition = read_tolerant(text)
        except BadReply:
            found = {name: tuple(item for group in groups for item in group) for name, groups in lists_of(text).items()}
            actions = found.get("action")
            named = None if actions is None else tuple(_action(word) for word in actions)
            return Reading(False, None, named, found.get("subjects"), found.get("goals"))
    return Reading(
        strict,
        decomposition,
        tuple(decomposition.actions),
        tuple(item for group in decomposition.subjects for item in group),
        tuple(item for group in decomposition.goals for item in group),
    )


@lru_cache(_REMEMBERED)
def planned(text: str, request: str, source: bool) -> Plan | None:
    """The sound plan that a completion means for a request; None if it means none."""
    decomposition = read(text).decomposition
    if decomposition is None:
        return None
    try:
        return plan_of(decomposition, request, SOURCE if source else None)
    except BadReply:
        return None


@lru_cache(_REMEMBERED)
def plan_in(column: str) -> Plan:
    """The plan that the column `plan` of a row holds.

    Raises:
        InputError: it holds none.
    """
    try:
        return Plan.model_validate_json(column)
    except ValidationError as error:
        raise InputError(f"The column 'plan' holds {column[:60]!r}, which is no plan: {error.errors()[0]['msg']}. Give "
                         'a plan as JSON, or "".') from error  # fmt: skip


def _content(content: Any) -> str:
    """Text of a message, in parts or not."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    parts = [part.get("text") for part in content if isinstance(part, Mapping)]
    return "".join(part for part in parts if isinstance(part, str))


def _action(word: str) -> str:
    letters = letters_of(word)
    found = operation_of(word if letters is None else letters)
    return word.casefold() if found is None else found.value
