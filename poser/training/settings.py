"""Settings of a training as a frozen dataclass: from presets in YAML, a mapping, or a command line."""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import re
import types
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import yaml

from poser.experts.errors import InputError, UnknownName
from poser.experts.files import write_atomically

PAIRS = Mapping[str, Any]
"""Type of a setting that is names with values: a mapping in YAML, NAME=VALUE on the command line."""


ARGUMENTS = "arguments.json"
"""File of its settings in the folder of a training."""

_OF_THE_CALL = ("out", "resume", "progress")

_SHOWN = 6
"""Settings of which both values are told."""

_SCIENTIFIC = re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+")


def about(text: str, default: Any) -> Any:
    """A field of settings that says what it does."""
    return dataclasses.field(default=default, metadata={"help": text})


def joined(settings: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with others on top; where both have a mapping, its entries are joined in the same way."""
    both = dict(settings)
    for name, value in more.items():
        below = both.get(name)
        both[name] = joined(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return both


def read_preset(
    name: str,
    package: str,
    shipped: Sequence[str],
    within: tuple[str, ...] = (),
    join: Callable[[Mapping[str, Any], Mapping[str, Any]], dict[str, Any]] = joined,
) -> dict[str, Any]:
    """The settings of a preset: one of those `shipped` in the data of a `package`, or a YAML file; it may name another
    `preset` that it builds on, and is put on top of by `join`.

    Raises:
        InputError: no such preset, a broken one, or presets that build on each other in a circle.
    """
    if name in within:
        raise InputError(
            f"The presets {', '.join(within)} build on each other in a circle; let one of them build on none."
        )
    path = Path(name)
    if path.suffix in (".yml", ".yaml"):
        if not path.is_file():
            raise InputError(f"There is no preset file {name}.")
        text = path.read_bytes()
    elif name in shipped:
        text = files(package).joinpath("data", f"{name}.yml").read_bytes()
    else:
        raise UnknownName("preset", name, shipped)
    try:
        settings = yaml.safe_load(text.decode()) or {}
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"The preset {name} cannot be read: {' '.join(str(error).split())}") from error
    if not isinstance(settings, dict):
        raise InputError(f"The preset {name} is no mapping of arguments to values.")
    base = settings.pop("preset", None)
    return settings if base is None else join(read_preset(str(base), package, shipped, (*within, name), join), settings)


def converted(settings: Mapping[str, Any], kind: type) -> dict[str, Any]:
    """Values of YAML or of the command line as the types of the fields of the dataclass `kind`.

    Raises:
        UnknownName: something is no field.
        InputError: a value of another type, or a number that is none.
    """
    kinds = get_type_hints(kind)
    for name in settings:
        if name not in kinds:
            raise UnknownName("argument", name, list(kinds))
    made = {name: _converted(name, kinds[name], value) for name, value in settings.items()}
    for name, value in made.items():
        parts = value if isinstance(value, tuple) else (value,)
        if any(isinstance(part, float) and not math.isfinite(part) for part in parts):
            raise InputError(f"{name} is {value}; give finite numbers.")
    return made


def check_least(settings: Any, least: Mapping[int, Sequence[str]]) -> None:
    """Check numbers: least value -> names of the fields that may not be below it.

    Raises:
        InputError: one is.
    """
    for number, names in least.items():
        for name in names:
            if getattr(settings, name) < number:
                raise InputError(f"{name} is {getattr(settings, name)}; give at least {number}.")


def check_folder(out: Path, settings: Mapping[str, Any], *, resume: bool) -> None:
    """Check that a training may begin in a folder, or go on in it: with the same `settings`, by its arguments.json.

    Raises:
        InputError: it is a file; holds an earlier training, which is not to be resumed; holds none, or one with other
            settings, or settings that cannot be read.
    """
    path = out / ARGUMENTS
    if out.exists() and not out.is_dir():
        raise InputError(f"{out} is a file; give another --out, a folder that is new or empty.")
    if not resume:
        if path.exists():
            raise InputError(
                f"{out} holds an earlier training. Go on with it by --resume, or give another --out; to train it anew, "
                "remove the folder first."
            )
        return
    if not path.is_file():
        raise InputError(
            f"There is no training in {out} to go on with; train without --resume, in a new or empty folder."
        )
    held = _kept(path)
    asked = json.loads(json.dumps(settings))
    changed = [
        f"{name} {repr(held[name]) if name in held else 'not set'}, not {value!r}"
        for name, value in asked.items()
        if name not in held or held[name] != value
    ]
    if changed:
        raise InputError(
            f"The training in {out} has other settings: {_some(changed)}. Give --out and --resume alone to go on with "
            "its own, or train anew in another folder."
        )


def kept_settings(
    given: Mapping[str, Any], kind: type, free: Sequence[str], load_preset: Callable[[str], dict[str, Any]]
) -> dict[str, Any] | None:
    """The settings of the training that is to go on, with what is given of those that are `free` to differ; None where
    none is to go on, or none is there.

    Args:
        given: what a command line gives, and with it what stands in a preset file. Of a mapping, the entries that are
            given count.
        kind: the dataclass of the settings.
        free: names of settings that may differ.
        load_preset: reads a preset.

    Raises:
        InputError: something given is not as it was; or the settings cannot be read, or are of a release with other
            ones.
    """
    if not given.get("resume"):
        return None
    fields = {each.name: each.default for each in dataclasses.fields(kind)}
    name = str(given.get("preset", ""))
    preset = load_preset(name) if name else {}
    path = Path(str(given.get("out") or preset.get("out") or fields["out"])) / ARGUMENTS
    if Path(name).suffix in (".yml", ".yaml"):
        # a shipped one is the same as it was
        given = joined(preset, given)
    if not path.is_file():
        return None
    # trainings of policies used to keep those, too
    held = {name: value for name, value in _kept(path).items() if name not in _OF_THE_CALL}
    others = sorted(set(held) ^ (set(fields) - set(_OF_THE_CALL)))
    if others:
        raise InputError(
            f"{path} is of another release, or of another kind of training: its settings differ in "
            f"{_some(others, ', ')}. Train anew in another folder."
        )
    try:
        converted(held, kind)
    except InputError as error:
        raise InputError(f"{path} cannot be read: {error} Mend it, or train anew in another folder.") from error
    asked = json.loads(json.dumps(converted(given, kind), default=str))
    changed = {name: held[name] for name in asked if name not in free and joined(held, {name: asked[name]}) != held}
    if changed:
        shown = [f"{name} {value!r}, not {asked[name]!r}" for name, value in changed.items()]
        raise InputError(
            f"The training in {path.parent} has other settings: {_some(shown)}. Give --out and --resume alone to go on "
            "with its own, or train anew in another folder."
        )
    return held | {name: value for name, value in given.items() if name in free} | {"out": str(path.parent)}


def keep_settings(out: Path, arguments: Any) -> None:
    """Write the settings of the training in a folder; also those that may differ when it goes on, but for where it is,
    that it goes on, and what it shows.
    """
    held = {name: value for name, value in dataclasses.asdict(arguments).items() if name not in _OF_THE_CALL}
    write_atomically(out / ARGUMENTS, json.dumps(held, indent=1).encode())


def _some(parts: Sequence[str], between: str = "; ") -> str:
    """The first of them, and how many more there are."""
    more = len(parts) - _SHOWN
    return between.join(parts[:_SHOWN]) + (f"{between}and {more} more" if more > 0 else "")


def _kept(path: Path) -> dict[str, Any]:
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(held, dict):
            raise ValueError("it is no mapping of arguments")
    except ValueError as error:
        raise InputError(f"{path} cannot be read: {error}; train anew in another folder.") from error
    return held


def parse_options(kind: type, description: str, argv: Sequence[str] | None, prog: str | None) -> dict[str, Any]:
    """What a command line gives of the fields of the dataclass `kind`; every field is an option.

    Raises:
        InputError: something is not NAME=VALUE where it should be.
    """
    parser = argparse.ArgumentParser(prog=prog, description=description, argument_default=argparse.SUPPRESS)
    kinds = get_type_hints(kind)
    for each in dataclasses.fields(kind):
        option, wanted = "--" + each.name.replace("_", "-"), kinds[each.name]
        default = each.default if each.default_factory is dataclasses.MISSING else each.default_factory()
        text = f"{each.metadata['help']} (default: {default})".replace("%", "%%")
        if wanted is bool:
            parser.add_argument(option, action=argparse.BooleanOptionalAction, help=text)
        elif wanted == PAIRS:
            parser.add_argument(option, nargs="+", action="extend", metavar="NAME=VALUE", help=text)
        elif get_origin(wanted) is tuple and get_args(wanted)[-1] is ...:
            parser.add_argument(option, nargs="+", type=get_args(wanted)[0], help=text)
        elif get_origin(wanted) is tuple:
            parser.add_argument(option, nargs=2, type=get_args(wanted)[0], metavar=("LEAST", "MOST"), help=text)
        elif get_origin(wanted) is Literal:
            parser.add_argument(option, choices=get_args(wanted), help=text)
        else:
            parser.add_argument(option, type=wanted, help=text)
    given = vars(parser.parse_args(argv))
    return {name: _paired(name, value) if kinds[name] == PAIRS else value for name, value in given.items()}


def _paired(name: str, parts: Sequence[str]) -> dict[str, Any]:
    pairs = {}
    for part in parts:
        key, sign, value = part.partition("=")
        if not sign or not key:
            raise InputError(f"--{name.replace('_', '-')} got {part!r}; give NAME=VALUE.")
        try:
            pairs[key] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise InputError(f"The value of {part!r} cannot be read as YAML: {error}") from error
    return pairs


def _number(value: Any) -> Any:
    """The value; 1e-3, which YAML reads as text, as a number."""
    return float(value) if isinstance(value, str) and _SCIENTIFIC.fullmatch(value) else value


def _converted(name: str, kind: Any, value: Any) -> Any:
    if kind == PAIRS:
        if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
            raise InputError(f"{name} is {value!r}; give a mapping of names to values.")
        return {key: _number(each) for key, each in value.items()}
    if get_origin(kind) is tuple:
        kinds = get_args(kind)
        if kinds[-1] is ...:
            kinds = (kinds[0],) * (len(value) if isinstance(value, list | tuple) else 1)
        if not isinstance(value, list | tuple) or len(value) != len(kinds):
            raise InputError(f"{name} is {value!r}; give {'a list' if len(kinds) == 1 else f'{len(kinds)} values'}.")
        return tuple(_converted(name, each, part) for each, part in zip(kinds, value, strict=True))
    if get_origin(kind) is Literal:
        if value not in get_args(kind):
            raise InputError(f"{name} is {value!r}; give one of {', '.join(get_args(kind))}.")
        return value
    if kind is float and isinstance(value, str | int) and not isinstance(value, bool):
        # as in _number
        try:
            return float(value)
        except ValueError as error:
            raise InputError(f"{name} is {value!r}; give a number.") from error
    if isinstance(kind, types.UnionType) or not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise InputError(f"{name} is {value!r}; give a {kind.__name__}.")
    return value
