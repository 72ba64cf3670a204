"""A language model of `transformers` that says what its folder holds, whatever it is told. Needs torch."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import AutoConfig, AutoModelForCausalLM, GenerationMixin, PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import CausalLMOutput

from tests.critics.tiny_vlms import TEMPLATE, tokenizer_with


class ParrotConfig(PreTrainedConfig):
    """`scripts`: tokens of the first reply, the second, …; the last one for all further."""

    model_type = "parrot"

    def __init__(self, scripts=((0,),), turn=0, header=1, vocab_size=2, **more):
        self.scripts, self.turn, self.header, self.vocab_size = scripts, turn, header, vocab_size
        super().__init__(**more)


class Parrot(PreTrainedModel, GenerationMixin):
    """Counts the turns of the conversation and the tokens of the last one; it looks at nothing else."""

    config_class = ParrotConfig

    def __init__(self, config):
        super().__init__(config)
        self.nothing = torch.nn.Parameter(torch.zeros(1))
        self.post_init()

    def forward(self, input_ids, attention_mask=None, **more):
        logits = torch.zeros(*input_ids.shape, self.config.vocab_size)
        for row, tokens in zip(logits, input_ids, strict=True):
            turns = (tokens == self.config.turn).nonzero().flatten()
            # instructions, prompt, reply; then complaint and reply again
            script = self.config.scripts[min((len(turns) - 3) // 2, len(self.config.scripts) - 1)]
            said = len(tokens) - int(turns[-1]) - self.config.header
            row[-1, script[said] if said < len(script) else self.config.eos_token_id] = 9.0
        return CausalLMOutput(logits=logits)


def save(folder: Path, *replies: str) -> str:
    """A parrot that gives these replies, one after another."""
    AutoConfig.register("parrot", ParrotConfig, exist_ok=True)
    AutoModelForCausalLM.register(ParrotConfig, Parrot, exist_ok=True)
    tokenizer = tokenizer_with([])
    tokenizer.chat_template = TEMPLATE
    config = ParrotConfig(
        scripts=[tokenizer(reply)["input_ids"] for reply in replies],
        turn=tokenizer.convert_tokens_to_ids("<|im_start|>"),
        header=len(tokenizer("<|im_start|>assistant\n")["input_ids"]),
        vocab_size=len(tokenizer),
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model = Parrot(config)
    # it wants to see the whole conversation at every token
    model.generation_config.use_cache = False
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)
