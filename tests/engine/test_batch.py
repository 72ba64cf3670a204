"""Many prompts: side by side over the same experts, kept, gone on with."""

from __future__ import annotations

import csv
import gc
import json
import math
import os
import random
import signal
import subprocess
import sys
import threading
import time
import weakref
from pathlib import Path

import pytest

import poser
from poser import engine
from poser.config import home
from poser.critics.testing import ScriptedCritic
from poser.engine.many import BatchFinished, BatchReady, Outcome, PromptEvent, jobs_of, read_jobs
from poser.engine.many.summary import MOST_ON_SHEET, contact_sheet
from poser.engine.user_store import open_store
from poser.experts.base import Expert
from poser.experts.errors import InputError, UnknownName
from poser.experts.openai_images import OpenAIImages
from poser.experts.picture import Picture
from poser.experts.testing import FakeExpert
from poser.experts.types import Atom, Command, Operation, Plan
from poser.extract.base import Extractor
from poser.run_folder.reading import read_run
from tests.engine.crashing import SETTINGS
from tests.experts.waiting import until
from tests.loopback.images_server import ImagesServer

SMALL = {"size": (256, 256)}


class Words(Extractor):
    """One thing to add for every word."""

    name = "words"

    def extract(self, prompt, source=None):
        if prompt == "bad":
            raise InputError("It cannot be read.")
        return Plan(
            prompt=prompt,
            source=source,
            commands=tuple(
                Command(
                    id=f"c{n}",
                    operation=Operation.ADD,
                    subjects=(word,),
                    text=f"Add a {word}",
                    atoms=(Atom(id=f"a{n}", tuple=("entity", word), question=f"Is there a {word}?"),),
                )
                for n, word in enumerate(prompt.split())
            ),
        )


def pool(ability: float = 1.0, price: float = 0.01) -> list[Expert]:
    return [
        FakeExpert("draw", "t2i", ability=ability, price=price),
        FakeExpert("edit", "i2i", ability=ability, price=price),
    ]


def many(prompts, **options):
    given = {"experts": pool(), "critic": ScriptedCritic(), "extractor": Words(), **SMALL, **options}
    return engine.generate_many(prompts, **given)


class Held(FakeExpert):
    """Its first call waits until it is let go; remembers how many requests each call had."""

    def __init__(self, name: str, kind: str = "t2i", **options) -> None:
        super().__init__(name, kind, **options)
        self.go, self.begun, self.sizes = threading.Event(), threading.Event(), []

    def run(self, requests, ctx):
        self.sizes.append(len(requests))
        self.begun.set()
        assert self.go.wait(20)
        return super().run(requests, ctx)


def test_every_prompt_gets_its_picture_and_the_best_experts_are_shared():
    draw = FakeExpert("draw")
    outcomes = {o.index: o for o in many(["car", "tree dog", {"prompt": "hat", "seed": 7}], experts=[draw])}
    assert [outcomes[n].prompt for n in range(3)] == ["car", "tree dog", "hat"]
    assert all(o.status == "finished" and o.alignment == 1.0 and o.calls == 1 for o in outcomes.values())
    assert [outcomes[n].result.seed for n in range(3)] == [0, 0, 7]
    assert all(isinstance(o.result.picture, Picture) for o in outcomes.values())
    assert len(draw.requests) == 3
    assert poser.generate_many is engine.generate_many


def forget() -> None:
    """As if nothing had ever been run."""
    for path in home().glob("store.sqlite*"):
        path.unlink()


def test_the_pictures_are_those_that_single_runs_make():
    prompts = ["car tree dog", "hat boat", "sun moon star cat"]
    singles = []
    for seed, prompt in enumerate(prompts):
        singles.append(
            engine.generate(prompt, experts=pool(0.4), critic=ScriptedCritic(), extractor=Words(), seed=seed, **SMALL)
        )
        forget()
    given = [{"prompt": prompt, "seed": seed} for seed, prompt in enumerate(prompts)]
    for outcome in many(given, experts=pool(0.4), concurrency=3):
        single = singles[outcome.index]
        assert outcome.result.picture == single.picture
        assert [step.picture for step in outcome.result.trace.steps] == [step.picture for step in single.trace.steps]


