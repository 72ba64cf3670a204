"""Runs whose instructions a language model rewords, gone on with after an interruption."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from poser import engine
from poser.critics.testing import ScriptedCritic
from poser.envs.rewriting import Rewriting
from poser.envs.rules import Rules
from poser.events import Finished
from poser.experts.errors import InputError, TimedOut
from poser.experts.testing import FakeExpert
from poser.experts.types import Atom, Command, Operation, Plan, Usage
from poser.extract.base import Extractor
from poser.extract.llm import LLMExtractor
from poser.extract.prompts import instructions
from tests.loopback.chat_server import ChatServer

PLAN = Plan(
    prompt="two red cars",
    commands=(
        Command(
            id="c",
            operation=Operation.ADD,
            subjects=("car",),
            text="Add two red cars",
            atoms=(
                Atom(id="e", tuple=("entity", "car"), question="Is there a car?"),
                Atom(id="n", tuple=("count", "car", "2"), question="Are there two?", answer="2", parents=("e",)),
                Atom(id="r", tuple=("attribute", "color", "car", "red"), question="Are they red?", parents=("e",)),
            ),
        ),
    ),
)
NEW = "Draw exactly two cars, both painted red all over, side by side"
NEVER = {"e": 0.0, "n": 0.0, "r": 0.0}
ORDER = {
    "plan": PLAN,
    "size": (256, 256),
    "policy": "greedy",
    "rules": Rules(tries_per_pair=None, step_cost=0.0),
    "max_steps": 5,
    "explore": False,
    "reflect": True,
}


def painter() -> FakeExpert:
    return FakeExpert("draw", "t2i", ability=0.9)


def critic() -> ScriptedCritic:
    """Nothing ever pleases it."""
    return ScriptedCritic([NEVER] * 20)


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with ChatServer(says=json.dumps({"instruction": NEW})) as server:
        yield server


@pytest.fixture
def rewords(server):
    made = LLMExtractor(model="m", base_url=server.address, input_cost_per_token=0.001, output_cost_per_token=0.002)
    yield made
    made.close()


def test_the_model_sees_what_has_failed_and_its_words_are_sent(server, rewords):
    expert = painter()
    result = engine.generate(experts=[expert], extractor=rewords, critic=critic(), **ORDER)
    [request] = server.requests
    for words in ("Add two red cars", "failed 2 times", "not there: e, n, r", "Are there two? expected: 2"):
        assert words in request.words
    assert request.body["messages"][0]["content"] == instructions("rewriting").text
    assert [request.text for request in expert.requests] == ["two red cars", "two red cars", NEW, NEW, NEW]
    [rewrite] = result.trace.rewrites
    assert rewrite.usage.usd == pytest.approx(7 * 0.001 + 3 * 0.002)
    assert rewrite.expected_usd == pytest.approx(1.2)
    assert result.usd == pytest.approx(rewrite.usage.usd)


def test_what_the_model_leaves_out_is_added_and_nonsense_changes_nothing(server, rewords):
    for said, sent in (
        ({"instruction": "Draw two cars"}, "Draw two cars. The car is red."),
        ({"instruction": ""}, "two red cars"),
        ({"text": "x"}, "two red cars"),
        ({"instruction": ["x"]}, "two red cars"),
    ):
        server.says = json.dumps(said)
        expert = painter()
        engine.generate(experts=[expert], extractor=rewords, critic=critic(), **ORDER)
        assert expert.requests[-1].text == sent


def test_a_run_that_goes_on_does_not_ask_for_the_same_words_twice(server, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("poser.toml").write_text(
        f'[[extractors]]\nname = "mine"\nuse = "llm"\nmodel = "m"\nbase_url = "{server.address}"\n'
    )
    stop, done = threading.Event(), 0
    for event in engine.stream(
        experts=[painter()], extractor="mine", out=tmp_path / "run", stop=stop, critic=critic(), **ORDER
    ):
        done += type(event).__name__ == "StepDone"
        if done == 3:
            stop.set()
        if isinstance(event, Finished):
            cut = event.result
    assert cut.end == "interrupted"
    # another answer now would be another run
    server.says = json.dumps({"instruction": "Something else with two red cars"})
    expert = painter()
    result = engine.resume(cut.run, experts=[expert], critic=critic())
    assert len(server.requests) == 1
    assert [step.instruction for step in result.trace.steps] == ["two red cars", "two red cars", NEW, NEW, NEW]
    assert [rewrite.text for rewrite in result.trace.rewrites] == [NEW]
    assert result.trace.rewrites[0].usage == cut.trace.rewrites[0].usage


class CutOff(Extractor):
    """Rewords one instruction; while it is asked for the next one, the user stops the run."""

    name = "cut-off"
    rewrite_price = 0.0

    def __init__(self, stop):
        self.stop, self.asked = stop, []

    def extract(self, prompt, source=None):
        return PLAN

    def rewrite(self, plan, command_id, feedback, tries, cancelled):
        self.asked.append(plan.prompt)
        if len(self.asked) == 2:
            self.stop.set()
            raise TimedOut("cut off")
        return Rewriting(text=NEW, usage=Usage(usd=0.5))


def test_what_was_reworded_before_the_stop_is_not_paid_again(tmp_path):
    stop = threading.Event()
    rewords = CutOff(stop)
    order = {**ORDER, "extractor": rewords, "out": tmp_path / "run", "n": 2}
    pool = {"experts": [painter()], "critic": ScriptedCritic([NEVER] * 40)}
    for event in engine.stream(stop=stop, **order, **pool):
        if isinstance(event, Finished):
            cut = event.result
    assert cut.end == "interrupted"
    engine.resume(cut.run, extractor=rewords, **pool)
    # one for each of two pictures, and the one that was cut off
    assert len(rewords.asked) == 3


def test_an_extractor_object_has_to_be_given_again(server, rewords, tmp_path):
    stop = threading.Event()
    order = {**ORDER, "extractor": rewords, "critic": critic(), "out": tmp_path / "run"}
    for event in engine.stream(experts=[painter()], stop=stop, **order):
        if type(event).__name__ == "StepDone":
            stop.set()
        if isinstance(event, Finished):
            cut = event.result
    with pytest.raises(InputError, match=r"objects for extractor.*poser\.resume\(run, extractor="):
        engine.resume(cut.run, experts=[painter()], critic=critic())
    result = engine.resume(cut.run, experts=[painter()], critic=critic(), extractor=rewords)
    assert [rewrite.text for rewrite in result.trace.rewrites] == [NEW]


def test_without_reflection_nothing_is_asked_and_nothing_changes(server, rewords):
    off = {**ORDER, "reflect": False}
    one = engine.generate(experts=[painter()], extractor=rewords, critic=critic(), **off)
    other = engine.generate(experts=[painter()], critic=critic(), **off)
    assert server.requests == []
    assert one.trace.rewrites == ()
    assert [step.instruction for step in one.trace.steps] == [step.instruction for step in other.trace.steps]
    assert one.picture == other.picture


def test_an_extractor_that_cannot_reword_is_told_of_at_once():
    with pytest.raises(InputError, match="'grammar-open' cannot reword instructions"):
        engine.generate("a red car", experts=[painter()], reflect=True)
    with pytest.raises(InputError, match="reflect is 1; give True or False"):
        engine.generate("a red car", experts=[painter()], reflect=1)


def test_prompts_of_a_batch_reword_by_an_object_that_they_share(server, rewords):
    server.says = lambda body: json.dumps({"instruction": NEW})
    order = {key: value for key, value in ORDER.items() if key != "plan"}
    outcomes = list(
        engine.generate_many(
            [{"plan": PLAN}, {"plan": PLAN}], experts=[painter()], extractor=rewords, critic=critic(), **order
        )
    )
    assert [outcome.error for outcome in outcomes] == ["", ""]
    assert len(server.requests) == 2
