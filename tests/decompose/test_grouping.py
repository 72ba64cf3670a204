from __future__ import annotations

import numpy as np

from poser.decompose.grouping import grouped


def rows(count: int) -> list[dict]:
    lengths = np.random.default_rng(0).integers(5, 60, count)
    return [{"request": f"{n} " + "x" * int(length)} for n, length in enumerate(lengths)]


def spread(order: list, batch: int) -> float:
    return float(np.mean([np.ptp([len(row["request"]) for row in order[at : at + batch]])
                          for at in range(0, len(order), batch)]))  # fmt: skip


def test_every_row_comes_once_and_the_same_way_for_a_seed():
    given = rows(1001)
    order = grouped(given, 8, 3)
    assert sorted(row["request"] for row in order) == sorted(row["request"] for row in given)
    assert order == grouped(given, 8, 3)
    assert order != grouped(given, 8, 4)


def test_like_lengths_come_together_and_batches_by_chance():
    given = rows(4096)
    order = grouped(given, 8, 0)
    assert spread(order, 8) < spread(given, 8) / 4
    means = [np.mean([len(row["request"]) for row in order[at : at + 512]]) for at in range(0, 4096, 512)]
    assert np.ptp(means) < 8
