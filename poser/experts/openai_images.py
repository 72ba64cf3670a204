"""OpenAIImages: any model behind the OpenAI Images API, OpenAI's own or a compatible server."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from poser.experts.base import CallContext, Expert
from poser.experts.cost import bill, price_table
from poser.experts.errors import BadReply, CallError, ExpertError, InputError, InvalidRequest, TimedOut
from poser.experts.hosted import (
    abilities,
    check_request,
    declared,
    fingerprint,
    key_from_environment,
    number,
    openai_address,
    size_to_ask,
)  # fmt: skip
from poser.experts.loopback import needs_no_environment
from poser.experts.offered_sizes import fitted, parse_sizes
from poser.experts.openai_wire import Answer, files_of, read_answer, read_body, without
from poser.experts.parallel import Lanes
from poser.experts.remote import call_error, picture_of_base64, transport_error
from poser.experts.settings import checked_settings
from poser.experts.types import ExpertRequest, ExpertResult, ExpertSpec, Usage

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.resources.images import ImagesWithStreamingResponse

CONNECT_SECONDS = 10.0
MOST_PICTURES_SENT = 16
LONGEST_NOTE = 2_000

_RESERVED = frozenset(("model", "prompt", "n", "size", "stream", "partial_images", "image", "mask", "response_format"))


class OpenAIImages(Expert):
    """A model behind `/images/generations` (kind "t2i") or `/images/edits` (kind "i2i").

    Pictures are taken from the answer itself (base64), never fetched from an address. The API has no seed, so
    `spec.seeded` is false unless `seed` is set. The SDK's own retries are off. The bill goes by the tokens of the
    answer's `usage`, else by the price of a picture, else it is unknown.

    Args:
        model: as the server knows it; there is no default.
        kind: "t2i" draws, "i2i" edits the source (sent first, then the references; white of the mask is edited).
        name: of the expert; made of the model's by default.
        operations: names, or names with abilities in [0, 1]; by default all that such a model can be asked for.
        base_url: of the server, with its "/v1"; by default OPENAI_BASE_URL, else OpenAI.
        api_key_env: environment variable that holds the key; "" = no key. On loopback it may be unset.
        sizes: sizes that the model offers, such as ["1024x1024"]: the nearest of the wanted proportions is asked for
            and the picture scaled. ["auto"]: the server decides. Empty: exactly the size that is wanted.
        quality, background: passed on if given.
        moderation: passed on if given ("t2i" alone).
        input_fidelity: passed on if given ("i2i" alone).
        response_format: "b64_json" for servers that answer with an address otherwise; OpenAI's models refuse it.
        seed: send the request's seed as `seed`, for servers that honour it; declares the expert as seeded.
        references: most reference pictures that are sent ("i2i" alone), 0 to 15.
        prices: US dollars under the keys of `poser.experts.cost.PRICE_KEYS`, by quality and size if need be. With
            `output_cost_per_image` the price is known before the call, as a budget requires.
        extra: further fields of the request, as the server names them.
        concurrency: most calls at a time.
        timeout: seconds after which a call is given up if the run sets no nearer deadline.
        nominal_seconds: expected seconds a call.
        description, limitations, licence: for users; plain ones by default.
        client: an `openai.OpenAI` to use instead of an own one; it is not closed.

    Raises:
        InputError: a setting that does not fit.
    """

    concurrent = True

    @checked_settings
    def __init__(
        self,
        *,
        model: str,
        kind: str = "t2i",
        name: str = "",
        operations: Mapping[str, float] | Sequence[str] | None = None,
        base_url: str = "",
        api_key_env: str = "OPENAI_API_KEY",
        sizes: Sequence[str] = (),
        quality: str = "",
        background: str = "",
        moderation: str = "",
        input_fidelity: str = "",
        response_format: str = "",
        seed: bool = False,
        references: int = MOST_PICTURES_SENT - 1,
        prices: Mapping[str, object] | None = None,
        extra: Mapping[str, object] | None = None,
        concurrency: int = 8,
        timeout: float = 600.0,
        nominal_seconds: float = 20.0,
        description: str = "",
        limitations: str = "",
        licence: str = "see the provider's terms",
        client: OpenAI | None = None,
    ) -> None:
        if not model:
            raise InputError("model is empty; give the name under which the server knows it.")
        if moderation and kind == "i2i":
            raise InputError("moderation is a setting of 't2i'; edits take none. Leave it out.")
        if input_fidelity and kind == "t2i":
            raise InputError("input_fidelity is a setting of 'i2i': there is no input to keep to. Leave it out.")
        taken = sorted(_RESERVED & set(extra or {}))
        if taken:
            raise InputError(f"extra holds {', '.join(taken)}, which the expert itself sends. Take it out.")
        number("concurrency", concurrency, 1, whole=True)
        number("timeout", timeout, 0.001)
        number("references", references, 0, whole=True)
        if references >= MOST_PICTURES_SENT:
            raise InputError(f"references is {references}; at most {MOST_PICTURES_SENT} pictures go, source included.")
        self._address = openai_address(base_url)
        # a query may hold more than an address
        self._shown = "" if client is not None else self._address.partition("?")[0]
        self._auto = list(sizes) == ["auto"]
        self._sizes = () if self._auto else parse_sizes(sizes)
        self._prices = price_table(prices)
        fields = {
            "quality": quality,
            "background": background,
            "moderation": moderation,
            "input_fidelity": input_fidelity,
            "response_format": response_format,
        }
        self._fields = {field: value for field, value in fields.items() if value}
        self._model, self._quality, self._seed = model, quality, bool(seed)
        self._extra, self._variable = dict(extra or {}), api_key_env
        self._timeout = float(timeout)
        self._given = client
        self._own: OpenAI | None = None
        self._images: tuple[ImagesWithStreamingResponse, str] | None = None
        self._lock = threading.Lock()
        shaping = {**self._fields, "extra": self._extra, "auto": self._auto, "base_url": self._address}
        self._spec = declared(
            name,
            model,
            kind,
            description=description or f"{model} behind the OpenAI Images API.",
            limitations=limitations or "Hosted: takes seconds, costs money, and refuses some contents.",
            operations=abilities(kind, operations),
            sizes=self._sizes,
            seeded=self._seed,
            mask=kind == "i2i",
            references=references if kind == "i2i" else 0,
            price=self._price_ahead(kind),
            nominal_seconds=nominal_seconds,
            licence=licence,
            revision=f"{model}+{fingerprint(shaping)}",
        )
        self._lanes = Lanes(self._spec.name, concurrency)

    @property
    def spec(self) -> ExpertSpec:
        """As the settings say."""
        return self._spec

    def run(self, requests: Sequence[ExpertRequest], ctx: CallContext) -> list[ExpertResult | ExpertError]:
        """One call for each request, up to `concurrency` at a time over one client."""
        return self._lanes.run(requests, self._call, ctx)

    def close(self) -> None:
        """Close the client's connections; calls on their way end with an error."""
        with self._lock:
            client, self._own, self._images = self._own, None, None
        if client is not None:
            client.close()

    def _price_ahead(self, kind: str) -> float | None:
        """Dollars of one call with one picture sent; the dearest of the offered sizes; None if one is unknown."""
        inputs = 1 if kind == "i2i" else 0
        ahead = [bill(self._prices, inputs=inputs, quality=self._quality, size=size) for size in self._sizes or (None,)]
        return None if None in ahead else max(price for price in ahead if price is not None)

    def _connected(self) -> tuple[ImagesWithStreamingResponse, str]:
        """The calls of the one client, and the key as it must never be shown ("" = none)."""
        import openai

        with self._lock:
            if self._images is None:
                if self._given is not None:
                    client, key = self._given.with_options(max_retries=0), self._given.api_key
                else:
                    key = key_from_environment(self._spec.name, self._variable, self._address) or ""
                    http = openai.DefaultHttpxClient(trust_env=False) if needs_no_environment(self._address) else None
                    # the SDK insists on some key
                    client = openai.OpenAI(
                        api_key=key or "none", base_url=self._address, max_retries=0, http_client=http
                    )
                    self._own = client
                # the SDK itself would read and decode whatever comes, and keep nothing of what it cannot
                self._images = client.images.with_streaming_response, key
            return self._images

    def _call(self, request: ExpertRequest, ctx: CallContext) -> ExpertResult:
        import openai

        name = self._spec.name
        arguments, notes = self._arguments(request)
        images, key = self._connected()
        remaining = ctx.remaining()
        seconds = self._timeout if remaining is None else min(remaining, self._timeout)
        if seconds <= 0.0:
            raise TimedOut(f"{name} was stopped before it was asked.")
        arguments["timeout"] = openai.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS))
        started, until = time.perf_counter(), time.monotonic() + seconds
        try:
            with images.generate(**arguments) if request.mode == "t2i" else images.edit(**arguments) as reply:
                body = read_body(name, reply.iter_bytes(), until, self._shown)
        except CallError:
            raise
        # the SDK's errors are not chained: their words may hold the key
        except openai.APIStatusError as error:
            said = without(key, error.response.text)
            raise call_error(name, error.status_code, error.response.headers, said, self._shown) from None
        except openai.APIConnectionError as error:
            raise transport_error(name, error, self._shown) from None
        except Exception as error:  # noqa: BLE001  what else the SDK may raise is reported
            raise BadReply(without(key, f"{name}: {type(error).__name__}: {error}"), usd=None) from None
        answer = read_answer(name, body, key)
        return self._result(request, answer, notes, time.perf_counter() - started)

    def _arguments(self, request: ExpertRequest) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Keywords of the SDK's call, and notes on what is left out."""
        name = self._spec.name
        notes: tuple[str, ...] = ()
        check_request(name, self._spec.kind, request)
        arguments: dict[str, Any] = {
            "model": self._model,
            "prompt": request.text,
            "size": self._size(request),
            **self._fields,
            "extra_body": {**self._extra, **({"seed": request.seed} if self._seed else {})} or None,
            "extra_headers": {"Idempotency-Key": request.key} if request.key else None,
        }
        if self._spec.kind == "i2i":
            if len(request.references) > self._spec.references:
                raise InvalidRequest(
                    f"{name} was given {len(request.references)} references; it takes {self._spec.references}."
                )
            pictures, mask = files_of(name, request)
            # some servers know the field for one picture only
            arguments["image"] = pictures if request.references else pictures[0]
            if mask is not None:
                arguments["mask"] = mask
        elif request.references or request.mask is not None:
            notes = ("references and mask were left out: the model draws from text alone",)
        return arguments, notes

    def _size(self, request: ExpertRequest) -> str:
        if self._auto:
            return "auto"
        width, height = size_to_ask(self._spec.name, self._sizes, request)
        return f"{width}x{height}"

    def _result(self, request: ExpertRequest, answer: Answer, notes: tuple[str, ...], seconds: float) -> ExpertResult:
        name, wanted = self._spec.name, (request.width, request.height)
        usd = bill(
            self._prices,
            tokens=answer.tokens,
            pictures=answer.pictures,
            inputs=1 + len(request.references) if self._spec.kind == "i2i" else 0,
            quality=answer.quality or self._quality,
            size=answer.size or (None if self._auto else size_to_ask(name, self._sizes, request)),
        )
        if answer.base64 is None:
            raise BadReply(f"{name} brought no picture: {answer.said}", usd=usd)
        picture, scaled = fitted(picture_of_base64(name, answer.base64, usd), wanted)
        if answer.rewritten:
            notes = (*notes, f"the provider rewrote the prompt: {answer.rewritten[:LONGEST_NOTE]}")
        return ExpertResult(
            picture=picture,
            usage=Usage(
                usd=usd,
                seconds=seconds,
                input_tokens=answer.tokens.input if answer.tokens else None,
                output_tokens=answer.tokens.output if answer.tokens else None,
            ),
            text_sent=answer.rewritten or request.text,
            notes=(*notes, *scaled),
            revision=self._spec.revision,
        )
