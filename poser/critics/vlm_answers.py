"""What a vision-language model is asked by a schema, and what its answer means. Nothing is ever filled in."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from poser.critics.feedback import one_line
from poser.experts.chat import Partial
from poser.experts.types import Atom

_YES_NO = re.compile(r"(is|are|was|were|can|could|does|do|did|has|have|will)\b", re.IGNORECASE)
_SAID = ("yes", "no", "unclear")


class Seen(NamedTuple):
    """An answer to one question: the probability of yes in [0, 1], None if unclear; what is there instead, or ""."""

    yes: float | None
    instead: str = ""


class Looked(NamedTuple):
    """What a model said of one picture.

    Attributes:
        answers: one for each question, in order.
        flag: lettering in the picture speaks to the judge; None if that was not told.
        preservation: 0 to 1, None if not asked or unclear.
        contradictions: number of the answers that contradict themselves, and count as unclear.
    """

    answers: tuple[Seen, ...]
    flag: bool | None
    preservation: float | None
    contradictions: int = 0


class Asked(NamedTuple):
    """A question, and the answer that it expects beyond yes and no, or ""."""

    question: str
    expected: str


def asked(atom: Atom) -> Asked:
    """What is asked about an atom, so that "yes" means that its statement holds (negated atoms expect "no")."""
    plain = atom.answer in ("yes", "no") or _YES_NO.match(atom.question.strip())
    return Asked(atom.question, "" if plain else atom.answer)


def held(atom: Atom, yes: float | None) -> float | None:
    """Probability that the atom holds as expected, from that of yes."""
    return 1.0 - yes if atom.negated and yes is not None else yes


def questions(atoms: Sequence[Atom]) -> str:
    """The questions as JSON; their ids are q1, q2, …, since those of atoms are anybody's."""
    entries = []
    for number, each in enumerate(map(asked, atoms), start=1):
        expected = {"expected": each.expected} if each.expected else {}
        entries.append({"id": f"q{number}", "question": each.question, **expected})
    return json.dumps(entries, ensure_ascii=False)


def schema(count: int, *, preservation: bool) -> dict[str, Any]:
    """JSON schema of the answers to so many questions; strict servers cannot leave one out."""
    ids = [f"q{number}" for number in range(1, count + 1)]
    share = {"anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, {"type": "null"}]}
    one = _closed(
        {"answer": {"type": "string", "enum": [*_SAID]}, "probability": share, "seen": {"type": "string"}},
    )
    properties: dict[str, Any] = {
        "flag": {"type": "boolean"},
        "answers": _closed({each: {"$ref": "#/$defs/answer"} for each in ids}),
    }
    if preservation:
        properties["preservation"] = share
    return {**_closed(properties), "$defs": {"answer": one}}


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": [*properties],
        "additionalProperties": False,
    }


def read_looked(value: Any, count: int, *, preservation: bool) -> Looked:
    """What the model's JSON means.

    Raises:
        Partial: answers contradict themselves, such as "no" with a probability of 1; which of the two is meant is never
            guessed, so that its value holds them as unclear.
        ValueError: all answers contradict themselves or are unclear; or what came is incomplete, or of another form.
            The message says what, for the model.
    """
    if not isinstance(value, dict):
        raise ValueError("the answer must be a JSON object with 'flag' and 'answers'")
    if not isinstance(value.get("flag"), bool):
        raise ValueError("'flag' must be true or false")
    answers = value.get("answers")
    if not isinstance(answers, dict):
        raise ValueError("'answers' must be an object with one entry for every question id")
    ids = [f"q{number}" for number in range(1, count + 1)]
    if missing := [each for each in ids if each not in answers]:
        raise ValueError(f"no answer to {_few(missing)}")
    if foreign := [each for each in answers if each not in ids]:
        raise ValueError(f"answers to {_few(foreign)}, which were not asked")
    kept = _share("preservation", value.get("preservation", "")) if preservation else None
    seen = [_seen(each, answers[each]) for each in ids]
    looked = Looked(tuple(Seen(None) if isinstance(each, str) else each for each in seen), value["flag"], kept)
    if wrong := [each for each in seen if isinstance(each, str)]:
        problem = "; ".join(wrong[:3])
        if all(each.yes is None for each in looked.answers):
            raise ValueError(problem)
        raise Partial(problem, looked._replace(contradictions=len(wrong)))
    return looked


def _seen(name: str, entry: Any) -> Seen | str:
    """The answer, or how it contradicts itself."""
    if not isinstance(entry, dict):
        raise ValueError(f"{name} must be an object with 'answer', 'probability' and 'seen'")
    said = entry.get("answer")
    word = said.strip().strip(".!").lower() if isinstance(said, str) else ""
    if word not in _SAID:
        raise ValueError(f"'answer' of {name} must be 'yes', 'no' or 'unclear'")
    yes = _share(f"'probability' of {name}", entry.get("probability", ""))
    if (yes is None) != (word == "unclear"):
        return f"{name} contradicts itself: 'unclear' goes with null, 'yes' and 'no' with a probability"
    if yes is not None and (yes < 0.5 if word == "yes" else yes > 0.5):
        return f"{name} contradicts itself: it says {word!r} with a probability of {yes:g} that the answer is yes"
    if yes == 0.5:
        # the word decides: one half is enough to pass
        yes = math.nextafter(yes, float(word == "yes"))
    seen = entry.get("seen", "")
    if not isinstance(seen, str):
        raise ValueError(f"'seen' of {name} must be a text")
    return Seen(yes, one_line(seen))


def _share(name: str, value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value <= 1.0:
        raise ValueError(f"{name} must be a number from 0 to 1, or null")
    return float(value)


def _few(names: Sequence[str]) -> str:
    shown = ", ".join(name[:20] for name in names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown
