from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poser.envs import mdp
from poser.envs.arrays import Outcome, put_rows, take_rows
from poser.envs.rules import Rules
from poser.experts.errors import InputError
from tests.envs.worlds import pick, random_outcome, random_pool, random_rules, start, world

SEEDS = st.integers(0, 2**32 - 1)


def play(seed: int):
    """Yields (pool, rules, state, actions, outcome, next state, reward, effects) until all is over."""
    rng = np.random.default_rng(seed)
    pool, rules = random_pool(rng), random_rules(rng)
    state = start(rng, pool, rules)
    while not state.done.all():
        actions = pick(rng, mdp.mask(state, pool, rules), illegal=0.15)
        outcome = random_outcome(rng, pool)
        following, reward, done, effects = mdp.apply(state, pool, rules, actions, outcome)
        assert np.array_equal(done, following.done)
        yield pool, rules, state, actions, outcome, following, reward, effects
        state = following


def reference_mask(state, pool, rules, b: int) -> list[bool]:
    """The mask of one episode, word by word after the specification."""
    _, experts, commands = pool.shape
    todo = [bool(pool.command[b, k] and not state.satisfied[b, k] and not state.dropped[b, k]) for k in range(commands)]
    legal = []
    for e in range(experts):
        price = pool.price[b, e] + pool.critic_price[b]
        rich = np.isinf(pool.budget[b]) or bool(price <= pool.budget[b] - state.spent[b] + 1e-9)
        usable = bool(pool.expert[b, e]) and not state.disabled[b, e] and rich and any(todo) and not state.done[b]
        for k in range(commands):
            ok = usable and todo[k] and bool(pool.supported[b, e, k])
            if rules.tries_per_pair is not None:
                ok = ok and state.tries[b, e, k] < rules.tries_per_pair
            ok = ok and not state.closed[b, e, k]
            if pool.t2i[b, e]:
                ok = ok and not state.has_picture[b] and not pool.has_source[b]
            else:
                ok = ok and bool(state.has_picture[b])
            legal.append(ok)
        able = [bool(pool.supported[b, e, k]) for k in range(commands)]
        if pool.t2i[b, e]:
            wanted = sum(able[k] and pool.command[b, k] and not state.dropped[b, k] for k in range(commands))
            left = rules.tries_per_pair is None or state.tries[b, e, commands] < rules.tries_per_pair
            legal.append(
                usable and not pool.has_source[b] and wanted >= 1 and left and not state.closed[b, e, commands]
            )
        else:
            wanted = sum(able[k] and todo[k] for k in range(commands))
            legal.append(usable and bool(state.has_picture[b]) and wanted >= 2 and not state.closed[b, e, commands])
        legal[-1] = legal[-1] and rules.merged_calls
    legal.append(bool(state.has_picture[b]) or bool(state.done[b]) or not any(legal))
    return legal


@settings(max_examples=120)
@given(SEEDS)
def test_what_holds_in_every_episode(seed):
    total, highest, expected = None, None, None
    for pool, rules, state, actions, outcome, following, reward, effects in play(seed):
        if total is None:
            total, highest = np.zeros(len(reward)), state.initial.copy()
            expected = np.zeros(len(reward))
        legal = mdp.mask(state, pool, rules)
        assert legal.shape[1] == mdp.action_count(*pool.shape[1:], rules)
        assert legal.any(axis=1).all()
        assert not (following.satisfied & ~pool.command).any()
        assert not (following.dropped & ~pool.command).any()
        assert (following.dropped >= state.dropped).all()
        assert (following.best >= state.best).all()
        assert (following.step <= rules.max_steps).all()
        assert not (effects.new_best & ~effects.accepted).any()
        assert not (reward[state.done] != 0).any()
        choice = mdp.targets(state, pool, rules, actions)
        called = ~state.done & choice.legal & ~choice.stop
        seen = called & outcome.verdict & (outcome.failure == 0)
        highest = np.where(seen, np.maximum(highest, outcome.alignment), highest)
        spent = effects.usd * pool.usd_cost + effects.seconds * rules.second_cost
        expected += spent + rules.step_cost * (called | effects.illegal) + rules.illegal_cost * effects.illegal
        total += reward
        last = following
    assert np.allclose(last.best, highest, atol=1e-12)
    complete = last.has_best & (last.best_satisfied | ~pool.command).all(axis=1)
    assert np.allclose(total, last.best - last.initial - expected + rules.completion_bonus * complete, atol=1e-9)
    assert (last.reason > 0).all()
    unlimited = ~np.isfinite(pool.budget)
    assert (unlimited | (last.spent <= pool.budget + 1e-9)).all()


