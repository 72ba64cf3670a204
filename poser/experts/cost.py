"""What a hosted call costs: by the tokens that the answer reports, else by the picture, else unknown (None, never 0).

Prices are the user's, under the keys of LiteLLM's public price list, in US dollars. An image token is never billed as
a text token, and tokens without a price are never left out of a bill: it is then unknown, or goes by the picture.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from poser.experts.errors import InputError, UnknownName

PRICE_KEYS = (
    "input_cost_per_token",
    "input_cost_per_image_token",
    "output_cost_per_token",
    "output_cost_per_image_token",
    "input_cost_per_image",
    "output_cost_per_image",
    "output_cost_per_pixel",
)
"""What a price table may hold. Tokens without "image" in the name are text."""

_SIZE = re.compile(r"(\d+)(?:x|-x-)(\d+)")


@dataclass(frozen=True)
class Tokens:
    """Tokens of one answer, by what they stand for.

    Attributes:
        text_in, image_in, text_out, image_out: counts >= 0.
        unsplit_in: input tokens of which the answer does not say whether they are text or image.
    """

    text_in: int = 0
    image_in: int = 0
    text_out: int = 0
    image_out: int = 0
    unsplit_in: int = 0

    @property
    def input(self) -> int:
        """All that went in."""
        return self.text_in + self.image_in + self.unsplit_in

    @property
    def output(self) -> int:
        """All that came out."""
        return self.text_out + self.image_out


@dataclass(frozen=True)
class Prices:
    """A checked price table; see `price_table`.

    Attributes:
        rates: price key -> US dollars.
        variants: (quality or "", size or None) -> rates that hold for it instead.
    """

    rates: Mapping[str, float] = field(default_factory=dict)
    variants: Mapping[tuple[str, tuple[int, int] | None], Mapping[str, float]] = field(default_factory=dict)

    def at(self, quality: str, size: tuple[int, int] | None) -> dict[str, float]:
        """The rates that hold at this quality and size; the nearer description wins."""
        found = dict(self.rates)
        for variant in dict.fromkeys(((quality, None), ("", size), (quality, size))):
            found.update(self.variants.get(variant, {}))
        return found


def price_table(table: Mapping[str, object] | None) -> Prices:
    """The prices in a table of settings.

    Args:
        table: `PRICE_KEYS` to US dollars; and, for prices by quality and size, such tables under the names
            "high", "1024x1024" or "high/1024x1024". None or empty: nothing is known.

    Raises:
        InputError: an unknown key, or what is no price.
    """
    rates: dict[str, float] = {}
    variants: dict[tuple[str, tuple[int, int] | None], Mapping[str, float]] = {}
    for key, value in (table or {}).items():
        if isinstance(value, Mapping):
            variants[_variant(key)] = {str(name): _rate(str(name), rate) for name, rate in value.items()}
        else:
            rates[key] = _rate(key, value)
    return Prices(rates, variants)


def _rate(key: str, value: object) -> float:
    if key not in PRICE_KEYS:
        raise UnknownName("price", key, PRICE_KEYS)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise InputError(f"Price {key!r} is {value!r}; give US dollars, 0 or more. Leave it out if it is unknown.")
    return float(value)


def _variant(key: str) -> tuple[str, tuple[int, int] | None]:
    quality, size = "", None
    for part in key.split("/"):
        match = _SIZE.fullmatch(part)
        if match is not None and size is None:
            size = int(match[1]), int(match[2])
        elif match is None and part and not quality:
            quality = part
        else:
            raise InputError(f"Prices for {key!r}: give a quality, a size or both, such as 'high/1024x1024'.")
    return quality, size


def tokens_of(usage: object) -> Tokens | None:
    """The tokens in the `usage` of an answer of the OpenAI Images API; None where it holds none that make sense.

    Output of which nothing more is said is image. An answer with a picture but no output tokens counts as one
    without usage: such numbers are fillers, and would make the call look free.
    """
    if not isinstance(usage, Mapping):
        return None
    text_in, image_in = _split(usage.get("input_tokens_details"))
    text_out, image_out = _split(usage.get("output_tokens_details"))
    known_in, known_out = (text_in or 0) + (image_in or 0), (text_out or 0) + (image_out or 0)
    total_in, total_out = _count(usage.get("input_tokens")), _count(usage.get("output_tokens"))
    tokens = Tokens(
        text_in=text_in or 0,
        image_in=image_in or 0,
        text_out=text_out or 0,
        image_out=(image_out or 0) + max(0, (total_out or 0) - known_out),
        unsplit_in=max(0, (total_in or 0) - known_in),
    )
    return tokens if tokens.output else None


def _split(details: object) -> tuple[int | None, int | None]:
    if not isinstance(details, Mapping):
        return None, None
    return _count(details.get("text_tokens")), _count(details.get("image_tokens"))


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def bill(
    prices: Prices,
    *,
    tokens: Tokens | None = None,
    pictures: int = 1,
    inputs: int = 0,
    quality: str = "",
    size: tuple[int, int] | None = None,
) -> float | None:
    """US dollars of one call; None where the table does not say.

    Args:
        prices: the table.
        tokens: as the answer reports them; they go before the price by the picture. None before the call.
        pictures: how many came back; of an answer without any, only tokens tell the price.
        inputs: how many pictures were sent.
        quality: of the answer, or as asked for; "" = unknown.
        size: (width, height) of each picture in pixels; None = unknown.
    """
    rates = prices.at(quality, size)
    if tokens is not None:
        by_tokens = _by_tokens(rates, tokens, inputs)
        if by_tokens is not None:
            return by_tokens
    if not pictures:
        return None
    if "output_cost_per_image" in rates:
        return pictures * rates["output_cost_per_image"] + inputs * rates.get("input_cost_per_image", 0.0)
    if "output_cost_per_pixel" in rates and size is not None:
        return pictures * size[0] * size[1] * rates["output_cost_per_pixel"]
    return None


def _by_tokens(rates: Mapping[str, float], tokens: Tokens, inputs: int) -> float | None:
    text, image = rates.get("input_cost_per_token"), rates.get("input_cost_per_image_token")
    # without a picture sent, all input is text
    unsplit = text if not inputs or text == image else None
    counted = (
        (tokens.text_in, text),
        (tokens.image_in, image),
        (tokens.unsplit_in, unsplit),
        (tokens.text_out, rates.get("output_cost_per_token")),
        (tokens.image_out, rates.get("output_cost_per_image_token")),
    )
    total = 0.0
    for count, rate in counted:
        if count and rate is None:
            return None
        total += count * (rate or 0.0)
    return total
