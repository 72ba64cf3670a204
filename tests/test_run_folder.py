from __future__ import annotations

import datetime
import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from poser.envs.episode import Task
from poser.envs.trace import Trace
from poser.experts import files
from poser.experts.errors import InputError
from poser.experts.fake_picture import paint_facts
from poser.experts.picture import Picture
from poser.experts.testing import FakeExpert
from poser.experts.types import Plan
from poser.policies.baselines import BestSingle, Greedy
from poser.run_folder import RunFiles, RunFolder, default_folder, read_run, read_trace, slug
from tests.policies.arena import make_plan, play_pictures

Runs = tuple[list[Trace], dict[str, Picture]]


@pytest.fixture(scope="module")
def run() -> Runs:
    return play_pictures(Greedy(), seeds=(3, 4), plan=make_plan(6))


def _write(folder: Path, run: Runs, count: int = 1, source: Picture | None = None, **settings: bool) -> RunFiles:
    traces, pictures = run[0][:count], run[1]
    with RunFolder(folder, seeds=[trace.seed for trace in traces], **settings) as writer:
        writer.on_plan(traces[0].plan, source)
        for number, trace in enumerate(traces):
            for step in trace.steps:
                picture = None if step.picture is None else pictures[step.picture.sha256]
                if picture is not None:
                    writer.on_picture(picture)
                writer.on_step(step, picture, number)
        return writer.finish(traces)


def test_a_run_comes_back_as_it_was(tmp_path: Path, run: Runs) -> None:
    written = _write(tmp_path / "new" / "run", run)
    trace, pictures = read_run(written.folder)
    assert trace == run[0][0]
    assert set(pictures) == {step.picture.sha256 for step in trace.steps if step.picture is not None}
    assert trace.best is not None
    assert pictures[trace.best.sha256].ref == trace.best
    assert Plan.model_validate_json(written.plan.read_bytes()) == trace.plan
    assert written.final is not None
    assert Picture.open(written.final).ref == trace.best
    assert written.storyboard is not None
    assert Picture.open(written.storyboard).width == 1800
    assert written.problems == ()
    names = sorted(path.name for path in (written.folder / "steps").iterdir())
    assert names == [f"{s.index:02d}-{s.expert}-{s.target}.png" for s in trace.steps if s.picture is not None]
    assert not (written.folder / "unfinished").exists()


def test_several_seeds_stand_side_by_side_with_the_best_on_top(tmp_path: Path, run: Runs) -> None:
    written = _write(tmp_path / "run", run, count=2)
    for trace in run[0]:
        back, pictures = read_run(written.folder / f"seed-{trace.seed}")
        assert back == trace
        assert pictures
    top, pictures = read_run(written.folder)
    assert top == run[0][0]
    assert pictures.keys() >= {step.picture.sha256 for step in top.steps if step.picture is not None}


def test_the_source_is_kept(tmp_path: Path) -> None:
    source = paint_facts([("entity", "car")], 96, 64, 0)
    plan = make_plan(3).model_copy(update={"source": source.ref})
    run = play_pictures(
        Greedy(), tasks=[Task(plan=plan, source=source)], pool=[FakeExpert("useless", "i2i", ability=0.0, damage=1.0)]
    )
    written = _write(tmp_path, run, source=source)
    trace, pictures = read_run(tmp_path)
    assert trace.best == source.ref
    assert pictures[source.sha256] == source
    assert written.final is not None
    assert Picture.open(written.final) == source


def test_prompt_and_summary_stand_in_the_picture(tmp_path: Path, run: Runs) -> None:
    written = _write(tmp_path / "with", run)
    assert written.final is not None
    with Image.open(written.final) as image:
        text = image.text  # type: ignore[attr-defined]
    trace = run[0][0]
    assert text["Description"] == trace.plan.prompt
    assert text["Software"].startswith("image-poser")
    summary = json.loads(text["poser"])
    assert summary["seed"] == trace.seed
    assert summary["commands"]["Add a car."] == "satisfied"
    without = _write(tmp_path / "without", run, metadata=False)
    assert without.final is not None
    with Image.open(without.final) as image:
        assert image.text == {}  # type: ignore[attr-defined]


