from __future__ import annotations

from poser.decompose.arguments import make_arguments
from poser.decompose.card import card


def text(command=(), **given):
    return card(make_arguments(given), [], data="rows.jsonl", held=1, parameters=10, command=command)


def test_a_card_names_no_folder_of_the_machine():
    command = ["poser", "train", "decomposer", "--out", "/home/ann/secret/out", "--grpo", "deepspeed=~/ann/zero.json"]
    said = text(command, model="/home/ann/secret/qwen", out="/home/ann/secret/out")
    assert "/ann/" not in said
    assert "Starts from …/qwen" in said
    assert "deepspeed=…/zero.json" in said
    assert "base_model" not in said


def test_a_card_names_the_model_of_the_hub():
    said = text(model="Qwen/Qwen2.5-VL-7B-Instruct")
    assert "base_model: Qwen/Qwen2.5-VL-7B-Instruct" in said
    assert "Starts from Qwen/Qwen2.5-VL-7B-Instruct" in said


def test_a_card_tells_what_the_loss_is_on():
    assert "loss on the answer alone" in text()
    assert "loss on the answer, and by 0.25 on the request" in text(request_weight=0.25)


def test_a_command_line_stays_on_one_line():
    (line,) = [line for line in text(["poser", "--template", "a `b`\n{request}"]).splitlines() if "Command" in line]
    assert line.count("`") == 2
    assert line.endswith("{request}'`")
