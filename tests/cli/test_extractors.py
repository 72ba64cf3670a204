"""Extractors of `poser.toml` on the command line, with a chat server on loopback."""

from __future__ import annotations

import gc
import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from poser.critics.testing import ScriptedCritic
from poser.engine.user_store import open_store
from poser.experts.testing import FakeExpert
from poser.experts.types import Usage
from poser.run_folder.reading import read_trace
from tests.engine.test_makers import PROSE
from tests.extract.written import atom, command
from tests.loopback.chat_server import ChatServer, Reply

PROMPT = "Ein roter Wagen neben einem Baum, wuschelig"
SMALL = ("--size", "256x256")


def reply() -> str:
    tree = command("t", "add", "Add a tree", atom("e2", "entity", "tree", quotes=["Baum"]), subjects=["tree"])
    car = command(
        "c",
        "add",
        "Add a red car next to the tree",
        atom("e1", "entity", "car", quotes=["Wagen"]),
        atom("r1", "attribute", "color", "car", "red", parents=("e1",), quotes=["roter"]),
        atom("n1", "relation", "next to", "car", "tree", parents=("e1", "e2"), quotes=["neben"]),
        after=("t",),
        subjects=["car"],
        goals=["red"],
    )
    return json.dumps({"commands": [car, tree], "folded": []})


def configure(server: ChatServer, monkeypatch: pytest.MonkeyPatch, more: str = "") -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("OPENAI_BASE_URL", server.address)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret-0123456789")
    Path("poser.toml").write_text(f'[[extractors]]\nname = "llm"\nuse = "llm"\nmodel = "some-model"\n{more}')


PRICES = "input_cost_per_token = 0.001\noutput_cost_per_token = 0.002\n"


def test_a_model_of_poser_toml_decomposes_the_prompt_and_its_cost_is_on_the_bill(poser, monkeypatch):
    with ChatServer(says=reply(), api_key="sk-very-secret-0123456789") as server:
        configure(server, monkeypatch, PRICES)
        done = poser("generate", PROMPT, "--extractor", "llm", "--out", "run", "--json", *SMALL)
        assert [request.body["model"] for request in server.requests] == ["some-model"]
    assert done.exit_code == 0
    assert "note: no atom holds these words of the prompt: wuschelig" in done.stderr
    assert [each["text"] for each in done.json()["commands"]] == ["Add a red car next to the tree", "Add a tree"]
    trace = read_trace(Path("run"))
    assert trace.plan.extractor.startswith("llm (some-model, instructions 1-")
    assert trace.extraction.usd == pytest.approx(7 * 0.001 + 3 * 0.002)
    steps = sum(usage.usd for step in trace.steps for usage in (step.usage, step.critic_usage) if usage is not None)
    assert done.json()["usd"] == pytest.approx(trace.extraction.usd + steps)
    with open_store() as store:
        assert store.run(done.json()["run"]).usd == pytest.approx(done.json()["usd"])
    assert "sk-very-secret" not in done.stdout + done.stderr + Path("run/trace.json").read_text()


def test_the_studio_draws_what_a_model_has_decomposed(tmp_path, monkeypatch):
    from poser.cli.main import app

    monkeypatch.chdir(tmp_path)
    with ChatServer(says=reply()) as server:
        configure(server, monkeypatch)
        order = ["generate", PROMPT, "--extractor", "llm", "--experts", "studio", "--out", "run", "--json"]
        done = CliRunner().invoke(app, [*order, "--size", "512x512", "--max-steps", "4", "--policy", "greedy"])
    assert done.exit_code == 0, done.stderr
    said = json.loads(done.stdout)
    assert Path(said["image"]).stat().st_size > 0
    judged = {atom["question"]: atom["probability"] for atom in said["atoms"]}
    assert judged["Is it so: attribute color car red?"] > 0.5


def test_several_pictures_share_the_bill_of_their_one_plan(poser, monkeypatch):
    with ChatServer(says=reply()) as server:
        configure(server, monkeypatch, PRICES)
        done = poser("generate", PROMPT, "--extractor", "llm", "--n", "2", "--json", "--max-steps", "1", *SMALL)
        assert len(server.requests) == 1
    shares = [read_trace(Path(each["folder"])).extraction.usd for each in done.json()["variants"]]
    assert shares == pytest.approx([0.0065, 0.0065])


def test_an_endpoint_that_is_away_costs_a_note_and_nothing_else(poser, monkeypatch):
    with ChatServer() as server:
        configure(server, monkeypatch)
    done = poser("generate", "car, tree", "--extractor", "llm", "--out", "run", *SMALL)
    assert done.exit_code == 0
    assert "note: the grammar has read the prompt, since llm could not: " in done.stderr.replace("\n", " ")
    assert "sk-very-secret" not in done.stderr


