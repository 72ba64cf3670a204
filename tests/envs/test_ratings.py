from __future__ import annotations

import json

import numpy as np
import pytest

from poser.envs.ratings import RatedPools, RatingsTable, RatingsTwin, cascade
from poser.evaluate.playing import play_twin
from poser.experts.errors import InputError
from poser.policies.baselines import BestSingle, Greedy, RandomLegal

PRICES = {"dear": 0.04, "cheap": 0.004, "plain": 0.01}


def record(number: int, rng: np.random.Generator) -> dict:
    usual = {"dear": 4.2, "cheap": 2.6, "plain": 3.2}
    rated = {
        name: [int(r) for r in np.clip(np.rint(mean + rng.normal(0, 1) + rng.normal(0, 0.4, 3)), 1, 5)]
        for name, mean in usual.items()
    }
    return {"id": str(number), "prompt": "words", "models": rated, "skills": ["counting"] if number % 2 else []}


def write(path, records):
    path.write_text("\n".join(json.dumps(each) for each in records) + "\n")
    return path


@pytest.fixture
def table(tmp_path):
    rng = np.random.default_rng(0)
    return RatingsTable.load(write(tmp_path / "table.jsonl", [record(number, rng) for number in range(120)]))


def test_grades_are_ratings_between_0_and_1(tmp_path):
    rated = {"a": [1, 5, 3], "b": [2, 4, 4]}
    path = write(tmp_path / "t.jsonl", [{"id": 7, "prompt": "p", "models": rated, "skills": ["x", "y"]}])
    table = RatingsTable.load(path)
    assert (table.ids, table.models, table.skills) == (("7",), ("a", "b"), ("x", "y"))
    np.testing.assert_allclose(table.grades, [[[0, 1, 0.5], [0.25, 0.75, 0.75]]])
    assert table.tagged.all()


def test_slips_of_the_pen_are_left_out_and_counted(tmp_path):
    rng = np.random.default_rng(1)
    records = [record(number, rng) for number in range(5)]
    records[2]["models"]["dear"][1] = 41
    table = RatingsTable.load(write(tmp_path / "t.jsonl", records))
    assert (len(table.ids), table.left_out) == (4, 1)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda records: records[1]["models"].pop("dear"), "others of"),
        (lambda records: records[1]["models"]["dear"].pop(), "3 ratings of every model"),
        (lambda records: [each["models"].update({k: v[:1] for k, v in each["models"].items()}) for each in records],
         "at least 2"),
        (lambda records: [each["models"].update(dear=[0, 0, 0]) for each in records], "from 1 to 5"),
        (lambda records: records[0].pop("id"), "line 1 is no record"),
        (lambda records: records[1]["models"].update(dear=[1, None, 3]), "line 2 is no record.*dear"),
        (lambda records: records[1]["models"].update(dear="345"), "line 2 is no record.*dear"),
        (lambda records: records[0].update(models={"dear": 3, "cheap": 4}), "line 1 is no record.*dear"),
        (lambda records: records[2].update(skills="counting"), "line 3 is no record.*skills"),
        (lambda records: records.clear(), "no record"),
    ],
)  # fmt: skip
def test_tables_that_cannot_be_played_get_one_clear_error(tmp_path, spoil, words):
    rng = np.random.default_rng(1)
    records = [record(number, rng) for number in range(3)]
    spoil(records)
    with pytest.raises(InputError, match=words):
        RatingsTable.load(write(tmp_path / "t.jsonl", records))
    with pytest.raises(InputError, match="no ratings table"):
        RatingsTable.load(tmp_path / "nowhere.jsonl")


def test_a_table_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "t.jsonl").write_bytes(b"\xff\xfe{")
    with pytest.raises(InputError, match="cannot be read"):
        RatingsTable.load(tmp_path / "t.jsonl")


def test_one_rater_is_the_critic_and_the_others_judge(table):
    twin = RatingsTwin(RatedPools(table, table, PRICES))
    twin.reset()
    turn = twin.step(np.full(len(table.ids), 1))  # the first model, ALL
    np.testing.assert_allclose(turn.state.alignment, table.grades[:, 0, 0])
    np.testing.assert_allclose(twin.quality, table.grades[:, 0, 1:].mean(axis=1))
    np.testing.assert_array_equal(turn.done, table.grades[:, 0, 0] == 1.0)
    np.testing.assert_allclose(turn.state.spent, 0.04)