def test_one_that_fails_ends_no_other():
    prompts = ["car", "bad", {"prompt": "tree", "image": "nowhere.png"}, {"prompt": "dog", "experts": "nobody"}, "hat"]
    outcomes = {o.index: o for o in many(prompts)}
    assert [outcomes[n].status for n in range(5)] == ["finished", "failed", "failed", "failed", "finished"]
    assert "It cannot be read" in outcomes[1].error
    assert "nowhere.png" in outcomes[2].error
    assert "nobody" in outcomes[3].error
    assert outcomes[1].usd == 0.0


def test_a_programming_error_of_a_policy_ends_no_other():
    from poser.policies.baselines import Greedy

    class Broken(Greedy):
        name = "broken"

        def choose(self, turn):
            raise ZeroDivisionError("oops")

    outcomes = {o.index: o for o in many(["car", {"prompt": "tree", "policy": Broken()}])}
    assert outcomes[0].status == "finished"
    assert outcomes[1].status == "failed"
    assert "ZeroDivisionError: oops" in outcomes[1].error
    # it had begun, so nobody knows what it cost
    assert outcomes[1].usd is None


def test_runs_wait_for_a_remote_expert_side_by_side():
    with ImagesServer(usage=False) as server:
        server.gate.clear()
        far = OpenAIImages(model="m", base_url=server.address, name="far", concurrency=8)
        told = many([f"car{n}" for n in range(8)], experts=[far], concurrency=8, max_steps=1)
        done: list[Outcome] = []
        reader = threading.Thread(target=lambda: done.extend(told))
        reader.start()
        # all eight are on their way at once
        server.wait_for(8)
        server.gate.set()
        reader.join(30)
        far.close()
    assert sorted(o.index for o in done) == list(range(8))
    assert all(o.calls == 1 and o.result.picture is not None for o in done)


def test_calls_of_several_runs_to_one_local_expert_are_one_call():
    draw = Held("draw")
    told = many([f"car{n}" for n in range(5)], experts=[draw], concurrency=5)
    done: list[Outcome] = []
    reader = threading.Thread(target=lambda: done.extend(told))
    reader.start()
    assert draw.begun.wait(20)
    from poser.experts.wrappers import GatheredExpert

    # the batch's own wrapper around it
    (gathered,) = [each for each in gc.get_objects() if type(each) is GatheredExpert and each.inner is draw]
    until(lambda: draw.sizes[0] + len(gathered._gathering._line) == 5)
    draw.go.set()
    reader.join(30)
    assert len(draw.sizes) <= 2
    assert sum(draw.sizes) == 5
    assert all(o.alignment == 1.0 for o in done)
    assert len({request.key for request in draw.requests}) == 1  # runs that are not kept have no keys


def test_a_slow_expert_of_one_prompt_holds_up_no_other():
    slow = Held("slow")
    prompts = [{"prompt": "car", "experts": [slow]}, *(f"tree{n}" for n in range(6))]
    told = many(prompts, experts=[FakeExpert("quick")], concurrency=2)
    others = [next(told).index for _ in range(6)]
    assert sorted(others) == [1, 2, 3, 4, 5, 6]
    slow.go.set()
    assert [o.index for o in told] == [0]


def test_a_critic_that_takes_one_batch_at_a_time_is_never_asked_twice_at_once():
    class Careful(ScriptedCritic):
        inside, sizes = 0, []

        def judge(self, requests, ctx):
            self.sizes.append(len(requests))
            Careful.inside += 1
            try:
                assert Careful.inside == 1
                return super().judge(requests, ctx)
            finally:
                Careful.inside -= 1

    outcomes = list(many([f"car{n} tree" for n in range(12)], critic=Careful(), concurrency=12))
    assert all(o.alignment == 1.0 for o in outcomes)
    assert sum(Careful.sizes) == 12


