"""The server itself, by plain HTTP: what the tests of the adapters rely on."""

from __future__ import annotations

import base64
import io
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import httpx
import numpy as np
import pytest
from PIL import Image

from tests.loopback.drawing import drawn, pattern, png
from tests.loopback.images_server import FAULTS, UNBILLED, ImagesServer

ASK = {"model": "m", "prompt": "a cat", "size": "64x48"}


def post(server: ImagesServer, *, key: str = "", timeout: float = 10.0, **fields: object) -> httpx.Response:
    headers = {"authorization": "Bearer sk-secret", **({"idempotency-key": key} if key else {})}
    address = f"{server.address}/images/generations"
    # without TLS there is nothing to verify, and loading certificates takes longer than the call
    return httpx.post(address, json={**ASK, **fields}, headers=headers, timeout=timeout, verify=False)


def test_a_picture_follows_from_prompt_seed_and_size():
    with ImagesServer() as server:
        first, again, other = post(server), post(server), post(server, seed=1)
        answer = first.json()
        data = base64.b64decode(answer["data"][0]["b64_json"])
        assert data == drawn("a cat", 0, 64, 48)
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(data))), pattern("a cat", 0, 64, 48))
        assert again.json() == answer != other.json()
        assert answer["size"] == "64x48"
        assert answer["usage"]["output_tokens"] == 64 * 48 // 256
        assert server.bills == {"": 3}


def test_requests_are_recorded_without_their_secret():
    with ImagesServer() as server:
        post(server, key="k1")
        (seen,) = server.requests
        assert (seen.path, seen.key, seen.authorized, seen.fault) == ("/v1/images/generations", "k1", True, "")
        assert seen.fields == ASK
        assert "sk-secret" not in repr(server.requests)


@pytest.mark.parametrize(
    "wrong",
    [{"prompt": ""}, {"prompt": "x" * 32_001}, {"size": "huge"}, {"model": ""}, {"response_format": "b64_json"}],
)
def test_what_breaks_the_contract_is_refused(wrong):
    with ImagesServer() as server:
        answer = post(server, **wrong)
        assert answer.status_code == 400
        assert answer.json()["error"]["type"] == "invalid_request_error"
        assert not server.bills


def test_edits_arrive_byte_for_byte_and_keep_what_the_mask_covers():
    source = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    mask = np.full((40, 40, 4), 255, np.uint8)
    mask[:10, :, 3] = 0
    sent = [png(source), b"\r\n--x\r\n\n", png(mask)]
    files = [(name, (f"{name}.png", data)) for name, data in zip(("image[]", "image[]", "mask"), sent, strict=True)]
    with ImagesServer() as server:
        fields = {**ASK, "size": "40x40"}
        answer = httpx.post(f"{server.address}/images/edits", data=fields, files=files).json()
        assert [digest for _, digest, _ in server.requests[0].files] == [sha256(data).hexdigest()[:16] for data in sent]
    made = np.asarray(Image.open(io.BytesIO(base64.b64decode(answer["data"][0]["b64_json"]))))
    assert np.array_equal(made[10:], source[10:])
    assert np.array_equal(made[:10], pattern("a cat", 0, 40, 40)[:10])
    assert answer["usage"]["input_tokens_details"]["image_tokens"] == 200


def test_a_key_is_billed_once_and_gets_the_same_answer():
    with ImagesServer() as server, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: post(server, key="k1").content, range(16)))
        assert len(set(answers)) == 1
        assert server.bills == {"k1": 1}
        assert post(server, key="k1", prompt="another").status_code == 400


def test_a_call_that_broke_on_the_way_is_not_billed_again():
    with ImagesServer(script=["drops", "stalls"]) as server:
        with pytest.raises(httpx.RemoteProtocolError):
            post(server, key="k1")
        with pytest.raises(httpx.ReadTimeout):
            post(server, key="k1", timeout=0.3)
        assert post(server, key="k1").json()["data"]
        assert server.bills == {"k1": 1}


@pytest.mark.parametrize("fault", UNBILLED)
def test_what_fails_before_the_work_is_not_billed(fault):
    with ImagesServer(script=[fault], retry_after=2.0) as server:
        answer = post(server, key="k1")
        assert answer.status_code in (400, 429, 500)
        assert not server.bills
        assert ("retry-after" in answer.headers) == (fault == "rate-limited")


def test_faults_are_drawn_by_seed_at_the_rate():
    def drawn_by(seed: int) -> list[str]:
        with ImagesServer(fault_rate=0.3, faults=UNBILLED, seed=seed) as server, httpx.Client() as client:
            for _ in range(200):
                client.post(f"{server.address}/images/generations", json=ASK)
            return [request.fault for request in server.requests]

    first = drawn_by(1)
    assert first == drawn_by(1) != drawn_by(2)
    assert 40 <= sum(map(bool, first)) <= 80
    assert set(first) == {"", *UNBILLED}


def test_an_unknown_fault_is_refused():
    with pytest.raises(ValueError, match="unknown faults"):
        ImagesServer(script=["hiccups"])
    assert len(set(FAULTS)) == len(FAULTS)


def test_sixty_four_connections_are_held_at_a_time():
    with ImagesServer() as server:
        server.gate.clear()
        with ThreadPoolExecutor(64) as pool:
            answers = [pool.submit(post, server, prompt=str(number)) for number in range(64)]
            server.wait_for(64)
            server.gate.set()
            assert all(answer.result().status_code == 200 for answer in answers)
