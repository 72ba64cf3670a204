"""Text for experts that read language: one prompt or instruction from the commands that a call carries out."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from poser.experts.types import Command, Operation, Plan

_ORDER = {
    Operation.GENERATE: 0,
    Operation.BACKGROUND: 1,
    Operation.REMOVE: 2,
    Operation.REPLACE: 3,
    Operation.ADD: 4,
    Operation.RECOLOR: 5,
    Operation.RESIZE: 6,
    Operation.MOVE: 7,
    Operation.OTHER: 8,
    Operation.TEXT: 9,
    Operation.TONE: 10,
    Operation.STYLE: 11,
}
"""First the stage, then what leaves, comes and changes on it, lettering over it, and the look of the whole last."""


_PIECES = re.compile(r"[a-z0-9]+|\S", re.IGNORECASE)
_LETTERS_PER_TOKEN = 6


def compose_text(plan: Plan, commands: Sequence[Command], verbatim_ok: bool, longest: int | None = None) -> str:
    """The text of a call that carries out `commands` of `plan`.

    The user's own words, unchanged, if `verbatim_ok`, nothing was folded, no command is missing or reworded, and the
    model reads that many words. Otherwise the texts of the commands, each complete in itself, so that every atom is
    said; in an order that builds up a picture, and never before what a command builds on (`Command.after`).

    Args:
        plan: the whole plan.
        commands: at least one of its commands; their texts may be other ones than the plan's.
        verbatim_ok: the call starts from what the user started from: an empty canvas, or the source picture. On an
            empty canvas "Add a car" becomes "A car".
        longest: tokens that the model reads; None = any number. Where neither text fits, the shorter one is sent: it
            loses least.
    """
    fresh = verbatim_ok and plan.source is None
    texts = [describe(command.text) if fresh else command.text for command in in_order(commands)]
    composed = texts[0] if len(texts) == 1 else " ".join(_sentence(text) for text in texts)
    asked = {command.id: command for command in commands}
    own = verbatim_ok and not plan.folded and all(asked.get(command.id) == command for command in plan.commands)
    if own and (longest is None or tokens(plan.prompt) <= max(longest, tokens(composed))):
        return plan.prompt
    return composed


def tokens(text: str) -> int:
    """About how many tokens a text encoder makes of a text, its two marks of begin and end included.

    Of English one for every six letters of a word that were begun, which is rather too many than too few; of other
    scripts one a character.
    """
    return 2 + sum(math.ceil(len(piece) / _LETTERS_PER_TOKEN) for piece in _PIECES.findall(text))


def in_order(commands: Sequence[Command]) -> list[Command]:
    """The commands in the order in which one instruction should name them."""
    left = sorted(enumerate(commands), key=lambda entry: (_ORDER[entry[1].operation], entry[0]))
    waiting = {command.id for command in commands}
    ordered: list[Command] = []
    while left:
        ready = next((entry for entry in left if not waiting.intersection(entry[1].after)), left[0])
        left.remove(ready)
        waiting.discard(ready[1].id)
        ordered.append(ready[1])
    return ordered


def _sentence(text: str) -> str:
    text = text.strip()
    # a quoted end ("… say "SALE"") still needs its full stop
    return text if re.search(r"[.!?…。]$", text) else f"{text}."


def describe(text: str) -> str:
    """What an instruction to add something leads to: "Add a car" becomes "A car"; other texts stay as they are."""
    thing = re.sub(r"^\s*add\s+", "", text, flags=re.IGNORECASE)
    return thing[:1].upper() + thing[1:]
