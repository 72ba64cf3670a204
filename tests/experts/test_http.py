"""HttpExpert against real servers on the loopback: ours, and ones that misbehave."""

from __future__ import annotations

import http.server
import threading
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from poser.experts.base import CallContext, run_checked
from poser.experts.conformance import check_expert
from poser.experts.contract import CONTRACT, MOST_REQUESTS, encode_answers
from poser.experts.errors import (
    BadReply,
    CallError,
    ContentFiltered,
    InputError,
    InvalidRequest,
    RateLimited,
    TimedOut,
    Unavailable,
    UnknownName,
)
from poser.experts.http import HttpExpert
from poser.experts.picture import Picture
from poser.experts.testing import FakeExpert
from poser.experts.types import ExpertRequest, ExpertResult, Operation
from tests.experts.waiting import PATIENCE, WaitingExpert, draw

SECRET = "correct horse battery"
NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def answering():
    """A server that gives one scripted answer to everything: a function of the handler."""
    running = []

    def start(script) -> str:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                script(self)

            def do_GET(self):
                script(self)

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        running.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server, thread in running:
        server.shutdown()
        thread.join()
        server.server_close()


def reply(status=200, body=b"", content_type="text/html", length=None, **headers):
    def script(handler):
        handler.send_response(status)
        handler.send_header("Content-Type", content_type)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return script


def here(url: str, **settings) -> HttpExpert:
    return HttpExpert(**{"name": "far", "url": url, "kind": "t2i", **settings})


def test_an_expert_elsewhere_keeps_the_contract(serve):
    for kind in ("t2i", "i2i"):
        server = serve(FakeExpert("far", kind))
        findings = check_expert(HttpExpert(name="far", url=server.url), size=(64, 64))
        assert [finding for finding in findings if not finding.ok] == []
        assert not any(finding.skipped for finding in findings)


def test_it_brings_what_the_local_expert_brings(serve):
    local = FakeExpert("far", "i2i", damage=0.5)
    server = serve(FakeExpert("far", "i2i", damage=0.5))
    pixels = np.random.default_rng(0).integers(0, 256, (64, 96, 3), dtype=np.uint8)
    requests = [
        ExpertRequest(mode="i2i", text="x", commands=(), source=Picture(pixels), width=96, height=64, seed=seed)
        for seed in range(4)
    ]
    assert HttpExpert(name="far", url=server.url).run(requests, CallContext()) == local.run(requests, CallContext())


def test_errors_cross_the_line_each_with_its_request(serve):
    faults = ["rate-limited", "timed-out", "unavailable", "content-filtered", "invalid-request", "bad-reply", "none"]
    far = here(serve(FakeExpert("far", faults=faults)).url)
    answers = far.run([draw(seed=seed) for seed in range(7)], CallContext())
    kinds = [RateLimited, TimedOut, Unavailable, ContentFiltered, InvalidRequest, BadReply, ExpertResult]
    assert [type(answer) for answer in answers] == kinds
    assert answers[0].retry_after == 1.0


def test_a_batch_is_one_call_and_a_large_one_several(serve):
    expert = FakeExpert("far")
    counted = []
    server = serve(expert, log=counted.append)
    assert len(here(server.url).run([draw(seed=seed) for seed in range(5)], CallContext())) == 5
    assert len(counted) == 1
    answers = here(server.url).run([draw(seed=seed) for seed in range(MOST_REQUESTS + 1)], CallContext())
    assert all(isinstance(answer, ExpertResult) for answer in answers)
    assert [request.seed for request in expert.requests[5:]] == list(range(MOST_REQUESTS + 1))
    assert len(counted) == 3


def test_a_batch_that_is_too_large_is_sent_in_parts_and_a_request_that_is_too_large_not_at_all(serve):
    expert = FakeExpert("far", "i2i")
    server = serve(expert)
    noise = np.random.default_rng(0).integers(0, 256, (4, 64, 64, 3), dtype=np.uint8)
    requests = [
        ExpertRequest(mode="i2i", text="x", commands=(), source=Picture(pixels), width=64, height=64)
        for pixels in noise
    ]
    answers = here(server.url, kind="i2i", max_bytes=30_000).run(requests, CallContext())
    assert all(isinstance(answer, ExpertResult) for answer in answers)
    (refused,) = here(server.url, kind="i2i", max_bytes=10_000).run(requests[:1], CallContext())
    assert isinstance(refused, InvalidRequest)
    assert "max_bytes = 10,000" in str(refused)
    assert len(expert.requests) == 4


def test_keys_are_passed_on(serve):
    expert = FakeExpert("far")
    far = here(serve(expert).url)
    assert far.run([draw("k1")], CallContext()) == far.run([draw("k1")], CallContext())
    assert len(expert.requests) == 1


def test_progress_is_told_for_what_came(serve):
    told = []
    far = here(serve(FakeExpert("far", faults=["bad-reply"])).url)
    far.run([draw(), draw()], CallContext(on_progress=lambda index, fraction: told.append((index, fraction))))
    assert told == [(1, 1.0)]


