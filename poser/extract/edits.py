"""Edits: of what the prompt itself makes, folded into it, or of the source picture, kept as commands."""

from __future__ import annotations

from poser.extract.backdrop import backdrop_value, whole_picture
from poser.extract.changes import LEAD, Changes
from poser.extract.phrases import phrase_at
from poser.extract.places import spot_at
from poser.extract.predicates import MODALS
from poser.extract.quantities import number_at
from poser.extract.sketch import Edit, Fold, Item, Sign
from poser.extract.tokens import Sentence
from poser.extract.vocabulary import colors, noun_at, tones
from poser.extract.words import COLOR_NOUNS, LINKING, PRONOUNS, word_set

_MAKE = word_set("make paint turn color colour recolor recolour dye render tint give keep")
_REMOVE = word_set("remove delete erase drop omit eliminate scrap discard lose skip cut")
_REPLACE = word_set("replace swap exchange substitute change turn switch convert transform")
_MOVE = word_set("move shift push slide put place")
_BACKDROPS = {"background", "backdrop", "scene", "setting"}
_GOES_TO = {"with", "for", "by", "to", "into", "as", "in"}
_FEWER = {"fewer", "less"}


class Editor(Changes):
    """Reads edits at the beginning of clauses."""

    def edit(self, s: Sentence, i: int) -> int | None:
        """Carry out the edit that begins at token i; its end, or None if there is none."""
        if not (self.sketch.source or self.sketch.live() or self.sketch.lettering() or self.sketch.background):
            return None
        words = s.words(0, len(s))
        word = s.word(i)
        end: int | None = None
        if word == "instead" and s.word(i + 1) == "of":
            return self._instead(s, i + 2, words)
        if word == "instead" and s.mark(i + 1) == ",":
            i, word = i + 2, s.word(i + 2)
        if word in _REPLACE:
            end = self._replace(s, i + 1, words, word)
        if end is None and word in _MAKE:
            end = self._make(s, i + 1, words)
        if end is None and (
            word in _REMOVE
            or (word == "take" and s.word(i + 1) in {"away", "out", "off"})
            or (word == "take" and any(s.word(k) in {"away", "out", "off"} for k in range(i + 2, i + 8)))
            or (word == "get" and s.word(i + 1) == "rid")
        ):
            end = self._remove(
                s, i + 1 + (word == "take" and s.word(i + 1) in {"away", "out", "off"}) + 2 * (word == "get"), words
            )
        if end is None and word in _MOVE:
            end = self._move(s, i + 1, words)
        return end if end is not None else self._statement(s, i, words)

    def _make(self, s: Sentence, i: int, words: str) -> int | None:
        whole = whole_picture(s, i)
        if whole is None and self.sketch.source and s.word(i) == "it":
            whole = i + 1
        tone = tones.at(s, whole) if whole is not None else None
        if tone is not None:
            self.sketch.tones.append(tone[0])
            return tone[1]
        got = self._refer(s, i)
        if got is None:
            return None
        refs, end, p = got
        done = self._quality(s, end, refs, p, words)
        if done is None and s.word(i - 1) == "keep":
            return None
        return done

    def _replace(self, s: Sentence, i: int, words: str, verb: str) -> int | None:
        at = i + (s.word(i) == "the")
        if s.word(at) in _BACKDROPS:
            return self._backdrop(s, at + 1, words)
        if s.word(at) in COLOR_NOUNS and s.word(at + 1) == "of":
            i = at + 2
        got = self._refer(s, i)
        if got is None:
            value = backdrop_value(s, i)
            if value is not None and self.sketch.background and value[0] == self.sketch.background[0]:
                return self._backdrop(s, value[1], words)
            return None
        refs, at, p = got
        if s.word(at) == "'s":
            at += 1
        while s.word(at) in COLOR_NOUNS:
            at += 1
        if s.word(at) in _GOES_TO:
            at += 1
        if at < len(s) and s.tokens[at].kind == "quote" and isinstance(refs[-1], Sign):
            refs[-1].text = s.tokens[at].raw
            self.sketch.folded.append(Fold(words, "other words", refs[-1]))
            return at + 1
        if verb not in {"replace", "swap", "exchange", "substitute"}:
            done = self._quality(s, at, refs, p, words)
            if done is not None:
                return done
        q = phrase_at(s, at)
        if q is None or not q.noun:
            return None
        self._exchange(self._pick(refs[-1:], p), q, words)
        return q.end

    def _backdrop(self, s: Sentence, i: int, words: str) -> int | None:
        while s.word(i) in _GOES_TO | {"be", "is", "use", "a", "the", "make", "it"} or s.mark(i) == ",":
            i += 1
        value = backdrop_value(s, i)
        if value is None:
            return None
        self.sketch.background = (value[0], 4, words)
        if not self.sketch.source:
            self.sketch.folded.append(Fold(words, f"background {value[0]}"))
        return value[1]

    def _instead(self, s: Sentence, i: int, words: str) -> int | None:
        p = phrase_at(s, i)
        old = self.references.find(p) if p is not None else []
        at = p.end if p is not None and old else None
        if at is None:
            value = backdrop_value(s, i)
            return self._backdrop(s, value[1], words) if value is not None else None
        while s.mark(at) == "," or (s.word(at) and phrase_at(s, at) is None and at < len(s)):
            at += 1
        q = phrase_at(s, at)
        if q is None or not q.noun:
            return None
        self._exchange([*old[:1]], q, words)
        return q.end

    def _remove(self, s: Sentence, i: int, words: str) -> int | None:
        p = phrase_at(s, i) or self.references.short_name(s, i)
        if p is None:
            cue = self.references.cue(s, i)
            if self.sketch.source and cue is not None and not self.sketch.lettering():
                self.sketch.absent.append("")
                return cue[0]
            got = self._refer(s, i)
            if got is None:
                return None
            for item in got[0]:
                item.gone = True
                self.sketch.folded.append(Fold(words, "removed"))
            return got[1]
        found = self.references.find(p)
        if not found:
            if p.noun and p.known and p.noun not in self.sketch.absent:
                self.sketch.absent.append(p.noun)
                return p.end
            return None
        thing = found[-1]
        fewer = p.one_of or (p.article == "a" and p.counted) or p.ordinal is not None or p.place is not None
        if thing.existing:
            self.sketch.edits.append(Edit("remove", thing))
        elif fewer and thing.count > p.count:
            thing.count -= p.count
            self.sketch.folded.append(Fold(words, f"{p.count} fewer", thing))
        else:
            for gone in found if p.several else found[-1:]:
                gone.gone = True
            self.sketch.folded.append(Fold(words, "removed"))
        self.references.mention([thing])
        return p.end

    def _move(self, s: Sentence, i: int, words: str) -> int | None:
        got = self._refer(s, i)
        if got is None:
            return None
        refs, at, p = got
        spot = spot_at(s, at)
        moved = s.word(i - 1) in {"move", "shift", "push", "slide"}
        if spot is None or (not moved and not refs[0].existing):
            return None
        targets: list[Item] = []
        end = spot.end
        if spot.kind == "relation":
            found = self.references.target(s, end, refs)
            if found is None:
                return None
            targets, end = found
        for item in self._pick(refs, p):
            if item.existing:
                self.sketch.edits.append(Edit("move", item, spot.name, target=targets[0] if targets else None))
                continue
            item.places = [spot.name] if not targets else []
            item.relations = [(spot.name, tuple(targets))] if targets else []
            self.sketch.folded.append(Fold(words, f"moved: {spot.name}", item))
        self.references.mention(refs)
        return end

    def _statement(self, s: Sentence, i: int, words: str) -> int | None:
        """Reads "the bus becomes a train", "the second one should be green", "I meant red for the taxis"."""
        if s.word(i) == "meant":
            quality = colors.at(s, i + 1)
            got = self._refer(s, quality[1] + 1) if quality and s.word(quality[1]) == "for" else None
            if quality is None or got is None:
                return None
            self._change(got[0], got[2], quality[0], None, words)
            return got[1]
        color = colors.at(s, i)
        if color is not None and [s.word(color[1] + k) for k in range(4)] == ["would", "be", "better", "for"]:
            got = self._refer(s, color[1] + 4)
            if got is not None:
                self._change(got[0], got[2], color[0], None, words)
                return len(s)
        n = number_at(s, i)
        if n and noun_at(s, i + 1) and any(s.word(k) in _FEWER for k in range(i + 1, i + 5)):
            p = phrase_at(s, i)
            found = self.references.find(p) if p is not None else []
            if p is not None and found and found[-1].count > n:
                found[-1].count -= n
                self.sketch.folded.append(Fold(words, f"{n} fewer", found[-1]))
                return len(s)
        got = self._refer(s, i) if s.word(i) not in PRONOUNS else None
        if got is None:
            return None
        refs, at, p = got
        if p is not None and p.one_of and s.word(at) == "can" and s.word(at + 1) == "go":
            return self._remove(s, i, words)
        if s.word(at) in {"becomes", "become"} or (s.word(at) in {"changed", "turned"} and s.word(at + 1) in _GOES_TO):
            at += 1 + (s.word(at + 1) in _GOES_TO)
            done = self._quality(s, at, refs, p, words)
            q = phrase_at(s, at) if done is None else None
            if q is not None and q.noun:
                self._exchange(self._pick(refs[-1:], p), q, words)
                return q.end
            return done
        picks = p is not None and (p.picks or not p.noun)
        if not picks and s.word(at) not in MODALS:
            return None
        if s.word(at) not in LINKING | MODALS:
            return None
        while s.word(at) in LINKING | MODALS | {"be", "though"}:
            at += 1
        return self._quality(s, at, refs, p, words)
