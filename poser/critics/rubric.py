"""ImageEdit-R1's rubric for edits, 0 to 10: as a critic that also grades every atom, and as published, as a judge."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from poser.critics.chat_critic import ChatCritic
from poser.critics.feedback import complaint, feedback
from poser.critics.prompts import prompts
from poser.critics.scene import Answer
from poser.critics.types import AtomAnswer, JudgeRequest, Verdict
from poser.critics.vlm_asking import conversation, is_edited, shown, text_part
from poser.experts.base import CallContext
from poser.experts.chat import structured_answer
from poser.experts.types import Atom

LEVELS: Mapping[str, int] = {"fulfillment": 4, "quality": 3, "preservation": 3}
"""Criterion -> its highest grade."""

PROBABILITY = (0.0, 0.2, 0.4, 0.8, 1.0)
"""Grade of an atom, index 0 to 4 -> the probability that stands for it (ours): partly fulfilled, 2, is not passed."""


class Grades(NamedTuple):
    """What a model gave.

    Attributes:
        total: criterion -> grade from 0 to its highest, None where it cannot be judged.
        statements: 0 to 4 for each atom graded, or None.
        flag: lettering in the picture speaks to the judge.
    """

    total: dict[str, int | None]
    statements: tuple[int | None, ...]
    flag: bool


class RubricCritic(ChatCritic):
    """Grades edits as ImageEdit-R1 does (Zhao et al. 2026, Table 2), and every atom on the scale of fulfilment.

    The verdict's fidelity is fulfilment / 4, aesthetics is quality / 3, preservation is preservation / 3; `score` puts
    them together. An atom's probability is by `PROBABILITY`; what the model cannot judge is None. Pictures without a
    source are graded without preservation, which the published rubric does not know. Pictures are delimited, and what
    speaks to the judge in them is noted, as by `VLMCritic`.

    Args: as `poser.critics.chat_critic.ChatCritic`.
    """

    name = "rubric"
    prompts_file = "rubric_prompts"

    grades_atoms = True
    """Whether atoms are graded, which is beyond the published rubric."""

    def verdict(self, request: JudgeRequest, ctx: CallContext) -> Verdict:
        """Grade one picture.

        Raises:
            CallError: typed, with what all calls cost.
        """
        edited, atoms = is_edited(request), request.atoms if self.grades_atoms else ()
        criteria = [name for name in LEVELS if edited or name != "preservation"]
        grades, usage, model = structured_answer(
            self._endpoint,
            self._messages(request, atoms, criteria),
            schema(criteria, len(atoms)),
            lambda value: read_grades(value, criteria, len(atoms)),
            attempts=self._attempts,
            schema_name="grades",
            cancelled=ctx.cancelled,
            within=ctx.remaining(),
        )
        shares = [None if grade is None else PROBABILITY[grade] for grade in grades.statements]
        shares = shares or [None] * len(request.atoms)
        answers = [Answer(share, "", complaint(atom, "")) for atom, share in zip(request.atoms, shares, strict=True)]
        total = {name: None if grade is None else grade / LEVELS[name] for name, grade in grades.total.items()}
        return self._said(
            [AtomAnswer(atom=atom.id, probability=share) for atom, share in zip(request.atoms, shares, strict=True)],
            flag=grades.flag,
            fidelity=total["fulfillment"],
            aesthetics=total["quality"],
            preservation=1.0 if request.source is not None and not edited else total.get("preservation"),
            feedback=feedback(request.atoms, answers),
            revision=model,
            usage=usage,
        )

    def _messages(self, request: JudgeRequest, atoms: Sequence[Atom], criteria: Sequence[str]) -> Any:
        texts = prompts(self.prompts_file).texts
        words, edited = texts["rubric"], is_edited(request)
        form = json.dumps(
            {"flag": False, **dict.fromkeys(criteria, 2), **_statements(dict.fromkeys(_ids(len(atoms)), 4))}
        )
        # of a picture without a source the published words say what is not so: an edit, ten points
        own = "" if edited else "fresh_"
        rules = [words["edit" if edited else "fresh"], words[f"{own}fulfillment"]]
        rules += [words["preservation"]] if edited else []
        rules += [words["statements"]] if atoms else []
        rules += [words[f"{own}strict"], words["form"].replace("{form}", form)]
        put = [
            words["request"],
            json.dumps(request.prompt or [atom.question for atom in request.atoms], ensure_ascii=False),
        ]
        if atoms:
            asked = [
                {"id": name, "question": atom.question, "expected": atom.answer}
                for name, atom in zip(_ids(len(atoms)), atoms, strict=True)
            ]
            put += [words["questions"], json.dumps(asked, ensure_ascii=False)]
        return conversation(
            "\n\n".join(rules), [*shown(texts["pictures"], request, self._side), text_part("\n".join(put))]
        )


class RubricJudge(RubricCritic):
    """The rubric as it was published: three grades, and every atom answered None. For evaluation, not for steering.

    Args: as `poser.critics.chat_critic.ChatCritic`.
    """

    name = "rubric-judge"
    grades_atoms = False


def score(verdict: Verdict) -> float | None:
    """The rubric's total from 0 to 10; None where one of the three grades is missing, as without a source."""
    share = share_of_points(verdict)
    return None if share is None or verdict.aesthetics is None or verdict.preservation is None else 10.0 * share


