"""The websocket of a ComfyUI server: what it does with our prompts, as it happens."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from poser.experts.extras import install
from poser.experts.loopback import needs_no_environment

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

OPEN_SECONDS = 5.0
GREETING_SECONDS = 1.0
LARGEST_MESSAGE = 32 * 2**20
"""Bytes; previews come over the same line."""


class Listener:
    """Listens as `client`; a line that cannot be opened, or breaks, leaves `lost` with the reason, and silence.

    Nothing is lost with it but progress: what came of a prompt stands in the server's history.
    """

    def __init__(self, url: str, client: str, headers: Mapping[str, str]) -> None:
        """Open the line to the server at `url` (http or https)."""
        self.lost = ""
        self._line: ClientConnection | None = None
        try:
            from websockets.exceptions import WebSocketException
            from websockets.sync.client import connect
        except ImportError:
            self.lost = f"the library websockets is missing: {install('comfyui')}"
            return
        try:
            self._line = connect(
                f"ws{url.removeprefix('http')}/ws?clientId={client}",
                additional_headers=dict(headers),
                open_timeout=OPEN_SECONDS,
                close_timeout=1.0,
                max_size=LARGEST_MESSAGE,
                proxy=None if needs_no_environment(url) else True,
            ).__enter__()
        except (OSError, WebSocketException) as error:
            self.lost = f"no websocket ({type(error).__name__})"
            return
        # the server greets with its status once it has put us on its list; what happens before is not told
        self.next(GREETING_SECONDS)

    def next(self, seconds: float) -> tuple[str, dict[str, Any]] | None:
        """Type and data of the next message, or None if none came within so many seconds, or the line is lost."""
        if self._line is None or self.lost:
            return None
        from websockets.exceptions import ConnectionClosed

        try:
            message = self._line.recv(timeout=seconds)
        except TimeoutError:
            return None
        except ConnectionClosed as error:
            self.lost = f"the websocket broke ({type(error).__name__})"
            return None
        if isinstance(message, bytes):
            # a preview
            return None
        try:
            content = json.loads(message)
            return str(content["type"]), dict(content["data"])
        except (ValueError, KeyError, TypeError):
            self.lost = "the websocket speaks something else"
            return None

    def close(self) -> None:
        """Close the line."""
        if self._line is not None:
            self._line.close()
