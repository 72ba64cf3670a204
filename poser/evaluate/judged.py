"""What a judge says of returned pictures: the share of the commands that hold, from a critic of evaluation alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from poser.critics.base import Critic, judge_checked, steering, usage_of
from poser.critics.rubric import share_of_points
from poser.critics.types import JudgeRequest, Verdict
from poser.envs.alignment import align, atom_table, probabilities
from poser.envs.arrays import Bools, Floats
from poser.envs.episode import Task
from poser.experts.base import CallContext
from poser.experts.errors import InputError
from poser.experts.picture import Picture


class Judged(NamedTuple):
    """What the judge says of N pictures.

    Attributes:
        quality: [N] share of the commands whose judged atoms all pass, among those of which it can judge anything; of
            a judge that grades pictures as a whole (`poser.critics.rubric.RubricJudge`) its grade as a share of 1; 0
            where there is no picture, NaN where it judges nothing or gives no verdict.
        known: [N] share of the commands of which it can judge anything; 1 where there is no picture, NaN without a
            verdict.
        graded: [N] bool, quality is such a grade.
        failure: N reasons why there is no verdict, "" where there is one or no picture.
        usd: N bills in US dollars, of failed attempts too; None = unknown.
        notes: of N verdicts.
    """

    quality: Floats
    known: Floats
    graded: Bools
    failure: tuple[str, ...]
    usd: tuple[float | None, ...]
    notes: tuple[tuple[str, ...], ...]


def is_same(critic: Critic, judge: Critic) -> bool:
    """Whether somebody answers for both: members of panels and what wrappers hold count.

    Two are the same if they are one object, if they ask the same model with the same prompt, or, where both are no
    model, if they are of the same class and name.
    """
    return any(_equal(one, other) for one in _answering(critic) for other in _answering(judge))


def _answering(critic: Critic) -> list[Critic]:
    return [each for part in critic.parts for each in _answering(part)] or [critic]


def _equal(one: Critic, other: Critic) -> bool:
    if one is other:
        return True
    if one.model or other.model:
        return (one.model, one.prompt_hash) == (other.model, other.prompt_hash)
    return type(one) is type(other) and one.name == other.name


def check_judge(critic: Critic, judge: Critic, *, same_judge: bool = False) -> None:
    """A judge that is the critic would grade its own homework.

    Raises:
        InputError: they are the same (`is_same`), and `same_judge` is not set; or the critic cannot steer.
    """
    steering(critic)
    if is_same(critic, judge) and not same_judge:
        named = f"{judge.name!r}" if judge.name == critic.name else f"{judge.name!r}, the critic {critic.name!r}"
        raise InputError(
            f"The judge is {named}: they are the same, or one takes part in the other, so policies would be graded by "
            "whom they please. Give another judge, model or prompt, or say that you want this (same_judge=True, "
            "--same-judge)."
        )


def judge_pictures(
    judge: Critic, tasks: Sequence[Task], pictures: Sequence[Picture | None], *, pass_probability: float = 0.5
) -> Judged:
    """Ask the judge about the returned picture of every task, once more where it fails.

    A command passes if none of its judged atoms is below `pass_probability` or depends on one that is. A command of
    which nothing can be judged says nothing about a policy, so it is outside of the share, as it is outside of Φ. Where
    no atom is judged, but the picture is graded, the rubric's total counts (`poser.critics.rubric.score`), or without
    a source, which the rubric does not know, what it gives for fulfilment and quality.
    """
    plans = [task.plan for task in tasks]
    drawn = {row: picture for row, picture in enumerate(pictures) if picture is not None}
    verdicts: list[Verdict | None] = [None] * len(tasks)
    failures, bills = [""] * len(tasks), [list[float | None]() for _ in tasks]
    for _ in range(2):
        asked = {
            row: JudgeRequest(
                picture=picture, atoms=plans[row].atoms, source=tasks[row].source, prompt=plans[row].prompt
            )
            for row, picture in drawn.items()
            if verdicts[row] is None
        }
        answers = judge_checked(judge, list(asked.values()), CallContext()) if asked else []
        for row, verdict in zip(asked, answers, strict=True):
            bills[row].append(usage_of(verdict, answers, 0.0).usd)
            verdicts[row] = verdict if isinstance(verdict, Verdict) else None
            failures[row] = "" if isinstance(verdict, Verdict) else f"{type(verdict).__name__}: {verdict}"
    atoms, most = atom_table(plans), max(len(plan.commands) for plan in plans)
    table, _ = probabilities(verdicts, atoms.command.shape[1])
    seen = align(table, atoms, most, pass_probability=pass_probability)
    commands = np.array([len(plan.commands) for plan in plans], float)
    judged = seen.judged.sum(axis=1).astype(float)
    passed = (seen.judged & seen.passed).sum(axis=1).astype(float)
    told = np.array([verdict is not None for verdict in verdicts])
    whole = np.array([None if verdict is None else share_of_points(verdict) for verdict in verdicts], float)
    quality = np.divide(passed, judged, out=whole, where=told & (judged > 0))
    known = np.where(told, judged / np.maximum(commands, 1.0), np.nan)
    blank = np.array([picture is None for picture in pictures])
    return Judged(
        quality=np.where(blank, 0.0, quality),
        known=np.where(blank, 1.0, known),
        graded=~blank & np.isfinite(quality) & (judged == 0),
        failure=tuple(failures),
        usd=tuple(None if None in paid else sum(usd or 0.0 for usd in paid) for paid in bills),
        notes=tuple(() if verdict is None else verdict.notes for verdict in verdicts),
    )