def test_what_a_plan_has_cost_is_taken_from_the_budget(poser, monkeypatch):
    with ChatServer(says=reply()) as server:
        configure(server, monkeypatch, PRICES)
        done = poser("generate", PROMPT, "--extractor", "llm", "--out", "run", "--budget", "5", *SMALL)
        assert done.exit_code == 0
        assert read_trace(Path("run")).rules["budget_usd"] == pytest.approx(4.987)
    with ChatServer(says=Reply(reply(), usage=None)) as server:
        configure(server, monkeypatch, PRICES)
        done = poser("generate", PROMPT, "--extractor", "llm", "--out", "other", "--budget", "5", *SMALL)
        assert "What llm has cost is not known, so it is not in the budget" in done.stderr.replace("\n", " ")


@pytest.mark.parametrize(
    ("prices", "budget", "said"),
    [
        (PRICES, "0", "llm is expected to cost $2.003 for it, and the budget is $0"),
        (PRICES, "2", "llm is expected to cost $2.003 for it, and the budget is $2"),
        ("", "100", "what llm costs is not known, and there is a budget: give the prices of its tokens"),
    ],
)
def test_a_model_that_the_budget_does_not_reach_for_is_not_asked(poser, monkeypatch, prices, budget, said):
    many = Path("many.txt")
    with ChatServer(says=reply()) as server:
        configure(server, monkeypatch, prices)
        done = poser("generate", "car, tree", "--extractor", "llm", "--out", "run", "--budget", budget, *SMALL)
        many.write_text("car, tree\n")
        together = poser("batch", str(many), "--extractor", "llm", "--out", "b", "--budget", budget, "--yes", *SMALL)
        assert not server.requests
    assert f"note: the grammar has read the prompt: {said}" in " ".join(done.stderr.split())
    assert together.exit_code == done.exit_code
    assert read_trace(Path("run")).plan.extractor == "commas"
    assert (read_trace(Path("run")).extraction or Usage(usd=0.0)).usd == 0.0


def test_a_model_that_costs_nothing_is_asked_with_a_budget_of_nothing(poser, monkeypatch):
    with ChatServer(says=reply()) as server:
        configure(server, monkeypatch, "input_cost_per_token = 0\noutput_cost_per_token = 0\n")
        poser("generate", PROMPT, "--extractor", "llm", "--out", "run", "--budget", "0", *SMALL)
        assert len(server.requests) == 1


def test_a_critic_without_a_price_is_refused_before_the_plan_is_paid(poser, fakes, monkeypatch):
    fakes.critic = ScriptedCritic(price=None)
    with ChatServer(says=reply()) as server:
        configure(server, monkeypatch, PRICES)
        done = poser("generate", PROMPT, "--extractor", "llm", "--budget", "5", *SMALL)
        assert not server.requests
    assert done.exit_code == 2


def test_a_forecast_says_what_the_model_has_cost_that_was_asked_for_it(poser, monkeypatch):
    order = ("generate", PROMPT, "--extractor", "llm", "--dry-run", *SMALL)
    for prices, said in ((PRICES, "$0.0130"), ("", "an amount that is not known")):
        with ChatServer(says=reply()) as server:
            configure(server, monkeypatch, prices)
            done = poser(*order)
        assert done.exit_code == 0
        assert f"Decomposing the prompt has cost {said}" in done.stderr.replace("\n", " ")
    with ChatServer(says=reply()) as server:
        configure(server, monkeypatch, "input_cost_per_token = 0\noutput_cost_per_token = 0\n")
        assert "Decomposing" not in poser(*order).stderr
        plan = poser("plan", PROMPT, "--extractor", "llm", "--json").stdout
    Path("plan.json").write_text(plan)
    assert "Decomposing" not in poser("generate", "--plan", "plan.json", "--dry-run", *SMALL).stderr


def test_nobody_is_asked_before_a_batch_what_it_may_cost(poser, fakes, monkeypatch):
    Path("p.txt").write_text("car, tree\nship, tree")
    order = ("batch", "p.txt", "--out", "b", "--extractor", "llm", *SMALL)
    # nobody is there to say yes
    fakes.experts = [FakeExpert("painter", price=2.0)]
    with ChatServer(says=reply()) as server:
        configure(server, monkeypatch, PRICES)
        refused, shown = poser(*order), poser(*order, "--reflect", "--dry-run")
        asked = len(server.requests)
    assert (refused.exit_code, shown.exit_code, asked) == (2, 0, 0)
    assert "expected to cost" in refused.stderr
    assert "llm is asked in the run" in shown.stderr.replace("\n", " ")
    wrong = poser("batch", "p.txt", "--out", "b", "--extractor", "lml", "--dry-run", *SMALL)
    assert "lml" in wrong.stdout


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="only Linux lists what a process has open")
def test_a_batch_keeps_its_connections_to_the_model_and_closes_them(poser, monkeypatch):
    Path("p.txt").write_text("\n".join(f"{PROMPT} {number}" for number in range(6)))
    with ChatServer(says=lambda body: reply()) as server:
        configure(server, monkeypatch)
        before = len(os.listdir("/proc/self/fd"))
        gc.disable()
        try:
            done = poser("batch", "p.txt", "--out", "b", "--extractor", "llm", "--concurrency", "2", *SMALL)
            left = len(os.listdir("/proc/self/fd")) - before
        finally:
            gc.enable()
        assert len(server.requests) == 6
    assert done.exit_code == 0
    # the server's own ends may linger
    assert left <= 3


