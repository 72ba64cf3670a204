"""Edits that are worded as statements: "the second one should be green", "it becomes a train", "a bell instead"."""

from __future__ import annotations

from poser.extract.backdrop import backdrop_value, whole_at
from poser.extract.changes import Changes
from poser.extract.phrases import phrase_at
from poser.extract.places import spot_at
from poser.extract.predicates import MODALS
from poser.extract.quantities import Phrase, number_at
from poser.extract.sketch import Fold, Item, Thing
from poser.extract.tokens import Sentence
from poser.extract.vocabulary import colors, noun_at
from poser.extract.words import CARRIERS, LINKING, PRONOUNS

GOES_TO = {"with", "for", "by", "to", "into", "as", "in"}
"""Words between what is changed and what it becomes."""

_FEWER = {"fewer", "less"}
_RATHER = {("rather", "than"), ("instead", "of"), ("in", "place", "of")}


class Statements(Changes):
    """Reads edits that have no verb of editing."""

    def _backdrop(self, s: Sentence, i: int) -> int | None:
        while s.word(i) in GOES_TO | {"be", "is", "use", "a", "the", "make", "it"} or s.mark(i) == ",":
            i += 1
        value = backdrop_value(s, i)
        if value is None:
            return None
        old = self.sketch.background
        self.sketch.background = (value[0], 4, s.words(i, value[1]))
        if not self.sketch.source:
            change = f"background: {old[0]} -> {value[0]}" if old is not None else f"background {value[0]}"
            self.sketch.folded.append(Fold("", change))
        return value[1]

    def _instead(self, s: Sentence, i: int) -> int | None:
        """Reads "instead of the cat a dog", the cat at i."""
        p = phrase_at(s, i)
        old = self.references.find(p) if p is not None else []
        at = p.end if p is not None and old else None
        if at is None:
            value = backdrop_value(s, i)
            return self._backdrop(s, value[1]) if value is not None else None
        while s.mark(at) == "," or (s.word(at) and phrase_at(s, at) is None and at < len(s)):
            at += 1
        q = phrase_at(s, at)
        if q is None or not q.noun:
            return None
        self._exchange([*old[:1]], q)
        return q.end

    def _use(self, s: Sentence, i: int) -> int | None:
        """Reads "(use) a bell instead", "(use) a crown rather than the hat", the new thing at i."""
        q = phrase_at(s, i)
        if q is None or not q.noun:
            return None
        if s.word(q.end) == "instead" and s.word(q.end + 1) != "of":
            recent = [item for item in self.references.recent if isinstance(item, Thing) and not item.gone]
            old = [item for item in recent if item.noun != q.noun]
            if not old:
                return None
            self._exchange([old[-1]], q)
            return q.end + 1
        for phrase in _RATHER:
            if tuple(s.word(q.end + k) for k in range(len(phrase))) == phrase:
                got = self._refer(s, q.end + len(phrase))
                if got is not None:
                    self._exchange(self._pick(got[0][-1:], got[2]), q)
                    return got[1]
        return None

    def _statement(self, s: Sentence, i: int) -> int | None:
        """Reads "the bus becomes a train", "the second one should be green", "I meant red for the taxis"."""
        if s.word(i) == "meant":
            quality = colors.at(s, i + 1)
            got = self._refer(s, quality[1] + 1) if quality and s.word(quality[1]) == "for" else None
            if quality is None or got is None:
                return None
            self._change(got[0], got[2], quality[0], None)
            return got[1]
        color = colors.at(s, i)
        if color is not None and [s.word(color[1] + k) for k in range(4)] == ["would", "be", "better", "for"]:
            got = self._refer(s, color[1] + 4)
            if got is not None:
                self._change(got[0], got[2], color[0], None)
                return len(s)
        if self._fewer(s, i):
            return len(s)
        got = self._refer(s, i)
        if got is None:
            return None
        refs, at, p = got
        if s.word(i) in PRONOUNS:
            return self._becomes(s, at, refs) if s.word(at) in MODALS else None
        if p is not None and p.one_of and s.word(at) == "can" and s.word(at + 1) == "go":
            return self._remove(s, i)
        if s.word(at) in {"becomes", "become"} or (s.word(at) in {"changed", "turned"} and s.word(at + 1) in GOES_TO):
            at += 1 + (s.word(at + 1) in GOES_TO)
            done = self._quality(s, at, refs, p)
            q = phrase_at(s, at) if done is None else None
            if q is not None and q.noun:
                self._exchange(self._pick(refs[-1:], p), q)
                return q.end
            return done
        picks = p is not None and (p.picks or not p.noun)
        if not picks and s.word(at) not in MODALS:
            return None
        if s.word(at) not in LINKING | MODALS:
            # "the last one should be blue, the first one red"
            return self._quality(s, at, refs, p) if picks and colors.at(s, at) is not None else None
        begin = at
        while s.word(at) in LINKING | MODALS | {"be", "though"}:
            at += 1
        done = self._quality(s, at, refs, p)
        return done if done is not None or s.word(begin) not in MODALS else self._becomes(s, begin, refs, p)

    def _becomes(self, s: Sentence, at: int, refs: list[Item], p: Phrase | None = None) -> int | None:
        """Reads "… should be a bus", the modal at `at`."""
        while s.word(at) in LINKING | MODALS | {"be", "rather", "instead", "really"}:
            at += 1
        if s.word(at - 1) != "be" or whole_at(s, at, True) is not None or spot_at(s, at) is not None:
            return None
        q = phrase_at(s, at)
        if q is None or not q.noun or q.article != "a" or q.said in CARRIERS:
            return None
        end = self._become(refs, p, q)
        return end + (s.word(end) == "instead") if end is not None else None

    def _fewer(self, s: Sentence, i: int) -> bool:
        """Reads "two dogs fewer"."""
        n = number_at(s, i)
        if not n or noun_at(s, i + 1) is None or not any(s.word(k) in _FEWER for k in range(i + 1, i + 5)):
            return False
        p = phrase_at(s, i)
        found = self.references.find(p) if p is not None else []
        if not found or found[-1].count <= n:
            return False
        self._take_away(found[-1], n)
        return True

    def _take_away(self, thing: Thing, n: int) -> None:
        self.fold(f"{thing.plural}: {thing.count} -> {thing.count - n}", thing)
        thing.count -= n

    def _remove(self, s: Sentence, i: int) -> int | None:
        raise NotImplementedError
