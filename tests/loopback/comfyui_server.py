"""A server that speaks ComfyUI's protocol on the loopback, draws nothing heavy, and fails as scripted.

Routes and messages as in ComfyUI's `server.py` and `execution.py` (2025): /prompt, /queue, /history, /view,
/upload/image, /interrupt and the websocket /ws. Prompts are carried out one after another by a thread of its own.
"""

from __future__ import annotations

import http.server
import io
import json
import socket
import struct
import threading
import urllib.parse
import zlib
from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
from PIL import Image
from websockets.frames import Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

from poser.experts.multipart import decode

Fault = Literal[
    "none",
    "node-error",
    "missing-node",
    "html-error",
    "busy",
    "execution-error",
    "interrupted",
    "websocket-breaks",
    "no-picture",
    "two-pictures",
    "preview-only",
    "truncated-picture",
    "html-picture",
    "huge-picture",
    "forgets",
    "stumbles",
    "holds",
    "other-size",
]

CLASSES = {
    "CheckpointLoaderSimple",
    "CLIPTextEncode",
    "EmptyLatentImage",
    "KSampler",
    "LoadImage",
    "LoadImageMask",
    "PreviewImage",
    "SaveImage",
    "SetLatentNoiseMask",
    "VAEDecode",
    "VAEEncode",
}
STEPS = 4


