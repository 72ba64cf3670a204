"""TrackRecord: what calls have shown of each expert, per skill and number of merged commands."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Container, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from pydantic import Field, ValidationError

from poser.experts.errors import InputError
from poser.experts.files import write_atomically
from poser.experts.types import Document, ExpertSpec, Operation

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MergeBucket = Literal["1", "2", "3-4", "5+"]
MERGE_BUCKETS: tuple[MergeBucket, ...] = ("1", "2", "3-4", "5+")
"""Merge sizes that are told apart: how many commands one call carries out."""

SMALLEST = (1, 2, 3, 5)
"""The least merge size of every bucket."""

PRIOR_CALLS = 2.0
"""A declared ability counts as this many calls."""

PRIOR_MERGE_DECAY = 0.9
"""Assumed loss of ability per merge bucket, as long as no merged call has been seen."""

PRIOR_DAMAGE = 0.08
"""Assumed chance that an edit breaks one satisfied command, as long as none has been seen."""

PRIOR_RETRY = 2.0 / 3.0
"""Assumed share of its chance that a call keeps after it has missed once, as long as no retry has been seen. Retries
are not independent: public trajectories put an edit at 0.52 and a second try on the same route at 0.34 (197 of 588)."""

RETRY_HITS = 4.0
"""That assumption counts as so many retries that were expected to hit."""

UNKNOWN_ABILITY = 0.5
"""Ability assumed where a spec says nothing."""


def merge_bucket(merged: int) -> int:
    """Index into `MERGE_BUCKETS` of a call that carries out `merged` >= 1 commands."""
    return 0 if merged <= 1 else 1 if merged == 2 else 2 if merged <= 4 else 3


Number = TypeVar("Number", float, "NDArray[np.float64]")


def next_prior(prior: Number, success: Number, tried: Number) -> Number:
    """Prior mean of the next larger merge bucket, from prior and counts of this one; numbers or arrays alike.

    A larger merge starts from what the next smaller one has shown, less `PRIOR_MERGE_DECAY`.
    """
    return PRIOR_MERGE_DECAY * posterior_mean(prior, success, tried)


def posterior_mean(prior: Number, success: Number, tried: Number) -> Number:
    """Expected chance after `success` of `tried` calls, the prior mean being worth `PRIOR_CALLS` calls."""
    return (PRIOR_CALLS * prior + success) / (PRIOR_CALLS + tried)


class Cell(Document):
    """Counts of one (expert, skill, merge bucket).

    `success` and `failure` count target commands whose atoms passed or failed in the produced picture, kept or not;
    `damaged` and `spared` count commands that were satisfied before the call and were not, or still were, after it.
    `retried` counts calls for a command alone after exactly one miss of the same expert at it (in calls for it alone),
    `recovered` those of them that hit.
    """

    success: float = Field(default=0.0, ge=0)
    failure: float = Field(default=0.0, ge=0)
    damaged: float = Field(default=0.0, ge=0)
    spared: float = Field(default=0.0, ge=0)
    retried: float = Field(default=0.0, ge=0)
    recovered: float = Field(default=0.0, ge=0)

    def plus(self, other: Cell) -> Cell:
        """The sum of both counts."""
        mine, theirs = self.model_dump(), other.model_dump()
        return Cell(**{key: mine[key] + theirs[key] for key in mine})


class Tally(Document):
    """Calls of one expert over all skills: number, seconds, US dollars (`billed` of them with a known bill)."""

    calls: int = Field(default=0, ge=0)
    seconds: float = Field(default=0.0, ge=0)
    usd: float = Field(default=0.0, ge=0)
    billed: int = Field(default=0, ge=0)


class TrackRecord:
    """Counts by (expert name, skill, merge bucket), and what they let one expect.

    All expectations are posterior means: the declared ability of the spec is worth `PRIOR_CALLS` calls.
    """

    def __init__(
        self,
        cells: Mapping[tuple[str, str, int], Cell] | None = None,
        tallies: Mapping[str, Tally] | None = None,
    ) -> None:
        """Start from counts, by default none."""
        self._cells = dict(cells or {})
        self._tallies = dict(tallies or {})

    def observe(self, expert: str, skill: str, merged: int, counts: Cell) -> None:
        """Add the counts of one call that carried out `merged` commands, for one skill of it."""
        key = (expert, skill, merge_bucket(merged))
        self._cells[key] = self._cells.get(key, Cell()).plus(counts)

    def observe_call(self, expert: str, seconds: float, usd: float | None) -> None:
        """Add one call's wall-clock seconds and bill (None: unknown)."""
        old = self._tallies.get(expert, Tally())
        self._tallies[expert] = Tally(
            calls=old.calls + 1,
            seconds=old.seconds + seconds,
            usd=old.usd + (usd or 0.0),
            billed=old.billed + (usd is not None),
        )

    def cell(self, expert: str, skill: str, merged: int) -> Cell:
        """Counts so far (all zero if none)."""
        return self._cells.get((expert, skill, merge_bucket(merged)), Cell())

    def tally(self, expert: str) -> Tally:
        """Calls so far of this expert."""
        return self._tallies.get(expert, Tally())

    def success(self, spec: ExpertSpec, skill: str, merged: int = 1) -> tuple[float, float]:
        """Beta parameters (a, b) of the chance that a target command of this skill passes; a, b > 0."""
        cell = self.cell(spec.name, skill, merged)
        mean = self._prior_success(spec, skill, merge_bucket(merged))
        return (
            max(1e-3, PRIOR_CALLS * mean) + cell.success,
            max(1e-3, PRIOR_CALLS * (1.0 - mean)) + cell.failure,
        )

    def _prior_success(self, spec: ExpertSpec, skill: str, bucket: int) -> float:
        if bucket == 0:
            return _declared(spec, skill)
        below = self._cells.get((spec.name, skill, bucket - 1), Cell())
        mean = self._prior_success(spec, skill, bucket - 1)
        return next_prior(mean, below.success, below.success + below.failure)

    def damage(self, spec: ExpertSpec, skill: str, merged: int = 1) -> tuple[float, float]:
        """Beta parameters (a, b) of the chance that a call breaks one satisfied command."""
        cell = self.cell(spec.name, skill, merged)
        return PRIOR_CALLS * PRIOR_DAMAGE + cell.damaged, PRIOR_CALLS * (1 - PRIOR_DAMAGE) + cell.spared

    def calls(self, spec: ExpertSpec, skill: str, merged: int = 1) -> float:
        """How many target commands were tried: the weight of evidence behind `success`."""
        cell = self.cell(spec.name, skill, merged)
        return cell.success + cell.failure

    def tries(self, spec: ExpertSpec, skill: str) -> float:
        """How many target commands of this skill were tried, in calls of whatever size."""
        cells = (self.cell(spec.name, skill, merged) for merged in SMALLEST)
        return sum(cell.success + cell.failure for cell in cells)

    def retry(self, specs: Iterable[ExpertSpec]) -> float:
        """Share of its chance that a call keeps after it has missed once, over all these experts; 0.05 to 0.98.

        What retries brought, beside what all calls of their experts bring: first tries and retries, as in `success`,
        which is what the share is taken of. Of first tries alone it is less.
        """
        known, expected, hits = {spec.name: spec for spec in specs}, RETRY_HITS, RETRY_HITS * PRIOR_RETRY
        for (expert, skill, bucket), cell in self._cells.items():
            if bucket == 0 and cell.retried and expert in known:
                a, b = self.success(known[expert], skill)
                expected += cell.retried * a / (a + b)
                hits += cell.recovered
        return float(min(max(hits / expected, 0.05), 0.98))

    def price(self, spec: ExpertSpec) -> float | None:
        """Expected US dollars a call: the spec's price, else the mean bill, else None (unknown)."""
        if spec.price is not None:
            return spec.price
        tally = self.tally(spec.name)
        return tally.usd / tally.billed if tally.billed else None

    def seconds(self, spec: ExpertSpec) -> float:
        """Expected seconds a call: nominal value and measured mean, the former worth `PRIOR_CALLS` calls."""
        tally = self.tally(spec.name)
        return (PRIOR_CALLS * spec.nominal_seconds + tally.seconds) / (PRIOR_CALLS + tally.calls)

    def add(self, other: TrackRecord) -> None:
        """Take up all counts of another record."""
        for key, cell in other._cells.items():
            self._cells[key] = self._cells.get(key, Cell()).plus(cell)
        for name, tally in other._tallies.items():
            mine = self.tally(name)
            self._tallies[name] = Tally(
                calls=mine.calls + tally.calls,
                seconds=mine.seconds + tally.seconds,
                usd=mine.usd + tally.usd,
                billed=mine.billed + tally.billed,
            )

    def only(self, experts: Container[str]) -> TrackRecord:
        """A record of the counts of these experts, by name."""
        return TrackRecord(
            {key: cell for key, cell in self._cells.items() if key[0] in experts},
            {name: tally for name, tally in self._tallies.items() if name in experts},
        )

    def copy(self) -> TrackRecord:
        """An independent copy (counts are immutable)."""
        return TrackRecord(self._cells, self._tallies)

    def digest(self) -> str:
        """Hex SHA-256 of all counts, the same for equal records."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def to_json(self) -> str:
        """The record as a JSON document."""
        return RecordDocument(
            cells=tuple(
                CellEntry(expert=expert, skill=skill, merged=MERGE_BUCKETS[bucket], counts=cell)
                for (expert, skill, bucket), cell in sorted(self._cells.items())
            ),
            tallies=dict(sorted(self._tallies.items())),
        ).model_dump_json(indent=1)

    @classmethod
    def from_json(cls, text: str | bytes, *, name: str = "track record") -> TrackRecord:
        """Read what `to_json` wrote.

        Raises:
            InputError: broken, or of another version.
        """
        try:
            document = RecordDocument.model_validate(json.loads(text))
        except (ValueError, ValidationError) as error:
            raise InputError(f"{name} cannot be read: {error}. Move it away to start with an empty one.") from error
        cells = {
            (entry.expert, entry.skill, MERGE_BUCKETS.index(entry.merged)): entry.counts for entry in document.cells
        }
        return cls(cells, document.tallies)

    @classmethod
    def load(cls, path: Path) -> TrackRecord:
        """Read a record file; an empty record if there is no such file."""
        if not path.exists():
            return cls()
        return cls.from_json(path.read_bytes(), name=str(path))

    def save(self, path: Path) -> None:
        """Write the record; a crash leaves the old file or the new one, never half of one."""
        write_atomically(path, self.to_json().encode())


class CellEntry(Document):
    """One row of the record file."""

    expert: str
    skill: str
    merged: MergeBucket
    counts: Cell


class RecordDocument(Document):
    """The record file."""

    version: Literal[1] = 1
    cells: tuple[CellEntry, ...] = ()
    tallies: dict[str, Tally] = {}


def _declared(spec: ExpertSpec, skill: str) -> float:
    """A skill is an operation unless a plan says otherwise; another skill is judged by the mean declared ability."""
    try:
        operation = Operation(skill)
    except ValueError:
        return sum(spec.operations.values()) / len(spec.operations)
    return spec.operations.get(operation, UNKNOWN_ABILITY)
