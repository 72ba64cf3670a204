"""Settings: where the user's data lies, and what `poser.toml` and the environment say.

Later ones win: the user's `poser.toml`, the one of the project (in the working folder), environment variables, the
command line. Secrets stand in none of them but the environment.
"""

from __future__ import annotations

import os
import re
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

from poser.experts.errors import InputError, UnknownName

FILE = "poser.toml"

KINDS = {"experts": "expert", "critics": "critic", "extractors": "extractor", "policies": "policy"}
"""Tables of `poser.toml` that name objects, and the kind of each."""

_EXAMPLES = {
    "experts": 'name = "kontext" and use = "diffusers"',
    "critics": 'name = "vlm" and use = "vlm"',
    "extractors": 'name = "llm" and use = "llm"',
    "policies": 'name = "mine" and use = "my_policy:MyPolicy"',
}

_SECRET = re.compile(r"(^|[-_])(api)?(key|token|secret|password|credential|authorization)s?$", re.IGNORECASE)
_COUNT = re.compile(r"max_(\w+_)?tokens")
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")


def home() -> Path:
    """The folder of the user's data: `POSER_HOME`, or the platform's own place. It need not exist."""
    if given := os.environ.get("POSER_HOME"):
        return Path(given).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "poser"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "poser"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "poser"


@dataclass(frozen=True)
class RunSettings:
    """What runs and evaluations do unless the command line says otherwise; None = as the option's default.

    Attributes:
        policy, critic, extractor: names, see `poser plugins`.
        judge: name of the critic that evaluations grade by; not the critic of the runs.
        experts: names of experts or pools; None = all that are known.
        budget: most US dollars of a run.
        thrift: what money counts, 0 to 1.
        max_steps: most calls of experts a picture.
        reflect: whether instructions are reworded that failed twice.
        size: "WIDTHxHEIGHT" in pixels.
        confirm_above: US dollars that a run may be expected to cost without being asked for.
    """

    policy: str | None = None
    critic: str | None = None
    extractor: str | None = None
    judge: str | None = None
    experts: tuple[str, ...] | None = None
    budget: float | None = None
    thrift: float | None = None
    max_steps: int | None = None
    reflect: bool | None = None
    size: str | None = None
    confirm_above: float | None = None


@dataclass(frozen=True)
class Entry:
    """An object that a file describes.

    Attributes:
        kind: "expert", "critic", "extractor" or "policy".
        name: what it is called.
        use: name of an adapter, or "module:attribute".
        options: its further settings, as they stand in the file.
        origin: the file.
    """

    kind: str
    name: str
    use: str
    options: Mapping[str, Any]
    origin: str


@dataclass(frozen=True)
class Settings:
    """Everything that is set.

    Attributes:
        run: of runs.
        entries: objects that files describe, the user's first.
        plugins: names of plugins or their distributions that may be loaded; None = all.
        files: Python files whose experts and critics are registered.
        sources: the files that were read.
    """

    run: RunSettings = RunSettings()
    entries: tuple[Entry, ...] = ()
    plugins: tuple[str, ...] | None = None
    files: tuple[Path, ...] = ()
    sources: tuple[Path, ...] = field(default=())


def user_file() -> Path:
    """Where the user's own settings lie: `poser.toml` beside their data."""
    return home() / FILE


def project_file() -> Path:
    """Where the project's settings lie: `POSER_CONFIG`, or `poser.toml` in the working folder."""
    given = os.environ.get("POSER_CONFIG")
    return Path(given).expanduser() if given else Path(FILE)


def load_settings() -> Settings:
    """What the files and the environment say.

    Raises:
        InputError: a file that cannot be read, an unknown key, a value of another kind, or a secret in a file.
    """
    if os.environ.get("POSER_CONFIG") and not project_file().is_file():
        raise InputError(f"POSER_CONFIG names {project_file()}, and there is no such file.")
    settings = Settings()
    found = {path.resolve(): path for path in (user_file(), project_file()) if path.is_file()}
    for path in found.values():
        settings = _merged(settings, _read(path), path)
    return _with_environment(settings)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise InputError(f"{path} cannot be read: {reason}.") from error


def _merged(before: Settings, table: Mapping[str, Any], path: Path) -> Settings:
    _known(f"key of {path}", table, ["run", "plugins", *KINDS])
    run = _table(path, "run", table.get("run", {}))
    plugins = _table(path, "plugins", table.get("plugins", {}))
    _known(f"key of [plugins] in {path}", plugins, ["load", "files"])
    load = plugins.get("load")
    files = _names(path, "plugins.files", plugins.get("files", []))
    return Settings(
        run=_run_settings(before.run, run, f"[run] in {path}"),
        entries=(*before.entries, *_entries(table, path)),
        plugins=before.plugins if load is None else _names(path, "plugins.load", load),
        files=(*before.files, *(path.parent / Path(name).expanduser() for name in files)),
        sources=(*before.sources, path),
    )


