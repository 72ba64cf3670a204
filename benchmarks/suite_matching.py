"""Compare what an extractor found with what is annotated: which facts are covered, which atoms are unfounded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

from poser.experts.lexicon import Subject, is_lettering, parse_subject
from poser.experts.types import Atom

_MIRRORED = {"left of": "right of", "right of": "left of", "above": "below", "below": "above", "next to": "next to"}
_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "–": "-", "—": "-"})


class Fact(NamedTuple):
    """One annotated statement; `optional` ones count for precision only."""

    atom: Atom
    optional: bool = False


@dataclass(frozen=True)
class Matching:
    """Which facts were found and which atoms are unfounded; numbers are positions in the two sequences given.

    Attributes:
        pairs: (fact, atom); a fact may stand in several pairs, and so may an atom.
        missed: facts without a pair, optional ones left out.
        unsupported: atoms that no fact supports.
        ignored: atoms of kind "other"; facts have no such kind, so they count neither way.
        required: how many facts are not optional.
        judged: how many atoms are not ignored.
    """

    pairs: tuple[tuple[int, int], ...]
    missed: tuple[int, ...]
    unsupported: tuple[int, ...]
    ignored: tuple[int, ...]
    required: int
    judged: int

    @property
    def recall(self) -> float:
        """Share of the required facts that were found, in [0, 1]; 1 if there are none."""
        return 1 - len(self.missed) / self.required if self.required else 1.0

    @property
    def precision(self) -> float:
        """Share of the judged atoms that a fact supports, in [0, 1]; 1 if there are none."""
        return 1 - len(self.unsupported) / self.judged if self.judged else 1.0


def phrases_of(words: tuple[str, ...]) -> tuple[str, ...]:
    """The subject phrases of a statement, as they stand."""
    match words:
        case ("entity" | "count", subject, *_) | ("attribute", _, subject, _) | ("relation", _, subject, "canvas"):
            return (subject,)
        case ("relation", _, *subjects):
            return tuple(subjects)
    return ()


class _Claim(NamedTuple):
    """A statement ready to be compared: `word` is the relation or the attribute, `value` what is left."""

    kind: str
    word: str
    subjects: tuple[Subject, ...]
    value: str
    holds: bool


def _claim(atom: Atom) -> _Claim:
    words = atom.tuple
    subjects = tuple(_subject(phrase) for phrase in phrases_of(words))
    match words:
        case ("count", _, "0"):
            return _Claim("entity", "", subjects, "", False)
        case ("count", _, number):
            return _Claim("count", "", subjects, number, True)
        case ("entity", _):
            return _Claim("entity", "", subjects, "", not atom.negated)
        case ("attribute", kind, _, value):
            return _Claim("attribute", kind, subjects, value, not atom.negated)
        case ("relation", place, _, "canvas"):
            return _Claim("place", "", subjects, place, not atom.negated)
        case ("relation", relation, *_):
            return _Claim("relation", relation, subjects, "", not atom.negated)
    return _Claim(words[0], "", (), _lettering(words[1]), not atom.negated)


def _lettering(text: str) -> str:
    """Lettering for comparison: straight quotes, plain dashes, single spaces, no case, no stop or comma at the end."""
    return " ".join(text.translate(_QUOTES).casefold().split()).rstrip(".,;:") or text.strip()


def _subject(phrase: str) -> Subject:
    if is_lettering(phrase):
        return Subject(f'"{_lettering(phrase.strip()[1:-1])}"', None, None, None)
    return parse_subject(phrase) or Subject(phrase.casefold(), None, None, None)


class _Side:
    """The claims of one side, and what they say about a subject."""

    def __init__(self, atoms: Iterable[Atom]) -> None:
        self.claims = tuple(_claim(atom) for atom in atoms)
        self.groups: dict[str, set[Subject]] = {}
        for claim in self.claims:
            if claim.kind == "entity" and claim.holds:
                self.groups.setdefault(claim.subjects[0].noun, set()).add(claim.subjects[0])

    def says(self, subject: Subject, kind: str, value: str) -> bool:
        """Whether this side states the colour, size or place of all things that the subject names."""
        about = (subject, Subject(subject.noun, None, None, None))
        return any(
            claim.holds
            and claim.subjects
            and claim.subjects[0] in about
            and claim.value == value
            and (claim.word == kind or (claim.kind, kind) == ("place", "place"))
            for claim in self.claims
        )


def _same(fact: Subject, facts: _Side, atom: Subject, atoms: _Side) -> bool:
    """Equal nouns, and each qualifier that only one phrase has is implied by what the other side states."""
    if fact.noun != atom.noun:
        return False
    for kind in ("color", "size", "place"):
        mine, theirs = getattr(fact, kind), getattr(atom, kind)
        if mine == theirs:
            continue
        if mine is not None and theirs is not None:
            return False
        if not (facts.says(fact, kind, theirs) if mine is None else atoms.says(atom, kind, mine)):
            return False
    return True


def _mirrored(claim: _Claim) -> tuple[_Claim, ...]:
    """The claim in all its equivalent wordings: A left of B is B right of A; next to and between are symmetric."""
    if claim.kind != "relation":
        return (claim,)
    first, *others = claim.subjects
    if claim.word in _MIRRORED and len(others) == 1:
        return (claim, claim._replace(word=_MIRRORED[claim.word], subjects=(others[0], first)))
    return (claim, claim._replace(subjects=(first, *reversed(others))))


def _agrees(fact: _Claim, facts: _Side, claim: _Claim, atoms: _Side) -> bool:
    """Whether the atom's claim states the fact, in one of its wordings."""
    for wording in _mirrored(claim):
        if (fact.kind, fact.word, fact.holds) != (wording.kind, wording.word, wording.holds):
            continue
        if len(fact.subjects) != len(wording.subjects):
            continue
        many = fact.value == ">=2" and wording.value == ">=3"  # "several": two or three, as one likes
        if fact.value != wording.value and not many:
            continue
        if fact.kind == "entity" and fact.holds and not any(fact.subjects[0][1:]):
            if fact.subjects[0].noun == wording.subjects[0].noun:
                return True
        elif all(_same(f, facts, a, atoms) for f, a in zip(fact.subjects, wording.subjects, strict=True)):
            return True
    return False


