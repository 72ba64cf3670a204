"""GenEval's `evaluation_metadata.jsonl`: one JSON object a line, `tag, include, exclude?, prompt`.

`include` lists things with `class, count, color?, position?`, all of which must be there; `position` is a relation and
an index into `include`; `exclude` fails from its `count` on, so that include 3 and exclude 4 mean exactly three
(Ghosh et al. 2023; format of djghosh13/geneval at af4902f).

One include entry becomes one command: its `entity` (parent of the rest), its `count` where more than one is asked for
or `exclude` makes it exact, its colour, its relation. Nothing of a record is lost: `to_record(to_plan(r)) == r`, or the
record is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from poser.evaluate.formats.lines import lines_of, located
from poser.experts.errors import InputError
from poser.experts.plan_check import check_plan
from poser.experts.types import Atom, Command, Operation, Plan
from poser.experts.words import COLORS

TAGS = ("single_object", "two_object", "counting", "colors", "position", "color_attr")
RELATIONS = ("left of", "right of", "above", "below")
EXTRACTOR = "geneval"
"""`Plan.extractor` of what is read here."""

_WANTED = {"tag", "include", "prompt"}
_ENTRY = {"class", "count"}


def read_geneval(path: Path) -> tuple[Plan, ...]:
    """The plans of a metadata file.

    Raises:
        InputError: the file cannot be read, or a line is no GenEval record; names file and line.
    """
    plans = []
    for number, line in lines_of(path):
        with located(path, number):
            try:
                record = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise InputError(f"this is no JSON ({error}); every line must be one GenEval record.") from error
            plans.append(to_plan(record))
    return tuple(plans)


def write_geneval(plans: Iterable[Plan], path: Path) -> None:
    """Write plans as a metadata file.

    Raises:
        InputError: a plan says what the format has no words for; nothing is written then.
    """
    lines = [json.dumps(to_record(plan), ensure_ascii=False) for plan in plans]
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")


def to_plan(record: Mapping[str, Any]) -> Plan:
    """The plan of one record.

    Raises:
        InputError: a key is missing or unknown, the tag is unknown, or a plan cannot hold what the record says.
    """
    _check(record)
    exact = {entry["class"]: entry["count"] for entry in record.get("exclude", [])}
    names = _names(record["include"])
    commands: list[Command] = []
    for place, entry in enumerate(record["include"]):
        number = f"o{place + 1}"
        commands.append(_command(record["include"], place, names, exact.get(entry["class"]), number))
    plan = check_plan(Plan(prompt=record["prompt"], commands=tuple(commands), extractor=EXTRACTOR))
    back = to_record(plan)
    if back != dict(record):
        lost = next(key for key in (*record, *back) if record.get(key) != back.get(key))
        raise InputError(f"{lost!r} is {record.get(lost)!r}, but what a plan can hold of it is {back.get(lost)!r}.")
    return plan


def _command(include: list[dict[str, Any]], place: int, names: list[str], excluded: int | None, number: str) -> Command:
    entry, name = include[place], names[place]
    entity = Atom(id=number, tuple=("entity", name), question=f"Is there a {name} in the picture?")
    atoms, goals, after, words = [entity], [], [], f"Add {entry['count']} {name}"
    if excluded is not None or entry["count"] > 1:
        least = excluded != entry["count"] + 1
        value = f">={entry['count']}" if least else str(entry["count"])
        question = f"Are there {'at least' if least else 'exactly'} {entry['count']} of this: {name}?"
        atoms.append(
            Atom(id=f"{number}-count", tuple=("count", name, value), question=question, answer=value, parents=(number,))
        )
    if "color" in entry:
        color = entry["color"]
        question = f"Is the {entry['class']} {color}?"
        words_of = ("attribute", "color", name, color)
        atoms.append(Atom(id=f"{number}-color", tuple=words_of, question=question, parents=(number,)))
        goals.append(color)
        words = f"Add {entry['count']} {color} {entry['class']}"
    if "position" in entry:
        relation, other = entry["position"]
        question = f"Is the {name} {relation} the {names[other]}?"
        statement = ("relation", relation, name, names[other])
        needs = (number, f"o{other + 1}")
        atoms.append(Atom(id=f"{number}-position", tuple=statement, question=question, parents=needs))
        goals.append(f"{relation} {names[other]}")
        words += f" {relation} the {names[other]}"
        after.append(f"c{other + 1}")
    return Command(
        id=f"c{place + 1}",
        operation=Operation.ADD,
        subjects=(name,),
        goals=tuple(goals),
        text=words,
        atoms=tuple(atoms),
        after=tuple(after),
    )


def _names(include: list[dict[str, Any]]) -> list[str]:
    """What atoms call the entries: the class, with the colour where one class stands there twice."""
    classes = [entry["class"] for entry in include]
    names = [
        f"{entry['color']} {entry['class']}"
        if classes.count(entry["class"]) > 1 and "color" in entry
        else entry["class"]
        for entry in include
    ]
    if len(set(names)) < len(names):
        raise InputError("two entries of `include` have one class, and no colour tells them apart.")
    return names


def to_record(plan: Plan) -> dict[str, Any]:
    """The record of one plan, keys in the order of the published file.

    Raises:
        InputError: the plan says what the format has no words for.
    """
    places = {
        atom.tuple[1]: place
        for place, command in enumerate(plan.commands)
        for atom in command.atoms
        if atom.kind == "entity"
    }
    include: list[dict[str, Any]] = []
    exclude: list[dict[str, Any]] = []
    for command in plan.commands:
        entry, excluded = _entry(command, places)
        include.append(entry)
        exclude += excluded
    record: dict[str, Any] = {"tag": _tag(include, exclude), "include": include}
    if exclude:
        record["exclude"] = exclude
    return {**record, "prompt": plan.prompt}


def _entry(command: Command, places: Mapping[str, int]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The include entry of a command, and what it excludes."""
    entities = [atom for atom in command.atoms if atom.kind == "entity" and not atom.negated]
    if len(entities) != 1:
        raise InputError(f"command {command.id!r} ({command.text}) is no single thing, and GenEval lists only things.")
    name, colors = entities[0].tuple[1], [a.tuple[3] for a in command.atoms if a.tuple[:2] == ("attribute", "color")]
    noun = name.removeprefix(f"{colors[0]} ") if colors else name
    entry: dict[str, Any] = {"class": noun, "count": 1}
    exclude: list[dict[str, Any]] = []
    said: dict[str, Any] = {}
    for atom in command.atoms:
        if atom.negated or atom.kind in said:
            raise InputError(f"atom {atom.id!r} {atom.tuple}: GenEval says no such thing, or says it once only.")
        said[atom.kind] = atom
        match atom.tuple:
            case ("entity", _):
                pass
            case ("count", _, number) if number.removeprefix(">=").isdecimal():
                entry["count"] = int(number.removeprefix(">="))
                if not number.startswith(">="):
                    exclude = [{"class": noun, "count": entry["count"] + 1}]
            case ("attribute", "color", _, color):
                entry["color"] = color
            case ("relation", relation, _, other) if relation in RELATIONS:
                if other not in places:
                    raise InputError(f"atom {atom.id!r} {atom.tuple}: no command makes the {other}.")
                entry["position"] = [relation, places[other]]
            case _:
                raise InputError(f"atom {atom.id!r} {atom.tuple} has no place in a GenEval record.")
    return entry, exclude


