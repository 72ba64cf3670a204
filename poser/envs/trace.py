"""Trace: everything that happened in one episode, typed. Pictures stand in it by their pixel hash."""

from __future__ import annotations

from typing import Literal

from poser.critics.types import Verdict
from poser.envs.rules import EndReason
from poser.experts.picture import PictureRef
from poser.experts.types import Document, ExpertSpec, Plan, Usage

TRACE_VERSION = 1

CommandStatus = Literal["pending", "satisfied", "dropped"]


class Alternative(Document):
    """One action that the policy could have taken, and its score (the policy's own unit; None if it has none)."""

    action: int
    expert: str
    target: str
    score: float | None = None
    parts: dict[str, float] = {}


class Decision(Document):
    """Why this action: the policy's name, a sentence, and the best alternatives, the chosen one first."""

    policy: str
    reason: str = ""
    alternatives: tuple[Alternative, ...] = ()


class Failure(Document):
    """A typed error that a call ended in."""

    error: str
    message: str


class StepRecord(Document):
    """One expert call and its verdict.

    Attributes:
        index: 0-based number of the step.
        action: the MDP's action index.
        expert: name, or "" for STOP or an illegal action.
        target: command id, "all", or "stop".
        commands: ids of the commands that the call carried out.
        instruction: the text sent to the expert.
        text_sent: the text that its model got, where the expert cut or reworded it; else "".
        seed: seed of the call.
        size: (width, height) asked for, in pixels; None if nobody was called.
        picture: what came back, kept or not; None if nothing did.
        verdict: on that picture; None if there is none.
        alignment: Φ of that picture, in [0, 1]; None without a verdict.
        accepted: it became the current picture.
        new_best: it became the best picture.
        failure: why nothing usable came back, of the expert.
        critic_failure: why there is no verdict.
        illegal: the action was illegal and nobody was called.
        reward: of the step (expected costs).
        expected_usd, expected_seconds: what the MDP charged.
        usage, critic_usage: what it really took.
        notes: of the expert.
        uncertain: the call of expert or critic was sent before and cut off by a crash, and then sent once more under
            the same key: it may have been carried out, and billed, twice where the other side does not honour keys.
        statuses: command id -> status after the step.
        decision: why.
    """

    index: int
    action: int
    expert: str = ""
    target: str
    commands: tuple[str, ...] = ()
    instruction: str = ""
    text_sent: str = ""
    seed: int = 0
    size: tuple[int, int] | None = None
    picture: PictureRef | None = None
    verdict: Verdict | None = None
    alignment: float | None = None
    accepted: bool = False
    new_best: bool = False
    failure: Failure | None = None
    critic_failure: Failure | None = None
    illegal: bool = False
    reward: float
    expected_usd: float = 0.0
    expected_seconds: float = 0.0
    usage: Usage | None = None
    critic_usage: Usage | None = None
    notes: tuple[str, ...] = ()
    uncertain: bool = False
    statuses: dict[str, CommandStatus] = {}
    decision: Decision | None = None


def critic_notes(verdict: Verdict | None) -> list[str]:
    """What a verdict notes, in words for the user."""
    return [] if verdict is None else [f"the critic notes: {note}" for note in verdict.notes]


class Rewrite(Document):
    """An instruction that had failed and was given to be reworded.

    Attributes:
        step: index of the step that was about to try it once more.
        command: id of the command.
        tries: how often it had failed.
        feedback: what the critic had said of it, the oldest first.
        before: the instruction.
        text: the new one, in force from `step` on; "" = the old one stays.
        rewriter: name of who was asked.
        failure: why nothing usable came back.
        expected_usd: what the budget was charged; None = unknown, and there is no budget.
        usage: what it really took.
        uncertain: as in `StepRecord`.
    """

    step: int
    command: str
    tries: int
    feedback: tuple[str, ...] = ()
    before: str
    text: str = ""
    rewriter: str = ""
    failure: Failure | None = None
    expected_usd: float | None = 0.0
    usage: Usage = Usage(usd=0.0)
    uncertain: bool = False


