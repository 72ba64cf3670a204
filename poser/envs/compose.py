"""Text for experts that read language: one prompt or instruction from the commands that a call carries out."""

from __future__ import annotations

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


def compose_text(plan: Plan, commands: Sequence[Command], verbatim_ok: bool) -> str:
    """The text of a call that carries out `commands` of `plan`.

    The user's own words, unchanged, if `verbatim_ok`, nothing was folded, and no command is missing. Otherwise the
    texts of the commands, each complete in itself, so that every atom is said; in an order that builds up a picture,
    and never before what a command builds on (`Command.after`).

    Args:
        plan: the whole plan.
        commands: at least one of its commands.
        verbatim_ok: the call starts from what the user started from: an empty canvas, or the source picture. On an
            empty canvas "Add a car" becomes "A car".
    """
    asked = {command.id for command in commands}
    if verbatim_ok and not plan.folded and all(command.id in asked for command in plan.commands):
        return plan.prompt
    fresh = verbatim_ok and plan.source is None
    texts = [describe(command.text) if fresh else command.text for command in in_order(commands)]
    return texts[0] if len(texts) == 1 else " ".join(_sentence(text) for text in texts)


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
