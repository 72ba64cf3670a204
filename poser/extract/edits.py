"""Edits: of what the prompt itself makes, folded into it, or of the source picture, kept as commands."""

from __future__ import annotations

from collections.abc import Callable

from poser.extract.backdrop import backdrop_value, whole_picture
from poser.extract.changes import shown
from poser.extract.looks import look_at
from poser.extract.phrases import phrase_at
from poser.extract.places import spot_at
from poser.extract.predicates import MODALS
from poser.extract.rewording import reworded
from poser.extract.sketch import Edit, Item, Sign, Thing
from poser.extract.statements import GOES_TO, Statements
from poser.extract.tokens import Sentence
from poser.extract.vocabulary import scenes, tones
from poser.extract.whole import ends, skip_article
from poser.extract.words import COLOR_NOUNS, DEFINITE, PRONOUNS, word_set

_MAKE = word_set("make paint turn color colour recolor recolour dye render tint give keep")
_REMOVE = word_set("remove delete erase drop omit eliminate scrap discard lose skip cut")
_REPLACE = word_set("replace swap exchange substitute change turn switch convert transform")
_REWRITE = word_set("rewrite update correct edit fix have let rename")
_MOVED = word_set("move shift push slide")
_MOVE = _MOVED | {"put", "place"}
_RESIZE = {
    **dict.fromkeys(("enlarge", "expand", "magnify", "grow"), "large"),
    **dict.fromkeys(("shrink", "reduce", "minimize", "minimise"), "small"),
}
_TONE_VERBS = word_set("brighten darken lighten warm cool desaturate saturate")
_USE = word_set("use take have draw put show add want prefer make")
_BACKDROPS = {"background", "backdrop", "scene", "setting"}
_CHANGING = (_MAKE | _REMOVE | _REPLACE | _MOVED | frozenset(_RESIZE)) - {"paint", "render", "give", "keep"}
_AWAY = {"away", "out", "off"}


