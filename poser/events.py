"""What a run tells while it goes on, in the order in which it happens.

`PlanReady`, then for each step of each picture `StepStarted` and `StepDone`, and last `Finished`; `Warned` may stand
anywhere. Several pictures of one run go on side by side and are told apart by `run`, their 0-based number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from poser.envs.trace import Refusal, StepRecord
from poser.experts.picture import Picture
from poser.experts.types import ExpertSpec, Plan

if TYPE_CHECKING:
    from poser.result import Result


@dataclass(frozen=True, kw_only=True)
class PlanReady:
    """The prompt is decomposed, and it is known who refuses what.

    Attributes:
        plan: what will be done.
        experts: specs of the pool.
        refusals: which expert refuses which command, and why.
        critic, policy: their names.
        runs: how many pictures are made side by side.
        alignment: Φ₀ in [0, 1] of the source picture; 0 without one.
    """

    plan: Plan
    experts: tuple[ExpertSpec, ...]
    refusals: tuple[Refusal, ...]
    critic: str
    policy: str
    runs: int = 1
    alignment: float = 0.0


@dataclass(frozen=True, kw_only=True)
class StepStarted:
    """An expert is being asked.

    Attributes:
        run: which of the pictures.
        index: 0-based number of the step.
        expert: name; "" for stopping.
        target: id of the command, "all", or "stop".
        commands: ids of the commands that the call carries out.
        reason: why, in the policy's words.
    """

    run: int
    index: int
    expert: str
    target: str
    commands: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class StepDone:
    """An expert has answered and the critic has judged.

    Attributes:
        run: which of the pictures.
        step: everything about it.
        picture: what came back, kept or not; None if nothing did.
        best: Φ in [0, 1] of the best picture so far.
        usd: dollars known to be spent so far on this picture.
    """

    run: int
    step: StepRecord
    picture: Picture | None
    best: float
    usd: float


@dataclass(frozen=True, kw_only=True)
class Warned:
    """Something that the user should know and that stops nothing."""

    message: str


@dataclass(frozen=True, kw_only=True)
class Finished:
    """The run is over.

    Attributes:
        result: the best picture of the run and all about it; `result.variants` has all of them.
    """

    result: Result


Event = PlanReady | StepStarted | StepDone | Warned | Finished
