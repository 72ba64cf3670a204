from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from poser.critics.base import Critic
from poser.critics.testing import ScriptedCritic
from poser.envs.episode import Task
from poser.envs.rehearsal import rehearsal_critic, rehearsal_experts
from poser.envs.rules import Rules
from poser.envs.tasks import sample_plan
from poser.evaluate.comparison import SHORT_COLUMNS
from poser.evaluate.judged import judge_pictures
from poser.evaluate.suite import play_suite
from poser.evaluate.suite_folder import SuiteFolder
from poser.evaluate.suite_report import quality_label, suite_data, suite_page, suite_rows
from poser.evaluate.suite_results import Contestant
from poser.experts.errors import InputError, Unavailable
from poser.experts.fake_picture import paint_facts
from poser.experts.record import TrackRecord
from poser.experts.testing import FakeExpert
from poser.experts.types import Atom, Command, Operation, Plan
from poser.policies.baselines import BestSingle, Greedy, RandomLegal

TASKS = [
    Task(plan=sample_plan(np.random.default_rng(seed), (2, 4)), width=64, height=64, seed=seed) for seed in range(5)
]
GREEDY, RANDOM = Contestant(name="greedy", make=Greedy), Contestant(name="random", make=RandomLegal)


class OtherCritic(ScriptedCritic):
    """Reads fake pictures as the critic does, under another name."""

    name = "other"


def play(contestants=(GREEDY, RANDOM), tasks=TASKS, **settings):
    settings = {"experts": rehearsal_experts(), "critic": rehearsal_critic(), "judge": OtherCritic()} | settings
    return play_suite(contestants, tasks, **settings)


def atom(number: int, kind: str = "entity", parents: tuple[str, ...] = ()) -> Atom:
    words = (kind, f"thing {number}") if kind == "entity" else ("attribute", "color", f"thing {number}", "red")
    return Atom(id=f"a{number}{kind[0]}", tuple=words, question="?", parents=parents)


def command(number: int, *atoms: Atom) -> Command:
    return Command(id=f"c{number}", operation=Operation.ADD, text="Add a thing", atoms=atoms)


def test_everybody_plays_the_same_episodes_and_batches_change_nothing():
    one, other = play(batch=5), play(batch=2)
    assert one.episodes == other.episodes == (0, 1, 2, 3, 4)
    for name in ("greedy", "random"):
        for key in ("reward", "quality", "full", "alignment", "spend", "steps", "discarded", "wrong"):
            np.testing.assert_allclose(
                getattr(one.figures[name], key), getattr(other.figures[name], key), err_msg=f"{name} {key}"
            )
    alone = play((RANDOM,))
    np.testing.assert_allclose(alone.figures["random"].reward, one.figures["random"].reward)
    assert one.figures["greedy"].wrong.max() == 0
    assert one.figures["greedy"].spend.sum() > 0
    assert one.usd["greedy"] == pytest.approx(one.figures["greedy"].spend.sum())


def test_returns_are_in_the_same_units_whatever_the_rules():
    played = []
    paper = Contestant(name="paper", make=RandomLegal, rules=Rules.paper())
    results = play((RANDOM, paper), on_played=played.append)
    for each in played:
        if each.contestant == "random":
            assert each.figures.reward[0] == pytest.approx(sum(step.reward for step in each.trace.steps))
    own = results.figures["paper"]
    bonus = own.reward - own.alignment + 0.005 * own.steps + own.spend
    np.testing.assert_allclose(bonus * (bonus - 0.2), 0.0, atol=1e-9)


def test_quality_is_the_judges_and_alignment_the_critics():
    blind = OtherCritic(unjudged=("text", "background", "style", "attribute", "count", "relation"))
    results = play((GREEDY,), judge=blind)
    assert results.known["greedy"] < 1.0
    assert (results.critic, results.judge, results.same_judge) == ("scripted", "other", False)
    assert results.figures["greedy"].alignment.max() <= 0.95


def test_the_track_record_is_read_and_never_written():
    records = TrackRecord()
    before = records.digest()
    play((GREEDY,), records=records)
    assert records.digest() == before


