"""What a decomposer writes: ImageEdit-R1's four tags (Zhao et al. 2026, section 2.2), one entry per command.

    <think>Two things and a backdrop.</think>
    <action>[add; add; background]</action>
    <subjects>[cat; "SALE"; ]</subjects>
    <goals>[2, red; above cat; beach]</goals>

As in the paper's `[Recoloring]`, `[coat, hair]`, but with `;` between commands, so that the three lists stay aligned
(`poser.decompose.notation`). Actions are values of `Operation`. What goals mean is in `poser.decompose.plans`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from poser.decompose.notation import bracketed, tidy, unbracketed
from poser.decompose.repair import repaired
from poser.experts.errors import BadReply, InputError
from poser.experts.types import MAX_PROMPT_CHARACTERS, Operation

TAGS = ("think", "action", "subjects", "goals")
"""In the order in which they are written."""

MOST_COMMANDS = 256
"""Of one decomposition; who writes more repeats itself."""

_OWN_TAG = re.compile(rf"<(?=/?(?:{'|'.join(TAGS)})\s*>)", re.IGNORECASE)
_WHOLE = re.compile(r"\s*" + r"\s*".join(rf"<{tag}>(?P<{tag}>.*?)</{tag}>" for tag in TAGS) + r"\s*", re.DOTALL)


@dataclass(frozen=True)
class Decomposition:
    """A request as aligned lists, one entry per command.

    Items are tidied (single spaces; lettering as JSON strings, "SALE" in double quotes) and blank ones dropped, so
    equal meanings of the notation are equal values.

    Attributes:
        think: reasoning in words; it is for people.
        actions: at least one, at most `MOST_COMMANDS`.
        subjects: what each command acts on; empty for picture-wide ones.
        goals: what they become.

    Raises:
        InputError: lists of different lengths, no command or too many, an action that is no operation.
    """

    think: str
    actions: tuple[Operation, ...]
    subjects: tuple[tuple[str, ...], ...]
    goals: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        lengths = len(self.actions), len(self.subjects), len(self.goals)
        if len(set(lengths)) > 1:
            raise InputError(
                f"There are {lengths[0]} actions, {lengths[1]} lists of subjects and {lengths[2]} of goals; "
                "give one of each per command."
            )
        if not 1 <= len(self.actions) <= MOST_COMMANDS:
            raise InputError(f"A decomposition has {len(self.actions)} commands; give 1 to {MOST_COMMANDS}.")
        known = {operation.value for operation in Operation}
        unknown = [action for action in self.actions if action not in known]
        if unknown:
            raise InputError(f"Unknown action {str(unknown[0])[:40]!r}. Known: {', '.join(Operation)}.")
        object.__setattr__(self, "think", _OWN_TAG.sub("‹", self.think.encode("utf-8", "replace").decode()).strip())
        object.__setattr__(self, "actions", tuple(Operation(action) for action in self.actions))
        object.__setattr__(self, "subjects", tuple(_tidied(items) for items in self.subjects))
        object.__setattr__(self, "goals", tuple(_tidied(items) for items in self.goals))


def written(d: Decomposition) -> str:
    """The canonical text; `read_strict` reads it back as `d`."""
    return (
        f"<think>{d.think}</think><action>{bracketed([[action] for action in d.actions])}</action>"
        f"<subjects>{bracketed(d.subjects)}</subjects><goals>{bracketed(d.goals)}</goals>"
    )


def read_strict(text: str) -> Decomposition:
    """The decomposition that a text spells exactly: all four tags in order, nothing around them, aligned lists.

    Raises:
        BadReply: it does not; says where.
    """
    _not_endless(text)
    whole = _WHOLE.fullmatch(text)
    if whole is None or len(_OWN_TAG.findall(text)) != 2 * len(TAGS):
        raise BadReply(
            "The reply has not the form <think>…</think><action>[…]</action><subjects>[…]</subjects><goals>[…]</goals>."
        )
    try:
        actions, subjects, goals = (unbracketed(whole[tag]) for tag in TAGS[1:])
        if any(len(group) != 1 for group in actions):
            raise InputError("Between two semicolons of <action> stands one action.")
        named = tuple(action for (action,) in actions)
        # InputError is a ValueError
        return Decomposition(whole["think"], named, *map(_tuples, (subjects, goals)))  # type: ignore[arg-type]  # checked there
    except ValueError as error:
        raise BadReply(f"The reply cannot be read: {error}") from error


def read_tolerant(text: str) -> Decomposition:
    """The decomposition that a text clearly means.

    Beyond `read_strict`: tags in any case, in singular or plural, not closed, or missing where nothing is lost; code
    fences and words around them; JSON, as lists within the tags or as one object; other words for actions
    ("Recoloring"); commas where `;` belongs, if the numbers fit; one action, or one list of goals, for all subjects.

    Raises:
        BadReply: what is meant is not clear; says what is missing.
    """
    _not_endless(text)
    try:
        return read_strict(text)
    except BadReply:
        try:
            return Decomposition(*repaired(text))
        except ValueError as error:
            raise BadReply(f"The reply cannot be read: {error}") from error


def _not_endless(text: str) -> None:
    if len(text) > MAX_PROMPT_CHARACTERS:
        raise BadReply(
            f"The reply has {len(text):,} characters; at most {MAX_PROMPT_CHARACTERS:,} are read. It may repeat itself."
        )


def _tuples(groups: list[list[str]]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(group) for group in groups)


def _tidied(items: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(item for item in map(tidy, items) if item)
