"""Language models of `transformers` in this process, with or without eyes: settings, loading, holding in memory."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from logging import ERROR
from pathlib import Path
from typing import Any

from poser.experts.devices import (
    INSTALL,
    check_device,
    choose_device,
    first_line,
    is_out_of_memory,
    memory_gb,
    sweep,
    torch_dtype,
)
from poser.experts.errors import CallError, InputError, Unavailable
from poser.experts.model_files import can_come, looks_local, model_folder, size_gb, version_of
from poser.experts.residency import residency_of

MEMORY_REMEDY = "set a smaller batch_size or longest_side, dtype='bfloat16', or take a smaller model"
BLIND_REMEDY = (
    "The processor of this model needs torchvision to be loaded whole: install the torchvision build that belongs to "
    "your torch, or name a model whose processor takes pictures alone (Idefics3, Gemma 3, LLaVA)"
)

TEXT_ALONE = "it reads text alone; name one that takes pictures, such as 'HuggingFaceTB/SmolVLM-Instruct'"

_AGAIN_SECONDS = 60.0
"""For how long a hub that did not answer counts as away."""

_WORKING_SHARE = 1.3
"""Memory while running, as a multiple of the weights on disk, where `vram_gb` is not declared."""

_VARIANT = re.compile(r"\.(fp16|bf16|fp8|fp32)[.-]")


@dataclass(frozen=True, kw_only=True)
class LocalModel:
    """Which model is loaded, and how.

    Attributes:
        model: hub id ("owner/name"), or folder of a model. Safetensors only; pickled weights are never read.
        revision: branch, tag or commit of a hub model; "" = main.
        device: "cpu", "cuda", "cuda:1", "mps", "xpu"; "auto" = the best there is.
        dtype: "float32", "float16", "bfloat16"; "auto" = bfloat16 or float16 on a GPU, float32 on the CPU.
        local_files_only: never download.
        trust_remote_code: run code that comes with the model.
    """

    model: str
    revision: str = ""
    device: str = "auto"
    dtype: str = "auto"
    local_files_only: bool = False
    trust_remote_code: bool = False

    @property
    def short(self) -> str:
        """The hub id, or the name of the folder: paths of this machine stay here."""
        local = Path(self.model).expanduser()
        return local.resolve().name if local.is_dir() else self.model

    def __post_init__(self) -> None:
        if not self.model.strip():
            raise InputError("model is empty; give a hub id such as 'owner/name', or a folder with a config.json.")
        check_device(self.device, self.dtype)


@dataclass(frozen=True)
class LoadedModel:
    """A model that is ready.

    Attributes:
        model: with `forward` and `generate`, in evaluation mode, on its device.
        processor: of text and pictures, or None where there is none with eyes.
        tokenizer: of text.
        device: it is on.
        version: commit of a hub model, or a short hash of a folder.
        sees: whether it is made to take pictures.
        kept: what those who use it have found out about it once.
    """

    model: Any
    processor: Any
    tokenizer: Any
    device: str
    version: str
    sees: bool = True
    kept: dict[str, Any] = field(default_factory=dict)

    @property
    def templated(self) -> Any:
        """What renders conversations: the processor, else the tokenizer."""
        return self.processor if self.processor is not None else self.tokenizer


class HeldModel:
    """One model for one user of it. Users with equal settings share what is loaded, one call at a time."""

    def __init__(
        self,
        name: str,
        settings: LocalModel,
        *,
        vram_gb: float | None = None,
        vram_limit_gb: float | None = None,
        processor: Any = None,
    ) -> None:
        """Nothing is loaded; small files may be read.

        Args:
            name: of the user, for messages.
            settings: what to load.
            vram_gb: memory it needs, in GiB; None = 1.3 times the weights on disk.
            vram_limit_gb: most that all models on the device may need together; None = all it has.
            processor: one that was built by hand, taken in place of the model's own.
        """
        for field_name, value in (("vram_gb", vram_gb), ("vram_limit_gb", vram_limit_gb)):
            if value is not None and value < 0:
                raise InputError(f"{field_name} is {value}; give GiB, 0 or more.")
        self._name, self._settings, self._processor = name, settings, processor
        self._limit_gb = vram_limit_gb
        self._local_version, weights = _on_disk(settings)
        self._gb = vram_gb if vram_gb is not None else weights * _WORKING_SHARE
        self._at: tuple[str, Any] | None = None
        self._away_until = 0.0

    def refuses(self) -> str | None:
        """Why it cannot be loaded, found without loading anything: no such folder, no library; None = it may be."""
        if not Path(self._settings.model).expanduser().is_dir() and looks_local(self._settings.model):
            return _no_folder(self._name, self._settings)
        if find_spec("transformers") is None:
            return f"{self._name}: transformers is not installed; {INSTALL}."
        return None

    @contextmanager
    def held(self, cancelled: Callable[[], bool]) -> Iterator[LoadedModel]:
        """The model, loaded if need be and used by nobody else, until the block ends.

        Raises:
            TimedOut: cancelled while waiting for it.
            Unavailable: library, files or memory are missing; the message says what to do.
        """
        device = choose_device(self._settings.device)
        settings = replace(self._settings, device=device)
        key = ("transformers", settings, self._local_version, id(self._processor) if self._processor else None)
        self._at = device, key
        with residency_of(device).hold(
            key,
            gb=self._gb,
            limit_gb=self._limit_gb if self._limit_gb is not None else memory_gb(device),
            load=lambda: self._loaded(settings),
            unload=lambda loaded: loaded.kept.clear(),
            sweep=sweep,
            cancelled=cancelled,
        ) as loaded:
            yield loaded

    def _loaded(self, settings: LocalModel) -> LoadedModel:
        """Loads it; a hub that was away a moment ago is not asked again for every picture."""
        if time.monotonic() >= self._away_until:
            if settings.local_files_only or can_come(settings.model, settings.revision):
                return _load(self._name, settings, self._processor, self._local_version)
            self._away_until = time.monotonic() + _AGAIN_SECONDS
        raise Unavailable(
            f"{self._name}: cannot load {settings.model!r}: it is not in the hub's cache here, and the hub cannot be "
            f"reached. Check the network, or bring it here with `hf download {settings.model}`."
        )

    def close(self) -> None:
        """Unload it, now or when the call that uses it ends."""
        if self._at is not None:
            device, key = self._at
            residency_of(device).drop(key)


def rendered(templated: Any, messages: Sequence[Mapping[str, Any]]) -> str:
    """A conversation as the model's chat template writes it, up to where the answer begins, without thoughts."""
    # an argument that a template does not know is a warning
    plain = {"enable_thinking": False} if "enable_thinking" in str(templated.chat_template) else {}
    text: str = templated.apply_chat_template(list(messages), add_generation_prompt=True, tokenize=False, **plain)
    return text