@settings(max_examples=80)
@given(SEEDS)
def test_the_mask_is_what_the_specification_says(seed):
    for pool, rules, state, *_ in play(seed):
        if rules.first_pending:
            continue
        legal = mdp.mask(state, pool, rules)
        for b in range(len(legal)):
            assert legal[b].tolist() == reference_mask(state, pool, rules, b)
        # whoever still has something to do can still do something
        busy = mdp.pending(state, pool).any(axis=1) & ~state.done
        assert legal[busy, :-1].any(axis=1).all()


@settings(max_examples=60)
@given(SEEDS)
def test_an_episode_does_not_depend_on_its_neighbours(seed):
    for pool, rules, state, actions, outcome, following, reward, _ in play(seed):
        for b in range(len(reward)):
            row = np.array([b])
            alone, alone_reward, _, _ = mdp.apply(
                take_rows(state, row), take_rows(pool, row), rules, actions[row], take_rows(outcome, row)
            )
            assert alone_reward[0] == reward[b]
            for whole, part in zip(following, alone, strict=True):
                assert np.array_equal(whole[row], part)


def brought(score, *, alignment=None, judged=None) -> Outcome:
    score = np.array([score], float)
    known = np.ones(score.shape, bool) if judged is None else np.array([judged])
    nothing = Outcome.nothing(*score.shape)
    return nothing._replace(
        picture=np.array([True]),
        verdict=np.array([True]),
        alignment=score.mean(axis=1) if alignment is None else np.array([alignment]),
        score=score,
        passed=score >= 0.5,
        judged=known,
    )


def failed(code: int) -> Outcome:
    return Outcome.nothing(1, 2)._replace(failure=np.array([code]))


RULES = Rules()


def test_first_a_picture_is_drawn_then_edited():
    pool = world("TI")
    state = mdp.reset(pool, RULES)
    # T on 0, 1, ALL; I on 0, 1, ALL; STOP
    assert mdp.mask(state, pool, RULES)[0].tolist() == [1, 1, 1, 0, 0, 0, 0]
    state, reward, done, effects = mdp.apply(state, pool, RULES, [2], brought([0.9, 0.1]))
    assert effects.accepted[0]
    assert effects.new_best[0]
    assert not done[0]
    assert reward[0] == pytest.approx(0.5 - 0.005)
    assert mdp.mask(state, pool, RULES)[0].tolist() == [0, 0, 1, 0, 1, 0, 1]
    state, reward, done, _ = mdp.apply(state, pool, RULES, [4], brought([0.9, 0.9]))
    assert done[0]
    assert state.reason[0] == mdp.SATISFIED
    assert reward[0] == pytest.approx(0.4 - 0.005 + 0.2)
    assert mdp.mask(state, pool, RULES)[0].tolist() == [0, 0, 0, 0, 0, 0, 1]


