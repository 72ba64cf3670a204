from __future__ import annotations

import json

import numpy as np
import pytest

from poser.envs.arrays import Pool
from poser.envs.calibration import DEFAULT_KAPPA, Calibration, Retry, calibrate_from, fit_kappa
from poser.envs.driver import Driver, Task
from poser.envs.rehearsal import rehearsal_critic, rehearsal_experts
from poser.envs.rules import Rules
from poser.envs.tasks import sample_task
from poser.envs.text_state import encode_text
from poser.envs.twin import Twin
from poser.envs.twin_fitted import FittedPools
from poser.envs.twin_outcomes import BUCKET
from poser.evaluate.calibrate import calibrate
from poser.evaluate.playing import play
from poser.experts.errors import InputError
from poser.experts.record import Cell, TrackRecord
from poser.experts.testing import FakeExpert
from poser.policies.base import FINISHED
from poser.policies.baselines import Greedy
from tests.envs.worlds import plan_of


@pytest.fixture(scope="module")
def calibration() -> Calibration:
    return calibrate(rehearsal_experts(), rehearsal_critic(), episodes=60, budget_usd=None, size=256, seed=3)


def test_kappa_is_found_again():
    rng = np.random.default_rng(0)
    for kappa in (1.0, 4.0, 20.0):
        mean = rng.uniform(0.2, 0.9, 6000)
        chance = rng.beta(mean * kappa, (1 - mean) * kappa)
        retries = []
        for m, p in zip(mean, chance, strict=True):
            for misses in range(3):
                hit = bool(rng.random() < p)
                if misses:
                    retries.append(Retry(mean=m, misses=misses, hit=hit))
                if hit:
                    break
        assert fit_kappa(retries) == pytest.approx(kappa, rel=0.35)
    assert fit_kappa([]) == DEFAULT_KAPPA


def test_calibration_calls_everybody_and_learns_what_they_can_do(calibration):
    records = calibration.records()
    for expert in rehearsal_experts():
        spec = expert.spec
        assert records.tally(spec.name).calls > 0, spec.name
    weak = rehearsal_experts()[0].spec
    strong = rehearsal_experts()[3].spec
    a, b = records.success(weak, "add")
    c, d = records.success(strong, "add")
    assert a / (a + b) + 0.15 < c / (c + d)
    assert calibration.retries > 20


def test_a_calibration_comes_back_as_it_was_written(calibration, tmp_path):
    calibration.save(tmp_path / "fit.json")
    again = Calibration.load(tmp_path / "fit.json")
    assert again == calibration
    assert again.records().digest() == calibration.records().digest()
    (tmp_path / "fit.json").write_text("{}")
    with pytest.raises(InputError, match="cannot be read"):
        Calibration.load(tmp_path / "fit.json")
    with pytest.raises(InputError, match="poser experts calibrate"):
        Calibration.load(tmp_path / "none.json")


def test_a_budget_bounds_calibration():
    spent = []
    calibrate(rehearsal_experts(), rehearsal_critic(), episodes=40, budget_usd=0.5, size=256,
              progress=lambda done, usd: spent.append(usd))  # fmt: skip
    assert 0 < spent[-1] <= 0.5
    free = calibrate(rehearsal_experts(), rehearsal_critic(), episodes=8, budget_usd=0.0, size=256)
    called = {entry.expert for entry in free.record.cells}
    assert called
    assert called <= {e.spec.name for e in rehearsal_experts() if not e.spec.price}


def test_a_fitted_twin_shows_the_registry_and_brings_its_means(calibration):
    experts = rehearsal_experts()
    source = FittedPools(experts, calibration, commands=(1, 6), bank=40)
    assert (source.experts, source.commands) == (12, 6)
    pool, truth = source.draw(np.random.default_rng(0), 3000)
    np.testing.assert_array_equal(pool.t2i[0], [expert.spec.kind == "t2i" for expert in experts])
    real = pool.supported
    # latent chances differ from episode to episode, their means do not
    np.testing.assert_allclose(truth.success[..., 0][real].mean(), pool.success[..., 0][real].mean(), atol=0.02)
    assert np.abs(truth.success[..., 0] - pool.success[..., 0])[real].mean() > 0.02
    assert (truth.damage[:, pool.t2i[0]] == 0).all()


