"""Processes that are killed, and processes that write at the same time."""

from __future__ import annotations

import contextlib
import random
import subprocess
import sys
from pathlib import Path

import pytest

from poser.experts.record import Cell, TrackRecord
from poser.store import Store
from tests.store.world import call_begun, call_done, painted, result

pytestmark = pytest.mark.heavy

ROOT = Path(__file__).parents[2]
KILLS = 30


@pytest.fixture
def python():
    """Starts processes; those that still run at the end of the test are killed."""
    started = []

    def start(code, *arguments):
        code = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{code}"
        command = [sys.executable, "-c", code, *map(str, arguments)]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def done(process):
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return out


CALLS = """
from pathlib import Path
from poser.experts.types import Usage
from poser.store import Store
from tests.store.world import call_begun, call_done, result

folder, run, first = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
with Store(folder) as store:
    store.begin_run(run, {})
    print("ready", flush=True)
    for number in range(first, first + 10_000):
        call_begun(store, run, f"k{number}", expert="fake", index=number, digest="d")
        print("begun", number, flush=True)
        store.results.put(f"{run}{number}", result(number, side=64))
        call_done(store, run, f"k{number}", result(number, side=64), Usage(usd=0.01))
        print("done", number, flush=True)
"""


def test_a_killed_process_loses_nothing_that_was_acknowledged(tmp_path, python):
    rng = random.Random(7)
    for attempt in range(KILLS):
        run = f"run-{attempt}"
        process = python(CALLS, tmp_path, run, 1000 * attempt)
        lines = []
        # at a random word of its own, and somewhere in what follows it
        for _ in range(rng.randrange(1, 60)):
            lines.append(process.stdout.readline())
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(rng.random() * 0.02)
        process.kill()
        lines += process.stdout.read().splitlines(keepends=True)
        process.wait()
        # a line that the kill cut short says nothing (PYTHONUNBUFFERED writes it in pieces)
        said = [line.split() for line in lines if line.endswith("\n")]
        with Store(tmp_path) as store:
            assert store.run(run).status == "interrupted"
            journal = store.journal(run)
            for word, *number in said:
                if word == "begun":
                    assert journal[f"k{number[0]}"].sent == 1
                elif word == "done":
                    # the result has its picture, and the picture its pixels: both are checked on reading
                    assert journal[f"k{number[0]}"].answer == result(int(number[0]), side=64)
                    assert store.results.get(f"{run}{number[0]}") == result(int(number[0]), side=64)
            # what was not acknowledged is there whole or not at all, and one call at most is open
            assert sum(entry.answer is None for entry in journal.values()) <= 1
            assert store.resume_run(run).status == "running"
            store.end_run(run, "interrupted")
    with Store(tmp_path) as store:
        assert len(store.runs(limit=1000)) == KILLS
        assert store._database.read(lambda c: c.execute("PRAGMA integrity_check").fetchone()) == ("ok",)
        assert store._database.read(lambda c: c.execute("PRAGMA foreign_key_check").fetchall()) == []


OBSERVE = """
from pathlib import Path
from poser.experts.record import Cell
from poser.store import Store

with Store(Path(sys.argv[1])) as store:
    store.adopt_json(Path(sys.argv[2]))
    for _ in range(150):
        store.observe(lambda record: record.observe("one", "add", 1, Cell(success=1)))
"""


def test_processes_that_observe_at_once_lose_nothing(tmp_path, python):
    path = tmp_path / "track_record.json"
    old = TrackRecord()
    old.observe("one", "add", 1, Cell(success=1000))
    old.save(path)
    for process in [python(OBSERVE, tmp_path / "home", path) for _ in range(3)]:
        done(process)
    with Store(tmp_path / "home") as store:
        assert store.record().cell("one", "add", 1).success == 1000 + 3 * 150
    assert not path.exists()
    assert (tmp_path / "track_record.json.migrated").exists()