def test_the_spec_is_what_the_settings_say_and_needs_no_server():
    table = tomllib.loads(
        f"""
        name = "far"
        url = "{NOBODY}"
        kind = "i2i"
        operations = {{ tone = 0.9 }}
        sizes = [[512, 512], [1024, 1024]]
        price = 0.02
        seeded = true
        """
    )
    spec = HttpExpert(**table).spec
    assert (spec.kind, spec.operations, spec.price) == ("i2i", {Operation.TONE: 0.9}, 0.02)
    assert spec.sizes == ((512, 512), (1024, 1024))
    assert Operation.GENERATE in here(NOBODY).spec.operations
    assert Operation.GENERATE not in here(NOBODY, kind="i2i").spec.operations
    assert here(NOBODY).spec.price is None
    assert all(finding.ok for finding in check_expert(here(NOBODY), call=False))


def test_without_a_kind_the_spec_is_fetched_once_and_settings_win(serve):
    expert = FakeExpert("painter", price=0.5, nominal_seconds=3.0)
    server = serve(expert)
    far = HttpExpert(name="far", url=server.url + "/", expert="painter", price=0.25)
    assert far.spec == expert.spec.model_copy(update={"name": "far", "price": 0.25})
    assert far.spec is far.spec
    assert HttpExpert.describe(server.url) == [expert.spec]


def test_a_spec_that_cannot_be_fetched_is_clear_and_tried_again(serve, answering):
    with pytest.raises(Unavailable, match=r"far cannot be reached at http://127.0.0.1:9\. Check the address"):
        _ = HttpExpert(name="far", url=NOBODY).spec
    with pytest.raises(UnknownName, match=r"Did you mean 'painter'\? Known: painter"):
        _ = HttpExpert(name="paintr", url=serve(FakeExpert("painter")).url).spec
    with pytest.raises(BadReply, match="no expert server answers"):
        HttpExpert.describe(answering(reply(200, b"<html>It works!</html>")))
    with pytest.raises(Unavailable, match="Check the address"):
        HttpExpert.describe(answering(reply(404, b"<html>not here</html>")))
    turn = iter(["down", "up"])
    good = b'{"contract": 1, "experts": [' + FakeExpert("far").spec.model_dump_json().encode() + b"]}"
    far = HttpExpert(
        name="far",
        url=answering(lambda handler: reply(503 if next(turn) == "down" else 200, good, "application/json")(handler)),
    )
    with pytest.raises(Unavailable):
        _ = far.spec
    assert far.spec.name == "far"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"url": "127.0.0.1:8765"}, "no address"),
        ({"url": "ftp://127.0.0.1"}, "no address"),
        ({"url": "http://me:pw@127.0.0.1"}, "secret_env"),
        ({"timeout": 0}, "timeout = 0"),
        ({"max_bytes": 0}, "max_bytes = 0"),
        ({"kind": "video"}, "kind = 'video'"),
        ({"kind": None, "price": -1}, "price = -1"),
        ({"operations": ["fly"]}, "operations.fly"),
        ({"name": "Far Away"}, "name = 'Far Away'"),
    ],
)
def test_settings_that_cannot_be_are_refused_at_once(settings, said):
    with pytest.raises(InputError, match=said):
        here(**{"url": NOBODY, **settings})


def test_the_secret_comes_from_the_environment_and_goes_nowhere_else(serve, monkeypatch):
    server = serve(FakeExpert("far"), secret=SECRET)
    far = HttpExpert(name="far", url=server.url, secret_env="FAR_SECRET")
    with pytest.raises(Unavailable, match="FAR_SECRET holds no secret"):
        _ = far.spec
    monkeypatch.setenv("FAR_SECRET", "wrong one, sadly")
    with pytest.raises(Unavailable, match="answered 401: The secret in X-Poser-Secret is missing or wrong"):
        _ = far.spec
    monkeypatch.setenv("FAR_SECRET", SECRET)
    assert isinstance(far.run([draw()], CallContext())[0], ExpertResult)
    assert SECRET not in repr(vars(far)) + far.spec.model_dump_json()
    for odd in ("a\r\nX-Injected: 1", f"{SECRET}\n", "ü" * 16):
        monkeypatch.setenv("FAR_SECRET", odd)
        (answer,) = far.run([draw()], CallContext())
        assert isinstance(answer, Unavailable)
        assert "printable ASCII" in str(answer)


def test_what_the_server_does_not_bill_costs_the_price_of_the_settings(serve):
    url = serve(FakeExpert("far", price=None)).url
    assert here(url).run([draw()], CallContext())[0].usage.usd is None
    assert here(url, price=0.03).run([draw()], CallContext())[0].usage.usd == 0.03


TWO = encode_answers([BadReply("a"), BadReply("b")])
HUGE = b"x" * 100_000


