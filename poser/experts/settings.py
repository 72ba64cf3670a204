"""What users set of an adapter, checked as it is given: types, addresses, names of environment variables."""

from __future__ import annotations

import functools
import inspect
import re
import typing
from collections.abc import Callable, Mapping
from typing import Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import SplitResult, urlsplit

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from poser.experts.errors import InputError

P = ParamSpec("P")
Self = TypeVar("Self")

LONGEST_SHOWN = 80

_VARIABLE = re.compile(r"(?!(hf|sk)_[A-Za-z0-9]{16})[A-Za-z_][A-Za-z0-9_]*")
"""A name, and no token in its place."""


def checked_settings(
    init: Callable[Concatenate[Self, P], None],
) -> Callable[Concatenate[Self, P], None]:
    """A constructor of keyword arguments that refuses what is not of their types, as `InputError`.

    Numbers must be finite, a bool is no number, a string no list; arguments that end in `_env` must name an environment
    variable. What only type checkers know of is not checked.
    """

    @functools.cache
    def model() -> type[BaseModel]:
        fields: dict[str, Any] = {name: (hint, None) for name, hint in _hints(init).items()}
        config = ConfigDict(strict=True, arbitrary_types_allowed=True, allow_inf_nan=False, protected_namespaces=())
        return create_model("Settings", __config__=config, **fields)

    @functools.wraps(init)
    def checked(self: Self, *args: P.args, **given: P.kwargs) -> None:
        who = given.get("name") or given.get("model") or type(self).__name__
        try:
            model().model_validate(given)
        except ValidationError as error:
            raise InputError(f"expert {who!r}: {_said(error, given)}") from None
        for name, value in given.items():
            # not shown: it may be the secret itself
            if name.endswith("_env") and value and not _VARIABLE.fullmatch(str(value)):
                raise InputError(
                    f"expert {who!r}: {name} names no environment variable. Put the secret into a variable, and give the "
                    "name of that."
                )
        init(self, *args, **given)

    return typing.cast("Callable[Concatenate[Self, P], None]", checked)


def parsed_address(value: str) -> SplitResult | None:
    """The parts of an http(s) address; None if it is none."""
    try:
        parts = urlsplit(value)
        # looking at the port checks it
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if sound else None


def _hints(init: Callable[..., None]) -> dict[str, Any]:
    """Type of each keyword argument; Any for what is imported for type checkers alone."""
    names: dict[str, Any] = {}
    while True:
        try:
            hints = typing.get_type_hints(init, localns=names)
        except NameError as error:
            names[str(error.name)] = Any
            continue
        wanted = inspect.signature(init).parameters
        return {name: hint for name, hint in hints.items() if name in wanted}


def _said(error: ValidationError, given: Mapping[str, Any]) -> str:
    """The first argument that is wrong, and why; of a union every way in which it could be right."""
    problems = error.errors(include_url=False, include_input=False)
    name = str(problems[0]["loc"][0])
    reasons = dict.fromkeys(each["msg"].rstrip(".") for each in problems if each["loc"][0] == name)
    shown = repr(given[name])
    shown = shown if len(shown) <= LONGEST_SHOWN else f"{shown[:LONGEST_SHOWN]}…"
    return f"{name} = {shown}: {', or: '.join(reasons)}."