def test_contestants_bring_their_own_rules_and_experts():
    few = Contestant(name="few", make=Greedy, rules=Rules(max_steps=1))
    own = Contestant(name="own", make=BestSingle, experts=tuple(rehearsal_experts()[:1]))
    paper = Contestant(name="paper", make=RandomLegal, rules=Rules.paper())
    results = play((few, own, paper))
    assert results.figures["few"].steps.max() == 1
    assert results.figures["own"].spend.sum() == 0
    assert np.isnan(results.figures["paper"].wrong).all()
    assert suite_data(results)["policies"]["paper"]["wrong"] is None
    terms = suite_data(results)["terms"]
    assert terms["few"] == "max_steps 1"
    assert terms["own"] == f"1 of {len(rehearsal_experts())} experts"
    assert "max_steps 6" in terms["paper"]
    assert "keep_regressions yes" in terms["paper"]
    assert f"paper ({terms['paper']})" in suite_page(results, "Title", "command", {})


def test_the_judge_measures_everybody_by_one_rule():
    strict = Contestant(name="strict", make=RandomLegal, rules=Rules(pass_probability=0.9))
    results = play((RANDOM, strict), judge=OtherCritic(certainty=0.8))
    assert results.figures["random"].quality.max() > 0
    np.testing.assert_allclose(results.figures["strict"].quality, results.figures["random"].quality)


@pytest.mark.parametrize("same", ["object", "kind"])
def test_a_judge_that_is_the_critic_is_refused_unless_it_is_wanted(same):
    critic = rehearsal_critic()
    judge: Critic = critic if same == "object" else rehearsal_critic()
    with pytest.raises(InputError, match="same_judge"):
        play(critic=critic, judge=judge)
    results = play((GREEDY,), TASKS[:1], critic=critic, judge=judge, same_judge=True)
    assert "The judge is the critic" in suite_page(results, "Title", "command", {})


@pytest.mark.parametrize(
    ("contestants", "tasks", "words"),
    [((), TASKS, "at least one"), ((GREEDY, GREEDY), TASKS, "each name once"), ((GREEDY,), [], "no task")],
)
def test_what_cannot_be_played_is_refused(contestants, tasks, words):
    with pytest.raises(InputError, match=words):
        play(contestants, tasks)


def test_commands_that_the_judge_cannot_judge_are_outside_of_the_share():
    plan = Plan(
        prompt="three things",
        commands=(command(1, atom(1)), command(2, atom(2)), command(3, atom(3, "attribute"))),
    )
    task = Task(plan=plan, width=64, height=64)
    picture = paint_facts({("entity", "thing 1")}, 64, 64, 0)
    seen = judge_pictures(ScriptedCritic(unjudged=("attribute",)), [task, task], [picture, None])
    np.testing.assert_allclose(seen.quality, [0.5, 0.0])
    np.testing.assert_allclose(seen.known, [2 / 3, 1.0])


def test_an_atom_whose_parent_fails_fails():
    plan = Plan(prompt="a red thing", commands=(command(1, atom(1)), command(2, atom(2, "attribute", ("a1e",)))))
    task = Task(plan=plan, width=64, height=64)
    picture = paint_facts({("attribute", "color", "thing 2", "red")}, 64, 64, 0)
    assert judge_pictures(ScriptedCritic(), [task], [picture]).quality.tolist() == [0.0]


def test_a_judge_that_fails_is_asked_once_more_then_the_prompt_is_left_out_for_everybody():
    failure = Unavailable("the judge is away")
    once = OtherCritic(script=[failure])
    assert play((GREEDY,), TASKS[:1], judge=once).episodes == (0,)
    twice = OtherCritic(script=[failure, {}, {}, failure])
    results = play((GREEDY, RANDOM), TASKS[:3], judge=twice)
    assert results.episodes == (1, 2)
    assert "1 of 3 prompts left out" in suite_page(results, "Title", "command", {})
    assert len(results.figures["random"].reward) == 2


class Interrupting(Greedy):
    """Presses Ctrl-C at its n-th choice."""

    def __init__(self, calls: int) -> None:
        super().__init__()
        self.calls = calls

    def choose(self, turn):
        self.calls -= 1
        if self.calls < 0:
            raise KeyboardInterrupt
        return super().choose(turn)


