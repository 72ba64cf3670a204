"""Descriptive prose of an open vocabulary, read by rules."""

from poser.extract.prose.extractor import OpenGrammarExtractor

__all__ = ["OpenGrammarExtractor"]
