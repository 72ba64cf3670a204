"""HuggingFaceImages: any image model that `huggingface_hub.InferenceClient` reaches, at a provider of choice."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image, UnidentifiedImageError

from poser.experts.base import CallContext, Expert
from poser.experts.errors import BadReply, CallError, ExpertError, InputError, TimedOut, Unavailable
from poser.experts.extras import install
from poser.experts.hosted import (
    abilities,
    check_request,
    declared,
    fingerprint,
    key_from_environment,
    number,
    size_to_ask,
    web_address,
)  # fmt: skip
from poser.experts.offered_sizes import fitted, parse_sizes
from poser.experts.parallel import Lanes
from poser.experts.picture import Picture
from poser.experts.remote import call_error, picture_of_image, transport_error
from poser.experts.settings import checked_settings
from poser.experts.types import ExpertRequest, ExpertResult, ExpertSpec, Usage

ROUTER = "https://router.huggingface.co"

_RESERVED = frozenset(
    ("prompt", "image", "model", "width", "height", "target_size", "negative_prompt", "num_inference_steps",
     "guidance_scale")
)  # fmt: skip


class HuggingFaceImages(Expert):
    """A model behind `InferenceClient.text_to_image` (kind "t2i") or `image_to_image` (kind "i2i").

    Needs `huggingface_hub` (extra `huggingface`). The client knows neither bill nor request id, and `image_to_image`
    takes no seed, mask or references: `spec.seeded` is false there, and notes say what was left out. Providers may
    ignore the wanted size without a word; the notes say so where it shows.

    Args:
        model: id at the Hugging Face Hub, such as "owner/name". Needed unless `base_url` is given.
        kind: "t2i" draws, "i2i" edits the source.
        name: of the expert; made of the model's by default.
        operations: names, or names with abilities in [0, 1]; by default all that such a model can be asked for.
        provider: as `InferenceClient` knows it; "auto" takes the first of your account's.
        base_url: address of an own inference endpoint that is posted to as it stands; the provider is then not used.
        token_env: environment variable that holds the token; "" = none. For an endpoint on loopback it may be unset.
            A token saved by `hf auth login` is not used; `export HF_TOKEN=$(hf auth token)` makes it known.
        sizes: sizes that the model offers, such as ["1024x1024"]: the nearest of the wanted proportions is asked for
            and the picture scaled. Empty: exactly the size that is wanted.
        negative_prompt, steps, guidance: passed on if given.
        seeded: that the provider honours the seed of "t2i"; `check_expert` finds out.
        price: US dollars a call; without it the price is unknown.
        extra: further parameters, as the provider names them.
        bill_to: organisation that is billed.
        concurrency: most calls at a time.
        timeout: seconds after which a call is given up if the run sets no nearer deadline.
        nominal_seconds: expected seconds a call.
        description, limitations, licence: for users; plain ones by default.

    Raises:
        InputError: a setting that does not fit.
    """

    concurrent = True

    @checked_settings
    def __init__(
        self,
        *,
        model: str = "",
        kind: str = "t2i",
        name: str = "",
        operations: Mapping[str, float] | Sequence[str] | None = None,
        provider: str = "auto",
        base_url: str = "",
        token_env: str = "HF_TOKEN",
        sizes: Sequence[str] = (),
        negative_prompt: str = "",
        steps: int | None = None,
        guidance: float | None = None,
        seeded: bool = True,
        price: float | None = None,
        extra: Mapping[str, object] | None = None,
        bill_to: str = "",
        concurrency: int = 8,
        timeout: float = 600.0,
        nominal_seconds: float = 20.0,
        description: str = "",
        limitations: str = "",
        licence: str = "see the model's card",
    ) -> None:
        if not model and not base_url:
            raise InputError("Neither model nor base_url is given; name a model of the Hub, or an endpoint.")
        if base_url:
            web_address("base_url", base_url)
        taken = sorted((_RESERVED | ({"seed"} if kind == "t2i" else set())) & set(extra or {}))
        if taken:
            raise InputError(f"extra holds {', '.join(taken)}, which the expert itself sends. Take it out.")
        if steps is not None:
            number("steps", steps, 1, whole=True)
        if guidance is not None:
            number("guidance", guidance, 0)
        number("concurrency", concurrency, 1, whole=True)
        number("timeout", timeout, 0.001)
        self._model, self._provider, self._address = model, provider, base_url
        self._variable, self._bill_to = token_env, bill_to
        self._sizes, self._price = parse_sizes(sizes), price
        self._timeout = float(timeout)
        given = {"negative_prompt": negative_prompt or None, "num_inference_steps": steps, "guidance_scale": guidance}
        self._parameters = {key: value for key, value in given.items() if value is not None}
        self._extra = dict(extra or {})
        shaping = {**self._parameters, "extra": self._extra, "provider": provider, "base_url": base_url}
        self._spec = declared(
            name,
            model or "endpoint",
            kind,
            description=description or f"{model or base_url} by Hugging Face inference ({provider}).",
            limitations=limitations or "Hosted: takes seconds and costs credits. Providers may ignore the wanted size.",
            operations=abilities(kind, operations),
            sizes=self._sizes,
            seeded=seeded and kind == "t2i",
            price=price,
            nominal_seconds=nominal_seconds,
            licence=licence,
            revision=f"{model or 'endpoint'}+{fingerprint(shaping)}",
        )
        self._lanes = Lanes(self._spec.name, concurrency)

    @property
    def spec(self) -> ExpertSpec:
        """As the settings say."""
        return self._spec

    def run(self, requests: Sequence[ExpertRequest], ctx: CallContext) -> list[ExpertResult | ExpertError]:
        """One call for each request, up to `concurrency` at a time."""
        return self._lanes.run(requests, self._call, ctx)

    def _call(self, request: ExpertRequest, ctx: CallContext) -> ExpertResult:
        name = self._spec.name
        check_request(name, self._spec.kind, request)
        token = key_from_environment(name, self._variable, self._address or ROUTER)
        remaining = ctx.remaining()
        seconds = self._timeout if remaining is None else min(remaining, self._timeout)
        if seconds <= 0.0:
            raise TimedOut(f"{name} was stopped before it was asked.")
        width, height = size_to_ask(name, self._sizes, request)
        client = self._client(token, seconds, request.key)
        started = time.perf_counter()
        try:
            if request.source is None or self._spec.kind == "t2i":
                image = client.text_to_image(
                    request.text,
                    width=width,
                    height=height,
                    seed=request.seed,
                    extra_body=self._extra,
                    **self._parameters,
                )
            else:
                image = client.image_to_image(
                    request.source.to_png(),
                    request.text,
                    target_size={"width": width, "height": height},
                    **self._parameters,
                    **self._extra,
                )
        except Exception as error:  # noqa: BLE001  the library and its providers raise many kinds; each becomes ours
            # not chained: its words may hold the token
            raise self._error(error, token or "") from None
        came = picture_of_image(name, image, self._price)
        picture, scaled = fitted(came, (request.width, request.height))
        return ExpertResult(
            picture=picture,
            usage=Usage(usd=self._price, seconds=time.perf_counter() - started),
            text_sent=request.text,
            notes=(*self._left_out(request), *self._ignored((width, height), came), *scaled),
            revision=self._spec.revision,
        )

    def _client(self, token: str | None, seconds: float, key: str) -> Any:
        try:
            from huggingface_hub import InferenceClient
        except ImportError as error:
            raise Unavailable(
                f"{self._spec.name} needs huggingface_hub ({error}); run: {install('huggingface')}."
            ) from error
        headers = {"Idempotency-Key": key} if key else {}
        if token is None:
            # or the library would send the token of a login to whatever server this is
            headers["authorization"] = "Bearer none"
        where: dict[str, Any] = (
            {"base_url": self._address} if self._address else {"model": self._model, "provider": self._provider}
        )
        # one object a call, since the time-out is the object's; connections are the library's and are shared
        return InferenceClient(token=token, timeout=seconds, headers=headers, bill_to=self._bill_to or None, **where)

    def _error(self, error: Exception, token: str) -> CallError:
        from huggingface_hub.errors import HfHubHTTPError

        def hidden(text: str) -> str:
            return text.replace(token, "***") if token else text

        name = self._spec.name
        if isinstance(error, HfHubHTTPError):
            response = error.response
            return call_error(name, response.status_code, response.headers, hidden(response.text))
        kinds = {base.__name__ for base in type(error).__mro__}
        if kinds & {"TransportError", "InferenceTimeoutError", "TimeoutError", "OfflineModeIsEnabled"}:
            return transport_error(name, error)
        if type(error) is ValueError:
            # model, provider and task that do not go together
            return Unavailable(hidden(f"{name}: {error} Check model and provider."), usd=None)
        if isinstance(error, UnidentifiedImageError):
            return BadReply(f"{name} brought something that is no image.", usd=None)
        if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
            return BadReply(f"{name} brought a picture that is too large: {error}", usd=self._price)
        return BadReply(hidden(f"{name} raised {type(error).__name__}: {error}"), usd=None)

    def _left_out(self, request: ExpertRequest) -> tuple[str, ...]:
        absent = [
            word
            for word, there in (
                ("seed", self._spec.kind == "i2i"),
                ("mask", request.mask is not None),
                ("references", bool(request.references)),
            )
            if there
        ]
        task = "image_to_image" if self._spec.kind == "i2i" else "text_to_image"
        return (f"left out, since {task} takes none: {', '.join(absent)}",) if absent else ()

    def _ignored(self, asked: tuple[int, int], came: Picture) -> tuple[str, ...]:
        if came.size == asked:
            return ()
        return (f"the provider ignored width and height: {asked[0]}x{asked[1]} were asked for",)
