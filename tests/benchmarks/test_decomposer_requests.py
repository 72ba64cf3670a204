from __future__ import annotations

from benchmarks.decomposer_requests import HEADS, line, scores
from poser.decompose.data import studio_rows
from poser.decompose.plans import atoms_of
from poser.experts.types import Plan
from poser.extract.grammar import GrammarExtractor


def test_a_line_has_an_entry_for_every_column():
    assert len(line("tiny", "train", 12)) == len(HEADS)


def test_scores_are_one_where_the_grammar_is_right_and_less_where_it_is_not():
    rows = list(studio_rows(60, seed=0, level="tiny"))
    found = scores(rows)
    for row, score in zip(rows, found["atom"], strict=True):
        plan = Plan.model_validate_json(row["plan"])
        read = GrammarExtractor().extract(plan.prompt, plan.source)
        assert (score == 1) == (set(atoms_of(read)) == set(row["atoms"])), plan.prompt
    assert 0.5 < found["mean"].mean() < 1
