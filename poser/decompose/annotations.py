"""A record of a data set as a row: with its own annotation, or with what an extractor makes of its request."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from poser.decompose.atoms import spelled, unspelled
from poser.decompose.data import Row, row_of
from poser.decompose.format import Decomposition, read_tolerant
from poser.decompose.plans import atoms_of, plan_of
from poser.experts.errors import BadReply, InputError
from poser.experts.picture import PictureRef
from poser.experts.plan_check import check_plan
from poser.experts.types import Plan
from poser.extract.base import Extractor, check_prompt

_TRIPLE = ("actions", "subjects", "goals")


def row_of_record(
    record: Mapping[str, Any], request: str, source: PictureRef | None, refuse: bool, extractor: Extractor | None
) -> Row:
    """The row of one record.

    A record with `actions`, `subjects` and `goals` (lists aligned by command; actions also in other words, such as
    "Recoloring") keeps them, and its own atoms and plan; where there are none, they are made of these. One that has a
    plan alone keeps that. For another one the extractor reads the request, and `annotated` is False.

    Args:
        record: its columns.
        request: the user's words.
        source: the source picture; None: the request edits a picture that nobody looked at.
        refuse: a record without annotation is an error.
        extractor: the grammar, if None.

    Raises:
        InputError: the annotation cannot be read, or there is none and `refuse` says so.
    """
    check_prompt(request)
    if all(record.get(name) is not None for name in _TRIPLE):
        return _annotated(record, request, source)
    if record.get("plan"):
        return row_of(_plan(record, source), request=request, annotated=record.get("annotated") is not False)
    if refuse:
        missing = [name for name in _TRIPLE if record.get(name) is None]
        raise InputError(
            f"the columns are {', '.join(sorted(record))}; {', '.join(missing)} are needed where nothing is to be "
            "extracted. Annotate them, or have those of text alone extracted, by poser.decompose.published."
            "published_rows(path, unannotated='extract'), and written, by poser.decompose.data.write_rows."
        )
    if extractor is None:
        from poser.extract.grammar import GrammarExtractor

        extractor = GrammarExtractor()
    return row_of(extractor.extract(request, source or unseen(request)), annotated=False)


def unseen(request: str) -> PictureRef:
    """The reference of a source picture that nobody looked at."""
    return PictureRef(sha256=hashlib.sha256(request.encode()).hexdigest(), width=1, height=1)


def _plan(record: Mapping[str, Any], source: PictureRef | None) -> Plan:
    try:
        plan = check_plan(Plan.model_validate_json(record["plan"]))
    except ValidationError as error:
        raise InputError(f"the plan cannot be read: {error.errors()[0]['msg']}.") from error
    return plan if source is None else plan.model_copy(update={"source": source})


def _annotated(record: Mapping[str, Any], request: str, source: PictureRef | None) -> Row:
    decomposition = _decomposition(record)
    atoms, plan = _meant(decomposition, request, source)
    if record.get("plan"):
        own = _plan(record, source)
        atoms, plan = atoms_of(own), own.model_dump_json()
    given = record.get("atoms")
    return {
        "request": request,
        "actions": [action.value for action in decomposition.actions],
        "subjects": [list(items) for items in decomposition.subjects],
        "goals": [list(items) for items in decomposition.goals],
        "atoms": [spelled(unspelled(str(atom))) for atom in given] if isinstance(given, list) else atoms,
        "plan": plan,
        "annotated": record.get("annotated") is not False,
    }


def _decomposition(record: Mapping[str, Any]) -> Decomposition:
    said = {"action": record["actions"], "subjects": record["subjects"], "goals": record["goals"]}
    try:
        if record.get("atoms") or record.get("plan"):
            # rows of ours: nothing is to be guessed
            lists = (tuple(map(tuple, record[name])) for name in _TRIPLE[1:])
            return Decomposition("", tuple(record["actions"]), *lists)
        _check_aligned(record)
        return read_tolerant(json.dumps(said, ensure_ascii=False))
    except (BadReply, InputError, TypeError, AttributeError) as error:
        raise InputError(f"actions, subjects and goals cannot be read: {error}") from error


def _check_aligned(record: Mapping[str, Any]) -> None:
    """Check that there are as many subjects and goals as actions, if there are several; one action may be of several
    subjects, as in the paper.

    Raises:
        InputError: there are not. A reader of replies would make up what is missing; an annotation has to say it.
    """
    counts = {name: len(record[name]) if isinstance(record[name], list) else 1 for name in _TRIPLE}
    if counts["actions"] > 1 and len(set(counts.values())) > 1:
        said = ", ".join(f"{count} {name}" for name, count in counts.items())
        raise InputError(f"there are {said}; give one entry of each for every command, in the same order.")


def _meant(decomposition: Decomposition, request: str, source: PictureRef | None) -> tuple[list[str], str]:
    """Atoms and plan of an annotation; none where its words make no plan of ours."""
    try:
        plan = plan_of(decomposition, request, source or unseen(request))
    except BadReply:
        return [], ""
    return atoms_of(plan), plan.model_dump_json()
