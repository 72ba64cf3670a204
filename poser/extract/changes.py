"""What edits do to things: folded into those the prompt makes, kept as commands for those of a source."""

from __future__ import annotations

from poser.extract.phrases import phrase_at
from poser.extract.predicates import quality_at
from poser.extract.quantities import Phrase
from poser.extract.references import References
from poser.extract.sketch import Edit, Fold, Item, Sign, Thing
from poser.extract.tokens import Sentence
from poser.extract.vocabulary import colors
from poser.extract.words import COMPARATIVES, PRONOUNS, word_set

#: Words an edit may begin with before its verb.
LEAD = word_set(
    "hence then actually finally please also and now afterwards next later but oh wait no sorry lastly after "
    "that so just okay ok hmm can could you should i want would like to let us on second thought still once "
    "again well maybe we 's better correction yesterday today review while additionally"
)
_VAGUE = word_set("a an bit little much even lot to into be look all both")
_OPPOSITE = {"left": "right", "right": "left", "top": "bottom", "bottom": "top"}


class Changes:
    """Finds what an edit speaks of, and changes it. The words of a `Fold` are filled in by whoever reads the edit."""

    def __init__(self, references: References) -> None:
        self.references = references
        self.sketch = references.sketch

    def _refer(self, s: Sentence, i: int) -> tuple[list[Item], int, Phrase | None] | None:
        """The earlier items named at i."""
        word = s.word(i)
        named = phrase_at(s, i) if word == "both" else None  # "both cars"
        if word in PRONOUNS and not (named is not None and named.noun):
            anchor, self.references.anchor = self.references.anchor, []
            refs = self.references.pronoun(PRONOUNS[word])
            self.references.anchor = anchor
            return (refs, i + 1, None) if refs else None
        cue = self.references.cue(s, i)
        if cue is not None:
            signs = self.sketch.lettering()
            if cue[0] < len(s) and s.tokens[cue[0]].kind == "quote":
                same: list[Item] = [sign for sign in signs if sign.text == s.tokens[cue[0]].raw]
                if not same and self.sketch.source:
                    same = [Sign(s.tokens[cue[0]].raw, existing=True)]
                return (same, cue[0] + 1, None) if same else None
            return ([signs[-1]], cue[0], None) if signs else None
        p = phrase_at(s, i) or self.references.short_name(s, i)
        if p is None or (p.article != "the" and not p.one_of and s.word(i) not in {"all", "both"}):
            return None
        found: list[Item] = [*self.references.find(p)]
        if p.ordinal is not None and len(found) > 1:
            found = [found[p.ordinal - 1 if 0 < p.ordinal <= len(found) else -1]]
        return (found, p.end, p) if found else None

    def _pick(self, refs: list[Item], p: Phrase | None) -> list[Item]:
        """The things an edit acts on, one of a group parted from it."""
        if p is None or not (p.picks or (not p.noun and not p.several)):
            return refs
        wanted = p.count if p.one_of else 1
        pool = refs
        if p.place is not None:
            picked: list[Item] = [item for item in refs if isinstance(item, Thing) and item.pick == p.place]
            free: list[Item] = [item for item in refs if isinstance(item, Thing) and not item.pick]
            pool = picked or free or refs
        last = pool[-1]
        if not isinstance(last, Thing) or last.existing:
            return pool[-1:]
        part = self.references.split(last, wanted) if last.count > wanted else last
        if p.place is not None and not part.places:
            part.pick = p.place
            self._order(part)
        return [part]

    def _order(self, part: Thing) -> None:
        """The left one is left of the right one, the top one above the bottom one."""
        for other in self.sketch.live():
            if other is not part and other.noun == part.noun and other.pick == _OPPOSITE.get(part.pick):
                first, second = (part, other) if part.pick in ("left", "top") else (other, part)
                first.relations.append(("left of" if first.pick == "left" else "above", (second,)))

    def _change(self, refs: list[Item], p: Phrase | None, color: str | None, size: str | None,
                compared: bool = False) -> None:  # fmt: skip
        """Give things a colour or a size; `compared`: than they have now."""
        for item in self._pick(refs, p):
            if item.existing:
                if color:
                    self.sketch.edit(Edit("recolor", item, color))
                if size:
                    self.sketch.edit(Edit("resize", item, {"large": "larger", "small": "smaller"}[size]
                                          if compared and size in ("large", "small") else size))  # fmt: skip
                continue
            said = [f"{old} -> {new}" if old else new for old, new in ((item.size, size), (item.color, color)) if new]
            item.color, item.size = color or item.color, size or item.size
            self.fold(" and ".join(said), item)
        self.references.mention([item for item in refs if not item.gone])

    def fold(self, change: str, into: Item | None = None) -> None:
        """Note an edit that was resolved."""
        self.sketch.folded.append(Fold("", change, into))

    def _quality(self, s: Sentence, i: int, refs: list[Item], p: Phrase | None) -> int | None:
        """Reads "… (to be) red", "… a bit larger", "… a red colour" at i."""
        at = i
        while s.word(at) in _VAGUE:
            at += 1
        if s.word(at) in COMPARATIVES:
            self._change(refs, p, None, "large" if COMPARATIVES[s.word(at)] == "larger" else "small", True)
            return at + 1
        quality = quality_at(s, i) or (quality_at(s, at) if s.word(i) in {"to", "into"} else None)
        if quality is None or quality.number is not None:
            return None
        self._change(refs, p, quality.color, quality.size)
        end = quality.end
        if s.word(end) in {"rather", "instead"} and s.word(end + 1) in {"than", "of"}:
            end += 2
        if s.mark(end) == "," and s.word(end + 1) == "not":
            end += 2
        hit = colors.at(s, end)
        return hit[1] if hit is not None and end > quality.end else end

    def _become(self, refs: list[Item], p: Phrase | None, q: Phrase, known: bool = False) -> int | None:
        """Make things what q says: something else ("a cow"), or another number of the same ("four cats").

        `known`: only what the lexicon knows, since "make it a surprise" names nothing.
        """
        same = next((thing for thing in reversed(self.sketch.live()) if thing.noun == q.noun), None)
        old = refs[-1] if same is None else same
        if not isinstance(old, Thing) or (known and not q.known) or not q.counted:
            return None
        if q.noun != old.noun or old.existing:
            self._exchange(self._pick(refs[-1:], p), q)
            return q.end
        if q.count != old.count:
            self.fold(f"{old.plural}: {old.count} -> {q.count}", old)
            old.count, old.at_least = q.count, q.at_least
        if q.color or q.size:
            self._change([old], None, q.color, q.size)
        return q.end

    def _exchange(self, old: list[Item], q: Phrase) -> None:
        if old and isinstance(old[0], Thing) and old[0].existing:
            new = Thing(q.noun, q.plural, q.known, q.count, q.at_least, q.color, q.size)
            self.sketch.edit(Edit("replace", old[0], new=new))
            return
        if old and isinstance(old[0], Thing) and not q.counted and q.several:
            q.count, q.at_least = old[0].count, old[0].at_least
        self.swap(old, [self.references.new(q)], "")

    def swap(self, old: list[Item], new: list[Item], words: str) -> None:
        """Put `new` in the place of `old`: it takes over places and relations, and what it does not say itself."""
        for item, fresh in zip(old[:1], new[:1], strict=True) if old and new else ():
            if item is fresh:
                continue
            fresh.places = fresh.places or list(item.places)
            fresh.relations = fresh.relations or list(item.relations)
            if isinstance(item, Thing) and isinstance(fresh, Thing):
                fresh.size = fresh.size or item.size
                if item in self.sketch.things and fresh in self.sketch.things:
                    self.sketch.things.remove(fresh)
                    self.sketch.things.insert(self.sketch.things.index(item), fresh)
            for other in self.sketch.items():
                other.relations = [
                    (name, tuple(fresh if target is item else target for target in of)) for name, of in other.relations
                ]
            item.gone = True
            self.sketch.folded.append(Fold(words, f"{shown(item)} -> {shown(fresh)}", fresh))
            self.references.mention([fresh])


def shown(item: Item) -> str:
    """An item in a word or three, for the storyboard: "red car", "dogs", lettering quoted."""
    if isinstance(item, Sign):
        return f'"{item.text}"'
    many = item.count > 1 or item.at_least
    return " ".join(word for word in (item.size, item.color, item.plural if many else item.noun) if word)
