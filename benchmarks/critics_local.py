"""The part of `make bench-critics` on models in this process.

**Local.** `LocalVLM` on 8 pictures with 20 atoms each, 160 answers in all, in one call: the tokens of each picture are
computed once, and all questions of all pictures are one batch. Beside it the same answers one by one (160 calls of one
atom on one picture) and picture by picture (8 calls). The models are real classes with tiny random weights on one core
of a CPU, so a call's fixed cost weighs more than with a large model, and sharing a picture's tokens less. Seconds, and
the ratio of both ways' seconds, round by round in turning order; medians with 95 % percentile bootstrap intervals of n
rounds; and the largest difference of a probability between one batch and one by one.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from benchmarks.experts_timing import alternating, median
from poser.critics.base import judge_checked
from poser.critics.local_vlm import LocalVLM
from poser.critics.types import JudgeRequest, Verdict
from poser.evaluate.report import table
from poser.experts.base import CallContext
from poser.experts.picture import Picture
from poser.experts.types import Atom

PICTURES, QUESTIONS = 8, 20
SIDE = 256


def requests() -> list[JudgeRequest]:
    """So many pictures with so many questions of different lengths."""
    colors = ("red", "blue", "green", "yellow", "black")
    things = ("car", "tree", "house on the hill", "dog in front of the fence")
    atoms = tuple(
        Atom(id=f"a{k}", tuple=("attribute", "color", thing, color), question=f"Is the {thing} {color}?")
        for k, (thing, color) in enumerate((thing, color) for thing in things for color in colors)
    )
    assert len(atoms) == QUESTIONS
    rng = np.random.default_rng(0)
    return [
        JudgeRequest(picture=Picture(rng.integers(0, 255, (SIDE, SIDE, 3), dtype=np.uint8)), atoms=atoms)
        for _ in range(PICTURES)
    ]


def judge(critic: LocalVLM, asked: list[JudgeRequest]) -> list[float | None]:
    """All probabilities, in order."""
    verdicts = judge_checked(critic, asked, CallContext())
    assert all(isinstance(verdict, Verdict) for verdict in verdicts), verdicts
    return [answer.probability for verdict in verdicts if isinstance(verdict, Verdict) for answer in verdict.answers]


def rows_of(recipe: str, folder: Path, repeats: int) -> list[tuple[object, ...]]:
    """A row for each way of asking beside the one batch."""
    from tests.critics.tiny_vlms import ImageOnlyProcessor, save

    save(recipe, folder, decided=False)
    processor = ImageOnlyProcessor.from_pretrained(folder) if recipe == "qwen2_5_vl" else None
    critic = LocalVLM(
        model=str(folder), device="cpu", least_mass=0.0, batch_size=PICTURES, flag=False, processor=processor
    )
    whole = requests()
    single = [JudgeRequest(picture=each.picture, atoms=(atom,)) for each in whole for atom in each.atoms]
    together = judge(critic, whole)
    apart = [judge(critic, [each])[0] for each in single]
    worst = max(abs(a - b) for a, b in zip(together, apart, strict=True) if a is not None and b is not None)
    seconds = alternating(
        {
            "one batch": lambda: judge(critic, whole),
            "one by one": lambda: [judge(critic, [each]) for each in single],
            "picture by picture": lambda: [judge(critic, [each]) for each in whole],
        },
        repeats,
    )
    critic.close()
    batch = seconds.pop("one batch")
    rows: list[tuple[object, ...]] = []
    for way, took in seconds.items():
        ratio = median([slow / fast for slow, fast in zip(took, batch, strict=True)])
        rows.append((recipe, way, ratio.n, str(median(batch)), str(median(took)), str(ratio), f"{worst:.0e}"))
        print(*rows[-1], sep=" | ", flush=True)
    return rows


def local_section(repeats: int) -> list[str]:
    """The words and the table on local models; a round of 160 calls for every twenty repeats of the shorter parts."""
    import torch

    rounds = max(3, repeats // 20)

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as place:
        rows = [row for recipe in ("idefics3", "qwen2_5_vl") for row in rows_of(recipe, Path(place) / recipe, rounds)]
    columns = ("model", "the other way", "n", "one batch, s", "other way, s", "other by batch", "largest difference")
    return [(__doc__ or "").split("\n\n", 1)[1], table(columns, rows)]
