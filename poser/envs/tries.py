"""What the calls of an episode show of their experts, as counts for the track record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from poser.experts.record import Cell
from poser.experts.types import Command


class Tried(NamedTuple):
    """A call that tells what an expert can do.

    Attributes:
        step: of the call.
        expert: that was called.
        commands: that it was to carry out.
        hits: whether each passes in the produced picture, kept or not; None where nothing of it could be judged.
        failed: it failed for good, without a picture: all are misses.
        damaged, spared: of the commands outside of the call that were satisfied before, how many are not any more, and
            how many still are.
    """

    step: int
    expert: str
    commands: tuple[Command, ...]
    hits: tuple[bool | None, ...]
    failed: bool = False
    damaged: int = 0
    spared: int = 0


def count_tries(tries: Iterable[Tried]) -> list[tuple[str, str, int, Cell]]:
    """(expert, skill, merged, counts) of the calls of one episode, for `TrackRecord.observe`, in the order of the
    steps.

    Damage is shared out evenly over the skills of a call, as nobody can tell which of them did it.
    """
    observed, misses = list[tuple[str, str, int, Cell]](), Counter[tuple[str, str]]()
    for each in sorted(tries, key=lambda entry: entry.step):
        single, again = len(each.commands) == 1, False
        if single and each.hits[0] is not None:
            pair = each.expert, each.commands[0].id
            again = misses[pair] == 1
            misses[pair] += not each.hits[0]
        skills = dict.fromkeys(command.skill for command in each.commands)
        for skill in skills:
            own = [hit for command, hit in zip(each.commands, each.hits, strict=True) if command.skill == skill]
            counts = Cell(
                success=own.count(True),
                failure=own.count(False),
                damaged=each.damaged / len(skills),
                spared=each.spared / len(skills),
                retried=float(again),
                recovered=float(again and own[0] is True),
            )
            observed.append((each.expert, skill, len(each.commands), counts))
    return observed
