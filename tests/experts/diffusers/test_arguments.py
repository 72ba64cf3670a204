from __future__ import annotations

import pytest

from poser.experts.diffusers.arguments import Accepted, settled
from poser.experts.diffusers.settings import Loading, Sampling
from poser.experts.errors import InputError, UnknownName


class Plain:
    def __call__(self, prompt=None, *, num_inference_steps=50, guidance_scale=7.5, negative_prompt=None, **kwargs):
        return None


class Qwen:
    def __call__(self, image=None, prompt=None, negative_prompt=None, true_cfg_scale=4.0, guidance_scale=None):
        return None


class Flux:
    def __call__(self, prompt=None, negative_prompt=None, true_cfg_scale=1.0, guidance_scale=3.5):
        return None


def arguments(pipeline, **settings):
    return settled(Accepted.of(pipeline.__name__, pipeline.__call__), Sampling(**settings))


def test_what_is_not_set_is_left_to_the_pipeline():
    assert arguments(Plain) == ({}, ())


def test_settings_become_the_arguments_of_the_library():
    kept, notes = arguments(Plain, steps=4, guidance=2.0, negative_prompt="blurry")
    assert kept == {"num_inference_steps": 4, "guidance_scale": 2.0, "negative_prompt": "blurry"}
    assert notes == ()


def test_what_the_pipeline_does_not_take_is_left_out_and_told():
    kept, notes = arguments(Plain, strength=0.5, extra={"image_guidance_scale": 1.5})
    assert kept == {}
    assert notes == (
        "left out strength: Plain takes no such argument",
        "left out image_guidance_scale: Plain takes no such argument",
    )


def test_a_catch_all_accepts_nothing():
    assert "kwargs" not in Accepted.of("Plain", Plain.__call__)
    assert "anything" not in Accepted.of("Plain", Plain.__call__)


def test_true_guidance_without_a_negative_prompt_gets_a_blank_one():
    kept, notes = arguments(Qwen, guidance=5.0)
    assert kept == {"true_cfg_scale": 5.0, "negative_prompt": " "}
    assert "negative_prompt" in notes[0]
    assert arguments(Qwen)[0] == {"negative_prompt": " "}
    assert arguments(Qwen, negative_prompt="fog") == ({"negative_prompt": "fog"}, ())


def test_no_blank_one_is_sent_where_true_guidance_is_off():
    assert arguments(Qwen, guidance=1.0) == ({"true_cfg_scale": 1.0}, ())
    assert arguments(Flux, guidance=2.0) == ({"guidance_scale": 2.0}, ())
    assert arguments(Flux, extra={"true_cfg_scale": 2.0})[0] == {"true_cfg_scale": 2.0, "negative_prompt": " "}


def test_a_negative_prompt_without_effect_is_told():
    kept, notes = arguments(Flux, negative_prompt="fog")
    assert kept == {}
    assert notes == ("left out negative_prompt: it has no effect while true_cfg_scale is 1.0",)


@pytest.mark.parametrize(
    "settings",
    [
        {"steps": 0},
        {"batch_size": 0},
        {"strength": 0.0},
        {"strength": 1.5},
        {"steps": 3, "strength": 0.2},
        {"max_pixels": -1},
        {"extra": {"prompt": "x"}},
        {"extra": {"num_inference_steps": 3}},
    ],
)
def test_settings_out_of_range_are_refused_at_once(settings):
    with pytest.raises(InputError):
        Sampling(**settings)


def test_unknown_words_get_a_suggestion():
    with pytest.raises(UnknownName, match="Did you mean 'bfloat16'"):
        Loading(model="m", dtype="bfloat")
    with pytest.raises(UnknownName, match="none"):
        Loading(model="m", offload="disk")
    for device in ("gpu", "cuda:x", "cpu:1"):
        with pytest.raises(InputError, match="cuda:1"):
            Loading(model="m", device=device)
    with pytest.raises(InputError, match="model is empty"):
        Loading(model=" ")
