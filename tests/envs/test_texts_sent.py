"""Which text a call sends, and what the trace keeps of it."""

from __future__ import annotations

import dataclasses

from poser.critics.testing import ScriptedCritic
from poser.envs.driver import Driver, Task
from poser.experts.testing import FakeExpert
from tests.envs.worlds import plan_of

WORDY = "Once upon a time there were, dear reader, in a faraway land, a red car and a red tree."
ALL = 2


class Reader(FakeExpert):
    """Reads so many tokens, and says what it has cut."""

    def __init__(self, tokens: int | None, keeps: int | None = None) -> None:
        super().__init__("reader")
        self._spec = self._spec.model_copy(update={"max_prompt_tokens": tokens})
        self._keeps = keeps

    def run(self, requests, ctx):
        return [dataclasses.replace(r, text_sent=r.text_sent[: self._keeps]) for r in super().run(requests, ctx)]


def step_of(expert: Reader):
    driver = Driver([expert], ScriptedCritic())
    plan = plan_of(2).model_copy(update={"prompt": WORDY})
    driver.reset([Task(plan=plan, width=64, height=48)])
    driver.step([ALL])
    [step] = driver.steps(0)
    return step


def test_a_model_that_reads_the_whole_prompt_gets_the_users_words():
    assert step_of(Reader(None)).instruction == WORDY
    assert step_of(Reader(256)).instruction == WORDY


def test_a_model_that_reads_no_further_gets_every_command():
    assert step_of(Reader(16)).instruction == "A red car. A red tree."


def test_what_the_model_really_got_is_in_the_trace_where_it_is_something_else():
    assert step_of(Reader(None)).text_sent == ""
    assert step_of(Reader(None, keeps=16)).text_sent == "Once upon a time"
