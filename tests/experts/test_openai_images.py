"""The real `openai` client against a server on loopback."""

from __future__ import annotations

import http.server
import threading
import time
import traceback

import numpy as np
import openai
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
from poser.experts.openai_images import OpenAIImages
from poser.experts.picture import Picture
from poser.experts.types import ExpertRequest, ExpertResult, Operation
from tests.loopback.drawing import pattern
from tests.loopback.images_server import FAULTS, ImagesServer

KEY = "sk-never-to-be-shown"
PRICES = {"input_cost_per_token": 5e-6, "input_cost_per_image_token": 8e-6, "output_cost_per_image_token": 3e-5}
SOURCE = Picture(np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8))


def draw(text: str = "a cat", **fields: object) -> ExpertRequest:
    return ExpertRequest(**{"mode": "t2i", "text": text, "commands": (), "width": 64, "height": 48, **fields})


def edit(text: str = "a cat", **fields: object) -> ExpertRequest:
    return draw(text, **{"mode": "i2i", "source": SOURCE, **fields})


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVIDER_ACCESS", KEY)


@pytest.fixture
def expert_of(request: pytest.FixtureRequest):
    def make(server: ImagesServer, **settings: object) -> OpenAIImages:
        expert = OpenAIImages(
            **{"model": "painter-9", "base_url": server.address, "api_key_env": "PROVIDER_ACCESS", **settings}
        )
        request.addfinalizer(expert.close)
        return expert

    return make


def ask(expert: OpenAIImages, *requests: ExpertRequest, seconds: float = 20.0) -> list:
    return run_checked(expert, requests, CallContext(deadline=time.monotonic() + seconds))


def test_it_draws_what_the_server_draws(expert_of):
    with ImagesServer(api_key=KEY) as server:
        expert = expert_of(
            server, quality="low", background="opaque", moderation="low", extra={"output_format": "webp"}
        )
        (result,) = ask(expert, draw(key="k1"))
        (seen,) = server.requests
        assert seen.fields == {
            "model": "painter-9",
            "prompt": "a cat",
            "size": "64x48",
            "quality": "low",
            "background": "opaque",
            "moderation": "low",
            "output_format": "webp",
        }
        assert server.bills == {"k1": 1}
    assert np.array_equal(result.picture.pixels, pattern("a cat", 0, 64, 48))
    assert (result.text_sent, result.notes, result.revision) == ("a cat", (), expert.spec.revision)
    assert (result.usage.input_tokens, result.usage.output_tokens, result.usage.usd) == (2, 12, None)


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(expert_of, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("no_proxy", "")
    with ImagesServer() as server:
        (result,) = ask(expert_of(server), draw())
    assert isinstance(result, ExpertResult)


def test_it_edits_where_the_mask_is_white_and_sends_references_after_the_source(expert_of):
    mask = np.zeros((48, 64, 3), np.uint8)
    mask[:20] = 255
    reference = Picture(np.full((8, 8, 3), 9, np.uint8))
    with ImagesServer() as server:
        expert = expert_of(server, kind="i2i", prices=PRICES, input_fidelity="high")
        alone, full = ask(expert, edit(), edit(mask=Picture(mask), references=(reference, reference)))
        by_name = {tuple(name for name, _, _ in seen.files): seen for seen in server.requests}
        assert set(by_name) == {("image",), ("image[]0", "image[]1", "image[]2", "mask")}
        whole = by_name["image[]0", "image[]1", "image[]2", "mask"]
        assert whole.files[0][2] == len(SOURCE.to_png())
        assert whole.files[1][1:] == whole.files[2][1:]
        assert whole.fields["input_fidelity"] == "high"
    assert np.array_equal(full.picture.pixels[20:], SOURCE.pixels[20:])
    assert np.array_equal(full.picture.pixels[:20], pattern("a cat", 0, 64, 48)[:20])
    assert alone.usage.usd == pytest.approx(2 * 5e-6 + 100 * 8e-6 + 12 * 3e-5)
    assert full.usage.usd == pytest.approx(2 * 5e-6 + 300 * 8e-6 + 12 * 3e-5)


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
    "zero-bytes": (BadReply, "billed"),
}


