from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from poser.experts.comfyui import ComfyUIExpert
from poser.experts.diffusers import DiffusersExpert
from poser.experts.errors import InputError
from poser.experts.http import HttpExpert
from poser.experts.huggingface import HuggingFaceImages
from poser.experts.openai_images import OpenAIImages
from poser.experts.settings import parsed_address

WORKFLOW = Path(__file__).resolve().parents[2] / "docs" / "examples" / "comfyui" / "text_to_image.json"
ADAPTERS = {
    OpenAIImages: {"model": "m"},
    HuggingFaceImages: {"model": "owner/m"},
    HttpExpert: {"name": "far", "url": "http://127.0.0.1:9", "kind": "t2i"},
    ComfyUIExpert: {"name": "comfy", "workflow": str(WORKFLOW)},
    DiffusersExpert: {"model": "owner/m"},
}
JUNK = (
    5,
    -1,
    2.5,
    True,
    float("nan"),
    float("inf"),
    10**400,
    "abc",
    "",
    "http://[",
    "é\n\0",
    [],
    ["a"],
    [[1]],
    {"a": 1},
)


@pytest.mark.parametrize("adapter", ADAPTERS, ids=lambda adapter: adapter.__name__)
def test_whatever_stands_in_a_setting_it_is_taken_or_refused_in_words(adapter):
    for name in inspect.signature(adapter).parameters:
        refused = 0
        for value in JUNK:
            try:
                adapter(**{**ADAPTERS[adapter], name: value})
            except InputError as error:
                refused += bool(str(error))
        # `pipe` and `client` are objects
        assert refused > 3 or name in ("pipe", "client"), name


@pytest.mark.parametrize(
    ("adapter", "wrong", "said"),
    [
        (DiffusersExpert, {"steps": "30"}, "expert 'owner/m': steps = '30': Input should be of type int."),
        (DiffusersExpert, {"steps": True}, "steps = True: "),
        (OpenAIImages, {"operations": "add"}, "operations = 'add': "),
        (OpenAIImages, {"timeout": float("inf")}, "timeout = inf: "),
        (OpenAIImages, {"prices": ["x" * 200]}, "…: "),
        (HttpExpert, {"url": "http://["}, "is no address"),
        (HttpExpert, {"url": "http://127.0.0.1:99999"}, "is no address"),
        (ComfyUIExpert, {"url": "http://127.0.0.1:port"}, "is no address"),
        (HuggingFaceImages, {"base_url": "http://["}, "must be an address"),
    ],
)
def test_what_is_wrong_is_named(adapter, wrong, said):
    with pytest.raises(InputError) as caught:
        adapter(**{**ADAPTERS[adapter], **wrong})
    assert said in str(caught.value)


@pytest.mark.parametrize("secret", ["sk-proj-0123456789abcdef", "hf_AbCdEfGhIjKlMnOpQrSt"])
@pytest.mark.parametrize(
    ("adapter", "setting"),
    [
        (OpenAIImages, "api_key_env"),
        (HuggingFaceImages, "token_env"),
        (HttpExpert, "secret_env"),
        (ComfyUIExpert, "token_env"),
    ],
)
def test_a_secret_in_the_place_of_its_variable_is_refused_and_not_shown(adapter, setting, secret):
    with pytest.raises(InputError, match=f"{setting} names no environment variable") as caught:
        adapter(**{**ADAPTERS[adapter], setting: secret})
    assert secret not in str(caught.value)
    adapter(**{**ADAPTERS[adapter], setting: "STUDIO_SECRET_2"})


def test_an_address_has_a_scheme_a_host_and_a_possible_port():
    assert parsed_address("https://host:8443/v1").port == 8443
    for wrong in ("host/v1", "ftp://host", "http://", "http://[", "http://host:99999", "http://host:0"):
        assert parsed_address(wrong) is None
