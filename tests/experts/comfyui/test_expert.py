"""ComfyUIExpert against a server that speaks ComfyUI's protocol, websocket and all."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from poser.experts.base import CallContext
from poser.experts.comfyui import ComfyUIExpert
from poser.experts.conformance import check_expert
from poser.experts.errors import BadReply, InputError, InvalidRequest, TimedOut, Unavailable
from poser.experts.picture import Picture
from poser.experts.types import ExpertRequest, ExpertResult, Operation
from tests.experts.waiting import PATIENCE, until
from tests.loopback.comfyui_server import ComfyUIServer, draw

EXAMPLES = Path(__file__).resolve().parents[3] / "docs" / "examples" / "comfyui"
NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def comfy():
    """Starts servers; faults are used up one a prompt."""
    running: list[ComfyUIServer] = []

    def start(*faults, **settings) -> ComfyUIServer:
        running.append(ComfyUIServer(faults, **settings).__enter__())
        return running[-1]

    yield start
    for server in running:
        server.__exit__()


def drawer(server: ComfyUIServer | str, **settings) -> ComfyUIExpert:
    url = server if isinstance(server, str) else server.url
    return ComfyUIExpert(**{"name": "comfy", "url": url, "workflow": EXAMPLES / "text_to_image.json", **settings})


def editor(server: ComfyUIServer | str, **settings) -> ComfyUIExpert:
    return drawer(server, **{"workflow": EXAMPLES / "edit.json", **settings})


def wish(seed: int = 0, **changes) -> ExpertRequest:
    given = {"mode": "t2i", "text": "a red car", "commands": (), "width": 64, "height": 48, "seed": seed}
    return ExpertRequest(**{**given, **changes})


def noise(seed: int, width: int = 64, height: int = 48) -> Picture:
    return Picture(np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8))


def one(expert: ComfyUIExpert, request: ExpertRequest | None = None, ctx: CallContext | None = None):
    (answer,) = expert.run([request or wish()], ctx or CallContext())
    return answer


def test_a_workflow_keeps_the_contract_of_experts(comfy):
    for expert in (drawer(comfy()), editor(comfy())):
        findings = check_expert(expert, size=(64, 64))
        assert [finding for finding in findings if not finding.ok] == []
        assert not any(finding.skipped for finding in findings)


def test_a_request_fills_the_workflow_and_its_picture_comes_back(comfy):
    server = comfy()
    result = one(drawer(server, negative="fog"), wish(7))
    graph = server.graphs[0]
    assert graph["6"]["inputs"]["text"] == "a red car"
    assert graph["7"]["inputs"]["text"] == "fog"
    assert (graph["3"]["inputs"]["seed"], graph["5"]["inputs"]["width"]) == (7, 64)
    assert result.picture == Picture.from_bytes(draw(graph, {}, (64, 48), salt="output"))
    assert (result.usage.usd, result.text_sent, result.notes) == (None, "a red car", ())
    assert result.usage.seconds > 0
    assert server.listeners == 1


def test_an_editor_uploads_source_and_mask_each_once(comfy):
    server = comfy()
    source, mask = noise(1), noise(2)
    requests = [wish(seed, mode="i2i", source=source, mask=mask) for seed in range(3)]
    answers = editor(server).run(requests, CallContext())
    assert all(isinstance(answer, ExpertResult) for answer in answers)
    assert len({answer.picture.sha256 for answer in answers}) == 3
    inputs = server.graphs[0]["10"]["inputs"]["image"], server.graphs[0]["11"]["inputs"]["image"]
    assert [Picture.from_bytes(server.uploads[name]) for name in inputs] == [source, mask]
    assert len(server.uploads) == 2


def test_without_a_mask_everything_may_be_edited(comfy):
    server = comfy()
    one(editor(server), wish(mode="i2i", source=noise(1, 80, 40), width=80, height=40))
    mask = Picture.from_bytes(server.uploads[server.graphs[0]["11"]["inputs"]["image"]])
    assert mask.size == (80, 40)
    assert mask.pixels.min() == 255


def test_the_spec_follows_the_marks_and_the_settings():
    spec = editor(NOBODY).spec
    assert (spec.kind, spec.mask, spec.seeded, spec.references, spec.price) == ("i2i", True, True, 0, None)
    assert Operation.GENERATE not in spec.operations
    spec = drawer(NOBODY, operations={"generate": 0.8}, price=0.0, seeded=False, sizes=[[512, 512]]).spec
    assert (spec.kind, spec.operations, spec.price) == ("t2i", {Operation.GENERATE: 0.8}, 0.0)
    assert (spec.seeded, spec.mask, spec.sizes) == (False, False, ((512, 512),))
    assert spec.revision == drawer(NOBODY).spec.revision != editor(NOBODY).spec.revision


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"kind": "i2i"}, r"no input of workflow .* is marked \{image\}. Put the placeholder into the title"),
        ({"kind": "t2i", "workflow": EXAMPLES / "edit.json"}, r"edits an \{image\}"),
        ({"url": "localhost"}, "no address"),
        ({"url": "http://me:pw@127.0.0.1"}, "token_env"),
        ({"timeout": -1}, "timeout = -1"),
        ({"operations": ["fly"]}, "operations.fly"),
        ({"output": "Nobody"}, "no node with the id or title"),
        ({"workflow": "none.json"}, "cannot be read"),
    ],
)
def test_settings_that_cannot_be_are_refused_at_once(settings, said):
    with pytest.raises(InputError, match=said):
        drawer(NOBODY, **settings)


def test_a_workflow_without_a_prompt_is_refused(tmp_path):
    graph = json.loads((EXAMPLES / "edit.json").read_text())
    graph["6"]["_meta"]["title"] = graph["10"]["_meta"]["title"] = "plain"
    path = tmp_path / "flow.json"
    path.write_text(json.dumps(graph))
    with pytest.raises(InputError, match=r"is marked \{image\} and \{prompt\}"):
        drawer(NOBODY, workflow=path, kind="i2i")


def test_progress_grows_to_one_for_every_request(comfy):
    told: dict[int, list[float]] = {0: [], 1: []}
    drawer(comfy()).run(
        [wish(0), wish(1)], CallContext(on_progress=lambda index, fraction: told[index].append(fraction))
    )
    for fractions in told.values():
        assert fractions == sorted(fractions)
        assert len(fractions) > 5
        assert fractions[-1] == 1.0


@pytest.mark.parametrize(
    ("fault", "kind", "usd", "said"),
    [
        ("node-error", InvalidRequest, 0.0, "node 'Load Checkpoint' (4): Value not in list: ckpt_name: 'sd_xl"),
        ("missing-node", InvalidRequest, 0.0, "node 'Load Checkpoint' (4): Node type is not installed. Mend"),
        ("html-error", Unavailable, None, "502: an HTML page"),
        ("busy", Unavailable, None, "503: queue full"),
        ("execution-error", BadReply, None, "node 'KSampler {seed}' (3) failed: torch.OutOfMemoryError: CUDA out of"),
        ("interrupted", Unavailable, None, "somebody interrupted it at node 'KSampler {seed}' (3)"),
        ("no-picture", BadReply, None, "without a picture from any node"),
        ("truncated-picture", BadReply, None, "not a readable image"),
        ("html-picture", BadReply, None, "not a readable image"),
        ("huge-picture", BadReply, None, "At most 50,000,000 pixels"),
        ("forgets", Unavailable, None, "knows nothing of the prompt any more"),
    ],
)
@pytest.mark.parametrize("websocket", [True, False])
def test_whatever_goes_wrong_is_one_typed_error_and_the_others_come(comfy, fault, kind, usd, said, websocket):
    expert = drawer(comfy("none", fault, "none", websocket=websocket))
    first, wrong, last = expert.run([wish(0), wish(1), wish(2)], CallContext())
    assert isinstance(first, ExpertResult)
    assert isinstance(last, ExpertResult)
    assert type(wrong) is kind, wrong
    assert wrong.usd == usd
    assert said in str(wrong)
    assert "Traceback" not in str(wrong)
    assert "server.py" not in str(wrong)


@pytest.mark.parametrize("fault", ["execution-error", "busy", "html-error"])
def test_what_fails_on_ones_own_machine_costs_nothing(comfy, fault):
    assert one(drawer(comfy(fault), price=0.0)).usd == 0.0


def test_what_fails_before_anything_is_queued_costs_nothing(comfy):
    server = comfy()
    server.stumbles = 1
    failed = one(drawer(server, price=0.02), wish(key="k1"))
    assert isinstance(failed, Unavailable)
    assert failed.usd == 0.0
    assert server.graphs == []


def test_an_upload_that_takes_too_long_is_no_prompt_that_was_lost(comfy):
    server = comfy()
    server.late_uploads = 1
    late, other = editor(server).run(
        [wish(mode="i2i", source=noise(1)), wish(mode="i2i", source=noise(2))], CallContext()
    )
    assert isinstance(late, TimedOut)
    assert (late.usd, len(server.graphs)) == (0.0, 1)
    assert "the disk is slow" in str(late)
    assert isinstance(other, ExpertResult)


def test_a_picture_is_handed_over_before_the_rest_of_its_batch_is_done(comfy):
    server = comfy("none", "holds")
    kept: dict[int, ExpertResult] = {}
    with ThreadPoolExecutor(1) as pool:
        answers = pool.submit(drawer(server).run, [wish(0), wish(1)], CallContext(on_result=kept.__setitem__))
        try:
            until(lambda: kept)
            assert not answers.done()
        finally:
            server.release.set()
        made = answers.result(PATIENCE)
    assert kept == dict(enumerate(made))


@pytest.mark.parametrize(
    ("faults", "settings"),
    [(["websocket-breaks"], {}), ([], {"websocket": False}), (["stumbles"], {"websocket": False})],
)
def test_without_a_websocket_the_history_tells(comfy, faults, settings):
    server = comfy(*faults, **settings)
    result = one(drawer(server))
    assert isinstance(result, ExpertResult), result
    assert len(result.notes) == 1
    assert result.notes[0].startswith("Followed by its history alone")


def test_without_the_library_of_websockets_the_history_tells_too(comfy, monkeypatch):
    monkeypatch.setitem(sys.modules, "websockets.sync.client", None)
    result = one(drawer(comfy()))
    assert result.notes == (
        "Followed by its history alone: the library websockets is missing: pip install 'image-poser[comfyui]' (in a "
        "checkout: pip install -c constraints.txt -e '.[comfyui]').",
    )


def test_a_server_that_names_prompts_itself_is_understood(comfy):
    assert isinstance(one(drawer(comfy(own_ids=True))), ExpertResult)


@pytest.mark.parametrize(("fault", "notes"), [("two-pictures", "made 2 pictures"), ("other-size", "scaled to 64x48")])
def test_what_differs_from_the_wish_is_noted(comfy, fault, notes):
    result = one(drawer(comfy(fault)))
    assert result.picture.size == (64, 48)
    assert notes in result.notes[0]


def test_a_preview_will_do_where_nothing_is_saved_but_not_beside_it(comfy, tmp_path):
    assert isinstance(one(drawer(comfy("preview-only"))), ExpertResult)
    graph = json.loads((EXAMPLES / "text_to_image.json").read_text())
    both = {"2": {"class_type": "PreviewImage", "inputs": {"images": ["8", 0]}, "_meta": {"title": "Look"}}, **graph}
    server = comfy()
    path = tmp_path / "flow.json"
    path.write_text(json.dumps(both))
    saved = one(drawer(server, workflow=path))
    looked = one(drawer(server, workflow=path, output="Look"))
    assert saved.picture == Picture.from_bytes(draw(server.graphs[0], {}, (64, 48), salt="output"))
    assert looked.picture == Picture.from_bytes(draw(server.graphs[1], {}, (64, 48), salt="temp"))


def test_a_picture_that_is_too_large_is_not_read(comfy):
    wrong = one(drawer(comfy(), max_bytes=1000))
    assert isinstance(wrong, BadReply)
    assert "more than 1,000 bytes" in str(wrong)


def test_references_are_uploaded_and_counted(comfy, tmp_path):
    graph = json.loads((EXAMPLES / "edit.json").read_text())
    graph["11"]["_meta"]["title"] = "{reference1}"
    path = tmp_path / "flow.json"
    path.write_text(json.dumps(graph))
    server = comfy()
    expert = editor(server, workflow=path)
    assert expert.spec.references == 1
    few = one(expert, wish(mode="i2i", source=noise(1)))
    assert isinstance(few, InvalidRequest)
    assert "takes 1 reference pictures; 0 were given" in str(few)
    many = one(expert, wish(mode="i2i", source=noise(1), references=(noise(2), noise(3)), mask=noise(4)))
    assert many.notes == ("1 references were left out.", "The mask was left out; the workflow takes none.")
    assert Picture.from_bytes(server.uploads[server.graphs[0]["11"]["inputs"]["image"]]) == noise(2)


def test_an_editor_without_a_source_refuses(comfy):
    assert isinstance(one(editor(comfy())), InvalidRequest)


def test_a_stop_interrupts_what_runs_and_takes_the_rest_out_of_the_queue(comfy):
    server, told = comfy("none", "holds", "none", "none"), set()
    ctx = CallContext(on_progress=lambda index, fraction: told.add((index, fraction)))
    expert = drawer(server)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(expert.run, [wish(seed) for seed in range(4)], ctx)
        for _ in range(2):
            assert server.begun.acquire(timeout=PATIENCE)
        until(lambda: len(server.graphs) == 4 and (0, 1.0) in told)
        ctx.stop.set()
        first, *stopped = asked.result(PATIENCE)
    assert isinstance(first, ExpertResult)
    assert [type(answer) for answer in stopped] == [TimedOut] * 3
    assert len(server.deleted) == 2
    assert len(server.interrupts) == 1
    assert server.interrupts[0]["prompt_id"] not in server.deleted


def test_somebody_elses_prompt_is_never_interrupted(comfy):
    server, ctx = comfy("holds", "none"), CallContext()
    with ThreadPoolExecutor(2) as pool:
        theirs = pool.submit(one, drawer(server), wish(1))
        assert server.begun.acquire(timeout=PATIENCE)
        ours = pool.submit(one, drawer(server), wish(2), ctx)
        until(lambda: len(server.graphs) == 2)
        ctx.stop.set()
        assert isinstance(ours.result(PATIENCE), TimedOut)
        server.release.set()
        assert isinstance(theirs.result(PATIENCE), ExpertResult)
    assert server.interrupts == []
    assert len(server.deleted) == 1


def test_a_key_is_queued_once_whether_it_is_done_or_under_way(comfy):
    server = comfy("none", "holds")
    expert = drawer(server)
    assert one(expert, wish(key="k1")).picture == one(expert, wish(key="k1")).picture
    assert len(server.graphs) == 1
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(one, expert, wish(key="k2"))
        for _ in range(2):
            assert server.begun.acquire(timeout=PATIENCE)
        second = pool.submit(one, drawer(server), wish(key="k2"))
        until(lambda: server.listeners == 4)
        server.release.set()
        assert first.result(PATIENCE).picture == second.result(PATIENCE).picture
    assert len(server.graphs) == 2


def test_a_key_whose_prompt_failed_is_queued_again(comfy):
    server = comfy("execution-error", "none")
    assert isinstance(one(drawer(server), wish(key="k1")), BadReply)
    assert isinstance(one(drawer(server), wish(key="k1")), ExpertResult)
    assert isinstance(one(drawer(server), wish()), ExpertResult)
    assert len(server.graphs) == 3


def test_the_deadline_ends_the_wait(comfy):
    server = comfy("holds")
    answer = one(drawer(server, timeout=0.3))
    assert isinstance(answer, TimedOut)
    assert len(server.interrupts) == 1


def test_stopped_before_it_began_nobody_is_asked():
    ctx = CallContext()
    ctx.stop.set()
    assert isinstance(one(drawer(NOBODY), ctx=ctx), TimedOut)
    assert drawer(NOBODY).run([], CallContext()) == []


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(comfy, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, NOBODY)
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("no_proxy", "")
    server = comfy()
    assert isinstance(one(drawer(server)), ExpertResult)
    assert server.listeners == 1


def test_nobody_there():
    answer = one(drawer(NOBODY))
    assert isinstance(answer, Unavailable)
    assert answer.usd == 0.0
    assert "cannot be reached at http://127.0.0.1:9" in str(answer)


def test_a_login_takes_its_token_from_the_environment(comfy, monkeypatch):
    server = comfy(token="tok-en-tok-en")
    assert "Check the key" in str(one(drawer(server)))
    with pytest.raises(Unavailable, match="COMFY_TOKEN holds no token"):
        one(drawer(server, token_env="COMFY_TOKEN"))
    monkeypatch.setenv("COMFY_TOKEN", "tok-en-tok-en")
    expert = drawer(server, token_env="COMFY_TOKEN")
    assert isinstance(one(expert), ExpertResult)
    assert server.listeners == 1
    assert "tok-en" not in repr(vars(expert))
