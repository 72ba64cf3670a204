"""Arguments out of a file: whether a class or function takes such values, and which of them are paths."""

from __future__ import annotations

import inspect
import os
import typing
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from poser.experts.errors import InputError


def check_types(target: Callable[..., Any], given: Mapping[str, Any]) -> None:
    """Compare values with the annotations of a class or function; what is not annotated is not checked.

    Raises:
        InputError: a value of another type; the message names the argument.
    """
    from pydantic import ConfigDict, PydanticUserError, TypeAdapter, ValidationError

    hints = _hints(target)
    for name, value in given.items():
        if name not in hints:
            continue
        try:
            allowed = TypeAdapter(hints[name], config=ConfigDict(arbitrary_types_allowed=True))
        except PydanticUserError:
            # config belongs to the type itself, such as a pydantic model
            continue
        try:
            taken = allowed.validate_python(value)
        except ValidationError as error:
            raise _wrong(name, value, error.errors(include_url=False)[0]["msg"]) from error
        # pydantic reads "7" as a number; who is handed the text would stumble over it (nan alone differs from itself)
        if isinstance(taken, bool | int | float | str) and taken != value and value == value:
            raise _wrong(name, value, f"Input should be of type {type(taken).__name__}")


def beside(file: str, value: Any) -> Any:
    """Texts that begin with a dot are paths from the folder of the file that names them, "~/" is the user's home.

    Args:
        file: that names them.
        value: a text; in lists and tables every text.
    """
    if isinstance(value, list):
        return [beside(file, each) for each in value]
    if isinstance(value, Mapping):
        return {key: beside(file, each) for key, each in value.items()}
    if isinstance(value, str) and value.startswith("~/"):
        return os.path.expanduser(value)
    if isinstance(value, str) and value.startswith(("./", "../")):
        # absolute: without its dot it might be taken for something else, such as a model's name
        return os.path.abspath(Path(file).parent / value)
    return value


def _wrong(name: str, value: Any, said: str) -> InputError:
    shown = repr(value)
    return InputError(
        f"{name} is {shown if len(shown) <= 60 else f'{shown[:59]}…'}: {said[:1].lower()}{said[1:].rstrip('.')}."
    )


def _hints(target: Callable[..., Any]) -> dict[str, Any]:
    made_by = getattr(target, "__init__") if inspect.isclass(target) else target  # noqa: B009  mypy: not of a class
    # names that only type checkers import stand for anything
    unknown: dict[str, Any] = {}
    while True:
        try:
            return typing.get_type_hints(made_by, localns=unknown)
        except NameError as error:
            if not error.name or error.name in unknown:
                return {}
            unknown[error.name] = Any
        except (TypeError, AttributeError, SyntaxError):
            # annotations need not be types at all
            return {}
