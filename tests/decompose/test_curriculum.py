from __future__ import annotations

import numpy as np

from poser.decompose.curriculum import ordered


def rows(count: int) -> list[dict]:
    rng = np.random.default_rng(0)
    commands = rng.integers(1, 6, count)
    return [{"request": f"{n} " + "x" * 9 * k, "actions": ["add"] * int(k)} for n, k in enumerate(commands)]


def commands(part) -> float:
    return float(np.mean([len(row["actions"]) for row in part]))


def test_every_row_comes_once_and_the_same_way_for_a_seed():
    given = rows(1001)
    order = ordered(given, 0.8, 8, 3)
    assert sorted(row["request"] for row in order) == sorted(row["request"] for row in given)
    assert order == ordered(given, 0.8, 8, 3)
    assert order != ordered(given, 0.8, 8, 4)


def test_commands_grow_in_number_and_short_requests_keep_coming():
    order = ordered(rows(8000), 0.8, 8, 0)
    start, middle, end, rest = (order[a:b] for a, b in ((0, 500), (3000, 3500), (5900, 6400), (6400, 8000)))
    assert commands(start) < 1.5 < commands(middle) < commands(end)
    assert {len(row["actions"]) for row in end} == {1, 2, 3, 4, 5}
    assert abs(commands(rest) - 3.0) < 0.15


def test_without_a_share_rows_come_by_chance_with_like_lengths_together():
    order = ordered(rows(4096), 0.0, 8, 0)
    spread = np.mean([np.ptp([len(row["request"]) for row in order[at : at + 8]]) for at in range(0, 4096, 8)])
    mixed = np.mean([np.ptp([len(row["request"]) for row in rows(4096)[at : at + 8]]) for at in range(0, 4096, 8)])
    assert spread < mixed / 4
    assert abs(commands(order[:512]) - 3.0) < 0.3
