"""Fresh pictures by chance: what they show, as a sketch, and the clauses that say so."""

from __future__ import annotations

from poser.decompose.requests import wording
from poser.decompose.requests.telling import Clause, Dice, Teller, listed
from poser.experts.lexicon import COLORS, PLACES, RELATIONS, SCENES, SIZES, STYLES, TONES
from poser.extract.sketch import Fold, Sign, Sketch, Thing

_COUNTS = (0.55, 0.2, 0.12, 0.08, 0.05)
_COLOR, _SIZE, _RELATION, _PLACE, _AT_LEAST, _TWIN = 0.55, 0.2, 0.35, 0.2, 0.05, 0.1
_LATER, _INLINE_PLACE, _FRONTED, _STATED, _AFTER_ALL = 0.3, 0.6, 0.2, 0.5, 0.25
_WHOLE = {"background": 0.4, "text": 0.3, "style": 0.25, "tone": 0.1, "absent": 0.12}
_OPENED, _PLAIN, _SIGN_COLOR, _SIGN_PLACE, _CORRECTED = 0.35, 0.25, 0.25, 0.4, 0.2
_CORRECTED_BACKDROP = 0.08


class FreshPicture:
    """A fresh picture in the making.

    Attributes:
        sketch: what it shows in the end.
        clauses: what a user says of it, in order.
    """

    def __init__(self, teller: Teller, commands: int, letters: wording.Words) -> None:
        """`commands`: how many the plan shall have; `letters`: lettering that may be asked for."""
        self._teller, self._dice, self._letters = teller, teller.dice, letters
        self.sketch = Sketch()
        self.clauses: list[Clause] = []
        self._distinct: dict[int, str] = {}
        wanted = [what for what, share in _WHOLE.items() if self._dice.chance(share)]
        whole = self._dice.shuffled(wanted)[: commands - 1]
        self._late: list[Clause] = []
        things = [self._new(k) for k in range(commands - len(whole))]
        opening = self._opening(whole)
        if "background" in whole and self._dice.chance(0.4):
            whole.remove("background")
            self._whole("background")
        self._tell(things, opening)
        self.clauses += self._late
        if self._dice.chance(_CORRECTED):
            self._correct(things)
        for what in whole:
            self._whole(what)
        if self.sketch.background is not None and self._dice.chance(_CORRECTED_BACKDROP):
            self._correct_background(self.sketch.background[0])

    def _new(self, number: int) -> Thing:
        dice, teller = self._dice, self._teller
        count = 1 + dice.weighted(_COUNTS)
        earlier = [t for t in self.sketch.things if t.color and id(t) not in self._distinct and not t.relations]
        if earlier and dice.chance(_TWIN):
            like = dice.pick(earlier)
            thing = teller.another(like, count)
            thing.color = dice.pick([color for color in COLORS if color != like.color])
            self._distinct |= {id(like): str(like.color), id(thing): thing.color}
        else:
            thing = teller.thing(count)
            thing.at_least = count > 1 and dice.chance(_AT_LEAST)
            thing.color = dice.pick(tuple(COLORS)) if dice.chance(_COLOR) else None
        thing.size = dice.pick(SIZES) if dice.chance(_SIZE) else None
        # what has its place at the rim leaves no room beyond it
        anchors = [t for t in self.sketch.things if not t.places and t.noun != thing.noun]
        if anchors and dice.chance(_RELATION):
            relation = dice.pick([r for r in RELATIONS if r != "between" or len(anchors) > 1])
            thing.relations = [(relation, tuple(dice.shuffled(anchors)[: 2 if relation == "between" else 1]))]
        elif dice.chance(_PLACE):
            thing.places = [dice.pick(PLACES)]
        self.sketch.things.append(thing)
        return thing

    def _opening(self, whole: list[str]) -> str:
        """A frame for the first things that says style or backdrop on the way, or ""."""
        for what in ("style", "background"):
            if what in whole and self._dice.chance(_OPENED):
                whole.remove(what)
                if what == "style":
                    self.sketch.styles = [self._dice.pick(STYLES)]
                    return self._teller.say("opening style", list="{list}",
                                            **self._teller.style(self.sketch.styles[0]))  # fmt: skip
                value = self._dice.pick(SCENES)
                self.sketch.background = (value, 1, value)
                return self._teller.say("opening background", list="{list}", bg=self._teller.backdrop(value))
        return ""

    def _tell(self, things: list[Thing], opening: str) -> None:
        todo = list(things)
        while todo:
            size = min(len(todo), 1 + self._dice.weighted((0.5, 0.3, 0.2)))
            group, todo = todo[:size], todo[size:]
            self._tell_group(group, opening)
            opening = ""

    def _tell_group(self, group: list[Thing], opening: str) -> None:
        teller, dice = self._teller, self._dice
        later: list[tuple[str, Thing]] = []
        parts: list[str] = []
        fronted = ""
        for thing in group:
            color: str | None = thing.color
            size: str | None = thing.size
            if color and id(thing) not in self._distinct and dice.chance(_LATER):
                later.append(("color", thing))
                color = None
            if size and dice.chance(_LATER):
                later.append(("size", thing))
                size = None
            words = teller.phrase(thing, color=color, size=size)
            where = teller.where(thing, self._distinct)
            if where and len(group) == 1 and not opening and dice.chance(_FRONTED):
                fronted = where
            elif where and dice.chance(_INLINE_PLACE):
                # "a cat and a dog above the tree" would leave open where the cat is
                clear = len(group) == 1 or thing is not group[-1]
                is_ = "are" if thing.count > 1 else "is"
                words = f"{words} {where}" if clear else f"{words} that {is_} {where}"
            elif where:
                later.append(("place", thing))
            parts.append(words)
        many = len(parts) > 1 or group[0].count > 1
        slots = {"list": listed(parts), "there": "there are" if group[0].count > 1 else "there is",
                 "lis": "are" if many else "is", "where": fronted}  # fmt: skip
        mood = self._mood()
        if opening:
            self.clauses.append(Clause(opening.format_map(slots), "as is"))
        else:
            self.clauses.append(Clause(teller.say(f"{'where' if fronted else 'things'} {mood}", **slots), mood))
        for kind, thing in later:
            self._tell_look(kind, thing, alone=len(group) == 1 and self.clauses[-1].mood != "as is")

    def _tell_look(self, kind: str, thing: Thing, *, alone: bool) -> None:
        teller = self._teller
        late = self._dice.chance(_AFTER_ALL)
        reference = teller.reference([(thing, self._distinct.get(id(thing)))], pronoun=alone and not late)
        mood = self._mood()
        slots = {
            "color": teller.color(thing.color) if kind == "color" and thing.color else "",
            "size": teller.size(thing.size) if kind == "size" and thing.size else "",
            "where": teller.where(thing, self._distinct) if kind == "place" else "",
        }
        clause = Clause(teller.about(f"{kind} {mood}", reference, **slots), mood)
        (self._late if late else self.clauses).append(clause)

    def _whole(self, what: str) -> None:
        sketch, dice, teller, mood = self.sketch, self._dice, self._teller, self._mood()
        slots: dict[str, str] = {}
        if what == "background":
            value = dice.pick(tuple(COLORS)) if dice.chance(_PLAIN) else dice.pick(SCENES)
            sketch.background = (value, 1, value)
            slots = {"bg": teller.backdrop(value)}
        elif what == "text":
            sign = new_sign(dice, self._letters)
            sketch.signs.append(sign)
            slots = {"text": teller.quoted(sign.text), "where": teller.sign(sign)}
        elif what == "style":
            sketch.styles = [dice.pick(STYLES)]
            slots = teller.style(sketch.styles[0])
        elif what == "tone":
            sketch.tones = [dice.pick(TONES)]
            slots = {"tone": dice.pick(wording.TONES[sketch.tones[0]])}
        else:
            absent = teller.thing()
            sketch.absent.append(absent.noun)
            noun, plural = teller.spelt(absent)
            slots = {"noun": noun, "plural": plural}
        self.clauses.append(Clause(teller.say(f"{what} {mood}", **slots), mood))

    def _correct(self, things: list[Thing]) -> None:
        """Take one thing back, or make it another; the sketch then holds what is meant in the end."""
        teller, dice = self._teller, self._dice
        alike = [t for t in things if id(t) not in self._distinct]
        targets = {id(target) for thing in things for _, of in thing.relations for target in of}
        choices = [("count", t) for t in alike]
        choices += [("color", t) for t in alike if t.color] + [("size", t) for t in alike if t.size]
        if len(things) > 1:
            choices += [("gone", t) for t in things if id(t) not in targets]
        choices += [("kind", t) for t in alike if id(t) not in targets and not t.color and not t.size]
        if not choices:
            return
        kind, thing = dice.pick(choices)
        before = teller.reference([(thing, self._distinct.get(id(thing)))])
        slots: dict[str, str] = {}
        into: Thing | None = thing
        if kind == "count":
            number = dice.pick([n for n in range(2, 6) if n != thing.count])
            change = f"{thing.count} -> {number}"
            thing.count, thing.at_least = number, False
            slots = {"number": teller.of(wording.NUMBERS[number]), "plural": teller.spelt(thing)[1]}
        elif kind == "color":
            old, new = str(thing.color), dice.pick([color for color in COLORS if color != thing.color])
            change, thing.color = f"{old} -> {new}", new
            slots = {"color": teller.color(new), "old": old}
        elif kind == "size":
            new = "small" if thing.size == "large" else "large"
            change, thing.size = f"{thing.size} -> {new}", new
            slots = {"size": teller.size(new)}
        elif kind == "gone":
            change, thing.gone, into = f"{thing.noun} removed", True, None
        else:
            change = thing.noun
            teller.rename(thing)
            change = f"{change} -> {thing.noun}"
            slots = {"new": teller.phrase(thing, color=None, size=None)}
        self._fold(teller.about(f"change {kind}", before, **slots), change, into)

    def _correct_background(self, value: str) -> None:
        new = self._dice.pick([scene for scene in SCENES if scene != value])
        self.sketch.background = (new, 1, new)
        words = self._teller.say("change background", bg=self._teller.backdrop(new))
        self._fold(words, f"background {value} -> {new}", None)

    def _fold(self, words: str, change: str, into: Thing | None) -> None:
        self.sketch.folded.append(Fold(words, change, into))
        self.clauses.append(Clause(words, "as is"))

    def _mood(self) -> str:
        return "say" if self._dice.chance(_STATED) else "do"


def new_sign(dice: Dice, letters: wording.Words) -> Sign:
    """Lettering by chance, at times with a colour and a place."""
    sign = Sign(dice.pick(letters))
    sign.color = dice.pick(tuple(COLORS)) if dice.chance(_SIGN_COLOR) else None
    sign.places = [dice.pick(PLACES)] if dice.chance(_SIGN_PLACE) else []
    return sign
