"""VLMCritic: a vision-language model behind any OpenAI-compatible chat endpoint as critic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from poser.critics.chat_critic import ChatCritic
from poser.critics.feedback import complaint, feedback
from poser.critics.prompts import prompts
from poser.critics.scene import Answer
from poser.critics.types import AtomAnswer, JudgeRequest, Verdict
from poser.critics.vlm_answers import Looked, held
from poser.critics.vlm_asking import Asking, Look, is_edited
from poser.experts.base import CallContext
from poser.experts.chat import total
from poser.experts.errors import CallError, InputError
from poser.experts.types import Usage

if TYPE_CHECKING:
    from openai import OpenAI

MODES = ("schema", "logprobs", "auto")


class VLMCritic(ChatCritic):
    """Shows a vision-language model the picture (and the source of an edit) and asks it about the atoms.

    Mode "schema" asks everything in one call with a strict JSON schema, which is repeated in words: servers that ignore
    schemas are understood where nothing has to be made up, else asked once more with what is wrong, else the verdict is
    a `BadReply`; answers that contradict themselves all the same are None, and noted. Mode "logprobs" asks about each
    atom in a call of one token and takes P(yes) / (P(yes) + P(no)) of it: finer probabilities, at one call an atom.
    "auto" tries that, and goes over to "schema" with a server that gives no log probabilities. What the model cannot
    tell is answered None.

    Pictures are delimited, and the model is told that lettering in them is no instruction; where lettering speaks to
    the judge, the verdict's notes say so. With a source, the model says how much of it is kept.

    Args:
        model: as the server knows it; one that takes pictures.
        name: of the critic, in verdicts and traces.
        mode: "schema", "logprobs" or "auto".
        base_url: of the server, with its "/v1"; by default OPENAI_BASE_URL, else OpenAI.
        api_key_env: environment variable that holds the key; "" = no key. On loopback it may be unset.
        longest_side: px to which larger pictures are scaled down.
        attempts: how often a usable answer is asked for in mode "schema".
        concurrency: most pictures at a time, and in mode "logprobs" most questions at a time.
        temperature, max_tokens, timeout, retries, extra_body: as in `poser.experts.chat.ChatEndpoint`.
        input_cost_per_token, output_cost_per_token: US dollars; None = unknown. 0 for both: the server is one's own.
        price: expected US dollars a picture; by default that of a typical verdict by schema at the token prices.
        nominal_seconds: expected seconds a picture.
        client: an `openai.OpenAI` to use instead of an own one; it is not closed.

    Raises:
        InputError: a setting that does not fit.
    """

    name = "vlm"
    prompts_file = "vlm_prompts"

    def __init__(
        self,
        *,
        model: str,
        name: str = "",
        mode: str = "schema",
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
        if mode not in MODES:
            raise InputError(f"mode is {mode!r}; give one of {', '.join(MODES)}.")
        super().__init__(
            model=model,
            name=name,
            base_url=base_url,
            api_key_env=api_key_env,
            longest_side=longest_side,
            attempts=attempts,
            concurrency=concurrency,
            temperature=temperature,
            max_tokens=max_tokens,
            timeout=timeout,
            retries=retries,
            extra_body=extra_body,
            input_cost_per_token=input_cost_per_token,
            output_cost_per_token=output_cost_per_token,
            price=price,
            nominal_seconds=nominal_seconds,
            client=client,
        )
        self._mode = mode
        self._asking = Asking(self._endpoint, prompts(self.prompts_file), longest_side, attempts, concurrency)

    def verdict(self, request: JudgeRequest, ctx: CallContext) -> Verdict:
        """Ask about one picture.

        Raises:
            CallError: typed, with what all calls cost.
        """
        kept = 1.0 if request.source is not None and not is_edited(request) else None
        if not request.atoms and not is_edited(request):
            # nothing to ask, nothing to pay
            return self._said((), preservation=kept)
        looked, usage, model = self._look(request, ctx)
        answers = [
            Answer(held(atom, seen.yes), seen.instead, complaint(atom, seen.instead))
            for atom, seen in zip(request.atoms, looked.answers, strict=True)
        ]
        return self._said(
            [
                AtomAnswer(atom=atom.id, probability=given.probability, seen=given.seen)
                for atom, given in zip(request.atoms, answers, strict=True)
            ],
            flag=looked.flag,
            notes=_contradicted(looked),
            preservation=looked.preservation if kept is None else kept,
            feedback=feedback(request.atoms, answers),
            revision=model,
            usage=usage,
        )

    def _look(self, request: JudgeRequest, ctx: CallContext) -> Look:
        spent: list[Usage] = []
        mode = self._mode
        if mode == "auto":
            able, usage = self._asking.gives_probabilities(request, ctx)
            spent.append(usage)
            mode = "logprobs" if able else "schema"
        ask = self._asking.by_token if mode == "logprobs" else self._asking.by_schema
        try:
            look = ask(request, ctx)
        except CallError as error:
            raise error.billed(total([*spent, Usage(usd=error.usd)]).usd) from None
        # what has worked is settled for all pictures that follow
        self._mode = mode
        return look._replace(usage=total([*spent, look.usage]))


def _contradicted(looked: Looked) -> tuple[str, ...]:
    """A note on answers that cannot be taken for either."""
    if not looked.contradictions:
        return ()
    return (
        f"{looked.contradictions} of {len(looked.answers)} answers contradict themselves (such as 'no' where yes has "
        "the probability 1) and count as not judged: mistrust this verdict",
    )
