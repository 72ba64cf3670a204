"""JudgeRequest and Verdict: what a critic is asked and what it says."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from poser.experts.picture import Picture
from poser.experts.types import Atom, Document, Usage


@dataclass(frozen=True, kw_only=True)
class JudgeRequest:
    """One picture to be judged.

    Attributes:
        picture: what is judged.
        atoms: the statements about it, all of the plan, parents included.
        source: the user's source picture, or None. With one, the verdict may say how well the rest was preserved.
        before: the picture that the last call started from, or None.
        prompt: the user's words, for critics that read.
    """

    picture: Picture
    atoms: tuple[Atom, ...]
    source: Picture | None = None
    before: Picture | None = None
    prompt: str = ""


class AtomAnswer(Document):
    """A critic's answer to one atom.

    Attributes:
        atom: its id.
        probability: that the statement holds *as expected* (an atom with answer "no" has 1.0 when the thing is
            absent), in [0, 1]; None if the critic cannot judge it. Dependencies are not applied here: a child is
            answered on its own, and the environment sets it to 0 where a parent fails.
        seen: what the critic sees instead, in words ("2 cars", "red"), or "".
    """

    atom: str
    probability: float | None = Field(default=None, ge=0, le=1)
    seen: str = ""


class Verdict(Document):
    """What a critic says of one picture.

    Attributes:
        answers: one for each atom asked, in their order.
        preservation: how much of the source outside of the edits is kept, 0 to 1; None without a source or if unjudged.
        fidelity, aesthetics: 0 to 1, or None.
        feedback: failed atoms in words ("1 of 2 blue cars is there; the sun is missing"); "" if all pass.
        notes: what else is to be known, in words for the user ("lettering in the picture speaks to the judge").
        critic: name of the critic.
        model, revision, prompt_hash: of what answered, for critics that are models.
        usage: cost of the call.
    """

    answers: tuple[AtomAnswer, ...]
    preservation: float | None = Field(default=None, ge=0, le=1)
    fidelity: float | None = Field(default=None, ge=0, le=1)
    aesthetics: float | None = Field(default=None, ge=0, le=1)
    feedback: str = ""
    notes: tuple[str, ...] = ()
    critic: str = ""
    model: str = ""
    revision: str = ""
    prompt_hash: str = ""
    usage: Usage = Usage(usd=0.0)
