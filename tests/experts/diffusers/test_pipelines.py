"""Real pipelines with tiny random weights, from folders."""

from __future__ import annotations

import shutil
import threading
import time

import numpy as np
import pytest

from poser.experts.base import CallContext, run_checked
from poser.experts.conformance import check_expert
from poser.experts.diffusers import DiffusersExpert
from poser.experts.errors import ContentFiltered, InvalidRequest, TimedOut, Unavailable
from poser.experts.examples import example_source
from poser.experts.picture import Picture
from poser.experts.residency import residency_of
from poser.experts.types import Command, ExpertRequest, ExpertResult, Operation, Region

pytestmark = pytest.mark.heavy

SIDE = 64
ALL = {
    "sd": {"kind": "t2i"},
    "sd as img2img": {"kind": "i2i", "strength": 0.9},
    "sd as inpaint": {"kind": "i2i", "mask": True},
    "sd-inpaint": {"kind": "i2i", "mask": True},
    "ip2p": {"kind": "i2i"},
    "flux": {"kind": "t2i"},
    "flux as img2img": {"kind": "i2i"},
    "kontext": {"kind": "i2i", "extra": {"_auto_resize": False}},
    "qwen-edit": {"kind": "i2i"},
    "qwen-edit-plus": {"kind": "i2i"},
}
ONE_LEVEL = 1
"""Most by which a pixel may differ between a batch and single calls, of 255; measured, see `DiffusersExpert`."""


@pytest.fixture
def build(tiny):
    made, before = [], residency_of("cpu").loaded

    def expert_of(case, **settings):
        options = {"steps": 3, "device": "cpu", "name": case.replace(" ", "-")} | ALL.get(case, {}) | settings
        expert = DiffusersExpert(model=tiny(case.split()[0]), **options)
        made.append(expert)
        return expert

    yield expert_of
    for expert in made:
        expert.close()
    assert residency_of("cpu").loaded == before


def ask(expert, text="Add a red car", **fields):
    mode = expert.spec.kind
    given = {"mode": mode, "text": text, "commands": (), "width": SIDE, "height": SIDE, "seed": 5} | fields
    if mode == "i2i":
        given.setdefault("source", example_source(given["width"], given["height"]))
    return ExpertRequest(**given)


def run_one(expert, request, ctx=None):
    (answer,) = run_checked(expert, [request], ctx or CallContext())
    return answer


