from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest

from poser.envs.arrays import Pool
from poser.envs.driver import Driver, Task
from poser.envs.rehearsal import rehearsal_critic, rehearsal_experts
from poser.envs.rules import Rules
from poser.envs.tasks import sample_plan
from poser.envs.text_state import DIMENSIONS
from poser.experts.errors import InputError
from poser.policies.bundle import Bundle
from poser.policies.bundle_files import CARD, WEIGHTS
from poser.policies.learned import SHIPPED, Learned
from poser.policies.paper import Paper
from poser.policies.text_weights import TextBundle, TextWeights, text_values
from poser.policies.trained import load_trained

NAMES = tuple(expert.spec.name for expert in rehearsal_experts())


def some_bundle(names: tuple[str, ...] = NAMES, rules: Rules = Rules.paper()) -> TextBundle:  # noqa: B008
    rng = np.random.default_rng(0)
    widths = (2 * DIMENSIONS, 9, 7, len(names))
    matrices = tuple(rng.normal(0, 0.4, (b, a)).astype(np.float32) for a, b in pairwise(widths))
    biases = tuple(rng.normal(0, 0.4, b).astype(np.float32) for b in widths[1:])
    return TextBundle(TextWeights(matrices, biases), names, rules, {"seed": 3})


def driver_of(rules: Rules) -> tuple[Driver, list[Task]]:
    rng = np.random.default_rng(1)
    tasks = [Task(plan=sample_plan(rng, (2, 4)), width=64, height=64, seed=seed) for seed in range(3)]
    return Driver(rehearsal_experts(), rehearsal_critic(), rules=rules), tasks


def test_a_bundle_comes_back_as_it_was_written(tmp_path):
    bundle = some_bundle()
    bundle.save(tmp_path)
    again = TextBundle.load(tmp_path)
    assert (again.experts, again.rules, again.about) == (NAMES, Rules.paper(), {"seed": 3})
    for part, other in zip(bundle.weights, again.weights, strict=True):
        for array, held in zip(part, other, strict=True):
            np.testing.assert_array_equal(array, held)


def test_it_takes_the_expert_of_highest_value_and_says_so(tmp_path):
    some_bundle().save(tmp_path)
    policy = load_trained(tmp_path)
    assert isinstance(policy, Paper)
    driver, tasks = driver_of(policy.rules)
    turn = driver.reset(tasks)
    policy.reset(turn, [0, 1, 2])
    commands = [[command.id for command in task.plan.commands] for task in tasks]
    while not turn.done.all():
        values = text_values(policy.bundle.weights, turn.text)
        actions, decisions = policy.decide(turn, NAMES, commands)
        for row in range(3):
            if turn.done[row]:
                assert actions[row] == -1
                continue
            assert actions[row] == values[row].argmax()
            assert NAMES[actions[row]] in decisions[row].reason
        turn = driver.step(actions, decisions)


def test_other_rules_are_refused():
    driver, tasks = driver_of(Rules())
    with pytest.raises(InputError, match=r"Rules\.paper\(\)"):
        Paper(bundle=some_bundle()).act(driver.reset(tasks))


def test_other_experts_are_refused():
    driver, tasks = driver_of(Rules.paper())
    turn = driver.reset(tasks)
    assert isinstance(turn.pool, Pool)
    with pytest.raises(InputError, match="from its 2 experts one, two; here are 12"):
        Paper(bundle=some_bundle(("one", "two"))).act(turn)
    with pytest.raises(InputError, match="in this order"):
        Paper(bundle=some_bundle()).decide(turn, NAMES[::-1], [[]] * 3)


def test_each_kind_of_bundle_is_told_from_the_other(tmp_path):
    assert isinstance(load_trained(SHIPPED), Learned)
    some_bundle().save(tmp_path)
    with pytest.raises(InputError, match="of the kind 'text-mlp'"):
        Bundle.load(tmp_path)
    with pytest.raises(InputError, match="of the kind 'pairs'"):
        TextBundle.load(SHIPPED)


def edited(tmp_path, **changes):
    some_bundle().save(tmp_path)
    card = json.loads((tmp_path / CARD).read_text())
    (tmp_path / CARD).write_text(json.dumps(card | changes))
    return tmp_path


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"text": 0}, r"version 0 .* Train it anew"),
        ({"hidden": [9, 8]}, "expected"),
        ({"experts": []}, "cannot be read"),
        ({"rules": {"max_steps": 6}}, "Train it anew"),
        ({"rules": Rules()._asdict()}, "show no text"),
        ({"rules": Rules.paper()._replace(max_steps=0)._asdict()}, "max_steps"),
        ({"kind": "poem"}, "'poem'"),
        ({"sha256": "0"}, "cut short or changed"),
    ],
)
def test_a_card_without_sense_gets_one_clear_error(tmp_path, changes, words):
    with pytest.raises(InputError, match=words):
        load_trained(edited(tmp_path, **changes))


def test_truncated_weights_and_wild_numbers_are_refused(tmp_path):
    some_bundle().save(tmp_path / "cut")
    path = tmp_path / "cut" / WEIGHTS
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(InputError, match="cut short or changed"):
        load_trained(tmp_path / "cut")
    bundle = some_bundle()
    bundle.weights.biases[0][:] = np.inf
    bundle.save(tmp_path / "wild")
    with pytest.raises(InputError, match="not finite"):
        load_trained(tmp_path / "wild")
    with pytest.raises(InputError, match=CARD):
        load_trained(tmp_path)
