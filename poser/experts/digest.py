"""What a call asks for, as a hash: the same for equal requests, whoever sends them and whenever."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from poser.experts.picture import Picture
from poser.experts.types import ExpertRequest, ExpertSpec


def canonical_sha256(value: Any) -> str:
    """Hex SHA-256 of a JSON value; the order of keys does not matter."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def request_digest(request: ExpertRequest) -> str:
    """Hex SHA-256 of everything that a request asks for; its idempotency key is left out."""
    return canonical_sha256(_asked(request))


def call_digest(spec: ExpertSpec, request: ExpertRequest) -> str:
    """Hex SHA-256 of a request to one expert: name, revision, interface version, and `request_digest`'s contents."""
    expert = {"name": spec.name, "revision": spec.revision, "api_version": spec.api_version}
    return canonical_sha256({"expert": expert, "request": _asked(request)})


def _asked(request: ExpertRequest) -> dict[str, Any]:
    return {
        "mode": request.mode,
        "text": request.text,
        "commands": [command.model_dump(mode="json") for command in request.commands],
        "source": _hash(request.source),
        "references": [_hash(picture) for picture in request.references],
        "mask": _hash(request.mask),
        "size": [request.width, request.height],
        "seed": request.seed,
    }


def _hash(picture: Picture | None) -> str | None:
    return None if picture is None else picture.sha256
