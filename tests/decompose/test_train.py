"""Decomposers of random weights, trained for a few steps by TRL."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

torch = pytest.importorskip("torch")
pytest.importorskip("trl")

from poser.cli.main import app  # noqa: E402
from poser.decompose.arguments import make_arguments  # noqa: E402
from poser.decompose.data import studio_rows, write_rows  # noqa: E402
from poser.decompose.format import read_strict  # noqa: E402
from poser.decompose.prompting import to_explore  # noqa: E402
from poser.decompose.tiny_model import build  # noqa: E402
from poser.decompose.train import evaluations, told_of, train  # noqa: E402
from poser.experts.errors import InputError, PoserError  # noqa: E402

pytestmark = [
    pytest.mark.heavy,
    # of TRL and transformers among themselves
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning", "ignore::UserWarning"),
]

SMALL = {
    "preset": "tiny", "hidden_size": 32, "layers": 2, "heads": 2, "vocabulary": 400, "examples": 64,
    "grpo_examples": 32, "eval_examples": 4, "eval_times": 0, "save_freq": 0, "max_new_tokens": 12, "progress": False,
    "sft": {"max_steps": 2, "per_device_train_batch_size": 4},
    "grpo": {"max_steps": 2, "per_device_train_batch_size": 8, "num_generations": 4, "logging_steps": 1},
}  # fmt: skip


def small(out, **changes):
    sections = {name: {**SMALL[name], **changes.pop(name, {})} for name in ("sft", "grpo")}
    return make_arguments(SMALL | {"out": str(out)} | sections | changes)


def options(out, **changes):
    """The same as a command line."""
    words = []
    for name, value in (SMALL | {"out": str(out)} | changes).items():
        option = "--" + name.replace("_", "-")
        if isinstance(value, bool):
            words.append(option if value else option.replace("--", "--no-"))
        elif isinstance(value, dict):
            words += [option, *(f"{key}={each}" for key, each in value.items())]
        else:
            words += [option, str(value)]
    return words


@pytest.fixture
def alone(monkeypatch, tmp_path):
    """Away from the repository, for relative paths."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def texts():
    return [row["request"] for row in studio_rows(50, seed=0, level="tiny")]


def tiny_folder(folder, texts):
    build(folder, texts, hidden_size=32, layers=2, heads=2, vocabulary=400, seed=0)
    return folder


def test_imitation_and_grpo_by_one_command_that_says_where_the_model_is(alone):
    done = CliRunner().invoke(app, ["train", "decomposer", *options("mine")])
    assert done.exit_code == 0, done.stderr
    assert done.stdout == "mine/model\n"
    assert "mean F1" in done.stderr
    lines = evaluations(Path("mine/evaluations.jsonl"))
    assert [(line["stage"], line["step"]) for line in lines] == [("sft", 0), ("sft", 2), ("grpo", 0), ("grpo", 2)]
    model = Path("mine/model")
    settings = json.loads((model / "decomposer.json").read_text())
    assert settings == {"version": 1, "template": "{request}", "chat": False, "max_new_tokens": 12}
    card = (model / "README.md").read_text()
    assert "GRPO" in card
    assert f"| grpo | 2 | {lines[-1]['seconds']:.3f} |" in card
    assert list(Path("mine/logs/grpo").iterdir())
    history = json.loads(Path("mine/grpo/history.json").read_text())
    assert "rewards/action_f1/mean" in history[1]
    assert told_of(model).startswith("On held-out rows")


def test_what_was_trained_is_loaded_by_transformers_as_any_model(tmp_path):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = train(small(tmp_path / "a", stages=["sft"]))
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModelForCausalLM.from_pretrained(folder)
    base = AutoModelForCausalLM.from_pretrained(tmp_path / "a" / "base")
    assert any(not torch.equal(a, b) for a, b in zip(model.parameters(), base.parameters(), strict=True))
    made = model.generate(**tokenizer("a cat", return_tensors="pt"), max_new_tokens=3)
    assert made.shape[1] > 3


def test_imitation_learns_the_answer_and_nothing_of_the_request(tmp_path):
    from poser.decompose.model_folder import processor_of
    from poser.decompose.prompting import answer
    from poser.decompose.stages import make_trainer

    rows = [dict(row) for row in studio_rows(4, seed=0, level="tiny")]
    folder = str(tiny_folder(tmp_path / "base", [row["request"] + answer(row) for row in rows]))
    tokenizer = processor_of(folder, pictures=False)
    trainer = make_trainer("sft", folder, tokenizer, rows, small(tmp_path / "a", request_weight=0.0), tmp_path / "sft")
    batch = next(iter(trainer.get_train_dataloader()))
    for ids, labels in zip(batch["input_ids"], batch["labels"], strict=True):
        learned = tokenizer.decode(ids[labels != -100], skip_special_tokens=True)
        assert learned.startswith("<think>")
        assert read_strict(learned) in [read_strict(answer(row)) for row in rows]