def test_ctrl_c_keeps_what_everybody_has_finished():
    played, told = [], []
    late = Contestant(name="late", make=lambda: Interrupting(12))
    results = play(
        (GREEDY, late),
        TASKS * 4,
        batch=2,
        on_played=played.append,
        progress=lambda done, total, name: told.append((done, total)),
    )
    assert results.interrupted
    assert 0 < len(results.episodes) < 20
    assert len(results.figures["late"].reward) == len(results.figures["greedy"].reward) == len(results.episodes)
    assert "Interrupted" in suite_page(results, "Title", "command", {})
    unfinished = [each for each in played if each.figures is None]
    assert unfinished
    assert all(each.trace.end == "interrupted" for each in unfinished)
    assert told == sorted(told)
    assert told[-1][1] == 40


def test_ctrl_c_while_results_are_judged_or_written_loses_none():
    class Hasty(OtherCritic):
        presses = 1

        def judge(self, requests, ctx):
            self.presses -= 1
            if self.presses == 0:
                raise KeyboardInterrupt
            return super().judge(requests, ctx)

    assert play((GREEDY,), batch=5, judge=Hasty()).episodes == (0, 1, 2, 3, 4)
    kept = []

    def keep(played):
        kept.append(played.index)
        if len(kept) == 3:
            raise KeyboardInterrupt

    results = play((GREEDY, RANDOM), batch=5, on_played=keep)
    assert results.interrupted
    assert results.episodes == (0, 1, 2, 3, 4)
    assert sorted(set(kept)) == [0, 1, 2, 3, 4]
    assert results.left_out == ("random",)


def test_ctrl_c_before_anything_is_finished_leaves_a_report_that_says_so(tmp_path):
    results = play((Contestant(name="at once", make=lambda: Interrupting(0)), GREEDY))
    assert results.left_out == ("at once", "greedy")
    assert "nothing to compare" in suite_page(results, "Title", "command", {})
    SuiteFolder(tmp_path, ["at once", "greedy"], list("abcde"), print).write_report(
        "page", suite_data(results), results, "Title"
    )
    assert not (tmp_path / "report.png").exists()


def test_the_folder_holds_every_episode_and_the_report(tmp_path):
    dialled = [
        Contestant(name=f"greedy, thrift {dial:g}", make=lambda dial=dial: Greedy(thrift=dial), curve="greedy")
        for dial in (0.5, 5.0)
    ]
    contestants = [*dialled, RANDOM]
    folder = SuiteFolder(tmp_path / "out", [each.name for each in contestants], list("abcde"), print)
    results = play(contestants, on_played=folder.keep)
    assert results.curves == {"greedy": ("greedy, thrift 0.5", "greedy, thrift 5"), "random": ("random",)}
    folder.write_report(suite_page(results, "Title", "command", {"seed": 0}), suite_data(results), results, "Title")
    lines = [json.loads(line) for line in (tmp_path / "out" / "episodes.jsonl").read_text().splitlines()]
    assert len(lines) == 15
    assert all((tmp_path / "out" / line["picture"]).is_file() for line in lines)
    data = json.loads((tmp_path / "out" / "report.json").read_text())
    assert data["reference"] == "greedy, thrift 0.5"
    assert data["policies"]["random"]["above_reference"]["quality"]["low"] <= 0
    page = (tmp_path / "out" / "report.md").read_text()
    assert page.count("| random |") == 1
    assert cv2.imread(str(tmp_path / "out" / "report.png")).std() > 10
    with pytest.raises(InputError, match=r"holds episodes\.jsonl"):
        SuiteFolder(tmp_path / "out", ["a"], ["b"], print)


@pytest.mark.parametrize("name", ["report.md", "report.json", "report.png", "pictures"])
def test_nothing_that_lies_there_is_written_over(tmp_path, name):
    (tmp_path / name).write_text("mine")
    with pytest.raises(InputError, match=f"holds {name}"):
        SuiteFolder(tmp_path, ["greedy"], ["a"], print)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_disk_that_cannot_be_written_is_warned_of_once(tmp_path):
    warned = []
    folder = SuiteFolder(tmp_path, ["greedy"], list("abcde"), warned.append)
    (tmp_path / "pictures").write_text("in the way")
    results = play((GREEDY,), on_played=folder.keep)
    assert len(results.episodes) == 5
    assert len(warned) == 1


