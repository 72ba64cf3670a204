from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poser.critics.base import judge_checked
from poser.critics.chat_critic import FLAGGED
from poser.critics.conformance import check_critic
from poser.critics.rubric import PROBABILITY, RubricCritic, RubricJudge, read_grades, schema, score
from poser.critics.types import JudgeRequest, Verdict
from poser.envs.rules import Rules
from poser.experts.base import CallContext
from poser.experts.errors import BadReply
from poser.experts.examples import example_source
from poser.experts.types import Atom
from tests.loopback.chat_server import ChatServer, filled

CAR = Atom(id="a1", tuple=("entity", "car"), question="Is there a car?")
NO_SUN = Atom(id="a2", tuple=("entity", "sun"), question="Is there a sun?", answer="no")
PICTURE, SOURCE = example_source(64, 48), example_source(48, 64)
EDIT = JudgeRequest(picture=PICTURE, atoms=(CAR, NO_SUN), source=SOURCE, prompt='Add a car; remove the "sun"')
GRADES = {"flag": False, "fulfillment": 3, "quality": 2, "preservation": 3}
WHOLE = {**GRADES, "questions": {"q1": 1, "q2": 4}}


@pytest.fixture
def serve() -> Iterator:
    """Starts servers, and critics that ask them."""
    opened: list = []

    def start(*script, kind=RubricCritic, **server) -> tuple[RubricCritic, ChatServer]:
        running = ChatServer(script, **server).__enter__()
        critic = kind(model="m", base_url=running.address, retries=0)
        opened.append((critic, running))
        return critic, running

    yield start
    for critic, running in opened:
        critic.close()
        running.__exit__()


def judged(critic: RubricCritic, asked: JudgeRequest) -> Verdict:
    [verdict] = judge_checked(critic, [asked], CallContext())
    assert isinstance(verdict, Verdict), verdict
    return verdict


def test_an_edit_is_graded_as_a_whole_and_atom_by_atom(serve):
    critic, server = serve(json.dumps(WHOLE))
    verdict = judged(critic, EDIT)
    assert [answer.probability for answer in verdict.answers] == [0.2, 1.0]
    assert (verdict.fidelity, verdict.aesthetics, verdict.preservation) == (0.75, pytest.approx(2 / 3), 1.0)
    assert score(verdict) == pytest.approx(8.0)
    assert verdict.feedback == "car is missing"
    assert (verdict.critic, verdict.model, verdict.prompt_hash) == ("rubric", "m", critic.prompt_hash)
    [sent] = server.requests
    assert len(sent.pictures) == 2
    assert json.dumps(EDIT.prompt) in sent.words
    assert "0: Major damage to unrelated areas" in sent.words
    assert "A score of 10" in sent.words
    assert "0: Poor quality, obviously edited" in sent.words
    assert '"expected": "no"' in sent.words


def test_the_judge_asks_for_the_published_grades_alone(serve):
    critic, server = serve(json.dumps(GRADES), kind=RubricJudge)
    verdict = judged(critic, EDIT)
    assert [answer.probability for answer in verdict.answers] == [None, None]
    assert (score(verdict), verdict.critic, verdict.feedback) == (pytest.approx(8.0), "rubric-judge", "")
    properties = server.requests[0].body["response_format"]["json_schema"]["schema"]["properties"]
    assert [*properties] == ["flag", "fulfillment", "quality", "preservation"]


def test_without_a_source_nothing_is_said_of_preservation(serve):
    critic, server = serve(says=json.dumps({k: v for k, v in WHOLE.items() if k != "preservation"}))
    verdict = judged(critic, JudgeRequest(picture=PICTURE, atoms=EDIT.atoms, prompt="A car"))
    assert (verdict.preservation, score(verdict)) == (None, None)
    told = server.requests[0].words
    for words in ("Preservation", "edit", "Edit", "EDIT", "score of 10"):
        assert words not in told
    assert "A score of 7" in told
    assert "0: Poor quality\n" in told
    same = judged(critic, JudgeRequest(picture=PICTURE, atoms=EDIT.atoms, source=PICTURE, prompt="A car"))
    assert same.preservation == 1.0
    assert [len(sent.pictures) for sent in server.requests] == [1, 1]


def test_what_cannot_be_judged_is_null(serve):
    unsure = {"flag": True, "fulfillment": None, "quality": 1, "preservation": None, "questions": {"q1": None, "q2": 0}}
    critic, _ = serve(json.dumps(unsure))
    verdict = judged(critic, EDIT)
    assert [answer.probability for answer in verdict.answers] == [None, 0.0]
    assert (verdict.fidelity, verdict.preservation, score(verdict)) == (None, None, None)
    assert verdict.notes == (FLAGGED,)


@pytest.mark.parametrize(
    "wrong",
    [
        {"fulfillment": 5},
        {"fulfillment": 2.5},
        {"quality": "good"},
        {"preservation": True},
        {"flag": "no"},
        {"questions": {"q1": 1}},
        {"questions": {"q1": 1, "q2": 1, "q3": 1}},
        {"questions": {"q1": -1, "q2": 1}},
        {"questions": [1, 4]},
    ],
)
def test_other_grades_are_asked_for_once_more_and_then_refused(serve, wrong):
    critic, server = serve(says=json.dumps({**WHOLE, **wrong}))
    [error] = judge_checked(critic, [EDIT], CallContext())
    assert type(error) is BadReply
    assert len(server.requests) == 2


GRADE = st.none() | st.booleans() | st.integers(-1, 5) | st.floats() | st.just(10**400) | st.sampled_from(["4", "", []])
REPLY = st.recursive(
    GRADE, lambda inner: st.dictionaries(st.sampled_from([*WHOLE, "q1", "q2"]), inner), max_leaves=12
) | st.fixed_dictionaries(
    {**dict.fromkeys(GRADES, GRADE), "questions": st.fixed_dictionaries({"q1": GRADE, "q2": GRADE})}
)


@settings(max_examples=500)
@given(REPLY)
def test_any_value_is_graded_as_it_says_or_refused(value):
    try:
        grades = read_grades(value, ["fulfillment", "quality", "preservation"], 2)
    except ValueError:
        return
    assert grades.flag is value["flag"]
    assert grades.total == {name: value[name] for name in ("fulfillment", "quality", "preservation")}
    assert grades.statements == (value["questions"]["q1"], value["questions"]["q2"])
    assert all(grade is None or type(grade) is int for grade in (*grades.total.values(), *grades.statements))


@pytest.mark.parametrize("count", [0, 30])
def test_what_keeps_the_schema_is_complete(count):
    grades = read_grades(filled(schema(["fulfillment", "quality"], count)), ["fulfillment", "quality"], count)
    assert (grades.total, len(grades.statements)) == ({"fulfillment": 0, "quality": 0}, count)


@pytest.mark.parametrize("kind", [RubricCritic, RubricJudge])
def test_it_keeps_the_contract_of_critics(serve, kind):
    critic, _ = serve(kind=kind)
    assert [finding for finding in check_critic(critic) if not finding.ok] == []


@pytest.mark.parametrize(("grade", "passes"), [(0, False), (1, False), (2, False), (3, True), (4, True)])
def test_what_is_partly_fulfilled_does_not_pass(grade, passes):
    assert (PROBABILITY[grade] >= Rules().pass_probability) is passes
