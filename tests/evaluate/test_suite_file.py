from __future__ import annotations

import pytest

from poser.evaluate.suite_file import DEFAULT_SUITE, make_tasks, read_suite
from poser.experts.errors import InputError
from poser.extract.grammar import GrammarExtractor


@pytest.fixture
def suite(tmp_path):
    def write(text: str, name: str = "suite.jsonl"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_json_lines_with_or_without_ids(suite):
    read = read_suite(suite('{"prompt": "A red car", "facts": []}\n\n{"id": 7, "prompt": "Two trees\u2028here"}\n'))
    assert [(each.id, each.prompt, each.line) for each in read] == [
        ("line-1", "A red car", 1),
        ("7", "Two trees\u2028here", 3),
    ]


def test_a_prompt_a_line_of_plain_text(suite):
    read = read_suite(suite("\ufeffA red car\r\n\r\n  Two trees \r\n", "suite.txt"))
    assert [(each.id, each.prompt) for each in read] == [("line-1", "A red car"), ("line-3", "Two trees")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds no prompt"),
        ("\n \n", "holds no prompt"),
        ('{"prompt": "A car"}\n{"prompt": \n', "line 2 is no JSON"),
        ('{"prompt": "A car"}\n["A tree"]\n', "line 2 holds no prompt"),
        ('{"text": "A car"}\n', "line 1 holds no prompt"),
        ('{"prompt": "  "}\n', "line 1 holds no prompt"),
        ('{"prompt": 3}\n', "line 1 holds no prompt"),
        ('{"id": null, "prompt": "A car"}\n', "line 1: the id None"),
        ('{"id": "a", "prompt": "A car"}\n\n{"id": "a", "prompt": "A tree"}\n', "line 3: the id 'a' stands on line 1"),
    ],
)
def test_broken_suites_are_refused_with_the_line(suite, text, words):
    with pytest.raises(InputError, match=words):
        read_suite(suite(text))


def test_what_is_no_text_file_is_refused(tmp_path, suite):
    for path in (tmp_path / "nowhere.jsonl", tmp_path):
        with pytest.raises(InputError, match="Cannot read the suite"):
            read_suite(path)
    path = suite("")
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not UTF-8"):
        read_suite(path)


def test_the_default_suite_becomes_tasks_with_seeds_of_their_own():
    prompts = read_suite(DEFAULT_SUITE)
    assert len(prompts) == 20
    tasks = make_tasks(prompts, GrammarExtractor(), seed=3, size=(512, 640), budget_usd=1.0)
    assert all(task.plan.commands for task in tasks)
    assert len({task.seed for task in tasks}) == 20
    assert not {task.seed for task in tasks} & {task.seed for task in make_tasks(prompts, GrammarExtractor(), seed=4)}
    assert (tasks[0].width, tasks[0].height, tasks[0].budget_usd) == (512, 640, 1.0)


def test_a_prompt_that_makes_no_plan_is_refused_with_its_line(suite):
    prompts = read_suite(suite("A red car\n\n" + "x" * 200_000 + "\n", "suite.txt"))
    with pytest.raises(InputError, match="'line-3' on line 3"):
        make_tasks(prompts, GrammarExtractor())


def test_a_prompt_in_which_nothing_is_understood_is_refused_with_its_line(suite):
    with pytest.raises(InputError, match="'line-2' on line 2 was understood"):
        make_tasks(read_suite(suite("A red car\nasdf qwer\n", "suite.txt")), GrammarExtractor())
