"""The spec of an expert that is declared by settings: what a server or a workflow behind it cannot say of itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from poser.experts.errors import InputError
from poser.experts.types import ExpertSpec, Operation

UNKNOWN_ABILITY = 0.5
"""Prior ability of operations that are only named."""

# a fresh canvas has nothing to change, and "no cars" is a removal
_FRESH = ("generate", "add", "remove", "background", "style", "tone", "text", "other")
DEFAULT_OPERATIONS: Mapping[str, tuple[str, ...]] = {
    "t2i": _FRESH,
    "i2i": tuple(operation.value for operation in Operation if operation is not Operation.GENERATE),
}
"""Kind -> operations of an expert that reads language and names none."""


def declared_spec(
    *, name: str, kind: str, operations: Mapping[str, float] | Sequence[str] | None = None, **fields: Any
) -> ExpertSpec:
    """The spec of these settings.

    Args:
        name: of the expert.
        kind: "t2i" or "i2i".
        operations: names, or a mapping to prior abilities in [0, 1]; by default all that make sense for the kind.
        **fields: further fields of `ExpertSpec`.

    Raises:
        InputError: a value that is not allowed; the message names the expert and the setting.
    """
    named = DEFAULT_OPERATIONS.get(kind, ()) if operations is None else operations
    if isinstance(named, str):
        raise InputError(f"{name}: operations = {named!r} is one string; give a list such as [{named!r}].")
    abilities = dict(named) if isinstance(named, Mapping) else dict.fromkeys(named, UNKNOWN_ABILITY)
    return checked_spec({"name": name, "kind": kind, "operations": abilities, **fields})


def checked_spec(fields: Mapping[str, Any]) -> ExpertSpec:
    """The spec of these fields.

    Raises:
        InputError: a value that is not allowed.
    """
    try:
        return ExpertSpec.model_validate(dict(fields))
    except ValidationError as error:
        said = "; ".join(_said(each) for each in error.errors(include_url=False))
        who = f"expert {fields.get('name')!r}"
        # the spec's own checks name it as well
        raise InputError(f"{who}: {said.removeprefix(who).lstrip(': ')}.") from error


def _said(error: ErrorDetails) -> str:
    path = ".".join(str(step) for step in error["loc"] if step != "[key]")
    return f"{path} = {error['input']!r}: {error['msg']}" if path else error["msg"].removeprefix("Value error, ")