@pytest.mark.parametrize("prompt", ["x" * 32_000, "赤い車\0と犬 \ud800", ""])
def test_any_prompt_can_be_written(tmp_path: Path, run: Runs, prompt: str) -> None:
    [trace, _], pictures = run
    prompt = prompt.encode("utf-8", "replace").decode()
    changed = trace.model_copy(update={"plan": trace.plan.model_copy(update={"prompt": prompt})})
    written = _write(tmp_path / "run", ([changed], pictures))
    assert written.problems == ()
    assert read_run(written.folder)[0] == changed


def test_the_same_pixels_twice_are_two_files(tmp_path: Path, run: Runs) -> None:
    [trace, _], pictures = run
    twice = trace.model_copy(
        update={"steps": (trace.steps[0], trace.steps[0].model_copy(update={"index": 1, "accepted": False}))}
    )
    written = _write(tmp_path, ([twice], pictures))
    assert len(list((written.folder / "steps").iterdir())) == 2
    assert not (written.folder / "unfinished").exists()


def test_pictures_are_on_disk_before_their_step_is_over(tmp_path: Path, run: Runs) -> None:
    picture = next(iter(run[1].values()))
    writer = RunFolder(tmp_path / "run")
    writer.on_plan(make_plan())
    writer.on_picture(picture)
    # as if the process died here: nothing is finished or named
    writer.close()
    [path] = (tmp_path / "run" / "unfinished").iterdir()
    assert Picture.open(path) == picture
    with pytest.raises(InputError, match="cut off"):
        read_run(tmp_path / "run")


def test_an_earlier_run_is_never_overwritten(tmp_path: Path, run: Runs) -> None:
    written = _write(tmp_path, run)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    with pytest.raises(InputError, match="holds an earlier run"):
        RunFolder(tmp_path)
    with pytest.raises(InputError, match="holds an earlier run"):
        RunFolder(tmp_path, seeds=(1, 2))
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
    assert written.trace.exists()


def test_of_two_runs_into_one_folder_one_is_refused(tmp_path: Path) -> None:
    barrier, refused = threading.Barrier(4), []

    def start() -> None:
        barrier.wait()
        try:
            RunFolder(tmp_path / "run").close()
        except InputError as error:
            refused.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 3


def test_other_files_in_the_folder_do_not_matter(tmp_path: Path, run: Runs) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    _write(tmp_path, run)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_file_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("")
    with pytest.raises(InputError, match=r"is a file|Not a directory"):
        RunFolder(tmp_path / "run")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the rights of folders do not bind this user")
def test_a_folder_without_the_right_to_write_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(InputError, match="Cannot write into"):
        RunFolder(tmp_path / "run")
    tmp_path.chmod(0o700)


def test_a_folder_that_cannot_be_made_is_refused() -> None:
    with pytest.raises(InputError, match="Give another folder"):
        RunFolder(Path("/proc/no-such-place/run"))


def test_a_full_disk_costs_files_and_not_the_run(tmp_path: Path, run: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, data: bytes) -> None:
        if path.suffix == ".png":
            raise OSError(28, "No space left on device")
        files.write_atomically(path, data)

    monkeypatch.setattr("poser.run_folder.writing.write_atomically", full)
    written = _write(tmp_path, run)
    assert written.final is None
    assert written.storyboard is None
    assert len(written.problems) == 1
    assert "No space left" in written.problems[0]
    assert read_run(tmp_path)[0] == run[0][0]


def test_a_mistake_of_ours_is_not_hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(path: Path, data: bytes) -> None:
        raise TypeError("a bug")

    monkeypatch.setattr("poser.run_folder.writing.write_atomically", broken)
    writer = RunFolder(tmp_path)
    writer.on_plan(make_plan())
    with pytest.raises(TypeError, match="a bug"):
        writer.close()


