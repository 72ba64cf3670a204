"""The server alone, asked by plain sockets and by httpx."""

from __future__ import annotations

import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from poser.experts.contract import CONTRACT, DEADLINE_HEADER, SECRET_HEADER, decode_answers, encode_run
from poser.experts.errors import BadReply, InputError, TimedOut
from poser.experts.serving import ExpertServer
from poser.experts.testing import FakeExpert
from poser.experts.types import ExpertResult, ExpertSpec, Operation
from tests.experts.waiting import PATIENCE, WaitingExpert, draw

SECRET = "correct horse battery"


def post(server: ExpertServer, *requests, expert: str = "fake", headers=None) -> httpx.Response:
    content_type, body = encode_run(expert, requests or (draw(),))
    sent = {"Content-Type": content_type, **(headers or {})}
    return httpx.post(f"{server.url}/v1/run", content=body, headers=sent, timeout=PATIENCE, trust_env=False)


def get(server: ExpertServer, path: str, **headers) -> httpx.Response:
    return httpx.get(server.url + path, headers=headers, trust_env=False)


def raw(server: ExpertServer, text: bytes) -> bytes:
    with socket.create_connection(server.server_address[:2], timeout=PATIENCE) as line:
        line.sendall(text)
        answer = b""
        while chunk := line.recv(65536):
            answer += chunk
        return answer


def test_health_spec_and_run(serve):
    expert = FakeExpert(price=0.02)
    server = serve(expert)
    assert get(server, "/v1/health").json() == {"status": "ok", "contract": CONTRACT}
    assert ExpertSpec.model_validate(get(server, "/v1/spec").json()["experts"][0]) == expert.spec
    response = post(server, draw(seed=3), draw(seed=4))
    answers = decode_answers(response.headers["content-type"], response.content)
    assert [answer.usage.usd for answer in answers] == [0.02, 0.02]
    assert [request.seed for request in expert.requests] == [3, 4]


def test_a_connection_serves_several_calls(serve):
    server = serve()
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        assert [client.get("/v1/health").status_code for _ in range(3)] == [200] * 3


@pytest.mark.parametrize("given", [{}, {SECRET_HEADER: "wrong"}, {SECRET_HEADER: SECRET[:-1]}, {SECRET_HEADER: ""}])
def test_without_the_secret_nothing_but_health_is_answered(serve, given):
    expert = FakeExpert()
    server = serve(expert, secret=SECRET)
    assert get(server, "/v1/health").status_code == 200
    assert get(server, "/v1/spec", **given).status_code == 401
    refused = post(server, headers=given)
    assert refused.status_code == 401
    assert SECRET not in refused.text
    assert expert.requests == []
    assert post(server, headers={SECRET_HEADER: SECRET}).status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])
def test_only_the_loopback_is_served_without_a_secret(host):
    with pytest.raises(InputError, match="Without a secret"):
        ExpertServer([FakeExpert()], host=host, port=0)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"secret": "short"}, "at least 16"),
        ({"secret": "ü" * 20}, "ASCII"),
        ({"secret": SECRET + "\n"}, "no blanks"),
        ({"concurrency": 0}, "concurrency = 0"),
        ({"host": "localhost", "port": 70_000}, "Cannot listen"),
    ],
)
def test_settings_that_serve_nobody_are_refused(settings, said):
    with pytest.raises(InputError, match=said):
        ExpertServer([FakeExpert()], **{"port": 0, **settings})
    with pytest.raises(InputError, match="each name once"):
        ExpertServer([FakeExpert(), FakeExpert()], port=0)


def test_a_taken_port_is_named(serve):
    taken = serve().server_address[1]
    with pytest.raises(InputError, match=f"port {taken}: Address already in use"):
        ExpertServer([FakeExpert()], port=taken)


def test_web_pages_and_foreign_names_are_turned_away(serve):
    server = serve()
    assert post(server, headers={"Origin": "https://example.org"}).status_code == 403
    assert post(server, headers={"Host": "rebound.example.org"}).status_code == 403
    assert post(server, headers={"Host": "localhost:1"}).status_code == 200


@pytest.mark.parametrize(
    ("request_line", "headers", "status"),
    [
        ("GET /", "", 404),
        ("GET /v1/run", "", 405),
        ("POST /v1/spec", "Content-Length: 0", 405),
        ("POST /v1/run", "Content-Type: multipart/form-data; boundary=x", 411),
        ("POST /v1/run", "Content-Type: multipart/form-data; boundary=x\r\nTransfer-Encoding: chunked", 411),
        ("POST /v1/run", "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: -5", 411),
        ("POST /v1/run", "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: " + "9" * 40, 413),
        ("POST /v1/run", "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 1000001", 413),
        ("POST /v1/run", "Content-Type: application/json\r\nContent-Length: 2", 415),
        ("POST /v1/run", "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 0", 400),
        (
            "POST /v1/run",
            f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 0\r\n{DEADLINE_HEADER}: soon",
            400,
        ),
        (
            "POST /v1/run",
            f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 0\r\n{DEADLINE_HEADER}: nan",
            400,
        ),
        ("BREW /v1/run", "", 501),
    ],
)
def test_what_is_no_call_gets_a_status_and_json(serve, request_line, headers, status):
    server = serve(max_bytes=1_000_000)
    answer = raw(server, f"{request_line} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}\r\n\r\n".encode())
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.split()[1] == str(status).encode()
    assert json.loads(body)["error"]["message"]
    assert b"Traceback" not in answer


