"""What travels to and from `/chat/completions`: fields of a request, and what is in an answer.

Servers differ in the fields that they take. A field that one of them refuses by name is said otherwise or left out from
then on (`Dialect`), so that one set of settings serves all of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol

from poser.experts.errors import SHORTEST_SECRET, BadReply, ContentFiltered
from poser.experts.openai_wire import without
from poser.experts.remote import quoted
from poser.experts.types import Usage

Message = Mapping[str, Any]
"""One message of a conversation, as the API has it: `role` and `content`."""

MOST_TOKENS = 10**12
"""From here on a server's count of tokens is no count."""

_SURROGATE = re.compile(r"[\ud800-\udfff]")


class ChatAnswer(NamedTuple):
    """What a model said.

    Attributes:
        text: of the first choice; never blank.
        usage: of all tries; `usd` is None where prices or tokens are unknown.
        model: as the server reports it, else as it was asked for.
        finish: why it ended: "stop", "length" (cut off), …; "" if the server does not say.
        logprobs: for each token of the answer the log probabilities (<= 0) of the likeliest tokens there; None where
            none were asked for or the server gives none.
    """

    text: str
    usage: Usage
    model: str
    finish: str
    logprobs: tuple[dict[str, float], ...] | None


class Asked(Protocol):
    """A language model that can be asked, wherever it runs: `ChatEndpoint`, `LocalChat`."""

    @property
    def name(self) -> str:
        """In messages."""
        ...

    @property
    def model(self) -> str:
        """What is asked."""
        ...

    def close(self) -> None:
        """Free what is held."""
        ...

    def ask(
        self,
        messages: Sequence[Message],
        *,
        schema: Mapping[str, Any] | None = None,
        schema_name: str = "answer",
        max_tokens: int | None = None,
        cancelled: Callable[[], bool] = ...,
        within: float | None = None,
    ) -> ChatAnswer:
        """What the model says; see `ChatEndpoint.ask`."""
        ...


@dataclass(frozen=True)
class Dialect:
    """Which fields a server takes.

    Attributes:
        schemas: `response_format` with a JSON schema.
        logprobs: `logprobs` and `top_logprobs`.
        temperature: `temperature`; some models have one of their own.
        limit: name of the field for the most tokens of an answer.
    """

    schemas: bool = True
    logprobs: bool = True
    temperature: bool = True
    limit: str = "max_tokens"

    def after(self, refusal: str) -> Dialect:
        """As this, less what the words of a 400 or 422 name; itself if they name nothing of it."""
        said = refusal.lower()
        if "max_completion_tokens" in said and self.limit == "max_tokens":
            return replace(self, limit="max_completion_tokens")
        if self.logprobs and "logprobs" in said:
            return replace(self, logprobs=False)
        if self.schemas and ("response_format" in said or "json_schema" in said):
            return replace(self, schemas=False)
        if self.temperature and "temperature" in said:
            return replace(self, temperature=False)
        return self


class Question(NamedTuple):
    """What is asked; see `ChatEndpoint.ask`."""

    messages: Sequence[Message]
    schema: Mapping[str, Any] | None
    schema_name: str
    logprobs: int
    max_tokens: int
    temperature: float


def fields(question: Question, dialect: Dialect) -> dict[str, Any]:
    """The body of a request, less the model."""
    body: dict[str, Any] = {"messages": list(question.messages), dialect.limit: question.max_tokens}
    if dialect.temperature:
        body["temperature"] = question.temperature
    if question.logprobs and dialect.logprobs:
        body |= {"logprobs": True, "top_logprobs": question.logprobs}
    if question.schema is not None and dialect.schemas:
        schema = {"name": question.schema_name, "strict": True, "schema": dict(question.schema)}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    return body


