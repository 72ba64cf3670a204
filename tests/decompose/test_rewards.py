"""What rewards say of completions."""

import inspect
import math
import time

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from poser.decompose import rewards
from poser.decompose.format import Decomposition, written
from poser.decompose.matching import f1, normal_goal, normal_subject, soft_f1
from poser.decompose.readings import SOURCE
from poser.decompose.rewards import (
    WEIGHTS,
    action_f1,
    atom_f1,
    coverage,
    format_reward,
    goal_f1,
    length,
    list_f1,
    subject_f1,
)
from poser.experts.errors import InputError
from poser.extract import GrammarExtractor
from tests.decompose.rows import batch, completion_of, plans, row_of

ALL = [format_reward, action_f1, subject_f1, goal_f1, atom_f1, coverage, length]
LISTS = [action_f1, subject_f1, goal_f1]


def score(reward, text, row):
    """The reward of one completion."""
    [value] = reward(prompts=[""], completions=[text], completion_ids=[[1]], trainer_state=None,
                     **{name: [value] for name, value in row.items()})  # fmt: skip
    return value


ROW = row_of(GrammarExtractor().extract('Two red cars left of a tree, "SALE" at the top, on a beach'))
PERFECT = completion_of(GrammarExtractor().extract(ROW["request"]))


@pytest.mark.parametrize("reward", ALL)
def test_a_perfect_completion_has_every_reward_in_full(reward):
    held = plans()
    texts = [completion_of(plan) for plan in held]
    values = reward(prompts=texts, completions=texts, **batch(held))
    if reward is coverage:
        # "Write … on it" says "write", which no atom holds
        assert min(values) > 0.5
    else:
        assert values == [1.0] * 3


@pytest.mark.parametrize("reward", ALL)
def test_messages_are_read_as_strings_are(reward):
    messages = [{"role": "user", "content": "no"}, {"role": "assistant", "content": PERFECT}]
    parts = [{"role": "assistant", "content": [{"type": "text", "text": PERFECT}]}]
    assert score(reward, messages, ROW) == score(reward, parts, ROW) == score(reward, PERFECT, ROW)


@pytest.mark.parametrize("reward", ALL)
@given(text=st.one_of(st.text(max_size=60), st.text(alphabet='<>/[];,"\\ actionsubgl=', max_size=60)))
def test_any_text_has_a_finite_reward_in_range(reward, text):
    for reply in (text, f"<action>{text}", PERFECT[: len(text)] + text, PERFECT.replace("red", text)):
        value = score(reward, reply, ROW)
        assert value is not None
        assert math.isfinite(value)
        assert 0.0 <= value <= 1.0


ENDLESS = {
    "empty": "",
    "blank": " \n",
    "unclosed": PERFECT.replace("</", "<"),
    "only a tag": "<goals>",
    "huge": PERFECT + "x" * 1_000_000,
    "repeating": "<think></think><action>[" + "add; " * 5000,
    "repeating tags": "<action><subjects><goals>" * 400,
    "brackets": "[" * 5000,
}


@pytest.mark.parametrize("text", ENDLESS.values(), ids=ENDLESS.keys())
def test_completions_without_end_or_sense_have_the_lowest_rewards(text):
    assert score(format_reward, text, ROW) == 0.0
    assert score(atom_f1, text, ROW) == 0.0 or "SALE" in text
    for reward in LISTS:
        assert score(reward, text, ROW) < 0.01 or "SALE" in text


def test_what_is_cut_off_keeps_what_can_be_read():
    cut = PERFECT[: PERFECT.index("</goals>") - 8]
    assert score(format_reward, cut, ROW) == 0.0
    assert score(action_f1, cut, ROW) == 1.0
    assert score(subject_f1, cut, ROW) == 1.0
    assert 0.0 < score(goal_f1, cut, ROW) < 1.0


def test_lists_that_are_not_aligned_keep_their_f1_but_mean_no_plan():
    text = PERFECT.replace("; beach", "; beach; 3")
    assert score(subject_f1, text, ROW) == 1.0
    assert 0.8 < score(goal_f1, text, ROW) < 1.0
    assert score(atom_f1, text, ROW) == 0.0


def test_each_list_is_rewarded_for_itself():
    text = PERFECT.replace("red", "blue")
    assert score(action_f1, text, ROW) == score(subject_f1, text, ROW) == 1.0
    goals = sum(map(len, ROW["goals"]))
    assert score(goal_f1, text, ROW) == pytest.approx((goals - 1) / goals)
    assert 0.5 < score(atom_f1, text, ROW) < 1.0


def test_other_words_for_the_same_count_as_the_same():
    text = PERFECT.replace("red", "crimson").replace("[car;", "[Automobiles;").replace("left of", "to the left of the")
    assert text != PERFECT
    assert [score(reward, text, ROW) for reward in (*LISTS, atom_f1)] == [1.0] * 4


def test_saying_everything_twice_costs():
    twice = Decomposition("", ("add",) * 2, (("cat",),) * 2, (("red",),) * 2)
    row = {**ROW, "actions": ["add"], "subjects": [["cat"]], "goals": [["red"]], "atoms": ["entity (cat)"]}
    assert [score(reward, written(twice), row) for reward in LISTS] == [pytest.approx(2 / 3)] * 3
    assert score(list_f1("actions", sets=True), written(twice), row) == 1.0


