"""The model that is trained: what its folder must hold, and its tokenizer or processor."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from poser.experts.devices import first_line
from poser.experts.errors import InputError, PoserError
from poser.experts.local_models import BLIND_REMEDY
from poser.experts.model_files import looks_local, model_folder

_TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "spiece.model", "tekken.json")
_OF_THE_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO)
_WRITE_FAILED = ("PytorchStreamWriter", "inline_container", "iostream error", "os error", "I/O error")
"""Of PyTorch and safetensors."""

_EYES = ("preprocessor_config.json", "processor_config.json")


def check_model(model: str, *, pictures: bool, chat: bool) -> None:
    """Check the files of a model on this machine, before anything is loaded; one of the hub is checked when it is here.

    Args:
        model: folder or hub id.
        pictures: rows have some.
        chat: prompts are conversations.

    Raises:
        InputError: something is missing; says what to do.
    """
    folder = model_folder(model)
    if folder is None:
        if looks_local(model):
            raise InputError(f"There is no folder {model}; give one with a config.json, a hub id, or fresh.")
        return
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{model} is no model: its config.json cannot be read ({error}).") from error
    if not any((folder / name).is_file() for name in _TOKENIZERS):
        raise InputError(
            f"{model} holds no tokenizer ({', '.join(_TOKENIZERS[:3])}, …); save it there with "
            "tokenizer.save_pretrained(folder)."
        )
    if pictures:
        if "vision_config" not in config:
            raise InputError(f"The rows have pictures, but {model} reads text alone; give a vision-language model.")
        if not any((folder / name).is_file() for name in _EYES):
            raise InputError(
                f"{model} holds no image processor ({' or '.join(_EYES)}); save it there with "
                "processor.save_pretrained(folder)."
            )
    if chat and not _chats(folder):
        raise InputError(
            f"{model} has no chat template; set chat to false (--no-chat), with a template that ends where the answer "
            "is to begin."
        )


def processor_of(model: str, *, pictures: bool, trust_remote_code: bool = False) -> Any:
    """The processor of a model if rows have pictures, else its tokenizer; padding on the left.

    Raises:
        InputError: it cannot be loaded, or has no eyes where it should.
    """
    from transformers import AutoProcessor, AutoTokenizer

    kind: Any = AutoProcessor if pictures else AutoTokenizer
    try:
        processor = kind.from_pretrained(model, trust_remote_code=trust_remote_code)
    except Exception as error:  # loading fails in as many ways as there are models
        what = "processor" if pictures else "tokenizer"
        raise InputError(f"The {what} of {model} cannot be loaded: {type(error).__name__}: {error}") from error
    # where a part is missing, a bare tokenizer comes back without a word, and pictures would be left out
    if pictures and not hasattr(processor, "image_processor"):
        raise InputError(f"The processor of {model} has no image processor. {BLIND_REMEDY}.")
    tokenizer = getattr(processor, "tokenizer", processor)
    tokenizer.padding_side = "left"
    if tokenizer.pad_token is None:
        if tokenizer.eos_token is None:
            raise InputError(f"The tokenizer of {model} has neither a padding nor an end token; give it one of both.")
        tokenizer.pad_token = tokenizer.eos_token
    return processor


def merged(base: str, adapter: Path, folder: Path, *, dtype: str = "auto") -> None:
    """Write the model `base` with a trained adapter worked into its weights."""
    import transformers
    from peft import PeftModel
    from trl.trainer.utils import create_model_from_path

    try:
        model = create_model_from_path(base, dtype=dtype, device_map=None)
        whole = PeftModel.from_pretrained(model, str(adapter)).merge_and_unload()
    except (OSError, ValueError, RuntimeError) as error:
        raise PoserError(
            f"The adapter in {adapter} cannot be worked into {base} ({type(error).__name__}: {error}); it is kept "
            f"there. transformers is {transformers.__version__}."
        ) from error
    whole.save_pretrained(folder)


@contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Tell of a full disk or a folder that is closed in one line; each library has an exception of its own for them."""
    try:
        yield
    except (OSError, RuntimeError, SafetensorError) as error:
        if isinstance(error, OSError):
            known = error.errno in _OF_THE_DISK or _lies_there(error.filename, folder)
        else:
            known = any(words in str(error) for words in _WRITE_FAILED)
        if not known:
            raise
        raise PoserError(
            f"{folder} cannot be written ({first_line(error)}). Make room, or mend the permissions, and go on with "
            "--resume; if nothing is there yet, give another --out."
        ) from error


def _lies_there(name: object, folder: Path) -> bool:
    """A file of this folder, or a folder that it is in."""
    return isinstance(name, str) and (Path(name).is_relative_to(folder) or folder.is_relative_to(name))


def _chats(folder: Path) -> bool:
    if any(
        (folder / name).exists() for name in ("chat_template.jinja", "chat_template.json", "additional_chat_templates")
    ):
        return True
    for name in ("tokenizer_config.json", "processor_config.json"):
        path = folder / name
        if path.is_file() and '"chat_template"' in path.read_text(encoding="utf-8"):
            return True
    return False