def test_a_worse_picture_is_discarded_and_counts_as_a_failed_try():
    pool = world("TI")
    state, *_ = mdp.apply(mdp.reset(pool, RULES), pool, RULES, [2], brought([0.9, 0.4]))
    after, reward, _, effects = mdp.apply(state, pool, RULES, [4], brought([0.0, 0.9]))
    assert not effects.accepted[0]
    assert after.alignment[0] == state.alignment[0]
    assert after.tries[0, 1, 1] == 1
    assert reward[0] == pytest.approx(-0.005)
    kept, *_ = mdp.apply(state, pool, RULES._replace(keep_regressions=True), [4], brought([0.0, 0.9]))
    assert kept.alignment[0] == pytest.approx(0.45)
    assert kept.satisfied[0].tolist() == [False, True]
    assert kept.best[0] == pytest.approx(0.65)


def test_satisfied_is_never_sticky():
    pool = world("TI")
    state, *_ = mdp.apply(mdp.reset(pool, RULES), pool, RULES, [2], brought([0.6, 0.0]))
    state, *_ = mdp.apply(state, pool, RULES, [4], brought([0.3, 0.9]))
    assert state.satisfied[0].tolist() == [False, True]
    assert mdp.mask(state, pool, RULES)[0, 3]


def test_a_command_is_dropped_when_every_pair_is_used_up():
    pool = world("TI", 3)
    rules = RULES._replace(tries_per_pair=2)
    state, *_ = mdp.apply(mdp.reset(pool, rules), pool, rules, [3], brought([0.9, 0.9, 0.2]))
    for _ in range(2):
        assert mdp.mask(state, pool, rules)[0, 4 + 2]
        state, *_ = mdp.apply(state, pool, rules, [4 + 2], brought([0.9, 0.9, 0.2]))
    # a redraw of the whole plan is still a way to get it
    assert not state.dropped.any()
    assert mdp.mask(state, pool, rules)[0].tolist() == [0, 0, 0, 1, 0, 0, 0, 0, 1]
    state, *_ = mdp.apply(state, pool, rules, [3], brought([0.9, 0.9, 0.1]))
    assert state.done[0]
    assert state.reason[0] == mdp.DROPPED
    assert state.dropped[0].tolist() == [False, False, True]


def test_a_pool_that_cannot_edit_may_draw_again():
    pool = world("T")
    state, *_ = mdp.apply(mdp.reset(pool, RULES), pool, RULES, [2], brought([0.9, 0.1]))
    assert not state.done[0]
    assert mdp.mask(state, pool, RULES)[0].tolist() == [0, 0, 1, 1]
    for _ in range(2):
        state, *_ = mdp.apply(state, pool, RULES, [2], brought([0.1, 0.1]))
    assert state.reason[0] == mdp.DROPPED
    assert state.best[0] == pytest.approx(0.5)


def test_what_nobody_can_do_is_dropped_at_once_and_stop_remains():
    only_editors = world("II")
    state = mdp.reset(only_editors, RULES)
    assert state.dropped.all()
    assert mdp.mask(state, only_editors, RULES)[0].tolist() == [0] * 6 + [1]
    state, reward, done, _ = mdp.apply(state, only_editors, RULES, [6], Outcome.nothing(1, 2))
    assert done[0]
    assert reward[0] == 0
    assert state.reason[0] == mdp.DROPPED
    half = world("TI", supported=[[[True, False], [True, False]]])
    assert mdp.reset(half, RULES).dropped[0].tolist() == [False, True]


def test_a_satisfied_source_ends_with_stop_and_the_bonus():
    pool = world("TI", has_source=[True])
    state = mdp.reset(pool, RULES, brought([0.9, 0.9]))
    assert mdp.mask(state, pool, RULES)[0].tolist() == [0] * 6 + [1]
    state, reward, _, _ = mdp.apply(state, pool, RULES, [6], Outcome.nothing(1, 2))
    assert reward[0] == pytest.approx(0.2)
    assert state.reason[0] == mdp.SATISFIED


def test_with_a_source_nothing_is_drawn_afresh():
    pool = world("TI", has_source=[True])
    state = mdp.reset(pool, RULES, brought([0.3, 0.1]))
    assert state.initial[0] == state.best[0] == pytest.approx(0.2)
    assert mdp.mask(state, pool, RULES)[0].tolist() == [0, 0, 0, 1, 1, 1, 1]


