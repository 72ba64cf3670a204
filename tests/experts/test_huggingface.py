"""The real `huggingface_hub.InferenceClient` against a server on loopback."""

from __future__ import annotations

import sys
import threading
import time
import traceback

import huggingface_hub
import numpy as np
import pytest

from poser.experts.base import CallContext, run_checked
from poser.experts.conformance import check_expert
from poser.experts.errors import (
    BadReply,
    ContentFiltered,
    InputError,
    InvalidRequest,
    RateLimited,
    TimedOut,
    Unavailable,
)
from poser.experts.huggingface import HuggingFaceImages
from poser.experts.picture import Picture
from poser.experts.types import ExpertRequest, ExpertResult
from tests.loopback.drawing import pattern
from tests.loopback.images_server import FAULTS, ImagesServer

TOKEN = "hf_never-to-be-shown"
SOURCE = Picture(np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8))


def draw(text: str = "a cat", **fields: object) -> ExpertRequest:
    return ExpertRequest(
        **{"mode": "t2i", "text": text, "commands": (), "width": 64, "height": 48, "seed": 5, **fields}
    )


def edit(text: str = "a cat", **fields: object) -> ExpertRequest:
    return draw(text, **{"mode": "i2i", "source": SOURCE, **fields})


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PROVIDER_ACCESS", TOKEN)
    yield
    # connections are the library's own
    huggingface_hub.close_session()


def expert_of(server: ImagesServer, kind: str = "t2i", **settings: object) -> HuggingFaceImages:
    task = "text-to-image" if kind == "t2i" else "image-to-image"
    address = f"{server.root}/hf/{task}"
    return HuggingFaceImages(**{"base_url": address, "kind": kind, "token_env": "PROVIDER_ACCESS", **settings})


def ask(expert: HuggingFaceImages, *requests: ExpertRequest, seconds: float = 20.0) -> list:
    return run_checked(expert, requests, CallContext(deadline=time.monotonic() + seconds))


def test_it_draws_with_size_seed_and_settings():
    with ImagesServer() as server:
        expert = expert_of(server, steps=4, guidance=3.5, negative_prompt="fog", extra={"scheduler": "x"}, price=0.01)
        (result,) = ask(expert, draw(key="k1"))
        (seen,) = server.requests
        assert seen.fields["inputs"] == "a cat"
        assert seen.fields["parameters"] == {
            "width": 64,
            "height": 48,
            "seed": 5,
            "num_inference_steps": 4,
            "guidance_scale": 3.5,
            "negative_prompt": "fog",
            "scheduler": "x",
        }
        assert seen.authorized
        assert server.bills == {"k1": 1}
    assert np.array_equal(result.picture.pixels, pattern("a cat", 5, 64, 48))
    assert (result.usage.usd, result.notes, result.text_sent) == (0.01, (), "a cat")


def test_it_edits_and_says_what_was_left_out():
    with ImagesServer() as server:
        expert = expert_of(server, kind="i2i")
        plain, full = ask(expert, edit(), edit(mask=SOURCE, references=(SOURCE,)))
        assert server.requests[0].fields["parameters"] == {
            "prompt": "a cat",
            "target_size": {"width": 64, "height": 48},
        }
    expected = (SOURCE.pixels.astype(np.uint16) + pattern("a cat", 0, 64, 48)) // 2
    assert np.array_equal(plain.picture.pixels, expected)
    assert plain.usage.usd is None
    assert plain.notes == ("left out, since image_to_image takes none: seed",)
    assert full.notes == ("left out, since image_to_image takes none: seed, mask, references",)


KINDS = {
    "rate-limited": (RateLimited, "free"),
    "server-error": (Unavailable, "unknown"),
    "content-filter": (ContentFiltered, "free"),
    "stalls": (TimedOut, "unknown"),
    "drops": (Unavailable, "unknown"),
    "truncated-base64": (BadReply, "billed"),
    "wrong-content-type": (BadReply, "unknown"),
    "html": (BadReply, "unknown"),
    "huge": (BadReply, "billed"),
    "zero-bytes": (BadReply, "unknown"),
}


@pytest.mark.parametrize("kind", ["t2i", "i2i"])
@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_is_an_error_of_its_kind_with_its_bill_and_without_the_token(fault, kind):
    with ImagesServer(script=[fault], echo_key=True, retry_after=2.5) as server:
        expert = expert_of(server, kind=kind, price=0.01, timeout=0.4)
        (error,) = ask(expert, draw() if kind == "t2i" else edit())
        assert len(server.requests) == 1
    expected, cost = KINDS[fault]
    assert type(error) is expected
    assert error.usd == {"free": 0.0, "unknown": None, "billed": 0.01}[cost]
    assert error.retry_after == (2.5 if fault == "rate-limited" else None)
    assert TOKEN not in "".join(traceback.format_exception(error))
    assert "BytesIO" not in str(error)


