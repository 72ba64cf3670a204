"""Tiny vision-language models of the real classes with random weights, saved to a folder. Needs torch, transformers."""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    Idefics3Config,
    Idefics3ForConditionalGeneration,
    Idefics3ImageProcessorPil,
    Idefics3Processor,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2_5_VLProcessor,
    Qwen2VLImageProcessorPil,
)
from transformers.processing_utils import ProcessorMixin

WIDTH = 32
SIDE = 64
"""Longest side in px to which the tiny Idefics3 scales every picture."""

WORDS = ("yes", "Yes", "Ġyes", "ĠYes", "no", "No", "Ġno", "ĠNo")
"""Words of one token; everything else is spelt byte by byte."""

TEMPLATE = """{%- for message in messages -%}
<|im_start|>{{ message.role }}
{% if message.content is string -%}
{{ message.content }}
{%- else -%}
{%- for part in message.content -%}
{%- if part.type in ("image", "image_url") -%}IMAGE{%- else -%}{{ part.text }}{%- endif -%}
{%- endfor -%}
{%- endif -%}
<|im_end|>
{% endfor -%}
{%- if add_generation_prompt -%}
<|im_start|>assistant
{% endif -%}"""


def byte_letters() -> list[str]:
    """The 256 letters by which byte-level tokenizers spell bytes."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    return [chr(n) for n in plain] + [chr(256 + i) for i in range(256 - len(plain))]


def tokenizer_with(special: list[str]) -> PreTrainedTokenizerFast:
    pieces, merges = byte_letters(), []
    for word in WORDS:
        for end in range(2, len(word) + 1):
            if word[:end] not in pieces:
                pieces.append(word[:end])
                merges.append((word[: end - 1], word[end - 1]))
    inner = Tokenizer(models.BPE(vocab={piece: i for i, piece in enumerate(pieces)}, merges=merges))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token="<|endoftext|>", eos_token="<|im_end|>", padding_side="right"
    )
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|im_start|>", *special]})
    return tokenizer


def _text_config(tokenizer: PreTrainedTokenizerFast, **more: object) -> dict[str, object]:
    return {
        "hidden_size": WIDTH,
        "intermediate_size": 37,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "vocab_size": len(tokenizer),
        "max_position_embeddings": 32768,
        "initializer_range": 0.3,
        "bos_token_id": None,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "tie_word_embeddings": False,
        **more,
    }


def idefics3() -> tuple[Idefics3ForConditionalGeneration, Idefics3Processor]:
    image, around, whole = "<image>", "<fake_token_around_image>", "<global-img>"
    tokenizer = tokenizer_with([image, around, whole, "<end_of_utterance>"])
    config = Idefics3Config(
        text_config={"model_type": "llama", **_text_config(tokenizer)},
        vision_config={
            "hidden_size": 16,
            "intermediate_size": 37,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "image_size": SIDE,
            "patch_size": 8,
            "initializer_range": 0.3,
        },
        image_token_id=tokenizer.convert_tokens_to_ids(image),
        scale_factor=2,
    )
    processor = Idefics3Processor(
        Idefics3ImageProcessorPil(
            do_image_splitting=False, size={"longest_edge": SIDE}, max_image_size={"longest_edge": SIDE}
        ),
        tokenizer,
        image_seq_len=(SIDE // 8 // 2) ** 2,
        chat_template=TEMPLATE.replace("IMAGE", image),
    )
    return Idefics3ForConditionalGeneration(config), processor


class ImageOnlyProcessor(Qwen2_5_VLProcessor):
    """Qwen's processor without its video half, which needs torchvision."""

    def __init__(self, image_processor=None, tokenizer=None, chat_template=None):
        ProcessorMixin.__init__(self, image_processor, tokenizer, chat_template=chat_template)
        self.image_token, self.video_token = "<|image_pad|>", "<|video_pad|>"
        self.image_token_id = tokenizer.convert_tokens_to_ids(self.image_token)
        self.video_token_id = tokenizer.convert_tokens_to_ids(self.video_token)


def qwen2_5_vl() -> tuple[Qwen2_5_VLForConditionalGeneration, ImageOnlyProcessor]:
    special = ["<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"]
    tokenizer = tokenizer_with(special)
    start, end, image, video = tokenizer.convert_tokens_to_ids(special)
    config = Qwen2_5_VLConfig(
        text_config=_text_config(
            tokenizer,
            rope_parameters={"rope_type": "default", "rope_theta": 1e6, "mrope_section": [1, 1, 2]},
        ),
        vision_config={
            "depth": 2,
            "hidden_size": 16,
            "intermediate_size": 37,
            "num_heads": 2,
            "out_hidden_size": WIDTH,
            "window_size": 56,
            "fullatt_block_indexes": [1],
            "initializer_range": 0.3,
        },
        image_token_id=image,
        video_token_id=video,
        vision_start_token_id=start,
        vision_end_token_id=end,
    )
    processor = ImageOnlyProcessor(
        Qwen2VLImageProcessorPil(min_pixels=56 * 56, max_pixels=112 * 112),
        tokenizer,
        chat_template=TEMPLATE.replace("IMAGE", "<|vision_start|><|image_pad|><|vision_end|>"),
    )
    return Qwen2_5_VLForConditionalGeneration(config), processor


def llama() -> tuple[LlamaForCausalLM, PreTrainedTokenizerFast]:
    """Reads text alone."""
    tokenizer = tokenizer_with([])
    tokenizer.chat_template = TEMPLATE
    return LlamaForCausalLM(LlamaConfig(**_text_config(tokenizer))), tokenizer


RECIPES = {"idefics3": idefics3, "qwen2_5_vl": qwen2_5_vl, "llama": llama}


def save(recipe: str, folder: Path, *, decided: bool = True) -> Path:
    """Build the model of this recipe, the same weights each time, and save it.

    `decided`: it nearly always says yes or no (which of both is as random as before), as a trained one does.
    """
    torch.manual_seed(0)
    model, processor = RECIPES[recipe]()
    tokenizer = getattr(processor, "tokenizer", processor)
    if decided:
        chosen = torch.tensor(tokenizer.convert_tokens_to_ids(["yes", "no"]))
        with torch.no_grad():
            head = model.get_output_embeddings().weight
            # the others hardly move, and of these two the better one is far above them
            head *= 0.02
            head[chosen] = torch.stack([torch.ones(WIDTH), -torch.ones(WIDTH)]) * torch.randn(WIDTH)
    model.eval().save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder
