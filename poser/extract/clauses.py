"""One sentence, read from left to right: which things it makes, and what it says of them."""

from __future__ import annotations

from dataclasses import replace

from poser.extract.backdrop import TIMES, whole_at
from poser.extract.changes import LEAD, shown
from poser.extract.negations import absence_at
from poser.extract.phrases import phrase_at
from poser.extract.predicates import MODALS, quality_at
from poser.extract.qualities import Qualities
from poser.extract.quantities import Phrase, number_at
from poser.extract.sketch import Fold, Item, Sign, Thing
from poser.extract.vocabulary import noun_at
from poser.extract.whole import Whole
from poser.extract.words import (
    BOUNDARY,
    CARRIERS,
    FILLER,
    INDEFINITE,
    LINKING,
    PARTS,
    POSSESSIVE,
    PRONOUNS,
    word_set,
)

_PURPOSE = {"for", "about", "because", "like", "from"}
_BEARING = word_set("hold holds holding wear wears wearing carry carries carrying ride rides riding")
_NEW_CLAUSE = {"and", "while", "with", "plus", "but", "then", "whereas"}


class Clauses(Qualities):
    """Reads one sentence into the sketch."""

    def read(self, i: int) -> None:
        """Read the sentence from token i on."""
        n = len(self.s)
        readers = (self._mark, self._quote, self._row, self._edit, self._absence, self._part, self._whole, self._spot,
                   self._cue, self._pronoun, self._quality, self._phrase, self._verb)  # fmt: skip
        while i < n:
            for reader in readers:
                end = reader(i)
                if end is not None:
                    break
            else:
                end = self._skip(i)
            i = max(end, i + 1)
        self.references.mention([item for item in self.bearer if not item.gone])
        if self.row:
            for one, other in zip(self.row, self.row[1:], strict=False):
                one.relations.append(("left of", (other,)))

    def _mark(self, i: int) -> int | None:
        mark = self.s.mark(i)
        if not mark:
            return None
        if mark in {",", ":"}:
            self.opening, self.clause = True, i + 1
            if mark == "," and self.verb:
                self.coordinated = []
            self.verb = self.verb and mark == ":"
        return i + 1

    def _quote(self, i: int) -> int | None:
        if self.s.tokens[i].kind != "quote":
            return None
        sign = self.references.sign(self.s.tokens[i].raw)
        sign.color, self.pending = sign.color or self.pending, None
        self._make([sign], joined=False)
        return i + 1

    def _row(self, i: int) -> int | None:
        if [self.s.word(i + k) for k in range(4)] != ["from", "left", "to", "right"]:
            return None
        self.row = []
        return i + 4

    def _edit(self, i: int) -> int | None:
        if not (self.opening or self.s.word(i) in _NEW_CLAUSE):
            return None
        j = i
        while self.s.word(j) in LEAD and noun_at(self.s, j) is None:
            j += 1
        end = self.editor.edit(self.s, j)
        if end is None:
            return None
        self.subject, self.waiting, self.opening, self.verb = self.references.recent[-1:], [], True, False
        return end

    def _absence(self, i: int) -> int | None:
        hit = absence_at(self.s, i)
        if hit is None:
            return None
        for noun in hit.nouns:
            gone = [thing for thing in self.sketch.live() if thing.noun == noun]
            for thing in gone if hit.withdraws else []:
                thing.gone = True
                self.sketch.folded.append(Fold(self.s.words(i, hit.end), f"{shown(thing)} removed"))
            if not gone and noun not in self.sketch.absent:
                self.sketch.absent.append(noun)
        self.opening = True
        return hit.end

    def _whole(self, i: int) -> int | None:
        whole = whole_at(self.s, i, self.opening)
        if whole is None:
            return None
        if whole.kind == "background" and whole.strength < 3 and self._drawn(i, whole.end):
            return None
        self.take_whole(whole)
        self.opening, self.fresh = False, whole.end
        return whole.end

    def _drawn(self, i: int, end: int) -> bool:
        """A relation to a thing that is drawn, which also happens to name a scene."""
        return any(thing.noun in self.s.words(i, end).lower().split() for thing in self.sketch.live())

    def take_whole(self, whole: Whole) -> None:
        """Keep what is said of the whole picture."""
        sketch = self.sketch
        if not whole.value:
            if whole.strength >= 2 and whole.words not in sketch.others:
                sketch.others.append(whole.words)
            return
        if whole.kind == "background":
            old = sketch.background
            vague = old is not None and old[0] in TIMES and whole.value not in TIMES
            if old is None or whole.strength > old[1] or (whole.strength == old[1] and vague):
                sketch.background = (whole.value, whole.strength, whole.words)
            elif old[0] != whole.value:
                sketch.note(f"{whole.words!r} is left out: the backdrop is {old[0]}.")
            return
        kept = sketch.styles if whole.kind == "style" else sketch.tones
        if whole.value not in kept:
            kept.append(whole.value)

    def _cue(self, i: int) -> int | None:
        cue = self.references.cue(self.s, i)
        if cue is None:
            return None
        end, color, size = cue
        if self.s.quoted(i):
            if self.references.draft is None or self.references.draft.text:
                self.references.draft = Sign("")
                self.sketch.signs.append(self.references.draft)
            sign = self.references.draft
        elif self.sketch.lettering():
            sign = self.sketch.lettering()[-1]
            if isinstance(self.subject[-1:], list) and self.subject and isinstance(self.subject[-1], Sign):
                sign = self.subject[-1]
        else:
            return end
        sign.color, sign.size = color or sign.color, size or sign.size
        self._make([sign], joined=False)
        return end

    def _pronoun(self, i: int) -> int | None:
        word = self.s.word(i)
        if word not in PRONOUNS or noun_at(self.s, i) is not None:
            return None
        follows = self.s.word(i + 1)
        if word == "both" and quality_at(self.s, i) is not None and self.subject:
            return None
        if not self.waiting and follows not in {"says", "reads", "say"} and phrase_at(self.s, i) is None:
            anchor, self.references.anchor = self.references.anchor, []
            which = PRONOUNS[word]
            several = which == "them" and len(self.coordinated) > 1
            refs = list(self.coordinated) if several else self.references.pronoun(which)
            self.references.anchor = anchor
            if refs:
                self.subject = self.coordinated = refs
            self.verb = self.verb or self.s.word(i - 1) == "of"
        self.opening = False
        return i + 1

    def _phrase(self, i: int) -> int | None:
        s = self.s
        p = phrase_at(s, i) or self.references.short_name(s, i)
        if p is None:
            return None
        if self._no_thing(i, p):
            self.opening = False
            return p.end
        if p.end < len(s) and s.tokens[p.end].kind == "quote" and not p.noun and (p.color or p.size):
            sign = self.references.sign(s.tokens[p.end].raw)  # "a small “NEW”"
            sign.color, sign.size = p.color or sign.color, p.size or sign.size
            self._make([sign], s.word(i - 1) == "and")
            return p.end + 1
        p = self._elliptic(p)
        items: list[Item] = [*self.references.take(p, self._repeats(i), s.word(i - 1) == "and")]
        if not items:
            if p.noun:
                self.unread.append(s.words(i, p.end))
            return p.end
        if s.word(p.end) == "instead" and s.word(p.end + 1) == "of":
            old = self.references.target(s, p.end + 2)
            if old is not None:
                self.editor.swap(old[0], items, s.words(i, old[1]))
                self.references.mention(items)
                return old[1]
        joined = s.word(i - 1) == "and" or (s.mark(i - 1) == "," and not self.verb and not self.applied)
        if self.applied and s.word(p.end) in LINKING and not s.word(p.end).endswith(("ing", "ed")):
            joined = False  # "below the tree sits a dog, and three fish are …": a verb of its own, a clause of its own
        self._make(items, joined and not self.verb)
        self.fresh = p.end
        if p.several and isinstance(items[0], Thing):
            self.references.group = items[0]
        return p.end

    def _elliptic(self, p: Phrase) -> Phrase:
        """The phrase with the noun that follows later: "a blue" in "a blue and a red car"."""
        s, q = self.s, p
        if p.noun or p.article == "the" or s.word(p.end - 1) in {"one", "ones"}:
            return p
        for _ in range(4):
            at = q.end + (s.mark(q.end) == ",")
            at += s.word(at) == "and"
            following = phrase_at(s, at) if at > q.end else None
            if following is None or not following.counted or not (following.color or following.size):
                return p
            if following.noun:
                return replace(p, noun=following.noun, plural=following.plural, known=following.known)
            q = following
        return p

    def _repeats(self, i: int) -> bool:
        """True if the phrase at i spells out what stands before a colon, or corrects a number: "let there be two"."""
        at = i - 1
        while self.s.word(at) in FILLER:
            at -= 1
        there = [self.s.word(i - 3), self.s.word(i - 2), self.s.word(i - 1)]
        return self.s.mark(at) == ":" or there == ["let", "there", "be"]

    def _no_thing(self, i: int, p: Phrase) -> bool:
        """A possessor, a purpose, the carrier of the picture, or a word that is a verb here."""
        s = self.s
        before = s.word(i - 1)
        if s.word(p.end) == "'s" or (p.noun in PARTS and (not p.known or before in {"with", "has", "have", "and"})):
            return True
        wished = before == "like" and s.word(i - 2) in {"would", "also", "'d", "i", "we"}
        if before in _PURPOSE and not wished and not self.waiting and not self.references.find(p):
            return True
        carrier = p.said in CARRIERS or (not p.known and p.said.split()[-1:] and p.said.split()[-1] in CARRIERS)
        if (
            carrier
            and before not in {"with", "has", "have"}
            and p.color is None
            and p.count == 1
            and not self.references.find(p)
        ):
            return True
        bare = p.known and not p.article and not p.counted and not (p.color or p.size) and not p.several
        return bool(
            bare and i != self.fresh and before and before not in BOUNDARY | FILLER and number_at(s, i - 1) is None
        )

    def _verb(self, i: int) -> int | None:
        word = self.s.word(i)
        if word not in LINKING | MODALS | {"be", "painted"}:
            return None
        self.verb = True
        told, targets = self.compared
        if word in {"which", "that", "who"} and told in (i, i - 1) and targets:
            self.subject, self.coordinated = list(targets), list(targets)  # "a cat, which is left of a frog"
            return i + 1
        if word in _BEARING:
            self.bearer = list(self.subject)
        elif self.bearer and i == self.fresh and not word.endswith(("ing", "ed")):
            self.subject = list(self.bearer)  # "a snowman wearing a hat stands in front of a cabin"
        if word in {"are", "stand", "sit", "were"} and len(self.coordinated) > 1:
            self.subject = list(self.coordinated)
        self.opening = self.opening and word in {"there", "is", "are", "has", "have", "here"}
        return i + 1

    def _skip(self, i: int) -> int:
        word = self.s.word(i)
        listed = self.opening or self.s.word(i - 1) == "and"
        if listed and word in INDEFINITE and self.s.word(i + 1) not in BOUNDARY | {"bit", "lot"}:
            self.subject = [Thing(word, word, gone=True)]  # what follows is said of something unknown
        if word not in FILLER | BOUNDARY | INDEFINITE | POSSESSIVE and not word.isdigit():
            self.unread.append(self.s.tokens[i].raw)
        if word == "with":
            single = [item for item in self.subject[-1:] if isinstance(item, Sign) or item.count == 1]
            self.host = single[0] if single and not single[0].gone else None
        self.opening = word in _NEW_CLAUSE
        if word in _NEW_CLAUSE - {"and"}:
            self.verb = False
        return i + 1
