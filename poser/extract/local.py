"""`LocalExtractor`: a prompt read by a language model of `transformers` in this process."""

from __future__ import annotations

from poser.experts.local_chat import LocalChat
from poser.experts.local_models import LocalModel
from poser.extract.llm import LLMExtractor


class LocalExtractor(LLMExtractor):
    """As `LLMExtractor`, with the model in this process: same instructions, same checks, same second try.

    The model is loaded with the first prompt. With the library `outlines` installed, only JSON of the plan's shape can
    be written (what it says is checked all the same); without, the model writes freely and is told once what is wrong.
    Where the model is not to be had, or replies badly twice, the grammar reads the prompt, and `Plan.notes` says so.
    Costs nothing. A model that also serves as critic (`LocalVLM` with equal loading settings) is loaded once for both.

    Args:
        model: hub id ("owner/name") or folder of a model that follows instructions, with or without eyes. Safetensors
            only; pickled weights are never read.
        name: shown in plans and messages.
        revision: branch, tag or commit of a hub model.
        device: "cpu", "cuda", "cuda:1", "mps", "xpu"; "auto" = the best there is.
        dtype: "float32", "float16", "bfloat16"; "auto" = bfloat16 or float16 on a GPU, float32 on the CPU.
        local_files_only: never download.
        trust_remote_code: run code that comes with the model. Leave it off unless you have read that code.
        max_tokens: most tokens of a reply. A plan takes about four times as many as its prompt.
        attempts: replies that are asked for, each with what was wrong with the last one.
        constrained: keep replies to the plan's shape by `outlines`: true, false, or by default where it is installed
            and can.
        vram_gb: memory it needs, in GiB; by default 1.3 times the weights on disk (0 if they are not there yet).
        vram_limit_gb: most that all models on the device may need together, in GiB; by default all it has.

    Raises:
        InputError: a setting that does not fit.
    """

    def __init__(
        self,
        *,
        model: str,
        name: str = "local-llm",
        revision: str = "",
        device: str = "auto",
        dtype: str = "auto",
        local_files_only: bool = False,
        trust_remote_code: bool = False,
        max_tokens: int = 8192,
        attempts: int = 2,
        constrained: bool | None = None,
        vram_gb: float | None = None,
        vram_limit_gb: float | None = None,
    ) -> None:
        chat = LocalChat(
            name=name,
            settings=LocalModel(
                model=model,
                revision=revision,
                device=device,
                dtype=dtype,
                local_files_only=local_files_only,
                trust_remote_code=trust_remote_code,
            ),
            max_tokens=max_tokens,
            constrained=constrained,
            vram_gb=vram_gb,
            vram_limit_gb=vram_limit_gb,
        )
        super().__init__(
            model=chat.model,
            name=name,
            attempts=attempts,
            input_cost_per_token=0.0,
            output_cost_per_token=0.0,
            endpoint=chat,
        )
