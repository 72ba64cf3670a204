from __future__ import annotations

import json
import os
import pickle

import numpy as np
import pytest

from poser.envs.rules import Rules
from poser.envs.twin import Twin
from poser.envs.twin_pools import RandomPools
from poser.evaluate.playing import play
from poser.experts.errors import InputError
from poser.policies.baselines import Greedy
from poser.policies.bundle import CARD, WEIGHTS, Bundle
from poser.policies.learned import SHIPPED, Learned, shipped
from poser.policies.pair_weights import ILLEGAL, NET, WORTH, PairWeights, action_values, best_actions
from poser.policies.trained import load_trained


def some_weights(seed: int = 0, width: int = 6, stop_width: int = 4) -> PairWeights:
    rng = np.random.default_rng(seed)
    shapes = PairWeights.shapes(width, stop_width)
    return PairWeights(**{name: rng.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()})


def some_turn(experts: int = 6, commands: int = 4, batch: int = 5):
    source = RandomPools(experts=experts, commands=commands, experts_range=(2, experts), commands_range=(1, commands))
    return Twin(source, batch, seed=1).reset()


def test_a_bundle_comes_back_as_it_was_written(tmp_path):
    bundle = Bundle(some_weights(), {"seed": 3})
    bundle.save(tmp_path / "mine")
    again = Bundle.load(tmp_path / "mine")
    assert again.about == {"seed": 3}
    for name, array in bundle.weights._asdict().items():
        np.testing.assert_array_equal(getattr(again.weights, name), array)


@pytest.mark.parametrize(("experts", "commands"), [(2, 1), (6, 4), (40, 8)])
def test_the_same_weights_serve_pools_of_any_size(experts, commands):
    turn = some_turn(experts, commands)
    values = action_values(some_weights(), turn.layout, turn.observation)
    assert values.shape == turn.mask.shape
    assert np.isfinite(values).all()
    assert (values[turn.mask == 0] == ILLEGAL).all()
    assert (values[turn.mask > 0] > -100).all()


def test_values_do_not_depend_on_neighbours_or_on_the_order_of_experts():
    turn = some_turn()
    weights = some_weights()
    together = action_values(weights, turn.layout, turn.observation)
    for row in range(5):
        alone = action_values(weights, turn.layout, turn.observation[row : row + 1])
        np.testing.assert_allclose(alone[0], together[row], atol=1e-5)
    parts = turn.layout.split(turn.observation.copy())
    order = np.random.default_rng(0).permutation(6)
    shuffled = turn.observation.copy()
    moved = turn.layout.split(shuffled)
    moved.experts[:], moved.pairs[:] = parts.experts[:, order], parts.pairs[:, order]
    moved.mask[:, :-1] = parts.mask[:, :-1].reshape(5, 6, 5)[:, order].reshape(5, -1)
    values = action_values(weights, turn.layout, shuffled)
    np.testing.assert_allclose(values[:, :-1].reshape(5, 6, 5), together[:, :-1].reshape(5, 6, 5)[:, order], atol=1e-5)


def with_pairs(values, worth, net):
    """An observation of as many calls as values, less STOP, that are worth so much and have that net gain."""
    turn = some_turn(experts=len(worth), commands=1, batch=1)
    layout, seen = turn.layout, np.zeros((1, turn.layout.size), np.float32)
    pairs = layout.split(seen).pairs
    pairs[0, :, 0, WORTH], pairs[0, :, 0, NET] = worth, net
    of_all = [ILLEGAL] * (layout.actions - 1)
    of_all[:: pairs.shape[2]] = values[:-1]
    return np.array([[*of_all, values[-1]]], np.float32), layout, seen


@pytest.mark.parametrize(
    ("values", "worth", "net", "margin", "expert"),
    [
        ([0.50, 0.48, 0.20, 0.1], [0.2, 0.9, 1.0], [0.1, 0.1, 0.1], 0.0, 0),
        ([0.50, 0.48, 0.20, 0.1], [0.2, 0.9, 1.0], [0.1, 0.1, 0.1], 0.03, 1),
        ([0.50, 0.48, 0.20, 0.1], [0.2, 0.9, 1.0], [0.1, 0.1, 0.1], 0.5, 2),
        ([0.50, 0.49, 0.48, 0.1], [1.0, 1.0, 1.0], [0.1, 0.3, 0.2], 0.03, 1),
        ([0.50, 0.49, 0.48, 0.6], [1.0, 1.0, 1.0], [0.1, 0.3, 0.2], 0.5, "stop"),
        ([0.50, 0.48, 0.20, 0.49], [0.2, 0.9, 1.0], [0.1, 0.1, 0.1], 0.03, 1),
    ],
    ids=["no margin", "the cheaper of two", "a wide one", "free ones by gain", "an end stays one", "a call stays one"],
)
def test_calls_of_nearly_the_best_value_go_by_what_they_gain_for_their_price(values, worth, net, margin, expert):
    given, layout, seen = with_pairs(values, worth, net)
    (action,) = best_actions(given, layout, seen, margin)
    assert action == (layout.actions - 1 if expert == "stop" else 2 * expert)


def test_what_a_margin_changes_is_legal_and_hardly_worse():
    turn = some_turn(batch=40)
    values = action_values(some_weights(), turn.layout, turn.observation)
    taken = best_actions(values, turn.layout, turn.observation, 0.3)
    chosen = np.take_along_axis(values, taken[:, None], axis=1)[:, 0]
    assert turn.mask[np.arange(40), taken].all()
    assert (chosen >= values.max(axis=1) - 0.3).all()
    assert (taken != values.argmax(axis=1)).any()


