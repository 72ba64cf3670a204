"""How likely a loaded vision-language model answers "yes": next-token probabilities, many questions at once.

After VQAScore (Lin et al. 2024) and Soft-TIFA (GenEval 2, 2026): the probability of the answer's token is the answer.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from poser.critics.local_questions import asked
from poser.experts.devices import is_out_of_memory
from poser.experts.errors import Unavailable
from poser.experts.local_models import BLIND_REMEDY, TEXT_ALONE, LoadedModel, harmless, rendered
from poser.experts.picture import Picture

MARK = "THE-QUESTION-STANDS-HERE"
SAME = 0.02
"""Most by which sharing the picture's tokens may change a probability; else each question is asked by itself."""

_PIXELS = ("pixel", "image_patches", "flattened_patches", "image_embeds")


class YesNo(NamedTuple):
    """An answer.

    Attributes:
        yes: probability of "yes" among "yes" and "no", in [0, 1]; 0.5 where neither has any.
        mass: probability of both together, in [0, 1]: how far it is an answer at all.
    """

    yes: float
    mass: float


class Item(NamedTuple):
    """A picture and the questions about it."""

    picture: Picture
    questions: tuple[str, ...]


class YesNoModel:
    """A loaded model as one that answers yes/no questions about pictures.

    All questions about all pictures of a call are one batch. The tokens of a picture, and what stands before the
    question, are computed once for all of its questions, and their cache is shared (two forward passes). Where a model
    cannot do this, or not with the same answers, every question is a row of its own with its own copy of the picture
    (one forward pass); which of both holds is tried out once after loading.
    """

    def __init__(self, name: str, loaded: LoadedModel) -> None:
        """Check that the model has eyes and words for yes and no.

        Raises:
            Unavailable: it has not; the message says what to do.
        """
        self._name, self._loaded = name, loaded
        if loaded.processor is None and not loaded.sees:
            raise Unavailable(f"{name}: a {type(loaded.model).__name__} cannot judge pictures: {TEXT_ALONE}.")
        if loaded.processor is None:
            what = type(loaded.tokenizer).__name__
            raise Unavailable(
                f"{name}: pictures would be dropped silently, only a {what} could be loaded. {BLIND_REMEDY}.",
                lasting=True,
            )
        if not getattr(loaded.templated, "chat_template", None):
            raise Unavailable(
                f"{name}: the model has no chat template; take one that is tuned to follow instructions.", lasting=True
            )
        if getattr(loaded.model.config, "is_encoder_decoder", False):
            raise Unavailable(
                f"{name}: the model has an encoder of its own for text; take one that only decodes.", lasting=True
            )
        self._last = {"logits_to_keep": 1} if _takes(loaded.model, "logits_to_keep") else {}
        self._before, self._after = self._split()
        if "words" not in loaded.kept:
            # goes through a vocabulary of a hundred thousand tokens and more
            loaded.kept["words"] = self._words("yes"), self._words("no")
        self._yes, self._no = loaded.kept["words"]
        self._can_share: bool | None = loaded.kept.get("shares a picture")

    def answers(self, items: Sequence[Item]) -> list[list[YesNo]]:
        """For each picture the answers to its questions, in one batch.

        Raises:
            Unavailable: the processor let the picture fall.
            Exception: whatever the model raises, such as memory that ran out.
        """
        items_with = [
            item._replace(questions=tuple(harmless(self._loaded.tokenizer, question) for question in item.questions))
            for item in items
            if item.questions
        ]
        if not items_with:
            return [[] for _ in items]
        if self._can_share is None:
            self._can_share = self._loaded.kept["shares a picture"] = self._tried()
        found = iter(self._shared(items_with) if self._can_share else self._rows(items_with))
        return [[next(found) for _ in item.questions] for item in items]

    def _tried(self) -> bool:
        """Whether sharing a picture's tokens brings what asking each question by itself brings."""
        shades = np.linspace(0, 255, 48, dtype=np.uint8)
        wide = Picture(np.stack(np.broadcast_arrays(shades[:, None], shades[None, :], np.uint8(90)), axis=-1))
        items = [
            Item(wide, ("Is there a car?", "Is it night, and does it rain in the picture?")),
            Item(wide.resized(64, 32), ("Is it blue?",)),
        ]
        apart = self._rows(items)
        try:
            together = self._shared(items)
        except Unavailable:
            raise
        except (
            RuntimeError,
            TypeError,
            ValueError,
            AttributeError,
            IndexError,
            KeyError,
            NotImplementedError,
        ) as error:
            if is_out_of_memory(error):
                raise
            # caches differ from model to model, and so does what they raise
            return False
        return all(abs(one.yes - other.yes) <= SAME for one, other in zip(apart, together, strict=True))

    def _split(self) -> tuple[str, str]:
        """What the model reads before and after a question."""
        content = [{"type": "image"}, {"type": "text", "text": asked(MARK)}]
        whole = rendered(self._loaded.templated, [{"role": "user", "content": content}])
        before, mark, after = whole.partition(MARK)
        if not mark:
            raise Unavailable(f"{self._name}: the model's chat template leaves out the question; take another model.")
        return before, after

    def _words(self, word: str) -> list[int]:
        """Tokens that are this word alone, in any case and with or without a space before it."""
        tokenizer = self._loaded.tokenizer
        near = [number for token, number in tokenizer.get_vocab().items() if token.strip("Ġ▁Ċ \n").casefold() == word]
        found = [number for number in near if tokenizer.decode([number]).strip().casefold() == word]
        if not found:
            raise Unavailable(f"{self._name}: the model has no single token for {word!r}; take another model.")
        return sorted(found)

    def _seen(self, texts: list[str], pictures: Sequence[Picture]) -> Any:
        """Texts with their pictures as tensors, padded on the left; refuses what lost its picture."""
        loaded = self._loaded
        inputs = loaded.processor(
            text=texts,
            images=[[picture.to_pil()] for picture in pictures],
            padding=True,
            padding_side="left",
            return_tensors="pt",
        )
        pixels = [name for name, value in inputs.items() if name.startswith(_PIXELS) and value.numel()]
        token = _image_token(loaded)
        places = None if token is None else (inputs["input_ids"] == token).sum(dim=1)
        if not pixels or (places is not None and not bool((places > 0).all())):
            what = type(loaded.processor).__name__
            raise Unavailable(f"{self._name}: the {what} lets the picture fall. {BLIND_REMEDY}.", lasting=True)
        return inputs.to(loaded.device, dtype=loaded.model.dtype)

    def _rows(self, items: Sequence[Item]) -> list[YesNo]:
        """Every question a row with its own copy of the picture."""
        import torch

        texts = [self._before + question + self._after for item in items for question in item.questions]
        pictures = [item.picture for item in items for _ in item.questions]
        with torch.inference_mode():
            inputs = self._seen(texts, pictures)
            return self._read(self._loaded.model(**inputs, use_cache=False, **self._last).logits)

    def _shared(self, items: Sequence[Item]) -> list[YesNo]:
        """Pictures first, then all questions on copies of their pictures' caches."""
        import torch

        loaded = self._loaded
        model = loaded.model
        owner = torch.tensor([k for k, item in enumerate(items) for _ in item.questions], device=loaded.device)
        with torch.inference_mode():
            pictures = self._seen([self._before] * len(items), [item.picture for item in items])
            cache = model(**pictures, use_cache=True, **self._last).past_key_values
            cache.batch_select_indices(owner)
            tails = loaded.tokenizer(
                [question + self._after for item in items for question in item.questions],
                add_special_tokens=False,
                padding=True,
                padding_side="left",
                return_tensors="pt",
            ).to(loaded.device)
            mask = torch.cat([pictures["attention_mask"][owner], tails["attention_mask"]], dim=1)
            length = tails["input_ids"].shape[1]
            places = (mask.long().cumsum(dim=1) - 1).clamp(min=0)[:, -length:]
            # Qwen-VL counts a picture's tokens in three dimensions, so what follows has other numbers
            shift = getattr(getattr(model, "model", None), "rope_deltas", None)
            if shift is not None:
                places = places + shift.to(places.device)[owner]
            output = model(
                input_ids=tails["input_ids"],
                attention_mask=mask,
                position_ids=places,
                past_key_values=cache,
                use_cache=True,
                **self._last,
            )
            return self._read(output.logits)

    def _read(self, logits: Any) -> list[YesNo]:
        """From next-token logits of shape (rows, 1, words)."""
        import torch

        chances = logits[:, -1].float().log_softmax(dim=-1)
        yes, no = chances[:, self._yes].logsumexp(dim=-1), chances[:, self._no].logsumexp(dim=-1)
        share, mass = torch.sigmoid(yes - no), torch.logaddexp(yes, no).exp()
        if not bool(torch.isfinite(share).all()):
            raise Unavailable(
                f"{self._name}: the model computes no numbers (overflow); set dtype='bfloat16' or 'float32'."
            )
        return [YesNo(y, min(1.0, m)) for y, m in zip(share.tolist(), mass.tolist(), strict=True)]


def _takes(model: Any, argument: str) -> bool:
    return argument in inspect.signature(model.forward).parameters


def _image_token(loaded: LoadedModel) -> int | None:
    """The token that stands for a piece of a picture, where anybody names it."""
    for owner, name in (
        (loaded.processor, "image_token_id"),
        (loaded.model.config, "image_token_id"),
        (loaded.model.config, "image_token_index"),
    ):
        number = getattr(owner, name, None)
        if isinstance(number, int):
            return number
    return None