def left_half():
    mask = np.zeros((SIDE, SIDE, 3), dtype=np.uint8)
    mask[:, : SIDE // 2] = 255
    return Picture(mask)


def difference(one, other):
    return int(np.abs(one.picture.pixels.astype(int) - other.picture.pixels).max())


@pytest.mark.parametrize("case", ALL)
def test_every_pipeline_keeps_the_contract(build, case):
    findings = check_expert(build(case), size=(SIDE, SIDE))
    assert [finding for finding in findings if finding.problem or finding.skipped] == []


@pytest.mark.parametrize("case", ALL)
def test_text_and_seed_and_source_reach_the_model(build, case):
    expert = build(case, keep_outside=False)
    # under a mask that is white all over, inpainting sees nothing of the source
    fields = {"mask": left_half()} if expert.spec.mask else {}
    plain = ask(expert, **fields)
    others = [ask(expert, text="Remove every tree", **fields), ask(expert, seed=6, **fields)]
    if expert.spec.kind == "i2i":
        others.append(ask(expert, source=Picture(255 - plain.source.pixels), **fields))
    first = run_one(expert, plain)
    assert isinstance(first, ExpertResult), first
    for other in others:
        assert run_one(expert, other).picture != first.picture


@pytest.mark.parametrize("case", ALL)
def test_a_batch_brings_the_pictures_of_single_calls_but_for_rounding(build, case):
    alone, together = build(case), build(case, batch_size=4, name="together")
    assert (alone.spec.seeded, together.spec.seeded) == (True, False)
    requests = [
        ask(alone, text=text, seed=seed)
        for seed, text in enumerate(["a", "Add a very large blue car on the left", "Remove the dog", "x y z"])
    ]
    singles = run_checked(alone, requests, CallContext())
    batched = run_checked(together, requests, CallContext())
    assert max(difference(a, b) for a, b in zip(singles, batched, strict=True)) <= ONE_LEVEL
    assert difference(singles[0], singles[1]) > ONE_LEVEL
    again = run_checked(together, requests, CallContext())
    assert [r.picture for r in again] == [r.picture for r in batched]


def test_requests_of_several_sizes_come_back_in_their_order(build):
    expert = build("sd", batch_size=2)
    sizes = [(64, 64), (72, 64), (64, 64), (64, 80), (72, 64), (64, 64)]
    answers = run_checked(expert, [ask(expert, width=w, height=h) for w, h in sizes], CallContext())
    assert [answer.picture.size for answer in answers] == sizes


def test_a_pipeline_that_takes_one_picture_a_call_says_so(build):
    expert = build("qwen-edit-plus", batch_size=4)
    notes = run_one(expert, ask(expert)).notes
    assert "left out batch_size 4: QwenImageEditPlusPipeline edits one picture a call" in notes


def test_references_reach_a_pipeline_that_takes_them(build):
    expert = build("qwen-edit-plus", references=1)
    one, two = example_source(64, 64), Picture(np.full((64, 64, 3), 30, dtype=np.uint8))
    with_one = run_one(expert, ask(expert, references=(one,)))
    assert with_one.picture != run_one(expert, ask(expert)).picture
    assert with_one.picture != run_one(expert, ask(expert, references=(two,))).picture
    assert "left out 1 of 2 references" in run_one(expert, ask(expert, references=(one, two))).notes


@pytest.mark.parametrize(
    ("case", "settings", "left_out"),
    [
        ("ip2p", {"strength": 0.9, "extra": {"max_sequence_length": 9}}, {"strength", "max_sequence_length"}),
        ("flux", {"negative_prompt": "fog", "extra": {"eta": 0.5}}, {"negative_prompt", "eta"}),
        ("sd", {"guidance": 3.0, "negative_prompt": "fog", "extra": {"eta": 0.5}}, set()),
        ("sd as img2img", {"extra": {"_auto_resize": False}}, {"_auto_resize"}),
    ],
)
def test_arguments_that_a_pipeline_does_not_take_are_left_out_and_told(build, case, settings, left_out):
    expert = build(case, **settings)
    answer = run_one(expert, ask(expert))
    told = {note.split()[2].rstrip(":") for note in answer.notes if note.startswith("left out")}
    assert told == left_out


def test_settings_change_the_picture(build):
    pictures = [
        run_one(expert, ask(expert)).picture
        for expert in (
            build("sd"),
            build("sd", steps=4, name="steps"),
            build("sd", guidance=2.0, name="guidance"),
            build("sd", negative_prompt="fog", name="negative"),
            build("sd", extra={"eta": 0.9}, name="extra"),
        )
    ]
    assert len({picture.sha256 for picture in pictures}) == len(pictures)


def test_qwen_edits_with_guidance_although_nobody_gave_a_negative_prompt(build):
    guided, unguided = build("qwen-edit", guidance=4.0), build("qwen-edit", guidance=1.0, name="unguided")
    answer = run_one(guided, ask(guided))
    assert any("negative_prompt" in note for note in answer.notes)
    assert answer.picture != run_one(unguided, ask(unguided)).picture
    explicit = build("qwen-edit", guidance=4.0, negative_prompt=" ", name="explicit")
    assert answer.picture == run_one(explicit, ask(explicit)).picture


@pytest.mark.parametrize("case", ALL)
def test_a_size_that_no_pipeline_makes_is_made_near_it_and_resized(build, case):
    expert = build(case)
    answer = run_one(expert, ask(expert, width=70, height=59))
    assert isinstance(answer, ExpertResult), answer
    assert answer.picture.size == (70, 59)
    assert "made at 72x56 and resized to 70x59" in answer.notes


def test_a_large_request_is_made_small_and_scaled_up(build):
    expert = build("sd", max_pixels=64 * 64)
    answer = run_one(expert, ask(expert, width=256, height=256))
    assert answer.picture.size == (256, 256)
    assert "made at 64x64 and resized to 256x256" in answer.notes


def test_what_stable_diffusion_does_not_read_is_measured_and_told(build):
    expert = build("sd")
    assert expert.spec.max_prompt_tokens == 75
    # one letter a token in this vocabulary, spaces none
    kept, lost = "a " * 75, "and a boat"
    answer = run_one(expert, ask(expert, text=kept + lost))
    assert answer.text_sent == kept.strip()
    assert "the encoder reads 77 of 85 tokens; lost: 'and a boat'" in answer.notes
    # the tail really has no say
    assert answer.picture == run_one(expert, ask(expert, text=kept + "no boat at all")).picture
    short = run_one(expert, ask(expert, text="a boat"))
    assert short.text_sent == "a boat"
    assert short.notes == ()


@pytest.mark.parametrize("case", ["flux", "kontext"])
def test_flux_reads_with_t5_what_its_clip_half_loses(build, case):
    expert = build(case)
    text = "a " * 100
    one, other = (run_one(expert, ask(expert, text=text + end)) for end in ("boat", "tree"))
    assert one.text_sent == text + "boat"
    assert not any("encoder" in note for note in one.notes)
    assert one.picture != other.picture


def test_flux_reads_no_further_than_the_sequence_length_of_the_call(build):
    expert = build("flux", extra={"max_sequence_length": 40})
    answer = run_one(expert, ask(expert, text="boat " * 40))
    assert 20 < len(answer.text_sent) < 200
    assert ("boat " * 40).startswith(answer.text_sent)
    assert any("the encoder reads" in note for note in answer.notes)


def test_qwen_edit_reads_everything(build):
    expert = build("qwen-edit")
    text = "a " * 700
    assert run_one(expert, ask(expert, text=text + "boat")).text_sent == text + "boat"


class StopAtStep:
    """Stops a call once it has made so many reports of progress below the end."""

    def __init__(self, step):
        self.reports: list[tuple[int, float]] = []
        self.stop = threading.Event()
        self.ctx = CallContext(stop=self.stop, on_progress=self.report)
        self._step = step

    def report(self, index, fraction):
        self.reports.append((index, fraction))
        if len(self.reports) == self._step:
            self.stop.set()


@pytest.mark.parametrize("case", ALL)
def test_a_call_is_stopped_in_the_middle(build, case):
    expert = build(case, steps=12)
    request = ask(expert)
    stopper = StopAtStep(2)
    answer = run_one(expert, request, stopper.ctx)
    assert isinstance(answer, TimedOut)
    assert "middle" in str(answer)
    # nothing is begun after the stop, and the pipeline is sound afterwards
    assert len(stopper.reports) == 2
    assert isinstance(run_one(expert, request), ExpertResult)


def test_what_was_made_before_the_stop_is_handed_over(build):
    expert = build("sd", steps=4)
    stopper = StopAtStep(5 + 2)  # four steps and the end of the first picture, then two steps
    answers = run_checked(expert, [ask(expert, seed=seed) for seed in range(3)], stopper.ctx)
    assert [type(answer) for answer in answers] == [ExpertResult, TimedOut, TimedOut]


def test_progress_rises_to_one_for_every_request(build):
    expert = build("sd as img2img", batch_size=2, steps=10, strength=0.5)
    reports = []
    ctx = CallContext(on_progress=lambda index, fraction: reports.append((index, fraction)))
    run_checked(expert, [ask(expert), ask(expert)], ctx)
    for index in (0, 1):
        fractions = [fraction for at, fraction in reports if at == index]
        assert fractions == sorted(fractions)
        assert fractions[-1] == 1.0
        assert len(fractions) == 6


def test_a_pipeline_without_steps_still_works_and_says_so(build, tiny):
    from tests.experts.diffusers.tiny_pipelines import Silent

    pipe = Silent.from_pretrained(tiny("sd"))
    expert = DiffusersExpert(model="silent", pipe=pipe)
    (answer,) = run_checked(expert, [ask(expert)], CallContext())
    assert any("cannot be stopped midway" in note for note in answer.notes)
    expert.close()


def test_only_the_masked_part_changes(build):
    expert = build("sd-inpaint")
    request = ask(expert, mask=left_half())
    answer = run_one(expert, request)
    changed = np.any(answer.picture.pixels != request.source.pixels, axis=2)
    assert changed[:, : SIDE // 2].mean() > 0.9
    assert not changed[:, SIDE // 2 :].any()
    free = build("sd-inpaint", keep_outside=False, name="free")
    assert np.any(run_one(free, request).picture.pixels[:, SIDE // 2 :] != request.source.pixels[:, SIDE // 2 :])


def test_the_regions_of_commands_stand_for_a_mask(build):
    expert = build("sd-inpaint")
    region = Region(left=0.5, top=0.0, right=1.0, bottom=0.5)
    command = Command(id="c", operation=Operation.ADD, text="Add a car", region=region)
    request = ask(expert, commands=(command,))
    answer = run_one(expert, request)
    changed = np.any(answer.picture.pixels != request.source.pixels, axis=2)
    assert changed[:32, 32:].mean() > 0.9
    assert changed.sum() == changed[:32, 32:].sum()
    assert "no mask was given: the commands' regions are repainted" in answer.notes
    assert "no mask was given: the whole picture is repainted" in run_one(expert, ask(expert)).notes


def test_a_mask_that_a_pipeline_does_not_take_is_told(build):
    expert = build("ip2p")
    answer = run_one(expert, ask(expert, mask=Picture(np.full((SIDE, SIDE, 3), 255, dtype=np.uint8))))
    assert any("left out the mask" in note for note in answer.notes)


def test_the_safety_checker_is_heard(build):
    answer = run_one(build("sd-unsafe"), ask(build("sd-unsafe", name="again")))
    assert isinstance(answer, ContentFiltered)


def test_a_request_that_cannot_be_carried_out_costs_the_others_nothing(build):
    expert = build("sd")
    requests = [ask(expert, text=" "), ask(expert), ask(expert, mode="i2i", source=example_source(64, 64))]
    answers = run_checked(expert, requests, CallContext())
    assert [type(answer) for answer in answers] == [InvalidRequest, ExpertResult, InvalidRequest]


def test_what_the_pipeline_refuses_is_an_invalid_request(build):
    answer = run_one(build("flux", extra={"max_sequence_length": 4096}), ask(build("flux", name="other")))
    assert isinstance(answer, InvalidRequest)
    assert "max_sequence_length" in str(answer)


def test_pipelines_make_room_for_each_other(build):
    experts = [build(case, vram_gb=4.0, vram_limit_gb=9.0) for case in ("sd", "flux", "ip2p")]
    pictures = [run_one(expert, ask(expert)).picture for expert in experts]
    loaded = residency_of("cpu").loaded
    assert [key[0].model.split("/")[-1] for key in loaded] == ["flux", "ip2p"]
    # and come back as they were
    assert run_one(experts[0], ask(experts[0])).picture == pictures[0]
    assert [key[0].model.split("/")[-1] for key in residency_of("cpu").loaded] == ["ip2p", "sd"]


def test_equal_settings_share_one_pipeline_and_closing_unloads_it(build):
    few, many = build("sd", steps=2), build("sd", steps=4, name="many")
    assert any("loading took" in note for note in run_one(few, ask(few)).notes)
    assert not any("loading took" in note for note in run_one(many, ask(many)).notes)
    assert len(residency_of("cpu").loaded) == 1
    few.close()
    assert residency_of("cpu").loaded == ()
    assert isinstance(run_one(many, ask(many)), ExpertResult)


def test_loading_does_not_count_against_the_deadline(build):
    expert = build("sd")
    moved = []
    ctx = CallContext(deadline=time.monotonic() + 50, allowed=100.0, on_deadline=moved.append)
    began = time.monotonic()
    assert isinstance(run_one(expert, ask(expert), ctx), ExpertResult)
    assert moved == [None, pytest.approx(began + 100, abs=45)]
    # what is loaded already is not waited for
    assert isinstance(run_one(expert, ask(expert), ctx), ExpertResult)
    assert len(moved) == 2


def test_threads_take_turns_with_one_pipeline(build):
    expert = build("sd")
    requests = [ask(expert, seed=seed) for seed in range(4)]
    alone = [run_one(expert, request).picture for request in requests]
    answers = {}

    def work(index):
        answers[index] = run_one(expert, requests[index])

    threads = [threading.Thread(target=work, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answers[index].picture for index in range(4)] == alone


def test_offload_on_a_cpu_is_told_to_be_in_vain(build):
    expert = build("sd", offload="model")
    assert "offload='model' has no effect on the CPU" in run_one(expert, ask(expert)).notes


@pytest.mark.parametrize("case", ["flux", "flux as img2img", "sd as inpaint"])
def test_the_weights_are_loaded_as_asked(build, case):
    import torch

    for dtype in ("bfloat16", "float32"):
        expert = build(case, dtype=dtype)
        answer = run_one(expert, ask(expert))
        assert isinstance(answer, ExpertResult), answer
        pool = residency_of("cpu")
        (key,) = pool.loaded
        with pool.hold(key, gb=0.0, limit_gb=None, load=AssertionError, unload=AssertionError) as loaded:
            assert {part.dtype for part in loaded.pipe.components.values() if isinstance(part, torch.nn.Module)} == {
                getattr(torch, dtype)
            }
        expert.close()


class TestMemory:
    @pytest.fixture
    def pipe(self, tiny):
        from tests.experts.diffusers.tiny_pipelines import NeedsMemory

        pipe = NeedsMemory.from_pretrained(tiny("sd"))
        pipe.calls = []
        return pipe

    def test_a_batch_that_is_too_large_is_halved(self, pipe):
        pipe.room = 2
        expert = DiffusersExpert(model="mine", pipe=pipe, batch_size=8, steps=2)
        answers = run_checked(expert, [ask(expert, seed=seed) for seed in range(5)], CallContext())
        assert pipe.calls == [5, 2, 3, 1, 2]
        assert all(isinstance(answer, ExpertResult) for answer in answers)
        assert any("memory was too small for 5 pictures" in note for note in answers[0].notes)
        expert.close()

    def test_one_picture_that_is_too_large_makes_the_expert_unavailable(self, pipe):
        pipe.room = 0
        expert = DiffusersExpert(model="mine", pipe=pipe, steps=2)
        answer = run_one(expert, ask(expert))
        assert isinstance(answer, Unavailable)
        assert "offload='model'" in str(answer)
        expert.close()


class TestLoading:
    def refusal(self, **settings):
        expert = DiffusersExpert(device="cpu", local_files_only=True, **settings)
        answer = run_one(expert, ask(expert))
        assert isinstance(answer, Unavailable)
        assert residency_of("cpu").loaded == ()
        return str(answer)

    def test_a_folder_that_is_not_there(self, tmp_path):
        assert "no folder" in self.refusal(model=str(tmp_path / "gone"))

    def test_a_hub_model_that_is_not_in_the_cache(self, tmp_path, monkeypatch):
        monkeypatch.setenv("HF_HOME", str(tmp_path))
        message = self.refusal(model="nobody/nothing")
        assert "cannot load 'nobody/nothing'" in message
        assert "local_files_only" in message

    def test_a_folder_that_is_no_pipeline(self, tmp_path):
        assert "cannot load" in self.refusal(model=str(tmp_path))

    def test_an_unknown_pipeline_class(self, tiny):
        assert "no pipeline 'NoPipeline'" in self.refusal(model=tiny("sd"), pipeline="NoPipeline")

    def test_pickled_weights_are_never_read(self, tiny, tmp_path):
        import torch
        from safetensors.torch import load_file

        folder = tmp_path / "pickled"
        shutil.copytree(tiny("sd"), folder)
        (weights,) = (folder / "unet").glob("*.safetensors")
        torch.save(load_file(weights), folder / "unet" / "diffusion_pytorch_model.bin")
        weights.unlink()
        assert "safetensors" in self.refusal(model=str(folder))

    def test_a_folder_that_changed_is_loaded_anew(self, tiny, tmp_path):
        folder = tmp_path / "model"
        shutil.copytree(tiny("sd"), folder)
        before = DiffusersExpert(model=str(folder), steps=2, device="cpu")
        assert isinstance(run_one(before, ask(before)), ExpertResult)
        shutil.copytree(tiny("sd-unsafe"), folder, dirs_exist_ok=True)
        after = DiffusersExpert(model=str(folder), steps=2, device="cpu")
        assert isinstance(run_one(after, ask(after)), ContentFiltered)
        before.close()
        after.close()

    def test_code_beside_a_model_is_not_run(self, tiny, tmp_path):
        folder = tmp_path / "coded"
        shutil.copytree(tiny("sd"), folder)
        index = folder / "model_index.json"
        index.write_text(index.read_text().replace('"StableDiffusionPipeline"', '["pipeline", "Own"]'))
        trap = tmp_path / "ran"
        (folder / "pipeline.py").write_text(
            f"from diffusers import StableDiffusionPipeline\nopen({str(trap)!r}, 'w').close()\n"
            "class Own(StableDiffusionPipeline):\n    pass\n"
        )
        assert "trust_remote_code" in self.refusal(model=str(folder))
        assert not trap.exists()

    def test_a_text_model_under_a_kind_that_it_cannot_be(self, tiny):
        # InstructPix2Pix has no inpainting sister
        assert "cannot load" in self.refusal(model=tiny("ip2p"), kind="i2i", mask=True)