def test_a_worse_picture_is_not_returned_and_nobody_is_asked_twice(table):
    twin = RatingsTwin(RatedPools(table, table, PRICES))
    twin.reset()
    twin.step(np.full(len(table.ids), 1))
    turn = twin.step(np.full(len(table.ids), 3))  # the second model, ALL
    going = table.grades[:, 0, 0] < 1
    best = np.where(table.grades[:, 1, 0] > table.grades[:, 0, 0], 1, 0)
    chosen = table.grades[np.arange(len(best)), best, 1:].mean(axis=1)
    np.testing.assert_allclose(twin.quality[going], chosen[going])
    assert (turn.mask[going & ~turn.done][:, [0, 1, 2, 3]] == 0).all()


def test_the_record_is_of_the_other_prompts(table):
    known, unseen = table.rows(np.arange(100)), table.rows(np.arange(100, 120))
    pool = RatedPools(unseen, known, PRICES).numbered(np.arange(20))
    tagged = unseen.tagged[:, 0]
    mean = pool.success[:, :, 0, 0]
    np.testing.assert_allclose(mean[~tagged], np.tile(known.grades[:, :, 0].mean(axis=0), ((~tagged).sum(), 1)))
    assert (mean[tagged] != mean[~tagged][0]).any()
    assert (mean.argmax(axis=1) == 0).all()


def test_policies_play_it_and_looking_pays(table):
    source = RatedPools(table, table, PRICES)
    once, again, chance = (
        play_twin(policy, RatingsTwin(source), len(table.ids)) for policy in (BestSingle(), Greedy(), RandomLegal())
    )
    np.testing.assert_allclose(once.spend, 0.04)
    assert again.quality.mean() > once.quality.mean()
    assert again.quality.mean() > chance.quality.mean()


def test_a_cascade_stops_where_the_critic_is_content(table):
    prices = np.array([PRICES[name] for name in table.models])
    order = (1, 0)
    grade, spent = cascade(order, (0.75,), table, prices)
    content = table.grades[:, 1, 0] >= 0.75
    np.testing.assert_allclose(spent, np.where(content, 0.004, 0.044))
    np.testing.assert_allclose(grade[content], table.grades[content, 1, 1:].mean(axis=1))
    dear, all_spent = cascade((0,), (), table, prices)
    np.testing.assert_allclose(dear, table.grades[:, 0, 1:].mean(axis=1))
    np.testing.assert_allclose(all_spent, 0.04)


def test_a_model_without_price_is_refused(table):
    with pytest.raises(InputError, match="plain"):
        RatedPools(table, table, {"dear": 0.1, "cheap": 0.1})


def test_training_draws_prompts_by_chance_and_goes_on(table):
    source = RatedPools(table, table, PRICES, usd_cost=(0.1, 10.0), shuffled=True)
    twin = RatingsTwin(source, 40, seed=3)
    twin.reset()
    assert len(set(twin.truth.case.tolist())) > 20
    assert twin.pool.usd_cost.std() > 0
    for _ in range(4):
        twin.advance(np.full(40, 1))
        ended = twin.state.done.copy()
        twin.restart()
        assert (twin.quality[ended] == 0).all()
    cases = twin.truth.case
    twin.step(np.full(40, 3))
    first = twin.state.step == 1
    np.testing.assert_allclose(twin.quality[first], table.grades[cases[first], 1, 1:].mean(axis=1))


def test_a_loaded_one_goes_on_as_the_other_does(table):
    source = RatedPools(table, table, PRICES, usd_cost=(0.1, 10.0), shuffled=True)
    twin, again = RatingsTwin(source, 40, seed=3), RatingsTwin(source, 40, seed=3)
    turn, rng = twin.reset(), np.random.default_rng(0)

    def chance(turn):
        return np.where(turn.mask > 0, rng.random(turn.mask.shape), -1).argmax(axis=1)

    for _ in range(5):
        twin.advance(chance(turn))
        turn = twin.restart()
    np.testing.assert_array_equal(again.load_state_dict(twin.state_dict()).observation, turn.observation)
    for _ in range(5):
        actions = chance(turn)
        rewards, _ = twin.advance(actions)
        np.testing.assert_array_equal(again.advance(actions)[0], rewards)
        np.testing.assert_array_equal(again.quality, twin.quality)
        turn = twin.restart()
        np.testing.assert_array_equal(again.restart().observation, turn.observation)


def test_a_pool_of_one_model_is_refused(table):
    alone = RatingsTable(table.ids, table.models[:1], table.skills, table.grades[:, :1], table.tagged)
    with pytest.raises(InputError, match="at least 2 models"):
        RatedPools(alone, alone, PRICES)