@pytest.mark.parametrize("gives_up", [0.0, 0.9])
def test_misses_that_were_failures_are_not_counted_twice(calibration, gives_up):
    experts = rehearsal_experts()
    often = calibration.model_copy(update={"gives_up": {e.spec.name: gives_up for e in experts}, "kappa": 0.7})
    twin = Twin(FittedPools(experts, often, commands=(2, 5), bank=40, latent=False), 3000, seed=0)
    turn = twin.reset()
    drawer = int(np.flatnonzero(turn.pool.t2i[0] & turn.pool.supported.any(axis=(0, 2)))[0])
    expected = odds_of_a_fresh_picture(turn.pool, drawer)
    twin.step(np.full(3000, (drawer + 1) * (turn.pool.shape[2] + 1) - 1))
    assert twin.quality.sum()
    assert twin.quality.mean() == pytest.approx(expected, abs=0.01)


def odds_of_a_fresh_picture(pool: Pool, drawer: int) -> float:
    carried = pool.supported[:, drawer]
    bucket = BUCKET[np.minimum(carried.sum(axis=1), 5)]
    chance = pool.success[np.arange(len(carried)), drawer, :, bucket] * carried
    return float((chance.sum(axis=1) / pool.command.sum(axis=1)).mean())


def test_calls_that_find_nothing_to_do_are_told_from_those_that_miss():
    driver = Driver([FakeExpert("lost", faults=["bad-reply", None] * 40, ability=0.0)], rehearsal_critic())
    turn = driver.reset([Task(plan=plan_of(1), width=64, height=64, seed=seed) for seed in range(6)])
    while not turn.done.all():
        turn = driver.step(np.where(turn.done, FINISHED, turn.mask.argmax(axis=1)))
    fit = calibrate_from(driver.traces(), TrackRecord())
    failures = sum(step.failure is not None for trace in driver.traces() for step in trace.steps)
    calls = sum(bool(step.expert) for trace in driver.traces() for step in trace.steps)
    assert 0 < failures < calls
    assert fit.gives_up == {"lost": pytest.approx(failures / calls)}
    # every call but the first of an episode is a retry, whether the one before brought a picture or not
    assert fit.retries == calls - 6


def test_greedy_does_about_as_well_on_the_twin_as_on_the_pool_itself(calibration):
    experts, rng = rehearsal_experts(), np.random.default_rng(5)
    driver = Driver(experts, rehearsal_critic(), records=calibration.records())
    turn = driver.reset([sample_task(rng, (3, 6), width=256, height=256) for _ in range(40)])
    policy, total = Greedy(), np.zeros(40)
    policy.reset(turn)
    while not turn.done.all():
        turn = driver.step(policy.act(turn))
        total += turn.reward
    source = FittedPools(experts, calibration, commands=(3, 6), prices="real", bank=80)
    twin = play(Greedy(), source, 200, rules=Rules(), seed=1)
    assert twin.reward.mean() == pytest.approx(total.mean(), abs=0.12)


def test_what_policies_see_may_differ_from_what_is_true(calibration):
    blank = FittedPools(rehearsal_experts(), calibration, seen=TrackRecord(), bank=10)
    turn = Twin(blank, 4).reset()
    assert turn.pool.confidence.max() == 0
    assert (turn.pool.success != FittedPools(rehearsal_experts(), calibration, bank=10)._true.success[:4]).any()


def test_a_pool_that_cannot_draw_is_refused(calibration):
    editors = [expert for expert in rehearsal_experts() if expert.spec.kind == "i2i"]
    with pytest.raises(InputError, match="draws"):
        FittedPools(editors, calibration)


def test_without_logs_the_defaults_stand():
    fit = calibrate_from([], TrackRecord({("a", "add", 0): Cell(success=3, failure=1)}))
    assert fit.kappa == DEFAULT_KAPPA
    assert fit.records().cell("a", "add", 1).success == 3


def test_a_calibration_of_an_earlier_release_is_refused_by_its_version(calibration, tmp_path):
    old = json.loads(calibration.model_dump_json()) | {"version": 1, "failed": {}}
    del old["gives_up"]
    (tmp_path / "old.json").write_text(json.dumps(old))
    with pytest.raises(InputError, match=r"^The calibration \S+ is of version 1, .*poser experts calibrate"):
        Calibration.load(tmp_path / "old.json")
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(InputError, match="cannot be read"):
        Calibration.load(tmp_path / "list.json")


def test_under_the_papers_rules_a_turn_holds_the_text_of_its_plan(calibration):
    source = FittedPools(rehearsal_experts(), calibration, commands=(2, 4), bank=20, seed=1)
    twin = Twin(source, 30, rules=Rules.paper(), seed=0)
    turn = twin.reset()
    plans = [source.plans[case] for case in twin.truth.case]
    np.testing.assert_array_equal(turn.text, encode_text(plans, turn.state, turn.pool))
    assert turn.text is not None
    assert turn.text.shape == (30, 512)
    assert len({len(plan.commands) for plan in plans}) > 1
    assert Twin(source, 3, rules=Rules(), seed=0).reset().text is None