def _covered(claim: _Claim, facts: _Side, atoms: _Side) -> set[int]:
    """Facts that the claim states.

    A bare noun of which the facts know several groups stands for each of them: "every gift is left of the cake"
    states it of the blue gift and of the green one, and only if both are annotated; as the other side of a relation
    it stands for any of them.
    """
    direct = {i for i, fact in enumerate(facts.claims) if _agrees(fact, facts, claim, atoms)}
    if direct or claim.kind not in ("attribute", "place", "relation"):
        return direct
    choices = [
        sorted(facts.groups.get(subject.noun, {subject}), key=str) if not any(subject[1:]) else [subject]
        for subject in claim.subjects
    ]
    found: set[int] = set()
    for first in choices[0]:
        hits: set[int] = set()
        for rest in product(*choices[1:]):
            variant = claim._replace(subjects=(first, *rest))
            hits |= {i for i, fact in enumerate(facts.claims) if _agrees(fact, facts, variant, atoms)}
        if not hits:
            return set()
        found |= hits
    return found


def _follows(claim: _Claim, facts: _Side, atoms: _Side) -> bool:
    """Whether a claim that states no fact follows from the facts all the same."""
    if not claim.holds or not claim.subjects:
        return False
    subject = claim.subjects[0]
    known = [f for f in facts.claims if f.holds and f.subjects and _same(f.subjects[0], facts, subject, atoms)]
    if claim.kind == "entity":
        return any(subject.noun == named.noun for f in facts.claims if f.holds for named in f.subjects)
    if claim.kind == "count":
        least = claim.value.startswith(">=")
        number = int(claim.value.removeprefix(">="))
        totals = [int(f.value) for f in known if f.kind == "count" and f.value.isdecimal()]
        if not any(subject[1:]):
            totals.append(_total(subject.noun, facts))
        return any(number == total or (least and number <= total) for total in totals)
    if claim.kind == "attribute":
        own = claim.value == {"color": subject.color, "size": subject.size}.get(claim.word)
        groups = facts.groups.get(subject.noun, set()) if not any(subject[1:]) else set()
        return (own and any(f.kind == "entity" for f in known)) or (
            bool(groups)
            and all(claim.value in group[1:3] or facts.says(group, claim.word, claim.value) for group in groups)
        )
    if claim.kind == "place":
        return any(f.kind == "place" and claim.value in f.value.split() for f in known)
    return False