def test_a_trainer_decays_over_its_share_of_the_steps(tmp_path, texts):
    from poser.decompose.model_folder import processor_of
    from poser.decompose.stages import make_trainer

    rows = [dict(row) for row in studio_rows(8, seed=0, level="tiny")]
    folder = str(tiny_folder(tmp_path / "base", texts))
    given = small(tmp_path / "a", sft={"max_steps": 100})
    trainer = make_trainer("sft", folder, processor_of(folder, pictures=False), rows, given, tmp_path / "sft")
    assert given.sft["lr_scheduler_kwargs"] == {"num_decay_steps": 0.3}
    assert trainer.args.lr_scheduler_kwargs == {"num_decay_steps": 30}


def test_a_weight_of_requests_adds_their_likelihood_to_that_of_the_answers(tmp_path):
    from poser.decompose.model_folder import processor_of
    from poser.decompose.prompting import answer
    from poser.decompose.stages import make_trainer

    rows = [dict(row) for row in studio_rows(4, seed=0, level="tiny")]
    folder = str(tiny_folder(tmp_path / "base", [row["request"] + answer(row) for row in rows]))
    tokenizer = processor_of(folder, pictures=False)

    def loss(weight):
        arguments = small(tmp_path / "a", request_weight=weight)
        trainer = make_trainer("sft", folder, tokenizer, rows, arguments, tmp_path / "sft")
        batch = next(iter(trainer.get_train_dataloader()))
        return trainer.compute_loss(trainer.model, dict(batch)).item(), batch, trainer.model

    (answers, batch, model), half, most = loss(0.0), loss(0.5)[0], loss(1.0)[0]
    with torch.no_grad():
        logits = model(batch["input_ids"], attention_mask=batch["attention_mask"]).logits[:, :-1].log_softmax(-1)
    likely = logits.gather(-1, batch["input_ids"][:, 1:, None])[..., 0]
    learned = batch["labels"][:, 1:] != -100
    asked = (batch["attention_mask"][:, 1:] > 0) & ~learned
    assert answers == pytest.approx(-(likely[learned].sum() / learned.sum()).item(), rel=1e-4)
    assert most - answers == pytest.approx(-(likely[asked].sum() / learned.sum()).item(), rel=1e-3)
    assert half - answers == pytest.approx((most - answers) / 2, rel=1e-3)


@pytest.mark.parametrize("setting", [{"packing": True}, {"completion_only_loss": False}, {"loss_type": "dft"}])
def test_a_weight_of_requests_is_refused_beside_what_it_would_ignore(tmp_path, texts, setting):
    from poser.decompose.model_folder import processor_of
    from poser.decompose.stages import make_trainer

    rows = [dict(row) for row in studio_rows(4, seed=0, level="tiny")]
    folder = str(tiny_folder(tmp_path / "base", texts))
    with pytest.raises(InputError, match=f"cannot go with .*{next(iter(setting))}"):
        make_trainer("sft", folder, processor_of(folder, pictures=False), rows, small(tmp_path / "a", sft=setting),
                     tmp_path / "sft")  # fmt: skip


@pytest.mark.parametrize("adapter", [0, 2])
def test_a_reference_model_and_adapters_work_on_a_folder(tmp_path, texts, adapter):
    folder = tiny_folder(tmp_path / "base", texts)
    arguments = small(tmp_path / "a", model=str(folder), lora_r=adapter, grpo={"beta": 0.1})
    model = train(arguments)
    assert (model / "model.safetensors").is_file()
    assert (tmp_path / "a" / "grpo" / "adapter" / "adapter_config.json").is_file() == bool(adapter)


def test_a_reference_model_of_a_model_in_memory_is_refused(tmp_path, texts):
    from transformers import AutoModelForCausalLM

    from poser.decompose.model_folder import processor_of
    from poser.decompose.stages import make_trainer

    folder = str(tiny_folder(tmp_path / "base", texts))
    model = AutoModelForCausalLM.from_pretrained(folder)
    rows = [dict(row) for row in studio_rows(4, seed=0, level="tiny")]
    with pytest.raises(InputError, match=r"beta is 0\.1"):
        make_trainer(
            "grpo", model, processor_of(folder, pictures=False), rows, small(tmp_path, grpo={"beta": 0.1}), tmp_path
        )


