"""Writing a run while it goes on, so that nothing made is lost."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import TracebackType
from typing import Self

from poser.envs.trace import StepRecord, Trace
from poser.experts.errors import InputError
from poser.experts.files import write_atomically
from poser.experts.picture import Picture
from poser.experts.png import file_of, with_text
from poser.experts.types import Plan
from poser.run_folder.naming import FINAL, PLAN, SOURCE, STEPS, STORYBOARD, TRACE, UNFINISHED, default_folder, slug
from poser.storyboard import draw_storyboard


@dataclass(frozen=True, kw_only=True)
class RunFiles:
    """What a finished run left.

    Attributes:
        folder: of the run.
        final, storyboard: None if there was nothing to show, or writing failed.
        trace, plan: where they lie.
        problems: what could not be written, in words.
    """

    folder: Path
    final: Path | None
    storyboard: Path | None
    trace: Path
    plan: Path
    problems: tuple[str, ...] = ()


class RunFolder:
    """Writes one run; `on_*` return at once, encoding and writing happen in a thread of its own.

    A picture is on disk as soon as it arrives, and gets its name (`steps/00-<expert>-<target>.png`) with its step. A
    disk that fills up on the way costs files, never the run: see `RunFiles.problems`.
    """

    def __init__(
        self, folder: Path, *, seeds: Sequence[int] = (0,), metadata: bool = True, again: bool = False
    ) -> None:
        """Create the folder and check that it can be written.

        Args:
            folder: new, or without an earlier run in it.
            seeds: one for each picture of the run.
            metadata: write prompt and summary into final.png.
            again: the run that goes on there is the one that was begun there; its files are written anew.

        Raises:
            InputError: it cannot be written, or holds an earlier run.
        """
        self.path = Path(folder)
        self._places = [self.path] if len(seeds) == 1 else [self.path / f"seed-{seed}" for seed in seeds]
        self._metadata = metadata
        self._source: Picture | None = None
        self._problems: list[str] = []
        self._jobs: list[Future[None]] = []
        self._known: dict[str, Path] = {}
        _claim(self.path, self._places, again)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="run-folder")

    @classmethod
    def new(cls, prompt: str, seeds: Sequence[int], *, root: Path = Path("runs"), metadata: bool = True) -> Self:
        """Create a folder that nobody else has, named as `default_folder` does.

        Raises:
            InputError: `root` cannot be written.
        """
        while True:
            path = default_folder(prompt, seeds[0], root)
            try:
                path.mkdir(parents=True)
            except FileExistsError:
                # a run that began at the same time was first; a file in the way of `root` is told below
                if path.is_dir():
                    continue
            except OSError:
                pass
            return cls(path, seeds=seeds, metadata=metadata)

    def on_plan(self, plan: Plan, source: Picture | None = None) -> None:
        """Write plan.json, and source.png."""
        self._source = source
        self._later(lambda: write_atomically(self.path / PLAN, plan.model_dump_json(indent=1).encode()))
        if source is not None:
            self._later(lambda: self._put(source, self.path / SOURCE))

    def on_picture(self, picture: Picture) -> None:
        """Take a picture as it arrives from an expert (`Driver(on_picture=...)`)."""

        def keep() -> None:
            if picture.sha256 not in self._known:
                self._put(picture, self.path / UNFINISHED / f"{picture.sha256[:16]}.png")

        self._later(keep)

    def on_step(self, step: StepRecord, picture: Picture | None, run: int = 0) -> None:
        """Give the picture of a step its name; `run` is the index into `seeds`."""
        if picture is None:
            return
        name = f"{step.index:02d}-{slug(step.expert)}-{slug(step.target)}.png"
        self._later(lambda: self._name(picture, self._places[run] / STEPS / name))

    def finish(self, traces: Sequence[Trace], best: int = 0) -> RunFiles:
        """Write what is made at the end, wait for the thread, and say what lies where.

        Args:
            traces: one for each seed.
            best: index of the one that is shown at the top.
        """
        for place, trace in zip(self._places, traces, strict=True):
            if place != self.path:
                self._later(lambda place=place, trace=trace: self._write_end(place, trace))  # type: ignore[misc]
        self._later(lambda: self._write_end(self.path, traces[best]))
        self._later(lambda: self._write_storyboard(traces[best]))
        self._later(self._tidy)
        self._wait()
        final, storyboard = self.path / FINAL, self.path / STORYBOARD
        return RunFiles(
            folder=self.path,
            final=final if final.exists() else None,
            storyboard=storyboard if storyboard.exists() else None,
            trace=self.path / TRACE,
            plan=self.path / PLAN,
            problems=tuple(self._problems),
        )

    def close(self) -> None:
        """Wait for what is queued and end the thread; safe to call twice."""
        self._thread.shutdown(wait=True)
        self._wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _later(self, job: Callable[[], None]) -> None:
        self._jobs = [earlier for earlier in self._jobs if not earlier.done() or earlier.exception() is not None]
        self._jobs.append(self._thread.submit(self._try, job))

    def _wait(self) -> None:
        jobs, self._jobs = self._jobs, []
        for job in jobs:
            job.result()

    def _try(self, job: Callable[[], None]) -> None:
        try:
            job()
        except (OSError, InputError) as error:
            reason = getattr(error, "strerror", None) or error
            said = f"Cannot write into {str(self.path)!r}: {reason}."
            # a full disk fails every file; once is enough
            if said not in self._problems:
                self._problems.append(said)

    def _put(self, picture: Picture, path: Path) -> None:
        write_atomically(path, file_of(picture))
        self._known[picture.sha256] = path

    def _name(self, picture: Picture, path: Path) -> None:
        there = self._known.get(picture.sha256)
        if there is None:
            self._put(picture, path)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        if there.parent.name == UNFINISHED:
            there.replace(path)
        else:
            # the same pixels once more, e.g. of an editor that changed nothing
            shutil.copyfile(there, path)
        self._known[picture.sha256] = path

    def _write_end(self, place: Path, trace: Trace) -> None:
        best = None if trace.best is None else self._file(trace.best.sha256)
        if best is not None:
            write_atomically(place / FINAL, with_text(best, _metadata(trace)) if self._metadata else best)
        write_atomically(place / TRACE, trace.model_dump_json(indent=1).encode())

    def _write_storyboard(self, trace: Trace) -> None:
        hashes = {step.picture.sha256 for step in trace.steps if step.picture is not None}
        pictures = {sha256: picture for sha256 in hashes if (picture := self._picture(sha256)) is not None}
        if self._source is not None:
            pictures[self._source.sha256] = self._source
        write_atomically(self.path / STORYBOARD, file_of(draw_storyboard(trace, pictures)))

    def _file(self, sha256: str) -> bytes | None:
        """The PNG of a picture that was written; None if that failed."""
        if self._source is not None and self._source.sha256 == sha256:
            return file_of(self._source)
        path = self._known.get(sha256)
        return None if path is None else path.read_bytes()

    def _picture(self, sha256: str) -> Picture | None:
        """Read back what was written; None if that failed."""
        if self._source is not None and self._source.sha256 == sha256:
            return self._source
        path = self._known.get(sha256)
        return None if path is None else Picture.open(path)

    def _tidy(self) -> None:
        """What is still in `unfinished` belongs to steps that never ended, and stays."""
        waiting = self.path / UNFINISHED
        if waiting.exists() and not any(waiting.iterdir()):
            waiting.rmdir()


def _claim(folder: Path, places: Sequence[Path], again: bool) -> None:
    own = [folder / name for name in (FINAL, STORYBOARD, TRACE, PLAN, SOURCE, STEPS, UNFINISHED)]
    for path in (*own, *(place for place in places if place != folder)):
        if path.exists() and not again:
            raise _taken(folder, path.name)
    try:
        for place in places:
            place.mkdir(parents=True, exist_ok=True)
            (place / STEPS).mkdir(exist_ok=again)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except FileExistsError as error:
        if folder.is_dir():
            raise _taken(folder, STEPS) from error
        raise InputError(f"{str(folder)!r} is a file; give a folder that is new or empty.") from error
    except OSError as error:
        raise InputError(
            f"Cannot write into {str(folder)!r}: {error.strerror or error}. Give another folder."
        ) from error


def _taken(folder: Path, name: str) -> InputError:
    return InputError(
        f"{str(folder)!r} holds an earlier run ({name}), which is never overwritten; give a new folder or move it away."
    )


def _metadata(trace: Trace) -> dict[str, str]:
    """Text chunks of final.png: two of the PNG standard's own keywords, and the summary as JSON."""
    summary = {
        "prompt": trace.plan.prompt,
        "seed": trace.seed,
        "alignment": round(trace.alignment, 4),
        "commands": {command.text: trace.statuses.get(command.id, "pending") for command in trace.plan.commands},
        "steps": [
            {"expert": step.expert, "target": step.target, "seed": step.seed, "accepted": step.accepted}
            for step in trace.steps
            if step.expert
        ],
        "policy": trace.policy,
        "critic": trace.critic,
        "end": trace.end,
        "usd": trace.usd,
        "seconds": round(trace.seconds, 2),
    }
    # half of a surrogate pair cannot be encoded, and a NUL ends a chunk
    prompt = trace.plan.prompt.replace("\0", " ").encode("utf-8", "replace").decode()
    return {
        "Description": prompt,
        "Software": _software(),
        "poser": json.dumps(summary),
    }


def _software() -> str:
    try:
        return f"image-poser {version('image-poser')}"
    except PackageNotFoundError:
        # run from a source tree that was never installed
        return "image-poser"