@pytest.mark.parametrize("kind", ["t2i", "i2i"])
@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_is_an_error_of_its_kind_with_its_bill_and_without_the_key(fault, kind, expert_of):
    with ImagesServer(script=[fault], echo_key=True, retry_after=2.5) as server:
        expert = expert_of(server, kind=kind, prices={"output_cost_per_image": 0.04}, timeout=0.4)
        (error,) = ask(expert, draw() if kind == "t2i" else edit())
        assert len(server.requests) == 1
        assert server.requests[0].authorized
    expected, cost = KINDS[fault]
    assert type(error) is expected
    assert error.usd == {"free": 0.0, "unknown": None, "billed": 0.04}[cost]
    assert error.retry_after == (2.5 if fault == "rate-limited" else None)
    assert expert.spec.name in str(error)
    assert KEY not in "".join(traceback.format_exception(error))
    assert "html" not in str(error)
    if fault == "content-filter":
        assert "rejected by the safety system" in str(error)


def test_a_server_that_trickles_holds_no_thread_for_ever(expert_of):
    ended, left = threading.Event(), threading.Event()

    class Trickle(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", str(10**9))
            self.end_headers()
            try:
                while not ended.wait(0.01):
                    self.wfile.write(b" ")
            except OSError:
                left.set()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Trickle) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            expert = OpenAIImages(model="m", base_url=f"http://127.0.0.1:{server.server_port}/v1", timeout=0.3)
            (answer,) = ask(expert, draw())
            assert isinstance(answer, TimedOut)
            assert left.wait(20)
            expert.close()
        finally:
            ended.set()
            server.shutdown()
            thread.join()


def test_under_thirty_percent_faults_every_request_gets_its_own_answer_and_bill(expert_of):
    requests = [draw(f"cat {number}", key=f"k{number}") for number in range(150)]
    with ImagesServer(fault_rate=0.3, seed=3) as server:
        expert = expert_of(server, concurrency=32, prices={"output_cost_per_image": 0.04}, timeout=1.5)
        answers = ask(expert, *requests)
        faults = {seen.key: seen.fault for seen in server.requests}
        bills = dict(server.bills)
    assert len(faults) == 150
    assert {*faults.values()} == {"", *FAULTS}
    for request, answer in zip(requests, answers, strict=True):
        fault = faults[request.key]
        assert type(answer) is (KINDS[fault][0] if fault else ExpertResult), fault
        usd = answer.usage.usd if isinstance(answer, ExpertResult) else answer.usd
        assert usd in (None, 0.04 * bills.get(request.key, 0))


def test_the_key_is_taken_out_of_refusals_and_rewritten_prompts(expert_of):
    with ImagesServer(echo_key=True, api_key="another key") as server:
        (error,) = ask(expert_of(server), draw())
        assert isinstance(error, Unavailable)
        assert "Incorrect API key provided: ***" in str(error)
        assert KEY not in repr(expert_of(server).spec)
    with ImagesServer(echo_key=True) as server:
        (result,) = ask(expert_of(server), draw())
        assert result.text_sent == "a cat, in fine detail [***]"
        assert result.notes == ("the provider rewrote the prompt: a cat, in fine detail [***]",)


def test_sixteen_requests_wait_together_over_one_client(expert_of):
    with ImagesServer() as server:
        server.gate.clear()
        expert, answers = expert_of(server, concurrency=16), []
        requests = [draw(f"cat {number}") for number in range(16)]
        thread = threading.Thread(target=lambda: answers.extend(ask(expert, *requests)))
        thread.start()
        server.wait_for(16)
        server.gate.set()
        thread.join()
    for request, answer in zip(requests, answers, strict=True):
        assert np.array_equal(answer.picture.pixels, pattern(request.text, 0, 64, 48))


def test_a_stop_ends_what_is_on_its_way_and_sends_no_more(expert_of):
    ctx = CallContext()
    with ImagesServer() as server:
        server.gate.clear()
        expert, answers = expert_of(server, concurrency=2), []
        thread = threading.Thread(target=lambda: answers.extend(run_checked(expert, [draw()] * 5, ctx)))
        thread.start()
        server.wait_for(2)
        ctx.stop.set()
        thread.join(10)
        assert not thread.is_alive()
        assert len(server.requests) == 2
    assert [answer.usd for answer in answers] == [None, None, 0.0, 0.0, 0.0]
    assert all(isinstance(answer, TimedOut) for answer in answers)


