"""A trained decomposer in this process: a request in, its text out."""

from __future__ import annotations

import json
import shlex
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from poser.decompose.prompting import COMMAND, REQUEST, SETTINGS, VERSION, question
from poser.experts.devices import first_line, is_out_of_memory, sweep
from poser.experts.errors import BadReply, CallError, InputError, InvalidRequest, TimedOut, Unavailable
from poser.experts.local_models import MEMORY_REMEDY, HeldModel, LoadedModel, LocalModel, harmless
from poser.experts.types import Usage


class Asking(NamedTuple):
    """How a decomposer is asked, as its training wrote it down.

    Attributes:
        template: holds `{request}`.
        chat: it is a user's message; else it is the prompt.
        max_new_tokens: longest answer.
    """

    template: str
    chat: bool
    max_new_tokens: int


class Written(NamedTuple):
    """What a model wrote, and what that took."""

    text: str
    usage: Usage


def model_in(folder: str) -> str:
    """The folder of the model itself: of a training's folder its `model`."""
    path = Path(folder).expanduser()
    inner = path / "model"
    return str(inner) if not (path / SETTINGS).exists() and (inner / SETTINGS).exists() else str(path)


def read_settings(folder: str) -> Asking:
    """How the decomposer in a folder is asked.

    Raises:
        InputError: no such folder or file, or one that cannot be read.
    """
    path = Path(folder) / SETTINGS
    for place in (path.parent, path.parent.parent):
        asked_for = path.parent in (place, place / "model") and not (place / "model" / SETTINGS).is_file()
        if asked_for and not path.is_file() and (place / COMMAND).is_file():
            raise InputError(
                f"The training in {place} has no model yet; go on with it: "
                f"poser train decomposer --out {shlex.quote(str(place))} --resume"
            )
    if not Path(folder).is_dir():
        raise InputError(f"There is no folder {folder}; give one that `poser train decomposer` wrote.")
    if not path.is_file():
        raise InputError(
            f"{folder} holds no {SETTINGS}, so it is no decomposer. Give the folder that `poser train decomposer` "
            "wrote; a model that was not trained for it serves as `local_llm`."
        )
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(held, dict) or held.get("version") != VERSION:
            raise ValueError(f"its version is not {VERSION}")
        asking = Asking(held["template"], held.get("chat", False), held["max_new_tokens"])
        if not isinstance(asking.template, str) or REQUEST not in asking.template:
            raise ValueError(f"`template` holds no {REQUEST}")
        if not isinstance(asking.chat, bool) or type(asking.max_new_tokens) is not int or asking.max_new_tokens < 1:
            raise ValueError("`chat` is true or false, `max_new_tokens` a whole number of at least 1")
    except (OSError, ValueError, KeyError, RecursionError) as error:
        raise InputError(f"{path} cannot be read: {error}. Train the decomposer anew, or mend the file.") from error
    return asking


