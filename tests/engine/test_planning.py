"""Plans under a budget, from Python: who is asked, and who reads instead."""

from __future__ import annotations

import pytest

from poser import engine
from poser.critics.testing import ScriptedCritic
from poser.experts.testing import FakeExpert
from poser.experts.types import Plan, Usage
from poser.extract.base import Extraction, Extractor
from poser.extract.grammar import GrammarExtractor


class Reader(Extractor):
    """Reads as the grammar does, for money."""

    name = "reader"

    def __init__(self) -> None:
        self.asked = 0

    def extract(self, prompt, source=None) -> Plan:
        return self.extraction(prompt, source).plan

    def extraction(self, prompt, source=None) -> Extraction:
        self.asked += 1
        return Extraction(GrammarExtractor().extract(prompt, source), Usage(usd=0.2))


class PricedReader(Reader):
    def expected_usd(self, prompt):
        return 0.2


@pytest.mark.parametrize(
    ("reader", "budget", "asked"),
    [(PricedReader, 0.0, 0), (PricedReader, 0.1, 0), (PricedReader, 0.2, 1), (PricedReader, None, 1), (Reader, 9.0, 0)],
)
def test_an_extractor_is_asked_only_within_the_budget(reader, budget, asked):
    common = {"experts": [FakeExpert()], "critic": ScriptedCritic(), "size": (256, 256), "budget": budget}
    single, together, several = reader(), reader(), reader()
    result = engine.generate("a red car", extractor=single, **common)
    list(engine.generate_many(["a red car"], extractor=together, **common))
    # the budget is for all pictures, and so is the plan
    engine.generate("a red car", extractor=several, n=2, **common)
    assert (single.asked, together.asked, several.asked) == (asked, asked, asked)
    assert any("the grammar has read the prompt: " in note for note in result.plan.notes) is (asked == 0)
    assert result.trace.usd == pytest.approx(0.2 * asked)