def test_what_was_handed_over_is_kept_by_nobody():
    alive = []
    for outcome in many([f"car{n}" for n in range(6)], experts=[FakeExpert("draw", remember=False)],
                        critic=ScriptedCritic(remember=False), concurrency=1):  # fmt: skip
        alive.append(weakref.ref(outcome.result))
        del outcome
        gc.collect()
        # at most the one that waits to be read next is there
        assert sum(ref() is not None for ref in alive) <= 1
    gc.collect()
    assert all(ref() is None for ref in alive)


def test_a_consumer_that_leaves_ends_the_batch(tmp_path):
    told = many([f"car{n}" for n in range(20)], concurrency=2, out=tmp_path / "b")
    next(told)
    told.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("prompt-")]
    # and the folder can be opened again
    assert sum(o.status == "finished" for o in many([f"car{n}" for n in range(20)], out=tmp_path / "b")) == 20


def test_a_batch_that_nobody_reads_lets_go_of_its_folder(tmp_path):
    before = set(threading.enumerate())
    told = many(["car"], out=tmp_path / "b")
    del told
    gc.collect()
    assert set(threading.enumerate()) <= before
    assert len(list(many(["car"], out=tmp_path / "b"))) == 1


def test_a_budget_is_shared_and_what_is_left_over_goes_to_the_others():
    # 0.01 a call; each prompt may spend 0.02 first, and needs 0.01
    outcomes = list(many([f"car{n}" for n in range(4)], budget=0.08, concurrency=1))
    shares = [o.result.trace.rules["budget_usd"] for o in outcomes]
    assert shares == pytest.approx([0.02, 0.07 / 3, 0.03, 0.05])
    assert sum(o.usd for o in outcomes) == pytest.approx(0.04)
    free = list(many(["car", "tree"], budget=0.0))
    assert all(o.calls == 0 for o in free)
    own = list(many([{"prompt": "car", "budget": 0.005}, "tree"], budget=1.0))
    assert sorted(o.calls for o in own) == [0, 1]
    with pytest.raises(InputError, match="budget"):
        many(["car"], budget=-1.0)


def test_the_track_record_is_frozen_for_the_batch_and_learns_at_the_end_of_each_run(tmp_path):
    engine.generate("car tree", experts=pool(), critic=ScriptedCritic(), extractor=Words(), **SMALL)
    with open_store() as store:
        before = store.record().tally("draw").calls
    outcomes = list(many([f"car{n} tree" for n in range(6)], concurrency=2, out=tmp_path / "b"))
    assert len({o.result.trace.record_digest for o in outcomes}) == 1
    with open_store() as store:
        assert store.record().tally("draw").calls == before + 6
    # also for what is added later
    (added,) = (o for o in many([*(f"car{n} tree" for n in range(6)), "hat"], out=tmp_path / "b") if not o.before)
    assert added.result.trace.record_digest == outcomes[0].result.trace.record_digest


def events_until(count: int, out: Path, prompts: list[str], **options) -> list:
    """A batch that is stopped after so many steps."""
    stop, seen, steps = threading.Event(), [], 0
    given = {"experts": pool(0.3), "critic": ScriptedCritic(), "extractor": Words(), **SMALL, **options}
    for event in engine.batch(jobs_of(prompts), out=out, stop=stop, **given):
        seen.append(event)
        steps += isinstance(event, PromptEvent) and type(event.event).__name__ == "StepDone"
        if steps == count:
            stop.set()
    return seen


PROMPTS = ["car tree dog hat", "sun moon", "cat boat star", "house kite", "fish fork spoon"]


