"""Between arrays and objects: from a choice to the requests of experts and critic, from their answers to an Outcome."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence

import numpy as np

from poser.critics.types import JudgeRequest, Verdict
from poser.envs.alignment import AtomTable, align, probabilities
from poser.envs.arrays import FAILED, INVALID, TRANSIENT, Bools, Choice, Outcome
from poser.envs.asking import Judgement, Reply
from poser.envs.compose import compose_text
from poser.envs.episode import Episode
from poser.experts.errors import CallError, InvalidRequest
from poser.experts.picture import Picture
from poser.experts.types import ExpertRequest, ExpertSpec


def call_seed(episode_seed: int, step: int, expert: str) -> int:
    """Seed of one call, 0 … 2**32 - 1: the same in every process, whatever else is called when."""
    digest = hashlib.sha256(f"{episode_seed}/{step}/{expert}".encode()).digest()
    return int.from_bytes(digest[:4], "big")


def nearest_size(wanted: tuple[int, int], offered: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """The offered (width, height) nearest to the wanted one: in proportions first, then in area; itself if any goes."""
    width, height = wanted

    def distance(size: tuple[int, int]) -> tuple[float, float]:
        # rounded, so that 1024x768 and 640x480 have the same proportions
        proportions = abs(math.log(size[0] * height / (size[1] * width)))
        return round(proportions, 6), abs(math.log(size[0] * size[1] / (width * height)))

    return min(offered, key=distance, default=wanted)


def expert_request(episode: Episode, row: int, choice: Choice, spec: ExpertSpec) -> ExpertRequest:
    """What the chosen expert is asked for in this row."""
    task = episode.task
    fresh = bool(choice.fresh[row])
    canvas = None if fresh else episode.current
    commands = episode.commands(choice.carried[row])
    wanted = (task.width, task.height) if canvas is None else canvas.size
    width, height = nearest_size(wanted, spec.sizes)
    return ExpertRequest(
        mode=spec.kind,
        text=compose_text(task.plan, commands, fresh or canvas is task.source, spec.max_prompt_tokens),
        commands=commands,
        source=canvas,
        references=task.references[: spec.references],
        mask=task.mask.resized(*canvas.size) if task.mask is not None and spec.mask and canvas is not None else None,
        width=width,
        height=height,
        seed=call_seed(task.seed, len(episode.steps), spec.name),
    )


def judge_request(episode: Episode, picture: Picture, before: Picture | None) -> JudgeRequest:
    """What the critic is asked about a picture of this episode; `before` is what the call started from."""
    task = episode.task
    return JudgeRequest(
        picture=picture, atoms=task.plan.atoms, source=task.source, before=before, prompt=task.plan.prompt
    )


def judged_outcome(
    judgements: Mapping[int, Judgement], atoms: AtomTable, has_source: Bools, commands: int, pass_probability: float
) -> Outcome:
    """The outcome of pictures that were judged, row -> judgement; other rows hold zeros."""
    batch, count = atoms.command.shape
    verdicts: list[Verdict | None] = [None] * batch
    for row, judgement in judgements.items():
        if isinstance(judgement.verdict, Verdict):
            verdicts[row] = judgement.verdict
    probability, preservation = probabilities(verdicts, count)
    found = align(
        probability,
        atoms,
        commands,
        pass_probability=pass_probability,
        preservation=np.where(has_source, preservation, np.nan),
    )
    nothing = Outcome.nothing(batch, commands)
    picture = nothing.picture
    picture[list(judgements)] = True
    return nothing._replace(
        picture=picture,
        verdict=np.array([verdict is not None for verdict in verdicts], bool),
        alignment=found.alignment,
        score=found.score,
        passed=found.passed,
        judged=found.judged,
    )


def add_failures(outcome: Outcome, replies: Mapping[int, Reply]) -> Outcome:
    """The same with the calls that failed."""
    failure = outcome.failure.copy()
    for row, reply in replies.items():
        if isinstance(reply.result, InvalidRequest):
            failure[row] = INVALID
        elif isinstance(reply.result, CallError):
            failure[row] = TRANSIENT if reply.result.transient else FAILED
    return outcome._replace(failure=failure)
