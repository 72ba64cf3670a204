"""Reflection: an instruction that has failed twice is reworded once, from what the critic said.

Only the words sent to experts change. Ids, atoms, K and Φ of the plan stay as they are, so the MDP is the same; what a
rewording costs is taken from the budget and stands in the trace by itself, not in the reward.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from poser.envs.actions import charged_price
from poser.envs.arrays import Choice, Pool, State
from poser.envs.asking import Asker
from poser.envs.episode import Episode
from poser.envs.rewriting import Rewriter, RewriteRequest
from poser.envs.trace import Failure, Rewrite
from poser.experts.errors import CallError, without_secrets

FAILURES = 2
"""Failed tries of a command after which its instruction is reworded."""

_MOST_FEEDBACK = 3
_TELLING = ("ContentFiltered", "InvalidRequest", "BadReply")
_LONGEST = 4000


def reflect(
    episodes: Sequence[Episode],
    rows: Iterable[int],
    state: State,
    pool: Pool,
    choice: Choice,
    rewriter: Rewriter | None,
    asker: Asker,
) -> State:
    """Have the instructions reworded that `choice` tries once more in these rows; the state with what it costs."""
    if rewriter is None:
        return state
    spent, prices = state.spent.copy(), charged_price(pool)
    asked: dict[int, list[RewriteRequest]] = {}
    for row in rows:
        plan, done = episodes[row].task.plan, {rewrite.command for rewrite in episodes[row].rewrites}
        call = prices[row, choice.expert[row]] + np.nan_to_num(pool.critic_price[row])
        for k in np.flatnonzero(choice.tried[row] & (state.failed[row] >= FAILURES)).tolist():
            name = plan.commands[k].id
            if name in done or not _affordable(rewriter.rewrite_price, spent[row] + call, pool.budget[row]):
                continue
            spent[row] += rewriter.rewrite_price or 0.0
            request = RewriteRequest(
                plan=plan, command=name, feedback=feedback_on(episodes[row], name), tries=int(state.failed[row, k])
            )
            asked.setdefault(row, []).append(request)
    for row, request, answer in asker.rewrite(rewriter, asked):
        said = answer.rewriting
        text = "" if isinstance(said, CallError) else " ".join(without_secrets(said.text).split())
        before = request.plan.command(request.command).text
        failure = Failure(error=type(said).__name__, message=str(said)) if isinstance(said, CallError) else None
        if len(text) > _LONGEST or text == before:
            text = ""
        if text:
            episodes[row].texts[request.command] = text
        episodes[row].rewrites.append(
            Rewrite(
                step=len(episodes[row].steps),
                command=request.command,
                tries=request.tries,
                feedback=request.feedback,
                before=before,
                text=text,
                rewriter=rewriter.name,
                failure=failure,
                expected_usd=rewriter.rewrite_price,
                usage=answer.usage,
                uncertain=answer.uncertain,
            )
        )
        episodes[row].bill(answer.usage.usd, answer.usage.simulated_usd, answer.usage.seconds)
    return state._replace(spent=spent)


def feedback_on(episode: Episode, command: str) -> tuple[str, ...]:
    """What critic and experts said the last times that this command was tried, the oldest first."""
    said = []
    for step in episode.steps:
        if command not in step.commands:
            continue
        if step.verdict is not None and step.verdict.feedback:
            said.append(step.verdict.feedback)
        elif step.failure is not None and step.failure.error in _TELLING:
            said.append(step.failure.message)
    return tuple(dict.fromkeys(said))[-_MOST_FEEDBACK:]


def _affordable(price: float | None, spent: float, budget: float) -> bool:
    if np.isinf(budget):
        return True
    return price is not None and spent + price <= budget
