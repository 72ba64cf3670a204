"""LocalChat: a language model of `transformers` in this process, asked as `ChatEndpoint` asks one behind a server."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from poser.experts.chat_wire import ChatAnswer, Message
from poser.experts.constrained import INSTALL, LIBRARY, SchemaKeeper, allowed_words, installed
from poser.experts.devices import first_line, is_out_of_memory, sweep
from poser.experts.errors import BadReply, CallError, InputError, InvalidRequest, TimedOut, Unavailable
from poser.experts.local_models import MEMORY_REMEDY, HeldModel, LoadedModel, LocalModel, harmless, rendered
from poser.experts.types import Usage


def _never() -> bool:
    return False


class LocalChat:
    """A model with a chat template, with or without eyes, that answers in words; no picture is shown to it.

    Nothing is loaded before the first `ask`. The likeliest answer is taken, so the same conversation brings the same.
    """

    def __init__(
        self,
        *,
        name: str,
        settings: LocalModel,
        max_tokens: int = 8192,
        constrained: bool | None = None,
        vram_gb: float | None = None,
        vram_limit_gb: float | None = None,
    ) -> None:
        """Args:
            name: in messages.
            settings: which model, and how it is loaded.
            max_tokens: most tokens of an answer.
            constrained: keep answers to their schema by the library `outlines`: True, False, or None = where it is
                installed and can.
            vram_gb, vram_limit_gb: as in `HeldModel`.

        Raises:
            InputError: a setting that does not fit.
        """
        if max_tokens < 1:
            raise InputError(f"max_tokens is {max_tokens}; give a whole number of at least 1.")
        if constrained and not installed():
            raise InputError(f"constrained is set, and {LIBRARY} is not installed; {INSTALL}.")
        self.name = name
        self.model = settings.short
        self._max_tokens = max_tokens
        self._must = bool(constrained)
        self._constrained = installed() if constrained is None else constrained
        self._held = HeldModel(name, settings, vram_gb=vram_gb, vram_limit_gb=vram_limit_gb)

    def ask(
        self,
        messages: Sequence[Message],
        *,
        schema: Mapping[str, Any] | None = None,
        schema_name: str = "answer",
        max_tokens: int | None = None,
        cancelled: Callable[[], bool] = _never,
        within: float | None = None,
    ) -> ChatAnswer:
        """What the model says.

        Args:
            messages: the conversation so far; every content is text, or a list of text parts.
            schema: JSON schema of the answer. Kept to where `constrained` allows; the messages should say it too.
            schema_name: not needed here.
            max_tokens: of this answer; None = as set.
            cancelled: asked before every token.
            within: seconds for everything, waiting for the model included; None = no limit.

        Raises:
            TimedOut: cancelled, or not done in time.
            InvalidRequest: the conversation is longer than the model reads, or shows a picture.
            Unavailable: library, model or memory is missing.
            BadReply: a blank answer, or anything else that the model raised.
        """
        end = None if within is None else time.monotonic() + within

        def over() -> bool:
            return cancelled() or (end is not None and time.monotonic() >= end)

        with self._held.held(over) as loaded:
            started = time.perf_counter()
            inputs, room = self._read(loaded, messages)
            limit = min(room, self._max_tokens if max_tokens is None else max_tokens)
            tokens = self._written(loaded, inputs, limit, schema, over)
            said = loaded.tokenizer.decode(tokens, skip_special_tokens=True).strip()
            usage = Usage(
                usd=0.0,
                seconds=time.perf_counter() - started,
                input_tokens=int(inputs["input_ids"].shape[1]),
                output_tokens=len(tokens),
            )
            if not said:
                raise BadReply(f"{self.name} answered nothing.")
            # what ends an answer is a special token
            finish = "stop" if tokens[-1] in loaded.tokenizer.all_special_ids or len(tokens) < limit else "length"
            return ChatAnswer(said, usage, f"{self.model}@{loaded.version}", finish, None)

    def close(self) -> None:
        """Unload the model, now or when the call that uses it ends."""
        self._held.close()

    def _read(self, loaded: LoadedModel, messages: Sequence[Message]) -> tuple[Any, int]:
        """The conversation as tokens, and how many more the model can hold."""
        if not getattr(loaded.templated, "chat_template", None):
            raise Unavailable(f"{self.name}: the model has no chat template; take one tuned to follow instructions.")
        told = [{"role": m["role"], "content": self._words(loaded, m["content"])} for m in messages]
        inputs = loaded.tokenizer(self._conversation(loaded, told), add_special_tokens=False, return_tensors="pt").to(
            loaded.device
        )
        config = loaded.model.config.get_text_config()
        most = getattr(config, "max_position_embeddings", None) or 2**31
        room = most - int(inputs["input_ids"].shape[1])
        if room < 1:
            raise InvalidRequest(
                f"{self.name} was told {most - room} tokens and reads {most}; shorten the prompt, or change the model."
            )
        return inputs, room

    def _words(self, loaded: LoadedModel, content: Any) -> str:
        parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
        if any(part.get("type") != "text" for part in parts):
            raise InvalidRequest(f"{self.name} is asked in words alone; leave out pictures.")
        return harmless(loaded.tokenizer, "\n".join(part["text"] for part in parts))

    def _conversation(self, loaded: LoadedModel, told: Sequence[Mapping[str, str]]) -> str:
        from jinja2 import TemplateError

        try:
            return rendered(loaded.templated, self._in_parts(loaded, told))
        except TemplateError as error:
            if told[0]["role"] != "system" or len(told) < 2:
                raise BadReply(f"{self.name}: the model's chat template refuses: {first_line(error)}.") from error
        # some templates know no system; then the user says it
        first = {"role": "user", "content": f"{told[0]['content']}\n\n{told[1]['content']}"}
        return self._conversation(loaded, [first, *told[2:]])

    def _in_parts(self, loaded: LoadedModel, told: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
        """Templates of models with eyes go through the parts of a message."""
        if loaded.processor is None:
            return [dict(message) for message in told]
        return [{"role": m["role"], "content": [{"type": "text", "text": m["content"]}]} for m in told]

    def _written(
        self,
        loaded: LoadedModel,
        inputs: Any,
        limit: int,
        schema: Mapping[str, Any] | None,
        over: Callable[[], bool],
    ) -> list[int]:
        """Tokens of the answer."""
        import torch
        from transformers import StoppingCriteria, StoppingCriteriaList

        class Over(StoppingCriteria):
            def __call__(self, input_ids: Any, scores: Any, **more: Any) -> Any:
                return torch.full((len(input_ids),), over(), dtype=torch.bool, device=input_ids.device)

        problem = ""
        try:
            keeping = self._keeping(loaded, schema, int(inputs["input_ids"].shape[1]))
            with torch.inference_mode():
                output = loaded.model.generate(
                    **inputs,
                    max_new_tokens=limit,
                    do_sample=False,
                    temperature=None,
                    top_p=None,
                    top_k=None,
                    pad_token_id=loaded.tokenizer.pad_token_id,
                    stopping_criteria=StoppingCriteriaList([Over()]),
                    **({"logits_processor": [keeping]} if keeping is not None else {}),
                )
            tokens: list[int] = output[0, inputs["input_ids"].shape[1] :].tolist()
        except CallError:
            raise
        except Exception as error:  # noqa: BLE001  a model may raise anything; it is reported as a typed error
            problem, full = first_line(error), is_out_of_memory(error)
        if problem and full:
            # out of the handler: its traceback would keep the tensors alive
            sweep()
            raise Unavailable(f"{self.name}: memory is too small for this conversation; {MEMORY_REMEDY}.")
        if problem:
            raise BadReply(f"{self.name}: the model raised {problem}. Check model and dtype.")
        if over():
            raise TimedOut(f"{self.name} was stopped before its answer was whole; allow more time.")
        return tokens

    def _keeping(self, loaded: LoadedModel, schema: Mapping[str, Any] | None, told: int) -> Any:
        """What lets only tokens through that the schema allows, or None."""
        if schema is None or not self._constrained:
            return None
        written = json.dumps(schema, sort_keys=True)
        key = f"{LIBRARY} {hashlib.sha256(written.encode()).hexdigest()}"
        if key not in loaded.kept:
            try:
                loaded.kept[key] = allowed_words(loaded.model, loaded.tokenizer, written)
            except Exception as error:  # noqa: BLE001  the library refuses schemas in many ways; the reply is checked
                loaded.kept[key] = first_line(error)
        index = loaded.kept[key]
        if not isinstance(index, str):
            return SchemaKeeper(index, told)
        if self._must:
            raise Unavailable(
                f"{self.name}: {LIBRARY} cannot keep this model to the schema ({index}); take out `constrained`."
            )
        return None