def test_budgets():
    priced = {"price": [[0.05, 0.02]], "critic_price": [0.01]}
    pool = world("TI", **priced, budget=[0.085])
    state = mdp.reset(pool, RULES)
    assert mdp.mask(state, pool, RULES)[0, :3].all()
    # 0.06 is spent, the editor's 0.03 is more than is left
    state, reward, *_ = mdp.apply(state, pool, RULES, [2], brought([0.9, 0.1]))
    assert reward[0] == pytest.approx(0.5 - 0.005 - 0.06)
    assert state.done[0]
    assert state.reason[0] == mdp.BUDGET
    last_cent = world("TI", **priced, budget=[0.09])
    state, *_ = mdp.apply(mdp.reset(last_cent, RULES), last_cent, RULES, [2], brought([0.9, 0.1]))
    assert mdp.mask(state, last_cent, RULES)[0].tolist() == [0, 0, 0, 0, 1, 0, 1]
    nothing = world("TI", price=[[0.0, 0.02]], budget=[0.0])
    assert mdp.mask(mdp.reset(nothing, RULES), nothing, RULES)[0, :3].all()
    unknown = world("TI", price=[[np.nan, 0.02]], budget=[10.0])
    assert mdp.reset(unknown, RULES).dropped.all()
    assert mdp.mask(mdp.reset(unknown._replace(budget=np.array([np.inf])), RULES), unknown, RULES).any()


def test_an_unknown_price_is_charged_like_the_dearest_known_one():
    pool = world("TI", price=[[np.nan, 0.03]])
    usd, _, charged = mdp.expected_cost(pool, RULES)
    assert np.isnan(usd[0, 0])
    assert charged[0].tolist() == pytest.approx([0.03, 0.03])
    _, reward, *_ = mdp.apply(mdp.reset(pool, RULES), pool, RULES, [2], brought([0.0, 0.0]))
    assert reward[0] == pytest.approx(-0.035)


def test_failures_of_both_kinds():
    pool = world("TI")
    state = mdp.reset(pool, RULES)
    state, reward, *_ = mdp.apply(state, pool, RULES, [0], failed(mdp.FAILED))
    assert reward[0] == pytest.approx(-0.005)
    assert state.tries[0, 0, 0] == 1
    assert state.failed[0, 0] == 1
    state, *_ = mdp.apply(state, pool, RULES, [1], failed(mdp.TRANSIENT))
    assert state.tries[0, 0, 1] == 0
    assert not state.disabled.any()
    # an answer in between starts the count anew
    state, *_ = mdp.apply(state, pool, RULES, [1], failed(mdp.FAILED))
    state, *_ = mdp.apply(state, pool, RULES, [1], failed(mdp.TRANSIENT))
    assert not state.disabled.any()
    state, *_ = mdp.apply(state, pool, RULES, [1], failed(mdp.TRANSIENT))
    assert state.disabled[0].tolist() == [True, False]
    # nobody is left who could draw
    assert state.reason[0] == mdp.DROPPED


def test_an_invalid_request_closes_the_pair_until_the_picture_changes():
    pool = world("TII")
    state, *_ = mdp.apply(mdp.reset(pool, RULES), pool, RULES, [2], brought([0.9, 0.2]))
    edit, other = 3 + 1, 6 + 1
    state, *_ = mdp.apply(state, pool, RULES, [edit], failed(mdp.INVALID))
    assert not mdp.mask(state, pool, RULES)[0, edit]
    assert state.tries[0, 1, 1] == 1
    # a picture that is discarded changes nothing
    state, *_ = mdp.apply(state, pool, RULES, [other], brought([0.1, 0.2]))
    assert not mdp.mask(state, pool, RULES)[0, edit]
    state, *_ = mdp.apply(state, pool, RULES, [other], brought([0.9, 0.3]))
    assert mdp.mask(state, pool, RULES)[0, edit]


