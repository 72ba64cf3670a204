"""`LLMExtractor`: a prompt read by a language model behind an OpenAI-compatible endpoint."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from poser.envs.rewriting import Rewriting
from poser.experts.chat import ChatEndpoint, structured
from poser.experts.chat_wire import Asked, Prices
from poser.experts.errors import CallError, InputError
from poser.experts.picture import PictureRef
from poser.experts.types import Plan, Usage
from poser.extract.base import Extraction, Extractor, check_prompt, stamped
from poser.extract.grammar import GrammarExtractor
from poser.extract.prompts import extraction_messages, instructions, rewriting_messages
from poser.extract.reading import ENGLISH_ALONE
from poser.extract.replies import read_plan, read_rewriting
from poser.extract.reply_schema import REWRITING_SCHEMA, plan_schema

if TYPE_CHECKING:
    from openai import OpenAI


_REWRITING_TOKENS = (1000, 100)
"""About what a rewording takes: tokens of the question, and of the reply."""

_INSTRUCTION_TOKENS = 1200
"""About what the instructions take."""

_BYTES_A_TOKEN = 4
_LEAST_REPLY, _REPLY_SHARE = 400, 4
"""Tokens of the shortest plan, and of a longer one for each token of its prompt."""


class LLMExtractor(Extractor):
    """Reads prompts in any language: things, actions, materials, changes of mind that rules do not catch.

    The reply has to be a sound plan that quotes the prompt; the model is told once what is wrong with it. Where the
    endpoint is away or replies badly, the grammar reads the prompt, and `Plan.notes` says so. Words of the prompt that
    no atom holds are named there as well. `Plan.extractor` names the model, and version and hash of the instructions.

    Args:
        model: as the server knows it; there is no default.
        name: shown in plans and messages.
        base_url: of the server, with its "/v1"; "" = OPENAI_BASE_URL, else OpenAI.
        api_key_env: environment variable that holds the key; "" = no key. On loopback it may be unset.
        temperature: 0 = the likeliest answer.
        max_tokens: most tokens of a reply, thoughts included. A plan takes about four times as many as its prompt.
        timeout: seconds after which one try is given up.
        attempts: replies that are asked for, each with what was wrong with the last one.
        input_cost_per_token, output_cost_per_token: US dollars; None = unknown. 0 for both: the server is one's own.
        extra_body: further fields of the request, as the server names them.
        client: an `openai.OpenAI` to use instead of an own one; it is not closed.
        endpoint: who is asked instead of a server; settings of the server and of the reply are its own then.

    Raises:
        InputError: a setting that does not fit.
    """

    def __init__(
        self,
        *,
        model: str,
        name: str = "llm",
        base_url: str = "",
        api_key_env: str = "OPENAI_API_KEY",
        temperature: float = 0.0,
        max_tokens: int = 8192,
        timeout: float = 120.0,
        attempts: int = 2,
        input_cost_per_token: float | None = None,
        output_cost_per_token: float | None = None,
        extra_body: Mapping[str, Any] | None = None,
        client: OpenAI | None = None,
        endpoint: Asked | None = None,
    ) -> None:
        if not isinstance(attempts, int) or not 1 <= attempts <= 10:
            raise InputError(f"attempts is {attempts!r}; give 1 to 10.")
        self.name = name
        prices = (input_cost_per_token, output_cost_per_token)
        known = [tokens * price for tokens, price in zip(_REWRITING_TOKENS, prices, strict=True) if price is not None]
        #: see `poser.envs.rewriting.Rewriter`
        self.rewrite_price = sum(known) if len(known) == len(prices) else None
        self._prices = Prices(*prices)
        self._attempts = attempts
        self._endpoint: Asked = endpoint or ChatEndpoint(
            name=name,
            model=model,
            base_url=base_url,
            api_key_env=api_key_env,
            temperature=temperature,
            max_tokens=max_tokens,
            timeout=timeout,
            input_cost_per_token=input_cost_per_token,
            output_cost_per_token=output_cost_per_token,
            extra_body=extra_body,
            client=client,
        )

    def expected_usd(self, prompt: str) -> float | None:
        """See `Extractor.expected_usd`: a plan's usual tokens at the token prices, for one reply."""
        tokens = 1 + len(prompt.encode("utf-8", "replace")) // _BYTES_A_TOKEN
        return self._prices.bill(_INSTRUCTION_TOKENS + tokens, max(_LEAST_REPLY, _REPLY_SHARE * tokens))

    def extract(self, prompt: str, source: PictureRef | None = None) -> Plan:
        """See `Extractor.extract`."""
        return self.extraction(prompt, source).plan

    def extraction(self, prompt: str, source: PictureRef | None = None) -> Extraction:
        """See `Extractor.extraction`; what failed replies cost is in it."""
        check_prompt(prompt)
        started = time.perf_counter()
        try:
            plan, usage = structured(
                self._endpoint,
                extraction_messages(prompt, source is not None),
                plan_schema(),
                lambda data: read_plan(data, prompt, source),
                attempts=self._attempts,
                schema_name="plan",
            )
        except CallError as error:
            plan = GrammarExtractor().extract(prompt, source)
            note = f"the grammar has read the prompt, since {self.name} could not: {error}"
            # it is what was meant to read it
            told = [each for each in plan.notes if each != ENGLISH_ALONE]
            usage = Usage(usd=error.usd, seconds=time.perf_counter() - started)
            return Extraction(
                plan.model_copy(update={"notes": (note, *told)}),
                usage,
            )
        facts = f"{self._endpoint.model}, instructions {instructions('extraction').stamp}"
        return Extraction(stamped(plan, self.name, facts), usage)

    def rewrite(
        self, plan: Plan, command_id: str, feedback: Sequence[str], tries: int, cancelled: Callable[[], bool]
    ) -> Rewriting:
        """See `poser.envs.rewriting.Rewriter`; what the new instruction leaves out of the atoms is added to it."""
        command = plan.command(command_id)
        text, usage = structured(
            self._endpoint,
            rewriting_messages(command, feedback, tries),
            REWRITING_SCHEMA,
            lambda data: read_rewriting(data, command),
            attempts=self._attempts,
            schema_name="rewriting",
            cancelled=cancelled,
        )
        return Rewriting(text=text, usage=usage)

    def close(self) -> None:
        """Close the connections."""
        self._endpoint.close()
