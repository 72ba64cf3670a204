"""The sequencing agent: a decomposition as ordered sub-requests (Zhao et al. 2026, section 2.1), by rule or by a model.

The result is a plan whose commands stand in that order, each instruction complete in itself: what the driver and the
twin run. `instructions_of` gives them one by one, `instruction_of` all in one call.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from poser.decompose.format import Decomposition
from poser.decompose.plans import plan_of
from poser.envs.compose import describe, in_order
from poser.experts.chat import structured
from poser.experts.chat_wire import Asked
from poser.experts.errors import CallError, InputError
from poser.experts.picture import PictureRef
from poser.experts.plan_check import check_plan
from poser.experts.types import Command, Operation, Plan, Usage
from poser.extract.prompts import instructions, marked
from poser.extract.replies import read_rewriting

_LOOKS = (Operation.STYLE, Operation.TONE)

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "steps": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"command": {"type": "string"}, "instruction": {"type": "string"}},
                "required": ["command", "instruction"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["steps"],
    "additionalProperties": False,
}
"""JSON schema of a model's reply."""


class Sequenced(NamedTuple):
    """A plan in order.

    Attributes:
        plan: its commands in the order in which they are to be told; a note where a model could not order them.
        usage: what that took; None by rule.
    """

    plan: Plan
    usage: Usage | None = None


def sequence(
    d: Decomposition | Plan,
    request: str = "",
    source: PictureRef | None = None,
    *,
    model: Asked | None = None,
    attempts: int = 2,
) -> Sequenced:
    """Put commands in order.

    By rule: backdrop, what leaves, what comes, what changes, lettering, tone, style; nothing before what it builds on.
    A model orders and words them anew, within the same limits; where it is away or replies badly, the rule does.

    Args:
        d: a decomposition, or a plan.
        request: the user's words; of a plan its own.
        source: the picture that is edited; of a plan its own.
        model: who is asked, see `ChatEndpoint` and `LocalChat`; None = the rule.
        attempts: replies that are asked for, each with what was wrong with the last one.

    Raises:
        BadReply: the decomposition means no sound plan.
        InputError: the request is empty or too long.
    """
    plan = d if isinstance(d, Plan) else plan_of(d, request, source)
    ordered = _with(plan, in_order(plan.commands))
    if model is None:
        return Sequenced(ordered)
    try:
        commands, usage = structured(
            model,
            _messages(ordered),
            SCHEMA,
            lambda data: _read(data, ordered),
            attempts=attempts,
            schema_name="steps",
        )
    except CallError as error:
        note = f"the commands are ordered by rule, since {model.name} could not: {error}"
        return Sequenced(ordered.model_copy(update={"notes": (*plan.notes, note)}), Usage(usd=error.usd))
    return Sequenced(_with(plan, commands), usage)


def instructions_of(plan: Plan) -> list[str]:
    """What is told in one call for each command, in the plan's order."""
    return [command.text for command in plan.commands]


def instruction_of(plan: Plan) -> str:
    """What is told in a single call for all commands, in the plan's order."""
    if plan.source is None:
        return " ".join(_sentence(describe(command.text)) for command in plan.commands)
    return " ".join(_sentence(command.text) for command in plan.commands)


def _with(plan: Plan, commands: Sequence[Command]) -> Plan:
    return check_plan(plan.model_copy(update={"commands": tuple(commands)}))


def _sentence(text: str) -> str:
    return text if text.rstrip()[-1:] in tuple(".!?…。") else f"{text}."


def _messages(plan: Plan) -> list[dict[str, str]]:
    material = {
        "request": plan.prompt,
        "picture given": plan.source is not None,
        "commands": [
            {
                "id": command.id,
                "action": command.operation.value,
                "instruction": command.text,
                "statements": [f"{atom.question} {atom.answer}" for atom in command.atoms],
                "builds on": list(command.after),
            }
            for command in plan.commands
        ],
    }
    told = marked(json.dumps(material, ensure_ascii=False, indent=1))
    return [
        {"role": "system", "content": instructions("sequencing").text},
        {"role": "user", "content": f"The material follows. {told}\nAnswer with the steps as JSON."},
    ]


def _read(data: Any, plan: Plan) -> list[Command]:
    """The commands in the order of a reply, worded as it says.

    Raises:
        InputError: a command is missing, there twice or unknown, or stands before what it builds on.
    """
    steps = data.get("steps") if isinstance(data, Mapping) else None
    if not isinstance(steps, list) or not all(isinstance(step, Mapping) for step in steps):
        raise InputError('Answer with {"steps": [{"command": "...", "instruction": "..."}]} and nothing else.')
    ids = [step.get("command") for step in steps]
    if sorted(map(str, ids)) != sorted(command.id for command in plan.commands):
        wanted = ", ".join(command.id for command in plan.commands)
        raise InputError(f"The steps name {', '.join(map(str, ids)) or 'nothing'}; name each of {wanted} exactly once.")
    told: list[Command] = []
    for step in steps:
        command = plan.command(step["command"])
        late = set(command.after) - {each.id for each in told}
        if late:
            raise InputError(f"Command {command.id!r} stands before {min(late)!r}, which it builds on.")
        if command.operation not in _LOOKS and any(each.operation in _LOOKS for each in told):
            raise InputError(f"Command {command.id!r} stands after the tone or style of the picture; put these last.")
        text = read_rewriting(step, command)
        told.append(command.model_copy(update={"text": text}) if text else command)
    return told
