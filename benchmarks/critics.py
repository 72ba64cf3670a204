"""`make bench-critics`: what critics that are real models cost in time.

**HTTP.** A verdict of `VLMCritic` on three atoms, beside the same request by the `openai` client itself, against a chat
server on loopback in a process of its own that answers at once. Both encode the picture and send byte for byte the same
messages and schema; the client's side ends with `json.loads` of the answer, the critic's with a checked `Verdict`. In
pairs, in turning order; medians with 95 % percentile bootstrap intervals of n pairs. The last column is the difference
in processor time of the whole process, which other load on the machine does not stretch.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from benchmarks.critics_local import local_section
from benchmarks.experts_single import Painted
from benchmarks.experts_timing import Median, alternating, median
from benchmarks.report import write
from poser.critics.base import judge_checked
from poser.critics.prompts import prompts
from poser.critics.types import JudgeRequest, Verdict
from poser.critics.vlm import VLMCritic
from poser.critics.vlm_answers import questions, schema
from poser.critics.vlm_asking import conversation, shown, text_part
from poser.evaluate.report import header, table
from poser.experts.base import CallContext
from poser.experts.picture import Picture
from poser.experts.types import Atom, ExpertRequest, ExpertResult

REPEATS = 200
MODEL = "any"


class Row(NamedTuple):
    """One line of the table: what was measured, milliseconds of both ways, and of their difference, pair by pair."""

    name: str
    direct: Median
    critic: Median
    more: Median
    processor: Median

    def cells(self) -> tuple[object, ...]:
        return self.name, self.more.n, str(self.direct), str(self.critic), str(self.more), str(self.processor)


ATOMS = (
    Atom(id="a1", tuple=("entity", "car"), question="Is there a car?"),
    Atom(id="a2", tuple=("attribute", "color", "car", "red"), question="Is the car red?"),
    Atom(id="a3", tuple=("entity", "tree"), question="Is there a tree?", answer="no"),
)


@contextmanager
def chat_server() -> Iterator[str]:
    """Address of a chat server in a process of its own, which answers by the request's schema at once."""
    command = [sys.executable, "-m", "tests.loopback.chat_server"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def painted(px: int) -> Picture:
    """A picture as the studio paints them."""
    asked = ExpertRequest(mode="t2i", text="", commands=(), width=px, height=px, seed=1)
    [made] = Painted().run([asked], CallContext())
    assert isinstance(made, ExpertResult)
    return made.picture


def bare_verdict(address: str, request: JudgeRequest, side: int) -> Callable[[], Any]:
    """The client by itself, with the critic's own words."""
    import openai

    client = openai.OpenAI(api_key="none", base_url=address, max_retries=0)
    texts = prompts("vlm_prompts").texts
    form = {"name": "verdict", "strict": True, "schema": schema(len(request.atoms), preservation=False)}

    def call() -> Any:
        told = text_part(f"{texts['schema']['questions']}\n{questions(request.atoms)}")
        answer = client.chat.completions.create(
            model=MODEL,
            messages=conversation(texts["schema"]["system"], [*shown(texts["pictures"], request, side), told]),
            response_format={"type": "json_schema", "json_schema": form},
            max_tokens=4096,
            temperature=0.0,
        )
        return json.loads(answer.choices[0].message.content)

    return call


def http_overhead(px: int, repeats: int) -> Row:
    """What a verdict over HTTP takes longer than the bare client."""
    request = JudgeRequest(picture=painted(px), atoms=ATOMS)
    with chat_server() as address:
        bare = bare_verdict(address, request, 1024)
        critic = VLMCritic(model=MODEL, base_url=address, input_cost_per_token=0.0, output_cost_per_token=0.0)

        def ours() -> None:
            [verdict] = judge_checked(critic, [request], CallContext())
            assert isinstance(verdict, Verdict), verdict

        row = compared(f"VLMCritic, {px} px", bare, ours, repeats)
        critic.close()
    return row


def compared(name: str, direct: Callable[[], object], critic: Callable[[], object], repeats: int) -> Row:
    """A row on two ways to the same."""

    def in_ms(values: list[float]) -> Median:
        return median([1000.0 * value for value in values])

    ways = {"direct": direct, "critic": critic}
    wall = alternating(ways, repeats)
    busy = alternating(ways, repeats, time.process_time)
    return Row(
        name,
        in_ms(wall["direct"]),
        in_ms(wall["critic"]),
        in_ms([b - a for a, b in zip(wall["direct"], wall["critic"], strict=True)]),
        in_ms([b - a for a, b in zip(busy["direct"], busy["critic"], strict=True)]),
    )


def http_section(repeats: int) -> list[str]:
    """The table on HTTP."""
    rows = []
    for px in (64, 768):
        rows.append(http_overhead(px, repeats).cells())
        print(*rows[-1], sep=" | ", flush=True)
    return [table(("critic", "n", "client, ms", "critic, ms", "difference, ms", "of processor, ms"), rows)]


SECTIONS: dict[str, Callable[[int], list[str]]] = {"http": http_section, "local": local_section}
"""Name -> makes a part of the page, for so many repeats."""


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--only", choices=sorted(SECTIONS))
    given = parser.parse_args()
    load = os.getloadavg()[0]
    text = [
        header("Critics: seconds", "make bench-critics", seed=0, load=f"{load:.1f} before"),
        (__doc__ or "").split("\n\n", 1)[1],
    ]
    for name, section in SECTIONS.items():
        if given.only in (None, name):
            text += section(given.repeats)
    text.append(f"Load of the machine: {load:.1f} before, {os.getloadavg()[0]:.1f} after.\n")
    page = "\n".join(text)
    if given.only is None:
        write("critics-speed.md", page)
    print(page)


if __name__ == "__main__":
    main()
