"""The engine as a run: events, faults, budget, interruption, track record."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from poser import engine
from poser.config import home
from poser.critics.panel import PanelCritic
from poser.critics.testing import ScriptedCritic
from poser.engine.order import take_order
from poser.engine.run import Run
from poser.events import Finished, PlanReady, StepDone, StepStarted, Warned
from poser.experts.errors import InputError, PoserError, UnknownName
from poser.experts.picture import Picture
from poser.experts.testing import FakeExpert
from poser.experts.types import Atom, Command, Folded, Operation, Plan
from poser.policies.base import Choice, Policy
from poser.result import Interrupted
from tests.own_record import forget_record, own_record

SIZE = (256, 256)


def adding(*nouns: str) -> Plan:
    """A plan that adds one thing after another."""
    return Plan(
        prompt=", ".join(nouns),
        commands=tuple(
            Command(
                id=f"c{index}",
                operation=Operation.ADD,
                subjects=(noun,),
                text=f"Add a {noun}",
                atoms=(Atom(id=f"a{index}", tuple=("entity", noun), question=f"Is there a {noun}?"),),
            )
            for index, noun in enumerate(nouns, 1)
        ),
    )


def events_of(*experts, plan=None, critic=None, **options):
    options.setdefault("size", SIZE)
    return list(
        engine.stream(
            plan=adding("car", "tree") if plan is None else plan,
            experts=list(experts) or [FakeExpert()],
            critic=ScriptedCritic() if critic is None else critic,
            **options,
        )
    )


def result_of(*experts, **options):
    last = events_of(*experts, **options)[-1]
    assert isinstance(last, Finished)
    return last.result


def test_events_come_in_order():
    events = events_of(FakeExpert("painter"))
    assert [type(event) for event in events] == [PlanReady, StepStarted, StepDone, Finished]
    ready, started, done, finished = events
    assert [spec.name for spec in ready.experts] == ["painter"]
    assert (started.expert, started.target, started.commands) == ("painter", "all", ("c1", "c2"))
    assert done.step.index == started.index == 0
    assert done.best == 1.0
    assert done.picture == finished.result.picture
    assert finished.result.end == "satisfied"


def test_a_regression_is_told_and_discarded():
    critic = ScriptedCritic([{"a1": 0.9, "a2": 0.1}, {"a1": 0.1, "a2": 0.1}])
    events = events_of(FakeExpert("painter", ability=0.9), FakeExpert("editor", "i2i", ability=0.9), critic=critic)
    steps = [event for event in events if isinstance(event, StepDone)]
    assert [done.step.accepted for done in steps] == [True, False, True]
    assert [done.best for done in steps] == pytest.approx([0.5, 0.5, 1.0])
    assert events[-1].result.picture == steps[2].picture


def test_same_seed_same_picture_whatever_else_is_made():
    alone = result_of(FakeExpert(ability=0.5), FakeExpert("editor", "i2i", ability=0.5), seed=8)
    forget_record()
    beside = result_of(FakeExpert(ability=0.5), FakeExpert("editor", "i2i", ability=0.5), seed=7, n=3)
    assert [variant.seed for variant in beside.variants] == [7, 8, 9]
    assert beside.variants[1].picture == alone.picture


def test_the_best_of_several_is_on_top_and_calls_are_batched():
    painter = FakeExpert("painter", ability=0.5)
    result = result_of(painter, n=6, max_steps=1)
    scores = [variant.alignment for variant in result.variants]
    assert result.alignment == max(scores)
    assert len(painter.requests) == 6
    assert result.to_dict()["total_usd"] == 0.0
    assert len(result.to_dict()["variants"]) == 6


@pytest.mark.parametrize("fault", ["raises", "wrong-size", "blank", "nothing", "bad-reply", "content-filtered"])
def test_an_expert_that_fails_costs_a_step_and_not_the_run(fault):
    result = result_of(FakeExpert("broken", faults=[fault] * 20), FakeExpert("sound", ability=0.9), max_steps=8)
    assert result.picture is not None
    assert any(step.expert == "sound" and step.accepted for step in result.trace.steps)


@pytest.mark.parametrize("fault", ["raises", "wrong-size", "blank", "nothing", "unavailable"])
def test_without_any_picture_the_result_says_why(fault):
    result = result_of(FakeExpert("broken", faults=[fault] * 20))
    assert result.picture is None
    assert all(step.failure is not None for step in result.trace.steps if step.expert)
    assert result.to_dict()["image"] is None


def test_an_expert_that_hangs_is_given_up_at_its_deadline():
    deaf = FakeExpert("deaf", faults=["hangs"] * 3)
    started = time.monotonic()
    result = result_of(deaf, FakeExpert("sound", ability=0.4), deadline=0.2)
    deaf.release.set()
    assert time.monotonic() - started < 10
    assert result.picture is not None
    assert any(step.failure is not None and step.failure.error == "TimedOut" for step in result.trace.steps)


class Leaky(FakeExpert):
    """Names its key in all that it says."""

    def run(self, requests, ctx):
        results = super().run(requests, ctx)
        return [replace(result, notes=("used key sk-very-secret",)) for result in results]

    def refuses(self, command, has_source):
        if command.id == "c2":
            raise ValueError("no access with sk-very-secret")
        return super().refuses(command, has_source)


def test_secrets_of_the_environment_reach_no_trace(monkeypatch):
    monkeypatch.setenv("ACME_API_KEY", "sk-very-secret")
    critic = ScriptedCritic([RuntimeError("401 for key sk-very-secret")] * 9)
    result = result_of(Leaky(), critic=critic, max_steps=1)
    assert result.picture is not None
    said = json.dumps(result.to_dict()) + result.trace.model_dump_json()
    assert said.count("***") >= 3
    assert "sk-very-secret" not in said


@pytest.mark.parametrize("action", [-1, 0, 10**6])
def test_an_illegal_action_of_a_policy_is_an_error_that_names_it(action, tmp_path):
    class Wild(Policy):
        name = "wild"

        def choose(self, turn):
            wanted = action if turn.state.has_picture[0] else int(np.flatnonzero(turn.mask[0])[0])
            return Choice(actions=np.array([wanted]))

    experts = [FakeExpert("painter", ability=0.0), FakeExpert("editor", "i2i")]
    with pytest.raises(PoserError, match=f"'wild'.*{action}"):
        events_of(*experts, policy=Wild(), out=tmp_path / "run")
    assert (tmp_path / "run" / "trace.json").exists()


def test_a_critic_that_raises_once_is_asked_again():
    result = result_of(FakeExpert(), critic=ScriptedCritic([RuntimeError("out of memory")]))
    assert result.alignment == 1.0


def test_a_critic_that_always_raises_loses_no_picture():
    critic = ScriptedCritic([RuntimeError("out of memory")] * 100)
    events = events_of(FakeExpert(), critic=critic, max_steps=2)
    result = events[-1].result
    assert result.picture is not None
    assert result.alignment == 0.0
    assert result.trace.best == result.picture.ref
    assert any("unjudged" in warning and "out of memory" in warning for warning in result.warnings)
    assert [event.message for event in events if isinstance(event, Warned)] == list(result.warnings)


def test_what_verdicts_note_is_warned_of_once():
    dead = ScriptedCritic([RuntimeError("404")] * 100)
    dead.name = "dead"
    pool = FakeExpert(ability=0.0), FakeExpert("editor", "i2i", ability=0.5)
    events = events_of(*pool, critic=PanelCritic(members=[ScriptedCritic(), dead]), max_steps=4)
    result = events[-1].result
    assert result.steps > 1
    said = "the critic notes: dead gave no verdict: BadReply: critic dead raised RuntimeError: 404"
    assert result.warnings.count(said) == 1
    assert [event.message for event in events if isinstance(event, Warned)] == list(result.warnings)
    # said as soon as it is known
    assert [type(event) for event in events].index(Warned) < len(events) - 2


def test_budget_zero_asks_free_experts_alone():
    dear, free = FakeExpert("dear", price=0.1), FakeExpert("free", ability=0.4)
    assert result_of(dear, free, budget=0.0).picture is not None
    assert not dear.requests
    unknown = FakeExpert("unknown", price=None)
    result = result_of(dear, unknown, budget=0.0)
    assert result.picture is None
    assert result.end == "budget"
    assert not unknown.requests


def test_the_budget_is_for_all_pictures_together():
    painter = FakeExpert("painter", price=0.25, ability=0.0)
    result = result_of(painter, budget=1.0, n=2)
    assert sum(variant.usd for variant in result.variants) <= 1.0


def test_what_nobody_can_draw_is_said_and_the_rest_is_made():
    result = result_of(FakeExpert(cannot_draw=["unicorn"]), plan=adding("car", "unicorn"))
    assert result.picture is not None
    assert result.trace.statuses == {"c1": "satisfied", "c2": "dropped"}
    [warning] = result.warnings
    for words in ("Add a unicorn", "fake cannot draw 'unicorn'", "The rest is made", "connect an expert"):
        assert words in warning


def test_what_is_near_is_named():
    result = result_of(FakeExpert(cannot_draw=["drgon"]), plan=adding("tree", "drgon"))
    assert "instead of 'drgon' try" in result.warnings[0]


def test_what_nobody_can_do_is_not_repeated_at_any_length():
    plan = adding("unicorn")
    long = plan.commands[0].model_copy(update={"text": "Add " + "a very " * 400 + "odd unicorn"})
    result = result_of(FakeExpert(cannot_draw=["unicorn"]), plan=plan.model_copy(update={"commands": (long,)}))
    assert len(result.warnings[0]) < 700
    assert "Add a very" in result.warnings[0]


def test_a_stop_from_outside_ends_the_run_with_what_it_has():
    stop = threading.Event()
    painter, editor = FakeExpert("painter", ability=0.0), FakeExpert("editor", "i2i", ability=0.0)
    events = []
    for event in engine.stream(
        plan=adding("car"), experts=[painter, editor], critic=ScriptedCritic(), size=SIZE, stop=stop
    ):
        events.append(event)
        if isinstance(event, StepDone):
            stop.set()
    result = events[-1].result
    assert result.end == "interrupted"
    assert result.picture is not None
    assert result.steps == 1


def test_ctrl_c_inside_a_call_keeps_what_was_made():
    class Impatient(ScriptedCritic):
        def judge(self, requests, ctx):
            if len(self.requests) >= 1:
                raise KeyboardInterrupt
            return super().judge(requests, ctx)

    painter = FakeExpert("painter", ability=0.0)
    result = result_of(painter, FakeExpert("editor", "i2i", ability=0.0), critic=Impatient())
    assert result.end == "interrupted"
    assert result.picture is not None


def test_ctrl_c_while_the_source_is_judged_ends_as_interrupted_with_the_source(tmp_path):
    class Impatient(ScriptedCritic):
        def judge(self, requests, ctx):
            raise KeyboardInterrupt

    source = Picture(np.random.default_rng(0).integers(0, 255, (256, 256, 3), dtype=np.uint8))
    with pytest.raises(Interrupted) as caught:
        engine.generate(
            plan=adding("car").model_copy(update={"source": source.ref}),
            image=source,
            experts=[FakeExpert("editor", "i2i")],
            critic=Impatient(),
            out=tmp_path / "run",
        )
    result = caught.value.result
    assert result.end == "interrupted"
    assert result.picture == source
    assert result.trace_path.exists()


class NotedFolder:
    """Stands for a RunFolder and notes what it was told."""

    def __init__(self):
        self.told = []

    def on_plan(self, plan, source=None):
        self.told.append("plan")

    def on_picture(self, picture):
        self.told.append("picture")

    def on_step(self, step, picture, run=0):
        self.told.append(f"step {step.index}")

    def finish(self, traces, best=0):
        self.told.append(f"finish {traces[0].end}")


def test_a_consumer_that_leaves_early_still_gets_everything_written():
    folder = NotedFolder()
    order = take_order(
        None, plan=adding("car"), experts=[FakeExpert(ability=0.0)], critic=ScriptedCritic(), size=SIZE, warn=print
    )
    events = Run(order, folder=folder).events()
    assert isinstance(next(events), PlanReady)
    assert isinstance(next(events), StepStarted)
    assert isinstance(next(events), StepDone)
    events.close()
    assert folder.told == ["plan", "picture", "step 0", "finish interrupted"]


def test_the_track_record_grows_after_a_run_and_is_frozen_during_it():
    result = result_of(FakeExpert("painter", ability=0.0), max_steps=3)
    record = own_record()
    assert record.tally("painter").calls == result.steps >= 1
    alone = sum(len(step.commands) == 1 for step in result.trace.steps)
    assert record.cell("painter", "add", 1).failure == alone
    assert record.cell("painter", "add", 2).failure == 2 * (result.steps - alone)
    before = record.digest()
    assert result_of(FakeExpert("painter"), max_steps=3).trace.record_digest == before
    assert own_record().tally("painter").calls > result.steps


def test_a_record_that_cannot_be_written_is_a_warning(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("POSER_HOME", str(tmp_path / "file"))
    result = result_of(FakeExpert())
    assert result.picture is not None
    assert any("not kept" in warning for warning in result.warnings)


def test_a_broken_record_is_a_warning_and_stays_as_it_is():
    home().mkdir(parents=True, exist_ok=True)
    path = home() / "track_record.json"
    path.write_text("{broken")
    result = result_of(FakeExpert())
    assert result.picture is not None
    assert sum("record" in warning for warning in result.warnings) >= 1
    assert path.read_text() == "{broken"


def test_home_follows_the_platform(monkeypatch):
    monkeypatch.delenv("POSER_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    monkeypatch.setattr("sys.platform", "linux")
    assert str(home()) == "/data/poser"
    monkeypatch.setattr("sys.platform", "darwin")
    assert home().parts[-3:] == ("Library", "Application Support", "poser")


def test_a_forecast_calls_nobody():
    dear, free = FakeExpert("dear", price=0.5, ability=0.99), FakeExpert("free", "i2i", ability=0.5)
    critic = ScriptedCritic()
    forecast = engine.forecast(plan=adding("car", "tree"), experts=[dear, free], critic=critic, size=SIZE)
    assert not dear.requests
    assert not free.requests
    assert not critic.requests
    assert forecast.candidates == {"c1": ("dear", "free"), "c2": ("dear", "free")}
    assert forecast.calls >= 1.0
    assert forecast.usd >= 0.5
    assert json.dumps(forecast.to_dict())


def test_a_forecast_does_not_invent_a_price():
    forecast = engine.forecast(plan=adding("car"), experts=[FakeExpert(price=None)], critic=ScriptedCritic(), size=SIZE)
    assert forecast.usd is None


def test_a_forecast_names_what_nobody_can_do():
    forecast = engine.forecast(
        plan=adding("car", "unicorn"),
        experts=[FakeExpert(cannot_draw=["unicorn"])],
        critic=ScriptedCritic(),
        size=SIZE,
    )
    assert forecast.candidates["c2"] == ()
    assert "unicorn" in forecast.warnings[0]


def test_an_edited_plan_is_sent_as_its_commands_say():
    painter = FakeExpert("painter")
    plan = engine.plan("A red car and a tree")
    result_of(painter, plan=plan)
    assert painter.requests[-1].text == "A red car and a tree"
    edited = plan.model_copy(update={"commands": plan.commands[:1]})
    result = result_of(painter, plan=edited)
    assert "red car" in painter.requests[-1].text
    assert "tree" not in painter.requests[-1].text
    assert result.plan.prompt == plan.prompt
    assert result.plan.folded[0].words == "(plan edited by hand)"


def test_a_plan_with_folds_of_its_own_stays_as_it_is():
    plan = adding("car").model_copy(update={"folded": (Folded(words="no, a car"),)})
    assert result_of(FakeExpert(), plan=plan).plan == plan


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"prompt": "  \n"}, "empty"),
        ({"prompt": "x" * 32_001}, "32,001 characters"),
        ({"prompt": None}, "Nothing to do"),
        ({"prompt": 3}, "give a string"),
        ({"budget": -1.0}, "budget"),
        ({"budget": float("nan")}, "budget"),
        ({"n": 0}, "1 to 64"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**32 - 1, "n": 2}, "seed"),
        ({"max_steps": 0}, "max_steps"),
        ({"size": (128, 768)}, "256 to 2048"),
        ({"experts": []}, "No expert"),
        ({"experts": [FakeExpert(), FakeExpert()]}, "more than once"),
        ({"experts": [3]}, "not an expert"),
        ({"critic": 3}, "not a critic"),
        ({"deadline": 0}, "deadline"),
        ({"deadline": "soon"}, "deadline"),
        ({"seed": 1.5}, "seed"),
        ({"n": 2.0}, "whole number"),
        ({"max_steps": "many"}, "whole number"),
        ({"budget": "5"}, "budget"),
        ({"size": "768x768"}, r"\(width, height\)"),
        ({"size": (768.5, 768)}, r"\(width, height\)"),
        ({"rules": "paper"}, "Rules"),
        ({"explore": "no"}, "True or False"),
    ],
)
def test_bad_options_are_refused_before_anybody_is_called(options, words):
    options = {"experts": [FakeExpert()], "critic": ScriptedCritic(), **options}
    prompt = options.pop("prompt", "A car")
    with pytest.raises(InputError, match=words):
        engine.stream(prompt, **options)


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        ({"policy": "gredy"}, "'greedy'"),
        ({"critic": "detecter"}, "'detector'"),
        ({"extractor": "gramar"}, "'grammar'"),
    ],
)
def test_unknown_names_come_with_a_suggestion(options, hint):
    with pytest.raises(UnknownName, match=f"Did you mean {hint}"):
        engine.stream("A car", experts=[FakeExpert()], **{"critic": ScriptedCritic(), **options})


def test_a_source_is_edited_at_its_own_size():
    source = Picture(np.random.default_rng(0).integers(0, 255, (300, 400, 3), dtype=np.uint8))
    editor = FakeExpert("editor", "i2i")
    plan = adding("car").model_copy(update={"source": source.ref})
    result = result_of(FakeExpert("painter"), editor, plan=plan, image=source, size=None)
    assert result.picture.size == (400, 300)
    assert [request.mode for request in editor.requests] == ["i2i"]
    assert source.sha256 in result.pictures
