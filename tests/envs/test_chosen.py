from __future__ import annotations

import numpy as np
import pytest

from poser.envs import mdp
from poser.envs.chosen import WHOLE, chosen
from poser.envs.driver import Driver, Task
from poser.envs.rehearsal import rehearsal_critic, rehearsal_experts
from poser.envs.rules import Rules
from tests.envs.worlds import plan_of


@pytest.mark.parametrize("rules", [Rules(), Rules.paper()], ids=["default", "paper"])
def test_it_says_what_the_mdp_does(rules):
    tasks = [Task(plan=plan_of(count), width=64, height=64, seed=count) for count in (1, 2, 3)]
    driver, rng = Driver(rehearsal_experts(), rehearsal_critic(), rules=rules), np.random.default_rng(0)
    turn, plans = driver.reset(tasks), [task.plan for task in tasks]
    seen = set()
    while not turn.done.all():
        actions = np.where(turn.mask > 0, rng.random(turn.mask.shape), -1).argmax(axis=1)
        made, choice = chosen(turn, actions, plans), mdp.targets(turn.state, turn.pool, turn.rules, actions)
        for row in np.flatnonzero(~turn.done):
            assert made.stop[row] == choice.stop[row]
            if not made.stop[row]:
                assert made.expert[row] == choice.expert[row]
                assert made.t2i[row] == choice.fresh[row]
                assert made.merged[row] == (choice.target[row] == 3)
            assert made.skill[row] == ("" if made.stop[row] else WHOLE if made.merged[row] else "add")
            seen.add(made.skill[row])
        turn = driver.step(np.where(turn.done, -1, actions).tolist())
    assert seen >= {WHOLE, "add"}
    assert chosen(turn, actions).skill == ()