def test_a_batch_that_was_stopped_goes_on_as_if_nothing_had_happened(tmp_path):
    whole = list(many(PROMPTS, experts=pool(0.3), out=tmp_path / "whole", concurrency=2))
    forget()
    seen = events_until(4, tmp_path / "b", PROMPTS, concurrency=2)
    assert isinstance(seen[0], BatchReady)
    finished = seen[-1]
    assert isinstance(finished, BatchFinished)
    assert finished.stopped
    states = [o.status for o in finished.outcomes]
    assert "waiting" in states
    assert "interrupted" in states
    asked = pool(0.3)
    again = {o.index: o for o in many(PROMPTS, experts=asked, out=tmp_path / "b", concurrency=2)}
    assert len(again) == len(PROMPTS)
    for outcome in whole:
        same = again[outcome.index]
        assert same.status == "finished"
        assert same.alignment == outcome.alignment
        assert same.calls == outcome.calls
        assert Picture.open(same.image) == Picture.open(outcome.image)
    # what was received before was not asked for again, and what the stop cut off was
    cut = [o.result.trace for o in seen if isinstance(o, Outcome)]
    received = sum(step.picture is not None for trace in cut for step in trace.steps)
    assert received + sum(len(expert.requests) for expert in asked) == sum(o.calls for o in whole)
    with open_store() as store:
        assert {row.status for row in store.runs()} == {"finished"}
        assert len(store.runs()) == len(PROMPTS)
    third = list(many(PROMPTS, experts=asked, out=tmp_path / "b"))
    assert all(o.before and o.status == "finished" for o in third)
    assert {o.index: o.calls for o in third} == {o.index: o.calls for o in whole}


def test_new_lines_are_added_and_changed_ones_are_noticed(tmp_path):
    def notes_and_new(prompts):
        events = list(
            engine.batch(jobs_of(prompts), out=tmp_path, experts=pool(), critic=ScriptedCritic(), extractor=Words(),
                         **SMALL)
        )  # fmt: skip
        return events[0].notes, sorted(e.index for e in events if isinstance(e, Outcome)), events[-1]

    assert notes_and_new(["car", "tree", "dog"])[:2] == ((), [0, 1, 2])
    notes, made, _ = notes_and_new(["car", "blue tree", "dog", "hat"])
    assert made == [1, 3]
    assert any("line 2 has changed ('tree' before)" in note and "prompts/0002-tree" in note for note in notes)
    assert "line 4 is new" in notes
    # moved lines are the same prompts, those that come back too
    notes, made, last = notes_and_new(["hat", "dog", "tree", "car"])
    assert made == []
    assert notes == ("not in the file any more: what stood on line 2 before; what was made of it stays",)
    assert [o.prompt for o in last.outcomes] == ["hat", "dog", "tree", "car"]
    notes, made, _ = notes_and_new(["hat"])
    assert made == []
    assert any("not in the file any more: what stood on line 2, 3, 4" in note for note in notes)
    # twice the same prompt is two pictures
    assert notes_and_new(["hat", "hat"])[1] == [1]
    assert len(list((tmp_path / "prompts").iterdir())) == 6


def test_other_options_and_two_processes_at_once_are_refused(tmp_path):
    told = many(["car", "tree"], out=tmp_path / "b")
    next(told)
    with pytest.raises(InputError, match="being carried out already"):
        many(["car", "tree"], out=tmp_path / "b")
    list(told)
    with pytest.raises(InputError, match="was begun with size"):
        many(["car", "tree"], out=tmp_path / "b", size=(512, 512))
    (tmp_path / "other" / "prompts").mkdir(parents=True)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "summary.csv").write_text("of somebody else")
    for name in ("other", "mine"):
        with pytest.raises(InputError, match="holds something else"):
            many(["car"], out=tmp_path / name)
    for wrong in ({"concurrency": 0}, {"deadline": 0.0}):
        with pytest.raises(InputError):
            many(["car"], **wrong)
    with pytest.raises(InputError, match="One prompt alone"):
        engine.generate_many("car")
    with pytest.raises(InputError, match="at least one"):
        engine.generate_many([])


