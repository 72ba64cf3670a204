"""The generalist: one command of any kind, well; many at once, badly."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from poser.experts import lexicon
from poser.experts.studio.asks import Ask, goal_color, goal_size, read_asks, replacement, selected
from poser.experts.studio.editor import LICENCE, Editor
from poser.experts.studio.eraser import doomed
from poser.experts.studio.filters import apply_wide
from poser.experts.studio.replacer import replace_all
from poser.experts.studio.scenery import change_backdrop
from poser.experts.studio.signwriter import letter
from poser.experts.types import Command, ExpertSpec, Operation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poser.experts.studio.desk import Desk

FORGETS_LAST = 0.13  #: chance to forget the last command, for every command beyond the first
MIXES_UP = 0.07  #: chance that a colour is taken from another command, for every command beyond the first
DRIFT = 0.15  #: chance that a thing which is not concerned comes out in another colour
LAPSE = 0.06  #: chance that even a single command is carried out without heed of position and size
_ALL = (
    Operation.ADD, Operation.REMOVE, Operation.REPLACE, Operation.RECOLOR, Operation.RESIZE, Operation.MOVE,
    Operation.BACKGROUND, Operation.STYLE, Operation.TONE, Operation.TEXT,
)  # fmt: skip
_DRAWING = frozenset(_ALL) - {Operation.STYLE, Operation.TONE, Operation.TEXT, Operation.BACKGROUND}


class Generalist(Editor):
    """Does everything, one thing at a time."""

    SPEC: ClassVar[ExpertSpec] = ExpertSpec(
        name="studio-generalist",
        kind="i2i",
        description="Carries out any single edit of a studio picture, and several at once with growing confusion.",
        limitations=(
            "Expensive. Every further merged command makes it likelier that colours end up on the wrong things and "
            "that the last command is forgotten. Even with one, attention lapses at times, and something that is not "
            "concerned may come out in another colour."
        ),
        operations=dict.fromkeys(_ALL, 0.9),
        seeded=True,
        price=0.0,
        simulated_price=0.05,
        nominal_seconds=0.1,
        licence=LICENCE,
    )
    ATTENTION: ClassVar[float] = 0.93

    def _carry_out(self, desk: Desk, commands: Sequence[Command]) -> int:
        extra = len(commands) - 1
        if extra and desk.rng.random() < min(0.8, FORGETS_LAST * extra):
            desk.notes.append(f"Forgot about: {commands[-1].text}")
            commands = commands[:-1]
        self_colors = [color for command in commands if (color := goal_color(command)) is not None]
        desk.confusion = (min(0.6, MIXES_UP * extra), self_colors)
        return super()._carry_out(desk, commands)

    def edit(self, desk: Desk, command: Command) -> None:
        """One command of any kind."""
        from poser.experts.studio.moving import move_command
        from poser.experts.studio.settling import resize

        lapse = desk.rng.random() < LAPSE
        if command.operation in _DRAWING and desk.rng.random() < DRIFT:
            other = desk.bystander(command)
            if other is not None:
                desk.recolor(other, str(desk.rng.choice(list(lexicon.COLORS))))
        match command.operation:
            case Operation.ADD:
                self._settle(desk, command, lapse)
            case Operation.REMOVE:
                desk.remove(doomed(desk, command))
            case Operation.REPLACE:
                self._replace(desk, command, lapse)
            case Operation.RECOLOR:
                self._recolor(desk, command)
            case Operation.RESIZE:
                size = goal_size(command)
                for subject in selected(command) if size and not lapse else ():
                    for thing in desk.matching(subject):
                        resize(desk, thing, str(size))
            case Operation.MOVE:
                if not lapse:
                    move_command(desk, command, makes_room=True)
            case Operation.BACKGROUND:
                background = read_asks(command).background
                if background is not None:
                    change_backdrop(desk, background, list(desk.things))
            case Operation.TEXT:
                asks = read_asks(command)
                if asks.no_lettering:
                    desk.remove(list(desk.panels))
                for ask in asks.groups:
                    if ask.text is not None:
                        letter(desk, ask, covers=False)
            case _:
                apply_wide(desk, command)

    @staticmethod
    def _replace(desk: Desk, command: Command, lapse: bool) -> None:
        """One for one first; then as many as asked."""
        from poser.experts.studio.settling import Skills, settle

        new = replacement(command)
        if new is None:
            return
        for subject in selected(command)[:1]:
            replace_all(desk, subject, new._replace(color=None) if lapse else new)
        for ask in read_asks(command).groups if not lapse else ():
            if ask.text is None and ask.subject.noun == new.noun and ask.exact and not ask.gone:
                settle(desk, ask, Skills(recolors=False, resizes=False, moves=False))

    def _settle(self, desk: Desk, command: Command, lapse: bool) -> None:
        from poser.experts.studio.settling import Skills, settle

        chance, colors = desk.confusion
        skills = Skills(relations=not lapse, places=not lapse, resizes=not lapse, makes_room=not lapse)
        for ask in read_asks(command).groups:
            if ask.text is not None:
                letter(desk, ask, covers=False)
                continue
            if ask.color is not None and len(colors) > 1 and desk.rng.random() < chance:
                self._mix_up(desk, ask, colors)
            settle(desk, ask, skills)

    @staticmethod
    def _mix_up(desk: Desk, ask: Ask, colors: list[str]) -> None:
        others = [color for color in colors if color != ask.color] or list(lexicon.COLORS)
        ask.color = str(others[int(desk.rng.integers(len(others)))])

    @staticmethod
    def _recolor(desk: Desk, command: Command) -> None:
        from poser.experts.studio.panels import recolor_panel, saying

        color = goal_color(command)
        for subject in selected(command) if color else ():
            if lexicon.is_lettering(subject.noun):
                for panel in saying(desk, subject.noun[1:-1]) or desk.panels[:1]:
                    recolor_panel(desk, panel, str(color))
            for thing in desk.matching(subject):
                desk.recolor(thing, str(color))