def test_commands_are_dropped_when_no_call_is_left_that_could_change_the_picture():
    pool = world("TI")
    rules = RULES._replace(tries_per_pair=1)
    state, *_ = mdp.apply(mdp.reset(pool, rules), pool, rules, [2], brought([0.9, 0.2]))
    assert mdp.mask(state, pool, rules)[0].tolist() == [0, 0, 0, 0, 1, 0, 1]
    state, *_ = mdp.apply(state, pool, rules._replace(tries_per_pair=2), [4], failed(mdp.INVALID))
    state, *_ = mdp.apply(state, pool, rules._replace(tries_per_pair=2), [2], failed(mdp.INVALID))
    assert state.reason[0] == mdp.DROPPED


@pytest.mark.parametrize("limit", [1, 3])
def test_redraws_of_the_whole_plan_are_limited_for_each_expert(limit):
    pool, rules = world("TTI"), RULES._replace(tries_per_pair=limit)
    state = mdp.reset(pool, rules)
    for _ in range(limit):
        assert mdp.mask(state, pool, rules)[0, 2]
        state, *_ = mdp.apply(state, pool, rules, [2], brought([0.9, 0.2]))
    legal = mdp.mask(state, pool, rules)[0]
    assert not legal[2]
    assert legal[5]


def test_without_a_verdict_a_picture_is_not_kept_and_no_try_is_lost():
    pool = world("TI", critic_price=[0.01])
    unjudged = brought([0.9, 0.9])._replace(verdict=np.array([False]))
    state, reward, _, effects = mdp.apply(mdp.reset(pool, RULES), pool, RULES, [2], unjudged)
    assert not effects.accepted[0]
    assert not state.has_picture[0]
    assert not state.failed.any()
    assert reward[0] == pytest.approx(-0.015)
    ended = mdp.end(state, np.array([True]), mdp.INTERRUPTED)
    settled, added, best = mdp.settle(ended, pool, RULES, brought([0.9, 0.9]), np.ones((1, 2), bool), np.array([True]))
    assert best[0]
    assert settled.best[0] == pytest.approx(0.9)
    assert added[0] == pytest.approx(0.9 + 0.2 - 0.01)


def test_a_command_that_cannot_be_judged_is_done_by_its_first_kept_call():
    pool = world("TI")
    state, *_ = mdp.apply(mdp.reset(pool, RULES), pool, RULES, [0], brought([0.9, 0.0], alignment=0.9, judged=[1, 0]))
    assert state.satisfied[0].tolist() == [True, False]
    after, reward, done, effects = mdp.apply(
        state, pool, RULES, [4], brought([0.9, 0.0], alignment=0.9, judged=[True, False])
    )
    assert done[0]
    # the same Φ, but one command more is done: this picture is returned
    assert effects.new_best[0]
    assert reward[0] == pytest.approx(-0.005 + 0.2)
    assert after.best_satisfied.all()


def test_on_equal_alignment_the_earlier_picture_stays_the_best():
    pool = world("TI")
    state, *_ = mdp.apply(mdp.reset(pool, RULES), pool, RULES, [2], brought([0.9, 0.1]))
    _, _, _, effects = mdp.apply(state, pool, RULES, [4], brought([0.9, 0.1]))
    assert effects.accepted[0]
    assert not effects.new_best[0]


def test_an_illegal_action_calls_nobody():
    pool = world("TI")
    state = mdp.reset(pool, RULES)
    for action in (3, 6, 99, -1):
        after, reward, done, effects = mdp.apply(state, pool, RULES, [action], brought([1.0, 1.0]))
        assert effects.illegal[0]
        assert not effects.accepted[0]
        assert reward[0] == pytest.approx(-0.055)
        assert after.step[0] == 1
        assert not done[0]