def away() -> OtherCritic:
    critic = OtherCritic(script=[Unavailable("no model 'x'")] * 99)
    critic.name = "away"
    return critic


def test_episodes_without_any_verdict_of_the_critic_are_no_results(tmp_path):
    played = []
    results = play((GREEDY,), TASKS[:2], critic=away(), on_played=played.append)
    assert results.figures == {}
    assert results.unjudged == {"the critic gave no verdict: Unavailable: no model 'x'": 2}
    assert all(each.picture is None and np.isnan(each.figures.quality).all() for each in played)
    page = suite_page(results, "Title", "command", {})
    assert "2 episodes left out: the critic gave no verdict: Unavailable: no model 'x'" in page
    folder = SuiteFolder(tmp_path, ["greedy"], ["a", "b"], print)
    folder.keep(played[0])
    line = json.loads((tmp_path / "episodes.jsonl").read_text())
    assert line["figures"]["quality"] is None
    assert "no model 'x'" in line["unjudged"]


def test_an_episode_that_the_critic_never_judges_is_left_out_and_the_others_count():
    class Choosy(ScriptedCritic):
        def judge(self, requests, ctx):
            refused = Unavailable("not this one")
            answers = super().judge(requests, ctx)
            return [
                refused if asked.atoms == TASKS[1].plan.atoms else answer
                for asked, answer in zip(requests, answers, strict=True)
            ]

    results = play((GREEDY, RANDOM), TASKS[:3], critic=Choosy())
    assert not results.stopped
    assert results.episodes == (0, 2)
    assert results.unjudged == {"the critic gave no verdict: Unavailable: not this one": 2}


@pytest.mark.parametrize("who", ["critic", "judge"])
def test_playing_stops_after_a_batch_without_a_single_verdict(who):
    played = []
    results = play(batch=2, on_played=played.append, **{who: away()})
    assert results.stopped
    assert not results.figures
    assert len(played) == 2
    [(reason, times)] = results.unjudged.items()
    assert (times, reason.startswith(f"the {who} gave no verdict: Unavailable")) == (2, True)
    assert "**Stopped**: 0 of 5 prompts" in suite_page(results, "Title", "command", {})
    assert suite_data(results)["stopped"]


def test_what_the_judge_costs_is_told_and_on_nobodys_bill():
    judge = OtherCritic([Unavailable("away", usd=0.5)], price=0.25)
    results = play((GREEDY,), TASKS[:2], judge=judge)
    assert results.judge_usd == pytest.approx(0.5 + 2 * 0.25)
    assert suite_data(results)["judge_usd"] == results.judge_usd
    assert "in USD it cost: 1.0000" in suite_page(results, "Title", "command", {})
    assert play((GREEDY,), TASKS[:2], judge=OtherCritic(price=None)).judge_usd is None


def test_dollars_that_nobody_knows_are_not_zero():
    results = play((GREEDY,), TASKS[:1], experts=[FakeExpert("painter", price=None)])
    titles, [row] = suite_rows(results, SHORT_COLUMNS)
    assert results.usd["greedy"] is None
    assert row[titles.index("USD")] == "unknown"
    page = suite_page(results, "Title", "command", {})
    assert "greedy unknown" in page
    assert "0.0000 |" not in page


def test_a_grade_of_the_whole_picture_is_said_to_be_one():
    class Grader(OtherCritic):
        def judge(self, requests, ctx):
            return [verdict.model_copy(update={"fidelity": 0.5}) for verdict in super().judge(requests, ctx)]

    every = ("entity", "attribute", "count", "relation", "text", "background", "style", "other")
    graded, answered = play((GREEDY,), TASKS[:2], judge=Grader(unjudged=every)), play((GREEDY,), TASKS[:2])
    assert graded.figures["greedy"].quality.tolist() == [0.5, 0.5]
    assert (suite_data(graded)["graded"], suite_data(answered)["graded"]) == (True, False)
    assert quality_label(graded) == "grade as a share of 1, says other"
    assert quality_label(answered) == "share of commands done, says other"
