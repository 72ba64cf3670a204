from __future__ import annotations

import numpy as np

from poser.envs.observation import ObservationLayout, encode
from poser.envs.rules import Rules
from poser.envs.twin import Twin
from poser.envs.twin_pools import RandomPools
from poser.policies.network import GROUPS, RECORD_FEATURES


def test_the_features_of_the_track_record_are_all_that_change_with_it() -> None:
    twin = Twin(RandomPools(experts=5, commands=4, experts_range=(2, 5), commands_range=(2, 4)), 200, rules=Rules())
    turn = twin.reset()
    rng, changed = np.random.default_rng(0), set[str]()
    for _ in range(4):
        pool = turn.pool
        other = pool._replace(
            success=rng.permutation(pool.success),
            confidence=rng.permutation(pool.confidence),
            damage=rng.permutation(pool.damage),
            retry=rng.uniform(0.1, 0.9, len(pool.retry)),
        )
        layout = ObservationLayout.of(5, 4, Rules())
        one, two = (layout.split(encode(turn.state, each, Rules())) for each in (pool, other))
        for group, names in GROUPS.items():
            differ = np.not_equal(getattr(one, group), getattr(two, group)).reshape(-1, len(names)).any(axis=0)
            changed |= {f"{group}.{name}" for name, found in zip(names, differ, strict=True) if found}
        turn = twin.step([int(rng.choice(np.flatnonzero(mask))) for mask in turn.mask])
    assert changed == set(RECORD_FEATURES)
