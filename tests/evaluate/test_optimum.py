from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from poser.envs.rules import Rules
from poser.envs.twin import Twin
from poser.envs.twin_pools import RandomPools
from poser.evaluate.optimum import Repeated, solve
from poser.evaluate.playing import play
from poser.experts.errors import InputError
from poser.policies.baselines import BASELINES

CLEAR = RandomPools(
    experts=3,
    commands=3,
    experts_range=(3, 3),
    commands_range=(2, 3),
    sources=0.3,
    latent=False,
    critic_error=0.0,
    partial=0.0,
    calls=None,
)
RULES = Rules(max_steps=5, tries_per_pair=None)


@pytest.mark.parametrize(
    ("row", "rules"),
    [
        *((row, RULES) for row in range(8)),
        (0, Rules(max_steps=3)),
        (1, Rules(max_steps=4, tries_per_pair=1, tries_per_command=2)),
        (2, Rules(max_steps=4, tries_per_pair=None, budget_usd=0.1)),
        (3, Rules(max_steps=4, tries_per_pair=None, keep_regressions=True, transient_limit=1)),
    ],
)
def test_the_optimum_is_what_its_policy_earns_and_nobody_earns_more(row: int, rules: Rules) -> None:
    source = Repeated(CLEAR.draw(np.random.default_rng(0), 8), row)
    if rules.budget_usd is not None:
        source.episode.pool.budget[:] = rules.budget_usd
    best = solve(source, rules)
    earned = play(best.policy.act, source, 2000, rules=rules, seed=1).reward
    # four standard errors, and a little for a reward that never varies
    error = 4.0 * earned.std() / np.sqrt(len(earned)) + 1e-6
    assert best.value == pytest.approx(earned.mean(), abs=error)
    for make in BASELINES.values():
        rival = play(make(np.random.default_rng(0)).act, source, 500, rules=rules, seed=2).reward
        assert rival.mean() <= best.value + 4.0 * rival.std() / np.sqrt(len(rival)) + 1e-6


def test_one_certain_call_is_worth_what_it_costs() -> None:
    episodes = CLEAR.draw(np.random.default_rng(0), 1)
    truth, pool = episodes.truth, episodes.pool
    ones = np.zeros_like(truth.success)
    ones[0, 0] = 1.0
    never = np.zeros_like(truth.failed)
    served = np.ones_like(pool.supported)
    source = Repeated(
        episodes._replace(
            truth=truth._replace(success=ones, failed=never, transient=never),
            pool=pool._replace(
                supported=served,
                command=np.ones((1, 3), bool),
                has_source=np.zeros(1, bool),
                price=np.full((1, 3), 0.1),
                critic_price=np.zeros(1),
                usd_cost=np.ones(1),
            ),
        )
    )
    best = solve(source, RULES)
    assert best.value == pytest.approx(1.0 + RULES.completion_bonus - RULES.step_cost - 0.1)
    turn = Twin(source, 2, rules=RULES).reset()
    assert best.policy.act(turn) == [3, 3]


def test_calls_that_hit_nothing_may_fail() -> None:
    episodes = CLEAR.draw(np.random.default_rng(0), 8)
    # a fresh picture that shows nothing takes a step all the same, but an edit may break something, a failure may not
    giving_up = episodes.truth._replace(
        gives_up=np.full_like(episodes.truth.gives_up, 0.9),
        success=episodes.truth.success * 0.6,
        damage=np.where(episodes.pool.t2i[:, :, None, None], 0.0, 0.9) * np.ones_like(episodes.truth.damage),
    )
    rules = Rules(max_steps=5, tries_per_pair=None, keep_regressions=True)
    differ = 0
    for row in range(4):
        source = Repeated(episodes._replace(truth=giving_up), row)
        best = solve(source, rules)
        earned = play(best.policy.act, source, 4000, rules=rules, seed=1).reward
        assert best.value == pytest.approx(earned.mean(), abs=4.0 * earned.std() / np.sqrt(len(earned)) + 1e-6)
        never = giving_up._replace(gives_up=np.zeros_like(giving_up.gives_up))
        differ += abs(best.value - solve(Repeated(episodes._replace(truth=never), row), rules).value) > 0.01
    assert differ


def test_states_without_end_are_refused() -> None:
    rng = np.random.default_rng(0)
    noisy = RandomPools(experts=3, commands=3, experts_range=(3, 3), commands_range=(2, 3)).draw(rng, 20)
    row = int(np.flatnonzero(noisy.truth.partial)[0])
    with pytest.raises(InputError, match="critic_error=0"):
        solve(Repeated(noisy, row), RULES)
    clear = Repeated(CLEAR.draw(rng, 1))
    with pytest.raises(InputError, match="first_pending"):
        solve(clear, Rules.paper())
    with pytest.raises(InputError, match="2 are allowed"):
        solve(clear, RULES, most=2)


def test_a_state_of_another_episode_is_refused() -> None:
    best = solve(Repeated(replace(CLEAR, sources=0.0).draw(np.random.default_rng(0), 1)), RULES)
    turn = Twin(replace(CLEAR, sources=1.0), 4).reset()
    with pytest.raises(InputError, match="solve this one"):
        best.policy.act(turn)
