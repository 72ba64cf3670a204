"""Task and Episode: what one episode is to do, and the book that the driver keeps of it (pictures, steps, bills)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from poser.critics.types import Verdict
from poser.envs.arrays import Bools, State
from poser.envs.rules import END_REASONS, INTERRUPTED, Rules
from poser.envs.trace import CommandStatus, Failure, Refusal, Rewrite, StepRecord, Trace
from poser.envs.tries import Tried, count_tries
from poser.experts.errors import InputError
from poser.experts.picture import Picture
from poser.experts.plan_check import check_plan
from poser.experts.record import Cell
from poser.experts.types import Command, ExpertSpec, Plan, Usage


@dataclass(frozen=True, kw_only=True)
class Task:
    """One episode to be run.

    Attributes:
        plan: what is to be done.
        source: picture to edit. Required if and only if the plan edits one.
        references: further pictures for experts that look at them.
        mask: white = edit here, for experts that take one; of the source's size.
        width, height: of the result in pixels, where there is no source. The result has this size, or the source's,
            unless an expert that made it offers certain sizes only: it is then asked for the nearest of them.
        seed: of the episode, at least 0.
        usd_cost: reward units a dollar; None = as `Rules` say.
        budget_usd: expected dollars that may be spent; None = as `Rules` say.
        extraction: this episode's share of what making the plan took; on its bill. None = nothing is known of that.
    """

    plan: Plan
    source: Picture | None = None
    references: tuple[Picture, ...] = ()
    mask: Picture | None = None
    width: int = 768
    height: int = 768
    seed: int = 0
    usd_cost: float | None = None
    budget_usd: float | None = None
    extraction: Usage | None = None

    def checked(self) -> Task:
        """Itself.

        Raises:
            InputError: the plan is unsound, edits a source that is not there, or a number is out of range.
        """
        check_plan(self.plan)
        if (self.plan.source is None) != (self.source is None):
            raise InputError("A task has a source picture if and only if its plan has one; give both or neither.")
        if self.width < 1 or self.height < 1 or self.seed < 0:
            raise InputError(
                f"A task of {self.width}x{self.height} pixels with seed {self.seed} cannot be run; "
                "width and height must be at least 1, the seed at least 0."
            )
        if self.mask is not None and self.source is not None and self.mask.size != self.source.size:
            raise InputError(
                f"The mask has {self.mask.width}x{self.mask.height} pixels, the source {self.source.width}x"
                f"{self.source.height}; both must be of one size."
            )
        for name in ("usd_cost", "budget_usd"):
            value = getattr(self, name)
            if value is not None and not 0.0 <= value < float("inf"):
                raise InputError(f"Task.{name} is {value!r}; give a finite number of at least 0.")
        return self


@dataclass(frozen=True)
class Unjudged:
    """A picture without a verdict, to be judged once more at the end.

    Attributes:
        step: that made it; None = the source.
        picture: its pixels.
        carried: [K] bool, commands carried out on the way to it.
        called: [K] bool, by that step alone.
        before: [K] bool, satisfied in the picture that this step edited.
    """

    step: int | None
    picture: Picture
    carried: Bools
    called: Bools
    before: Bools


@dataclass
class Episode:
    """The book of one episode.

    Attributes:
        task, refusals: as at its start.
        current, best: pictures; best_step: step that made the best one, None = the source; best_verdict: on it.
        source_verdict: None without a source, or if the critic failed on it.
        steps, pictures: one entry a step.
        rewrites: instructions that were given to be reworded; texts: command id -> its new instruction.
        unjudged: pictures that still lack a verdict.
        source_failure: why the source has none; critic_gone: the critic cannot judge at all for now.
        tries: what calls show of their experts; calls: (expert, seconds, US dollars).
        usd: known bills; unknown_bill: there were others; simulated_usd: None if no call had one; seconds: real ones.
        policy: name of whoever decided.
    """

    task: Task
    refusals: tuple[Refusal, ...] = ()
    current: Picture | None = None
    best: Picture | None = None
    best_step: int | None = None
    best_verdict: Verdict | None = None
    source_verdict: Verdict | None = None
    steps: list[StepRecord] = field(default_factory=list)
    pictures: list[Picture | None] = field(default_factory=list)
    rewrites: list[Rewrite] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    unjudged: list[Unjudged] = field(default_factory=list)
    source_failure: Failure | None = None
    critic_gone: bool = False
    tries: list[Tried] = field(default_factory=list)
    calls: list[tuple[str, float, float | None]] = field(default_factory=list)
    usd: float = 0.0
    unknown_bill: bool = False
    simulated_usd: float | None = None
    seconds: float = 0.0
    policy: str = ""

    def __post_init__(self) -> None:
        if (made := self.task.extraction) is not None:
            self.bill(made.usd, made.simulated_usd, made.seconds)

    def bill(self, usd: float | None, simulated_usd: float | None, seconds: float) -> None:
        """Add what one call really took; `usd` None = unknown."""
        self.usd += usd or 0.0
        self.unknown_bill |= usd is None
        if simulated_usd is not None:
            self.simulated_usd = (self.simulated_usd or 0.0) + simulated_usd
        self.seconds += seconds

    def commands(self, chosen: Bools) -> tuple[Command, ...]:
        """The commands chosen [K], with their instructions as they stand now."""
        plan = (self.task.plan.commands[k] for k in np.flatnonzero(chosen))
        return tuple(c.model_copy(update={"text": self.texts[c.id]}) if c.id in self.texts else c for c in plan)

    @property
    def observed(self) -> list[tuple[str, str, int, Cell]]:
        """(expert, skill, merged, counts) of all tries, for the track record."""
        return count_tries(self.tries)

    def statuses(self, satisfied: Bools, dropped: Bools) -> dict[str, CommandStatus]:
        """Command id -> status, from [K] arrays."""
        return {
            command.id: "satisfied" if satisfied[k] else "dropped" if dropped[k] else "pending"
            for k, command in enumerate(self.task.plan.commands)
        }

    def trace(
        self,
        row: int,
        state: State,
        *,
        specs: tuple[ExpertSpec, ...],
        rules: Rules,
        terms: Mapping[str, str | float],
        record_digest: str,
        critic: str,
    ) -> Trace:
        """The trace so far; an episode that still runs counts as interrupted.

        `terms` are settings that are no rules of the MDP but part of what happened.
        """
        reason = int(state.reason[row]) or INTERRUPTED
        own = {"usd_cost": self.task.usd_cost, "budget_usd": self.task.budget_usd}
        settings = {**rules._asdict(), **terms, **{k: v for k, v in own.items() if v is not None}}
        return Trace.model_validate(
            {
                "plan": self.task.plan,
                "experts": specs,
                "refusals": self.refusals,
                "seed": self.task.seed,
                "rules": settings,
                "record_digest": record_digest,
                "policy": self.policy,
                "critic": critic,
                "extraction": self.task.extraction,
                "source_verdict": self.source_verdict,
                "source_failure": None if self.source_verdict is not None else self.source_failure,
                "initial_alignment": float(state.initial[row]),
                "steps": tuple(self.steps),
                "rewrites": tuple(self.rewrites),
                "best": None if self.best is None else self.best.ref,
                "best_step": self.best_step,
                "best_verdict": self.best_verdict,
                "alignment": float(np.clip(state.best[row], 0.0, 1.0)),
                "statuses": self.statuses(state.best_satisfied[row], state.dropped[row]),
                "end": END_REASONS[reason],
                "usd": None if self.unknown_bill else self.usd,
                "usd_known": self.usd,
                "simulated_usd": self.simulated_usd,
                "seconds": self.seconds,
            }
        )
