"""From words to a plan: `GrammarExtractor` reads English by rules, without a model or a network."""

from poser.extract.base import Extractor
from poser.extract.grammar import GrammarExtractor

__all__ = ["Extractor", "GrammarExtractor"]