def test_what_ended_without_a_picture_is_made_anew_on_request(tmp_path):
    away = [FakeExpert("draw", faults=["unavailable"] * 40)]
    (first,) = many(["car"], experts=away, out=tmp_path / "b")
    assert first.status == "finished"
    assert first.image is None
    (again,) = many(["car"], experts=[FakeExpert("draw")], out=tmp_path / "b")
    assert again.before
    (made,) = many(["car"], experts=[FakeExpert("draw")], out=tmp_path / "b", retry=True)
    assert made.alignment == 1.0
    (kept,) = many(["car"], experts=[FakeExpert("draw")], out=tmp_path / "b", retry=True)
    assert kept.before
    assert kept.alignment == 1.0


def test_the_summary_and_the_sheet_say_it_all(tmp_path):
    list(many(["car", "bad", "=tree"], out=tmp_path / "b"))
    rows = list(csv.DictReader((tmp_path / "b" / "summary.csv").read_text(encoding="utf-8").splitlines()))
    assert [row["status"] for row in rows] == ["finished", "failed", "finished"]
    assert [row["line"] for row in rows] == ["1", "2", "3"]
    # no formula for a spreadsheet
    assert rows[2]["prompt"] == "'=tree"
    assert Path(rows[0]["image"]).exists()
    said = json.loads((tmp_path / "b" / "summary.json").read_text())
    assert (said["pictures"], said["finished"], said["failed"]) == (2, 2, 1)
    assert said["usd"] == pytest.approx(0.02)
    assert "It cannot be read" in said["prompts"][1]["error"]
    sheet = Picture.open(tmp_path / "b" / "contact_sheet.png")
    assert sheet.width >= 640
    trace, pictures = read_run(tmp_path / "b" / "prompts" / "0001-car")
    assert trace.best.sha256 in pictures


def test_a_sheet_of_very_many_prompts_shows_the_first_of_them():
    def sheet(count: int) -> Picture:
        outcomes = tuple(Outcome(index=n, line=n + 1, prompt="car") for n in range(count))
        return contact_sheet(BatchFinished(outcomes=outcomes), "many")

    most = sheet(MOST_ON_SHEET)
    more = sheet(MOST_ON_SHEET + 500)
    assert more.size == most.size
    assert more != most


def test_runs_that_the_store_has_lost_are_known_by_their_folders(tmp_path):
    list(many(["car", "tree"], out=tmp_path / "b"))
    with open_store() as store:
        assert store.clean(older_than=0.0).runs == 2
    again = list(many(["car", "tree"], out=tmp_path / "b"))
    assert all(o.before and o.alignment == 1.0 for o in again)


def test_a_run_whose_trace_the_store_could_not_keep_is_known_by_its_folder_or_gone_on_with(tmp_path):
    list(many(["car", "tree"], out=tmp_path / "b"))
    with open_store() as store:
        store._database.write(lambda connection: connection.execute("DELETE FROM traces").rowcount)
    (tmp_path / "b" / "prompts" / "0002-tree" / "trace.json").unlink()
    asked = pool()
    first, second = sorted(many(["car", "tree"], experts=asked, out=tmp_path / "b"), key=lambda o: o.index)
    assert first.before
    assert not second.before
    assert first.alignment == second.alignment == 1.0
    # out of its journal
    assert not any(expert.requests for expert in asked)


def test_what_was_spent_counts_also_when_the_store_was_cleaned(tmp_path):
    prices = {"experts": pool(price=0.4)}
    first = list(many([{"prompt": "car", "n": 2}], out=tmp_path / "b", budget=1.0, **prices))
    assert first[0].usd == pytest.approx(0.8)
    with open_store() as store:
        assert store.clean(older_than=0.0).runs == 1
    again = list(many([{"prompt": "car", "n": 2}, "tree"], out=tmp_path / "b", budget=1.0, **prices))
    assert (again[0].before, again[0].usd, again[0].calls) == (True, first[0].usd, 2)
    # what is left is less than a call costs
    assert again[1].calls == 0


