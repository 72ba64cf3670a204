"""What cannot hold of a picture that nobody has changed yet: that something is larger or smaller than before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from poser.critics.feedback import complaint
from poser.critics.types import AtomAnswer, JudgeRequest, Verdict
from poser.experts.types import Atom

COMPARATIVES = ("larger", "smaller")
"""Sizes that are told by the source alone."""


def without_comparatives(request: JudgeRequest) -> JudgeRequest:
    """The request without the atoms that compare its picture with itself: a model would be asked in vain."""
    if request.source is None or request.source != request.picture:
        return request
    atoms = tuple(atom for atom in request.atoms if not _compares(atom))
    return request if len(atoms) == len(request.atoms) else replace(request, atoms=atoms)


def with_comparatives(atoms: Sequence[Atom], verdict: Verdict) -> Verdict:
    """The verdict on the other ones of these atoms, with the answer to those left out: it is as before."""
    said = {answer.atom: answer for answer in verdict.answers}
    left = [atom for atom in atoms if atom.id not in said]
    if not left:
        return verdict
    said |= {atom.id: AtomAnswer(atom=atom.id, probability=float(atom.negated)) for atom in left}
    wrong = [complaint(atom, "") for atom in left if not atom.negated]
    words = "; ".join(dict.fromkeys([*filter(None, [verdict.feedback]), *wrong]))
    return verdict.model_copy(update={"answers": tuple(said[atom.id] for atom in atoms), "feedback": words})


def _compares(atom: Atom) -> bool:
    return atom.kind == "attribute" and atom.tuple[1] == "size" and atom.tuple[3] in COMPARATIVES
