"""A twin of real ratings: models that people rated on many prompts, one rater as the critic, the others as the judge.

Real are the prompts, the ratings of the pictures, and with them which model fails where. A call by the same model again
brings the same picture, hence the same rating.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poser.envs.arrays import Bools, Choice, Floats, Ints, Outcome, Pool
from poser.envs.pool import BUCKETS
from poser.envs.rules import Rules
from poser.envs.twin import Episodes, Twin
from poser.envs.twin_outcomes import Canvas, Truth
from poser.experts.errors import InputError
from poser.experts.record import PRIOR_CALLS, PRIOR_RETRY, UNKNOWN_ABILITY, posterior_mean
from poser.experts.types import Plan

BEST, WORST = 5, 1
"""Ends of the scale of ratings."""

RULES = Rules(pass_probability=1.0, tries_per_pair=1)
"""The default ones, but that a command is done when the critic gives the best rating, and that nobody is asked twice,
since the picture would be the same."""


@dataclass(frozen=True)
class RatingsTable:
    """N prompts, E models, R raters.

    Attributes:
        ids: of the prompts.
        models: names.
        skills: names of the tags.
        grades: float64 [N, E, R], ratings mapped to [0, 1].
        tagged: bool [N, S], the prompt has the tag.
        left_out: records with a rating outside the scale (slips of the pen such as 41), which are not in the table.
    """

    ids: tuple[str, ...]
    models: tuple[str, ...]
    skills: tuple[str, ...]
    grades: Floats
    tagged: Bools
    left_out: int = 0

    @classmethod
    def load(cls, path: Path) -> RatingsTable:
        """Read a table, one record a line: `id`, `prompt`, `models` {name: [ratings]}, `skills` [].

        Raises:
            InputError: no such file; a line that is no record; models or raters that are missing somewhere; fewer than
                two raters; no record with all ratings from 1 to 5.
        """
        if not path.is_file():
            raise InputError(f"There is no ratings table {path}; give a JSONL file with id, prompt, models, skills.")
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"The ratings table {path} cannot be read: {error}") from error
        records = []
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                records.append(_read_record(line))
            except (ValueError, KeyError, TypeError) as error:
                raise InputError(f"{path}, line {number} is no record: {type(error).__name__}: {error}") from error
        if not records:
            raise InputError(f"{path} holds no record.")
        models, raters = tuple(records[0][1]), len(next(iter(records[0][1].values()), ()))
        if raters < 2:
            raise InputError(f"{path} has {raters} raters a picture; one is the critic, so give at least 2.")
        for name, rated, _ in records:
            if set(rated) != set(models):
                raise InputError(f"{path}: {name!r} has ratings of {sorted(rated)}, others of {sorted(models)}.")
            if any(len(each) != raters for each in rated.values()):
                raise InputError(f"{path}: {name!r} has not {raters} ratings of every model, as others have.")
        sound = [each for each in records if all(WORST <= r <= BEST for rated in each[1].values() for r in rated)]
        if not sound:
            raise InputError(f"{path} holds no record whose ratings are all from {WORST} to {BEST}.")
        left_out, records = len(records) - len(sound), sound
        table = np.array([[rated[model] for model in models] for _, rated, _ in records], float)
        skills = tuple(sorted({skill for *_, tags in records for skill in tags}))
        tagged = np.array([[skill in tags for skill in skills] for *_, tags in records], bool).reshape(len(records), -1)
        ids = tuple(name for name, *_ in records)
        return cls(ids, models, skills, (table - WORST) / (BEST - WORST), tagged, left_out)

    def rows(self, numbers: NDArray[np.int64]) -> RatingsTable:
        """The table of some prompts alone."""
        ids = tuple(self.ids[number] for number in numbers)
        return RatingsTable(ids, self.models, self.skills, self.grades[numbers], self.tagged[numbers])

    def record(self) -> tuple[Floats, Floats]:
        """([E, S] sums of the critic's grades by skill, [S] prompts of it): a grade is part of a hit."""
        critic = self.grades[:, :, 0]
        return np.einsum("ne,ns->es", critic, self.tagged.astype(float)), self.tagged.sum(axis=0).astype(float)


def _read_record(line: str) -> tuple[str, dict[str, list[float]], list[str]]:
    """(id, ratings by model, tags); ValueError, KeyError or TypeError where the line holds something else."""
    record = json.loads(line)
    models, skills = dict(record["models"]), record.get("skills") or []
    for model, ratings in models.items():
        if not isinstance(ratings, list) or not all(isinstance(each, int | float) for each in ratings):
            raise TypeError(f"the ratings of {model} are {ratings!r}, no list of numbers")
    if not isinstance(skills, list):
        raise TypeError(f"skills are {skills!r}, no list")
    return str(record["id"]), models, skills


class RatedPools:
    """The rated models as a pool, a prompt an episode; a source of pools for `RatingsTwin`.

    Attributes:
        experts, commands: E models, one command.
        table: what is played.
    """

    commands = 1
    plans: tuple[Plan, ...] = ()

    def __init__(
        self,
        table: RatingsTable,
        known: RatingsTable,
        prices: Mapping[str, float],
        *,
        usd_cost: tuple[float, float] = (1.0, 1.0),
        shuffled: bool = False,
    ) -> None:
        """Set up.

        Args:
            table: what is played.
            known: prompts that the track record is of; others than those of the table, to be fair.
            prices: US dollars a picture of each model.
            usd_cost: reward units a dollar, least and most (log-uniform).
            shuffled: draw prompts by chance, for training; else they come in the order of the table.

        Raises:
            InputError: a model without price, a table of one model, or one without prompts.
        """
        if len(table.models) < 2 or not table.ids or not known.ids:
            raise InputError(
                f"{len(table.ids)} prompts with {len(table.models)} models, and {len(known.ids)} for the record; give "
                "at least 2 models and a prompt each."
            )
        missing = [model for model in table.models if model not in prices]
        if missing:
            raise InputError(f"No price is given for {', '.join(missing)}; give US dollars a picture.")
        self.table, self.experts = table, len(table.models)
        hits, tried = known.record()
        mean = posterior_mean(np.full(hits.shape, UNKNOWN_ABILITY), hits, np.broadcast_to(tried, hits.shape))
        share = table.tagged / np.maximum(table.tagged.sum(axis=1, keepdims=True), 1)
        overall = known.grades[:, :, 0].mean(axis=0)
        bare = np.asarray(~table.tagged.any(axis=1))
        self._mean = np.where(bare[:, None], overall, share @ mean.T)
        self._confidence = np.where(bare, len(known.ids), share @ tried)
        self._confidence = self._confidence / (self._confidence + PRIOR_CALLS)
        self._prices = np.array([prices[model] for model in table.models])
        self._usd_cost, self._shuffled = usd_cost, shuffled

    def numbered(self, numbers: Ints, usd_cost: Floats | float = 1.0) -> Pool:
        """The pools of these prompts; `usd_cost` as in `Pool`."""
        batch, shape = len(numbers), (len(numbers), self.experts, 1, BUCKETS)
        row = numbers % len(self.table.ids)
        return Pool(
            expert=np.ones((batch, self.experts), bool),
            t2i=np.ones((batch, self.experts), bool),
            command=np.ones((batch, 1), bool),
            after=np.zeros((batch, 1, 1), bool),
            supported=np.ones((batch, self.experts, 1), bool),
            price=np.tile(self._prices, (batch, 1)),
            seconds=np.zeros((batch, self.experts)),
            success=np.broadcast_to(self._mean[row][:, :, None, None], shape),
            confidence=np.broadcast_to(self._confidence[row][:, None, None, None], shape),
            damage=np.zeros(shape),
            retry=np.full(batch, PRIOR_RETRY),
            critic_price=np.zeros(batch),
            critic_seconds=np.zeros(batch),
            has_source=np.zeros(batch, bool),
            usd_cost=np.broadcast_to(usd_cost, batch).astype(float),
            budget=np.full(batch, np.inf),
        )

    def draw(self, rng: np.random.Generator, count: int) -> Episodes:
        """`count` prompts; what the critic says of each picture is fixed, so nothing else is true of them."""
        rows = rng.integers(len(self.table.ids), size=count) if self._shuffled else np.arange(count)
        rows, none = rows % len(self.table.ids), np.zeros(count)
        chances = np.zeros((count, self.experts, 1, BUCKETS))
        failures = np.zeros((count, self.experts))
        low, high = self._usd_cost
        usd_cost = np.exp(rng.uniform(np.log(low), np.log(high), count))
        grade = self.table.grades[rows, :, 0]
        truth = Truth(chances, chances, failures, failures, failures, none, none, none, grade, rows)
        return Episodes(self.numbered(rows, usd_cost), truth)


class RatingsTwin(Twin):
    """Plays the prompts of `RatedPools`: the first rater is the critic, the quality is the mean grade of the others."""

    def __init__(self, source: RatedPools, episodes: int | None = None, *, rules: Rules = RULES, seed: int = 0) -> None:
        """All prompts of the source side by side, or `episodes` of them."""
        count = len(source.table.ids) if episodes is None else episodes
        super().__init__(source, count, rules=rules, seed=seed, block=len(source.table.ids))
        self._judged = source.table.grades[:, :, 1:].mean(axis=2)
        self._grade = np.zeros(count)

    @property
    def quality(self) -> Floats:
        """[N] the judges' grade of the returned picture, in [0, 1]; 0 without a picture."""
        return self._grade

    def reset(self, start: int | None = None):  # type: ignore[no-untyped-def]  # noqa: D102  as in the base class
        self._grade = np.zeros(self.batch)
        return super().reset(0 if start is None else start)

    def restart(self):  # type: ignore[no-untyped-def]  # noqa: D102  as in the base class
        self._grade = np.where(self.state.done, 0.0, self._grade)
        return super().restart()

    def state_dict(self):  # type: ignore[no-untyped-def]  # noqa: D102  as in the base class
        return super().state_dict() | {"grade": self._grade}

    def load_state_dict(self, arrays):  # type: ignore[no-untyped-def]  # noqa: D102  as in the base class
        self._grade = np.array(arrays["grade"])
        return super().load_state_dict(arrays)

    def _imagine(self, choice: Choice, luck: NDArray[np.float32]) -> tuple[Outcome, Canvas]:
        self._shown = self._judged[self.truth.case, np.where(choice.legal & ~choice.stop, choice.expert, 0)]
        return super()._imagine(choice, luck)

    def _keep(self, accepted: Bools, best: Bools, produced: Canvas) -> None:
        super()._keep(accepted, best, produced)
        self._grade = np.where(best, self._shown, self._grade)


def cascade(
    order: Sequence[int], thresholds: Sequence[float], table: RatingsTable, prices: Floats
) -> tuple[Floats, Floats]:
    """([N] judges' grade, [N] US dollars) of asking models in a fixed order until the critic's grade is high enough.

    `thresholds[i]` is for the pictures up to that of `order[i]`, the last one needs none; the picture of the highest
    critic's grade is returned (the first of equals).
    """
    count = len(table.ids)
    going, best, grade, spent = np.ones(count, bool), np.full(count, -1.0), np.zeros(count), np.zeros(count)
    for place, model in enumerate(order):
        spent += going * prices[model]
        seen, judged = table.grades[:, model, 0], table.grades[:, model, 1:].mean(axis=1)
        better = going & (seen > best)
        grade, best = np.where(better, judged, grade), np.where(better, seen, best)
        if place < len(thresholds):
            going = going & (best < thresholds[place])
    return grade, spent