def test_a_budget_that_what_was_begun_does_not_know_is_refused_and_one_that_is_spent_is_told(tmp_path):
    events_until(4, tmp_path / "b", PROMPTS, concurrency=2)
    with pytest.raises(InputError, match="was begun without a budget"):
        many(PROMPTS, experts=pool(0.3), out=tmp_path / "b", budget=1.0)
    list(many(PROMPTS, experts=pool(0.3), out=tmp_path / "b"))
    told = engine.batch(
        jobs_of([*PROMPTS, "hat"]), out=tmp_path / "b", budget=0.001, experts=pool(0.3), critic=ScriptedCritic(),
        extractor=Words(), **SMALL,
    )  # fmt: skip
    ready, *_, last = told
    assert any("more than this budget" in note for note in ready.notes)
    assert last.outcomes[-1].calls == 0


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", "\ufeffa red car\n\n  two trees  \r\n"),
        ("a.jsonl", '{"prompt": "a red car"}\n\n"two trees"\n'),
        ("a.csv", 'prompt,seed\n"a red car",\n two trees ,\n'),
    ],
)
def test_files_are_read(tmp_path, name, text):
    (tmp_path / name).write_text(text, encoding="utf-8", newline="")
    assert [job.prompt for job in read_jobs(tmp_path / name)] == ["a red car", "two trees"]


def test_options_of_a_line_are_read_and_paths_are_meant_from_the_file(tmp_path):
    line = {"prompt": "x", "seed": 3, "image": "cat.png", "size": "512x256", "experts": ["a", "b"], "budget": 0.5,
            "explore": False, "n": 2, "max_steps": 4, "thrift": 0.1}  # fmt: skip
    (tmp_path / "a.jsonl").write_text(json.dumps(line))
    heading = ",".join(line)
    cells = '"x",3,cat.png,512x256,"a,b",0.5,no,2,4,0.1'
    (tmp_path / "a.csv").write_text(f"{heading}\n{cells}\n")
    (one,), (other,) = read_jobs(tmp_path / "a.jsonl"), read_jobs(tmp_path / "a.csv")
    assert one.options == other.options
    assert one.options["image"] == tmp_path / "cat.png"
    assert (one.options["size"], one.options["experts"]) == ((512, 256), ["a", "b"])


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.jsonl", '{"prompt": "x", "sed": 1}', "Did you mean 'seed'"),
        ("a.csv", "prompt,expert\nx,a\n", "Did you mean 'experts'"),
        ("a.jsonl", '{"prompt": "x", "seed": "many"}', "seed of prompt 1 is 'many'"),
        ("a.jsonl", '{"prompt": ""}', "give text in `prompt`"),
        ("a.jsonl", "{no json}", "line 1 is not JSON"),
        ("a.csv", "prompt\na,b\n", "more cells than the heading"),
        ("a.csv", 'prompt\n"a\n', "not CSV"),
        ("a.txt", "\n\n", "at least one"),
        ("a.md", "x", "ends in .txt, .jsonl, .csv"),
        ("a.jsonl", '{"prompt": "x", "size": [3]}', "size of prompt 1"),
        ("a.jsonl", "[1]", "is a list"),
        ("a.jsonl", '{"prompt": "x", "seed": 1e999}', "seed of prompt 1 is inf"),
        ("a.jsonl", '{"prompt": "x", "size": [1e999, 9]}', "size of prompt 1"),
        ("a.jsonl", '{"prompt": "x", "plan": 5}', "plan of prompt 1 is 5: give a path"),
        ("a.jsonl", '{"prompt": "x", "experts": [1, 2]}', "experts of prompt 1 .*: give names"),
        ("a.jsonl", '{"prompt": "x", "experts": {"a": 1}}', "experts of prompt 1"),
        ("a.jsonl", '{"prompt": "x", "critic": []}', "critic of prompt 1 .*: give a name"),
        ("a.jsonl", '{"prompt": "x", "image": "~nobody-of-this-name/x"}', "image of prompt 1"),
    ],
)
def test_what_cannot_be_worked_with_is_told_before_anything_begins(tmp_path, name, text, said):
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=said):
        read_jobs(tmp_path / name)