def test_length_spares_what_is_little_longer_and_nothing_beyond():
    row = {**ROW, "actions": ["add"], "subjects": [["cat"]], "goals": [[]]}
    assert score(length, PERFECT[:100], row) == 1.0
    assert score(length, "x" * 2000, row) == 0.0
    assert 0.0 < score(length, "x" * 250, row) < 1.0


def test_edits_of_a_picture_are_read_as_edits():
    plan = GrammarExtractor().extract("Make the car green and remove the tree", SOURCE)
    row = row_of(plan)
    assert score(atom_f1, completion_of(plan), row) == 1.0
    without_plan = {**row, "plan": ""}
    assert score(atom_f1, completion_of(plan), without_plan) == 1.0
    fresh = {**row, "plan": "", "actions": ["remove"]}
    assert score(atom_f1, completion_of(plan), fresh) == 0.0
    assert score(atom_f1, completion_of(plan), {**fresh, "image": b"picture"}) == 1.0


def test_rows_without_an_annotation_do_not_count():
    assert score(atom_f1, PERFECT, {**ROW, "atoms": []}) is None
    assert score(goal_f1, PERFECT, {**ROW, "goals": None}) is None


@pytest.mark.parametrize(
    ("reward", "column"),
    [(action_f1, "actions"), (subject_f1, "subjects"), (goal_f1, "goals"), (atom_f1, "atoms"), (coverage, "request")],
)
def test_a_missing_column_is_named(reward, column):
    columns = {name: [value] for name, value in ROW.items() if name != column}
    with pytest.raises(InputError, match=f"no column '{column}'.*{reward.__name__}"):
        reward(prompts=[""], completions=[PERFECT], **columns)
    with pytest.raises(InputError, match=f"'{column}' has 2 entries for 1 completions"):
        reward(prompts=[""], completions=[PERFECT], **columns, **{column: [ROW[column]] * 2})


def test_nothing_against_nothing_is_right_and_against_something_wrong():
    assert f1([], []) == f1([], [], sets=True) == 1.0
    assert f1(["a"], []) == f1([], ["a"]) == 0.0
    assert soft_f1([], [], np.zeros, least=0.5) == 1.0


@given(st.lists(st.sampled_from("abcd")), st.lists(st.sampled_from("abcd")))
def test_f1_is_symmetric_and_one_only_for_equals(one, other):
    assert f1(one, other) == f1(other, one)
    assert (f1(one, other) == 1.0) == (sorted(one) == sorted(other))
    assert (f1(one, other, sets=True) == 1.0) == (set(one) == set(other))


def letters(phrases):
    """Counts of letters: a real, small embedding."""
    return np.array([[phrase.count(chr(97 + i)) for i in range(26)] for phrase in phrases], float)


def test_near_phrases_count_by_their_cosine():
    near = list_f1("goals", embed=letters, least=0.5)
    row = {**ROW, "goals": [["wooden"], ["striped"]]}
    text = written(Decomposition("", ("add", "add"), (("a",), ("b",)), (("wood",), ("xyz",))))
    assert score(goal_f1, text, row) == 0.0
    cosine = letters(["wooden", "wood"])
    expected = cosine[0] @ cosine[1] / np.linalg.norm(cosine[0]) / np.linalg.norm(cosine[1])
    assert score(near, text, row) == pytest.approx(expected / 2)


def test_lettering_is_never_merely_near():
    assert soft_f1(['"SALE"'], ['"SALES"'], letters, least=0.1) == 0.0


def test_an_embedding_of_another_shape_is_refused():
    with pytest.raises(InputError, match="one row of numbers"):
        soft_f1(["a"], ["b"], lambda phrases: np.zeros(3), least=0.1)


@given(st.text(max_size=20))
@example("A{0")
@example("{the}{a} 'Lorries'")
def test_normal_forms_are_stable(item):
    assert normal_subject(normal_subject(item)) == normal_subject(item)
    assert isinstance(normal_goal(item), str)


def test_rewards_are_found_by_name_as_trl_finds_them():
    for name in WEIGHTS:
        function = getattr(rewards, name)
        assert function.__name__ == name
        assert list(inspect.signature(function).parameters) == ["prompts", "completions", "columns"]
        assert function.__doc__


def test_completions_of_another_kind_are_refused():
    with pytest.raises(InputError, match="A completion is a int"):
        format_reward(prompts=[""], completions=[3])


ENDLESS = {
    "blanks in a tag": "<" + " " * 31_000,
    "a subject of ands": "<action>[add]</action><subjects>[" + "cat and " * 3_500 + "]</subjects><goals>[]</goals>",
    "a subject of articles": "<action>[add]</action><subjects>[" + "a " * 15_000 + "]</subjects><goals>[]</goals>",
    "a subject of colors": "<action>[add]</action><subjects>[" + "red " * 7_000 + "]</subjects><goals>[]</goals>",
    "between": "<action>[add]</action><subjects>[cat]</subjects><goals>[between " + "a and " * 4_000 + "b]</goals>",
    "braces": "{" * 31_000,
}


@pytest.mark.parametrize("text", ENDLESS.values(), ids=ENDLESS)
def test_text_without_end_is_read_in_no_time(text):
    columns = batch(plans(1))
    started = time.process_time()
    for reward in (rewards.format_reward, rewards.subject_f1, rewards.goal_f1, rewards.atom_f1):
        assert len(reward(prompts=[""], completions=[text], **columns)) == 1
    # half a second at most; each of the first five took over four, "blanks" over a minute
    assert time.process_time() - started < 3.0
