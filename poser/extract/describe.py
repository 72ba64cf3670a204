"""Reads a clause that describes: things, what they are like and where they are."""

from __future__ import annotations

from collections.abc import Sequence

from poser.extract.amounts import Amount
from poser.extract.backdrop import Whole
from poser.extract.phrases import Phrase
from poser.extract.pieces import Piece
from poser.extract.places import Spot
from poser.extract.refer import Discourse
from poser.extract.scene import Relation, Scene, Thing, thing_of
from poser.extract.tokens import Sentence
from poser.extract.words import ABSENCE, TEXT_CUES, word_set

#: Verbs in the plural: what follows is said of all that was listed before.
_PLURAL_VERBS = word_set("are were sit stand lie rest hang float hover fly grow swim walk")
_BODIES = {
    "person",
    "woman",
    "child",
    "baby",
    "old man",
    "walker",
    "runner",
    "businessman",
    "doctor",
    "nurse",
    "soldier",
}
"""Who is "in red" wears it."""
_NEGATIVE = ABSENCE | {"not", "never"}


class Describer:
    """Reads clauses into a scene; one object per prompt."""

    def __init__(self, scene: Scene, discourse: Discourse) -> None:
        """`discourse` must be of the same scene."""
        self.scene, self.talk = scene, discourse
        self._reset(Sentence(()), ())

    def read(self, sentence: Sentence, row: Sequence[Piece]) -> bool:
        """Read one clause; True if something checkable was in it."""
        self._reset(sentence, row)
        while self.k < len(self.row):
            piece = self.row[self.k]
            getattr(self, f"_on_{piece.kind}")(piece)
            self.k += 1
        self._finish()
        return self.found

    def _reset(self, sentence: Sentence, row: Sequence[Piece]) -> None:
        self.s, self.row, self.k = sentence, row, 0
        self.found = False
        self.unknown: list[str] = []
        #: relations and places said before their thing
        self.pending: list[Relation] = []
        #: a relation whose target is due, and whose it is (None: of what comes after)
        self.open: tuple[Spot, list[Thing] | None, list[Thing]] | None = None
        self.listing = False  # the next phrase goes on with a list
        self.all_of_list = False  # what follows is said of the whole list
        self.negative = False
        self.not_like = False
        self.look: Phrase | None = None  # a word for lettering whose text is due
        self.ahead: list[tuple[Thing, Phrase]] = []  # "a red [and a blue car]"
        self.lettering: Thing | None = None

    # -- pieces --------------------------------------------------------------------------------------------------

    def _on_phrase(self, piece: Piece) -> None:
        phrase: Phrase = piece.value
        if phrase.lettering:
            self._lettering_word(phrase)
            return
        if phrase.det == "no" or self.negative or (phrase.det == "any" and self.not_like):
            self._absent(phrase, piece)
            return
        if phrase.head is not None and phrase.head.abstract:
            self._vague(piece)
            return
        if phrase.pronoun == "one" and phrase.det == "a" and not phrase.said_one and self._noun_follows():
            self._borrowed(phrase)
            return
        if self.open is not None:
            self._target(phrase)
            return
        if phrase.pronoun == "it" and self._is_expletive():
            return
        members = self._apposition(phrase)
        found = members or self.talk.resolve(phrase, but=())
        if not found:
            return
        self._note_modifiers(phrase)
        self._subjects(found, new=not phrase.definite)

    def _on_relation(self, piece: Piece) -> None:
        spot: Spot = piece.value
        self.negative = False
        following = self._next(self.k + 1)
        if spot.word == "on" and self.lettering is not None and self.talk.subjects == [self.lettering]:
            self.unknown += [spot.word]
            return
        owners = self._owners_of(spot)
        if spot.pronoun:
            targets = self.talk.pronoun(spot.pronoun, but=owners or self._coming())
            self._relate(spot, owners, targets)
            return
        has_target = following is not None and (following.kind in {"phrase", "quote"} or following.is_word("which"))
        if following is not None and following.is_word("which"):
            self.k += 1
            targets, self.listing = self.talk.subjects[-1:] or self.talk.recent()[:1], False
            if targets:
                self.pending.append(Relation(spot.name, tuple(targets)))
            self.talk.host = None
            return
        if not has_target:
            if (owners and following is None) or (owners and following is not None and following.kind == "mark"):
                targets = [t for t in self.talk.pronoun("it", but=owners) if t not in owners]
                if targets and spot.name != "between" and spot.word not in {"on", "over", "by"}:
                    self._relate(spot, owners, targets)
                    return
            self.unknown.append(spot.word)
            return
        self.open = (spot, owners, [])

    def _on_place(self, piece: Piece) -> None:
        spot: Spot = piece.value
        self.negative = False
        owners = self._owners_of(spot)
        relation = Relation(spot.name)
        if owners is None:
            self.pending = [*(r for r in self.pending if r.targets), relation]
            self.listing = False
            return
        for thing in owners:
            self.place(thing, relation)
        self.found = True

    def _on_quote(self, piece: Piece) -> None:
        text: str = piece.value
        if self.negative:
            thing = Thing(f'"{text}"', text=text, absent=True)
            self.scene.add(thing)
            self.found = True
            return
        name = f'"{text}"'
        thing = next((t for t in self.scene.letterings() if t.noun == name), None) or self._new_lettering(text)
        if self.look is not None:
            self._dress(thing, self.look)
            self.look = None
        self.talk.mention([thing])
        self.found = True
        self.lettering = thing
        if self.open is not None:
            self._targets([thing])
        else:
            self._subjects([thing], new=True)

    def _on_color(self, piece: Piece) -> None:
        colors: list[str] = piece.value
        before = self._previous()
        owners = self._described()
        worn = before is not None and before.is_word("in")
        if not owners or (worn and owners[-1].noun in _BODIES):
            self.unknown.append(self.s.words(piece.start, piece.end))
            return
        if self.not_like or self.negative:
            for thing in owners:
                thing.not_colors += [color for color in colors if color not in thing.not_colors]
            self.negative = self.not_like = False
        elif len(colors) > 1 and len(owners) == 1 and owners[0].many and not owners[0].color:
            self._colors_of_group(owners[0], colors)
        elif len(colors) == len(owners) > 1:
            for thing, color in zip(owners, colors, strict=True):
                self.recolor(thing, color)
        elif len(colors) > 1:
            for thing in owners:
                thing.modifiers.append(" and ".join(colors))
            self.unknown.append(" and ".join(colors))
        else:
            for thing in owners:
                self.recolor(thing, colors[0])
        self.found = True

    def _on_size(self, piece: Piece) -> None:
        owners = self._described()
        if not owners or self.not_like:
            self.unknown.append(self.s.words(piece.start, piece.end))
            return
        for thing in owners:
            self.resize(thing, piece.value)
        self.found = True

    def _on_whole(self, piece: Piece) -> None:
        whole: Whole = piece.value
        if self.negative or self.not_like:
            self.unknown.append(whole.words)
            return
        if not whole.value:
            self.unknown.append(whole.words)
        self.scene.whole(whole.kind, whole.value, whole.words, whole.strength)
        self.found = self.found or bool(whole.value) or whole.kind != "background"
        self.open = None

    def _on_mark(self, piece: Piece) -> None:
        if piece.value in {",", ":"}:
            self.listing = True
            self.not_like = False
            if piece.value == ",":
                following = self._next(self.k + 1)
                bare = following is not None and following.phrase is not None and following.phrase.det in {"", "any"}
                if not (bare or (following is not None and following.is_word("or", "and", "nor", "no", "without"))):
                    self.negative = False

    def _on_small(self, piece: Piece) -> None:
        word: str = piece.value
        if word in {"and", "or", "but", "nor", "plus", "as", "while"}:
            self.listing = True
            if word in {"but", "while"}:
                self.all_of_list = self.not_like = self.negative = False
        elif word in {"with", "of"}:
            self.negative = False
            if word == "with" and self.talk.subjects:
                self.talk.host = self._last_thing()
            if self.open is None:
                self.listing = False
                self.all_of_list = False
        elif word in {"not", "never"}:
            self.not_like = True
        elif word in {"nobody", "none", "nothing", "neither"}:
            if word == "nobody":
                self._nobody()
            else:
                self.unknown.append(word)
        elif word in ABSENCE:
            self.negative = True
        elif word in {"then", "if", "because", "so", "when"}:
            self.listing = False

    def _on_link(self, piece: Piece) -> None:
        if piece.value in _PLURAL_VERBS and len(self.talk.subjects) > 1:
            self.all_of_list = True
        if piece.value in {"where", "here"}:
            self.listing = False
        if piece.value not in {"there", "be", "being", "been"}:
            following = self._next(self.k + 1)
            if self.not_like and following is not None and following.phrase is not None:
                self.not_like = following.phrase.det != "any" and self.not_like

    def _on_says(self, piece: Piece) -> None:
        self.open = None if self._next_is_quote() else self.open

    def _on_verb(self, piece: Piece) -> None:
        self.listing = self.negative = False

    def _on_filler(self, piece: Piece) -> None:
        del piece

    def _on_word(self, piece: Piece) -> None:
        word: str = piece.value
        if word in TEXT_CUES:
            return
        if word in {"free"} and (before := self._previous()) is not None and before.phrase is not None:
            self._free_of(before.phrase)
            return
        self.unknown.append(self.s.words(piece.start, piece.end))

    # -- things --------------------------------------------------------------------------------------------------

    def _subjects(self, found: list[Thing], new: bool) -> None:
        """These are spoken of now; what was said before them of their place is theirs."""
        self.found = True
        if self.listing and self.talk.subjects and not self.all_of_list:
            self.talk.subjects += [thing for thing in found if thing not in self.talk.subjects]
        else:
            if self.talk.subjects and not self.listing:
                self._drop_inherited()
            self.talk.subjects = list(found)
            self.all_of_list = False
        for relation in self.pending:
            for thing in found:
                if thing not in relation.targets:
                    self.place(thing, Relation(relation.name, relation.targets, inherited=relation.inherited))
            relation.inherited = True
        self.listing = False
        del new

    def _drop_inherited(self) -> None:
        self.pending = [relation for relation in self.pending if not relation.inherited]

    def _last_thing(self) -> Thing | None:
        recent = self.talk.recent()
        return recent[0] if recent else None

    def _apposition(self, phrase: Phrase) -> list[Thing]:
        """Of “two cars, a red one and a blue one”: members of the group just named."""
        if phrase.pronoun != "one" or not phrase.said_one or phrase.det != "a" or (not self.listing and not self.ahead):
            return []
        pool = [t for t in self.talk.recent() if t.many and t.text is None and t.clause == self.scene.clause]
        group = next((t for t in pool if not t.color or not phrase.colors), None)
        kin = [
            t
            for t in self.talk.recent()
            if t.parts or t.family == (self.talk.picked.family if self.talk.picked else -1)
        ]
        if group is None and kin and not kin[0].color and not kin[0].many and kin[0].parts:
            group = kin[0]
        if group is None:
            return []
        piece = self.scene.split(group, 1)
        piece.color = phrase.colors[0] if phrase.colors else piece.color
        piece.size = phrase.size or piece.size
        self.talk.picked = piece
        self.talk.mention([group, piece] if piece is not group else [piece])
        return [piece]

    def _noun_follows(self) -> bool:
        """True if "a red" is completed by a noun further on: "a red and a blue car"."""
        k = self.k + 1
        while k < len(self.row) and (self.row[k].is_word("and", "or", ",")):
            k += 1
        following = self.row[k].phrase if k < len(self.row) else None
        return k > self.k + 1 and following is not None and (following.head is not None or following.pronoun == "one")

    def _borrowed(self, phrase: Phrase) -> None:
        """A thing whose noun comes with the next phrase."""
        for piece in self.row[self.k + 1 :]:
            if piece.phrase is not None and piece.phrase.head is not None:
                lender = piece.phrase
                borrowed = Phrase(
                    phrase.start,
                    phrase.end,
                    phrase.det,
                    phrase.amount or Amount(1),
                    lender.head,
                    phrase.colors,
                    phrase.size,
                )
                thing = self.scene.add(thing_of(borrowed))
                self.talk.mention([thing])
                self._subjects([thing], new=True)
                return

    def _absent(self, phrase: Phrase, piece: Piece) -> None:
        self.found = True
        if phrase.lettering:
            self.scene.no_text = self.scene.next_order()
            return
        head = phrase.head
        if phrase.pronoun == "one" or head is None:
            self.unknown.append(self.s.words(piece.start, piece.end))
            return
        if head.abstract or phrase.pick in {"other"} or "other" in [m.lower() for m in phrase.modifiers]:
            self.unknown.append("no " + self.s.words(piece.start, piece.end).removeprefix("no "))
            return
        if self.scene.of(head.noun) and not self.scene.source and not phrase.colors and not phrase.size:
            if all(t.clause != self.scene.clause for t in self.scene.of(head.noun)):
                for thing in self.scene.of(head.noun):
                    thing.gone = True
                    self.scene.fold(self.words(), None, f"no {thing.noun}")
            else:
                self.unknown.append("no " + self.s.words(piece.start, piece.end).removeprefix("no "))
                return
        thing = thing_of(phrase)
        thing.absent, thing.count = True, None
        self.scene.add(thing)
        if phrase.det == "no":
            following = self._next(self.k + 1)
            if following is not None and following.is_word("or", "and", ",", "nor"):
                self.negative = True

    def _nobody(self) -> None:
        self.scene.add(Thing("person", absent=True))
        self.found = True

    def _free_of(self, phrase: Phrase) -> None:
        """Of “text-free”, “cloud-free”."""
        if phrase.lettering:
            self.look = None
            self.scene.no_text = self.scene.next_order()
            self.found = True

    def _vague(self, piece: Piece) -> None:
        """A phrase that names nothing one could point at."""
        phrase: Phrase = piece.value
        words = [*phrase.colors, *phrase.modifiers, phrase.head.said if phrase.head else ""]
        self.unknown.append(self.s.words(piece.start, piece.end) if phrase.colors else " ".join(filter(None, words)))
        if self.open is not None:
            self.unknown.append(self.open[0].word)
            self.open = None

    # -- relations -----------------------------------------------------------------------------------------------

    def _owners_of(self, spot: Spot) -> list[Thing] | None:
        """Whose place it is; None if it is of what comes after."""
        subjects = self.talk.subjects
        if not subjects:
            return None
        before = self._previous()
        if self.listing or (before is not None and before.is_word("with", "while", "where")):
            after = self._after_spot()
            if after is not None and self._begins(after):
                return None
        if self.all_of_list:
            return list(subjects)
        return [subjects[-1]]

    def _after_spot(self) -> int | None:
        """Index of the piece after the place or the relation's target."""
        k = self.k + 1
        spot: Spot = self.row[self.k].value
        if spot.kind == "relation" and not spot.pronoun:
            needed = 2 if spot.name == "between" else 1
            while k < len(self.row) and needed:
                piece = self.row[k]
                if piece.kind in {"phrase", "quote"}:
                    needed -= 1
                    if (
                        needed
                        and piece.phrase is not None
                        and (piece.phrase.amount or piece.phrase.pronoun in {"them", "both"})
                    ):
                        needed = 0
                elif not (needed == 1 and spot.name == "between" and piece.is_word("and")):
                    return None
                k += 1
        return k if k < len(self.row) else None

    def _begins(self, k: int) -> bool:
        """True if a new thing is told of from piece k on: "…, on the left (there is) a tree"."""
        while k < len(self.row) and (self.row[k].kind in {"link", "filler"} or self.row[k].is_word("one")):
            k += 1
        if k >= len(self.row):
            return False
        piece = self.row[k]
        if piece.kind == "mark" and piece.value == ",":
            # "…, to the left of it, a tree" only if the thing before has its place already
            subjects = self.talk.subjects
            return bool(subjects and subjects[-1].relations and k + 1 < len(self.row) and self._begins(k + 1))
        if piece.kind == "quote":
            return True
        return piece.phrase is not None and (not piece.phrase.pronoun or piece.phrase.pronoun == "one")

    def _coming(self) -> list[Thing]:
        return []

    def _target(self, phrase: Phrase) -> None:
        assert self.open is not None
        _, owners, _ = self.open
        found = self.talk.resolve(phrase, but=owners if owners is not None else [])
        self._note_modifiers(phrase)
        if not found:
            self.open = None
            return
        self._targets(found)

    def _targets(self, found: list[Thing]) -> None:
        """A target of the open relation is there; carry it out if it was the last one due."""
        assert self.open is not None
        spot, owners, targets = self.open
        targets += found
        if spot.name == "between" and len(targets) == 1 and not targets[0].many:
            following = self._next(self.k + 1)
            if following is not None and following.is_word("and"):
                return
        more = self._more_targets()
        if more:
            return
        self.open = None
        self._relate(spot, owners, targets)

    def _more_targets(self) -> bool:
        """True if "and the house" goes on with the targets of the relation."""
        k = self.k + 1
        if k + 1 >= len(self.row) or not self.row[k].is_word("and"):
            return False
        phrase = self.row[k + 1].phrase
        if phrase is None or not (phrase.definite and phrase.head is not None) or not self.scene.of(phrase.head.noun):
            return False
        after = self.row[k + 2] if k + 2 < len(self.row) else None
        return after is None or after.kind in {"mark"}

    def _relate(self, spot: Spot, owners: list[Thing] | None, targets: list[Thing]) -> None:
        """The relation is complete."""
        self.found = True
        self.talk.target = targets[-1] if targets else None
        if spot.name == "each side":
            self._each_side(owners, targets)
            return
        if spot.name == "between":
            pair = tuple(targets[:2]) if len(targets) > 1 else (*targets, *targets)
            relations = [Relation("between", pair)] if pair else []
        else:
            relations = [Relation(spot.name, (target,)) for target in targets]
        if owners is None:
            self.pending += relations
            self.listing = False
            return
        for relation in relations:
            for thing in owners:
                self.place(thing, Relation(relation.name, relation.targets))

    def _each_side(self, owners: list[Thing] | None, targets: list[Thing]) -> None:
        """A thing on either side of the target: one group to its left, one to its right."""
        if not targets:
            targets = self.talk.pronoun("it", but=owners or [])
        if owners is None:
            self.pending += [Relation("each side", (target,)) for target in targets]
            self.listing = False
            return
        for thing in owners:
            for target in targets[:1]:
                self.place(thing, Relation("each side", (target,)))

    def place(self, thing: Thing, relation: Relation) -> None:
        """Put a thing somewhere; what was inherited from a list, or contradicts it, gives way."""
        if thing in relation.targets or thing.absent:
            if thing.absent:
                self.unknown.append("no " + thing.noun)
            return
        if relation.name == "each side":
            self._flank(thing, relation.targets[0])
            return
        if not relation.inherited:
            thing.relations = [
                r for r in thing.relations if not (r.inherited and (not r.targets) == (not relation.targets))
            ]
        elif any((not r.targets) == (not relation.targets) for r in thing.relations):
            return
        if any(r.name == relation.name and r.targets == relation.targets for r in thing.relations):
            return
        if not relation.targets and thing.clause != self.scene.clause:
            old = [r for r in thing.relations if not r.targets]
            if old and any(set(r.name.split()) != set(relation.name.split()) for r in old):
                thing.relations = [r for r in thing.relations if r.targets]
                self.scene.fold(self.words(), thing, f"{old[0].name} -> {relation.name}")
        thing.relations.append(relation)

    def _flank(self, thing: Thing, target: Thing) -> None:
        each = Amount(1)
        if thing.count is not None and thing.count.number > 1 and not thing.count.at_least:
            if thing.count.number % 2:
                thing.relations.append(Relation("next to", (target,)))
                return
            each = Amount(thing.count.number // 2)
        elif thing.many:
            each = Amount(1, True)
        twin = Thing(
            thing.noun, thing.known, each, thing.color, thing.size, modifiers=list(thing.modifiers), pick="right",
            plural=each.number > 1, said=thing.said,
        )  # fmt: skip
        thing.count, thing.plural, thing.pick = each, each.number > 1, "left"
        thing.members = []
        self.scene.add(twin)
        twin.family = thing.family
        thing.relations.append(Relation("left of", (target,)))
        twin.relations.append(Relation("right of", (target,)))

    # -- qualities -----------------------------------------------------------------------------------------------

    def _described(self) -> list[Thing]:
        """Whom a colour or size at hand describes."""
        if self.all_of_list:
            return list(self.talk.subjects)
        if self.lettering is not None and self.talk.recent()[:1] == [self.lettering]:
            return [self.lettering]
        if not self.talk.subjects:
            return []
        before = self._previous()
        if before is not None and before.kind == "phrase" and self.talk.recent():
            return self.talk.recent()[:1]
        if (
            len(self.talk.subjects) > 1
            and self.row
            and any(p.phrase is not None and p.phrase.pronoun in {"both", "them"} for p in self.row[: self.k])
        ):
            return list(self.talk.subjects)
        return self.talk.subjects[-1:]

    def recolor(self, thing: Thing, color: str) -> None:
        """Give a thing a colour; if it had another one, that is folded."""
        if thing.source:
            thing.new_color = color
            return
        if thing.color and thing.color != color and thing.clause != self.scene.clause:
            self.scene.fold(self.words(), thing, f"{thing.color} -> {color}")
        thing.color = color

    def resize(self, thing: Thing, size: str) -> None:
        """Give a thing a size; "larger" is large unless it is about a source picture."""
        if thing.source:
            thing.new_size = {"large": "larger", "small": "smaller"}.get(size, size)
            return
        size = {"larger": "large", "smaller": "small"}.get(size, size)
        if thing.size and thing.size != size and thing.clause != self.scene.clause:
            self.scene.fold(self.words(), thing, f"{thing.size} -> {size}")
        thing.size = size

    def _colors_of_group(self, group: Thing, colors: list[str]) -> None:
        """Of “three balloons: red, green and blue”."""
        count = group.count
        if count is None or count.at_least or count.number < len(colors):
            for color in colors[1:]:
                twin = Thing(group.noun, group.known, Amount(1, True), color, group.size, plural=True, said=group.said)
                self.scene.add(twin)
                twin.family = group.family
                twin.relations = [Relation(r.name, r.targets) for r in group.relations]
            group.count, group.color = Amount(1, True), colors[0]
            return
        if count.number > len(colors):
            group.modifiers.append(" and ".join(colors))
            self.unknown.append(" and ".join(colors))
            return
        for color in colors[:-1]:
            self.scene.split(group, 1).color = color
        group.color = colors[-1]

    # -- lettering -----------------------------------------------------------------------------------------------

    def _lettering_word(self, phrase: Phrase) -> None:
        if phrase.det == "no" or self.negative or (self.not_like and phrase.det in {"any", "", "a"}):
            self.scene.no_text = self.scene.next_order()
            self.found = True
            if not self.negative:
                following = self._next(self.k + 1)
                self.negative = following is not None and following.is_word("or", "and", ",", "nor")
            return
        if self._next_is_quote():
            self.look = phrase
            return
        letterings = self.scene.letterings()
        if not letterings:
            self.unknown.append(self.s.words(phrase.start, phrase.end))
            self.open = None
            return
        before = self._previous()
        attached = before is not None and before.is_word("in", "with", "as", "using")
        thing = self.lettering if attached and self.lettering is not None else letterings[-1]
        if attached or not phrase.definite:
            self._dress(thing, phrase)
        self.talk.mention([thing])
        self.found = True
        if self.open is not None:
            self._targets([thing])
        else:
            self.lettering = thing
            self._subjects([thing], new=False)

    def _dress(self, thing: Thing, phrase: Phrase) -> None:
        if len(phrase.colors) == 1:
            thing.color = phrase.colors[0]
        thing.size = phrase.size or thing.size
        thing.modifiers += [word for word in phrase.modifiers if word not in thing.modifiers]

    def _new_lettering(self, text: str) -> Thing:
        return self.scene.add(Thing(f'"{text}"', text=text))

    def _next_is_quote(self) -> bool:
        k = self.k + 1
        while k < len(self.row) and k - self.k <= 6:
            piece = self.row[k]
            if piece.kind == "quote":
                return True
            if (piece.phrase is not None and not piece.phrase.lettering) or piece.kind in {"whole", "relation"}:
                return False
            k += 1
        return False

    # -- context -------------------------------------------------------------------------------------------------

    def words(self) -> str:
        """The clause as written."""
        return self.s.words(self.row[0].start, self.row[-1].end) if self.row else ""

    def _next(self, k: int) -> Piece | None:
        return self.row[k] if k < len(self.row) else None

    def _previous(self) -> Piece | None:
        return self.row[self.k - 1] if self.k else None

    def _is_expletive(self) -> bool:
        """Of “it is raining”, “it shows”: nothing is referred to."""
        return not self.talk.recent()

    def _note_modifiers(self, phrase: Phrase) -> None:
        self.unknown += phrase.modifiers

    def _finish(self) -> None:
        """Places whose thing never came are of what was spoken of before."""
        if self.open is not None:
            self.unknown.append(self.open[0].word)
        leftover = [r for r in self.pending if not r.inherited]
        if leftover and not self.talk.subjects:
            for thing in (self.talk.topic or self.talk.recent()[:1])[-1:]:
                for relation in leftover:
                    self.place(thing, relation)