def _tag(include: list[dict[str, Any]], exclude: list[dict[str, Any]]) -> str:
    """The skill that a record is about; follows from what it lists."""
    colored = any("color" in entry for entry in include)
    if any("position" in entry for entry in include):
        return "position"
    if exclude or any(entry["count"] > 1 for entry in include):
        return "counting"
    if len(include) == 1:
        return "colors" if colored else "single_object"
    return "color_attr" if colored else "two_object"


def _check(record: Mapping[str, Any]) -> None:
    if not isinstance(record, Mapping):
        raise InputError(f"this is a {type(record).__name__}, not a JSON object; a record has {', '.join(_WANTED)}.")
    if missing := sorted(_WANTED - record.keys()):
        raise InputError(f"the key {missing[0]!r} is missing; a record has tag, include, prompt and perhaps exclude.")
    if strange := sorted(record.keys() - _WANTED - {"exclude"}):
        raise InputError(f"the key {strange[0]!r} is not of this format; keys are tag, include, exclude, prompt.")
    if record["tag"] not in TAGS:
        raise InputError(f"the tag {record['tag']!r} is unknown; it is one of {', '.join(TAGS)}.")
    if not _is_text(record["prompt"]):
        raise InputError("`prompt` is no text.")
    for key in ("include", "exclude"):
        entries = record.get(key, [])
        if not isinstance(entries, list) or (key == "include" and not entries):
            raise InputError(f"`{key}` must be a list of things, such as [{{'class': 'bench', 'count': 1}}].")
        for entry in entries:
            _check_entry(entry, key, len(entries))


def _check_entry(entry: Any, key: str, entries: int) -> None:
    if not isinstance(entry, dict) or not entry.keys() >= _ENTRY:
        raise InputError(f"{entry!r} in `{key}` has no class and count.")
    if strange := sorted(entry.keys() - _ENTRY - ({"color", "position"} if key == "include" else set())):
        raise InputError(f"the key {strange[0]!r} of {entry!r} in `{key}` is not of this format.")
    if not _is_text(entry["class"]):
        raise InputError(f"the class of {entry!r} is no text.")
    if type(entry["count"]) is not int or entry["count"] < 1:
        raise InputError(f"the count of {entry!r} must be a whole number from 1.")
    if "color" in entry and not (isinstance(entry["color"], str) and entry["color"] in COLORS):
        raise InputError(f"the colour {entry['color']!r} is unknown; it is one of {', '.join(COLORS)}.")
    if "position" in entry:
        place = entry["position"]
        known = isinstance(place, list) and len(place) == 2 and place[0] in RELATIONS and type(place[1]) is int
        if not known or not 0 <= place[1] < entries:
            raise InputError(
                f"the position {place!r} must be one of {', '.join(RELATIONS)} and an index into `include` below "
                f"{entries}."
            )


def _is_text(value: Any) -> bool:
    # half of a character (an escape such as \ud800 alone) can be written nowhere
    return isinstance(value, str) and bool(value.strip()) and not re.search("[\ud800-\udfff]", value)
