"""What the settings of a stage become when its rows are known."""

from __future__ import annotations

import pytest

from poser.decompose.arguments import make_arguments
from poser.experts.errors import InputError

pytestmark = [pytest.mark.heavy, pytest.mark.filterwarnings("ignore::FutureWarning")]


def config(tmp_path, **sft):
    from poser.decompose.trl_settings import config_of

    return config_of("sft", make_arguments({"preset": "tiny", "sft": sft}), tmp_path)


@pytest.mark.parametrize(("rows", "decay"), [(80_000, 1500), (2000, 38), (857, 3), (100, 0)])
def test_a_share_of_the_steps_decays_however_many_rows_there_are(tmp_path, rows, decay):
    import torch
    from transformers.optimization import get_wsd_schedule

    from poser.decompose.stages import share_to_steps

    made = config(tmp_path)
    share_to_steps(made, "sft", rows)
    assert made.lr_scheduler_kwargs == {"num_decay_steps": decay}
    steps = rows // 16
    if steps > 50:
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
        schedule = get_wsd_schedule(
            optimizer, num_warmup_steps=50, num_training_steps=steps, **made.lr_scheduler_kwargs
        )
        rates = []
        for _ in range(steps):
            optimizer.step()
            rates.append(schedule.get_last_lr()[0])
            schedule.step()
        # it comes to its height
        assert max(rates) == 1.0


@pytest.mark.parametrize("steps", [0, -3])
def test_a_number_of_steps_that_cannot_be_is_refused(tmp_path, steps):
    with pytest.raises(InputError, match=f"max_steps of stage sft is {steps}; give at least 1, or -1 for epochs"):
        config(tmp_path, max_steps=steps)
    assert config(tmp_path, max_steps=-1).max_steps == -1


def test_a_schedule_of_more_steps_than_there_are_is_refused(tmp_path):
    from poser.decompose.stages import share_to_steps

    made = config(tmp_path, lr_scheduler_kwargs={"num_decay_steps": 100})
    with pytest.raises(InputError, match="Stage sft has 125 steps, and its schedule wants 50 to warm up and 100 to"):
        share_to_steps(made, "sft", 2000)
    share_to_steps(made, "sft", 2400)
    assert made.lr_scheduler_kwargs == {"num_decay_steps": 100}


def test_too_few_rows_for_a_step_are_refused_with_a_way_that_works(tmp_path):
    from poser.decompose.stages import check_batches
    from poser.decompose.trl_settings import config_of

    arguments = make_arguments({"preset": "tiny"})
    with pytest.raises(InputError, match="Stage sft has 15 rows to train on, and takes 16 at a time"):
        check_batches("sft", config_of("sft", arguments, tmp_path), 15)
    check_batches("sft", config(tmp_path, dataloader_drop_last=False), 1)
    check_batches("sft", config(tmp_path, per_device_train_batch_size=15), 15)
    weights = [1.0] * len(arguments.rewards)
    with pytest.raises(InputError, match=r"takes 8 at a time.*--grpo per_device_train_batch_size=…, a multiple"):
        check_batches("grpo", config_of("grpo", arguments, tmp_path, weights), 4)
    smaller = make_arguments({"preset": "tiny", "grpo": {"per_device_train_batch_size": 32}})
    check_batches("grpo", config_of("grpo", smaller, tmp_path, weights), 4)