class Prices(NamedTuple):
    """US dollars a token; None = unknown."""

    input: float | None
    output: float | None

    def bill(self, input_tokens: int | None, output_tokens: int | None) -> float | None:
        """US dollars of an answer with so many tokens; None where tokens or prices are unknown."""
        if self.input == 0.0 and self.output == 0.0:
            return 0.0
        if None in (self.input, self.output, input_tokens, output_tokens):
            return None
        return (input_tokens or 0) * (self.input or 0.0) + (output_tokens or 0) * (self.output or 0.0)


def read_answer(name: str, model: str, body: bytes, prices: Prices, seconds: float, key: str) -> ChatAnswer:
    """Read the body of an answer with status 200.

    Args:
        name: of the endpoint, for messages.
        model: as it was asked for.
        body: JSON, whatever its declared type.
        prices: of tokens.
        seconds: that the call took.
        key: taken out of everything that is quoted, and, where it is long enough for a secret, out of the text.

    Raises:
        ContentFiltered: the model or a filter refused.
        BadReply: no such JSON, or nothing was said.
    """
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        said = quoted(without(key, body[:10_000].decode("utf-8", "replace")))
        raise BadReply(f"{name} answered with something other than a JSON object: {said}.", usd=None)
    tokens = answer.get("usage")
    counted: tuple[int | None, int | None] = (None, None)
    if isinstance(tokens, dict):
        counted = (_count(tokens.get("prompt_tokens")), _count(tokens.get("completion_tokens")))
    usd = prices.bill(*counted)
    choices = answer.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        said = quoted(without(key, json.dumps(answer)[:10_000]))
        raise BadReply(f"{name} answered without a message: {said}.", usd=usd)
    finish = choice.get("finish_reason")
    finish = finish if isinstance(finish, str) else ""
    refusal = message.get("refusal")
    if finish == "content_filter" or (isinstance(refusal, str) and refusal.strip()):
        said = quoted(without(key, str(refusal or "a filter took the answer away"))).rstrip(".")
        raise ContentFiltered(
            f"{name} refused to answer: {said}. Say it in other words, or ask another model.", usd=usd
        )
    # a stopgap such as "x" or "none", for servers that want any key, would be taken out of words
    secret = key if len(key) >= SHORTEST_SECRET else ""
    text = _SURROGATE.sub("\ufffd", without(secret, _text(message.get("content"))))
    if not text.strip():
        why = "used up its tokens before it answered; raise max_tokens" if finish == "length" else "said nothing"
        raise BadReply(f"{name} {why}.", usd=usd)
    reported = answer.get("model")
    return ChatAnswer(
        text=text,
        usage=Usage(usd=usd, seconds=seconds, input_tokens=counted[0], output_tokens=counted[1]),
        model=reported if isinstance(reported, str) and reported else model,
        finish=finish,
        logprobs=_logprobs(choice.get("logprobs")),
    )


def _text(content: object) -> str:
    """The content of a message: text, or a list of parts that hold text."""
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        return "".join(part for part in parts if isinstance(part, str))
    return content if isinstance(content, str) else ""


def _logprobs(given: object) -> tuple[dict[str, float], ...] | None:
    tokens = given.get("content") if isinstance(given, dict) else None
    if not isinstance(tokens, list) or not tokens:
        return None
    found: list[dict[str, float]] = []
    for token in tokens:
        if not isinstance(token, dict):
            return None
        top = token.get("top_logprobs")
        entries = [*(top if isinstance(top, list) else []), token]
        found.append({})
        for entry in entries:
            if isinstance(entry, dict) and isinstance(entry.get("token"), str) and _is_logprob(entry.get("logprob")):
                found[-1].setdefault(entry["token"], min(0.0, float(entry["logprob"])))
    return tuple(found)


def _is_logprob(value: object) -> bool:
    # rounding makes some servers say 1e-7; comparing takes whole numbers of any length, converting does not
    return isinstance(value, int | float) and not isinstance(value, bool) and -1e300 < value < 0.01


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MOST_TOKENS else None