def share_of_points(verdict: Verdict) -> float | None:
    """Grades given as a share of the points that they could be, in [0, 1]; None without a grade for fulfilment."""
    shares = (verdict.fidelity, verdict.aesthetics, verdict.preservation)
    given = [(highest, share) for highest, share in zip(LEVELS.values(), shares, strict=True) if share is not None]
    if verdict.fidelity is None:
        return None
    return sum(highest * share for highest, share in given) / sum(highest for highest, _ in given)


def schema(criteria: Sequence[str], count: int) -> dict[str, Any]:
    """JSON schema of the grades; whole numbers are listed, since servers do not keep to bounds."""
    properties: dict[str, Any] = {"flag": {"type": "boolean"}}
    properties |= {name: _grade(LEVELS[name]) for name in criteria}
    properties |= _statements({name: _grade(LEVELS["fulfillment"]) for name in _ids(count)}, _closed)
    return _closed(properties)


def read_grades(value: Any, criteria: Sequence[str], count: int) -> Grades:
    """What the model's JSON means.

    Raises:
        ValueError: incomplete or of another form; the message says what, for the model.
    """
    if not isinstance(value, dict) or not isinstance(value.get("flag"), bool):
        raise ValueError("the answer must be a JSON object with 'flag' as true or false")
    total = {name: _read_grade(name, value.get(name, ""), LEVELS[name]) for name in criteria}
    given = value.get("questions", {})
    if not isinstance(given, dict) or sorted(given) != sorted(_ids(count)):
        raise ValueError(
            f"'questions' must hold exactly the ids {', '.join(_ids(count)[:5])}{' …' if count > 5 else ''}"
        )
    return Grades(
        total, tuple(_read_grade(name, given[name], LEVELS["fulfillment"]) for name in _ids(count)), value["flag"]
    )


def _read_grade(name: str, value: Any, highest: int) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value not in range(highest + 1):
        raise ValueError(f"{name!r} must be a whole number from 0 to {highest}, or null")
    return int(value)


def _grade(highest: int) -> dict[str, Any]:
    return {"anyOf": [{"type": "integer", "enum": list(range(highest + 1))}, {"type": "null"}]}


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}


def _ids(count: int) -> list[str]:
    return [f"q{number}" for number in range(1, count + 1)]


def _statements(entries: dict[str, Any], wrap: Any = dict) -> dict[str, Any]:
    """The member "questions", where there are any."""
    return {"questions": wrap(entries)} if entries else {}
