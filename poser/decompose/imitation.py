"""TRL's imitation, which may learn the requests as well, at a lower weight than the answers."""

from __future__ import annotations

from typing import Any

import torch
from trl.trainer.sft_trainer import SFTTrainer


class RequestLearner(SFTTrainer):
    """Learns the tokens of prompts, too, each with `request_weight` of the weight of an answer's.

    A model of random weights finds out sooner that words come back (which answers are made of), and is not carried away
    by what cannot be foreseen, as it is where prompts count like answers (`completion_only_loss=False`).
    """

    def __init__(self, *args: Any, request_weight: float, **kwargs: Any) -> None:
        """`request_weight` above 0; the rest is `SFTTrainer`'s."""
        super().__init__(*args, **kwargs)
        self.request_weight = request_weight

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """Mean negative log-likelihood of the answers' tokens, and the weighted one of the prompts' on top."""
        mode = "train" if model.training else "eval"
        whole = inputs["input_ids"].masked_fill(inputs["attention_mask"] == 0, -100)
        outputs = model(**{**inputs, "labels": whole}, fused_lm_head=True)
        answer = inputs["labels"][:, 1:] != -100
        request = outputs.label_mask & ~answer
        tokens = answer.sum() if num_items_in_batch is None else num_items_in_batch
        said = -outputs.log_probs[answer].sum() - self.request_weight * outputs.log_probs[request].sum()
        loss = said / torch.as_tensor(tokens, device=said.device).clamp(min=1)
        if self.args.average_tokens_across_devices and num_items_in_batch is not None:
            loss = loss * self.accelerator.num_processes
        right, entropy, count = (
            self.accelerator.gather_for_metrics(value).sum().item()
            for value in (outputs.is_top1[answer].sum(), outputs.entropy[answer].detach().sum(), answer.sum())
        )
        for name, value in (("mean_token_accuracy", right), ("entropy", entropy)):
            self._metrics[mode][name].append(value / max(1, count))
        return (loss, outputs) if return_outputs else loss
