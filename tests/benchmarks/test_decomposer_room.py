"""What GRPO can learn from, on a model that says nothing or the answer to one request."""

import pytest

from benchmarks.decomposer_room import DRAWN, KINDS, REWARDS, room
from poser.decompose.arguments import make_arguments


def test_as_many_answers_are_drawn_as_in_training_by_the_rewards_of_training():
    given = make_arguments({"preset": "tiny"})
    assert given.grpo["num_generations"] == DRAWN
    assert "temperature" not in {**given.trl, **given.grpo}  # TRL's is 1
    assert given.rewards == dict.fromkeys(REWARDS, 1.0)


@pytest.mark.heavy
def test_the_best_of_drawn_answers_counts_and_like_ones_are_told(tmp_path):
    from benchmarks.decomposer_runs import held_rows
    from poser.decompose.prompting import answer
    from tests.decompose.wavering import save

    said = answer(held_rows("validation", 1)[0])
    found = room(save(tmp_path / "tiny", "no", said), 4, seed=0)
    assert set(found) == set(KINDS)
    first = {name: column[0] for name, column in found["validation"].items()}
    assert first["greedy"] == 0.0
    assert first["best"] == 1.0
    # a share of the eight
    assert first["drawn"] * DRAWN == pytest.approx(round(first["drawn"] * DRAWN))
    assert 0 < first["drawn"] < 1
    assert first["alike"] == 0.0
    sure = room(save(tmp_path / "sure", said, said), 2, seed=0)
    assert sure["validation"]["alike"] == [1.0, 1.0]
    assert sure["validation"]["best"] == sure["validation"]["greedy"]
