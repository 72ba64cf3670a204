"""Hundreds of episodes against servers that fail in 30 % of all calls, in every way that they know.

What is proven of each: it ends with the best of its pictures, its trace accounts for every call, what it says of money
agrees with what the servers billed, and what nobody can know is unknown.
"""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from poser.experts.comfyui import ComfyUIExpert
from poser.experts.http import HttpExpert
from poser.experts.openai_images import OpenAIImages
from poser.experts.serving import ExpertServer
from poser.experts.testing import FakeExpert
from poser.experts.wrappers import RetryingExpert
from tests.engine.episodes import SIDE, check_whole, play
from tests.loopback import breaking_line, comfyui_server
from tests.loopback.breaking_line import BreakingLine
from tests.loopback.comfyui_server import ComfyUIServer
from tests.loopback.images_contract import tokens
from tests.loopback.images_server import FAULTS, ImagesServer, Recorded

pytestmark = pytest.mark.heavy

EPISODES = 200
HALF = EPISODES // 2
RATE = 0.3
KEY = "sk-test-000000"
PRICES = {"input_cost_per_token": 5e-6, "input_cost_per_image_token": 8e-6, "output_cost_per_image_token": 3e-5,
          "output_cost_per_image": 0.01}  # fmt: skip

UNBILLED = {"rate-limited", "content-filter"}
"""Faults whose answer says by its kind that nothing was billed."""

BILLED = {"", "truncated-base64", "huge", "zero-bytes"}
"""Answers that tell their tokens, whatever the picture is worth."""

REPEATED = {"rate-limited", "server-error", "stalls", "drops"}
"""Faults that say nothing of the request, so that it may be sent again."""


def price(request: Recorded) -> float:
    """Of one picture of the server, at the prices of the settings."""
    used = tokens(request.fields["prompt"], sum(name.startswith("image") for name, _, _ in request.files), SIDE, SIDE)
    text, image = used["input_tokens_details"]["text_tokens"], used["input_tokens_details"]["image_tokens"]
    return text * 5e-6 + image * 8e-6 + used["output_tokens"] * 3e-5


def knowable(request: Recorded) -> float | None:
    """What a client can know of the bill of one request."""
    return 0.0 if request.fault in UNBILLED else price(request) if request.fault in BILLED else None


@pytest.mark.parametrize("tries", [1, 3])
def test_two_hundred_episodes_survive_every_fault_of_a_hosted_model(tmp_path, monkeypatch, tries):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with ImagesServer(fault_rate=RATE, retry_after=0.05, stall_seconds=5.0, echo_key=True, seed=tries) as server:
        common = {"model": "any", "base_url": server.address, "prices": PRICES, "timeout": 1.0}
        bare = [
            OpenAIImages(name="draw", kind="t2i", operations={"add": 0.6}, **common),
            OpenAIImages(name="mend", kind="i2i", operations={"add": 0.6}, **common),
        ]
        pool = [RetryingExpert(each, attempts=tries, first_wait=0.05) for each in bare] if tries > 1 else bare
        played = list(play(pool, tmp_path, EPISODES, 50))
        for each in bare:
            each.close()
        requests, bills = list(server.requests), Counter(server.bills)
    asked: dict[str, list[Recorded]] = {}
    for request in requests:
        asked.setdefault(request.key, []).append(request)
    assert len(played) == EPISODES
    for prefix, result in played:
        check_whole(result)
        assert KEY not in result.trace.model_dump_json()
        due = 0.0
        for number, step in enumerate(step for step in result.trace.steps if step.expert):
            if step.expert == "steady":
                continue
            sent = asked.pop(f"{prefix}{number}")
            # sent again where that makes sense, and no more
            assert all(request.fault in REPEATED for request in sent[:-1])
            assert len(sent) == tries or sent[-1].fault not in REPEATED
            assert (step.failure is None) == (sent[-1].fault == "")
            known = [knowable(request) for request in sent]
            assert step.usage.usd == (None if None in known else pytest.approx(sum(known)))
            due += price(sent[-1]) * bills.pop(sent[-1].key, 0)
        assert result.trace.usd_known <= due + 1e-9
        assert result.trace.usd is None or result.trace.usd == pytest.approx(due)
    # nothing was sent or billed that no trace tells of
    assert not asked
    assert not bills
    # the campaign is worth something
    drawn = Counter(request.fault for request in requests)
    assert set(drawn) == {"", *FAULTS}
    assert abs(1.0 - drawn[""] / len(requests) - RATE) < 0.05
    assert sum(result.trace.usd is None for _, result in played) > EPISODES // 10


