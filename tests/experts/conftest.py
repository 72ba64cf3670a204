"""Expert servers for the tests of both their sides."""

from __future__ import annotations

import threading

import pytest

from poser.experts.base import Expert
from poser.experts.serving import ExpertServer
from poser.experts.testing import FakeExpert


@pytest.fixture
def serve():
    """Starts servers on free ports of the loopback and closes them."""
    running: list[tuple[ExpertServer, threading.Thread]] = []

    def start(*experts: Expert, **settings) -> ExpertServer:
        server = ExpertServer(experts or (FakeExpert(),), port=0, **settings)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        running.append((server, thread))
        return server

    yield start
    for server, thread in running:
        server.shutdown()
        thread.join()
        server.close()