class Writer:
    """Writes decompositions; the model is loaded with the first one and shared with who uses equal settings.

    Args:
        name: in messages.
        settings: which model, and how it is loaded.
        asking: how it is asked.
        vram_gb, vram_limit_gb: as in `HeldModel`.
    """

    def __init__(
        self,
        name: str,
        settings: LocalModel,
        asking: Asking,
        *,
        vram_gb: float | None = None,
        vram_limit_gb: float | None = None,
    ) -> None:
        self.name, self.asking = name, asking
        self._held = HeldModel(name, settings, vram_gb=vram_gb, vram_limit_gb=vram_limit_gb)

    def write(
        self, request: str, *, draw: int = 0, temperature: float = 0.7, cancelled: Callable[[], bool] = lambda: False
    ) -> Written:
        """What the model writes for a request; nothing is drawn from anybody else's generators.

        Args:
            request: the user's words.
            draw: 0 = the likeliest answer, else the number of a drawn one; the same for the same request.
            temperature: of drawn answers, above 0.
            cancelled: asked before every token.

        Raises:
            TimedOut: cancelled.
            InvalidRequest: the request is longer than the model reads.
            Unavailable: library, model, chat template or memory is missing.
            BadReply: whatever else the model raised.
        """
        with self._held.held(cancelled) as loaded:
            started = time.perf_counter()
            inputs, room = self._read(loaded, request)
            told = int(inputs["input_ids"].shape[1])
            limit = min(room, self.asking.max_new_tokens)
            tokens = self._generated(loaded, inputs, limit, _seed(request, draw), temperature, cancelled)
            usage = Usage(usd=0.0, seconds=time.perf_counter() - started, input_tokens=told, output_tokens=len(tokens))
            return Written(loaded.tokenizer.decode(tokens, skip_special_tokens=True), usage)

    def close(self) -> None:
        """Unload the model, now or when the call that uses it ends."""
        self._held.close()

    def _read(self, loaded: LoadedModel, request: str) -> tuple[Any, int]:
        """The prompt as tokens, and how many more the model can hold."""
        asked = question(harmless(loaded.tokenizer, request), self.asking.template, chat=self.asking.chat)
        more: dict[str, bool] = {}
        if not isinstance(asked, str):
            if not getattr(loaded.templated, "chat_template", None):
                raise Unavailable(
                    f"{self.name}: the model has no chat template, and {SETTINGS} says chat; train it anew."
                )
            if loaded.processor is not None:
                # templates of models with eyes go through the parts of a message
                asked = [
                    {"role": each["role"], "content": [{"type": "text", "text": each["content"]}]}  # type: ignore[dict-item]  # as they want it
                    for each in asked
                ]
            # as in training, so without switches that a template may know
            asked = loaded.templated.apply_chat_template(asked, tokenize=False, add_generation_prompt=True)
            more["add_special_tokens"] = False
        inputs = loaded.tokenizer(asked, return_tensors="pt", **more).to(loaded.device)
        inputs.pop("token_type_ids", None)
        most = getattr(loaded.model.config.get_text_config(), "max_position_embeddings", None) or 2**31
        room = most - int(inputs["input_ids"].shape[1])
        if room < 1:
            raise InvalidRequest(
                f"{self.name} was told {most - room} tokens and reads {most}; shorten the prompt, or change the model."
            )
        return inputs, room

    def _generated(
        self,
        loaded: LoadedModel,
        inputs: Any,
        limit: int,
        seed: int | None,
        temperature: float,
        cancelled: Callable[[], bool],
    ) -> list[int]:
        import torch
        from transformers import StoppingCriteria, StoppingCriteriaList

        class Over(StoppingCriteria):
            def __call__(self, input_ids: Any, scores: Any, **more: Any) -> Any:
                return torch.full((len(input_ids),), cancelled(), dtype=torch.bool, device=input_ids.device)

        known = loaded.model.generation_config.eos_token_id
        ends = [*(known if isinstance(known, list | tuple) else [known]), loaded.tokenizer.eos_token_id]
        sampling = {"do_sample": True, "temperature": temperature} if seed is not None else {"temperature": None}
        problem = ""
        try:
            with torch.inference_mode(), torch.random.fork_rng():
                if seed is not None:
                    torch.manual_seed(seed)
                output = loaded.model.generate(
                    **inputs,
                    max_new_tokens=limit,
                    **{"do_sample": False, "top_p": None, "top_k": None, **sampling},
                    pad_token_id=loaded.tokenizer.pad_token_id,
                    eos_token_id=[end for end in dict.fromkeys(ends) if end is not None] or None,
                    stopping_criteria=StoppingCriteriaList([Over()]),
                )
            tokens: list[int] = output[0, inputs["input_ids"].shape[1] :].tolist()
        except CallError:
            raise
        except Exception as error:  # noqa: BLE001  a model may raise anything; it is reported as a typed error
            problem, full = first_line(error), is_out_of_memory(error)
        if problem and full:
            # out of the handler: its traceback would keep the tensors alive
            sweep()
            raise Unavailable(f"{self.name}: memory is too small for this request; {MEMORY_REMEDY}.")
        if problem:
            raise BadReply(f"{self.name}: the model raised {problem}. Check model and dtype.")
        if cancelled():
            raise TimedOut(f"{self.name} was stopped before its answer was whole; allow more time.")
        return tokens


def _seed(request: str, draw: int) -> int | None:
    """Of a drawn answer; None = the likeliest one."""
    return zlib.crc32(f"{draw} {request}".encode("utf-8", "replace")) if draw else None
