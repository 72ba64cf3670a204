"""Critics that cannot judge: refused before anybody is paid, or found out with a picture that is judged later."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.console import Console

from poser import engine
from poser.cli.tables import result_view
from poser.critics.local_vlm import LocalVLM
from poser.critics.panel import PanelCritic
from poser.critics.testing import ScriptedCritic
from poser.critics.vlm import VLMCritic
from poser.engine.user_store import open_store
from poser.events import Finished, StepDone
from poser.experts.errors import InputError, TimedOut, Unavailable
from poser.experts.fake_picture import paint_facts
from poser.experts.testing import FakeExpert
from poser.explain import explain, explain_data
from poser.result import Result
from poser.storyboard import story
from tests.engine.test_kept import PLAN, plan_of
from tests.loopback.chat_server import ChatServer, Reply

SIZE = (256, 256)
PRICES = {"input_cost_per_token": 0.001, "output_cost_per_token": 0.002}


def keyless() -> VLMCritic:
    return VLMCritic(model="some", base_url="https://judge.example/v1", api_key_env="NO_SUCH_KEY_IS_SET")


MADE: list[VLMCritic] = []


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    while MADE:
        MADE.pop().close()


def vlm(server: ChatServer, **settings: object) -> VLMCritic:
    MADE.append(VLMCritic(model="some", base_url=server.address, api_key_env="", retries=0, **settings))
    return MADE[-1]


def painted(critic, painter: FakeExpert, out: Path | None = None, **options: object) -> Result:
    return engine.generate(plan=PLAN, experts=[painter], critic=critic, size=SIZE, out=out, **options)


def printed(shown: object) -> str:
    console = Console(width=400, highlight=False)
    with console.capture() as told:
        console.print(shown)
    return told.get()


@pytest.mark.parametrize(
    ("critic", "said"),
    [
        (keyless, "NO_SUCH_KEY_IS_SET"),
        (lambda: LocalVLM(model="./no-such-folder"), "there is no folder './no-such-folder'"),
        (lambda: PanelCritic(members=[keyless()]), "NO_SUCH_KEY_IS_SET"),
    ],
)
def test_a_critic_that_cannot_be_asked_is_refused_before_anybody_is(critic: Callable, said: str):
    painter = FakeExpert()
    with pytest.raises(InputError, match=said):
        painted(critic(), painter)
    with pytest.raises(InputError, match=said):
        engine.forecast(plan=PLAN, experts=[painter], critic=critic())
    assert not painter.requests


def test_a_panel_with_one_member_that_can_judge_is_not_refused():
    assert painted(PanelCritic(members=[keyless(), ScriptedCritic()]), FakeExpert(ability=1.0)).alignment == 1.0


FAILING = {
    "key": {"says": Reply("Incorrect API key", status=401)},
    "model": {"says": Reply("The model does not exist", status=404)},
    "request": {"says": Reply("This model takes no pictures", status=400)},
    "logprobs": {"logprobs": False},
}


@pytest.mark.parametrize("failing", FAILING)
def test_one_picture_is_paid_for_that_nobody_can_judge_and_a_resumed_run_judges_it(failing: str, tmp_path: Path):
    painter = FakeExpert(price=0.1, ability=0.5)
    with ChatServer(**FAILING[failing]) as server:
        result = painted(
            vlm(server, mode="logprobs" if failing == "logprobs" else "schema", **PRICES), painter, tmp_path / "run"
        )
    assert len(painter.requests) == 1
    assert result.end == "unjudged"
    assert result.picture is not None
    [said] = [warning for warning in result.warnings if "unjudged" in warning]
    assert any(f"poser resume {result.run}" in warning for warning in result.warnings)
    assert result.trace.critic_trouble is not None
    assert result.trace.critic_trouble.message in said

    again = FakeExpert(price=0.1, ability=0.5)
    with ChatServer() as server:
        mended = engine.resume(result.run, experts=[again], critic=vlm(server, **PRICES))
    first = mended.trace.steps[0]
    assert (first.picture, first.critic_failure, first.uncertain) == (result.trace.steps[0].picture, None, False)
    assert len(again.requests) == mended.steps - 1
    assert mended.alignment == 1.0
    assert mended.end == "satisfied"
    # what the failed verdict has cost is on the bill still
    before = result.trace.steps[0].critic_usage
    assert before.usd == (pytest.approx(0.013 * 5) if failing == "logprobs" else 0.0)
    assert first.critic_usage.usd == pytest.approx(before.usd + 0.013)
    with pytest.raises(InputError, match="is finished"):
        engine.resume(result.run, experts=[again], critic=ScriptedCritic())


def test_a_server_that_is_not_there_ends_the_run_too():
    with ChatServer() as server:
        critic = vlm(server)
    painter = FakeExpert()
    result = painted(critic, painter)
    assert (len(painter.requests), result.end) == (1, "unjudged")
    assert "cannot be reached" in result.trace.critic_trouble.message


def test_a_run_that_is_resumed_without_a_remedy_can_be_resumed_again(tmp_path: Path):
    with ChatServer(says=Reply("no", status=401)) as server:
        run = painted(vlm(server), FakeExpert(), tmp_path / "run").run
        assert engine.resume(run, experts=[FakeExpert()], critic=vlm(server)).end == "unjudged"
        assert len(server.requests) == 2
    with pytest.raises(InputError, match="NO_SUCH_KEY_IS_SET"):
        engine.resume(run, experts=[FakeExpert()], critic=keyless())


def test_a_source_that_cannot_be_judged_costs_no_call_and_is_judged_later(tmp_path: Path):
    editor = FakeExpert("edit", "i2i", price=0.1)
    picture = paint_facts([("entity", "car")], 256, 256, 0)
    plan = plan_of("car", "tree").model_copy(update={"source": picture.ref})
    with ChatServer(says=Reply("no", status=401)) as server:
        result = engine.generate(
            plan=plan, image=picture, experts=[editor], critic=vlm(server), size=SIZE, out=tmp_path / "run"
        )
    assert not editor.requests
    assert (result.end, result.picture) == ("unjudged", picture)
    assert any("401" in warning for warning in result.warnings)
    assert any("poser resume" in warning for warning in result.warnings)
    with ChatServer() as server:
        mended = engine.resume(result.run, experts=[editor], critic=vlm(server))
    assert mended.trace.source_verdict is not None
    assert mended.trace.source_failure is None
    assert mended.end == "satisfied"


def test_a_critic_that_was_away_all_the_time_judges_what_was_made_when_the_run_is_resumed(tmp_path: Path):
    critic = ScriptedCritic([Unavailable("away")] * 99)
    result = painted(critic, FakeExpert(ability=1.0), tmp_path / "run")
    assert (result.end, result.steps) == ("unjudged", 3)
    painter = FakeExpert(ability=1.0)
    back = engine.resume(result.run, experts=[painter], critic=ScriptedCritic())
    assert not painter.requests
    assert back.alignment == 1.0
    assert all(step.verdict is not None for step in back.trace.steps)
    with open_store() as store:
        assert store.run(result.run).status == "finished"


def test_what_nobody_has_judged_is_not_checked_wherever_it_is_shown():
    with ChatServer(says=Reply("Incorrect API key", status=401)) as server:
        result = painted(vlm(server), FakeExpert())
    trace, count = result.trace, len(PLAN.commands)
    shown = printed(result_view(result))
    assert shown.count("(not checked)") == count
    assert "score" not in shown
    assert "not judged, 1 call" in shown
    assert [line.shown for line in story.lines(trace)] == ["unchecked"] * count
    assert dict(story.totals(trace))["alignment"] == "not judged"
    assert "Incorrect API key" in story.why_unjudged(trace)
    told = printed(explain(trace))
    assert told.count(" not checked") == count
    assert "not judged: Unavailable: " in told
    assert "pending" not in told
    assert "failed: " not in told
    data = explain_data(trace)
    assert not any(command["checked"] for command in data["commands"])
    assert data["steps"][0]["failure"] is None
    assert "401" in data["steps"][0]["critic_failure"]
    assert "not judged" in repr(result)
    assert "?" in result._repr_html_()


def test_a_stop_while_a_picture_is_judged_asks_for_no_more_time(tmp_path: Path):
    stop = threading.Event()
    with ChatServer() as server:
        server.gate.clear()

        def press() -> None:
            server.wait_for(1)
            stop.set()

        threading.Thread(target=press).start()
        options = {"plan": PLAN, "experts": [FakeExpert()], "critic": vlm(server), "size": SIZE, "stop": stop}
        events = list(engine.stream(out=tmp_path / "run", **options))
    [step] = [event.step for event in events if isinstance(event, StepDone)]
    assert isinstance(events[-1], Finished)
    assert events[-1].result.end == "interrupted"
    assert step.critic_failure.error == TimedOut.__name__
    assert step.critic_failure.message == "critic vlm was stopped."
    assert not any("more time" in warning for warning in events[-1].result.warnings)


def test_a_batch_that_is_said_again_has_judged_what_was_not(tmp_path: Path):
    prompts = [{"plan": plan_of("car")}, {"plan": plan_of("tree", "dog")}]
    place = {"out": tmp_path / "many", "size": SIZE, "concurrency": 1}
    with ChatServer(says=Reply("Incorrect API key", status=401)) as server:
        first = FakeExpert(ability=1.0)
        made = list(engine.generate_many(prompts, experts=[first], critic=vlm(server), **place))
    assert [outcome.end for outcome in made] == ["unjudged", "unjudged"]
    again = FakeExpert(ability=1.0)
    with ChatServer() as server:
        made = list(engine.generate_many(prompts, experts=[again], critic=vlm(server), **place))
    assert [outcome.alignment for outcome in made] == [1.0, 1.0]
    assert len(first.requests) == 2
    assert not again.requests


def test_a_verdict_that_was_asked_for_again_is_kept_with_both_its_bills(tmp_path: Path):
    with ChatServer(logprobs=False) as server:
        run = painted(vlm(server, mode="logprobs", **PRICES), FakeExpert(ability=1.0), tmp_path / "run").run
    with open_store() as store:
        [first] = [call for call in store.calls(run) if call.kind == "critic"]
    assert first.failed == "BadReply"
    with ChatServer() as server:
        engine.resume(run, experts=[FakeExpert()], critic=vlm(server, **PRICES))
    with open_store() as store:
        [second] = [call for call in store.calls(run) if call.kind == "critic"]
    assert (second.failed, second.sent) == ("", 1)
    assert second.usage.usd == pytest.approx(first.usage.usd + 0.013)
