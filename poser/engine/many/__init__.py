"""Many prompts: some at a time, over the same experts, each a run of its own that survives."""

from poser.engine.many.api import CONCURRENCY, MOST_CONCURRENT, batch, generate_many
from poser.engine.many.files import SUFFIXES, read_jobs
from poser.engine.many.jobs import OPTIONS, Job, jobs_of
from poser.engine.many.outcome import BatchEvent, BatchFinished, BatchReady, Outcome, PromptEvent

__all__ = [
    "CONCURRENCY",
    "MOST_CONCURRENT",
    "OPTIONS",
    "SUFFIXES",
    "BatchEvent",
    "BatchFinished",
    "BatchReady",
    "Job",
    "Outcome",
    "PromptEvent",
    "batch",
    "generate_many",
    "jobs_of",
    "read_jobs",
]