def test_a_training_that_was_cut_off_goes_on_as_if_it_had_not_been(alone):
    reward = {"format": 0.0, "action": 0.0, "subject": 0.0, "goal": 0.0, "tests.decompose.own_rewards.letters": 1.0}
    settings = {
        "rewards": reward, "save_freq": 2, "eval_times": 2,
        "grpo": {"max_steps": 6, "learning_rate": 0.001, "steps_per_generation": 2, "num_iterations": 1},
    }  # fmt: skip
    train(small("whole", **settings))
    Path("interrupt").write_text("0")
    with pytest.raises(KeyboardInterrupt):
        train(small("cut", **settings))
    assert not Path("cut/model").exists()
    assert sorted(path.name for path in Path("cut/grpo").glob("checkpoint-*"))[-1] == "checkpoint-4"
    folder = train(small("cut", resume=True, **settings))
    histories = [json.loads(Path(name, "grpo", "history.json").read_text()) for name in ("whole", "cut")]
    curves = [[(e["step"], e["loss"], e.get("reward")) for e in history if "loss" in e] for history in histories]
    assert len(curves[0]) == 6
    assert curves[0] == curves[1]
    assert (folder / "model.safetensors").read_bytes() == Path("whole/model/model.safetensors").read_bytes()
    lines = [
        [(e["stage"], e["step"], e["goal"]) for e in evaluations(Path(n, "evaluations.jsonl"))]
        for n in ("whole", "cut")
    ]
    assert lines[0] == lines[1]


def test_a_checkpoint_between_two_generations_is_refused(tmp_path):
    with pytest.raises(InputError, match="give a multiple of 2"):
        train(small(tmp_path / "a", save_freq=3, grpo={"steps_per_generation": 2}))


def test_what_was_finished_is_not_trained_twice_and_other_settings_are_refused(tmp_path):
    first = train(small(tmp_path / "a", stages=["sft"]))
    held = (first / "model.safetensors").stat().st_mtime_ns
    with pytest.raises(InputError, match="holds an earlier training"):
        train(small(tmp_path / "a", stages=["sft"]))
    assert train(small(tmp_path / "a", stages=["sft"], resume=True)) == first
    assert (first / "model.safetensors").stat().st_mtime_ns == held
    with pytest.raises(InputError, match=r"other settings: max_new_tokens 12, not"):
        train(small(tmp_path / "a", stages=["sft"], resume=True, max_new_tokens=13))
    with pytest.raises(InputError, match="no training"):
        train(small(tmp_path / "b", resume=True))


def test_rows_without_atoms_are_learned_from_and_judged_by_what_they_have(tmp_path):
    rows = [{**row, "atoms": [], "plan": ""} for row in studio_rows(20, seed=0, level="tiny")]
    write_rows(rows, tmp_path / "rows.jsonl")
    data = {"data": str(tmp_path / "rows.jsonl"), "examples": 10, "grpo_examples": 0}
    folder = train(small(tmp_path / "a", **data, rewards={"atom": 1.0}))
    assert evaluations(tmp_path / "a" / "evaluations.jsonl")[-1]["atom"] is None
    assert "atom" not in told_of(folder)
    assert "| – |" in (folder / "README.md").read_text()


def test_a_reward_that_is_not_a_number_stops_the_training_and_is_named(tmp_path):
    arguments = small(tmp_path / "a", stages=["grpo"], rewards={"tests.decompose.own_rewards.not_a_number": 1.0})
    with pytest.raises(PoserError, match=r"own_rewards.not_a_number is nan for the completion"):
        train(arguments)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"grpo": {"num_generation": 4}}, "Did you mean 'num_generations'"),
        ({"sft": {"packin": True}}, "Did you mean 'packing'"),
        ({"trl": {"lerning_rate": 1}}, "Did you mean 'learning_rate'"),
        ({"grpo": {"num_generations": 3}}, "TRL refuses the settings of stage grpo"),
        ({"grpo": {"num_generations": "three"}}, "num_generations of stage grpo is 'three'; TRL wants int"),
        ({"sft": {"per_device_train_batch_size": 0}}, "give at least 1"),
        ({"sft": {"max_steps": "two"}}, "TRL wants int"),
        ({"sft": {"bf16": "no"}}, "TRL wants bool"),
        ({"grpo": {"temperature": 0}}, "above 0"),
        ({"trl": {"learning_rate": -1}}, "learning_rate of stage sft is -1"),
        ({"grpo": {"lr_scheduler_type": "mine"}}, "TRL refuses the settings of stage grpo"),
        ({"rewards": {"beauty": 1.0}}, "Unknown reward 'beauty'"),
        ({"chat": True}, "no chat template"),
        ({"model": "./nowhere"}, "no folder"),
    ],
)
def test_settings_that_do_not_fit_are_refused_before_anything_is_made(alone, changes, said):
    with pytest.raises(InputError, match=said):
        train(small("a", **changes))
    assert not Path("a").exists()


