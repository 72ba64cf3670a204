"""What edits do to things: folded into those the prompt makes, kept as commands for those of a source."""

from __future__ import annotations

from poser.extract.phrases import phrase_at
from poser.extract.predicates import quality_at
from poser.extract.quantities import Phrase
from poser.extract.references import References
from poser.extract.sketch import Edit, Fold, Item, Thing
from poser.extract.tokens import Sentence
from poser.extract.vocabulary import colors
from poser.extract.words import COMPARATIVES, PRONOUNS, word_set

#: Words an edit may begin with before its verb.
LEAD = word_set(
    "hence then actually finally please also and now afterwards next later but oh wait no sorry lastly after "
    "that so just okay ok hmm can could you should i want would like to let us on second thought still once "
    "again well maybe we 's better correction yesterday today review while additionally"
)


class Changes:
    """Finds what an edit speaks of, and changes it."""

    def __init__(self, references: References) -> None:
        self.references = references
        self.sketch = references.sketch

    def _refer(self, s: Sentence, i: int) -> tuple[list[Item], int, Phrase | None] | None:
        """The earlier items named at i."""
        word = s.word(i)
        if word in PRONOUNS:
            anchor, self.references.anchor = self.references.anchor, []
            refs = self.references.pronoun(PRONOUNS[word])
            self.references.anchor = anchor
            return (refs, i + 1, None) if refs else None
        cue = self.references.cue(s, i)
        if cue is not None:
            signs = self.sketch.lettering()
            if cue[0] < len(s) and s.tokens[cue[0]].kind == "quote":
                same: list[Item] = [sign for sign in signs if sign.text == s.tokens[cue[0]].raw]
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
        last = refs[-1]
        if isinstance(last, Thing) and not last.existing and last.count > (p.count if p.one_of else 1):
            return [self.references.split(last, p.count if p.one_of else 1)]
        return refs[-1:]

    def _change(self, refs: list[Item], p: Phrase | None, color: str | None, size: str | None, words: str) -> None:
        for item in self._pick(refs, p):
            if item.existing:
                if color:
                    self.sketch.edits.append(Edit("recolor", item, color))
                if size:
                    self.sketch.edits.append(Edit("resize", item, size))
                continue
            item.color, item.size = color or item.color, size or item.size
            self.sketch.folded.append(Fold(words, " and ".join(x for x in (size, color) if x), item))
        self.references.mention([item for item in refs if not item.gone])

    def _quality(self, s: Sentence, i: int, refs: list[Item], p: Phrase | None, words: str) -> int | None:
        """Reads "… (to be) red", "… a bit larger", "… a red colour" at i."""
        at = i
        while s.word(at) in {
            "a",
            "an",
            "bit",
            "little",
            "much",
            "even",
            "lot",
            "to",
            "into",
            "be",
            "look",
            "all",
            "both",
        }:
            at += 1
        if s.word(at) in COMPARATIVES:
            self._change(refs, p, None, "large" if COMPARATIVES[s.word(at)] == "larger" else "small", words)
            return at + 1
        quality = quality_at(s, i)
        if quality is None or quality.number is not None:
            return None
        self._change(refs, p, quality.color, quality.size, words)
        end = quality.end
        if s.word(end) in {"rather", "instead"} and s.word(end + 1) in {"than", "of"}:
            end += 2
        if s.mark(end) == "," and s.word(end + 1) == "not":
            end += 2
        hit = colors.at(s, end)
        return hit[1] if hit is not None and end > quality.end else end

    def _exchange(self, old: list[Item], q: Phrase, words: str) -> None:
        if old and isinstance(old[0], Thing) and old[0].existing:
            new = Thing(q.noun, q.plural, q.known, q.count, q.at_least, q.color, q.size)
            self.sketch.edits.append(Edit("replace", old[0], new=new))
            return
        if old and isinstance(old[0], Thing) and not q.counted and q.several:
            q.count, q.at_least = old[0].count, old[0].at_least
        self.swap(old, [self.references.new(q)], words)

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
            self.sketch.folded.append(Fold(words, "replaced", fresh))
            self.references.mention([fresh])