def harmless(tokenizer: Any, text: str) -> str:
    """The text without what this model takes for the end of a message or for a picture."""
    for token in tokenizer.all_special_tokens:
        text = text.replace(token, " ")
    return text


def _on_disk(settings: LocalModel) -> tuple[str, float]:
    """Version of a folder ("" for a hub model), and GiB of weights (0 where they are not here yet)."""
    folder = model_folder(settings.model, settings.revision)
    if folder is None or not (folder / "config.json").is_file():
        return "", 0.0
    files = sorted(folder.glob("*.safetensors"))
    used = [path for path in files if not _VARIANT.search(path.name)] or files
    local = Path(settings.model).expanduser().is_dir()
    return version_of(folder, (folder / "config.json").read_bytes(), files) if local else "", size_gb(used)


def _load(name: str, settings: LocalModel, processor: Any, version: str) -> LoadedModel:
    folder = Path(settings.model).expanduser()
    if not folder.is_dir() and looks_local(settings.model):
        raise Unavailable(_no_folder(name, settings), lasting=True)
    try:
        import transformers
    except ImportError as error:
        raise Unavailable(f"{name}: transformers is not installed ({error}); {INSTALL}.", lasting=True) from None
    try:
        with _quiet(transformers):
            return _built(
                transformers, str(folder) if folder.is_dir() else settings.model, settings, processor, version
            )
    except CallError:
        raise
    except Exception as error:  # noqa: BLE001  whatever loading raises is one thing to the caller: not there
        reason, full = first_line(error), is_out_of_memory(error)
    # raised outside of the handler, so that no traceback keeps weights alive
    sweep()
    if full:
        raise Unavailable(f"{name}: not enough memory on {settings.device} for {settings.model!r}; {MEMORY_REMEDY}.")
    raise Unavailable(f"{name}: cannot load {settings.model!r} ({reason}). {_remedy(settings, reason)}", lasting=True)


def _no_folder(name: str, settings: LocalModel) -> str:
    return f"{name}: there is no folder {settings.model!r}; give one with a config.json, or a hub id."


def _remedy(settings: LocalModel, reason: str) -> str:
    if "custom code" in reason or "trust_remote_code" in reason:
        return "Read that code; if you trust it, set trust_remote_code=true."
    if Path(settings.model).expanduser().is_dir():
        return "The folder must hold config.json, the tokenizer's files and all weights as safetensors."
    if settings.local_files_only:
        return f"`local_files_only` is set: get it with `hf download {settings.model}`, or take the setting out."
    return "Check name, `revision` and network, and HF_TOKEN for gated models; weights must be safetensors."


def _built(transformers: Any, source: str, settings: LocalModel, processor: Any, version: str) -> LoadedModel:
    shared: dict[str, Any] = {
        "local_files_only": settings.local_files_only,
        "trust_remote_code": settings.trust_remote_code,
    }
    if settings.revision:
        shared["revision"] = settings.revision
    config = transformers.AutoConfig.from_pretrained(source, **shared)
    sees = type(config) in transformers.MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING
    kind = transformers.AutoModelForImageTextToText if sees else transformers.AutoModelForCausalLM
    model = kind.from_pretrained(
        source, dtype=torch_dtype(settings.dtype, settings.device), use_safetensors=True, **shared
    )
    if processor is None and sees:
        # a bare tokenizer comes where the picture's half cannot be built, without a word
        processor = transformers.AutoProcessor.from_pretrained(source, **shared)
    if getattr(processor, "image_processor", None) is None:
        processor = None
    tokenizer = (
        processor.tokenizer if processor is not None else transformers.AutoTokenizer.from_pretrained(source, **shared)
    )
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return LoadedModel(
        model=model.to(settings.device).eval(),
        processor=processor,
        tokenizer=tokenizer,
        device=settings.device,
        version=version or getattr(config, "_commit_hash", None) or settings.revision or "main",
        sees=sees,
    )


@contextmanager
def _quiet(transformers: Any) -> Iterator[None]:
    """No bars and no lines on retries on the terminal while a model loads: it belongs to whoever shows the run."""
    from huggingface_hub.utils import logging as hub

    logging = transformers.utils.logging
    shown, told = logging.is_progress_bar_enabled(), hub.get_verbosity()
    logging.disable_progress_bar()
    hub.set_verbosity(ERROR)
    try:
        yield
    finally:
        hub.set_verbosity(told)
        if shown:
            logging.enable_progress_bar()