def test_a_folder_without_a_part_that_is_needed_is_refused(alone, texts):
    folder = tiny_folder(alone / "base", texts)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).unlink()
    with pytest.raises(InputError, match="holds no tokenizer"):
        train(small("a", model=str(folder)))
    (folder / "config.json").unlink()
    with pytest.raises(InputError, match="is no model"):
        train(small("a", model=str(folder)))


def test_two_processes_train_one_model_and_one_speaks(tmp_path):
    path = os.pathsep.join([str(Path(__file__).resolve().parents[2]), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", "2", "-m", "poser.cli", "train"]
    command += ["decomposer", *options("mine", eval_examples=5)]
    env = os.environ | {"PYTHONPATH": path, "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=env, cwd=tmp_path, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout == "mine/model\n"
    lines = evaluations(tmp_path / "mine" / "evaluations.jsonl")
    assert [(line["stage"], line["step"]) for line in lines] == [("sft", 0), ("sft", 2), ("grpo", 0), ("grpo", 2)]


def test_trl_s_own_command_takes_our_rewards_by_name(tmp_path, texts):
    folder, data = tiny_folder(tmp_path / "base", texts), tmp_path / "data"
    data.mkdir()
    write_rows(
        to_explore([dict(row) for row in studio_rows(8, seed=0, level="tiny")], "{request}", chat=False),
        data / "train.jsonl",
    )
    names = ("format_reward", "action_f1", "subject_f1", "goal_f1", "atom_f1", "outcome")
    command = [
        str(Path(sys.executable).with_name("trl")), "grpo", "--model_name_or_path", str(folder),
        "--dataset_name", str(data), "--reward_funcs", *(f"poser.decompose.rewards.{name}" for name in names),
        "--max_steps", "2", "--num_generations", "4", "--per_device_train_batch_size", "8",
        "--max_completion_length", "8", "--use_cpu", "true", "--bf16", "false", "--report_to", "none",
        "--logging_steps", "1", "--output_dir", str(tmp_path / "out"),
    ]  # fmt: skip
    path = os.pathsep.join([str(Path(__file__).resolve().parents[2]), os.environ.get("PYTHONPATH", "")])
    env = os.environ | {"HF_HUB_OFFLINE": "1", "PYTHONPATH": path}
    done = subprocess.run(command, capture_output=True, text=True, env=env, cwd=tmp_path, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    for name in names:
        assert f"rewards/{name}/mean" in done.stdout
    assert (tmp_path / "out" / "model.safetensors").is_file()


def test_equal_arguments_make_the_same_fresh_model(tmp_path, texts):
    one, two = tiny_folder(tmp_path / "one", texts), tiny_folder(tmp_path / "two", texts)
    for name in ("model.safetensors", "tokenizer.json"):
        assert (one / name).read_bytes() == (two / name).read_bytes()


def test_a_word_is_the_same_token_in_a_request_and_anywhere_in_a_list(tmp_path):
    from transformers import AutoTokenizer

    from poser.decompose.prompting import answer

    rows = list(studio_rows(300, seed=0, level="tiny"))
    texts = [text for row in rows for text in (row["request"], answer(row))]
    build(tmp_path, texts, hidden_size=32, layers=1, heads=2, vocabulary=1000, seed=0)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    said = "<think></think><action>[add; add]</action><subjects>[cup; carrot]</subjects><goals>[1, red; 2, red]</goals>"
    tokens = tokenizer.tokenize(f"cup, carrot and cup, red{said}")
    assert tokens.count("Ġcup") == 3
    assert tokens.count("Ġcarrot") == 2
    assert tokens.count("Ġred") == 3
    assert tokens.count("Ġadd") == 2
    for row in rows[:100]:
        text = tokenizer.decode(tokenizer(answer(row))["input_ids"], skip_special_tokens=True)
        assert read_strict(text) == read_strict(answer(row))
