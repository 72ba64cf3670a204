"""A language model that chooses: the orchestration that is usually built by prompting, behind the policy interface."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from poser.envs.actions import decode
from poser.experts.chat import ChatEndpoint
from poser.experts.errors import CallError, InputError, without_secrets
from poser.experts.json_repair import read_json
from poser.policies.base import FINISHED, Choice, Policy
from poser.policies.baselines import Greedy

if TYPE_CHECKING:
    from poser.envs.turn import Turn

INSTRUCTIONS = """\
You direct image experts. A picture is to satisfy a list of commands. Each turn you choose one action: one expert \
called for one command, or for all of them at once ("all"), or "stop". A "t2i" expert draws a new picture; an "i2i" \
expert edits the current one and may break what is satisfied. A picture worse than the current one is discarded; the \
best is returned. You earn the rise of the best alignment (mean score of the commands, 0 to 1) and completion_bonus \
if all are satisfied at the end; you pay step_cost a call and usd_cost a dollar. A command that builds on others \
("after") is best carried out after them. Records: "success" is the chance that the command passes in a call for 1, \
2, 3 to 4, 5 or more commands; "damage" the chance to break a satisfied one; "confidence" how well this is known, 0 \
to 1; "failed" how often this expert failed at it in this episode. Answer with the number of one of the actions \
listed, as JSON: {"action": 0}."""
"""What the model is told, the same in every turn."""

_ATTEMPTS = 2
_LONGEST_REASON = 200


class _Reply(NamedTuple):
    """An action, or why there is none; tokens used."""

    action: int | None
    problem: str
    tokens: int


class LLMChooser(Policy):
    """Asks a chat model of any OpenAI-compatible endpoint for one action a turn, by a JSON schema.

    The model sees what every policy may see: statuses, scores, records, prices, and the legal actions; no pictures and
    no names. A reply that is no legal action is asked for once more, with what was wrong; then, as after errors of the
    endpoint, greedy's action is taken, and the decision says why. Answers repeat only as far as the endpoint's do.

    Attributes:
        requests, tokens, fallbacks: sums so far; an evaluation with many fallbacks is one of greedy.
    """

    name = "llm"

    def __init__(
        self,
        rng: np.random.Generator | None = None,
        *,
        model: str,
        base_url: str | None = None,
        key_variable: str = "OPENAI_API_KEY",
        timeout: float = 60.0,
        workers: int = 8,
    ) -> None:
        """Set up; nothing is sent yet.

        Args:
            rng: not used, nothing is drawn.
            model: its name at the endpoint.
            base_url: of the endpoint, such as "http://127.0.0.1:8000/v1"; None = as the openai package has it.
            key_variable: environment variable that holds the key; "" = no key. On loopback it may be unset.
            timeout: seconds a request.
            workers: requests at a time, if several episodes run side by side.

        Raises:
            InputError: no model, or a number out of its range.
        """
        super().__init__(rng)
        if not model:
            raise InputError("No model is named; give the name that the endpoint knows it by.")
        if not timeout > 0.0 or workers < 1:
            raise InputError(f"timeout {timeout} must be above 0 and workers {workers} at least 1.")
        self.model, self.workers = model, workers
        self.requests = self.tokens = self.fallbacks = 0
        # greedy is at hand at once, so nothing is waited for
        self._endpoint = ChatEndpoint(
            name=model,
            model=model,
            base_url=base_url or "",
            api_key_env=key_variable,
            timeout=timeout,
            retries=0,
        )

    def choose(self, turn: Turn) -> Choice:
        """What the model says, else greedy's action."""
        greedy = Greedy().choose(turn)
        actions, reasons = np.full(len(turn.done), FINISHED), dict[int, str]()
        rows = np.flatnonzero(~turn.done).tolist()
        with ThreadPoolExecutor(self.workers) as pool:
            answers = list(pool.map(lambda row: self._ask(situation(turn, row)), rows))
        for row, replies in zip(rows, answers, strict=True):
            self.requests += len(replies)
            self.tokens += sum(reply.tokens for reply in replies)
            last = replies[-1]
            if last.action is None:
                self.fallbacks += 1
                actions[row] = greedy.actions[row]
                reasons[row] = f"greedy's choice, since the model gave none: {last.problem}"
            else:
                actions[row] = last.action
                reasons[row] = f"chosen by {self.model}"
        return Choice(actions=actions, why=lambda row: reasons.get(row, ""))

    def close(self) -> None:
        """Close the connections."""
        self._endpoint.close()

    def _ask(self, seen: dict[str, Any]) -> list[_Reply]:
        """All replies to one situation; only the last may hold an action."""
        legal = [each["action"] for each in seen["actions"]]
        messages = [
            {"role": "system", "content": INSTRUCTIONS},
            {"role": "user", "content": json.dumps(seen, separators=(",", ":"), allow_nan=False)},
        ]
        replies: list[_Reply] = []
        while len(replies) < _ATTEMPTS and (not replies or replies[-1].action is None):
            said, reply = self._request(messages, legal)
            replies.append(reply)
            if said:
                complaint = f"{reply.problem}. Answer with one of the actions listed."
                messages += [{"role": "assistant", "content": said}, {"role": "user", "content": complaint}]
        return replies

    def _request(self, messages: Sequence[dict[str, str]], legal: Sequence[int]) -> tuple[str, _Reply]:
        """What the model said, "" if nothing, and what that means."""
        try:
            answer = self._endpoint.ask(messages, schema=_schema(legal), schema_name="choice")
        except CallError as error:
            return "", _Reply(None, _short(f"{type(error).__name__}: {error}"), 0)
        tokens = (answer.usage.input_tokens or 0) + (answer.usage.output_tokens or 0)
        try:
            action = read_json(answer.text)["action"]
        except (ValueError, TypeError, KeyError):
            return answer.text, _Reply(None, _short(f"the reply {answer.text!r} holds no action"), tokens)
        # True is an int to Python
        if type(action) is not int or action not in legal:
            return answer.text, _Reply(None, _short(f"action {action!r} is not legal"), tokens)
        return answer.text, _Reply(action, "", tokens)