WRITE = """
from pathlib import Path
from poser.experts.types import Usage
from poser.store import Store
from tests.store.world import call_begun, call_done, result

folder, run = Path(sys.argv[1]), sys.argv[2]
with Store(folder) as store:
    store.begin_run(run, {})
    for number in range(60):
        # the same pictures in all processes
        call_begun(store, run, f"k{number}", expert="fake", index=number, digest="d")
        call_done(store, run, f"k{number}", result(number), Usage(usd=0.01))
        store.results.put(f"{number}", result(number))
    store.end_run(run, "finished")
"""

CLEAN = """
from pathlib import Path
from poser.store import Store, cleaning

# no picture is young, so that every one that nothing refers to at that instant goes
cleaning.YOUNG_SECONDS = 0.0
with Store(Path(sys.argv[1])) as store:
    removed = 0
    while not all(run.status == "finished" for run in store.runs()) or len(store.runs()) < 3:
        removed += store.clean(older_than=0.0, keep_finished=True).cached
    print(removed)
"""


def test_processes_write_while_another_one_cleans(tmp_path, python):
    writers = [python(WRITE, tmp_path, f"run-{number}") for number in range(3)]
    cleaner = python(CLEAN, tmp_path)
    for process in writers:
        done(process)
    assert int(done(cleaner)) > 0
    with Store(tmp_path) as store:
        for number in range(3):
            journal = store.journal(f"run-{number}")
            assert [entry.answer for entry in journal.values()] == [result(n) for n in range(60)]
        assert store.size().pictures == store.size().rows["pictures"] == 60


FULL = """
import resource
from pathlib import Path
from poser.experts.errors import StoreError
from poser.experts.types import Usage
from poser.store import Store
from tests.store.world import call_begun, call_done, painted, result

store = Store(Path(sys.argv[1]))
store.begin_run("r", {})
call_begun(store, "r", "k0", expert="fake", index=0, digest="d")
call_done(store, "r", "k0", result(0), Usage(usd=0.01))
# no file may grow beyond this: writing fails as on a full disk
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
told = 0
for number in range(1, 400):
    try:
        call_begun(store, "r", f"k{number}", expert="fake", index=number, digest="d")
        call_done(store, "r", f"k{number}", result(number, side=64), Usage(usd=0.01))
        print(number)
    except StoreError as error:
        assert "Make room" in str(error) or "Check the disk" in str(error) or "disk is full" in str(error), error
        told += 1
assert told, "nothing failed"
"""


@pytest.mark.parametrize("most_bytes", [150, 300_000], ids=["pictures", "database"])
def test_a_disk_that_fills_up_is_told_and_nothing_acknowledged_is_lost(tmp_path, most_bytes, python):
    numbers = [int(line) for line in done(python(FULL, tmp_path, most_bytes)).split()]
    with Store(tmp_path) as store:
        journal = store.journal("r")
        assert journal["k0"].answer == result(0)
        for number in numbers:
            assert journal[f"k{number}"].answer == result(number, side=64)
        # there is room again
        call_begun(store, "r", "new", expert="fake", index=0, digest="d")
        call_done(store, "r", "new", result(999), result(999).usage)
        assert store.picture(painted(999).sha256) == painted(999)
        assert not list((tmp_path / "pictures").rglob(".*")), "half-written files stay behind"


OPENING = """
import resource
from pathlib import Path
from poser.experts.errors import InputError
from poser.store import Store

# no room at all, not even for the index of the log
resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
try:
    Store(Path(sys.argv[1]))
except InputError as error:
    print(error)
"""


def test_a_store_on_a_full_disk_is_not_called_damaged(tmp_path, python):
    with Store(tmp_path) as store:
        store.begin_run("r", {})
    said = done(python(OPENING, tmp_path))
    assert "Make room on the disk" in said
    assert "not a sound store" not in said


def test_processes_may_begin_one_store_together(tmp_path, python):
    code = "from pathlib import Path\nfrom poser.store import Store\nStore(Path(sys.argv[1])).close()"
    for _ in range(3):
        folder = tmp_path / f"home-{_}"
        for process in [python(code, folder) for _ in range(4)]:
            done(process)
