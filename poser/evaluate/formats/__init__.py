"""Annotation formats of public benchmarks, read into plans and written from them."""

from poser.evaluate.formats.dsg import read_dsg, write_dsg
from poser.evaluate.formats.geneval import read_geneval, write_geneval

__all__ = ["read_dsg", "read_geneval", "write_dsg", "write_geneval"]
