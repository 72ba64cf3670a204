"""The page of the policies on pictures, of figures that are made up."""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks.policy_pixels_page import Pixels, Row, paired, spearman, write_page
from poser.evaluate.playing import Figures


def pixels(row: Row, episodes: tuple[int, ...]) -> Pixels:
    """A row whose figures are the numbers of its prompts."""
    values = np.array(episodes, float) * row.dial
    return Pixels(row, episodes, Figures(*[values] * len(Figures._fields)), values, values, values, 1.0, 0.0)


def test_rows_are_compared_on_the_prompts_that_all_of_them_have():
    one, other = paired([pixels(Row("greedy"), (0, 1, 2, 4)), pixels(Row("learned", 2.0), (4, 2, 1, 3))])
    assert one.episodes == other.episodes == (1, 2, 4)
    assert one.figures.quality.tolist() == one.done_critic.tolist() == [1, 2, 4]
    assert other.figures.quality.tolist() == other.facts_judge.tolist() == [2, 4, 8]


@pytest.mark.parametrize(("other", "expected"), [([1, 2, 4], 1.0), ([4, 2, 1], -1.0), ([1, 1, 1], None)])
def test_the_order_of_policies(other, expected):
    rho = spearman([0.1, 0.2, 0.9], other)
    assert np.isnan(rho) if expected is None else rho == pytest.approx(expected)
    assert np.isnan(spearman([1, 2], [1, 2]))


def test_the_page_says_who_is_missing_and_what_the_columns_are(tmp_path):
    rows = paired([pixels(row, (0, 1, 2)) for row in (Row("greedy"), Row("learned", 0.5), Row("best-of", 3.0))])
    twins = {row.row.name: row.figures for row in rows}
    write_page(rows, twins, folder=tmp_path, about="About.", missing=("paper",), seed=0, seconds=1.0)
    page = (tmp_path / "policy-pixels.md").read_text()
    assert "Not played, since there is no bundle of it: paper." in page
    assert "is a wrong choice if" in page
    assert page.count("| best of 3 |") == 3
    data = json.loads((tmp_path / "policy-pixels.json").read_text())
    assert data["pictures"]["learned, thrift 0.5"]["quality"] == 0.5
    assert data["spearman"]["return"] == pytest.approx(1.0)
    assert (tmp_path / "policy-pixels.png").is_file()
