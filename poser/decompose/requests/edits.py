"""Edits of a source picture by chance: the scene, the edits as a sketch, and the clauses that ask for them."""

from __future__ import annotations

from poser.decompose.requests import wording
from poser.decompose.requests.fresh import new_sign
from poser.decompose.requests.telling import Clause, Teller
from poser.experts.lexicon import BACKGROUNDS, COLORS, PLACES, SCENES, STYLES, TONES
from poser.extract.sketch import Edit, Sign, Sketch, Thing

_KINDS = {"remove": 2.0, "recolor": 3.0, "resize": 2.0, "move": 2.0, "replace": 2.0, "add": 2.0, "background": 0.8,
          "style": 0.6, "tone": 0.6, "letter": 0.8}  # fmt: skip
_ONCE = ("background", "style", "tone", "letter")
_RELATIONS = ("left of", "right of", "above", "below", "next to")
_COUNTS = (0.7, 0.2, 0.1)
_TWINS, _SIGN, _STATED, _SHARED, _PAIRED, _AGAIN, _PLAIN = 0.2, 0.5, 0.35, 0.2, 0.3, 0.15, 0.25
_COLORED, _PLACED, _UNLETTERED = 0.5, 0.6, 0.5


class EditedPicture:
    """Edits of a picture in the making.

    Attributes:
        sketch: what is to be done.
        clauses: what a user says, in order.
        things: what the source picture shows, with colours; more than the user speaks of.
        signs: its lettering.
        backdrop: its background.
    """

    def __init__(self, teller: Teller, commands: int, letters: wording.Words) -> None:
        """`commands`: how many the plan shall have; `letters`: lettering to draw from."""
        self._teller, self._dice, self._letters = teller, teller.dice, letters
        self.sketch = Sketch(source=True)
        self.clauses: list[Clause] = []
        dice = self._dice
        self.backdrop = dice.pick(BACKGROUNDS)
        self.signs = [Sign(dice.pick(letters), existing=True)] if dice.chance(_SIGN) else []
        self.things = [self._shown() for _ in range(dice.number(2, 4) + commands // 3)]
        self._distinct: dict[int, str] = {}
        if dice.chance(_TWINS):
            self._twin()
        self._free = dice.shuffled(self.things)
        self._last: Thing | None = None
        left, used = commands, set[str]()
        while left > 0:
            left -= self._edit(left, used)

    def _shown(self) -> Thing:
        dice = self._dice
        thing = self._teller.thing(1 + dice.weighted(_COUNTS), existing=True)
        thing.label, thing.color = thing.noun, dice.pick(tuple(COLORS))
        return thing

    def _twin(self) -> None:
        """A second group of a noun, told apart by colour."""
        like = self.things[0]
        other = self._teller.another(like, 1, existing=True)
        other.color = self._dice.pick([color for color in COLORS if color != like.color])
        for thing in (like, other):
            self._distinct[id(thing)] = str(thing.color)
            thing.label = f"{thing.color} {thing.noun}"
        self.things.append(other)

    def _edit(self, left: int, used: set[str]) -> int:
        """Ask for an edit, or two at once; how many."""
        dice = self._dice
        kinds = {kind: weight for kind, weight in _KINDS.items() if kind not in used}
        if len(self._free) < 2:
            kinds = {kind: weight for kind, weight in kinds.items() if kind in (*_ONCE, "add")}
        kind = list(kinds)[dice.weighted(list(kinds.values()))]
        if kind in _ONCE:
            used.add(kind)
            (self._letter if kind == "letter" else self._whole)(kind)
            return 1
        if kind == "add":
            self._add()
            return 1
        if left > 1 and len(self._free) > 2 and kind in ("remove", "recolor", "resize") and dice.chance(_SHARED):
            self._change(kind, [self._free.pop(), self._free.pop()])
            return 2
        if left > 1 and len(self._free) > 2 and kind == "recolor" and dice.chance(_PAIRED):
            self._recolor_two(self._free.pop(), self._free.pop())
            return 2
        thing = self._free.pop()
        again = self._change(kind, [thing])
        if again and left > 1 and dice.chance(_AGAIN):
            self._change("resize" if kind == "recolor" else "recolor", [thing], pronoun=True)
            return 2
        return 1

    def _change(self, kind: str, things: list[Thing], *, pronoun: bool = False) -> bool:
        """One clause that edits things in the same way; True if another edit of them may follow."""
        teller, dice, mood = self._teller, self._dice, self._mood()
        reference = teller.reference([(t, self._distinct.get(id(t))) for t in things], pronoun=pronoun)
        construct, goal, slots = kind, "", dict[str, str]()
        target: Thing | None = None
        new: Thing | None = None
        if kind == "recolor":
            goal = self._other_color(things)
            slots = {"color": teller.color(goal)}
        elif kind == "resize":
            construct = goal = dice.pick(("larger", "smaller"))
        elif kind == "move":
            goal, target = self._spot(things[0])
            slots = {"where": self._where(goal, target)}
        elif kind == "replace":
            new = teller.thing()
            new.color = dice.pick(tuple(COLORS)) if dice.chance(_COLORED) else None
            slots = {"new": teller.phrase(new, color=new.color, size=None)}
        self.clauses.append(Clause(teller.about(f"{construct} {mood}", reference, **slots), mood))
        for thing in things:
            self.sketch.edit(Edit(kind, thing, goal, new=new, target=target))
        return kind in ("recolor", "resize") and id(things[0]) not in self._distinct

    def _recolor_two(self, one: Thing, other: Thing) -> None:
        teller = self._teller
        goals = [self._other_color([thing]) for thing in (one, other)]
        first, second = (teller.reference([(t, self._distinct.get(id(t)))]) for t in (one, other))
        words = teller.about("recolor two do", first, color=teller.color(goals[0]), the2=second.words,
                             color2=teller.color(goals[1]), s2="" if second.plural else "s")  # fmt: skip
        self.clauses.append(Clause(words, "do"))
        for thing, goal in zip((one, other), goals, strict=True):
            self.sketch.edit(Edit("recolor", thing, goal))

    def _other_color(self, things: list[Thing]) -> str:
        """A colour that neither these things have nor others of their nouns, from which colour tells them apart."""
        nouns = {thing.noun for thing in things}
        taken = {thing.color for thing in self.things if thing.noun in nouns}
        return self._dice.pick([color for color in COLORS if color not in taken])

    def _spot(self, thing: Thing) -> tuple[str, Thing | None]:
        """Where a thing goes: a place, or a relation to a thing that stays as it is."""
        others = [t for t in self._free if t.noun != thing.noun]
        if others and self._dice.chance(1 - _PLACED):
            target = self._dice.pick(others)
            self._free.remove(target)
            return self._dice.pick(_RELATIONS), target
        return self._dice.pick(PLACES), None

    def _where(self, goal: str, target: Thing | None) -> str:
        if target is None:
            return self._teller.of(wording.PLACES[goal])
        named = self._teller.the(target, color=self._distinct.get(id(target)))
        return self._teller.of(wording.RELATIONS[goal]).format(named)

    def _add(self) -> None:
        teller, dice, mood = self._teller, self._dice, self._mood()
        thing = teller.thing(1 + dice.weighted(_COUNTS))
        thing.color = dice.pick(tuple(COLORS)) if dice.chance(_COLORED) else None
        self.sketch.things.append(thing)
        where = ""
        if dice.chance(_PLACED):
            goal, target = self._spot(thing)
            where = self._where(goal, target)
            if target is None:
                thing.places = [goal]
            else:
                thing.relations = [(goal, (target,))]
        words = teller.phrase(thing, color=thing.color, size=None)
        many = thing.count > 1
        slots = {"list": f"{words} {where}".strip(), "there": "there should be", "lis": "are" if many else "is"}
        self.clauses.append(Clause(teller.say(f"things {mood}", **slots), mood))

    def _letter(self, _: str) -> None:
        teller, dice, mood = self._teller, self._dice, self._mood()
        if not self.signs:
            sign = new_sign(dice, self._letters)
            self.sketch.signs.append(sign)
            words = teller.say(f"text {mood}", text=teller.quoted(sign.text), where=teller.sign(sign))
        elif dice.chance(_UNLETTERED):
            words = teller.say(f"unletter {mood}", old=teller.quoted(self.signs[0].text))
            self.sketch.edit(Edit("remove", self.signs[0]))
        else:
            new = Sign(dice.pick([text for text in self._letters if text != self.signs[0].text]))
            slots = {"old": teller.quoted(self.signs[0].text), "new": teller.quoted(new.text)}
            words = teller.say(f"reletter {mood}", **slots)
            self.sketch.edit(Edit("replace", self.signs[0], new=new))
        self.clauses.append(Clause(words, mood))

    def _whole(self, what: str) -> None:
        sketch, dice, teller, mood = self.sketch, self._dice, self._teller, self._mood()
        if what == "background":
            value = dice.pick(tuple(COLORS)) if dice.chance(_PLAIN) else dice.pick(SCENES)
            while value == self.backdrop:
                value = dice.pick(SCENES)
            sketch.background = (value, 1, value)
            slots = {"bg": teller.backdrop(value)}
        elif what == "style":
            sketch.styles = [dice.pick(STYLES)]
            slots = teller.style(sketch.styles[0])
        else:
            sketch.tones = [dice.pick(TONES)]
            slots = {"tone": dice.pick(wording.TONES[sketch.tones[0]])}
        self.clauses.append(Clause(teller.say(f"{what} {mood}", **slots), mood))

    def _mood(self) -> str:
        return "say" if self._dice.chance(_STATED) else "do"