class Refusal(Document):
    """Why an expert was not offered a command."""

    expert: str
    command: str
    reason: str


class Trace(Document):
    """One episode.

    Attributes:
        plan: what was to be done.
        experts: specs of the pool, in the order of the action index.
        refusals: what `Expert.refuses` said at the start.
        seed: of the episode.
        rules: the MDP's settings by name, with `prices` and `draw_below` of the driver.
        record_digest: of the track record that was frozen at the start.
        critic: name of the critic.
        extraction: what making the plan took (this episode's share of it); None where nothing is known of that.
        source_verdict: on the source picture; None without a source.
        source_failure: why there is none.
        initial_alignment: Φ₀.
        steps: in order.
        rewrites: instructions that were reworded on the way, in order.
        best: the returned picture; None if none was made.
        best_step: index of the step it came from; None for the source.
        best_verdict: on the returned picture.
        alignment: Φ of the returned picture.
        statuses: command id -> status in the returned picture ("dropped" where it was given up).
        end: why the episode ended.
        usd: real dollars of all calls, rewordings and the plan; None if any bill is unknown. usd_known sums the known
            ones.
        simulated_usd: by the simulated price list, for benchmarks.
        seconds: real seconds of the same.
    """

    version: int = TRACE_VERSION
    plan: Plan
    experts: tuple[ExpertSpec, ...]
    refusals: tuple[Refusal, ...] = ()
    seed: int
    rules: dict[str, float | int | bool | str | None] = {}
    record_digest: str = ""
    policy: str = ""
    critic: str = ""
    extraction: Usage | None = None
    source_verdict: Verdict | None = None
    source_failure: Failure | None = None
    initial_alignment: float = 0.0
    steps: tuple[StepRecord, ...] = ()
    rewrites: tuple[Rewrite, ...] = ()
    best: PictureRef | None = None
    best_step: int | None = None
    best_verdict: Verdict | None = None
    alignment: float = 0.0
    statuses: dict[str, CommandStatus] = {}
    end: EndReason = "stopped"
    usd: float | None = 0.0
    usd_known: float = 0.0
    simulated_usd: float | None = None
    seconds: float = 0.0

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is to be known of this episode, in words for the user, each once: notes of the plan and of verdicts, and
        that nobody has judged the picture.
        """
        verdicts = [self.source_verdict, *(step.verdict for step in self.steps), self.best_verdict]
        noted = [note for verdict in verdicts for note in critic_notes(verdict)]
        return tuple(dict.fromkeys([*self.plan.notes, *noted, *filter(None, [self.unjudged_remark])]))

    @property
    def unjudged_remark(self) -> str:
        """That nobody has judged the returned picture, and why; "" where somebody has."""
        if not self.unjudged:
            return ""
        why = "it gave no verdict." if self.critic_trouble is None else self.critic_trouble.message
        return f"The critic could judge none of the pictures, so one is handed over unjudged: {why}"

    @property
    def unjudged(self) -> bool:
        """Whether the returned picture was made by an expert and nobody has judged it: alignment says nothing then."""
        return self.best_step is not None and self.best_verdict is None

    @property
    def critic_trouble(self) -> Failure | None:
        """Why a picture has no verdict: the last failure of the critic, None if all were judged."""
        failures = [step.critic_failure for step in self.steps if step.critic_failure is not None]
        return failures[-1] if failures else self.source_failure

    @property
    def unchecked(self) -> frozenset[str]:
        """Ids of the commands of which nothing was judged in the returned picture, though they may be done.

        They count as satisfied; where the picture was not judged at all, all are unchecked but the dropped ones.
        """
        if self.unjudged:
            return frozenset(c.id for c in self.plan.commands if self.statuses.get(c.id) != "dropped")
        answers = () if self.best_verdict is None else self.best_verdict.answers
        judged = {answer.atom for answer in answers if answer.probability is not None}
        return frozenset(
            command.id
            for command in self.plan.commands
            if self.statuses.get(command.id) == "satisfied" and not any(atom.id in judged for atom in command.atoms)
        )
