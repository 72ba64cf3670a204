"""One call: what an adapter adds to its client or pipeline, batches of a local pipeline, replayed runs."""

from __future__ import annotations

import base64
import io
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.experts_timing import Content, Median, alternating, loopback_server, median, plan_of
from poser import engine
from poser.config import home
from poser.envs.rules import Rules
from poser.envs.turn import Turn
from poser.experts.base import CallContext, Expert, run_checked
from poser.experts.errors import CallError
from poser.experts.openai_images import OpenAIImages
from poser.experts.picture import Picture
from poser.experts.types import ExpertRequest, ExpertResult, ExpertSpec, Operation
from poser.experts.wrappers import CachedExpert
from poser.policies.base import FINISHED, Choice, Policy
from poser.store import Store

STEPS = 16


def request(text: str, px: int, seed: int = 0) -> ExpertRequest:
    return ExpertRequest(mode="t2i", text=text, commands=(), width=px, height=px, seed=seed)


def asked(expert: Expert, requests: Sequence[ExpertRequest]) -> None:
    """Carry out, and see that all came."""
    answers = run_checked(expert, requests, CallContext())
    assert all(isinstance(answer, ExpertResult) for answer in answers), answers[0]


def bare_call(address: str, px: int) -> Callable[[str], np.ndarray]:
    """The `openai` client by itself: a prompt becomes pixels."""
    import openai

    client = openai.OpenAI(api_key="none", base_url=address, max_retries=0)

    def call(prompt: str) -> np.ndarray:
        answer = client.images.generate(model="any", prompt=prompt, size=f"{px}x{px}")
        data = base64.b64decode(answer.data[0].b64_json)
        return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))

    return call


def hosted(address: str) -> OpenAIImages:
    """The adapter of the same server."""
    return OpenAIImages(
        model="any", name="far", base_url=address, concurrency=64, prices={"output_cost_per_image": 0.0}
    )


def hosted_overhead(px: int, repeats: int) -> tuple[Median, Median, Median]:
    """Milliseconds of a call of the bare client, of the adapter, and of what the adapter adds, pair by pair."""
    with loopback_server() as address:
        bare, expert = bare_call(address, px), hosted(address)
        seconds = alternating(
            {"bare": lambda: bare("one"), "expert": lambda: asked(expert, [request("one", px)])}, repeats
        )
        expert.close()
    return _compared(seconds["bare"], seconds["expert"])


def pipeline_overhead(repeats: int) -> tuple[tuple[Median, Median, Median], Median]:
    """The same for a tiny Stable Diffusion pipeline; and the time of a batch of 8 by that of 8 single calls."""
    import torch
    from diffusers import StableDiffusionPipeline
    from diffusers.utils import logging

    from poser.experts.diffusers import DiffusersExpert
    from tests.experts.diffusers.tiny_pipelines import stable_diffusion

    logging.disable_progress_bar()
    pipe = stable_diffusion(StableDiffusionPipeline)
    pipe.set_progress_bar_config(disable=True)
    settings = {"model": "tiny", "pipe": pipe, "steps": 2}
    one, eight = DiffusersExpert(**settings), DiffusersExpert(**settings, batch_size=8)

    def bare() -> np.ndarray:
        generator = torch.Generator("cpu").manual_seed(0)
        made = pipe(prompt="a cat", num_inference_steps=2, generator=generator, width=64, height=64)
        return np.asarray(made.images[0])

    requests = [request(f"cat {n}", 64, n) for n in range(8)]
    seconds = alternating(
        {
            "bare": bare,
            "expert": lambda: asked(one, [request("a cat", 64)]),
            "singles": lambda: [asked(one, [each]) for each in requests],
            "batch": lambda: asked(eight, requests),
        },
        repeats,
    )
    ratio = median([batch / single for batch, single in zip(seconds["batch"], seconds["singles"], strict=True)])
    return _compared(seconds["bare"], seconds["expert"]), ratio


def _compared(bare: Sequence[float], ours: Sequence[float]) -> tuple[Median, Median, Median]:
    def in_ms(values: Sequence[float]) -> Median:
        return median([1000.0 * value for value in values])

    return in_ms(bare), in_ms(ours), in_ms([b - a for a, b in zip(bare, ours, strict=True)])


class Painted(Expert):
    """Pictures with a painted backdrop: more to decode than a flat one."""

    def __init__(self) -> None:
        self.calls = 0

    @property
    def spec(self) -> ExpertSpec:
        return ExpertSpec(name="painted", kind="i2i", operations={Operation.ADD: 0.9}, seeded=True, price=0.0)

    def run(self, requests: Sequence[ExpertRequest], ctx: CallContext) -> list[ExpertResult | CallError]:
        from poser.experts.studio.painter import paint
        from poser.experts.studio.scene import Placed, Scene

        self.calls += len(requests)
        scene = Scene("beach", (Placed("car", "red", 0.5, 0.6, 0.3),))
        return [
            ExpertResult(picture=Picture(paint(scene, each.width, each.height, each.seed % 1000))) for each in requests
        ]


class First(Policy):
    """Takes the first legal action, whatever the track record has learnt meanwhile: the same run again and again."""

    name = "first"

    def choose(self, turn: Turn) -> Choice:
        return Choice(actions=np.where(turn.done, FINISHED, (turn.mask > 0).argmax(axis=1)))


def replayed_run(repeats: int, *, kept: bool) -> tuple[Median, int]:
    """Milliseconds a step of a run of which every call is replayed at 768 px; and its steps."""
    painted = Painted()
    with tempfile.TemporaryDirectory() as place, Store(home()) as store:
        expert = CachedExpert(painted, store.results, replay="always")
        count = [0]

        def run() -> int:
            count[0] += 1
            result = engine.generate(
                plan=plan_of("a benchmark", 4),
                image=Picture(np.full((768, 768, 3), 200, np.uint8)),
                experts=[expert],
                critic=Content(holds=False),
                policy=First(),
                explore=False,
                rules=Rules(max_steps=STEPS, tries_per_pair=None),
                out=Path(place) / str(count[0]) if kept else None,
                deadline=None,
            )
            return result.steps

        steps = run()
        store.flush()
        made = painted.calls
        seconds = alternating({"run": run}, repeats)["run"]
        assert painted.calls == made, "a call was not replayed"
    return median([1000.0 * each / steps for each in seconds]), steps


def apart() -> None:
    """The store and keys of whoever runs this are left alone."""
    os.environ["POSER_HOME"] = tempfile.mkdtemp(prefix="poser-bench-")
    os.environ.setdefault("OPENAI_API_KEY", "sk-none-0000")
