"""Hundreds of episodes against servers that fail in 30 % of all calls, in every way that they know.

What is proven of each: it ends with the best of its pictures, its trace accounts for every call, what it says of money
agrees with what the servers billed, and what nobody can know is unknown.
"""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path
from typing import get_args

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
        common = {"model": "any", "base_url": server.address, "prices": PRICES, "timeout": 1.5}
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