class Telling(ComfyUIServer):
    """Remembers which prompt was failed how, by its seed."""

    def __init__(self, faults) -> None:
        super().__init__(faults)
        self.told: dict[int, list[str]] = {}

    def put(self, asked):
        (seed,) = [node["inputs"]["seed"] for node in asked["prompt"].values() if "seed" in node["inputs"]]
        self.told.setdefault(seed, []).append(self.faults[0])
        return super().put(asked)


# "holds" keeps the queue until somebody interrupts it, for all who wait there: see tests/experts/comfyui
COMFY_FAULTS = [fault for fault in get_args(comfyui_server.Fault) if fault not in ("none", "holds")]
COMFY_UNBILLED = {"node-error", "missing-node"}
COMFY_PICTURES = {"none", "two-pictures", "other-size", "preview-only", "websocket-breaks", "stumbles"}
FAR_FAULTS = ["rate-limited", "timed-out", "unavailable", "content-filtered", "invalid-request", "bad-reply",
              "wrong-size", "blank"]  # fmt: skip
FEE = 0.02


def drawn(faults: list[str], rate: float, seed: int) -> list[str]:
    """More faults than there will be calls."""
    rng = np.random.default_rng(seed)
    return [str(rng.choice(faults)) if rng.random() < rate else "none" for _ in range(100 * HALF)]


@pytest.mark.parametrize("tries", [1, 3])
def test_two_times_a_hundred_episodes_survive_every_fault_of_experts_elsewhere(tmp_path, tries):
    comfy_faults = drawn(COMFY_FAULTS, RATE, tries)
    # the line and the expert behind it fail by themselves
    each = 1.0 - (1.0 - RATE) ** 0.5
    far_faults = drawn(FAR_FAULTS, each, tries)
    behind = FakeExpert("far", "i2i", price=FEE, faults=far_faults)
    with (
        Telling(comfy_faults) as comfy,
        ExpertServer([behind], port=0) as server,
        BreakingLine(server.url, fault_rate=each, seed=tries) as line,
    ):
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        common = {"operations": {"add": 0.6}, "nominal_seconds": 0.1, "price": FEE}
        workflow = Path(__file__).parents[2] / "docs" / "examples" / "comfyui" / "text_to_image.json"
        pool = [
            ComfyUIExpert(name="comfy", url=comfy.url, workflow=workflow, **common),
            HttpExpert(name="far", url=line.url, kind="i2i", timeout=1.0, **common),
        ]
        if tries > 1:
            pool = [RetryingExpert(expert, attempts=tries, first_wait=0.05) for expert in pool]
        played = list(play(pool, tmp_path, HALF, 5))
        line.closing.set()
        server.shutdown()
        serving.join()
    asked = {request.key: [] for request in behind.requests}
    for request, fault in zip(behind.requests, far_faults, strict=False):
        asked[request.key].append(fault)
    bills = Counter(request.key for request, fault in zip(behind.requests, far_faults, strict=False)
                    if fault in ("none", "wrong-size", "blank"))  # fmt: skip
    known_of: dict[str, list[float | None]] = {}
    for call in line.calls:
        for key in call.keys:
            known_of.setdefault(key, []).append(far_knowable(call.fault, asked, key))
    assert {call.fault for call in line.calls} == {"", *breaking_line.FAULTS}
    assert {fault for told in comfy.told.values() for fault in told} == {"none", *COMFY_FAULTS}
    assert len(played) == HALF
    for prefix, result in played:
        check_whole(result)
        for number, step in enumerate(step for step in result.trace.steps if step.expert):
            if step.expert == "comfy":
                # none, if the server stumbled over the question that comes first
                sent = comfy.told.pop(step.seed, [])
                assert (step.failure is None) == (bool(sent) and sent[-1] in COMFY_PICTURES)
                known = [0.0 if fault in COMFY_UNBILLED else FEE if fault in COMFY_PICTURES else None for fault in sent]
            elif step.expert == "far":
                known = known_of.pop(f"{prefix}{number}")
                if step.failure is None:
                    assert bills[f"{prefix}{number}"] == 1
            else:
                continue
            assert len(known) <= tries
            assert known or step.failure is not None
            assert step.usage.usd == (None if None in known else pytest.approx(sum(known)))
    assert not comfy.told
    assert not known_of
    assert set(bills.values()) == {1}
    # the campaign is worth something
    failed = {step.expert for _, result in played for step in result.trace.steps if step.failure}
    assert failed == {"comfy", "far"}
    assert sum(result.trace.usd is None for _, result in played) > HALF // 10


def far_knowable(fault: str, asked: dict[str, list[str]], key: str) -> float | None:
    """What a client can know of the bill of one request that came to the line."""
    if fault in breaking_line.UNSENT:
        return 0.0 if fault == "rate-limited" else None
    # what was made before stands there still, under its key
    own = asked[key].pop(0) if asked[key] else "none"
    if fault:
        return None
    return FEE if own in ("none", "wrong-size", "blank") else 0.0