def test_a_wrong_token_is_not_shown():
    with ImagesServer(echo_key=True, api_key="another") as server:
        (error,) = ask(expert_of(server), draw())
    assert isinstance(error, Unavailable)
    assert "***" in str(error)
    assert TOKEN not in str(error)


def test_without_a_token_no_login_is_used_and_only_loopback_is_asked(monkeypatch, tmp_path):
    monkeypatch.delenv("PROVIDER_ACCESS")
    saved = tmp_path / "token"
    saved.write_text("hf_of-a-login")
    monkeypatch.setattr(huggingface_hub.constants, "HF_TOKEN_PATH", str(saved))
    assert huggingface_hub.get_token() == "hf_of-a-login"
    with ImagesServer(echo_key=True, api_key="another") as server:
        (error,) = ask(expert_of(server), draw())
        assert "provided: none" in str(error)
    (error,) = ask(HuggingFaceImages(model="lab/painter", token_env="PROVIDER_ACCESS"), draw())
    assert isinstance(error, Unavailable)
    assert "PROVIDER_ACCESS" in str(error)


def test_requests_wait_together():
    with ImagesServer() as server:
        server.gate.clear()
        expert, answers = expert_of(server, concurrency=8), []
        thread = threading.Thread(target=lambda: answers.extend(ask(expert, *(draw(str(n)) for n in range(8)))))
        thread.start()
        server.wait_for(8)
        server.gate.set()
        thread.join()
    assert [answer.text_sent for answer in answers] == [str(n) for n in range(8)]


def test_a_provider_that_ignores_the_size_is_noted():
    with ImagesServer(size=(128, 96)) as server:
        expert = expert_of(server)
        near, far = ask(expert, draw(), draw(width=64, height=64))
    assert near.notes == (
        "the provider ignored width and height: 64x48 were asked for",
        "came as 128x96 pixels and was scaled to 64x48",
    )
    assert isinstance(far, BadReply)
    assert "128x96" in str(far)


def test_sizes_that_are_not_offered_come_from_the_nearest_of_these_proportions():
    with ImagesServer() as server:
        good, bad = ask(expert_of(server, sizes=["128x96"]), draw(), draw(width=64, height=64))
    assert good.notes == ("came as 128x96 pixels and was scaled to 64x48",)
    assert isinstance(bad, InvalidRequest)


def test_an_unknown_provider_is_unavailable_and_named():
    expert = HuggingFaceImages(model="lab/painter", provider="nobody", token_env="PROVIDER_ACCESS")
    (error,) = ask(expert, draw())
    assert isinstance(error, Unavailable)
    assert "'nobody'" in str(error)


def test_without_the_library_the_remedy_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with ImagesServer() as server:
        (error,) = ask(expert_of(server), draw())
    assert isinstance(error, Unavailable)
    assert "pip install 'image-poser[huggingface]'" in str(error)


@pytest.mark.parametrize("kind", ["t2i", "i2i"])
def test_it_keeps_the_contract(kind):
    with ImagesServer() as server:
        expert = expert_of(server, kind=kind)
        findings = check_expert(expert, size=(64, 64))
    assert [finding for finding in findings if not finding.ok] == []
    assert expert.spec.seeded == (kind == "t2i")
    assert not HuggingFaceImages(model="a/b", seeded=False).spec.seeded


def test_a_result_needs_no_key_of_its_own():
    with ImagesServer() as server:
        (result,) = ask(expert_of(server), draw())
        assert isinstance(result, ExpertResult)
        assert server.requests[0].key == ""


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"model": ""}, "model"),
        ({"base_url": "example.com"}, "base_url"),
        ({"kind": "video"}, "kind"),
        ({"operations": ["draw"]}, "draw"),
        ({"extra": {"seed": 4}}, "extra holds seed"),
        ({"extra": {"prompt": "x"}, "kind": "i2i"}, "extra holds prompt"),
        ({"steps": 0}, "steps"),
        ({"guidance": -1.0}, "guidance"),
        ({"concurrency": 2.5}, "concurrency"),
        ({"timeout": 0}, "timeout"),
        ({"price": -0.1}, "price"),
        ({"sizes": ["auto"]}, "auto"),
    ],
)
def test_settings_that_do_not_fit_are_refused_by_name(settings, word):
    with pytest.raises(InputError, match=word):
        HuggingFaceImages(**{"model": "lab/painter", **settings})
