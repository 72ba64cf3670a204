"""The engine: a prompt becomes a picture. `generate` returns it, `stream` tells what happens on the way."""

from poser.engine.api import edit, edit_stream, forecast, generate, plan, resume, stream
from poser.engine.kept import resumed

__all__ = ["edit", "edit_stream", "forecast", "generate", "plan", "resume", "resumed", "stream"]
