"""What experts over somebody's API share: their declaration out of settings, and the key out of the environment."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

from poser.experts.declared import DEFAULT_OPERATIONS, checked_spec
from poser.experts.errors import InputError, InvalidRequest, Unavailable, UnknownName
from poser.experts.loopback import on_loopback
from poser.experts.offered_sizes import Size, nearest_offer
from poser.experts.settings import parsed_address
from poser.experts.types import MAX_PROMPT_CHARACTERS, ExpertRequest, ExpertSpec, Operation

OPENAI = "https://api.openai.com/v1"

PRIOR = 0.5
"""First guess of an ability where none is given."""


def abilities(kind: str, operations: Mapping[str, float] | Sequence[str] | None) -> dict[Operation, float]:
    """Operation -> prior ability in [0, 1].

    Args:
        kind: "t2i" or "i2i"; decides what None stands for (`DEFAULT_OPERATIONS`).
        operations: names, or names with abilities.

    Raises:
        InputError: an unknown operation.
    """
    if operations is None:
        operations = DEFAULT_OPERATIONS.get(kind, ())
    given = dict(operations) if isinstance(operations, Mapping) else dict.fromkeys(operations, PRIOR)
    for name in given:
        if name not in list(Operation):
            raise UnknownName("operation", str(name), [operation.value for operation in Operation])
    return {Operation(name): ability for name, ability in given.items()}


def declared(name: str, model: str, kind: str, **spec: Any) -> ExpertSpec:
    """The spec of a hosted model; `name` "" becomes one made of model and kind.

    Raises:
        InputError: a setting that does not fit, with its name.
    """
    made = re.sub(r"[^a-z0-9._-]+", "-", model.lower().rpartition("/")[2]).strip("-._") or "model"
    return checked_spec({"name": name or (made if kind == "t2i" else f"{made}-edit"), "kind": kind, **spec})


def fingerprint(settings: Mapping[str, object]) -> str:
    """Eight hex digits over settings that shape the picture; part of the revision, and so of every cache key."""
    text = json.dumps(settings, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def number(setting: str, value: object, least: float, most: float = math.inf, *, whole: bool = False) -> None:
    """Check that a setting is a number of at least `least` and at most `most`.

    Raises:
        InputError: it is not.
    """
    kinds = int if whole else int | float
    if isinstance(value, bool) or not isinstance(value, kinds) or not least <= value <= most:
        bounds = f"of at least {least:g}" if most == math.inf else f"from {least:g} to {most:g}"
        raise InputError(f"{setting} is {value!r}; give a {'whole ' if whole else ''}number {bounds}.")


def web_address(setting: str, value: str) -> None:
    """Check that a setting is an http(s) address without a user or password in it.

    Raises:
        InputError: it is not.
    """
    parts = parsed_address(value)
    if parts is None or parts.username or parts.password:
        # what may hold a password or a key, or be one, is not shown
        safe = {".", ":", "/"} & set(value) and not {"@", "?"} & set(value)
        shown = f" is {value!r}, and" if safe else ""
        raise InputError(
            f"{setting}{shown} must be an address such as 'https://host/v1', without a name or password in it; "
            "keys come from the environment."
        )


def openai_address(base_url: str) -> str:
    """Where a server with OpenAI's API is: as set, else as OPENAI_BASE_URL says, else OpenAI itself.

    Raises:
        InputError: no address; the message names the setting or the variable.
    """
    named = os.environ.get("OPENAI_BASE_URL", "")
    if base_url or named:
        web_address("base_url" if base_url else "the environment variable OPENAI_BASE_URL", base_url or named)
    return base_url or named or OPENAI


def key_from_environment(name: str, variable: str, address: str) -> str | None:
    """The key in an environment variable; None where none is needed.

    Args:
        name: of the expert.
        variable: name of the environment variable; "" = the server wants no key.
        address: of the server; on loopback an unset variable means no key.

    Raises:
        Unavailable: it is not set, or holds what no key holds.
    """
    if not variable:
        return None
    key = os.environ.get(variable, "").strip()
    if not key and on_loopback(address):
        return None
    if not key:
        own = " For a server of your own set base_url or OPENAI_BASE_URL: this is OpenAI itself."
        told = own if address.rstrip("/") == OPENAI else ""
        raise Unavailable(f"{name} needs a key: set the environment variable {variable}.{told}", lasting=True)
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise Unavailable(
            f"{name}: the environment variable {variable} holds characters that no key has. Set it anew.", lasting=True
        )
    return key


def check_request(name: str, kind: str, request: ExpertRequest) -> None:
    """Check that a request is of the expert's kind, and that its text can be sent.

    Raises:
        InvalidRequest: another mode, no source picture to edit, no text, or more than `MAX_PROMPT_CHARACTERS`.
    """
    if request.mode != kind:
        raise InvalidRequest(f"{name} is {kind!r} and was asked in mode {request.mode!r}. Ask another expert.")
    if kind == "i2i" and request.source is None:
        raise InvalidRequest(f"{name} edits a picture and was given none. Give a source.")
    if not request.text.strip():
        raise InvalidRequest(f"{name} was given no text. Say what to do.")
    if len(request.text) > MAX_PROMPT_CHARACTERS:
        raise InvalidRequest(
            f"{name} was given {len(request.text):,} characters; at most {MAX_PROMPT_CHARACTERS:,} are taken. "
            "Say it in fewer words, or in several commands."
        )


def size_to_ask(name: str, offered: Sequence[Size], request: ExpertRequest) -> Size:
    """The size to ask for: the wanted one, or the nearest of those that are offered.

    Raises:
        InvalidRequest: none that is offered has these proportions.
    """
    wanted = (request.width, request.height)
    asked = nearest_offer(offered, wanted) if offered else wanted
    if asked is None:
        names = ", ".join(f"{width}x{height}" for width, height in offered)
        raise InvalidRequest(
            f"{name} was asked for {wanted[0]}x{wanted[1]} pixels; it offers {names}. Ask for one of these proportions."
        )
    return asked
