"""The engine: a prompt becomes a picture. `generate` returns it, `stream` tells what happens on the way."""

from poser.engine.api import edit, edit_stream, forecast, generate, plan, resume, stream
from poser.engine.kept import resumed
from poser.engine.many import batch, generate_many

__all__ = [
    "batch",
    "edit",
    "edit_stream",
    "forecast",
    "generate",
    "generate_many",
    "plan",
    "resume",
    "resumed",
    "stream",
]
