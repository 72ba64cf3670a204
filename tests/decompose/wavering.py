"""A language model that says one of two things: the likelier one if asked for the likeliest. Needs torch."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from transformers import AutoConfig, AutoModelForCausalLM, GenerationMixin, PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import CausalLMOutput

from tests.critics.tiny_vlms import tokenizer_with

ANSWER = " =>"
"""Ends the prompt."""


class WaveringConfig(PreTrainedConfig):
    """`likely`, `other`: tokens of the two replies, which begin with different ones; `begin`: those before a reply."""

    model_type = "wavering"

    def __init__(self, likely=(0,), other=(1,), begin=(2,), vocab_size=3, **more):
        self.likely, self.other, self.begin, self.vocab_size = likely, other, begin, vocab_size
        super().__init__(**more)


class Wavering(PreTrainedModel, GenerationMixin):
    """Finds the end of the prompt and goes on with the reply that was begun."""

    config_class = WaveringConfig

    def __init__(self, config):
        super().__init__(config)
        self.nothing = torch.nn.Parameter(torch.zeros(1))
        self.post_init()

    def forward(self, input_ids, attention_mask=None, **more):
        config, begin = self.config, list(self.config.begin)
        logits = torch.full((*input_ids.shape, config.vocab_size), -30.0)
        for row, tokens in zip(logits, input_ids.tolist(), strict=True):
            start = next(n for n in range(len(tokens), 0, -1) if tokens[n - len(begin) : n] == begin)
            said = tokens[start:]
            for reply, weight in ((list(config.likely), 1.0), (list(config.other), 0.9)):
                if reply[: len(said)] == said:
                    row[-1, [*reply, config.eos_token_id][len(said)]] = weight
        return CausalLMOutput(logits=logits)


def save(folder: Path, likely: str, other: str) -> Path:
    """A decomposer that says `likely` or `other`."""
    AutoConfig.register("wavering", WaveringConfig, exist_ok=True)
    AutoModelForCausalLM.register(WaveringConfig, Wavering, exist_ok=True)
    tokenizer = tokenizer_with([])
    config = WaveringConfig(
        likely=tokenizer(likely)["input_ids"],
        other=tokenizer(other)["input_ids"],
        begin=tokenizer(ANSWER)["input_ids"],
        vocab_size=len(tokenizer),
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model = Wavering(config)
    # it wants to see everything at every token
    model.generation_config.use_cache = False
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    settings = {"version": 1, "template": f"{{request}}{ANSWER}", "chat": False, "max_new_tokens": 400}
    (folder / "decomposer.json").write_text(json.dumps(settings))
    return folder