def test_the_margin_is_kept_with_the_weights_and_a_policy_says_when_it_matters(tmp_path):
    Bundle(some_weights(), margin=0.3).save(tmp_path / "p")
    policy, turn = Learned(bundle=Bundle.load(tmp_path / "p")), some_turn(batch=40)
    assert policy.bundle.margin == 0.3
    choice = policy.choose(turn)
    highest = np.nanmax(choice.scores, axis=1)
    why = [choice.why(row) for row in range(40)]
    assert {"hardly less" in text for text in why} == {True, False}
    for row, text in enumerate(why):
        assert ("hardly less" in text) == (choice.scores[row, choice.actions[row]] < highest[row])
    # bundles from before there were margins go by values alone
    card = json.loads((tmp_path / "p" / CARD).read_text())
    del card["margin"]
    (tmp_path / "p" / CARD).write_text(json.dumps(card))
    assert Bundle.load(tmp_path / "p").margin == 0.0


def test_the_learned_policy_takes_the_best_legal_action_and_says_so():
    twin = Twin(RandomPools(experts=5, experts_range=(2, 5)), 8)
    policy, turn = Learned(bundle=Bundle(some_weights())), twin.reset()
    while not turn.done.all():
        choice = policy.choose(turn)
        assert choice.scores is not None
        for row in np.flatnonzero(~turn.done):
            action = choice.actions[row]
            assert turn.mask[row, action]
            assert choice.scores[row, action] == np.nanmax(choice.scores[row])
            assert choice.why(row)
        assert (choice.actions[turn.done] == -1).all()
        turn = twin.step(choice.actions)


def test_the_folder_of_a_training_stands_for_the_bundle_in_it(tmp_path):
    bundle = Bundle(some_weights(), {"seed": 5})
    bundle.save(tmp_path / "runs" / "bundle")
    policy = load_trained(tmp_path / "runs")
    assert isinstance(policy, Learned)
    assert policy.bundle.about == {"seed": 5}
    with pytest.raises(InputError, match=r"runs/none holds no policy\.json"):
        load_trained(tmp_path / "runs" / "none")


def test_the_shipped_policy_loads_is_small_and_says_where_it_comes_from():
    bundle = shipped()
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) < 2_000_000
    assert "train_dqn.py" in bundle.about["command"]
    assert bundle.about["evaluation"]["reward_above_greedy"] > 0
    assert {"arguments", "date"} <= set(bundle.about)


def test_the_shipped_policy_beats_greedy_on_pools_it_never_saw():
    learned, greedy = (play(p, RandomPools(), 400, rules=Rules(), seed=99) for p in (Learned(), Greedy()))
    gain = learned.reward - greedy.reward
    assert gain.mean() > 1.96 * gain.std() / np.sqrt(len(gain))


def saved(tmp_path):
    Bundle(some_weights()).save(tmp_path / "p")
    return tmp_path / "p"


def edit_card(folder, **changes):
    card = json.loads((folder / CARD).read_text())
    (folder / CARD).write_text(json.dumps(card | changes))


def test_a_bundle_of_another_observation_is_refused(tmp_path):
    folder = saved(tmp_path)
    edit_card(folder, observation=1)
    with pytest.raises(InputError, match=r"version 1 .* Train it anew"):
        Bundle.load(folder)


def test_truncated_or_changed_weights_are_refused(tmp_path):
    folder = saved(tmp_path)
    data = (folder / WEIGHTS).read_bytes()
    for broken in (data[:-7], b"", data[:-1] + bytes([data[-1] ^ 1])):
        (folder / WEIGHTS).write_bytes(broken)
        with pytest.raises(InputError, match="cut short or changed"):
            Bundle.load(folder)


def test_a_full_disk_while_a_bundle_is_written_leaves_the_one_before(tmp_path, monkeypatch):
    folder, sync, calls = saved(tmp_path), os.fsync, []

    def full_at_the_second(handle):
        calls.append(handle)
        if len(calls) > 1:
            raise OSError(28, "No space left on device")
        sync(handle)

    monkeypatch.setattr(os, "fsync", full_at_the_second)
    changed = some_weights()
    with pytest.raises(OSError, match="No space"):
        Bundle(changed._replace(bias=changed.bias + 1)).save(folder)
    np.testing.assert_array_equal(Bundle.load(folder).weights.bias, changed.bias)


def test_weights_of_other_shapes_or_without_sense_are_refused(tmp_path):
    folder = saved(tmp_path)
    edit_card(folder, width=7)
    with pytest.raises(InputError, match="expected"):
        Bundle.load(folder)
    wild = some_weights()._replace(bias=np.full(6, np.nan, np.float32))
    Bundle(wild).save(tmp_path / "wild")
    with pytest.raises(InputError, match="not finite"):
        Bundle.load(tmp_path / "wild")


def test_a_pickle_is_refused_and_never_run(tmp_path):
    class Trap:
        def __reduce__(self):
            return (exec, ("raise SystemExit('the pickle ran')",))

    (tmp_path / "model.zip").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(InputError, match="not read"):
        Bundle.load(tmp_path / "model.zip")


def test_a_folder_without_a_policy_says_what_is_missing(tmp_path):
    with pytest.raises(InputError, match=CARD):
        Bundle.load(tmp_path)
    (tmp_path / CARD).write_text("{")
    with pytest.raises(InputError, match="cannot be read"):
        Bundle.load(tmp_path)


def test_under_the_rules_of_the_paper_it_says_that_it_cannot_choose():
    with pytest.raises(InputError, match="take another policy"):
        Learned().check(["a", "b"], Rules.paper())
    Learned().check(["a", "b"], Rules())