def test_a_follow_up_has_the_whole_budget_again(poser, monkeypatch):
    with ChatServer(script=[reply()], says=reply()) as server:
        configure(server, monkeypatch, PRICES)
        first = poser("generate", PROMPT, "--extractor", "llm", "--out", "run", "--budget", "5", "--json", *SMALL)
        free = poser("generate", PROMPT, "--extractor", "llm", "--out", "free", "--budget", "0", "--json", *SMALL)
        assert poser("edit", first.json()["run"], PROMPT, "--out", "again").exit_code == 0
    assert read_trace(Path("again")).rules["budget_usd"] == pytest.approx(4.987)
    assert free.json()["steps"] == 0


def test_a_plan_can_be_looked_at_and_one_that_was_changed_by_hand_is_not_sent_in_the_users_words(poser, monkeypatch):
    with ChatServer(says=reply()) as server:
        configure(server, monkeypatch)
        plan = poser("plan", PROMPT, "--extractor", "llm", "--json").json()
    Path("same.json").write_text(json.dumps(plan))
    plan["commands"].pop(0)
    Path("other.json").write_text(json.dumps(plan))
    # what was folded is never sent in the user's own words
    for name, folded in (("same", []), ("other", ["(plan edited by hand)"])):
        done = poser("generate", "--plan", f"{name}.json", "--out", name, "--max-steps", "1", *SMALL)
        assert done.exit_code == 0
        trace = read_trace(Path(name))
        assert trace.extraction is None
        assert [fold.words for fold in trace.plan.folded] == folded


def test_reflection_is_a_switch_and_has_a_row_in_the_trace(poser, fakes, monkeypatch):
    fakes.experts = [FakeExpert("painter", ability=0.0)]
    with ChatServer(script=[reply()], says=json.dumps({"instruction": "Add a tree, quite tall"})) as server:
        configure(server, monkeypatch, PRICES)
        common = ("--extractor", "llm", "--max-steps", "8", *SMALL)
        poser("generate", PROMPT, "--out", "with", "--reflect", *common)
        trace = read_trace(Path("with"))
        asked = len(server.requests)
    assert trace.rewrites
    assert asked == 1 + len(trace.rewrites)
    assert all(rewrite.usage.usd == pytest.approx(0.013) for rewrite in trace.rewrites)
    monkeypatch.setenv("POSER_REFLECT", "true")
    with ChatServer(script=[reply()], says=json.dumps({"instruction": "Add a tree, quite tall"})) as server:
        configure(server, monkeypatch, PRICES)
        poser("generate", PROMPT, "--out", "set", *common)
        poser("generate", PROMPT, "--out", "unset", "--no-reflect", *common)
    assert read_trace(Path("set")).rewrites
    assert not read_trace(Path("unset")).rewrites
    monkeypatch.delenv("POSER_REFLECT")
    done = poser("generate", "car", "--reflect", *SMALL)
    assert done.exit_code == 2
    assert "cannot reword instructions" in done.stderr


def test_settings_that_the_extractor_does_not_know_are_named(poser, monkeypatch):
    Path("poser.toml").write_text('[[extractors]]\nname = "llm"\nuse = "llm"\nmodle = "x"\n')
    done = poser("generate", "car", "--extractor", "llm")
    assert done.exit_code != 0
    assert "modle" in done.stderr


def test_a_plan_is_read_as_the_run_with_these_settings_would_read_it(tmp_path, monkeypatch):
    from poser.cli.main import app

    monkeypatch.chdir(tmp_path)
    painter = '[[experts]]\nname = "painter"\nuse = "openai_images"\nmodel = "painter-9"\n'
    for run, reader in (('[run]\nexperts = ["studio"]\n', "grammar"), ("", "grammar-open")):
        Path("poser.toml").write_text(run + painter)
        plan = CliRunner().invoke(app, ["plan", PROSE, "--json"])
        assert plan.exit_code == 0, plan.stderr
        assert json.loads(plan.stdout)["extractor"] == reader