def _total(noun: str, facts: _Side) -> int:
    """How many things of a noun the facts count in all groups together, or -1 if they do not say.

    A bare noun beside groups of it counts them all: three stars, one of them red.
    """
    counts = {f.subjects[0]: f.value for f in facts.claims if f.kind == "count" and f.subjects[0].noun == noun}
    whole = counts.get(Subject(noun, None, None, None))
    if whole is not None:
        return int(whole) if whole.isdecimal() else -1
    if facts.groups.get(noun, set()) - counts.keys() or not all(value.isdecimal() for value in counts.values()):
        return -1
    return sum(int(value) for value in counts.values()) if counts else -1


def match_facts(facts: Sequence[Fact], atoms: Sequence[Atom]) -> Matching:
    """Compare extracted atoms with annotated facts.

    An atom *covers* a fact if both say the same, where

    - subject phrases are the same if their nouns are, and a qualifier of only one of them is implied by what the
      other side states of its subject ("blue car" and "car", which is stated to be blue);
    - "left of A, B" is "right of B, A", "above" and "below" likewise; "next to" and the two sides of "between" are
      symmetric;
    - a bare noun covers each of its groups (see `_covered`); an entity fact of a bare noun is covered by any wanted
      entity of the noun;
    - a colour or size fact is also covered by a phrase that carries the qualifier; the place "top left" also by "top"
      and "left" together; "0 of them" is "none of them"; at least 2 ("several", "some") may be at least 3;
    - lettering is compared without case, kinds of quotes and dashes, spacing, and a full stop or comma at the end.

    An atom is *supported* if it covers a fact, optional or not, or follows from the facts: an entity whose noun any
    fact names, a count of 1 for what is single, a weaker count, the total of several groups, the colour or size that
    its own phrase says, or "top" for what is at the top left. Atoms of kind "other" are ignored.
    """
    left, right = _Side(fact.atom for fact in facts), _Side(atoms)
    pairs: set[tuple[int, int]] = set()
    unsupported: list[int] = []
    for j, claim in enumerate(right.claims):
        covered = _covered(claim, left, right)
        pairs |= {(i, j) for i in covered}
        if claim.kind != "other" and not covered and not _follows(claim, left, right):
            unsupported.append(j)
    for i in {i for i, _ in enumerate(facts)} - {i for i, _ in pairs}:
        pairs |= {(i, j) for j in _together(left.claims[i], left, right)}
    found = {i for i, _ in pairs}
    ignored = tuple(j for j, claim in enumerate(right.claims) if claim.kind == "other")
    return Matching(
        pairs=tuple(sorted(pairs)),
        missed=tuple(i for i, fact in enumerate(facts) if i not in found and not fact.optional),
        unsupported=tuple(unsupported),
        ignored=ignored,
        required=sum(not fact.optional for fact in facts),
        judged=len(atoms) - len(ignored),
    )


def _together(fact: _Claim, facts: _Side, atoms: _Side) -> set[int]:
    """Atoms that state a fact by the words of a phrase (colour, size) or two by two (a corner)."""
    if not fact.holds:
        return set()
    near = {
        j: claim
        for j, claim in enumerate(atoms.claims)
        if claim.holds and claim.subjects and _same(fact.subjects[0], facts, claim.subjects[0], atoms)
    } if fact.subjects else {}  # fmt: skip
    if fact.kind == "attribute":
        position = {"color": 1, "size": 2}.get(fact.word, 3)
        return {j for j, claim in near.items() if claim.subjects[0][position] == fact.value}
    if fact.kind == "place" and " " in fact.value:
        halves = {claim.value: j for j, claim in near.items() if claim.kind == "place"}
        if set(fact.value.split()) <= halves.keys():
            return {halves[half] for half in fact.value.split()}
    return set()
