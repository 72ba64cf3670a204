"""`make bench-experts`: what overlapping calls, adapters, batches and replay cost.

**Throughput.** 64 prompts against an Images API server on loopback, in a process of its own, that waits 100 ms before
each answer; 64 calls at a time, a scripted critic. Every round runs the bare `openai` client (64 threads; answer to
pixels) and the ways below once, in turning order; the ratio is that of the bare client's time to theirs, pair by pair:

- *adapter*: `OpenAIImages.run` on 64 requests, with its checks and the hash of every picture
- *driver*: 64 plans side by side in one `Driver`: observation, policy, calls, critic, MDP, traces
- *runs*: `poser.generate_many`, 64 independent runs over the shared expert, nothing written (256 px is the smallest
  picture that runs make)
- *kept runs*: the same with `out=`: journal, store, storyboard, all files of every run, contact sheet

Medians with 95 % percentile bootstrap intervals of n rounds. The bare client's own work is a few milliseconds a call,
so on few cores every further millisecond a prompt shows: see the last column, what a prompt takes longer.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.experts_single import apart, asked, bare_call, hosted, hosted_overhead, pipeline_overhead, replayed_run
from benchmarks.experts_single import request as request_of
from benchmarks.experts_timing import PROMPTS, Content, Median, alternating, loopback_server, median, plan_of
from benchmarks.report import write
from poser import catalog, engine
from poser.envs.driver import Driver, Task
from poser.evaluate.report import header, table
from poser.experts.openai_images import OpenAIImages

REPEATS = 25
KEPT_REPEATS = 7


def drive(expert: OpenAIImages, px: int) -> None:
    """64 plans side by side, from their reset to their traces."""
    driver = Driver([expert], Content())
    turn = driver.reset([Task(plan=plan_of(f"p{n}"), width=px, height=px, seed=n) for n in range(PROMPTS)])
    policy = catalog.policy("greedy")
    policy.reset(turn, range(PROMPTS))
    while not turn.done.all():
        turn = driver.step(policy.act(turn))
    assert all(trace.alignment == 1.0 and len(trace.steps) == 1 for trace in driver.traces())


def run_all(expert: OpenAIImages, px: int, out: Path | None) -> None:
    """64 runs, each from its order to its result."""
    done = 0
    for outcome in engine.generate_many(
        [{"plan": plan_of(f"p{n}"), "seed": n} for n in range(PROMPTS)],
        experts=[expert],
        critic=Content(),
        policy="greedy",
        explore=False,
        concurrency=PROMPTS,
        size=(px, px),
        out=out,
    ):
        assert outcome.alignment == 1.0, outcome
        assert outcome.calls == 1
        done += 1
    assert done == PROMPTS


Row = tuple[object, ...]


def throughput(px: int, ways: tuple[str, ...], repeats: int, place: Path) -> list[Row]:
    """Rows of the table: way, pixels, n, seconds of both, ratio, milliseconds more a prompt."""
    prompts = [f"p{n}" for n in range(PROMPTS)]
    with loopback_server() as address, ThreadPoolExecutor(PROMPTS) as threads:
        bare, expert = bare_call(address, px), hosted(address)

        def kept() -> None:
            run_all(expert, px, place / "kept")
            shutil.rmtree(place / "kept")

        known: dict[str, Callable[[], object]] = {
            "adapter": lambda: asked(expert, [request_of(prompt, px) for prompt in prompts]),
            "driver": lambda: drive(expert, px),
            "runs": lambda: run_all(expert, px, None),
            "kept runs": kept,
        }
        seconds = alternating(
            {"bare": lambda: list(threads.map(bare, prompts)), **{way: known[way] for way in ways}}, repeats
        )
        expert.close()
    rows: list[Row] = []
    for way in ways:
        pairs = list(zip(seconds["bare"], seconds[way], strict=True))
        rows.append(
            (
                way,
                px,
                repeats,
                str(median(seconds["bare"])),
                str(median(seconds[way])),
                str(median([a / b for a, b in pairs])),
                str(median([1000.0 * (b - a) / PROMPTS for a, b in pairs])),
            )
        )
        print(*rows[-1], sep=" | ", flush=True)
    return rows


def overhead_row(name: str, measured: tuple[Median, Median, Median]) -> Row:
    bare, ours, more = measured
    print(name, *map(str, measured), sep=" | ", flush=True)
    return name, bare.n, str(bare), str(ours), str(more), f"{100 * more.middle / bare.middle:.1f} %"


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--kept-repeats", type=int, default=KEPT_REPEATS)
    parser.add_argument("--only", choices=("throughput", "overhead", "replay"))
    given = parser.parse_args()
    apart()
    load = os.getloadavg()[0]
    text = [
        header("Experts", "make bench-experts", seed=0, load=f"{load:.1f} before"),
        (__doc__ or "").split("\n\n", 1)[1],
    ]
    if given.only in (None, "throughput"):
        with tempfile.TemporaryDirectory() as place:
            rows = [
                *throughput(64, ("adapter", "driver"), given.repeats, Path(place)),
                *throughput(768, ("adapter", "driver"), given.repeats, Path(place)),
                *throughput(256, ("runs",), given.repeats, Path(place)),
                *throughput(768, ("runs",), given.repeats, Path(place)),
                *throughput(256, ("kept runs",), given.kept_repeats, Path(place)),
                *throughput(768, ("kept runs",), given.kept_repeats, Path(place)),
            ]
        columns = ("way", "px", "n", "bare client, s", "this way, s", "ratio of throughput", "ms more a prompt")
        text.append(table(columns, rows))
    if given.only in (None, "overhead"):
        pipeline, ratio = pipeline_overhead(4 * given.repeats)
        rows = [
            overhead_row("OpenAIImages, 64 px", hosted_overhead(64, 4 * given.repeats)),
            overhead_row("OpenAIImages, 768 px", hosted_overhead(768, 4 * given.repeats)),
            overhead_row("DiffusersExpert, tiny Stable Diffusion, 64 px", pipeline),
        ]
        text += [
            "**One call** through the adapter, beside one of the client or pipeline itself, in pairs.\n",
            table(("adapter", "n", "direct, ms", "adapter, ms", "difference, ms", "of direct"), rows),
            f"A batch of 8 calls of the tiny pipeline (`batch_size=8`) takes {ratio} of the time of 8 single ones "
            f"(n {ratio.n}).\n",
        ]
        print("batch of 8 by 8 singles:", ratio, flush=True)
    if given.only in (None, "replay"):
        rows = []
        for kept in (False, True):
            took, steps = replayed_run(given.repeats, kept=kept)
            rows.append(
                ("kept, with its folder and storyboard" if kept else "nothing written", steps, took.n, str(took))
            )
            print(*rows[-1], sep=" | ", flush=True)
        text += [
            "**Replay.** A run at 768 px whose every call is replayed from the store (painted pictures).\n",
            table(("run", "steps", "n", "ms a step"), rows),
        ]
    text.append(f"Load of the machine: {load:.1f} before, {os.getloadavg()[0]:.1f} after.\n")
    page = "\n".join(text)
    if given.only is None:
        write("experts.md", page)
    print(page)


if __name__ == "__main__":
    main()