@pytest.mark.parametrize(
    ("script", "kind", "usd", "said"),
    [
        (reply(200, b"<html>Welcome</html>"), BadReply, None, "not multipart/form-data"),
        (reply(200, b"--x--", "multipart/form-data; boundary=x"), BadReply, None, "no part 'call'"),
        (reply(200, TWO[1], TWO[0]), BadReply, None, "2 of 1"),
        (reply(200, TWO[1][:-20], TWO[0]), BadReply, None, "last boundary"),
        (reply(200, b"half", TWO[0], length=1000), Unavailable, None, "broke before the answer was whole"),
        (reply(200, HUGE, TWO[0]), BadReply, None, "more than 50,000 bytes"),
        (reply(502, b"<!doctype html><title>Bad</title>"), Unavailable, None, "an HTML page"),
        (reply(500, b'{"error": {"message": "it failed"}}'), Unavailable, None, "500: it failed. "),
        (reply(429, b"", Retry_After="7"), RateLimited, 0.0, "429"),
        (reply(413, b'{"error": {"message": "too big"}}'), InvalidRequest, 0.0, "too big"),
        (reply(307, b"", Location="http://192.0.2.1/"), Unavailable, 0.0, "sends elsewhere"),
        (lambda handler: handler.connection.close(), Unavailable, None, "broke before the answer was whole"),
        (
            lambda handler: handler.wfile.write(b"SSH-2.0-x\r\n\r\n"),
            Unavailable,
            None,
            "broke before the answer was whole",
        ),
    ],
)
def test_whatever_answers_it_becomes_one_typed_error(answering, script, kind, usd, said):
    (answer,) = here(answering(script), max_bytes=50_000).run([draw()], CallContext())
    assert type(answer) is kind, answer
    assert answer.usd == usd
    assert said in str(answer)
    assert "<" not in str(answer)


def test_how_long_to_wait_comes_through(answering):
    (answer,) = here(answering(reply(429, b"", Retry_After="7"))).run([draw()], CallContext())
    assert answer.retry_after == 7.0


def test_nobody_there():
    (answer,) = here(NOBODY).run([draw()], CallContext())
    assert isinstance(answer, Unavailable)
    assert answer.usd == 0.0


def test_a_stop_ends_the_wait_at_once_and_the_call_over_there(serve):
    expert, ctx = WaitingExpert("far"), CallContext()
    far = here(serve(expert).url)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(far.run, [draw("k1")], ctx)
        expert.wait_for_start()
        ctx.stop.set()
        (answer,) = asked.result(PATIENCE)
    assert isinstance(answer, TimedOut)
    assert answer.usd is None
    assert expert.stopped.wait(PATIENCE)


def test_what_is_made_before_the_deadline_comes_back(serve):
    class Half(WaitingExpert):
        def run(self, requests, ctx):
            first = FakeExpert().run(requests[:1], CallContext())
            return [*first, *super().run(requests[1:], ctx)]

    far = here(serve(Half("far")).url)
    made, late = far.run([draw(), draw()], CallContext(deadline=time.monotonic() + 2.0))
    assert isinstance(made, ExpertResult)
    assert isinstance(late, TimedOut)


@pytest.mark.parametrize("trickle", [b"", b"x"])
def test_a_server_that_never_ends_its_answer_is_left_at_the_deadline(answering, trickle):
    over = threading.Event()

    def script(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "1000000")
        handler.end_headers()
        while not over.wait(0.01):
            handler.wfile.write(trickle)

    far = here(answering(script), timeout=0.2)
    (answer,) = far.run([draw()], CallContext())
    over.set()
    assert isinstance(answer, TimedOut)
    assert answer.usd is None


def test_cancelled_before_it_began_nobody_is_asked():
    ctx = CallContext()
    ctx.stop.set()
    answers = here(NOBODY).run([draw(), draw()], ctx)
    assert [type(answer) for answer in answers] == [TimedOut, TimedOut]
    assert here(NOBODY).run([], CallContext()) == []


def test_many_threads_share_one_expert(serve):
    far = here(serve(FakeExpert("far"), concurrency=8, waiting=32).url)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda seed: far.run([draw(seed=seed)], CallContext())[0], range(24)))
    assert answers == [FakeExpert().run([draw(seed=seed)], CallContext())[0] for seed in range(24)]


def test_an_expert_of_another_version_is_refused(answering):
    spec = FakeExpert("far").spec.model_copy(update={"api_version": 99})
    body = f'{{"contract": {CONTRACT}, "experts": [{spec.model_dump_json()}]}}'.encode()
    with pytest.raises(CallError, match="api_version 99"):
        _ = HttpExpert(name="far", url=answering(reply(200, body, "application/json"))).spec


def test_what_the_far_expert_refuses_comes_back_as_an_invalid_request(serve):
    far = here(serve(FakeExpert("far", faults=["invalid-request"])).url)
    assert isinstance(run_checked(far, [draw()], CallContext())[0], InvalidRequest)
