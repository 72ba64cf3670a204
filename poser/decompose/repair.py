"""Replies that are nearly in the format: what is clear is put right, the rest is refused."""

from __future__ import annotations

import contextlib
import json
import re
from typing import Any

from poser.decompose.notation import letters_of, unbracketed
from poser.experts.errors import BadReply, InputError
from poser.experts.json_repair import read_json
from poser.experts.types import Operation
from poser.extract.operations import operation_of

Groups = list[list[str]]
"""Items per command."""

_NAMES = {
    "think": r"think(?:ing)?|reasoning",
    "action": r"actions?|operations?",
    "subjects": r"subjects?",
    "goals": r"goals?",
}
# possessive: of "<" and many spaces each way to part them would be tried
_TAG = re.compile(rf"<\s*+(/?)\s*+({'|'.join(_NAMES.values())})\s*+>", re.IGNORECASE)
_FENCE = re.compile(r"^\s*```[\w-]*[ \t]*$", re.MULTILINE)
_ONE_GOAL = (Operation.RECOLOR, Operation.RESIZE, Operation.REPLACE, Operation.MOVE)
"""Of each of their subjects becomes one thing."""


def repaired(text: str) -> tuple[str, tuple[Operation, ...], tuple[tuple[str, ...], ...], tuple[tuple[str, ...], ...]]:
    """Thoughts, actions, subjects and goals of a reply, aligned.

    Raises:
        ValueError: what is meant is not clear.
    """
    text = _FENCE.sub("", text)
    found = _sections(text)
    if "action" not in found:
        found = _from_json(text) | {key: value for key, value in found.items() if key == "think"}
    if "subjects" not in found and "goals" not in found:
        raise InputError("it has neither <subjects> nor <goals>")
    actions, subjects, goals = (_groups(found.get(name, "[]"), name) for name in ("action", "subjects", "goals"))
    named = [[_operation(word) for word in group] for group in actions]
    # "[add, add]" for "[add; add]"
    flat = [operation for group in named for operation in group]
    if not flat:
        raise InputError("its <action> is empty")
    aligned = _aligned(flat, subjects, goals)
    think = found.get("think", "")
    return think if isinstance(think, str) else "", *aligned


def lists_of(text: str) -> dict[str, Groups]:
    """The groups of "action", "subjects" and "goals" as far as each can be read for itself, aligned or not."""
    text = _FENCE.sub("", text)
    try:
        found = _sections(text)
        if "action" not in found:
            found = _from_json(text)
    except ValueError:
        return {}
    lists: dict[str, Groups] = {}
    for name in ("action", "subjects", "goals"):
        if name in found:
            with contextlib.suppress(ValueError):
                lists[name] = _groups(found[name], name)
    return lists


def _sections(text: str) -> dict[str, Any]:
    """The text of each tag; an unclosed one ends where the next begins."""
    tags = [(found.start(), found.end(), bool(found[1]), _name(found[2])) for found in _TAG.finditer(text)]
    sections: dict[str, Any] = {}
    for number, (_, begin, closing, name) in enumerate(tags):
        if closing:
            continue
        end = tags[number + 1][0] if number + 1 < len(tags) else len(text)
        if name in sections and name != "think":
            raise InputError(f"<{name}> stands twice")
        sections.setdefault(name, text[begin:end].strip())
    return sections


def _name(tag: str) -> str:
    return next(name for name, words in _NAMES.items() if re.fullmatch(words, tag, re.IGNORECASE))


def _from_json(text: str) -> dict[str, Any]:
    """The sections of one JSON object."""
    try:
        data = read_json(text)
    except (BadReply, ValueError) as error:
        raise InputError("it has no <action>") from error
    if not isinstance(data, dict):
        raise InputError("it has no <action>")
    by_name = {}
    for name, words in _NAMES.items():
        keys = [key for key in data if re.fullmatch(words, key, re.IGNORECASE)]
        if len(keys) == 1:
            by_name[name] = data[keys[0]]
    if "action" not in by_name:
        raise InputError("it has no <action>")
    return by_name


def _groups(section: Any, name: str) -> Groups:
    """The groups of one section, as written or as JSON."""
    if not isinstance(section, str):
        return _from_value(section, name)
    section = section.strip()
    if section.startswith("[") and section.endswith("]"):
        try:
            value = json.loads(section)
        except ValueError:
            value = None
        # in a list of quoted words they are lettering, unless lists stand in lists
        if isinstance(value, list) and (name == "action" or any(isinstance(each, list) for each in value)):
            return _from_value(value, name)
    if not section.startswith("["):
        section = "[" + section
    if not section.endswith("]") or section.endswith("\\]"):
        section += "]"
    try:
        return unbracketed(section)
    except ValueError as error:
        raise InputError(f"in <{name}> {error}") from error


def _from_value(value: Any, name: str) -> Groups:
    if isinstance(value, str):
        return [[value]] if value.strip() else [[]]
    if not isinstance(value, list):
        raise InputError(f"<{name}> is no list")
    groups: Groups = []
    for each in value:
        items = each if isinstance(each, list) else [each]
        if not all(isinstance(item, str | int | float) for item in items):
            raise InputError(f"<{name}> holds something else than words")
        groups.append([str(item) for item in items if str(item).strip()])
    return groups or [[]]


def _operation(word: str) -> Operation:
    letters = letters_of(word)
    found = operation_of(word if letters is None else letters)
    if found is None:
        raise InputError(f"{word[:40]!r} is no action; known are {', '.join(Operation)}")
    return found


def _aligned(
    actions: list[Operation], subjects: Groups, goals: Groups
) -> tuple[tuple[Operation, ...], tuple[tuple[str, ...], ...], tuple[tuple[str, ...], ...]]:
    """The same with one entry per command."""
    if len(actions) == 1:
        subjects, goals = _parted(actions[0], subjects, goals)
        count = max(len(subjects), len(goals))
        actions = actions * count
    count = len(actions)
    subjects = _spread(subjects, count, "subjects")
    goals = _spread(goals, count, "goals")
    return tuple(actions), tuple(map(tuple, subjects)), tuple(map(tuple, goals))


def _parted(action: Operation, subjects: Groups, goals: Groups) -> tuple[Groups, Groups]:
    """One action of which as many goals as subjects are named in turn: `[coat, hair]`, `[red, blue]`."""
    if len(subjects) == len(goals) == 1 and action in _ONE_GOAL and len(subjects[0]) == len(goals[0]) > 1:
        return [[item] for item in subjects[0]], [[item] for item in goals[0]]
    return subjects, goals


def _spread(groups: Groups, count: int, name: str) -> Groups:
    """As many groups as there are commands, where it is clear how."""
    if len(groups) == count:
        return groups
    if len(groups) == 1:
        only = groups[0]
        if not only:
            return [[] for _ in range(count)]
        if len(only) == count:
            return [[item] for item in only]
        if name == "goals" and len(only) == 1:
            return [list(only) for _ in range(count)]
    if len(groups) == count + 1 and not groups[-1]:
        return groups[:-1]
    raise InputError(f"there are {count} actions and {len(groups)} lists of {name}")
