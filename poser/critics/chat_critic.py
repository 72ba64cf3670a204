"""ChatCritic: what critics over a chat endpoint share: settings, pictures side by side, where verdicts come from."""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from poser.critics.base import Critic
from poser.critics.prompts import prompts
from poser.critics.types import AtomAnswer, JudgeRequest, Verdict
from poser.experts.base import CallContext
from poser.experts.chat import ChatEndpoint
from poser.experts.errors import CriticError
from poser.experts.hosted import number
from poser.experts.parallel import Lanes

if TYPE_CHECKING:
    from openai import OpenAI

FLAGGED = "lettering in the picture speaks to the judge, who was told to pass over it: check the verdict"
"""Note in verdicts on pictures that try to instruct the model."""

TYPICAL_TOKENS = (2_000, 600)
"""Input and output tokens of a verdict in one call, for the price that is expected before the first."""


class ChatCritic(Critic):
    """A critic that asks a model behind an OpenAI-compatible chat endpoint.

    Args:
        model: as the server knows it; one that takes pictures.
        name: of the critic, in verdicts and traces; "" = as the class calls itself.
        base_url: of the server, with its "/v1"; by default OPENAI_BASE_URL, else OpenAI.
        api_key_env: environment variable that holds the key; "" = no key. On loopback it may be unset.
        longest_side: px to which larger pictures are scaled down.
        attempts: how often a usable answer is asked for.
        concurrency: most pictures at a time.
        temperature, max_tokens, timeout, retries, extra_body: as in `poser.experts.chat.ChatEndpoint`.
        input_cost_per_token, output_cost_per_token: US dollars; None = unknown. 0 for both: the server is one's own.
        price: expected US dollars a picture; by default that of a typical verdict at the token prices.
        nominal_seconds: expected seconds a picture.
        client: an `openai.OpenAI` to use instead of an own one; it is not closed.

    Attributes:
        model: as given.
        prompt_hash: hash of the prompts, as in every verdict.

    Raises:
        InputError: a setting that does not fit.
    """

    concurrent = True

    prompts_file: str
    """Name of the file of prompts; see `poser.critics.prompts`."""

    def __init__(
        self,
        *,
        model: str,
        name: str = "",
        base_url: str = "",
        api_key_env: str = "OPENAI_API_KEY",
        longest_side: int = 1024,
        attempts: int = 2,
        concurrency: int = 8,
        temperature: float = 0.0,
        max_tokens: int = 4096,
        timeout: float = 120.0,
        retries: int = 2,
        extra_body: Mapping[str, Any] | None = None,
        input_cost_per_token: float | None = None,
        output_cost_per_token: float | None = None,
        price: float | None = None,
        nominal_seconds: float = 5.0,
        client: OpenAI | None = None,
    ) -> None:
        number("longest_side", longest_side, 32, whole=True)
        number("attempts", attempts, 1, whole=True)
        number("concurrency", concurrency, 1, whole=True)
        number("nominal_seconds", nominal_seconds, 0.0)
        if price is not None:
            number("price", price, 0.0)
        self.name, self.model, self.nominal_seconds = name or self.name, model, float(nominal_seconds)
        self._endpoint = ChatEndpoint(
            name=f"critic {self.name}",
            model=model,
            base_url=base_url,
            api_key_env=api_key_env,
            temperature=temperature,
            max_tokens=max_tokens,
            timeout=timeout,
            retries=retries,
            extra_body=extra_body,
            input_cost_per_token=input_cost_per_token,
            output_cost_per_token=output_cost_per_token,
            client=client,
        )
        self.price = self._endpoint.prices.bill(*TYPICAL_TOKENS) if price is None else float(price)
        self.prompt_hash = prompts(self.prompts_file).sha256
        self._side, self._attempts, self._concurrency = longest_side, attempts, concurrency
        self._lanes = Lanes(f"critic {self.name}", concurrency)

    def refuses(self) -> str | None:
        """Without the key that the server wants."""
        return self._endpoint.refuses()

    def judge(self, requests: Sequence[JudgeRequest], ctx: CallContext) -> list[Verdict | CriticError]:
        """Judge the pictures, up to `concurrency` at a time."""
        return self._lanes.run(requests, self.verdict, ctx)

    def close(self) -> None:
        """Close the connections; calls on their way end with an error."""
        self._endpoint.close()

    @abc.abstractmethod
    def verdict(self, request: JudgeRequest, ctx: CallContext) -> Verdict:
        """Judge one picture; may be called from several threads at once.

        Raises:
            CallError: typed, with what all calls cost.
        """

    def _said(
        self, answers: Sequence[AtomAnswer], *, flag: bool | None = False, notes: Sequence[str] = (), **more: Any
    ) -> Verdict:
        """A verdict by this model."""
        return Verdict(
            answers=tuple(answers),
            critic=self.name,
            model=self.model,
            prompt_hash=self.prompt_hash,
            notes=(*((FLAGGED,) if flag else ()), *notes),
            **more,
        )
