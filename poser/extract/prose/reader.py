"""Prose, clause by clause, into a scene: who is there, what it is like, what stands in which relation to what."""

from __future__ import annotations

from poser.experts.words import BACKGROUND_WORDS, COLOR_WORDS
from poser.extract.prose.cast import Cast
from poser.extract.prose.phrases import Phrase, phrase_at
from poser.extract.prose.scene import Entity, Scene
from poser.extract.prose.tagging import Word, tagged
from poser.extract.prose.verbs import ABSTRACT_VERBS, JOINING, RELATING, UNREMARKABLE, ing_form
from poser.extract.prose.word_lists import MATERIALS, is_adjective, kind_of
from poser.extract.tokens import sentences

_PICTURES = frozenset(
    "image picture photo photograph photography painting illustration drawing sketch artwork rendering render portrait "
    "scene composition depiction portrayal poster cover print mural collage animation cartoon view snapshot still shot "
    "close-up mosaic watercolor graphic display setting".split()
)
_PRAISE = frozenset(
    "vibrant captivating breathtaking picturesque striking exquisite stunning beautiful depicted creative imaginative "
    "detailed intricate rendered single large small whimsical".split()
)
_SCENES = frozenset("scene setting view display composition depiction portrayal atmosphere".split())
_MAKES = frozenset("make craft construct build fashion form carve compose".split())
_COMPARES = frozenset("like as".split())
_INTO_RELATION = {"fill": "in", "pack": "in", "surround": "surrounded by", "flank": "flanked by", "top": "below",
                  "crown": "below"}  # fmt: skip


def read_prose(prompt: str) -> Scene:
    """What a description says."""
    cast = Cast(Scene())
    for sentence in sentences(prompt):
        _Clauses(cast, tagged(sentence)).read()
    return cast.scene


class _Clauses:
    """Reads one sentence from left to right.

    The clause's subject is what its verb is said of; the anchor is what a preposition is said of, the nearest thing or
    the subject; `relation` waits for the phrase that follows.
    """

    def __init__(self, cast: Cast, words: list[Word]) -> None:
        self.cast, self.words = cast, words
        self.subject: list[Entity] = []
        self.nearest: list[Entity] = []
        self.anchor: list[Entity] = []
        self.relation = ""
        self.role = "subject"
        self.waiting: list[tuple[str, Entity]] = []
        self.place = ""
        self.verb = False
        self.vague = False

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
        self.cast.topic = self.subject or self.cast.topic

    def _tag(self, i: int) -> str:
        return self.words[i].tag if 0 <= i < len(self.words) else "end"

    def _text(self, i: int) -> str:
        return self.words[i].text if 0 <= i < len(self.words) else ""

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
                    self.relation, self.vague, self.verb = "", word.text == "as" and self._text(i + 1) in ("if", "though"), False
                    if self.vague:
                        return i + 2
            case _:
                pass
        return i + 1

    # noun phrases

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
        entity = self.cast.take(phrase, self.subject, self.relation if not joined else "")
        if before in ("prep", "to") or (joined and self.role in ("prep", "object") and not new_clause):
            self._relate(entity)
        elif self.role == "verb" and not joined:
            self.role = "object"
            self._relate(entity)
        elif joined and self.role == "subject" and not self.verb and self.subject and self._text(i - 1) == "and":
            self.subject = [*self.subject, entity]
        elif not joined or new_clause or self.role == "subject":
            self._begin(entity)
        if self._text(i - 1) == "of" and phrase.determiner in ("the", "a", "an") and len(self.nearest) == 1:
            self.cast.part(self.nearest[0], entity)
            return  # "the edge of the table stands …": what follows is said of the edge
        self.nearest = [entity]

    def _begin(self, entity: Entity) -> None:
        """The thing is what the next verb is said of."""
        for relation, target in self.waiting:
            self.cast.relate(relation, entity, target)
        if self.place:
            self.cast.place(self.place, entity)
        self.waiting, self.place = [], ""
        self.subject, self.role, self.relation, self.verb = [entity], "subject", "", False

    def _relate(self, entity: Entity) -> None:
        if not self.relation or self.relation == "with":
            return
        if not self.anchor:
            self.waiting.append((self.relation, entity))
            return
        for anchor in self.anchor:
            if anchor is not entity:
                self.cast.relate(self.relation, anchor, entity)

    def _abstract(self, phrase: Phrase, i: int) -> None:
        """A noun that names nothing by itself may still tell of the thing it is said of: "with a glossy finish"."""
        head = phrase.noun.rsplit(" ", 1)[-1]
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
        elif self._text(phrase.end) == "of" and phrase.determiner not in ("the",):
            self.vague = head in ("sense", "feeling", "feel", "touch", "hint", "essence", "air", "reminder")
        self.nearest = [] if head not in _TELLING else list(about)

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

    # the picture as a whole

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
        elif self._text(phrase.end) == "of":
            self.relation, self.anchor, self.role = "in front of", list(self.anchor or self.subject), "prep"
        elif told:
            self.cast.scene.others.append(" ".join([*told, phrase.noun]))

    # verbs and prepositions

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
        if follows == "adj" and word.tag == "verb" and word.base in ("appear", "seem", "look", "remain", "stand", "grow"):
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
            if base == "dress" or (base == "clothe"):
                self.relation = "wearing"
            elif text == "in" and base not in ("cover", "clothe", "adorn", "drape", "wrap", "bathe", "coat"):
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
            elif not (tag in ("adv", "det") or text in (",", "and", "yet", "but")):
                return i
            elif text in (",", "and", "yet", "but") and self._tag(i + 1) not in ("adj", "adv"):
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
        self.anchor = [] if start else self.subject if before in ("mark", "adv", "conj") else self.nearest or self.subject
        if before in ("mark", "conj") and not self.verb and not self.subject:
            self.anchor = self.nearest

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
            self.subject, self.nearest = list(meant), list(meant)
            self.role, self.verb = "subject", False

    def _state(self, about: list[Entity], words: str) -> None:
        self._tell(about, "state", words)

    def _tell(self, about: list[Entity], kind: str, value: str) -> None:
        for entity in about:
            self.cast.describe(entity, [(kind, value)])

    def _tell_all(self, about: list[Entity], told: list[tuple[str, str]]) -> None:
        for entity in about:
            self.cast.describe(entity, told)


_HUES = frozenset("hue tone shade color colour palette combination blend mix spectrum gradient swirl".split())
_TELLING = frozenset("finish texture color colour hue tone shade shape form pattern design surface coat appearance".split())
_FROM = frozenset("hang emerge suspend dangle drip rise sprout peek grow drop fall pour droop".split())
_POSTURES = frozenset("sit lie curl crouch kneel squat sleep nap swim fly run walk dance leap jump float hover swing sway "
                      "balance lean hang graze climb skate surf sail gallop soar drift swirl spin".split())


def _ing(word: Word) -> str:
    """The -ing form of a verb, as relations and states say it."""
    return word.text if word.tag == "ing" else ing_form(word.base)
