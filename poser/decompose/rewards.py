"""Rewards of the decomposer, with TRL's signature: `(prompts, completions, **columns) -> list[float | None]`.

By name in `trl grpo --reward_funcs poser.decompose.rewards.action_f1 …`, or as functions in a `GRPOTrainer`. Columns
are those of a decomposer's data set: `request`, `actions`, `subjects`, `goals`, `atoms`, `plan`, `image`; a missing one
is an InputError that names it, an empty cell gives None (the reward does not apply to that row).

| reward | range | of |
|---|---|---|
| `format_reward` | 0, 1 | the four tags exactly |
| `action_f1`, `subject_f1`, `goal_f1` | 0 … 1 | each list against the annotation, aligned or not |
| `atom_f1` | 0 … 1 | the atoms of the plan that it means; 0 if it means none |
| `coverage` | 0 … 1 | content words of the request that these atoms hold |
| `length` | 0 … 1 | 1 up to half as long again as the annotation, 0 from three times on |
| `outcome` | -0.5 … 1 | the plan carried out on a twin, see `poser.decompose.outcome` |

Completions are strings or lists of messages. All but `format_reward` read tolerantly, so that form and content are
rewarded apart. Text that is empty, never closes a tag, repeats itself or is endless has a reward like any other: the
lowest where nothing can be read.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from poser.decompose.atoms import unspelled
from poser.decompose.covering import covered
from poser.decompose.editing import EDITS
from poser.decompose.format import Decomposition, written
from poser.decompose.matching import Embed, f1, normal_goal, normal_subject, soft_f1
from poser.decompose.plans import atoms_of
from poser.decompose.readings import plan_in, planned, read, text_of
from poser.experts.errors import InputError
from poser.extract.coverage import words_of

Reward = Callable[..., list[float | None]]
"""A reward function as TRL calls it."""

WEIGHTS: Mapping[str, float] = MappingProxyType(
    {
        "format_reward": 1.0,
        "action_f1": 1.0,
        "subject_f1": 1.0,
        "goal_f1": 1.0,
        "atom_f1": 1.0,
        "coverage": 0.0,
        "length": 0.1,
        "outcome": 1.0,
    }
)
"""For `GRPOConfig.reward_weights`. ImageEdit-R1 has the first four; it does not publish their weights, so that they are
equal is our choice, as are the others. `coverage` is for watching: alone, it is had by copying the request."""

LONGER, LONGEST = 1.5, 3.0
"""Lengths, in those of the annotation, up to which `length` is 1 and from which on it is 0."""

_SLACK = 40
"""Characters on top, for thoughts."""


def _rewarded(score: Callable[..., float | None], name: str, needs: Sequence[str], doc: str | None = None) -> Reward:
    """The reward function of a score of one row: (text, row) -> value."""

    def reward(prompts: Sequence[Any], completions: Sequence[Any], **columns: Any) -> list[float | None]:
        rows = rows_of(columns, needs, len(completions), name)
        values: list[float | None] = []
        for completion, row in zip(completions, rows, strict=True):
            missing = any(row[column] is None for column in needs)
            values.append(None if missing else finite(score(text_of(completion), row)))
        return values

    reward.__name__ = reward.__qualname__ = name
    reward.__doc__ = doc if doc is not None else score.__doc__
    return reward


def rows_of(columns: Mapping[str, Any], needs: Iterable[str], count: int, name: str) -> list[dict[str, Any]]:
    """The columns as rows.

    Raises:
        InputError: one that the reward needs is not there, or has another length.
    """
    for column in needs:
        if column not in columns:
            raise InputError(
                f"The data set has no column {column!r}, which the reward {name!r} needs. Its columns are request, "
                "actions, subjects, goals, atoms, plan; make it with `poser.decompose.data`."
            )
        if len(columns[column]) != count:
            raise InputError(
                f"The column {column!r} has {len(columns[column])} entries for {count} completions; give one for each."
            )
    whole = {key: held for key, held in columns.items() if isinstance(held, list | tuple) and len(held) == count}
    return [{key: held[number] for key, held in whole.items()} for number in range(count)]


def finite(value: float | None) -> float | None:
    """The value; a NaN or an infinite one, which training would take for "does not apply", is an error.

    Raises:
        InputError: it is not finite.
    """
    if value is not None and not math.isfinite(value):
        raise InputError(f"A reward is {value}; it must be a finite number, or None where it does not apply.")
    return value


def is_edit(row: Mapping[str, Any]) -> bool:
    """True if the row's request edits a picture: it has one, its plan has one, or an action is one on a source."""
    if row.get("image") is not None or row.get("images"):
        return True
    if row.get("plan"):
        return plan_in(row["plan"]).source is not None
    return any(action in EDITS[1:] for action in row.get("actions") or ())


