"""LocalVLM: a vision-language model of `transformers` in this process as a critic."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from poser.critics.base import Critic
from poser.critics.chat_critic import FLAGGED
from poser.critics.feedback import complaint, feedback
from poser.critics.local_answers import Item, YesNo, YesNoModel
from poser.critics.local_questions import PROMPTS, flag_question, preserved_question, yes_no_question
from poser.critics.prompts import prompts
from poser.critics.scene import Answer
from poser.critics.types import AtomAnswer, JudgeRequest, Verdict
from poser.critics.vlm_answers import held
from poser.experts.base import CallContext
from poser.experts.devices import first_line, is_out_of_memory, sweep
from poser.experts.errors import BadReply, CallError, CriticError, InputError, TimedOut, Unavailable
from poser.experts.local_models import MEMORY_REMEDY, HeldModel, LoadedModel, LocalModel
from poser.experts.picture import Picture
from poser.experts.types import Usage

LEAST_MASS = 0.1
"""Least probability of "yes" and "no" together for an answer; below it the model says something else, and the atom is
left unjudged."""

_GAP = 16
"""White pixels between the two versions that the question on preservation shows."""

_WIDEST = 4
"""Most width of the left version, in longer sides of the right one."""

_SHORTEST_SIDE = 28


class LocalVLM(Critic):
    """Any `AutoModelForImageTextToText`, from the hub or a folder, that answers yes/no questions about the picture.

    Every atom becomes a question (counts and lettering name the expected answer), and the answer is the probability of
    the token "yes" among all spellings of "yes" and "no" at the first place of the reply (VQAScore, Soft-TIFA); an
    atom that expects "no" is inverted. One more question is whether lettering in the picture speaks to the judge; then
    the verdict's notes say so. Nothing is generated, so there is nothing to be parsed or made up. Where "yes"
    and "no" together are less likely than `least_mass`, the atom is answered None.

    All atoms of several pictures are one batch, see `YesNoModel`; a picture judged in a batch and alone differs by
    rounding (below 1e-5 with tiny float32 models on a CPU, a test holds it; more in half precision). With a source
    the verdict's preservation is such a question, too, on a picture that shows source and result side by side (many
    models take one picture only); None where it has no answer.

    Nothing is loaded before the first `judge`. Critics and extractors with equal loading settings share one loaded
    model; the least recently used models of a device make room for others. A processor that would silently drop the
    picture is refused (Qwen2.5-VL without torchvision comes as a bare tokenizer).

    Args:
        model: hub id ("owner/name") or folder. Safetensors only; pickled weights are never read.
        name: of the critic; by default made of the model's name.
        revision: branch, tag or commit of a hub model.
        device: "cpu", "cuda", "cuda:1", "mps", "xpu"; "auto" = the best there is.
        dtype: "float32", "float16", "bfloat16"; "auto" = bfloat16 or float16 on a GPU, float32 on the CPU.
        batch_size: most pictures in one batch, each with all of its questions. Where memory is too small for a batch
            it is halved until it fits.
        local_files_only: never download.
        trust_remote_code: run code that comes with the model. Leave it off unless you have read that code.
        longest_side: pictures are shown with their longer side at most so many pixels; small lettering needs more.
        least_mass: see above; 0 = take every answer.
        preservation: ask about preservation where there is a source.
        flag: ask about lettering that speaks to the judge.
        vram_gb: memory it needs, in GiB; by default 1.3 times the weights on disk (0 if they are not there yet).
        vram_limit_gb: most that all models on the device may need together, in GiB; by default all it has.
        nominal_seconds: expected seconds a picture.
        processor: one that you built yourself, in place of the model's own.

    Attributes:
        model: hub id, or name of the folder, as in every verdict.
        prompt_hash: hash of the prompts, as in every verdict.

    Raises:
        InputError: a setting that is out of range.
    """

    price = 0.0

    def __init__(
        self,
        *,
        model: str,
        name: str = "",
        revision: str = "",
        device: str = "auto",
        dtype: str = "auto",
        batch_size: int = 8,
        local_files_only: bool = False,
        trust_remote_code: bool = False,
        longest_side: int = 1024,
        least_mass: float = LEAST_MASS,
        preservation: bool = True,
        flag: bool = True,
        vram_gb: float | None = None,
        vram_limit_gb: float | None = None,
        nominal_seconds: float = 1.0,
        processor: Any = None,
    ) -> None:
        settings = LocalModel(
            model=model,
            revision=revision,
            device=device,
            dtype=dtype,
            local_files_only=local_files_only,
            trust_remote_code=trust_remote_code,
        )
        if batch_size < 1:
            raise InputError(f"batch_size is {batch_size}; give a whole number of at least 1.")
        if longest_side < _SHORTEST_SIDE:
            raise InputError(f"longest_side is {longest_side}; give pixels, at least {_SHORTEST_SIDE}.")
        if not 0.0 <= least_mass < 1.0:
            raise InputError(f"least_mass is {least_mass}; give a probability from 0 (take every answer) to below 1.")
        if nominal_seconds < 0:
            raise InputError(f"nominal_seconds is {nominal_seconds}; give seconds, 0 or more.")
        short = re.sub(r"[^a-z0-9._-]+", "-", Path(settings.short).name.lower()).strip("._-")
        self.name, self.model, self.nominal_seconds = name or short or "local-vlm", settings.short, nominal_seconds
        self.prompt_hash = prompts(PROMPTS).sha256
        self._batch_size, self._longest_side = batch_size, longest_side
        self._least_mass, self._preservation, self._flag = least_mass, preservation, flag
        self._held = HeldModel(self.name, settings, vram_gb=vram_gb, vram_limit_gb=vram_limit_gb, processor=processor)
        loading = {key: value for key, value in asdict(settings).items() if key not in ("model", "local_files_only")}
        digest = json.dumps([loading, longest_side, least_mass], sort_keys=True)
        self._settings_hash = hashlib.sha256(digest.encode()).hexdigest()[:8]

    def refuses(self) -> str | None:
        """Without the library, or the folder that is named."""
        return self._held.refuses()

    def judge(self, requests: Sequence[JudgeRequest], ctx: CallContext) -> list[Verdict | CriticError]:
        """Load the model if need be, and judge the pictures batch by batch.

        Errors: `TimedOut` for what is still to do once `ctx` is cancelled; `Unavailable` when library, model or memory
        is missing, or pictures would be dropped; `BadReply` for anything else that the model raises.
        """
        jobs = [_Job(index, request) for index, request in enumerate(requests)]
        if jobs and not ctx.cancelled():
            try:
                with self._held.held(ctx.cancelled) as loaded:
                    self._answer(jobs, YesNoModel(self.name, loaded), loaded, ctx)
            except CallError as error:
                # what was judged before it stays
                for job in jobs:
                    job.verdict = job.verdict or error
        late = TimedOut(f"{self.name} was stopped before this picture; allow more time.")
        return [job.verdict or late for job in jobs]

    def close(self) -> None:
        """Unload the model, now or when the call that uses it ends. Another user that shares it loads it again."""
        self._held.close()

    def _answer(self, jobs: Sequence[_Job], model: YesNoModel, loaded: LoadedModel, ctx: CallContext) -> None:
        for start in range(0, len(jobs), self._batch_size):
            if ctx.cancelled():
                return
            batch = jobs[start : start + self._batch_size]
            started = time.perf_counter()
            put = [self._items(job.request) for job in batch]
            try:
                found: Iterator[list[YesNo]] = iter(_asked(self.name, model, [item for items in put for item in items]))
            except Unavailable:
                raise
            except BadReply as error:
                for job in batch:
                    job.verdict = error
                continue
            seconds = (time.perf_counter() - started) / len(batch)
            for job, items in zip(batch, put, strict=True):
                answers = [next(found) for _ in items]
                job.verdict = self._verdict(job.request, answers, loaded, seconds)
                ctx.progress(job.index, 1.0)

    def _items(self, request: JudgeRequest) -> list[Item]:
        """What is asked about a request: its atoms on the picture, preservation on both versions."""
        questions = [yes_no_question(atom) for atom in request.atoms]
        if self._flag:
            questions.append(flag_question())
        items = [Item(self._shown(request.picture), tuple(questions))]
        if request.source is not None and request.source != request.picture and self._preservation:
            both = side_by_side(self._shown(request.source), self._shown(request.picture))
            items.append(Item(both, (preserved_question(request.atoms),)))
        return items

    def _shown(self, picture: Picture) -> Picture:
        scale = self._longest_side / max(picture.size)
        if scale >= 1.0:
            return picture
        return picture.resized(max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))

    def _sure(self, answer: YesNo) -> float | None:
        return answer.yes if answer.mass >= self._least_mass else None

    def _unsaid(self, said: Sequence[float | None]) -> tuple[str, ...]:
        """A note if questions are left open since the model would say something else."""
        count = sum(yes is None for yes in said)
        if not count:
            return ()
        return (
            f"{count} of {len(said)} questions are left open: yes and no together are less likely than least_mass "
            f"({self._least_mass:g}); lower it, or take a model that answers questions",
        )

    def _verdict(
        self, request: JudgeRequest, answers: Sequence[Sequence[YesNo]], loaded: LoadedModel, seconds: float
    ) -> Verdict:
        said = [self._sure(answer) for answer in answers[0]]
        flag = said.pop() if self._flag else None
        given = [
            Answer(held(atom, yes), complaint=complaint(atom, ""))
            for atom, yes in zip(request.atoms, said, strict=True)
        ]
        preserved = 1.0 if self._preservation and request.source == request.picture else None
        if len(answers) > 1:
            preserved = self._sure(answers[1][0])
        return Verdict(
            answers=tuple(
                AtomAnswer(atom=atom.id, probability=answer.probability)
                for atom, answer in zip(request.atoms, given, strict=True)
            ),
            preservation=preserved,
            feedback=feedback(request.atoms, given),
            notes=(*self._unsaid(said), *((FLAGGED,) if flag is not None and flag >= 0.5 else ())),
            critic=self.name,
            model=self.model,
            revision=f"{loaded.version}+{self._settings_hash}",
            prompt_hash=self.prompt_hash,
            usage=Usage(usd=0.0, seconds=seconds),
        )


@dataclass
class _Job:
    """A request, and what became of it."""

    index: int
    request: JudgeRequest
    verdict: Verdict | CriticError | None = field(default=None)


def side_by_side(left: Picture, right: Picture) -> Picture:
    """Both pictures on one, with a white gap between.

    The left one is brought to the height of the right one, or, where it would be much wider (`_WIDEST`), to that
    width, on white: a banner beside a square would take gigabytes.
    """
    scale = min(right.height / left.height, _WIDEST * max(right.size) / left.width)
    small = left.resized(max(1, round(left.width * scale)), max(1, round(left.height * scale)))
    both = np.full((right.height, small.width + _GAP + right.width, 3), 255, dtype=np.uint8)
    top = (right.height - small.height) // 2
    both[top : top + small.height, : small.width] = small.pixels
    both[:, small.width + _GAP :] = right.pixels
    return Picture(both)


def _asked(name: str, model: YesNoModel, items: Sequence[Item]) -> list[list[YesNo]]:
    """The answers in one batch, or in two halves of it, and halves of them, if memory is too small.

    Raises:
        Unavailable: memory is too small for a single question.
        BadReply: anything else that the model raised.
    """
    full, problem = False, ""
    try:
        return model.answers(items)
    except CallError:
        raise
    except Exception as error:  # noqa: BLE001  a model may raise anything; it is reported as a typed error
        full, problem = is_out_of_memory(error), first_line(error)
    # out of the handler: its traceback would keep the tensors alive
    if not full:
        raise BadReply(f"{name}: the model raised {problem}. Check model, dtype and longest_side.")
    sweep()
    if len(items) > 1:
        half = len(items) // 2
        return _asked(name, model, items[:half]) + _asked(name, model, items[half:])
    picture, questions = items[0]
    if len(questions) > 1:
        half = len(questions) // 2
        parts = [_asked(name, model, [Item(picture, some)])[0] for some in (questions[:half], questions[half:])]
        return [parts[0] + parts[1]]
    raise Unavailable(
        f"{name}: memory is too small for one question on {picture.width}x{picture.height} pixels; {MEMORY_REMEDY}."
    )