def _short(text: str) -> str:
    """One short line without secrets."""
    return " ".join(without_secrets(text).split())[:_LONGEST_REASON]


def situation(turn: Turn, row: int) -> dict[str, Any]:
    """What the model is shown of one episode, as JSON can hold it."""
    state, pool, rules = turn.state, turn.pool, turn.rules
    _, slots, places = pool.shape
    actions, callable_experts = [], set()
    for action in np.flatnonzero(turn.mask[row]).tolist():
        taken = decode(action, slots, places, rules)
        if taken.stop:
            actions.append({"action": action, "do": "stop"})
            continue
        callable_experts.add(taken.expert)
        target: int | str = taken.target
        if target == places or (target == -1 and pool.t2i[row, taken.expert]):
            target = "all"
        elif target == -1:
            target = "first pending"
        actions.append({"action": action, "expert": taken.expert, "target": target})
    commands = np.flatnonzero(pool.command[row]).tolist()
    return {
        "step": int(state.step[row]),
        "max_steps": rules.max_steps,
        "step_cost": rules.step_cost,
        "usd_cost": _number(pool.usd_cost[row]),
        "completion_bonus": rules.completion_bonus,
        "budget_left_usd": _number(pool.budget[row] - state.spent[row]),
        "alignment": _number(state.alignment[row]) if state.has_picture[row] else "no picture yet",
        "best": _number(state.best[row]),
        "commands": [
            {
                "command": k,
                "status": "satisfied" if state.satisfied[row, k] else "dropped" if state.dropped[row, k] else "pending",
                "score": _number(state.score[row, k]),
                "after": np.flatnonzero(pool.after[row, k]).tolist(),
            }
            for k in commands
        ],
        "experts": [
            {
                "expert": e,
                "kind": "t2i" if pool.t2i[row, e] else "i2i",
                "usd": _number(pool.price[row, e]),
                "records": [
                    {
                        "command": k,
                        "success": [_number(chance) for chance in pool.success[row, e, k]],
                        "damage": _number(pool.damage[row, e, k, 0]),
                        "confidence": _number(pool.confidence[row, e, k, 0]),
                        "failed": int(state.tries[row, e, k]),
                    }
                    for k in commands
                    if pool.supported[row, e, k]
                ],
            }
            for e in sorted(callable_experts)
        ],
        "actions": actions,
    }


def _schema(legal: Sequence[int]) -> dict[str, Any]:
    """The JSON schema of a reply: one legal action."""
    return {
        "type": "object",
        "properties": {"action": {"type": "integer", "enum": list(legal)}},
        "required": ["action"],
        "additionalProperties": False,
    }


def _number(value: Any) -> float | None:
    """Three significant digits, None for what is unknown or has no limit."""
    return float(f"{float(value):.3g}") if np.isfinite(value) else None
