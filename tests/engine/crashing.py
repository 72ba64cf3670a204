"""A campaign of runs that are killed and gone on with; a script of its own, since it forks.

`python -m tests.engine.crashing SERVER FOLDER RUNS SEED` prints one JSON object a run. Each run is carried out in a
child that is killed (SIGKILL) after a random time, and then gone on with in another one, that may be killed as well.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from poser import engine
from poser.critics.base import Critic
from poser.critics.types import AtomAnswer, JudgeRequest, Verdict
from poser.engine.user_store import open_store
from poser.experts.base import CallContext
from poser.experts.errors import CriticError
from poser.experts.types import Atom, Command, Operation, Plan

SIZE = (256, 256)
SETTINGS = """
[[experts]]
name = "draw"
use = "openai_images"
model = "any"
base_url = "{server}"
kind = "t2i"
nominal_seconds = 0.1
prices = {{ output_cost_per_image = 0.01 }}

[[experts]]
name = "mend"
use = "openai_images"
model = "any"
base_url = "{server}"
kind = "i2i"
nominal_seconds = 0.1
prices = {{ output_cost_per_image = 0.01 }}

[[critics]]
name = "dice"
use = "tests.engine.crashing:Dice"
"""


class Dice(Critic):
    """Answers by the hash of picture and atom: the same for the same picture, and mostly not content."""

    name = "dice"
    price = 0.0

    def judge(self, requests: Sequence[JudgeRequest], ctx: CallContext) -> list[Verdict | CriticError]:
        """One verdict a picture."""
        return [self._verdict(request) for request in requests]

    def _verdict(self, request: JudgeRequest) -> Verdict:
        answers = []
        for atom in request.atoms:
            digest = hashlib.sha256(f"{request.picture.sha256}{atom.id}".encode()).digest()
            answers.append(AtomAnswer(atom=atom.id, probability=1.0 if digest[0] < 120 else 0.0))
        return Verdict(answers=tuple(answers), critic=self.name)


def plan(seed: int) -> Plan:
    """Three things to add."""
    return Plan(
        prompt=f"run {seed}",
        commands=tuple(
            Command(
                id=f"c{n}",
                operation=Operation.ADD,
                text=f"Add a {thing} ({seed})",
                atoms=(Atom(id=f"a{n}", tuple=("entity", thing), question=f"Is there a {thing}?"),),
            )
            for n, thing in enumerate(("cat", "dog", "tree"))
        ),
    )


def begin(seed: int, folder: Path) -> None:
    """The whole run, in this process."""
    engine.generate(
        plan=plan(seed), experts=["draw", "mend"], critic="dice", size=SIZE, seed=seed, max_steps=5, explore=False,
        policy="greedy", out=folder,
    )  # fmt: skip


def in_child(work, seconds: float | None) -> bool:
    """Do `work` in a child and kill it after so many seconds (None: never); True if it came to its end."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            sys.stdout.flush()
            os._exit(code)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == 0


def journal(run: str) -> dict[str, dict]:
    """Key -> state, times sent and hash of the picture, as it lies in the store now."""
    with open_store() as store:
        entries = store.journal(run)
    return {
        key: {"state": e.state, "sent": e.sent, "kind": e.call.kind,
              "picture": getattr(getattr(e.answer, "picture", None), "sha256", None)}
        for key, e in entries.items()
    }  # fmt: skip


def one(number: int, folder: Path, rng: random.Random, usual: float) -> dict:
    """Begin, kill, go on, kill perhaps, go on to the end."""
    place = folder / f"run-{number}"
    ended = in_child(lambda: begin(number, place), rng.uniform(0.0, 1.2 * usual))
    states, run = [], None
    for last in (rng.random() < 0.7, True):
        with open_store() as store:
            mine = [row for row in store.runs(limit=1000) if row.prompt == f"run {number}"]
        if not mine:
            # killed before it was begun
            ended = in_child(lambda: begin(number, place.with_name(f"{place.name}-again")), None)
            continue
        run = mine[0].id
        if mine[0].status == "finished":
            ended = True
            break
        states.append(journal(run))
        ended = in_child(lambda run=run: engine.resume(run), None if last else rng.uniform(0.0, usual))
        if ended:
            break
    with open_store() as store:
        row = next(row for row in store.runs(limit=1000) if row.prompt == f"run {number}")
        (trace,) = store.traces(row.id).values()
    final = journal(row.id)
    return {
        "number": number,
        "ended": ended,
        "status": row.status,
        "states": states,
        "final": final,
        "best": None if trace.best is None else trace.best.sha256,
        "usd": trace.usd,
        "uncertain": [step.index for step in trace.steps if step.uncertain],
        "pictures": [step.picture.sha256 for step in trace.steps if step.picture is not None],
        "folder": str(row.folder),
    }


def main() -> None:
    """See above."""
    server, folder, runs, seed = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    os.chdir(folder)
    Path("poser.toml").write_text(SETTINGS.format(server=server), encoding="utf-8")
    rng = random.Random(seed)
    # once unbroken, so that everything is imported before the first fork and the usual time is known
    begin(10_000, folder / "first")
    started = time.perf_counter()
    begin(10_001, folder / "second")
    usual = time.perf_counter() - started
    for number in range(runs):
        print(json.dumps(one(number, folder, rng, usual)), flush=True)


if __name__ == "__main__":
    main()
