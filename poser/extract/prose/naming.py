"""What noun phrases do in their sentence: begin a clause, fill a relation, name the picture or its backdrop."""

from __future__ import annotations

from poser.experts.words import BACKGROUND_WORDS, COLOR_WORDS
from poser.extract.prose.phrases import Phrase, phrase_at
from poser.extract.prose.predicates import Predicates
from poser.extract.prose.tagging import Word
from poser.extract.prose.word_lists import POSSESSIVES
from poser.extract.words import word_set

_PICTURES = word_set(
    "image picture photo photograph photography painting illustration drawing sketch artwork rendering "
    "render portrait scene composition depiction portrayal poster cover print mural collage animation "
    "cartoon view snapshot still shot close-up mosaic watercolor graphic display setting"
)
_PRAISE = word_set(
    "vibrant captivating breathtaking picturesque striking exquisite stunning beautiful depicted creative "
    "imaginative detailed intricate rendered single large small whimsical"
)
_SCENES = word_set("scene setting view display composition depiction portrayal atmosphere")
_HUES = word_set("hue tone shade color colour palette combination blend mix spectrum gradient swirl")
_TELLING = word_set("finish texture color colour hue tone shade shape form pattern design surface coat appearance")


class Naming(Predicates):
    """Reads noun phrases."""

    def _phrase(self, phrase: Phrase, i: int) -> None:
        head = phrase.noun.rsplit(" ", 1)[-1]
        if phrase.determiner in ("no", "neither") or (self.relation == "without"):
            if not phrase.abstract and not self.vague:
                self.cast.exclude(phrase)
            return
        if head in _PICTURES and self._picture(phrase, i):
            return
        if head in ("background", "backdrop"):
            self._backdrop(phrase, i)
            return
        if phrase.noun in COLOR_WORDS and self._text(i - 1) in ("of", "and", ",") and not phrase.determiner:
            return  # "hues of orange"
        before = self._tag(i - 1)
        joined = self._text(i - 1) == "and" or (before == "mark" and self._text(i - 1) == ",")
        new_clause = self._verb_follows(phrase.end)
        if self.vague:
            self.nearest = self.cast.recall(phrase)
            return
        if phrase.abstract:
            self._abstract(phrase, i)
            return
        if new_clause and joined and self.role == "prep" and self.subject and not self.verb and before != "mark":
            new_clause = False  # "a man with dark hair and brown eyes stands": he stands, not his eyes
        entity = self.cast.take(phrase, self.subject, self.relation)
        if before in ("prep", "to") or (joined and self.role in ("prep", "object") and not new_clause):
            self._relate(entity)
        elif self.role in ("verb", "copula") and self.waiting and not self.subject and not joined:
            self._begin(entity)
            self.verb = True  # "on the table stands a cup"
        elif self.role == "verb" and not joined:
            self.role = "object"
            self._relate(entity)
        elif joined and self.role == "subject" and not self.verb and self.subject and self._text(i - 1) == "and":
            self.subject = [*self.subject, entity]
        elif self._text(i - 1) == "," and phrase.determiner in POSSESSIVES and not new_clause and self.subject:
            self.relation = ""  # "a cat, its tail raised, sits": the cat sits
        elif not joined or new_clause or self.role == "subject":
            self._begin(entity)
        if self._text(i - 1) == "of" and phrase.determiner in ("the", "a", "an") and len(self.nearest) == 1:
            self.cast.part(self.nearest[0], entity)
            return  # "the edge of the table stands …": what follows is said of the edge
        self.nearest = [entity]

    def _abstract(self, phrase: Phrase, i: int) -> None:
        """A noun that names nothing by itself may still tell of the thing it is said of: "with a glossy finish"."""
        head, before = phrase.noun.rsplit(" ", 1)[-1], self._tag(i - 1)
        about = self.anchor if self._tag(i - 1) in ("prep", "to") else self.subject
        if phrase.determiner in ("its", "their", "his", "her"):
            about = self.subject or self.cast.topic
        if phrase.owner is not None:
            about = self.cast.recall(phrase.owner)
        told = [(kind, value) for kind, value in phrase.attributes if kind in ("color", "texture", "material", "shape")]
        if head in _HUES and self._text(phrase.end) == "of":
            told += [("color", word.text) for word in self._listed(phrase.end + 1) if word.text in COLOR_WORDS]
        if head in _TELLING and about and (self.relation in ("with", "in") or phrase.determiner in ("its", "their")):
            for entity in about:
                self.cast.describe(entity, told)
        elif self._text(phrase.end) == "of" and phrase.determiner != "the":
            self.vague = head in ("sense", "feeling", "feel", "touch", "hint", "essence", "air", "reminder")
        self.nearest = [] if head not in _TELLING else list(about)
        if before in ("end", "mark", "conj") and self._verb_follows(phrase.end):
            # what such a subject does is done by what it is said of, or by nothing to be seen
            self.subject, self.role, self.relation, self.verb = list(self.nearest), "subject", "", False
            self.void = not self.subject

    def _listed(self, i: int) -> list[Word]:
        """Words from i on that may be a list of colours."""
        found = []
        while self._tag(i) in ("adj", "noun", "adv") or self._text(i) in (",", "and"):
            found.append(self.words[i])
            i += 1
        return found

    def _verb_follows(self, i: int) -> bool:
        """Whether a finite verb follows at i, so that the phrase before it is a subject."""
        for _ in range(3):
            while self._tag(i) == "adv":
                i += 1
            inner = phrase_at(self.words, i + 1) if self._text(i) in ("of", "on", "in", "with", "at") else None
            if inner is None:
                break
            i = inner.end
        return self._tag(i) in ("verb", "be", "aux")

    def _picture(self, phrase: Phrase, i: int) -> bool:
        """A phrase that names the picture; its adjectives are its style."""
        head = phrase.noun.rsplit(" ", 1)[-1]
        opening = i == 0 or (self._text(0) in ("in", "this") and i == 1) or phrase.determiner == "the"
        if not opening or phrase.owner is not None or self._text(i - 1) in ("a", "on"):
            return False
        kinds = [value for kind, value in phrase.attributes if kind != "type" or head not in _SCENES]
        kinds = [value for value in kinds if value not in _PRAISE]
        words = " ".join([*kinds, phrase.noun])
        if head in _SCENES:
            if kinds and i < 3:
                self.cast.scene.others.append(words)
        elif phrase.determiner != "the" or kinds:
            style = " ".join(words.split()[:-1]) if head in ("image", "picture", "cover", "view", "shot") else words
            self.cast.scene.styles += [style] if style else []
        self.nearest, self.subject, self.relation, self.role = [], [], "", "subject"
        return True

    def _backdrop(self, phrase: Phrase, i: int) -> None:
        told = [value for _, value in phrase.attributes]
        known = [value for value in told if value in BACKGROUND_WORDS]
        if known:
            self.cast.scene.backgrounds.append(known[0])
        elif told:
            self.cast.scene.others.append(" ".join([*told, phrase.noun]))
