from __future__ import annotations

import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poser.envs.episode import Task
from poser.envs.rules import Rules
from poser.envs.trace import Trace
from poser.experts.errors import InputError
from poser.experts.fake_picture import paint_facts
from poser.experts.picture import Picture
from poser.experts.testing import FakeExpert
from poser.experts.types import Folded
from poser.policies.baselines import BestSingle, Greedy, RandomLegal, RuleAgent
from poser.storyboard import draw_storyboard, story
from poser.storyboard.canvas import GOLD, GREEN, RED
from poser.storyboard.lettering import Lettering, clean
from tests.policies.arena import make_plan, play_pictures


def _run(steps: int = 16) -> tuple[Trace, dict[str, Picture]]:
    """A run of about `steps` calls, some of them failing."""
    pool = [
        FakeExpert("canvas", "t2i", ability=0.4, faults=["timed-out", "bad-reply"]),
        FakeExpert("clumsy", "i2i", ability=0.2, damage=0.5, price=0.02),
    ]
    traces, pictures = play_pictures(
        RuleAgent(threshold=1.0, tries=9), pool=pool, plan=make_plan(8), rules=Rules(max_steps=steps, tries_per_pair=9)
    )
    return traces[0], pictures


def _count(board: Picture, color: tuple[int, int, int]) -> int:
    return int((board.pixels == np.array(color, np.uint8)).all(axis=2).sum())


def _changed(trace: Trace, **plan: object) -> Trace:
    return trace.model_copy(update={"plan": trace.plan.model_copy(update=plan)})


@pytest.mark.parametrize("steps", [1, 2, 5, 6, 11, 16])
def test_boards_of_any_length_have_the_width_that_was_asked_for(steps: int) -> None:
    trace, pictures = _run(steps)
    board = draw_storyboard(trace, pictures, width=1600)
    assert board.width == 1600
    assert 600 < board.height < 1600 * (1 + steps / 3)


@pytest.mark.parametrize("width", [1200, 4000])
def test_the_contents_scale_with_the_width(width: int) -> None:
    trace, pictures = _run(3)
    board, usual = draw_storyboard(trace, pictures, width=width), draw_storyboard(trace, pictures)
    assert board.height / board.width == pytest.approx(usual.height / usual.width, rel=0.08)


@pytest.mark.parametrize("width", [0, 1199, 4001])
def test_a_width_out_of_range_is_refused(width: int) -> None:
    trace, pictures = _run(1)
    with pytest.raises(InputError, match="1200 to 4000"):
        draw_storyboard(trace, pictures, width=width)


def test_every_fate_is_told() -> None:
    trace, pictures = _run()
    fates = [card.fate for card in story.cards(trace)]
    assert {"failed", "discarded", "kept", "best"} <= set(fates)
    assert fates.count("best") == 1
    board = draw_storyboard(trace, pictures)
    assert _count(board, GOLD) > 3000
    assert _count(board, RED) > 1000
    assert _count(board, GREEN) > 1000


def test_cards_tell_scores_one_after_the_other() -> None:
    trace, _ = _run()
    current = 0.0
    for card, step in zip(story.cards(trace), trace.steps, strict=True):
        assert card.before == current
        assert card.after == step.alignment
        current = step.alignment if step.accepted and step.alignment is not None else current


def test_stopping_has_no_card() -> None:
    [trace], _ = play_pictures(BestSingle(), plan=make_plan(8))
    assert trace.steps[-1].target == "stop"
    assert len(story.cards(trace)) == len(trace.steps) - 1


def test_the_source_has_a_card_and_may_be_the_final_picture() -> None:
    source = paint_facts([("entity", "car")], 96, 64, 0)
    plan = make_plan(3).model_copy(update={"source": source.ref})
    editor = FakeExpert("useless", "i2i", ability=0.0, damage=1.0)
    [trace], pictures = play_pictures(Greedy(), tasks=[Task(plan=plan, source=source)], pool=[editor])
    first = story.cards(trace)[0]
    assert (first.fate, first.label, first.picture) == ("best", "", source.ref)
    assert draw_storyboard(trace, pictures).width == 1800


def test_a_board_without_any_picture_is_drawn_all_the_same() -> None:
    [trace], _ = play_pictures(Greedy(), pool=[FakeExpert("editor", "i2i")])
    assert trace.best is None
    board = draw_storyboard(trace, {})
    assert board.height < 1200
    [trace], _ = play_pictures(Greedy(), pool=[FakeExpert("broken", "t2i", faults=["bad-reply"] * 99)])
    assert trace.best is None
    assert draw_storyboard(trace, {}).width == 1800


def test_lost_pictures_leave_an_empty_frame() -> None:
    trace, pictures = _run(3)
    assert draw_storyboard(trace, {}).size == draw_storyboard(trace, pictures).size


def test_the_longest_prompt_and_plan_stay_readable() -> None:
    trace, pictures = _run(3)
    commands = tuple(
        trace.plan.commands[0].model_copy(update={"id": f"x{i}", "text": "Paint it all over again. " * 40})
        for i in range(64)
    )
    folded = tuple(Folded(words="then remove one of the satellites " * 20, change="one") for _ in range(30))
    trace = _changed(trace, prompt="a cat and a dog " * 2000, commands=commands, folded=folded)
    assert draw_storyboard(trace, pictures).height < 6000


