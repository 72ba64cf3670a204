"""What users set, checked as it is given: types, addresses, names of environment variables."""

from __future__ import annotations

import functools
import inspect
import re
import typing
from collections.abc import Callable, Mapping
from typing import Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import SplitResult, urlsplit

from pydantic import ConfigDict, PydanticUserError, TypeAdapter, ValidationError

from poser.experts.errors import InputError

P = ParamSpec("P")
Self = TypeVar("Self")

LONGEST_SHOWN = 80

_CONFIG = ConfigDict(arbitrary_types_allowed=True, allow_inf_nan=False)

_VARIABLE = re.compile(r"(?!(hf|sk)_[A-Za-z0-9]{16})[A-Za-z_][A-Za-z0-9_]*")
"""A name, and no token in its place."""


def check_types(target: Callable[..., Any], given: Mapping[str, Any]) -> None:
    """Compare values out of a file with the annotations of a class or function; what has none is not checked.

    Numbers must be finite, a bool is no number, a text neither a number nor a list.

    Raises:
        InputError: a value of another type; the message names the argument.
    """
    hints = _hints(target)
    for name, value in given.items():
        try:
            allowed = TypeAdapter(hints.get(name, Any), config=_CONFIG)
        except PydanticUserError:
            # a type with a config of its own, such as a pydantic model
            allowed = TypeAdapter(hints[name])
        try:
            taken = allowed.validate_python(value)
        except ValidationError as error:
            problems = error.errors(include_url=False, include_input=False)
            # of a union every way in which it could be right
            reasons = ", or: ".join(dict.fromkeys(each["msg"].rstrip(".") for each in problems))
        else:
            if _kept(value, taken):
                continue
            # pydantic reads "7" as a number; who is handed the text would stumble over it
            reasons = f"Input should be of type {type(taken).__name__}"
        shown = repr(value)
        shown = shown if len(shown) <= LONGEST_SHOWN else f"{shown[:LONGEST_SHOWN]}…"
        raise InputError(f"{name} = {shown}: {reasons}.")


def checked_settings(
    init: Callable[Concatenate[Self, P], None],
) -> Callable[Concatenate[Self, P], None]:
    """A constructor of keyword arguments that refuses what is not of their types (`check_types`), as `InputError`.

    Arguments that end in `_env` must name an environment variable.
    """

    @functools.wraps(init)
    def checked(self: Self, *args: P.args, **given: P.kwargs) -> None:
        who = given.get("name") or given.get("model") or type(self).__name__
        try:
            check_types(init, given)
        except InputError as error:
            raise InputError(f"expert {who!r}: {error}") from None
        for name, value in given.items():
            # not shown: it may be the secret itself
            if name.endswith("_env") and value and not _VARIABLE.fullmatch(str(value)):
                raise InputError(
                    f"expert {who!r}: {name} names no environment variable. Put the secret into a variable, and give "
                    "the name of that."
                )
        init(self, *args, **given)

    return typing.cast("Callable[Concatenate[Self, P], None]", checked)


def _kept(value: Any, taken: Any) -> bool:
    """Whether what pydantic made of a value is that value: numbers, texts and truth values, also within."""
    if isinstance(value, Mapping) and isinstance(taken, Mapping):
        return all(_kept(one, other) for one, other in zip(value.values(), taken.values(), strict=True))
    if isinstance(value, list | tuple) and isinstance(taken, list | tuple):
        return all(_kept(one, other) for one, other in zip(value, taken, strict=True))
    if isinstance(taken, bool | int | float | str):
        return isinstance(value, bool) is isinstance(taken, bool) and bool(value == taken)
    return True


def parsed_address(value: str) -> SplitResult | None:
    """The parts of an http(s) address; None if it is none."""
    try:
        parts = urlsplit(value)
        # looking at the port checks it
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if sound else None


def _hints(target: Callable[..., Any]) -> dict[str, Any]:
    """Type of each argument; Any for what is imported for type checkers alone, nothing if annotations are no types."""
    made_by = getattr(target, "__init__") if inspect.isclass(target) else target  # noqa: B009  mypy: not of a class
    unknown: dict[str, Any] = {}
    while True:
        try:
            return typing.get_type_hints(made_by, localns=unknown)
        except NameError as error:
            if not error.name or error.name in unknown:
                return {}
            unknown[error.name] = Any
        except (TypeError, AttributeError, SyntaxError):
            return {}