def _entries(table: Mapping[str, Any], path: Path) -> list[Entry]:
    entries = []
    for plural, kind in KINDS.items():
        given = table.get(plural, [])
        if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
            raise InputError(f"{plural} in {path} is no list of tables; write [[{plural}]] above each.")
        for options in given:
            rest = dict(options)
            name, use = rest.pop("name", None), rest.pop("use", None)
            if not (isinstance(name, str) and isinstance(use, str) and name and use):
                raise InputError(
                    f"A [[{plural}]] in {path} has name = {name!r} and use = {use!r}; give both as text, "
                    f"for instance {_EXAMPLES[plural]}."
                )
            _refuse_secrets(rest, f"{name!r} in {path}")
            entries.append(Entry(kind, name, use, rest, str(path)))
    return entries


def _refuse_secrets(options: Mapping[str, Any], where: str) -> None:
    for key, value in options.items():
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, Mapping):
                _refuse_secrets(inner, where)
        secret = _SECRET.search(key.removesuffix("_env")) and not _COUNT.fullmatch(key)
        if not isinstance(value, str) or not value or not secret:
            continue
        if key.endswith("_env"):
            # not quoted: what stands there may be the secret itself
            if not _VARIABLE.fullmatch(value) and value not in os.environ:
                raise InputError(
                    f"{key} of {where} names no environment variable; give the name of one in capitals, such as "
                    "OPENAI_API_KEY, never the secret itself."
                )
        else:
            raise InputError(
                f"{key} of {where} holds a secret. Put it into an environment variable, and name that with {key}_env."
            )


def _run_settings(before: RunSettings, given: Mapping[str, Any], where: str) -> RunSettings:
    kinds = get_type_hints(RunSettings)
    _known(f"key of {where}", given, kinds)
    values = {entry.name: getattr(before, entry.name) for entry in fields(RunSettings)}
    for name, value in given.items():
        values[name] = _converted(f"{name} of {where}", value, kinds[name])
    return RunSettings(**values)


def _converted(where: str, value: Any, kind: Any) -> Any:
    wanted = next(each for each in get_args(kind) if each is not type(None))
    if wanted is bool and isinstance(value, bool):
        return value
    if wanted is float and isinstance(value, int | float) and not isinstance(value, bool):
        if value < 0 or value != value:
            raise InputError(f"{where} is {value}; give a number of at least 0.")
        return float(value)
    if wanted is int and isinstance(value, int) and not isinstance(value, bool):
        return value
    if wanted is str and isinstance(value, str):
        return value
    if (
        wanted not in (bool, float, int, str)
        and isinstance(value, list)
        and all(isinstance(each, str) for each in value)
    ):
        return tuple(value)
    words = {bool: "true or false", float: "a number", int: "a whole number", str: "text"}
    raise InputError(f"{where} is {value!r}; give {words.get(wanted, 'a list of names')}.")


def _with_environment(settings: Settings) -> Settings:
    kinds, given = get_type_hints(RunSettings), {}
    for name, kind in kinds.items():
        text = os.environ.get(f"POSER_{name.upper()}")
        if text:
            given[name] = _from_text(f"POSER_{name.upper()}", text, kind)
    allowed = os.environ.get("POSER_PLUGINS")
    return Settings(
        run=_run_settings(settings.run, given, "the environment"),
        entries=settings.entries,
        plugins=settings.plugins if allowed is None else _split(allowed),
        files=settings.files,
        sources=settings.sources,
    )


def _from_text(name: str, text: str, kind: Any) -> Any:
    wanted = next(each for each in get_args(kind) if each is not type(None))
    if wanted is str:
        return text
    if wanted is bool:
        if text.lower() not in ("true", "false"):
            raise InputError(f"{name} is {text!r}; give true or false.")
        return text.lower() == "true"
    if wanted not in (float, int):
        return list(_split(text))
    try:
        return wanted(text)
    except ValueError as error:
        raise InputError(f"{name} is {text!r}; give a {'whole ' if wanted is int else ''}number.") from error


def _split(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _known(kind: str, given: Mapping[str, Any], known: Any) -> None:
    for name in given:
        if name not in known:
            raise UnknownName(kind, name, known)


def _table(path: Path, name: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise InputError(f"{name} in {path} is no table; write [{name}] above its keys.")
    return value


def _names(path: Path, name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise InputError(f"{name} in {path} is {value!r}; give a list of names.")
    return tuple(value)