def test_it_may_be_used_again_after_it_was_closed(expert_of):
    with ImagesServer() as server:
        expert = expert_of(server)
        assert isinstance(ask(expert, draw())[0], ExpertResult)
        expert.close()
        assert isinstance(ask(expert, draw())[0], ExpertResult)


def test_a_client_that_is_given_keeps_open_and_its_retries_stay_off():
    with ImagesServer(script=["server-error"]) as server:
        with openai.OpenAI(api_key=KEY, base_url=server.address) as client:
            expert = OpenAIImages(model="m", base_url=server.address, client=client)
            assert isinstance(ask(expert, draw())[0], Unavailable)
            expert.close()
            assert isinstance(ask(expert, draw())[0], ExpertResult)
        assert len(server.requests) == 2


def test_a_server_that_is_not_there_costs_nothing(expert_of):
    with ImagesServer() as server:
        expert = expert_of(server)
    (error,) = ask(expert, draw())
    assert isinstance(error, Unavailable)
    assert error.usd == 0.0
    assert f"cannot be reached at {server.address}." in str(error)


def test_what_an_address_holds_beside_the_address_is_not_shown():
    expert = OpenAIImages(model="m", base_url="http://127.0.0.1:9/v1?code=very-secret", api_key_env="")
    (error,) = ask(expert, draw())
    expert.close()
    assert "cannot be reached at http://127.0.0.1:9/v1." in str(error)
    assert "very-secret" not in str(error)


def test_without_a_key_only_loopback_is_asked(monkeypatch, expert_of):
    monkeypatch.delenv("PROVIDER_ACCESS")
    with ImagesServer() as server:
        assert isinstance(ask(expert_of(server), draw())[0], ExpertResult)
    far = OpenAIImages(model="m", base_url="https://images.example.com/v1", api_key_env="PROVIDER_ACCESS")
    (error,) = ask(far, draw())
    assert isinstance(error, Unavailable)
    assert "PROVIDER_ACCESS" in str(error)


def test_sizes_that_are_not_offered_come_from_the_nearest_of_these_proportions(expert_of):
    with ImagesServer() as server:
        expert = expert_of(server, sizes=["128x96", "96x128"])
        good, bad = ask(expert, draw(), draw(width=64, height=64))
        assert [seen.fields["size"] for seen in server.requests] == ["128x96"]
    assert good.picture.size == (64, 48)
    assert good.notes == ("came as 128x96 pixels and was scaled to 64x48",)
    assert isinstance(bad, InvalidRequest)
    assert "128x96" in str(bad)


def test_a_server_that_decides_the_size_is_followed_if_the_proportions_are_near(expert_of):
    with ImagesServer(size=(100, 101)) as server:
        expert = expert_of(server, sizes=["auto"], prices={"output_cost_per_image": 0.04})
        good, bad = ask(expert, draw(width=50, height=50), draw())
        assert {seen.fields["size"] for seen in server.requests} == {"auto"}
    assert good.picture.size == (50, 50)
    assert isinstance(bad, BadReply)
    assert "100x101" in str(bad)
    assert bad.usd == 0.04


def test_an_address_is_not_fetched_and_the_remedy_is_told(expert_of):
    with ImagesServer(legacy=True) as server:
        (error,) = ask(expert_of(server), draw())
        assert isinstance(error, BadReply)
        assert "response_format = 'b64_json'" in str(error)
        (result,) = ask(expert_of(server, response_format="b64_json"), draw())
        assert result.text_sent == "a cat, in fine detail"


def test_a_server_that_honours_seeds_is_seeded(expert_of):
    with ImagesServer() as server:
        expert = expert_of(server, seed=True)
        assert expert.spec.seeded
        one, other = ask(expert, draw(seed=3), draw(seed=4))
    assert np.array_equal(one.picture.pixels, pattern("a cat", 3, 64, 48))
    assert one.picture != other.picture


