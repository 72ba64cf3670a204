"""ChatEndpoint: one model behind an OpenAI-compatible chat endpoint."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import tenacity

from poser.experts.chat_wire import ChatAnswer, Dialect, Message, Prices, Question, fields, read_answer
from poser.experts.errors import BadReply, CallError, InputError, InvalidRequest, RateLimited, TimedOut, Unavailable
from poser.experts.hosted import key_from_environment, number, openai_address
from poser.experts.openai_wire import without
from poser.experts.remote import call_error, transport_error

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.resources.chat.completions import CompletionsWithStreamingResponse

CONNECT_SECONDS = 10.0
FIRST_WAIT, LONGEST_WAIT, LONGEST_RETRY_AFTER = 0.5, 8.0, 60.0
"""Seconds before the second try (doubled for each further one), at most, and at most if the server asks for more."""

LONGEST_BODY = 16 * 2**20
"""Bytes of an answer that are taken."""

_POLL_SECONDS = 0.1
_RESERVED = frozenset(("model", "messages", "n", "stream", "response_format", "logprobs", "top_logprobs"))

_LASTING = frozenset((*range(300, 400), 401, 402, 403, 404, 405))
"""Answers that are the same however long one waits: wrong address, key, account, model."""


def never() -> bool:
    """Not cancelled."""
    return False


class _Passing(Exception):
    """An error that another try may not meet."""

    def __init__(self, error: CallError) -> None:
        super().__init__()
        self.error = error


def summed(bills: Sequence[float | None]) -> float | None:
    """US dollars of all; None if one is unknown."""
    known = [usd for usd in bills if usd is not None]
    return sum(known) if len(known) == len(bills) else None


class ChatEndpoint:
    """A model behind `/chat/completions`: hosted, vLLM, llama.cpp, Ollama, `transformers serve`.

    Nothing is imported or sent before the first `ask`. The SDK's own retries are off. Safe to be used from several
    threads at once. What a server refuses by name (schemas, logprobs, temperature, `max_tokens`) it is not sent again.

    Args:
        name: of who asks, for messages.
        model: as the server knows it; there is no default.
        base_url: of the server, with its "/v1"; "" = OPENAI_BASE_URL, else OpenAI.
        api_key_env: environment variable that holds the key; "" = no key. On loopback it may be unset.
        temperature: 0 to 2; 0 = the likeliest answer.
        max_tokens: most tokens of an answer, thoughts included.
        timeout: seconds after which one try is given up, at least 0.1.
        retries: further tries after 429, 5xx and broken connections (not after time-outs), with growing waits.
        input_cost_per_token, output_cost_per_token: US dollars; None = unknown. 0 for both: the server is one's own.
        extra_body: further fields of the request, as the server names them.
        client: an `openai.OpenAI` to use instead of an own one; it is not closed.
        wait: sleeps so many seconds, for tests.

    Raises:
        InputError: a setting that does not fit.
    """

    def __init__(
        self,
        *,
        name: str,
        model: str,
        base_url: str = "",
        api_key_env: str = "OPENAI_API_KEY",
        temperature: float = 0.0,
        max_tokens: int = 4096,
        timeout: float = 120.0,
        retries: int = 2,
        input_cost_per_token: float | None = None,
        output_cost_per_token: float | None = None,
        extra_body: Mapping[str, Any] | None = None,
        client: OpenAI | None = None,
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        if not model:
            raise InputError("model is empty; give the name under which the server knows it.")
        number("temperature", temperature, 0.0, 2.0)
        number("max_tokens", max_tokens, 1, whole=True)
        number("timeout", timeout, 0.1)
        number("retries", retries, 0, whole=True)
        for setting, price in (
            ("input_cost_per_token", input_cost_per_token),
            ("output_cost_per_token", output_cost_per_token),
        ):
            if price is not None:
                number(setting, price, 0.0)
        taken = sorted(_RESERVED & set(extra_body or {}))
        if taken:
            raise InputError(f"extra_body holds {', '.join(taken)}, which is set otherwise. Take it out.")
        self.name, self.model = name, model
        self.address = openai_address(base_url)
        self.prices = Prices(input_cost_per_token, output_cost_per_token)
        self._shown = "" if client is not None else self.address.partition("?")[0]
        self._variable = api_key_env
        self._temperature, self._max_tokens = float(temperature), max_tokens
        self._timeout, self._retries = float(timeout), retries
        self._extra = dict(extra_body or {})
        self._dialect = Dialect()
        self._given, self._wait = client, wait
        self._own: OpenAI | None = None
        self._calls: tuple[CompletionsWithStreamingResponse, str] | None = None
        self._lock = threading.Lock()

    def ask(
        self,
        messages: Sequence[Message],
        *,
        schema: Mapping[str, Any] | None = None,
        schema_name: str = "answer",
        logprobs: int = 0,
        max_tokens: int | None = None,
        cancelled: Callable[[], bool] = never,
        within: float | None = None,
    ) -> ChatAnswer:
        """What the model says.

        Args:
            messages: the conversation so far; `content` is text or a list of parts (see `image_part`).
            schema: JSON schema of the answer. A server may ignore it: the messages should say the same in words.
            schema_name: letters, digits, "-" and "_".
            logprobs: log probabilities of so many of the likeliest tokens; 0 = none.
            max_tokens: of this answer; None = as set.
            cancelled: asked before each try, while waiting, and as the answer comes in.
            within: seconds for everything, waits included; None = no limit beyond each try's own.

        Raises:
            CallError: typed; its `usd` holds what all tries cost, None if that is unknown.
        """
        most = self._max_tokens if max_tokens is None else max_tokens
        question = Question(messages, schema, schema_name, logprobs, most, self._temperature)
        end = None if within is None else time.monotonic() + within
        spent: list[float | None] = []
        started = time.perf_counter()

        def once() -> ChatAnswer:
            try:
                return self._once(question, cancelled, end)
            except _Passing as passing:
                spent.append(passing.error.usd)
                raise
            except CallError as error:
                spent.append(error.usd)
                raise

        def give_up(state: tenacity.RetryCallState) -> bool:
            late = end is not None and time.monotonic() + state.upcoming_sleep >= end
            return state.attempt_number > self._retries or late or cancelled()

        repeat = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_Passing),
            wait=_planned,
            stop=give_up,
            sleep=lambda seconds: self._pause(seconds, cancelled),
            reraise=True,
        )
        try:
            answer = repeat(once)
        except _Passing as passing:
            raise passing.error.billed(summed(spent)) from None
        except CallError as error:
            raise error.billed(summed(spent)) from None
        if not spent:
            return answer
        usage = answer.usage.model_copy(
            update={"usd": summed([*spent, answer.usage.usd]), "seconds": time.perf_counter() - started}
        )
        return answer._replace(usage=usage)

    def refuses(self) -> str | None:
        """Why it cannot be asked, found without network: the key is missing; None = it can."""
        if self._given is None:
            try:
                key_from_environment(self.name, self._variable, self.address)
            except Unavailable as error:
                return str(error)
        return None

    def close(self) -> None:
        """Close the connections; calls on their way end with an error. It may be used again afterwards."""
        with self._lock:
            client, self._own, self._calls = self._own, None, None
        if client is not None:
            client.close()

    def _connected(self) -> tuple[CompletionsWithStreamingResponse, str]:
        """The calls of the one client, and the key as it must never be shown ("" = none)."""
        import openai

        with self._lock:
            if self._calls is None:
                if self._given is not None:
                    client, key = self._given.with_options(max_retries=0), self._given.api_key
                else:
                    key = key_from_environment(self.name, self._variable, self.address) or ""
                    # the SDK insists on some key
                    client = openai.OpenAI(api_key=key or "none", base_url=self.address, max_retries=0)
                    self._own = client
                # streamed: an answer that drips in, or never ends, can be given up
                self._calls = client.chat.completions.with_streaming_response, key
            return self._calls

    def _once(self, question: Question, cancelled: Callable[[], bool], end: float | None) -> ChatAnswer:
        """One try, in as many dialects as it takes."""
        while True:
            dialect = self._dialect
            try:
                return self._sent(question, dialect, cancelled, end)
            except InvalidRequest as error:
                other = dialect.after(str(error))
                if fields(question, other) == fields(question, dialect):
                    raise
                self._dialect = other

    def _sent(
        self, question: Question, dialect: Dialect, cancelled: Callable[[], bool], end: float | None
    ) -> ChatAnswer:
        import openai

        calls, key = self._connected()
        seconds = self._timeout if end is None else min(self._timeout, end - time.monotonic())
        if seconds <= 0.0 or cancelled():
            raise TimedOut(f"{self.name} was stopped before it was asked.")
        started = time.perf_counter()
        arguments = {**fields(question, dialect), "extra_body": self._extra or None}
        arguments["timeout"] = openai.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS))
        body = bytearray()
        try:
            with calls.create(model=self.model, **arguments) as reply:
                for chunk in reply.iter_bytes():
                    body += chunk
                    if cancelled() or time.perf_counter() - started > seconds:
                        raise TimedOut(f"{self.name} gave no whole answer in time. Allow more time.", usd=None)
                    if len(body) > LONGEST_BODY:
                        raise BadReply(f"{self.name} answered with more than {LONGEST_BODY:,} bytes.", usd=None)
        except CallError:
            raise
        # the SDK's errors are not chained: their words may hold the key
        except openai.APIStatusError as error:
            said = without(key, error.response.text)
            failed = call_error(self.name, error.status_code, error.response.headers, said, self._shown)
            raise (failed if error.status_code in _LASTING else _passing(failed)) from None
        except openai.APIConnectionError as error:
            raise _passing(transport_error(self.name, error, self._shown)) from None
        except Exception as error:  # noqa: BLE001  what else the SDK or its HTTP library may raise is reported
            # while the body comes in the SDK lets the errors of its HTTP library through
            if {"TransportError", "DecodingError"} & {base.__name__ for base in type(error).__mro__}:
                raise _passing(transport_error(self.name, error, self._shown)) from None
            raise BadReply(without(key, f"{self.name}: {type(error).__name__}: {error}"), usd=None) from None
        took = time.perf_counter() - started
        return read_answer(self.name, self.model, bytes(body), self.prices, took, key)

    def _pause(self, seconds: float, cancelled: Callable[[], bool]) -> None:
        while seconds > 0.0 and not cancelled():
            self._wait(min(seconds, _POLL_SECONDS))
            seconds -= _POLL_SECONDS


def _passing(error: CallError) -> CallError | _Passing:
    # a server that was too slow would be asked to do the same twice at a time
    return _Passing(error) if isinstance(error, RateLimited | Unavailable) else error


def _planned(state: tenacity.RetryCallState) -> float:
    """Seconds before the next try."""
    error = state.outcome.exception() if state.outcome is not None else None
    asked = error.error.retry_after if isinstance(error, _Passing) else None
    planned = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** (state.attempt_number - 1))
    return max(planned, min(asked or 0.0, LONGEST_RETRY_AFTER))