@functools.lru_cache(4096)
def _usual(actions: tuple[str, ...], subjects: tuple[tuple[str, ...], ...], goals: tuple[tuple[str, ...], ...]) -> int:
    """Characters of an annotation as it is written, without thoughts."""
    return len(written(Decomposition("", actions, subjects, goals)))  # type: ignore[arg-type]  # made operations there


def _format(text: str, row: Mapping[str, Any]) -> float:
    """1 if the completion has the format exactly (`read_strict`), else 0."""
    return float(read(text).strict)


def _coverage(text: str, row: Mapping[str, Any]) -> float:
    """Share of the request's content words that the atoms of the completion's plan hold; 0 without a plan."""
    request = row["request"]
    plan = planned(text, request, is_edit(row)) if request.strip() else None
    return 0.0 if plan is None else covered(plan)


def _length(text: str, row: Mapping[str, Any]) -> float:
    """1 up to `LONGER` lengths of the annotation (and a few words), falling to 0 at `LONGEST`; 0 for empty text."""
    if not text.strip():
        return 0.0
    usual = _usual(tuple(row["actions"]), *(tuple(map(tuple, row[name])) for name in ("subjects", "goals")))
    low, high = LONGER * usual + _SLACK, LONGEST * usual + 2 * _SLACK
    return min(1.0, max(0.0, (high - len(text)) / (high - low)))


def _atoms(text: str, row: Mapping[str, Any]) -> float | None:
    """F1 of the set of atoms of the completion's plan; 0 if it means no sound plan; None if the row has no atoms."""
    if not row["atoms"]:
        return None
    plan = planned(text, row["request"], is_edit(row))
    return 0.0 if plan is None else f1(map(_normal_atom, row["atoms"]), map(_normal_atom, atoms_of(plan)), sets=True)


@functools.lru_cache(16_384)
def _normal_atom(line: str) -> str:
    """An atom's line; statements in words are compared by their words."""
    words, answer = unspelled(line)
    said = " ".join(words_of(words[1])) if words[0] == "other" else "\n".join(words[1:])
    return f"{words[0]}\n{said}\n{answer}"


_NORMAL: Mapping[str, Callable[[str], str]] = {
    "actions": str,
    "subjects": normal_subject,
    "goals": normal_goal,
}


def list_f1(
    column: str, *, embed: Embed | None = None, least: float = 0.6, sets: bool = False, name: str = ""
) -> Reward:
    """The reward function of one list: F1 of its normalised entries, of all commands together.

    Args:
        column: "actions", "subjects" or "goals".
        embed: phrases -> vectors; with it, phrases that are merely near count by their cosine.
        least: cosine from which on they do.
        sets: count each entry once, as in ImageEdit-R1; by default as often as it is said.
        name: of the function, under which TRL logs it; by default "subject_f1" and the like.

    Raises:
        InputError: another column.
    """
    normal = _NORMAL.get(column)
    if normal is None:
        raise InputError(f"There is no list {column!r} in a decomposition; give actions, subjects or goals.")

    def score(text: str, row: Mapping[str, Any]) -> float:
        given = getattr(read(text), column)
        if given is None:
            return 0.0
        wanted = row[column] if column == "actions" else [item for group in row[column] for item in group]
        pair = [normal(item) for item in wanted], [normal(item) for item in given]
        return f1(*pair, sets=sets) if embed is None else soft_f1(*pair, embed, least=least, sets=sets)

    doc = f"F1 of the {column} of all commands together, in [0, 1]; 1 if none are wanted and none given."
    return _rewarded(score, name or f"{column.removesuffix('s')}_f1", (column,), doc)


format_reward = _rewarded(_format, "format_reward", ())
action_f1 = list_f1("actions")
subject_f1 = list_f1("subjects")
goal_f1 = list_f1("goals")
atom_f1 = _rewarded(_atoms, "atom_f1", ("request", "atoms"))
coverage = _rewarded(_coverage, "coverage", ("request",))
length = _rewarded(_length, "length", ("actions", "subjects", "goals"))


def outcome(prompts: Sequence[Any], completions: Sequence[Any], **columns: Any) -> list[float | None]:
    """The plan carried out by the shipped policy on a twin of the studio; see `poser.decompose.outcome`."""
    from poser.decompose.outcome import default_outcome

    return default_outcome()(prompts, completions, **columns)
