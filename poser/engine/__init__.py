"""The engine: a prompt becomes a picture. `generate` returns it, `stream` tells what happens on the way."""

from poser.engine.api import forecast, generate, plan, stream

__all__ = ["forecast", "generate", "plan", "stream"]
