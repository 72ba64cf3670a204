"""What verbs, prepositions and adjectives say."""

from __future__ import annotations

from poser.extract.prose.clause import Clause
from poser.extract.prose.phrases import phrase_at
from poser.extract.prose.scene import Entity
from poser.extract.prose.tagging import Word
from poser.extract.prose.verbs import ABSTRACT_VERBS, JOINING, RELATING, UNREMARKABLE, ing_form
from poser.extract.prose.word_lists import MATERIALS, kind_of
from poser.extract.words import word_set

_MAKES = word_set("make craft construct build fashion form carve compose")
_COMPARES = word_set("like as")
_FROM = word_set("hang emerge suspend dangle drip rise sprout peek grow drop fall pour droop")
_POSTURES = word_set(
    "sit lie curl crouch kneel squat sleep nap swim fly run walk dance leap jump float hover swing sway "
    "balance lean hang graze climb skate surf sail gallop soar drift swirl spin"
)
_INTO_RELATION = {"fill": "~in", "pack": "~in", "top": "~above", "crown": "~above"}
"""Base of a participle before "with" -> relation; "~": of the other one, since broth is in what is filled with it."""


class Predicates(Clause):
    """Reads what is said of things."""

    def _verb(self, i: int) -> int:
        word = self.words[i]
        end = i + 1
        while self._tag(end) == "adv":
            end += 1
        about = self._said_of(i)
        if word.tag == "verb":
            self.verb = True
        follows = self._tag(end)
        if word.base in ABSTRACT_VERBS and follows not in ("prep", "end", "mark") and word.tag != "ed":
            self.vague, self.relation = True, ""
            return end
        if follows == "prep" and self._text(end) not in ("of", "about", "during"):
            return self._verb_with(i, end, about)
        if word.base in _MAKES and self._text(end) in ("of", "from", "out"):
            return self._made_of(end, about)
        self.anchor = about
        if word.base in RELATING and follows not in ("mark", "end", "conj") and word.tag != "ed":
            self.relation, self.role = _ing(word), "verb"
        else:
            self.relation, self.role = "", "verb"
            if word.base not in UNREMARKABLE and follows in ("mark", "end", "conj", "canvas"):
                self._state(about, word.text if word.tag != "verb" else _ing(word))
        if (
            follows == "adj"
            and word.tag == "verb"
            and word.base in ("appear", "seem", "look", "remain", "stand", "grow")
        ):
            return self._predicate(end, about)
        return end

    def _said_of(self, i: int) -> list[Entity]:
        """What the verb at i is said of."""
        word, before = self.words[i], self._tag(i - 1)
        if word.tag == "verb" or before in ("be", "aux", "adv"):
            return self.subject or self.nearest
        if before == "mark" or self._text(i - 1) == "and":
            return self.subject or self.nearest
        return self.nearest or self.subject

    def _verb_with(self, i: int, at: int, about: list[Entity]) -> int:
        """A verb and the preposition at `at`: "sits on", "adorned with", "made of"."""
        word, preposition = self.words[i], self.words[at]
        if word.base in _MAKES and preposition.text in ("from", "with", "in") and word.tag == "ed":
            return self._made_of(at, about)
        self.anchor, self.role = about, "prep"
        base, text = word.base, preposition.text
        if word.tag == "ed" and text in ("with", "in", "by") and base not in UNREMARKABLE:
            if base in ("dress", "clothe") or (base == "adorn" and text == "in"):
                self.relation = "wearing"
            elif text == "in" and base not in JOINING:
                self.relation = "in"
                self._state(about, word.text)
            elif base in JOINING:
                self.relation = _INTO_RELATION.get(base, f"{word.text} {text}")
            else:
                self.relation = ""
                if base in ABSTRACT_VERBS or base == "inspire":
                    self.vague = True
            return at + 1
        self.relation = preposition.base or (f"{_ing(word)} from" if text == "from" and base in _FROM else "")
        if base not in UNREMARKABLE and (not self.relation or base in _POSTURES):
            self._state(about, word.text if word.tag != "verb" else _ing(word))
        return at + 1

    def _made_of(self, at: int, about: list[Entity]) -> int:
        """Materials from the word after `at` on."""
        i = at + 1
        while self._tag(i) in ("adv", "det", "adj", "noun", "ed", "conj") or self._text(i) == ",":
            word = self.words[i]
            if word.text in MATERIALS:
                self._tell(about, "material", word.text)
            elif word.tag in ("adj", "ed") and kind_of(word.text) in ("color", "texture"):
                self._tell(about, kind_of(word.text), word.text)
            elif word.tag == "noun":
                self._tell(about, "material", word.text)
                return i + 1
            elif word.text == ",":
                return i
            i += 1
        return i

    def _copula(self, i: int) -> int:
        self.verb, self.role, self.relation = True, "copula", ""
        self.anchor = self.subject
        end = i + 1
        while self._tag(end) == "adv":
            end += 1
        if self._tag(end) == "adj" or (self._tag(end) == "det" and self._tag(end + 1) == "adj"):
            phrase = phrase_at(self.words, end)
            if phrase is None:
                return self._predicate(end, self.subject)
            if not self.waiting and self._text(i - 1) != "there" and not phrase.abstract and self.subject:
                self._tell_all(self.subject, phrase.attributes)
                self.nearest = list(self.subject)
                return phrase.end
        return end

    def _predicate(self, i: int, about: list[Entity]) -> int:
        """Adjectives after "is": "glossy and black", "a deep blue"."""
        while True:
            tag, text = self._tag(i), self._text(i)
            if tag == "adj" or (tag in ("ed", "ing") and self._tag(i + 1) in ("end", "mark", "conj")):
                self._tell(about, kind_of(text) if tag == "adj" else "state", text)
            elif not (tag in ("adv", "det") or text in (",", "and", "yet", "but")) or (
                text in (",", "and", "yet", "but") and self._tag(i + 1) not in ("adj", "adv")
            ):
                return i
            i += 1

    def _loose_adjective(self, i: int) -> int:
        """An adjective after its noun: "a cat, sleek and black, sits"."""
        about = self.nearest or self.subject
        return max(self._predicate(i, about if self._tag(i - 1) in ("mark", "noun") else []), i + 1)

    def _preposition(self, i: int) -> None:
        word = self.words[i]
        before = self._tag(i - 1)
        if word.text == "of":
            self.relation = ""
            self.vague = self.vague or self._text(i - 1) in ("reminiscent", "style", "inspired")
            return
        if word.text in ("with", "without"):
            self.anchor = self.nearest or self.subject
            self.relation, self.role = word.text, "prep"
            return
        if word.text in _COMPARES or self._text(i - 1) in ("reminiscent", "akin", "similar", "style", "inspired"):
            self.vague = True
            return
        self.relation, self.role = word.base, "prep"
        start = before == "end" or (before == "adv" and i == 1)
        self.anchor = (
            [] if start else self.subject if before in ("mark", "adv", "conj") else self.nearest or self.subject
        )
        if before in ("mark", "conj") and self._inverted(i + 1):
            self.subject, self.nearest, self.anchor, self.verb = [], [], [], False
        elif before in ("mark", "conj") and not self.verb and not self.subject:
            self.anchor = self.nearest

    def _inverted(self, i: int) -> bool:
        """Whether a verb follows the phrase at i, as in "and beneath the altar sleeps a cat"."""
        phrase = phrase_at(self.words, i)
        return phrase is not None and self._tag(phrase.end) in ("verb", "be") and self._tag(i - 2) != "end"


def _ing(word: Word) -> str:
    """The -ing form of a verb, as relations and states say it."""
    return word.text if word.tag == "ing" else ing_form(word.base)
