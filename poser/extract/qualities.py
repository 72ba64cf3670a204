"""Colours, sizes and numbers of one sentence: which thing they are said of."""

from __future__ import annotations

from poser.extract.phrases import phrase_at
from poser.extract.placement import Placement
from poser.extract.predicates import part_at, quality_at
from poser.extract.sketch import Fold, Thing
from poser.extract.vocabulary import colors, noun_at
from poser.extract.words import BOUNDARY, INDEFINITE


class Qualities(Placement):
    """What qualities do to the things of a sentence."""

    def _part(self, i: int) -> int | None:
        if not (self.opening or self.s.word(i) == "and"):
            return None
        part = part_at(self.s, i)
        if part is None:
            return None
        base = self.references.group
        if base is None or base.gone or base.color is not None:
            recent = [t for t in self.references.recent if isinstance(t, Thing) and not t.gone and t.count > 1]
            base = recent[-1] if recent else None
        if part.number is None and (base is None or base.color is not None):
            for item in self.references.recent[-6:]:  # "the other two gray"
                if isinstance(item, Thing) and item.color is None:
                    item.color = part.color
            return part.end
        if base is None:
            return None
        count = part.number if part.number else base.count // 2 if part.number == 0 else base.count
        if part.place is not None:
            count = 1
        if count > base.count or (base.color and part.color and base.count == count and base.color != part.color):
            return None
        piece = self.references.split(base, count, part.color, part.size)
        if part.place is not None and part.place not in piece.places:
            piece.places.append(part.place)
        self.references.group = base if piece is not base else None
        self.references.mention([base, piece] if base is not piece else [piece])
        self.subject, self.opening = [piece], False
        return part.end

    def _quality(self, i: int) -> int | None:
        s = self.s
        if not self.subject:
            return self._early_quality(i)
        lead = s.word(i) in {"in", "colored", "coloured", "painted", "of", "color", "colour", "size", "all", "both"}
        times = "x" in s.tokens[i].raw.lower() and s.tokens[i].kind == "number"
        behind = i == self.fresh and not (self.verb or lead or times)
        if not (
            self.verb or lead or times or behind or s.mark(i - 1) in {",", ":"} or s.word(i - 1) == "and" or i == 0
        ):
            return None
        quality = quality_at(s, i)
        if quality is None or (behind and (s.word(quality.end) or s.word(i) in BOUNDARY)):
            return None
        if s.word(i) in INDEFINITE and not self.verb:
            lettering = quality.end < len(s) and s.tokens[quality.end].kind == "quote"
            if lettering or s.word(quality.end - 1) in {"one", "ones"}:
                return None  # another thing: "a small dog and a large one"
            if s.word(quality.end) in {"and"} and phrase_at(s, quality.end + 1) is not None:
                return None
        denied = s.word(i - 1) == "not" and self.verb
        if denied and quality.color:
            for item in self.subject:
                item.not_colors.append(quality.color)
            self.opening = False
            return quality.end
        split = self._split(i)
        if split is not None:
            return split
        together = (
            len(self.coordinated) > 1
            and (self.verb or s.word(i) in {"both", "all"})
            and (s.word(i) in {"both", "all"} or not any(item.color for item in self.coordinated))
        )
        for item in self.coordinated if together else self.subject:
            if quality.color and item.color and item.color != quality.color:
                change = f"{item.color} -> {quality.color}"
                self.sketch.folded.append(Fold(s.words(self.clause, quality.end), change, item))
            item.color, item.size = quality.color or item.color, quality.size or item.size
            if quality.number and isinstance(item, Thing):
                item.count, item.at_least = quality.number, False
        self.opening = False
        return quality.end

    def _split(self, i: int) -> int | None:
        """Reads "three cups: red, green and blue": as many colours as things."""
        s, group = self.s, self.subject[-1]
        if self.verb or not isinstance(group, Thing) or group.count < 2 or group.at_least or group.color:
            return None
        found: list[str] = []
        end = i
        hit = colors.at(s, i)
        while hit is not None:
            found.append(hit[0])
            end = at = hit[1]
            at += s.mark(at) == ","
            at += s.word(at) == "and"
            hit = colors.at(s, at) if at > end else None
        if len(set(found)) != group.count or len(found) != group.count or noun_at(s, end) is not None:
            return None
        parts = [self.references.split(group, 1, color) for color in found]
        self.references.group = None
        self.references.mention([*parts])
        self.subject, self.coordinated = [*parts], [*parts]
        return end

    def _early_quality(self, i: int) -> int | None:
        """Reads "Black, please." after a sentence about a thing; "in blue, you read …" before the lettering."""
        quality = quality_at(self.s, i)
        if quality is None or quality.number is not None:
            return None
        if self.s.word(i) == "in" and self.s.quoted(i):
            self.pending = quality.color
            return quality.end
        if (
            i == 0
            and self.references.recent
            and not (self.s.word(quality.end) and self.s.word(quality.end) != "please")
        ):
            for item in self.references.recent[-1:]:
                item.color, item.size = quality.color or item.color, quality.size or item.size
            return quality.end
        return None