class ComfyUIServer(http.server.ThreadingHTTPServer):
    """Start it with `with`; `url` is its address.

    Attributes:
        graphs: what was queued, in order.
        uploads: pictures by "folder/name".
        interrupts: bodies of /interrupt; deleted: ids taken out of the queue.
        begun: released once for each prompt that has begun; release: set it to let "holds" go on.
        listeners: how many websockets were opened.
        late_uploads: so many uploads are answered with 504.
    """

    daemon_threads = True

    def __init__(
        self, faults: Iterable[Fault] = (), *, websocket: bool = True, own_ids: bool = False, token: str = ""
    ) -> None:
        """`faults` are used up one a prompt. `own_ids`: an old server, which names prompts itself."""
        super().__init__(("127.0.0.1", 0), _Handler)
        self.faults, self.websocket, self.own_ids, self.token = list(faults), websocket, own_ids, token
        self.graphs: list[dict[str, Any]] = []
        self.uploads: dict[str, bytes] = {}
        self.interrupts: list[dict[str, Any]] = []
        self.deleted: list[str] = []
        self.begun = threading.Semaphore(0)
        self.release = threading.Event()
        self.listeners = 0
        self.stumbles = 0
        self.late_uploads = 0
        self._files: dict[str, tuple[bytes, str]] = {}
        self._pending: list[tuple[int, str, dict[str, Any], str, Fault]] = []
        self._running: tuple[int, str, dict[str, Any], str, Fault] | None = None
        self._history: dict[str, dict[str, Any]] = {}
        self._lines: dict[str, _Line] = {}
        self._interrupted = threading.Event()
        self._ended = False
        self._changed = threading.Condition()
        self._own_threads = [
            threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}),
            threading.Thread(target=self._work),
        ]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def __enter__(self):
        for thread in self._own_threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        self._interrupted.set()
        self.shutdown()
        for thread in self._own_threads:
            thread.join()
        for line in list(self._lines.values()):
            line.drop()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is no failure of a test."""

    # what the handler asks

    def put(self, asked: dict[str, Any]) -> tuple[int, Any]:
        graph = asked["prompt"]
        fault = self.faults.pop(0) if self.faults else "none"
        unknown = [node for node, content in graph.items() if content["class_type"] not in CLASSES]
        if fault == "missing-node" or unknown:
            node = (unknown or list(graph))[0]
            error = {
                "type": "missing_node_type",
                "message": "Node type is not installed.",
                "details": "",
                "extra_info": {"node_id": node, "class_type": graph[node]["class_type"]},
            }
            return 400, {"error": error, "node_errors": {}}
        errors = self._node_errors(graph, fault)
        if errors:
            error = {
                "type": "prompt_outputs_failed_validation",
                "message": "Prompt outputs failed validation",
                "details": "",
                "extra_info": {},
            }
            return 400, {"error": error, "node_errors": errors}
        if fault == "html-error":
            return 502, "<!DOCTYPE html><html><body><h1>Bad gateway</h1></body></html>"
        if fault == "busy":
            return 503, "queue full"
        with self._changed:
            number = len(self.graphs)
            prompt = f"own-{number}" if self.own_ids else asked["prompt_id"]
            self.graphs.append(graph)
            if fault != "forgets":
                self._pending.append((number, prompt, graph, asked["client_id"], fault))
            self._changed.notify_all()
        return 200, {"prompt_id": prompt, "number": number, "node_errors": {}}

    def _node_errors(self, graph: dict[str, Any], fault: Fault) -> dict[str, Any]:
        errors = {}
        for node, content in graph.items():
            inputs = content["inputs"]
            wrong = []
            for key in ("seed", "width", "height", "steps"):
                if key in inputs and not isinstance(inputs[key], int):
                    wrong.append({"type": "invalid_input_type", "message": "Failed to convert", "details": f"{key}"})
            name = inputs.get("image")
            if content["class_type"].startswith("LoadImage") and name not in self.uploads:
                wrong.append({"type": "custom", "message": "Invalid image file", "details": f"image - {name}"})
            if fault == "node-error" and content["class_type"] == "CheckpointLoaderSimple":
                details = f"ckpt_name: '{inputs['ckpt_name']}' not in ['other.safetensors']"
                wrong.append({"type": "value_not_in_list", "message": "Value not in list", "details": details})
            if wrong:
                errors[node] = {"errors": wrong, "dependent_outputs": [], "class_type": content["class_type"]}
        return errors

    def queue_info(self) -> dict[str, Any]:
        with self._changed:
            running = [list(self._running[:3])] if self._running is not None else []
            return {"queue_running": running, "queue_pending": [list(job[:3]) for job in self._pending]}

    def delete(self, ids: list[str]) -> None:
        with self._changed:
            self.deleted += [job[1] for job in self._pending if job[1] in ids]
            self._pending = [job for job in self._pending if job[1] not in ids]

    def interrupt(self, asked: dict[str, Any]) -> None:
        self.interrupts.append(asked)
        self._interrupted.set()

    def history(self, prompt: str) -> dict[str, Any]:
        with self._changed:
            return {prompt: self._history[prompt]} if prompt in self._history else {}

    def file(self, name: str) -> tuple[bytes, str] | None:
        return self._files.get(name)

    def opened(self, line: _Line) -> None:
        self.listeners += 1
        self._lines[line.client] = line
        line.send("status", {"status": {"exec_info": {"queue_remaining": 0}}, "sid": line.client})

    # the thread that draws

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._pending or self._ended)
                if self._ended:
                    return
                self._running = self._pending.pop(0)
                self._interrupted.clear()
            _, prompt, graph, client, fault = self._running
            self.begun.release()
            events, outputs = self._execute(prompt, graph, client, fault)
            failed = [event for event in events if event[0] != "execution_success"]
            with self._changed:
                status = {"status_str": "error" if failed else "success", "completed": not failed, "messages": events}
                self._history[prompt] = {"prompt": [0, prompt, graph], "outputs": outputs, "status": status}
                self._running = None
            self._tell(client, "executing", {"node": None, "prompt_id": prompt})

    def _execute(
        self, prompt: str, graph: dict[str, Any], client: str, fault: Fault
    ) -> tuple[list[Any], dict[str, Any]]:
        def tell(event: str, **data: Any) -> list[Any]:
            self._tell(client, event, {**data, "prompt_id": prompt})
            return [event, {**data, "prompt_id": prompt}]

        tell("execution_start")
        tell(
            "execution_cached", nodes=[node for node, c in graph.items() if c["class_type"] == "CheckpointLoaderSimple"]
        )
        outputs: dict[str, Any] = {}
        for node, content in graph.items():
            tell("executing", node=node, display_node=node)
            about = {"node_id": node, "node_type": content["class_type"], "executed": []}
            if content["class_type"] == "KSampler":
                if fault == "websocket-breaks":
                    self._lines[client].drop()
                if fault == "holds":
                    while not self.release.is_set() and not self._interrupted.wait(0.005):
                        pass
                if self._interrupted.is_set() or fault == "interrupted":
                    return [tell("execution_interrupted", **about)], {}
                for step in range(STEPS):
                    tell("progress", value=step + 1, max=STEPS, node=node)
                    self._preview(client)
                if fault == "execution-error":
                    wrong = {"exception_type": "torch.OutOfMemoryError", "exception_message": "CUDA out of memory"}
                    return [tell("execution_error", **about, **wrong, traceback=["File server.py, line 1"])], {}
            if content["class_type"] in ("SaveImage", "PreviewImage") and fault != "no-picture":
                kind = "temp" if content["class_type"] == "PreviewImage" or fault == "preview-only" else "output"
                images = [self._save(graph, fault, kind, node, n) for n in range(1 + (fault == "two-pictures"))]
                outputs[node] = {"images": images}
                tell("executed", node=node, output=outputs[node])
        return [tell("execution_success")], outputs

    def _save(self, graph: dict[str, Any], fault: Fault, kind: str, node: str, number: int) -> dict[str, str]:
        data = draw(graph, self.uploads, self.graphs_size(graph, fault), salt=kind)
        name = f"{kind}-{len(self._files)}-{node}-{number}.png"
        content_type = "image/png"
        if fault == "truncated-picture":
            data = data[: len(data) // 2]
        if fault == "html-picture":
            data, content_type = b"<html>session expired</html>", "text/html"
        if fault == "huge-picture":
            head = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
            crc = zlib.crc32(b"IHDR" + head)
            data = data[:8] + struct.pack(">I", 13) + b"IHDR" + head + struct.pack(">I", crc) + data[33:]
        if fault == "stumbles":
            self.stumbles = 2
        self._files[name] = (data, content_type)
        return {"filename": name, "subfolder": "", "type": kind}

    def graphs_size(self, graph: dict[str, Any], fault: Fault) -> tuple[int, int]:
        """As the empty latent says, else as the picture that is loaded."""
        for content in graph.values():
            if content["class_type"] == "EmptyLatentImage":
                width, height = content["inputs"]["width"], content["inputs"]["height"]
                return (width + 16, height) if fault == "other-size" else (width, height)
        name = next(c["inputs"]["image"] for c in graph.values() if c["class_type"] == "LoadImage")
        return Image.open(io.BytesIO(self.uploads[name])).size

    def _tell(self, client: str, event: str, data: dict[str, Any]) -> None:
        if client in self._lines:
            self._lines[client].send(event, data)

    def _preview(self, client: str) -> None:
        if client in self._lines:
            self._lines[client].send_bytes(struct.pack(">II", 1, 1) + b"\xff\xd8preview")


def draw(graph: dict[str, Any], uploads: dict[str, bytes], size: tuple[int, int], salt: str = "") -> bytes:
    """PNG noise that follows from everything that the graph says."""
    seen = json.dumps(graph, sort_keys=True) + salt
    for content in graph.values():
        seen += str(zlib.crc32(uploads.get(str(content["inputs"].get("image")), b"")))
    rng = np.random.default_rng(zlib.crc32(seen.encode()))
    file = io.BytesIO()
    Image.fromarray(rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)).save(file, "PNG")
    return file.getvalue()


class _Line:
    """One websocket."""

    def __init__(self, client: str, connection: socket.socket, protocol: ServerProtocol) -> None:
        self.client, self._connection, self.protocol = client, connection, protocol
        self._lock = threading.Lock()

    def send(self, event: str, data: dict[str, Any]) -> None:
        with self._lock:
            if self.protocol.state is State.OPEN:
                self.protocol.send_text(json.dumps({"type": event, "data": data}).encode())
                self.flush()

    def send_bytes(self, data: bytes) -> None:
        with self._lock:
            if self.protocol.state is State.OPEN:
                self.protocol.send_binary(data)
                self.flush()

    def flush(self) -> None:
        for data in self.protocol.data_to_send():
            if data:
                try:
                    self._connection.sendall(data)
                except OSError:
                    return

    def drop(self) -> None:
        """Cut the line without a word."""
        try:
            self._connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            return


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: ComfyUIServer

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        if self._stranger():
            return
        if url.path == "/ws" and self.server.websocket:
            self._websocket(query.get("clientId", ""))
        elif url.path == "/queue":
            self._json(200, self.server.queue_info())
        elif url.path.startswith("/history/"):
            if self.server.stumbles:
                self.server.stumbles -= 1
                self._send(502, "text/html", b"<html>Bad gateway</html>")
            else:
                self._json(200, self.server.history(url.path.rpartition("/")[2]))
        elif url.path == "/view" and (file := self.server.file(query["filename"])) is not None:
            self._send(200, file[1], file[0])
        else:
            self._send(404, "text/plain", b"404: Not Found")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self._stranger():
            return
        if self.path == "/upload/image" and self.server.late_uploads:
            self.server.late_uploads -= 1
            self._send(504, "text/plain", b"the disk is slow")
            return
        if self.path == "/upload/image":
            parts = decode(self.headers["Content-Type"], body)
            text = next(line for line in body.split(b"\r\n") if b"filename=" in line).decode()
            name, folder = text.partition('filename="')[2].partition('"')[0], parts["subfolder"].data.decode()
            self.server.uploads[f"{folder}/{name}"] = parts["image"].data
            self._json(200, {"name": name, "subfolder": folder, "type": parts["type"].data.decode()})
            return
        asked = json.loads(body)
        if self.path == "/prompt":
            self._json(*self.server.put(asked))
        elif self.path == "/queue":
            self.server.delete(asked.get("delete", []))
            self._send(200, "text/plain", b"")
        elif self.path == "/interrupt":
            self.server.interrupt(asked)
            self._send(200, "text/plain", b"")
        else:
            self._send(404, "text/plain", b"404: Not Found")

    def _stranger(self) -> bool:
        if self.server.token and self.headers.get("Authorization") != f"Bearer {self.server.token}":
            self._send(401, "text/plain", b"who are you?")
            return True
        return False

    def _json(self, status: int, content: Any) -> None:
        kind = "text/html" if isinstance(content, str) else "application/json"
        self._send(status, kind, (content if isinstance(content, str) else json.dumps(content)).encode())

    def _send(self, status: int, content_type: str, data: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _websocket(self, client: str) -> None:
        self.close_connection = True
        protocol = ServerProtocol(max_size=None)
        head = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        protocol.receive_data(self.raw_requestline + head.encode() + b"\r\n")
        (request,) = protocol.events_received()
        protocol.send_response(protocol.accept(request))
        line = _Line(client, self.connection, protocol)
        line.flush()
        self.server.opened(line)
        while data := self._received():
            with line._lock:
                protocol.receive_data(data)
                line.flush()
                frames = protocol.events_received()
            if any(frame.opcode is Opcode.CLOSE for frame in frames):
                return

    def _received(self) -> bytes:
        try:
            return self.connection.recv(65536)
        except OSError:
            return b""