def test_a_run_without_a_picture_has_a_board_and_a_trace(tmp_path: Path) -> None:
    run = play_pictures(BestSingle(), pool=[FakeExpert("editor", "i2i")])
    written = _write(tmp_path, run)
    assert written.final is None
    assert written.storyboard is not None
    assert read_run(tmp_path) == (run[0][0], {})


def test_what_is_no_run_is_refused(tmp_path: Path, run: Runs) -> None:
    with pytest.raises(InputError, match="give the folder of a run"):
        read_run(tmp_path / "nothing")
    (tmp_path / "final.png").write_bytes(b"")
    with pytest.raises(InputError, match="give the folder of a run"):
        read_run(tmp_path / "final.png")
    (tmp_path / "trace.json").write_text("{")
    with pytest.raises(InputError, match="Cannot read"):
        read_run(tmp_path)
    (tmp_path / "trace.json").write_text('{"version": 99}')
    with pytest.raises(InputError, match="version 99"):
        read_run(tmp_path)
    (tmp_path / "trace.json").write_text('{"version": 1}')
    with pytest.raises(InputError, match="damaged"):
        read_run(tmp_path)


def test_a_trace_that_is_nested_without_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / "trace.json").write_text("[" * 100_000)
    with pytest.raises(InputError, match="Cannot read"):
        read_trace(tmp_path)


def test_hostile_names_stay_inside_of_the_folder(tmp_path: Path, run: Runs) -> None:
    [trace, _], pictures = run
    step = trace.steps[0].model_copy(update={"target": "../../../etc/passwd", "expert": "a/../b"})
    _write(tmp_path / "run", ([trace.model_copy(update={"steps": (step,)})], pictures))
    assert [path.name for path in (tmp_path / "run" / "steps").iterdir()] == ["00-a-b-etc-passwd.png"]


def test_default_names_count_up(tmp_path: Path) -> None:
    first = default_folder("A red car, left of a tree!", 7, root=tmp_path)
    assert first.name == f"{datetime.date.today().isoformat()}-a-red-car-left-of-a-tree-7"
    first.mkdir()
    second = default_folder("A red car, left of a tree!", 7, root=tmp_path)
    assert second.name == first.name + "-2"
    second.mkdir()
    assert default_folder("A red car, left of a tree!", 7, root=tmp_path).name == first.name + "-3"


def test_runs_that_begin_at_once_get_a_folder_each(tmp_path: Path) -> None:
    ready = threading.Barrier(8)

    def begin(_: int) -> Path:
        ready.wait()
        return RunFolder.new("A red car", [7], root=tmp_path / "runs").path

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(begin, range(8)))) == 8


@given(st.text(max_size=400))
def test_a_slug_is_a_file_name(text: str) -> None:
    made = slug(text)
    assert made
    assert len(made) <= 40
    assert len(made.encode()) <= 160
    assert not set(made) & set('/\\:.*?"<>| \0')
    assert not made.startswith("-")


def test_slugs_keep_whole_words() -> None:
    assert slug("A very long prompt about a harbour festival at night") == "a-very-long-prompt-about-a-harbour"
    assert slug("赤い車") == "赤い車"
    assert slug("...") == "picture"
    assert slug("x" * 90) == "x" * 40


def test_writing_is_off_the_calling_thread(tmp_path: Path, run: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = set()

    def note(path: Path, data: bytes) -> None:
        seen.add(threading.current_thread().name)
        files.write_atomically(path, data)

    monkeypatch.setattr("poser.run_folder.writing.write_atomically", note)
    _write(tmp_path, run)
    assert len(seen) == 1
    assert threading.current_thread().name not in seen


def test_large_pictures_survive_exactly(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    picture = Picture(rng.integers(0, 256, (333, 517, 3), dtype=np.uint8))
    with RunFolder(tmp_path) as writer:
        writer.on_picture(picture)
    [path] = (tmp_path / "unfinished").iterdir()
    assert Picture.open(path) == picture
