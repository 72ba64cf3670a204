"""A small causal language model with random weights and a tokenizer of its own, for machines without a GPU."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

PAD, END = "<|pad|>", "<|end|>"

MARKS = ("<think>", "</think><action>[", "]</action><subjects>[", "]</subjects><goals>[", "]</goals>")
"""Tokens of their own: what stands between the parts of an answer. They swallow spaces beside them, so a word
is the same token within a request and at the start of a list, and can be copied."""

POSITIONS = 1024
"""Tokens of prompt and answer together."""


def tokenizer_of(texts: Iterable[str], vocabulary: int) -> PreTrainedTokenizerFast:
    """A byte-level BPE tokenizer trained on these texts, padding on the left."""
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    inner.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary - len(MARKS),
        special_tokens=[PAD, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    inner.train_from_iterator(texts, trainer)
    kind: Any = PreTrainedTokenizerFast
    tokenizer: PreTrainedTokenizerFast = kind(
        tokenizer_object=inner,
        pad_token=PAD,
        eos_token=END,
        padding_side="left",
        model_max_length=POSITIONS,
        add_prefix_space=True,
    )
    # not special: special ones are left out when an answer is read
    tokenizer.add_tokens(
        [AddedToken(mark, special=False, normalized=False, lstrip=mark != MARKS[0], rstrip=True) for mark in MARKS]
    )
    return tokenizer


def build(
    folder: Path,
    texts: Iterable[str],
    *,
    hidden_size: int,
    layers: int,
    heads: int,
    vocabulary: int,
    initializer_range: float = 0.06,
    seed: int,
) -> int:
    """Make a model and save it with its tokenizer; the same for equal arguments.

    Args:
        folder: where to.
        texts: what the tokenizer is trained on.
        hidden_size: width; the layers in between are three times as wide.
        layers: how many.
        heads: of attention.
        vocabulary: most tokens.
        initializer_range: standard deviation of the weights; with transformers' usual 0.02, models this narrow take
            several times as long to find out which word of the request to look at.
        seed: of the weights.

    Returns:
        Its number of parameters.
    """
    tokenizer = tokenizer_of(texts, vocabulary)
    # of another kind (Qwen2), AutoTokenizer would take that kind's own tokenizer, which splits words otherwise
    config = LlamaConfig(
        hidden_size=hidden_size,
        intermediate_size=3 * hidden_size,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=heads,
        vocab_size=len(tokenizer),
        max_position_embeddings=POSITIONS,
        initializer_range=initializer_range,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LlamaForCausalLM(config)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return sum(weight.numel() for weight in model.parameters())