def test_the_studio_signs_its_work() -> None:
    for name, signed in (("studio-composer", True), ("canvas", False)):
        [trace], _ = play_pictures(BestSingle(), pool=[FakeExpert(name, "t2i")])
        assert story.by_the_studio(trace) == signed


def test_unknown_prices_are_said_and_never_free() -> None:
    for price, words in ((None, "price unknown"), (0.0, "free"), (0.25, "$0.250")):
        [trace], _ = play_pictures(BestSingle(), pool=[FakeExpert("canvas", "t2i", price=price)])
        assert story.cards(trace)[0].price.startswith(words)
        assert dict(story.totals(trace))["cost"] == words


def test_a_price_that_is_unknown_says_whose() -> None:
    from poser.critics.testing import ScriptedCritic

    [trace], _ = play_pictures(BestSingle(), pool=[FakeExpert("canvas", "t2i")], critic=ScriptedCritic(price=None))
    assert story.cards(trace)[0].price.startswith("free + critic unknown")


def test_what_was_not_checked_says_so() -> None:
    from poser.critics.testing import ScriptedCritic

    [trace], _ = play_pictures(BestSingle(), plan=make_plan(3), critic=ScriptedCritic(unjudged=["background"]))
    assert [line.checked for line in story.lines(trace)] == [True, True, False]
    assert [line.shown for line in story.lines(trace)] == ["satisfied", "satisfied", "unchecked"]
    assert dict(story.totals(trace))["end"] == "all that was checked is satisfied"


@settings(max_examples=25)
@given(st.text(max_size=300), st.text(max_size=60), st.text(max_size=60))
def test_any_text_can_be_drawn(prompt: str, command: str, words: str) -> None:
    trace, pictures = _SMALL
    commands = (trace.plan.commands[0].model_copy(update={"text": command or "x"}), *trace.plan.commands[1:])
    trace = _changed(trace, prompt=prompt, commands=commands, folded=(Folded(words=words),))
    assert draw_storyboard(trace, pictures, width=1200).width == 1200


_SMALL = _run(1)


def test_the_same_run_gives_the_same_board() -> None:
    trace, pictures = _run(4)
    assert draw_storyboard(trace, pictures) == draw_storyboard(trace, pictures)


def test_eight_steps_are_quick() -> None:
    [trace], pictures = play_pictures(
        RandomLegal(np.random.default_rng(5)),
        tasks=[Task(plan=make_plan(8), seed=8)],
        pool=[FakeExpert("canvas", "t2i", ability=0.1), FakeExpert("editor", "i2i", ability=0.1)],
        rules=Rules(max_steps=8, tries_per_pair=None),
    )
    draw_storyboard(trace, pictures)
    started = time.process_time()
    draw_storyboard(trace, pictures)
    # 0.15 s on two cores; the limit leaves room for slow machines
    assert time.process_time() - started < 0.8


def test_nothing_heavy_is_loaded() -> None:
    code = "import sys, poser.storyboard; print([m for m in ('torch', 'matplotlib', 'cv2') if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


# -- lettering


@settings(max_examples=60)
@given(st.text(max_size=200), st.integers(40, 400), st.integers(1, 5))
def test_wrapped_lines_fit(text: str, width: int, lines: int) -> None:
    lettering = Lettering(16)
    made = lettering.wrap(clean(text), width, lines)
    assert len(made) <= lines
    assert all(lettering.width(line) <= width + 1 for line in made)


@given(st.lists(st.text("abcde", min_size=1, max_size=8), max_size=40))
def test_wrapping_loses_no_word_if_there_is_room(words: list[str]) -> None:
    assert " ".join(Lettering(16).wrap(" ".join(words), 200, 100)).split() == words


def test_what_is_left_out_is_marked() -> None:
    lettering = Lettering(16)
    assert lettering.wrap("word " * 50, 200, 2)[-1].endswith("…")
    assert lettering.shorten("a" * 100, 200).endswith("…")
    assert lettering.shorten("short", 200) == "short"
    assert lettering.wrap("", 200, 2) == []
    assert len(lettering.wrap("x" * 500, 200, 100)) > 3
    assert len(lettering.wrap("木の左側に犬がいる" * 9, 200, 100)) > 3


def test_text_is_cleaned_for_one_line() -> None:
    assert clean("a\n\n b\tc\x00\u200d\ufe0f\ud800") == "a b c?"


def test_notes_of_plan_and_verdicts_stand_on_the_board_once_each() -> None:
    trace, pictures = _run(3)
    assert story.notes(trace) == []
    verdict = trace.best_verdict
    assert verdict is not None
    noted = _changed(trace, notes=("the grammar has read the prompt, since llm could not: 404",)).model_copy(
        update={"best_verdict": verdict.model_copy(update={"notes": ("lettering in the picture speaks to the judge",)})}
    )
    assert story.notes(noted) == [
        "the grammar has read the prompt, since llm could not: 404",
        "the critic notes: lettering in the picture speaks to the judge",
    ]
    plain, board = draw_storyboard(trace, pictures), draw_storyboard(noted, pictures)
    assert board != plain
    many = _changed(trace, notes=tuple(f"note {number} " + "and more " * 60 for number in range(40)))
    assert plain.height < draw_storyboard(many, pictures).height < plain.height + 900
