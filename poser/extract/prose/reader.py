"""Prose, clause by clause, into a scene: who is there, what it is like, what stands in which relation to what."""

from __future__ import annotations

from poser.extract.prose.cast import Cast
from poser.extract.prose.naming import Naming
from poser.extract.prose.phrases import phrase_at
from poser.extract.prose.scene import Scene
from poser.extract.prose.tagging import Word, tagged
from poser.extract.tokens import sentences


def read_prose(prompt: str) -> Scene:
    """What a description says."""
    cast = Cast(Scene())
    for sentence in sentences(prompt):
        Reader(cast, tagged(sentence)).read()
    return cast.scene


class Reader(Naming):
    """Reads one sentence from left to right."""

    def read(self) -> None:
        """Read to the end of the sentence."""
        i, n = 0, len(self.words)
        while i < n:
            phrase = phrase_at(self.words, i)
            if phrase is not None and phrase.end > i:
                self._phrase(phrase, i)
                i = phrase.end
            else:
                i = max(self._word(i), i + 1)
        self.cast.topic = self.first or self.cast.topic

    def _word(self, i: int) -> int:
        """Take word i, which begins no noun phrase; the position after what was read."""
        word = self.words[i]
        match word.tag:
            case "verb" | "ing" | "ed":
                return self._verb(i)
            case "be":
                return self._copula(i)
            case "prep" | "to":
                self._preposition(i)
            case "canvas":
                self._at_place(word.base)
            case "pron":
                self._pronoun(word)
            case "rel":
                if self.nearest and self._tag(i - 1) != "end":
                    self.subject, self.verb = list(self.nearest), False
                self.vague = False
            case "adj":
                return self._loose_adjective(i)
            case "mark":
                self.vague, self.relation = False, ""
                if word.text != ",":
                    self.verb = False
            case "conj":
                if word.text in ("while", "whereas", "but", "as", "although", "though"):
                    self.relation, self.vague, self.verb = (
                        "",
                        word.text == "as" and self._text(i + 1) in ("if", "though"),
                        False,
                    )
                    if self.vague:
                        return i + 2
            case _:
                pass
        return i + 1

    def _at_place(self, place: str) -> None:
        if self.subject and self.verb:
            for entity in self.nearest or self.subject:
                self.cast.place(place, entity)
        elif self.nearest:
            for entity in self.nearest:
                self.cast.place(place, entity)
        else:
            self.place = place

    def _pronoun(self, word: Word) -> None:
        if word.text in ("it", "they", "he", "she", "them", "him"):
            meant = self.cast.topic if not self.subject else self.subject
            if self.role in ("prep", "verb") and self.relation:
                for entity in meant:
                    if entity not in self.anchor and self.anchor:
                        self._relate(entity)
                    elif not self.anchor:
                        self.waiting.append((self.relation, entity))
                self.relation = ""
                return
            for relation, target in self.waiting:
                for entity in meant:
                    if target.owner is not entity:
                        self.cast.relate(relation, entity, target)
            for entity in meant if self.place else []:
                self.cast.place(self.place, entity)
            self.waiting, self.place = [], ""
            self.subject, self.nearest, self.first = list(meant), list(meant), self.first or list(meant)
            self.role, self.verb, self.void = "subject", False, False
