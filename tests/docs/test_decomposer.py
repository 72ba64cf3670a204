"""Commands and files of the page on training decomposers are parsed; nothing is trained."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml

from poser.decompose.arguments import make_arguments, parse_arguments
from poser.decompose.named_rewards import NAMES
from poser.decompose.prompting import write_settings
from poser.decompose.together import arguments as together
from poser.policies.learned import shipped

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "decomposer.md").read_text(encoding="utf-8")
COMMANDS = [
    line
    for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    for line in block.replace("\\\n", " ").splitlines()
    if "train decomposer" in line
]

TOGETHER = [
    line
    for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    for line in block.replace("\\\n", " ").splitlines()
    if "train together" in line
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_on_the_page_is_one(command):
    words = shlex.split(command, comments=True)
    arguments = parse_arguments(words[words.index("decomposer") + 1 :])
    assert arguments.out


def test_there_are_commands_for_every_way_of_training():
    assert len(COMMANDS) == 7
    assert any(line.startswith("CUDA_VISIBLE_DEVICES=0") for line in COMMANDS)


def test_the_preset_on_the_page_builds_on_the_paper_s():
    arguments = make_arguments({"preset": str(ROOT / "docs" / "examples" / "decomposer_preset.yml")})
    assert (arguments.lora_r, arguments.grpo["num_train_epochs"], arguments.grpo["vllm_mode"]) == (64, 3, "colocate")
    assert arguments.rewards["format"] == 1.0
    assert "decomposer_reward.brevity" in arguments.rewards


def test_the_page_names_every_reward():
    for name in NAMES:
        assert f"`{name}`" in PAGE


@pytest.mark.heavy
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize("command", [*COMMANDS, "decomposer --preset docs/examples/decomposer_preset.yml"])
def test_trl_knows_every_setting_on_the_page(command):
    pytest.importorskip("trl")
    from poser.decompose.trl_settings import check_settings

    words = shlex.split(command, comments=True)
    arguments = parse_arguments(words[words.index("decomposer") + 1 :])
    check_settings(arguments)


@pytest.mark.heavy
def test_accelerate_reads_the_file_on_the_page():
    config = pytest.importorskip("accelerate.commands.config.config_args")
    path = ROOT / "docs" / "examples" / "decomposer_accelerate.yaml"
    read = config.load_config_from_file(str(path))
    assert (read.num_processes, read.distributed_type.value) == (7, "DEEPSPEED")
    assert read.deepspeed_config == yaml.safe_load(path.read_text(encoding="utf-8"))["deepspeed_config"]


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """A working folder with what the commands start from."""
    for name in ("decomposer", "qwen"):
        (tmp_path / "runs" / name / "model").mkdir(parents=True)
        write_settings(tmp_path / "runs" / name / "model", "{request}", chat=False, max_new_tokens=64)
    shipped().save(tmp_path / "runs" / "policy" / "bundle")
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("command", TOGETHER)
def test_every_command_for_training_both_is_one(folders, command):
    words = shlex.split(command, comments=True)
    arguments = together.parse_arguments(words[words.index("together") + 1 :])
    model, policy = together.start_folder(arguments), together.policy_folder(arguments)
    assert together.decomposer_arguments(arguments, 1, model, policy).stages == ("grpo",)
    assert together.policy_arguments(arguments, 1, policy).n_timesteps >= 40_000


def test_there_are_commands_for_every_way_of_training_both():
    assert len(TOGETHER) == 6
    for option in ("--approximation sum", "--resume", "--rounds", "--policy runs/policy", "--decomposer tiny"):
        assert any(option in line for line in TOGETHER)


@pytest.mark.heavy
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize("command", TOGETHER)
def test_trl_knows_every_setting_of_turns_on_the_page(folders, command):
    pytest.importorskip("trl")
    from poser.decompose.trl_settings import check_settings

    words = shlex.split(command, comments=True)
    arguments = together.parse_arguments(words[words.index("together") + 1 :])
    check_settings(together.decomposer_arguments(arguments, 1, together.start_folder(arguments), Path("shipped")))