def test_a_path_that_no_file_can_have_fails_its_prompt_alone(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"prompt": "x", "image": "a\\u0000b"}\n"car"\n')
    told = engine.batch(
        read_jobs(tmp_path / "a.jsonl"), out=tmp_path / "b", experts=pool(), critic=ScriptedCritic(),
        extractor=Words(), **SMALL,
    )  # fmt: skip
    *_, last = told
    assert [outcome.status for outcome in last.outcomes] == ["failed", "finished"]


def test_missing_and_undecodable_files_are_told(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        read_jobs(tmp_path / "no.txt")
    (tmp_path / "a.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not UTF-8"):
        read_jobs(tmp_path / "a.txt")
    with pytest.raises(UnknownName, match="Did you mean 'image'"):
        jobs_of([{"prompt": "x", "imge": "a"}])


@pytest.mark.heavy
def test_a_batch_that_is_killed_again_and_again_bills_every_key_once(tmp_path):
    """SIGKILL at random moments; each start goes on, and in the end everything is there, paid for once."""
    prompts = 24
    rng = random.Random(5)
    with ImagesServer(latency=0.05, usage=False) as server:
        settings = SETTINGS.format(server=server.address) + (
            '\n[[extractors]]\nname = "words"\nuse = "tests.engine.test_batch:Words"\n'
        )
        (tmp_path / "poser.toml").write_text(settings, encoding="utf-8")
        (tmp_path / "p.txt").write_text("".join(f"cat{n} dog{n} tree{n}\n" for n in range(prompts)))
        root = str(Path(__file__).parents[2])
        environment = {
            **os.environ, "POSER_HOME": str(tmp_path / "home"), "OPENAI_API_KEY": "sk-test-000000", "PYTHONPATH": root
        }  # fmt: skip
        command = [
            sys.executable, "-m", "poser.cli", "batch", "p.txt", "--out", "out", "--concurrency", "6", "--experts",
            "draw,mend", "--critic", "dice", "--extractor", "words", "--policy", "greedy", "--no-explore",
            "--max-steps", "5", "--size", "256x256", "--yes", "--json",
        ]  # fmt: skip
        kills, ended = 0, False
        while not ended:
            child = subprocess.Popen(
                command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
            # in the midst of calls, however long it takes to start
            enough = len(server.requests) + rng.randint(1, 8) if kills < 6 else math.inf
            end = time.monotonic() + 300
            while not ended and len(server.requests) < enough:
                try:
                    said, trouble = child.communicate(timeout=0.02)
                    ended = True
                except subprocess.TimeoutExpired:
                    assert time.monotonic() < end, "it hangs"
            if not ended:
                child.send_signal(signal.SIGKILL)
                child.communicate()
                kills += 1
        assert child.returncode == 0, trouble[-3000:]
        sent = [request.key for request in server.requests]
        bills = dict(server.bills)
    assert kills == 6
    report = json.loads(said)
    assert report["pictures"] == report["finished"] == prompts
    assert all((tmp_path / row["image"]).is_file() for row in report["prompts"])
    # each key was billed once, however often it was sent, and all of them belong to what came out
    assert set(bills.values()) == {1}
    assert len(bills) == len(set(sent)) == sum(row["calls"] for row in report["prompts"])
    assert report["usd"] == pytest.approx(0.01 * len(bills))
    assert all(key.split("/")[0] in {row["run"] for row in report["prompts"]} for key in bills)
