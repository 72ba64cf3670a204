"""The prompts of a batch, each with options of its own."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from poser.engine.intake import read_image, read_size
from poser.experts.errors import InputError, UnknownName


@dataclass(frozen=True, kw_only=True)
class Job:
    """One prompt.

    Attributes:
        line: 1-based number of its line, row or place.
        prompt: the user's words; "" with a plan.
        options: what it says of `OPTIONS`; the rest is as the whole batch.
    """

    line: int
    prompt: str
    options: Mapping[str, Any] = field(default_factory=dict)


def jobs_of(prompts: Iterable[str | Mapping[str, Any]]) -> list[Job]:
    """The jobs of prompts that are given in Python: strings, or mappings with `prompt` and any of `OPTIONS`.

    Raises:
        InputError: none, or one that is neither, lacks a prompt, or holds an unknown key or a value of a wrong kind.
    """
    if isinstance(prompts, str | Mapping):
        raise InputError("One prompt alone was given; give a list of prompts, or call poser.generate.")
    return checked(job_of(index, given) for index, given in enumerate(prompts, 1))


def checked(jobs: Iterable[Job]) -> list[Job]:
    """These jobs; there must be one.

    Raises:
        InputError: there is none.
    """
    found = list(jobs)
    if not found:
        raise InputError("No prompt was given; give at least one.")
    return found


def job_of(line: int, given: Any, base: Path | None = None) -> Job:
    """The job of one line.

    Args:
        line: its number, for messages.
        given: the prompt, or a mapping.
        base: folder that relative paths are meant from; None = the working folder.

    Raises:
        InputError: as `jobs_of`.
    """
    if isinstance(given, str):
        given = {"prompt": given}
    if not isinstance(given, Mapping):
        raise InputError(f"Prompt {line} is a {type(given).__name__}; give text, or an object with a prompt.")
    options: dict[str, Any] = {}
    for name, value in given.items():
        if name != "prompt" and name not in OPTIONS:
            raise UnknownName(f"key of prompt {line}", str(name), ["prompt", *OPTIONS])
        if name != "prompt" and value is not None:
            try:
                options[name] = OPTIONS[name](value)
            except (InputError, TypeError, ValueError) as error:
                raise InputError(f"{name} of prompt {line} is {value!r}: {_sentence(error)}") from error
            if name in _PATHS and base is not None and isinstance(options[name], str | os.PathLike):
                options[name] = base / Path(options[name]).expanduser()
    prompt = given.get("prompt")
    if prompt is None and "plan" in options:
        prompt = ""
    if not isinstance(prompt, str) or not (prompt.strip() or "plan" in options):
        raise InputError(f"Prompt {line} is {prompt!r}; give text in `prompt`.")
    return Job(line=line, prompt=prompt.strip(), options=options)


def digest(job: Job) -> str:
    """Hex SHA-256 of what a job asks for: its words, its options, and what its files hold now."""
    asked = {name: shown(name, value) for name, value in job.options.items()}
    text = json.dumps({"prompt": job.prompt, **asked}, sort_keys=True, default=repr)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def shown(name: str, value: Any) -> Any:
    """An option as JSON: files and pictures by a hash of what they hold now, objects by their names."""
    if name in _PATHS and isinstance(value, str | os.PathLike):
        try:
            return hashlib.sha256(Path(value).read_bytes()).hexdigest()
        except OSError:
            # it cannot be read then either, and is told so there
            return f"missing: {value}"
    if name == "rules":
        return value._asdict()
    if name == "image":
        try:
            return read_image(value).sha256
        except InputError as error:
            return str(error)
    if name == "plan":
        return value if isinstance(value, Mapping) else value.model_dump(mode="json")
    if name == "experts":
        entries = [value] if isinstance(value, str) or not isinstance(value, Iterable) else value
        return [entry if isinstance(entry, str) else entry.spec.name for entry in entries]
    if isinstance(value, str | int | float | bool | list | tuple):
        return value
    return str(getattr(value, "name", type(value).__name__))


def _names(value: Any) -> list[Any]:
    if isinstance(value, str):
        return [name.strip() for name in value.split(",") if name.strip()]
    if isinstance(value, Iterable):
        return list(value)
    raise TypeError("give names such as 'a,b'")


def _number(value: Any) -> float:
    number = float(value)
    if isinstance(value, bool) or not 0.0 <= number < float("inf"):
        raise ValueError("give a number of at least 0")
    return number


def _whole(value: Any) -> int:
    if isinstance(value, bool) or (isinstance(value, float) and value != int(value)):
        raise ValueError("give a whole number")
    return int(value)


def _yes_or_no(value: Any) -> bool:
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    if isinstance(value, bool):
        return value
    if str(value).strip().lower() not in words:
        raise ValueError("give true or false")
    return words[str(value).strip().lower()]


def _size(value: Any) -> tuple[int, int]:
    if isinstance(value, str):
        return read_size(value)
    width, height = value
    return _whole(width), _whole(height)


def _as_it_is(value: Any) -> Any:
    return value


OPTIONS: Mapping[str, Callable[[Any], Any]] = {
    "image": _as_it_is,
    "plan": _as_it_is,
    "experts": _names,
    "critic": _as_it_is,
    "extractor": _as_it_is,
    "policy": _as_it_is,
    "seed": _whole,
    "n": _whole,
    "size": _size,
    "max_steps": _whole,
    "budget": _number,
    "thrift": _number,
    "explore": _yes_or_no,
    "reflect": _yes_or_no,
}
"""What a prompt may say for itself, see `poser.generate`, and how it is read."""

_PATHS = ("image", "plan")


def _sentence(error: Exception) -> str:
    words = str(error)
    return words if words.endswith(".") else f"{words}."