def test_max_steps_and_stop():
    pool = world("TI")
    rules = RULES._replace(max_steps=1)
    state, _, _, _ = mdp.apply(mdp.reset(pool, rules), pool, rules, [2], brought([0.9, 0.1]))
    assert state.reason[0] == mdp.MAX_STEPS
    state, *_ = mdp.apply(mdp.reset(pool, RULES), pool, RULES, [2], brought([0.9, 0.1]))
    state, reward, *_ = mdp.apply(state, pool, RULES, [6], Outcome.nothing(1, 2))
    assert state.reason[0] == mdp.STOPPED
    assert reward[0] == 0


def test_dropped_commands_stay_out_of_redraws_but_in_the_alignment():
    pool = world("TTI", 2)
    rules = RULES._replace(tries_per_command=1)
    state, *_ = mdp.apply(mdp.reset(pool, rules), pool, rules, [2], brought([0.2, 0.9]))
    assert state.reason[0] == mdp.DROPPED
    state = mdp.reset(pool, rules)._replace(dropped=np.array([[True, False]]))
    assert mdp.targets(state, pool, rules, [2]).carried[0].tolist() == [False, True]


class TestPaper:
    rules = Rules.paper()

    def test_an_action_is_an_expert_on_the_first_pending_command(self):
        pool = world("TI")
        assert mdp.action_count(2, 2, self.rules) == 2
        state = mdp.reset(pool, self.rules)
        assert mdp.mask(state, pool, self.rules).tolist() == [[True, True]]
        whole = mdp.targets(state, pool, self.rules, [0])
        assert whole.carried[0].all()
        assert whole.tried[0].tolist() == [True, False]
        # an edit of nothing is a failed try, and calls nobody
        state, reward, _, effects = mdp.apply(state, pool, self.rules, [1], brought([1.0, 1.0]))
        assert effects.illegal[0]
        assert reward[0] == pytest.approx(-0.05)
        assert state.failed[0].tolist() == [1, 0]
        state, *_ = mdp.apply(state, pool, self.rules, [0], brought([0.9, 0.1]))
        assert mdp.targets(state, pool, self.rules, [1]).carried[0].tolist() == [False, True]

    def test_regressions_are_kept_and_the_best_is_returned(self):
        pool = world("TI")
        state, *_ = mdp.apply(mdp.reset(pool, self.rules), pool, self.rules, [0], brought([0.9, 0.4]))
        state, *_ = mdp.apply(state, pool, self.rules, [1], brought([0.1, 0.2]))
        assert state.alignment[0] == pytest.approx(0.15)
        assert state.best[0] == pytest.approx(0.65)

    def test_a_command_is_dropped_after_three_tries_and_six_steps_are_all(self):
        pool = world("TI", 3)
        state = mdp.reset(pool, self.rules)
        dropped = []
        while not state.done[0]:
            state, *_ = mdp.apply(state, pool, self.rules, [0], brought([0.1, 0.1, 0.1]))
            dropped.append(int(state.dropped.sum()))
        assert dropped == [0, 0, 1, 1, 1, 2]
        assert state.reason[0] == mdp.MAX_STEPS


def test_decode():
    assert mdp.decode(5, 2, 2, RULES) == (1, 2, False)
    assert mdp.decode(6, 2, 2, RULES) == (-1, -1, True)
    assert mdp.decode(1, 2, 2, Rules.paper()) == (1, -1, False)


def test_rows_can_be_replaced():
    rng = np.random.default_rng(3)
    pool = random_pool(rng)
    part = random_pool(rng, batch=1)
    both = put_rows(pool, np.array([1]), part)
    assert np.array_equal(both.t2i[1], part.t2i[0])
    assert np.array_equal(both.t2i[[0, 2]], pool.t2i[[0, 2]])


@pytest.mark.parametrize(
    "change", [{"step_cost": -1.0}, {"max_steps": 0}, {"pass_probability": 0.0}, {"budget_usd": float("inf")}]
)
def test_rules_out_of_range_are_refused(change):
    with pytest.raises(InputError, match=next(iter(change))):
        Rules(**change).checked()
