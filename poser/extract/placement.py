"""Where things are: which thing a place or relation in a sentence is said of."""

from __future__ import annotations

from poser.extract.edits import Editor
from poser.extract.phrases import phrase_at
from poser.extract.places import Spot, spot_at
from poser.extract.references import References
from poser.extract.sketch import Item, Sketch, Thing
from poser.extract.tokens import Sentence
from poser.extract.words import (
    COPULAS,
    PRONOUNS,
    word_set,
)

Waiting = tuple[Spot, list[Item]]

_BRING = word_set(
    "i we you would like want need see please put place add draw have there is are be let us find imagine "
    "comes come goes go stands stand sits sit lies lie hangs hang then should must write it says will also "
    "includes show shows sets waits wait rises rise rests floats float fly flies read 'd one"
)
_MIRRORED = {"left of": "right of", "right of": "left of", "above": "below", "below": "above"}


class Placement:
    """The state of one sentence, and what places and relations do to it.

    Attributes:
        subject: what a colour, size, place or relation is said of.
        coordinated: the things listed before the verb ("the cat and the dog are black").
        bearer: what holds or wears the thing named last ("a robot holds a flower. Behind it …" is said of the robot).
        host: what has all that follows "with" ("a mug with a spoon beside it and a book under it").
        clause: where the present clause begins.
        compared: what something was last said to be left of, above …, and where in the sentence that ends.
        sides: the opposite of the relation last said, and to what.
    """

    def __init__(self, references: References, editor: Editor, sentence: Sentence) -> None:
        self.references = references
        self.sketch: Sketch = references.sketch
        self.editor = editor
        self.s = sentence
        self.subject: list[Item] = []
        self.coordinated: list[Item] = []
        self.waiting: list[Waiting] = []
        self.applied: list[Waiting] = []
        self.pending: str | None = None
        self.fresh = -1
        self.opening = True
        self.verb = False
        self.row: list[Item] | None = None
        self.unread: list[str] = []
        self.clause = 0
        self.host: Item | None = None
        self.bearer: list[Item] = []
        self.compared: tuple[int, list[Item]] = (-1, [])
        self.sides: tuple[str, list[Item]] = ("", [])

    def _spot(self, i: int) -> int | None:
        s = self.s
        spot = spot_at(s, i)
        if spot is None:
            return None
        leading = (
            not self.subject
            or (self.opening and self._leads(spot, i))
            or (s.word(i - 1) in {"and", "while"} and (self._leads(spot, i)))
        )
        out: list[Item] = [] if leading else list(self.subject)
        end, targets = spot.end, []
        if spot.kind == "relation" and self._named_backdrop(end):
            self.opening = True
            return end
        if spot.kind == "relation":
            past, compared = self.references.past
            if not self.references.anchor and _MIRRORED.get(spot.name) == past and i == 0:
                self.references.anchor = compared
            if s.word(end) == "everything":
                return end + 1
            mirrored, other_side = self.sides
            if mirrored == spot.name and s.word(end) == "it" and not set(map(id, other_side)) & set(map(id, out)):
                # "a tree to the left of the boat, and a castle to the right of it": of the boat
                targets, end = other_side, end + 1
            elif self.host is not None and self.host not in out and (spot.pronoun or s.word(end)) == "it":
                targets, end = [self.host], end + (not spot.pronoun)
            elif spot.pronoun:
                targets = self.references.pronoun(spot.pronoun, out)
            else:
                got = self.references.target(s, end, out) if spot.name != "between" else self._between(end, out)
                if got is None:
                    return self._lone_relation(i, spot)
                targets, end = got
                while spot.name != "between" and s.word(end) == "and" and s.word(end + 1) in {"the", "both"}:
                    more = self.references.target(s, end + 1, out)
                    if more is None or self._verb_after(more[1]):
                        break
                    targets, end = [*targets, *more[0]], more[1]
        if leading:
            self.waiting.append((spot, targets))
            if targets:
                self.references.anchor = list(targets)
                self.references.past = (spot.name, list(targets))
                self.references.mention(targets)
            self.opening = False
            return end
        many = self.verb and len(self.coordinated) > 1 and s.word(i - 1) in COPULAS | {"stand", "sit", "both"}
        self._attach(self.coordinated if many else self.subject, spot, targets)
        self.references.mention([*targets, *self.subject])
        self.compared = (end, targets)
        if len(targets) == 1:
            self.sides = (_MIRRORED.get(spot.name, ""), list(targets))
        self.opening = False
        return end

    def _named_backdrop(self, i: int) -> bool:
        """Reads "above mountains as the background"."""
        p = phrase_at(self.s, i)
        return (
            p is not None
            and self.s.word(p.end) in {"as", "in"}
            and self.s.word(p.end + 2) in {"background", "backdrop"}
        )

    def _verb_after(self, i: int) -> bool:
        return self.s.word(i) in COPULAS

    def _lone_relation(self, i: int, spot: Spot) -> int | None:
        """A relation without a target: "above and below", or one whose target is the thing compared with."""
        follows = self.s.word(spot.end)
        if spot.name in ("left of", "right of") and follows == "it" and not self.references.recent:
            self.waiting.append((Spot("place", spot.name.split()[0], spot.end), []))
            return spot.end + 1
        anchor = [item for item in self.references.anchor if item not in self.subject]
        if anchor and (not follows or follows == "and") and self.subject:
            self._attach(self.subject, spot, anchor[-1:])
            return spot.end
        return None

    def _between(self, i: int, out: list[Item]) -> tuple[list[Item], int] | None:
        if self.s.word(i) in PRONOUNS or self.s.word(i) == "both":
            if self.s.word(i) == "both" and self.s.word(i + 1) != "of" and phrase_at(self.s, i) is not None:
                i += 1
            else:
                last: list[Item] = [item for item in self.references.recent if not item.gone and item not in out]
                return last[-2:], i + 1
        got = self.references.target(self.s, i, out)
        if got is not None and self.s.word(got[1]) == "and":
            more = self.references.target(self.s, got[1] + 1, out)
            if more is not None:
                return [*got[0][:1], *more[0][:1]], more[1]
        return got

    def _leads(self, spot: Spot, i: int) -> bool:
        """True if the subject of the spot at i comes after it ("…, on the right a tree")."""
        s = self.s
        end = spot.end
        first = all(t.kind == "punct" for t in s.tokens[:i])
        if spot.kind == "relation" and not spot.pronoun:
            p = phrase_at(s, end) or self.references.short_name(s, end)
            cue = self.references.cue(s, end)
            end = p.end if p is not None else cue[0] if cue is not None else end + 1
            if spot.name == "between" and s.word(end) == "and":
                p = phrase_at(s, end + 1) or self.references.short_name(s, end + 1)
                end = p.end if p is not None else end + 2
        after_and = s.word(i - 1) in {"and", "while"}
        parallel = any(earlier.kind == spot.kind for earlier, _ in self.applied)
        if s.mark(end) == "," and not (first or after_and or parallel):
            return False
        while s.word(end) in _BRING or (s.mark(end) in {",", ":"} and s.word(end + 1) != "and"):
            end += 1
        if end < len(s) and s.tokens[end].kind == "quote":
            return True
        return self._brings(end)

    def _brings(self, i: int) -> bool:
        p = phrase_at(self.s, i)
        if p is None:
            return self.references.cue(self.s, i) is not None
        return p.counted or p.known

    def _attach(self, items: list[Item], spot: Spot, targets: list[Item]) -> None:
        for item in items:
            if spot.kind == "place":
                if spot.name not in item.places:
                    item.places.append(spot.name)
                continue
            of = tuple(target for target in targets if target is not item)
            if not of:
                continue
            if spot.name != "each side":
                item.relations.append((spot.name, of))
            elif isinstance(item, Thing):
                item.count = max(item.count, 2)
                half = self.references.split(item, item.count // 2)
                half.relations.append(("left of", of))
                item.relations.append(("right of", of))

    def _make(self, items: list[Item], joined: bool) -> None:
        spots = self.waiting or (self.applied if joined else [])
        for spot, targets in spots:
            self._attach(items, spot, targets)
        self.applied, self.waiting = spots, []
        self.coordinated = [*self.coordinated, *items] if joined else list(items)
        self.subject = list(items)
        self.references.mention(items)
        if self.row is not None:
            self.row += [item for item in items if item not in self.row]
        self.verb, self.opening = False, False