@pytest.mark.parametrize("kind", ["t2i", "i2i"])
@pytest.mark.parametrize("seed", [False, True])
def test_it_keeps_the_contract(kind, seed, expert_of):
    with ImagesServer() as server:
        findings = check_expert(expert_of(server, kind=kind, seed=seed), size=(64, 64))
    assert [finding for finding in findings if not finding.ok] == []
    unseeded = set() if seed else {"determinism", "batch = single"}
    assert {finding.check for finding in findings if finding.skipped} == unseeded


@pytest.mark.parametrize(
    "request_",
    [draw(""), draw("x" * 32_001), edit(), draw(mode="i2i")],
    ids=["empty", "too long", "an edit", "no source"],
)
def test_what_cannot_be_asked_is_refused_before_it_is_sent(request_, expert_of):
    with ImagesServer() as server:
        (error,) = ask(expert_of(server, kind="t2i" if request_.source or request_.mode == "t2i" else "i2i"), request_)
        assert not server.requests
    assert isinstance(error, InvalidRequest)
    assert error.usd == 0.0


def test_masks_and_references_have_limits(expert_of):
    small = Picture(np.zeros((8, 8, 3), np.uint8))
    with ImagesServer() as server:
        editor = expert_of(server, kind="i2i", references=1)
        mask, many = ask(editor, edit(mask=small), edit(references=(small, small)))
        (left_out,) = ask(expert_of(server), draw(references=(small,)))
    assert "8x8 pixels for a source of 64x48" in str(mask)
    assert "given 2 references; it takes 1" in str(many)
    assert isinstance(mask, InvalidRequest)
    assert isinstance(many, InvalidRequest)
    assert left_out.notes == ("references and mask were left out: the model draws from text alone",)


@pytest.mark.parametrize(
    ("settings", "price"),
    [
        ({}, None),
        ({"prices": PRICES}, None),
        ({"prices": {"output_cost_per_image": 0.04}}, 0.04),
        ({"prices": {"output_cost_per_image": 0.04, "input_cost_per_image": 0.01}, "kind": "i2i"}, 0.05),
        ({"prices": {"high": {"output_cost_per_image": 0.16}}, "quality": "high"}, 0.16),
        ({"prices": {"high": {"output_cost_per_image": 0.16}}}, None),
        ({"prices": {"64x64": {"output_cost_per_image": 0.1}}, "sizes": ["64x64", "32x32"]}, None),
        ({"prices": {"output_cost_per_pixel": 1e-6}, "sizes": ["1000x1000", "100x100"]}, 1.0),
    ],
)
def test_the_price_is_declared_where_it_is_known_before_the_call(settings, price):
    assert OpenAIImages(model="m", **settings).spec.price == (None if price is None else pytest.approx(price))


def test_the_declaration_follows_the_settings():
    spec = OpenAIImages(model="Lab/Painter 9", kind="i2i", operations=["style"], sizes=["64x64"], references=2).spec
    assert (spec.name, spec.kind, spec.mask, spec.references) == ("painter-9-edit", "i2i", True, 2)
    assert spec.operations == {Operation.STYLE: 0.5}
    assert spec.sizes == ((64, 64),)
    assert not spec.seeded
    assert OpenAIImages(model="m").spec.revision == OpenAIImages(model="m").spec.revision
    assert OpenAIImages(model="m").spec.revision != OpenAIImages(model="m", quality="low").spec.revision


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"model": ""}, "model"),
        ({"kind": "video"}, "kind"),
        ({"name": "My Expert"}, "name"),
        ({"operations": ["draw"]}, "draw"),
        ({"base_url": "example.com"}, "base_url"),
        ({"sizes": ["big"]}, "big"),
        ({"sizes": ["auto", "64x64"]}, "auto"),
        ({"moderation": "low", "kind": "i2i"}, "moderation"),
        ({"input_fidelity": "high"}, "input_fidelity"),
        ({"extra": {"n": 4}}, "extra holds n"),
        ({"concurrency": 0}, "concurrency"),
        ({"timeout": "60"}, "timeout"),
        ({"references": 16}, "references"),
        ({"prices": {"cost": 1.0}}, "cost"),
    ],
)
def test_settings_that_do_not_fit_are_refused_by_name(settings, word):
    with pytest.raises(InputError, match=word):
        OpenAIImages(**{"model": "m", **settings})
