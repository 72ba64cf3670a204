"""What the user gives, checked before anybody is called: prompt, picture, size, plan."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pydantic import ValidationError

from poser.experts.errors import InputError
from poser.experts.picture import Picture
from poser.experts.types import MAX_PROMPT_CHARACTERS, Plan

MIN_SIDE, MAX_SIDE = 256, 2048
"""Shortest and longest side of a picture that is made, in pixels."""

DEFAULT_SIZE = (768, 768)

PlanLike = Plan | Mapping[str, Any] | str | os.PathLike[str]
ImageLike = Picture | Image.Image | np.ndarray[Any, Any] | bytes | str | os.PathLike[str]


def read_prompt(text: str) -> str:
    """The prompt without white space around it.

    Raises:
        InputError: empty, longer than `MAX_PROMPT_CHARACTERS`, or not text.
    """
    if not isinstance(text, str):
        raise InputError(f"The prompt is a {type(text).__name__}; give a string.")
    prompt = text.strip()
    if not prompt:
        raise InputError("The prompt is empty. Say what the picture should show, e.g. 'A red car left of a tree'.")
    if len(prompt) > MAX_PROMPT_CHARACTERS:
        raise InputError(
            f"The prompt has {len(prompt):,} characters; at most {MAX_PROMPT_CHARACTERS:,} are taken. Shorten it."
        )
    # half of a surrogate pair (a badly decoded terminal or file) can be written nowhere
    return prompt.encode("utf-8", "replace").decode("utf-8")


def read_image(image: ImageLike) -> Picture:
    """The source picture, from a path, encoded bytes, a PIL image, or a uint8 (H, W, 3) array.

    Raises:
        InputError: no such file, not an image, damaged, too many pixels, or another shape or dtype.
    """
    if isinstance(image, Picture):
        return image
    if isinstance(image, Image.Image):
        return Picture.from_pil(image)
    if isinstance(image, np.ndarray):
        return Picture(image)
    if isinstance(image, bytes):
        return Picture.from_bytes(image)
    if isinstance(image, str | os.PathLike):
        return Picture.open(Path(image))
    raise InputError(f"The image is a {type(image).__name__}; give a path, bytes, a PIL image or a uint8 array.")


def read_size(text: str) -> tuple[int, int]:
    """(width, height) of words such as "1024x768".

    Raises:
        InputError: not of this form. Whether the size is allowed is `choose_size`'s business.
    """
    width, cross, height = text.lower().replace("×", "x").partition("x")
    if not (cross and width.strip().isdecimal() and height.strip().isdecimal()):
        raise InputError(f"Size {text!r} is not of the form WIDTHxHEIGHT in pixels, e.g. 768x768.")
    return int(width), int(height)


def choose_size(
    wanted: tuple[int, int] | None,
    source: Picture | None,
    sides: tuple[int, int] = (MIN_SIDE, MAX_SIDE),
) -> tuple[int, int]:
    """The size to work at, (width, height) in pixels.

    Args:
        wanted: what the user asked for, or None: the source's size, scaled into the allowed range with its
            proportions kept, or `DEFAULT_SIZE` without a source.
        source: the source picture, or None.
        sides: shortest and longest side allowed by the experts of the pool, in pixels.

    Raises:
        InputError: the wanted size, or the source's proportions, are outside of the range.
    """
    low, high = max(sides[0], MIN_SIDE), min(sides[1], MAX_SIDE)
    if wanted is not None:
        if (
            isinstance(wanted, str)
            or len(wanted) != 2
            or not all(isinstance(side, int | np.integer) for side in wanted)
        ):
            raise InputError(f"The size is {wanted!r}; give (width, height) in whole pixels, e.g. (768, 768).")
        if not all(low <= side <= high for side in wanted):
            raise InputError(
                f"Size {wanted[0]}x{wanted[1]} is not offered; width and height must each be {low} to {high} pixels "
                "with these experts."
            )
        return wanted
    if source is None:
        return min(high, max(low, DEFAULT_SIZE[0])), min(high, max(low, DEFAULT_SIZE[1]))
    short, long = min(source.size), max(source.size)
    if long * low > short * high:
        raise InputError(
            f"The source picture is {source.width}x{source.height}; these experts work at {low} to {high} pixels a "
            f"side, so one side may be at most {high / low:g} times the other. Crop it, or give --size to stretch it."
        )
    scale = min(max(1.0, low / short), high / long)
    return tuple(min(high, max(low, round(side * scale))) for side in source.size)  # type: ignore[return-value]


def read_plan(plan: PlanLike) -> Plan:
    """The plan, from an object, its JSON as a mapping, or a path of a JSON file such as `poser plan --json` writes.

    Whether it is sound is asked later (`check_plan`), when it is known whether there is a picture to edit.

    Raises:
        InputError: no such file, broken JSON, or not a plan.
    """
    name = "plan"
    data: Any = plan
    if isinstance(plan, str | os.PathLike):
        name = f"plan file {str(plan)!r}"
        try:
            data = json.loads(Path(plan).read_text(encoding="utf-8-sig"))
        except OSError as error:
            reason = error.strerror or str(error)
            raise InputError(f"Cannot read {name}: {reason}. Make one with `poser plan PROMPT --json`.") from error
        except (ValueError, RecursionError) as error:
            raise InputError(f"The {name} is not JSON: {error}. Make one with `poser plan PROMPT --json`.") from error
    if isinstance(data, Plan):
        return data
    if not isinstance(data, Mapping):
        raise InputError(f"The {name} holds a {type(data).__name__}; a plan is a JSON object with `commands`.")
    try:
        # JSON mode: lists stand for tuples, strings for operations
        return Plan.model_validate_json(json.dumps(data))
    except ValidationError as error:
        raise InputError(f"The {name} is not a plan: {_first_complaints(error)}") from error
    except TypeError as error:
        raise InputError(f"The {name} cannot be read as JSON: {error}.") from error


def _first_complaints(error: ValidationError, most: int = 3) -> str:
    found = error.errors(include_url=False, include_context=False)
    said = "; ".join(
        f"`{'.'.join(str(part) for part in each['loc']) or 'plan'}`: {each['msg'].removeprefix('Value error, ')}"
        for each in found[:most]
    )
    return said + (f"; and {len(found) - most} more" if len(found) > most else "") + "."