class Editor(Statements):
    """Reads edits at the beginning of clauses."""

    def edit(self, s: Sentence, i: int) -> int | None:
        """Carry out the edit that begins at token i; its end, or None if there is none."""
        if not (self.sketch.source or self.sketch.live() or self.sketch.lettering() or self.sketch.background):
            return self._taken(s, i) if self._lacks_picture(s, i) else None
        if s.word(i) == "instead" and s.mark(i + 1) == ",":
            i += 2
        told = len(self.sketch.folded)
        end = self._verb_or_statement(s, i)
        if end is None:
            return None
        self._worded(s, i, end, told)
        # one verb for several: "recolor the lamp yellow and the chair red"
        again = self._carried(s.word(i))
        while again is not None and s.word(end) == "and" and s.word(end + 1) in DEFINITE:
            told, begin = len(self.sketch.folded), end + 1
            more = again(s, begin)
            if more is None:
                break
            self._worded(s, begin, more, told)
            end = more
        return end

    def _lacks_picture(self, s: Sentence, i: int) -> bool:
        """True, and said, if the prompt begins with a change of what nobody has made."""
        p = phrase_at(s, i + 1)
        if s.word(i) not in _CHANGING or p is None or not p.noun or p.article != "the":
            return False
        words = s.words(i, p.end)
        self.sketch.note(f"{words!r} reads like an edit, and there is no picture to edit: give it with --image FILE.")
        return True

    def _worded(self, s: Sentence, i: int, end: int, told: int) -> None:
        for fold in self.sketch.folded[told:]:
            fold.words = s.words(i, end)

    def _carried(self, verb: str) -> Callable[[Sentence, int], int | None] | None:
        if verb in _REMOVE:
            return self._remove_too
        if verb in _RESIZE:
            return lambda s, i: self._resize(s, i, verb)
        if verb in _MAKE:
            return self._make
        if verb in _REPLACE:
            return lambda s, i: self._replace(s, i, verb)
        return None

    def _verb_or_statement(self, s: Sentence, i: int) -> int | None:
        word = s.word(i)
        end: int | None = None
        if word == "instead" and s.word(i + 1) == "of":
            return self._instead(s, i + 2)
        wished = word in DEFINITE and any(s.word(k) in MODALS for k in range(i, i + 7))
        if wished or word in _MAKE | _REPLACE | _REWRITE:
            end = self._reword(s, i + (not wished))
        if end is None and word in _MAKE | _REPLACE:
            end = self._look(s, i + 1)
        if end is None and word in _REPLACE:
            end = self._replace(s, i + 1, word)
        if end is None and word in _MAKE:
            end = self._make(s, i + 1)
        if end is None and word in _RESIZE:
            end = self._resize(s, i + 1, word)
        if end is None and word in {"scale", "blow"} and s.word(i + 1) in {"up", "down"}:
            end = self._resize(s, i + 2, "enlarge" if s.word(i + 1) == "up" else "shrink")
        if end is None and word in _TONE_VERBS:
            end = self._tone(s, i)
        if end is None and word in _USE:
            end = self._use(s, i + 1)
        if end is None:
            end = self._taken(s, i)
        if end is None and word in _MOVE:
            end = self._move(s, i + 1)
        if end is not None:
            return end
        return self._use(s, i) or self._statement(s, i)

    def _reword(self, s: Sentence, i: int) -> int | None:
        found = reworded(self.references, s, i)
        if found is None:
            return None
        old, new, end = found
        made = [sign for sign in self.sketch.lettering() if old in ("", sign.text)]
        if made:
            self.fold(f"{shown(made[-1])} -> {shown(Sign(new))}", made[-1])
            made[-1].text = new
        elif self.sketch.source:
            self.sketch.edit(Edit("replace", Sign(old, existing=True), new=Sign(new)))
        return end if made or self.sketch.source else None

    def _look(self, s: Sentence, i: int) -> int | None:
        look = look_at(s, i)
        if look is None:
            return None
        (self.sketch.styles if look.kind == "style" else self.sketch.tones).append(look.value)
        return look.end

    def _taken(self, s: Sentence, i: int) -> int | None:
        word = s.word(i)
        if word in _REMOVE:
            return self._remove(s, i + 1)
        if word == "get" and s.word(i + 1) == "rid":
            return self._remove(s, i + 2 + (s.word(i + 2) == "of"))
        if word == "take" and s.word(i + 1) in _AWAY:
            return self._remove(s, i + 2)
        if word == "take" and any(s.word(k) in _AWAY for k in range(i + 2, i + 8)):
            return self._remove(s, i + 1)
        return None

    def _tone(self, s: Sentence, i: int) -> int | None:
        """Reads "brighten the picture", "warm it up"."""
        tone = tones.at(s, i)
        if tone is None:
            return None
        whole = whole_picture(s, tone[1])
        if whole is None and s.word(tone[1]) in {"it", "everything"}:
            whole = tone[1] + 1
        if whole is None:
            return None
        self.sketch.tones.append(tone[0])
        return whole + (s.word(whole) in {"up", "down"})

    def _resize(self, s: Sentence, i: int, verb: str) -> int | None:
        got = self._refer(s, i)
        if got is None:
            return None
        self._change(got[0], got[2], None, _RESIZE[verb], True)
        return got[1]

    def _make(self, s: Sentence, i: int) -> int | None:
        got = self._refer(s, i)
        if got is None:
            return None
        refs, end, p = got
        done = self._quality(s, end, refs, p)
        if done is None and s.word(i - 1) == "make" and not self.sketch.source:
            q = phrase_at(s, end)
            if q is not None and q.noun and q.article == "a":
                done = self._become(refs, p, q, known=True)
                return done + (s.word(done) == "instead") if done is not None else None
        return done

    def _replace(self, s: Sentence, i: int, verb: str) -> int | None:
        at = i + (s.word(i) == "the")
        if s.word(at) in _BACKDROPS:
            return self._backdrop(s, at + 1)
        if s.word(at) in COLOR_NOUNS and s.word(at + 1) == "of":
            i = at + 2
        got = self._refer(s, i)
        if got is None:
            value = backdrop_value(s, i)
            if value is not None and self.sketch.background and value[0] == self.sketch.background[0]:
                return self._backdrop(s, value[1])
            return None
        refs, at, p = got
        if s.word(at) == "'s":
            at += 1
        while s.word(at) in COLOR_NOUNS:
            at += 1
        if s.word(at) in GOES_TO:
            at += 1
        if verb not in {"replace", "swap", "exchange", "substitute"}:
            done = self._quality(s, at, refs, p)
            if done is not None:
                return done
        q = phrase_at(s, at)
        if q is None or not q.noun:
            return None
        self._exchange(self._pick(refs[-1:], p), q)
        return q.end

    def _remove_too(self, s: Sentence, i: int) -> int | None:
        """A second thing to be removed, unless "the house" in "remove the fence and the house stays" goes on."""
        p = phrase_at(s, i)
        if p is None or (s.word(p.end) and s.word(p.end) not in {"and", "then", "from", "too", "please"}):
            return None
        return self._remove(s, i)

    def _remove(self, s: Sentence, i: int) -> int | None:
        p = phrase_at(s, i) or self.references.short_name(s, i)
        if p is None:
            i += s.word(i) in {"all", "any", "every"}
            cue = self.references.cue(s, i + (s.word(i) == "the"))
            if self.sketch.source and cue is not None and not self.sketch.lettering() and not s.quoted(i):
                self.sketch.absent.append("")
                return cue[0]
            got = self._refer(s, i)
            if got is None:
                return None
            for item in got[0]:
                if item.existing:
                    self.sketch.edit(Edit("remove", item))
                    continue
                item.gone = True
                self.fold(f"{shown(item)} removed")
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
            left = p.out_of - p.count if p.out_of is not None and p.out_of > p.count else None
            self.sketch.edit(Edit("remove", thing, str(left) if left else f"{p.count} of" if p.one_of else ""))
        elif fewer and thing.count > p.count:
            self._take_away(thing, p.count)
        else:
            for gone in found if p.several else found[-1:]:
                gone.gone = True
                self.fold(f"{shown(gone)} removed")
        self.references.mention([thing])
        return p.end

    def _move(self, s: Sentence, i: int) -> int | None:
        got = self._refer(s, i)
        if got is None:
            return None
        refs, at, p = got
        if s.word(at) in {"in", "into", "on", "onto", "to", "at"} and (s.word(i) in PRONOUNS or self.sketch.source):
            scene = scenes.at(s, skip_article(s, at + 1))
            if scene is not None and ends(s, scene[1]):
                return self._backdrop(s, at + 1)
        spot = spot_at(s, at)
        if spot is None:
            return None
        targets: list[Item] = []
        end = spot.end
        if spot.kind == "relation":
            found = self.references.target(s, end, refs)
            if found is None:
                return None
            targets, end = found
        if s.word(i - 1) not in _MOVED and not (refs[0].existing or _stands_elsewhere(refs[0], spot.name, targets)):
            return None
        for item in self._pick(refs, p):
            if item.existing:
                self.sketch.edit(Edit("move", item, spot.name, target=targets[0] if targets else None))
                continue
            item.places = [spot.name] if not targets else []
            item.relations = [(spot.name, tuple(targets))] if targets else []
            self.fold(f"moved: {' '.join([spot.name, *(shown(target) for target in targets[:1])])}", item)
        self.references.mention(refs)
        return end


def _stands_elsewhere(item: Item, spot: str, targets: list[Item]) -> bool:
    """True if it was said to be somewhere else, so that "put it …" moves it."""
    if not targets:
        return any(place != spot for place in item.places)
    return any(set(of) & set(targets) and name != spot for name, of in item.relations if isinstance(item, Thing))
