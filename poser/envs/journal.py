"""Writing one step into the book of its episode: step record, bills, counts for the track record."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from poser.envs.arrays import Bools, Choice, Effects, Floats, Outcome, State
from poser.envs.asking import Judgement, Reply
from poser.envs.episode import Episode, Unjudged
from poser.envs.trace import Decision, Failure, StepRecord
from poser.envs.tries import Tried
from poser.experts.errors import CallError, without_secrets
from poser.experts.types import ExpertRequest, ExpertResult, ExpertSpec


class Moment(NamedTuple):
    """One step of all episodes as the MDP saw it: states before and after, what was chosen, what came of it."""

    before: State
    after: State
    choice: Choice
    outcome: Outcome
    effects: Effects
    reward: Floats


class LateVerdicts(NamedTuple):
    """Verdicts asked for at the end, [B] each: what the last rewards gain by them, whether that picture is now the
    best, and what was charged (expected US dollars and seconds).
    """

    outcome: Outcome
    gained: Floats
    new_best: Bools
    usd: Floats
    seconds: Floats


def record_step(
    episode: Episode,
    row: int,
    moment: Moment,
    *,
    action: int,
    spec: ExpertSpec,
    request: ExpertRequest | None,
    reply: Reply | None,
    judgement: Judgement | None,
    decision: Decision | None,
) -> None:
    """Append the step of `row`, swap pictures, add bills and counts.

    `request`, `reply` and `judgement` are None where nobody was called or judged.
    """
    choice, effects, after = moment.choice, moment.effects, moment.after
    result = reply.result if reply is not None else None
    picture = result.picture if isinstance(result, ExpertResult) else None
    verdict = judgement.verdict if judgement is not None else None
    judged = verdict is not None and not isinstance(verdict, CallError)
    index = len(episode.steps)
    episode.steps.append(
        StepRecord(
            index=index,
            action=action,
            expert=spec.name if request is not None else "",
            target=_target(episode, row, choice),
            commands=tuple(command.id for command in request.commands) if request is not None else (),
            instruction=request.text if request is not None else "",
            text_sent=_text_sent(request, result),
            seed=request.seed if request is not None else 0,
            size=(request.width, request.height) if request is not None else None,
            picture=picture.ref if picture is not None else None,
            verdict=None if isinstance(verdict, CallError) else verdict,
            alignment=float(moment.outcome.alignment[row]) if judged else None,
            accepted=bool(effects.accepted[row]),
            new_best=bool(effects.new_best[row]),
            failure=failure_of(result),
            critic_failure=failure_of(verdict),
            illegal=bool(effects.illegal[row]),
            reward=float(moment.reward[row]),
            expected_usd=float(effects.usd[row]),
            expected_seconds=float(effects.seconds[row]),
            usage=reply.usage if reply is not None else None,
            critic_usage=judgement.usage if judgement is not None else None,
            notes=tuple(map(without_secrets, result.notes)) if isinstance(result, ExpertResult) else (),
            uncertain=any(answer is not None and answer.uncertain for answer in (reply, judgement)),
            statuses=episode.statuses(after.satisfied[row], after.dropped[row]),
            decision=decision,
        )
    )
    episode.pictures.append(picture)
    episode.critic_gone |= isinstance(verdict, CallError) and verdict.lasting
    if decision is not None:
        episode.policy = decision.policy
    for bill in (reply, judgement):
        if bill is not None:
            episode.bill(bill.usage.usd, bill.usage.simulated_usd, bill.usage.seconds)
    if effects.accepted[row]:
        episode.current = picture
    if effects.new_best[row] and judged:
        episode.best, episode.best_step, episode.best_verdict = picture, index, episode.steps[-1].verdict
    if reply is None:
        return
    before = moment.before.satisfied[row] & moment.before.judged[row] & ~choice.fresh[row]
    called = choice.carried[row]
    if picture is None:
        if isinstance(result, CallError) and not result.transient:
            _count(episode, index, spec.name, called, np.zeros_like(before), None, row)
        return
    episode.calls.append((spec.name, reply.usage.seconds, reply.usage.usd))
    if judged:
        _count(episode, index, spec.name, called, before, moment.outcome, row)
    else:
        carried = called if choice.fresh[row] else called | moment.before.carried[row]
        episode.unjudged.append(Unjudged(index, picture, carried, called, before))


def record_late_verdict(episode: Episode, row: int, late: Unjudged, judgement: Judgement, found: LateVerdicts) -> None:
    """Complete the record of a picture that was judged only at the end."""
    episode.bill(judgement.usage.usd, judgement.usage.simulated_usd, judgement.usage.seconds)
    last = episode.steps[-1]
    charged = {
        "reward": last.reward + float(found.gained[row]),
        "expected_usd": last.expected_usd + float(found.usd[row]),
        "expected_seconds": last.expected_seconds + float(found.seconds[row]),
    }
    episode.steps[-1] = last.model_copy(update=charged)
    verdict, new_best = judgement.verdict, bool(found.new_best[row])
    if isinstance(verdict, CallError):
        return
    if late.step is None:
        episode.source_verdict = verdict
        if episode.best is late.picture:
            episode.best_verdict = verdict
    else:
        update = {
            "verdict": verdict,
            "alignment": float(found.outcome.alignment[row]),
            "new_best": new_best,
            "critic_failure": None,
            "critic_usage": judgement.usage,
        }
        episode.steps[late.step] = episode.steps[late.step].model_copy(update=update)
        expert = episode.steps[late.step].expert
        _count(episode, late.step, expert, late.called, late.before, found.outcome, row)
    if new_best:
        episode.best, episode.best_step, episode.best_verdict = late.picture, late.step, verdict


def _count(
    episode: Episode, step: int, expert: str, called: Bools, before: Bools, outcome: Outcome | None, row: int
) -> None:
    """Count a call for the track record; `outcome` None = it failed, `before` [K] = satisfied when it began."""
    indices = np.flatnonzero(called)
    commands = tuple(episode.task.plan.commands[k] for k in indices)
    if outcome is None:
        episode.tries.append(Tried(step, expert, commands, (False,) * len(commands), failed=True))
        return
    judged, passed = outcome.judged[row], outcome.passed[row]
    others = before & ~called & judged
    hits = tuple(bool(passed[k]) if judged[k] else None for k in indices)
    damaged, spared = int((others & ~passed).sum()), int((others & passed).sum())
    episode.tries.append(Tried(step, expert, commands, hits, damaged=damaged, spared=spared))


def _target(episode: Episode, row: int, choice: Choice) -> str:
    commands, target = episode.task.plan.commands, int(choice.target[row])
    if choice.stop[row]:
        return "stop"
    if target < len(commands):
        return commands[target].id
    # an illegal action may mean a padded slot
    return "all" if target == choice.carried.shape[1] else ""


def _text_sent(request: ExpertRequest | None, result: object) -> str:
    """What the model got, where that is not the instruction."""
    if request is None or not isinstance(result, ExpertResult) or result.text_sent == request.text:
        return ""
    return without_secrets(result.text_sent)


def failure_of(answer: object) -> Failure | None:
    """A typed error as it stands in the trace; None for anything else."""
    return Failure(error=type(answer).__name__, message=str(answer)) if isinstance(answer, CallError) else None
