"""How many: numbers in words and digits, pairs and dozens, "at least", "several"."""

from __future__ import annotations

from typing import NamedTuple

from poser.extract.tokens import Sentence
from poser.extract.vocabulary import amounts, bounds
from poser.extract.words import NUMBERS

MOST = 999


class Amount(NamedTuple):
    """A number of things; `at_least`: so many or more."""

    number: int
    at_least: bool = False

    def __str__(self) -> str:
        return f">={self.number}" if self.at_least else str(self.number)


def number_at(sentence: Sentence, i: int) -> tuple[int, int] | None:
    """The number at token i and its end, or None."""
    word = sentence.word(i)
    if word.isascii() and word.isdigit():
        return (int(word), i + 1) if int(word) <= MOST else None
    if word not in NUMBERS:
        return None
    value, end = NUMBERS[word], i + 1
    if value >= 20 and value % 10 == 0 and 1 <= NUMBERS.get(sentence.word(end), 0) <= 9:
        return value + NUMBERS[sentence.word(end)], end + 1
    if sentence.word(end) == "dozen":
        return value * 12, end + 1
    return value, end


def amount_at(sentence: Sentence, i: int) -> tuple[Amount, int] | None:
    """The amount at token i ("two", "at least three", "a pair of", "several") and its end, or None."""
    bound = bounds.at(sentence, i)
    if bound is not None:
        (more, at_least), end = bound
        number = number_at(sentence, end)
        if number is not None:
            return Amount(number[0] + more, at_least), number[1]
    phrase = amounts.at(sentence, i)
    number = number_at(sentence, i)
    if phrase is not None and (number is None or phrase[1] > number[1]):
        return Amount(*phrase[0]), phrase[1]
    if number is None:
        return None
    value, end = number
    if sentence.word(end) in {"or", "to"}:
        other = number_at(sentence, end + 1)
        if other is not None and other[0] > value:
            return Amount(value, True), other[1]
        if sentence.word(end + 1) == "more":
            return Amount(value, True), end + 2
    return Amount(value), end
