"""What the loopback server takes and answers: the published contract of the OpenAI Images API, and some of HF's."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes, policy
from typing import Any

from PIL import Image

from tests.loopback.drawing import drawn, edited


class Refused(Exception):
    """The request breaks the contract."""


@dataclass(frozen=True)
class Terms:
    """What differs from server to server; see `ImagesServer`."""

    size: tuple[int, int] | None = None
    legacy: bool = False
    usage: bool = True


def parsed(kind: str, body: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Fields and files of a JSON, multipart or raw body; `image[]` entries are counted."""
    if kind.startswith("application/json"):
        fields = json.loads(body)
        if not isinstance(fields, dict):
            raise Refused("a JSON object is expected")
        return fields, {}
    if not kind.startswith("multipart/form-data"):
        return {}, {"raw": body}
    form = message_from_bytes(b"content-type: " + kind.encode() + b"\r\n\r\n" + body, policy=policy.HTTP)
    fields, files = {}, {}
    for part in form.iter_parts():
        name = part.get_param("name", header="content-disposition")
        data = part.get_payload(decode=True)
        if part.get_filename() is None:
            fields[name] = data.decode()
        else:
            files[f"{name}{len(files)}" if name == "image[]" else name] = data
    return fields, files


def _common(terms: Terms, fields: dict[str, Any]) -> tuple[str, int, tuple[int, int]]:
    """Prompt, seed and size of a request to the Images API.

    Raises:
        Refused: it breaks the published contract.
    """
    prompt = fields.get("prompt")
    if not isinstance(prompt, str) or not prompt:
        raise Refused("Missing required parameter: 'prompt'.")
    if len(prompt) > 32_000:
        raise Refused("Invalid 'prompt': string too long. Expected a string with maximum length 32000.")
    if not fields.get("model"):
        raise Refused("you must provide a model parameter")
    if "response_format" in fields and not terms.legacy:
        raise Refused("Unknown parameter: 'response_format'.")
    size = fields.get("size", "auto")
    if size == "auto":
        return prompt, int(fields.get("seed", 0)), terms.size or (1024, 1024)
    width, _, height = size.partition("x")
    if not (width.isdigit() and height.isdigit() and 16 <= int(width) <= 3840 and 16 <= int(height) <= 3840):
        raise Refused(f"Invalid value: '{size}'.")
    return prompt, int(fields.get("seed", 0)), terms.size or (int(width), int(height))


def generation(terms: Terms, fields: dict[str, Any]) -> Callable[[], bytes]:
    """Makes the answer of `/v1/images/generations`."""
    prompt, seed, (width, height) = _common(terms, fields)
    return lambda: drawn(prompt, seed, width, height)


def edit(terms: Terms, fields: dict[str, Any], files: dict[str, bytes]) -> Callable[[], bytes]:
    """Makes the answer of `/v1/images/edits`."""
    prompt, seed, size = _common(terms, fields)
    images = [data for name, data in files.items() if name.startswith("image")]
    if not 1 <= len(images) <= 16:
        raise Refused(f"Between 1 and 16 images are taken, {len(images)} came.")
    mask = files.get("mask")
    if mask is not None:
        with Image.open(io.BytesIO(images[0])) as first, Image.open(io.BytesIO(mask)) as shape:
            if shape.size != first.size or shape.mode != "RGBA":
                raise Refused(f"Invalid mask: {shape.mode} {shape.size} for an image of {first.size}.")
    return lambda: edited(images[0], mask, prompt, seed, size)


def images_answer(terms: Terms, fields: dict[str, Any], images: int, told: str) -> Callable[[str], dict[str, Any]]:
    prompt, _, (width, height) = _common(terms, fields)

    def answer(text: str) -> dict[str, Any]:
        hidden = terms.legacy and fields.get("response_format") != "b64_json"
        entry: dict[str, Any] = {"url": "http://127.0.0.1:9/picture.png"} if hidden else {"b64_json": text}
        if terms.legacy or told:
            entry["revised_prompt"] = f"{prompt}, in fine detail{told}"
        whole: dict[str, Any] = {
            "created": 0,
            "data": [entry],
            "output_format": "png",
            "quality": fields.get("quality", "high"),
            "size": f"{width}x{height}",
        }
        if terms.usage:
            whole["usage"] = tokens(prompt, images, width, height)
        return whole

    return answer


def tokens(prompt: str, images: int, width: int, height: int) -> dict[str, Any]:
    """`usage` of an answer: 1 token for 4 characters, 100 for a picture sent, 1 for 256 pixels drawn."""
    text, image, out = len(prompt) // 4 + 1, 100 * images, width * height // 256
    return {
        "input_tokens": text + image,
        "input_tokens_details": {"text_tokens": text, "image_tokens": image},
        "output_tokens": out,
        "output_tokens_details": {"text_tokens": 0, "image_tokens": out},
        "total_tokens": text + image + out,
    }


def text_to_image(terms: Terms, fields: dict[str, Any]) -> Callable[[], bytes]:
    given = fields.get("parameters", {})
    width, height = terms.size or (given.get("width", 512), given.get("height", 512))
    return lambda: drawn(fields["inputs"], given.get("seed", 0), width, height)


def image_to_image(terms: Terms, fields: dict[str, Any], files: dict[str, bytes]) -> Callable[[], bytes]:
    given = fields.get("parameters", {})
    source = base64.b64decode(fields["inputs"]) if fields else files["raw"]
    wanted = given.get("target_size")
    size = terms.size or ((wanted["width"], wanted["height"]) if wanted else None)
    return lambda: edited(source, None, given.get("prompt", ""), given.get("seed", 0), size)
