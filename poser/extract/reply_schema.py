"""The JSON that language models are asked for: plans and reworded instructions.

Spelling is forgiven when it is read: a number or a truth value for a word, a word for a list, a list left out.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from poser.extract.prompts import ACTIONS

REWRITING_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"instruction": {"type": "string"}},
    "required": ["instruction"],
    "additionalProperties": False,
}


def as_word(value: Any) -> Any:
    """A number or a truth value as a word, text on one line; anything else as it is."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        # 3.0 is a 3, and no digit of a lettering is lost
        return f"{value:.15g}"
    if isinstance(value, str):
        # half of a surrogate pair can be written nowhere
        return " ".join(value.encode("utf-8", "replace").decode("utf-8").split())
    return value


def _words(value: Any) -> Any:
    if value is None or value == "":
        return []
    return [value] if isinstance(value, str | int | float) else value


Word = Annotated[str, BeforeValidator(as_word)]
WordList = Annotated[list[Word], BeforeValidator(_words)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", json_schema_extra={"additionalProperties": False})


class AtomReply(_Part):
    """An atom as a model writes it; `words` are the pieces of the prompt that it stands for."""

    id: Word
    tuple: WordList
    question: Word
    answer: Word = "yes"
    parents: WordList = []
    words: WordList = []


class CommandReply(_Part):
    """A command as a model writes it."""

    id: Word
    action: Word
    subjects: WordList = []
    goals: WordList = []
    instruction: Word
    after: WordList = []
    atoms: list[AtomReply]


class FoldedReply(_Part):
    """A change of mind as a model writes it; `command` "" = the command is gone."""

    words: Word
    command: Annotated[str, BeforeValidator(lambda value: "" if value is None else as_word(value))] = ""
    change: Word = ""


class PlanReply(_Part):
    """A plan as a model writes it."""

    commands: list[CommandReply]
    folded: list[FoldedReply] = []


class _Strict(GenerateJsonSchema):
    """Without defaults and titles, which strict mode does not take."""

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])


def plan_schema() -> dict[str, Any]:
    """The JSON schema of a reply, as strict mode wants it: nothing further, everything required."""
    schema = PlanReply.model_json_schema(schema_generator=_Strict)
    for part in (schema, *schema["$defs"].values()):
        part.pop("title", None)
        part.pop("description", None)
        part["required"] = list(part["properties"])
        for value in part["properties"].values():
            value.pop("title", None)
    schema["$defs"]["CommandReply"]["properties"]["action"] = {"type": "string", "enum": list(ACTIONS)}
    return schema