@pytest.mark.parametrize("text", [b"GET http://[ HTTP/1.1\r\n\r\n", b"GET /v1/spec HTTP/1.1\r\nHost: [\r\n\r\n"])
def test_an_address_that_is_none_gets_a_status_and_json_too(serve, text):
    answer = raw(serve(), text)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"The address cannot be understood." in answer


def test_an_unknown_expert_is_named_with_those_there_are(serve):
    refused = post(serve(), expert="nobody")
    assert refused.status_code == 404
    assert refused.json()["error"]["message"] == "There is no expert 'nobody'; there are fake."


def test_a_body_that_is_too_large_is_refused_before_it_is_read(serve):
    server = serve(max_bytes=1000)
    head = "POST /v1/run HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=x\r\n"
    with socket.create_connection(server.server_address[:2], timeout=PATIENCE) as line:
        line.sendall(f"{head}Content-Length: 5000000\r\nExpect: 100-continue\r\n\r\n".encode())
        assert line.recv(100).startswith(b"HTTP/1.1 413")


def test_who_waits_to_be_asked_for_the_body_is_asked(serve):
    server = serve()
    content_type, body = encode_run("fake", [draw()])
    head = f"POST /v1/run HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}"
    with socket.create_connection(server.server_address[:2], timeout=PATIENCE) as line:
        line.sendall(f"{head}\r\nExpect: 100-continue\r\n\r\n".encode())
        assert line.recv(100).startswith(b"HTTP/1.1 100")
        line.sendall(body)
        assert line.recv(100).startswith(b"HTTP/1.1 200")


class Leaking(FakeExpert):
    def run(self, requests, ctx):
        raise RuntimeError(f"the secret is {SECRET}")


def test_neither_tracebacks_nor_the_secret_leak(serve):
    server = serve(Leaking(), secret=SECRET)
    response = post(server, headers={SECRET_HEADER: SECRET})
    (answer,) = decode_answers(response.headers["content-type"], response.content)
    assert isinstance(answer, BadReply)
    assert "the secret is ***" in str(answer)
    assert SECRET.encode() not in response.content
    assert b"Traceback" not in response.content


class Faceless(FakeExpert):
    @property
    def spec(self):
        if self.asked:
            raise RuntimeError("inner workings")
        return super().spec

    asked = False


def test_what_fails_inside_is_logged_and_not_told(serve):
    expert, lines = Faceless(), []
    server = serve(expert, log=lines.append)
    expert.asked = True
    response = get(server, "/v1/spec")
    assert response.status_code == 500
    assert "inner" not in response.text
    assert lines == ["the server failed: RuntimeError: inner workings"]
    expert.asked = False


def test_who_hangs_up_stops_his_call(serve):
    expert = WaitingExpert()
    server = serve(expert)
    content_type, body = encode_run("waiting", [draw("k1")])
    head = f"POST /v1/run HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}"
    with socket.create_connection(server.server_address[:2], timeout=PATIENCE) as line:
        line.sendall(f"{head}\r\n\r\n".encode() + body)
        expert.wait_for_start()
    assert expert.stopped.wait(PATIENCE)
    # and who comes back with the same key is served
    expert.go.set()
    response = post(server, draw("k1"), expert="waiting")
    assert isinstance(decode_answers(response.headers["content-type"], response.content)[0], ExpertResult)


def test_the_deadline_of_the_caller_ends_the_call(serve):
    expert = WaitingExpert()
    response = post(serve(expert), expert="waiting", headers={DEADLINE_HEADER: "0.05"})
    (answer,) = decode_answers(response.headers["content-type"], response.content)
    assert isinstance(answer, TimedOut)
    assert expert.stopped.is_set()


@pytest.mark.parametrize(("concurrency", "most"), [(1, 1), (3, 3)])
def test_calls_of_one_expert_run_as_many_at_once_as_allowed(serve, concurrency, most):
    expert = WaitingExpert()
    server = serve(expert, concurrency=concurrency)
    with ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(post, server, expert="waiting") for _ in range(3)]
        for _ in range(most):
            expert.wait_for_start()
        expert.go.set()
        assert [each.result(PATIENCE).status_code for each in asked] == [200] * 3
    assert expert.most == most


def test_too_many_calls_are_told_to_come_back(serve):
    expert = WaitingExpert()
    server = serve(expert, waiting=1)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(post, server, expert="waiting")
        expert.wait_for_start()
        second = post(server, expert="waiting")
        assert second.status_code == 429
        assert second.headers["retry-after"] == "1"
        expert.go.set()
        assert first.result(PATIENCE).status_code == 200


def test_closing_stops_calls_answers_them_and_frees_the_experts():
    expert = WaitingExpert()
    server = ExpertServer([expert], port=0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(post, server, expert="waiting")
        expert.wait_for_start()
        server.shutdown()
        thread.join()
        server.close()
        response = asked.result(PATIENCE)
    assert isinstance(decode_answers(response.headers["content-type"], response.content)[0], TimedOut)
    assert expert.closed


def test_ipv6_has_an_address_too():
    try:
        server = ExpertServer([FakeExpert()], host="::1", port=0)
    except InputError as error:
        pytest.skip(str(error))
    assert server.url.startswith("http://[::1]:")
    server.close()


def test_the_operations_travel_in_the_spec(serve):
    server = serve(FakeExpert(operations=[Operation.TONE], kind="i2i"))
    assert get(server, "/v1/spec").json()["experts"][0]["operations"] == {"tone": 1.0}
