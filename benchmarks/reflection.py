"""`make bench-reflection`: what rewording an instruction that has failed twice is worth, where experts read text.

The studio's experts go by structured commands and read no text, so words cannot matter to them. Here each stands
behind a **reader**: the grammar extractor reads the text of the request, and the expert gets what was read and nothing
else. What is badly worded is badly drawn, by real reading, though no image model reads like that. The plans are
sampled; their instructions, and the prompt made of them, are put in words by a list that was written to be misread in
part, before anything was drawn by it. Atoms, ids, seeds, experts and policy are the same in all arms; only texts
differ:

- **off**: the instructions stay;
- **on, other words**: `LLMExtractor` over HTTP against a chat server on loopback whose replies are **scripted**:
  another wording from the same list by chance. Such a rewriter does not know what experts can read; what the product
  adds to its replies (statements of atoms that they leave out) is added. Tokens are counted as four characters each, at
  a *simulated* price;
- **on, plain words**: a rule that builds the instruction from the command's atoms; free. The reader knows these words:
  this is the most that rewording can do here, not what a language model does;
- **plain from the start, off**: those words in the plan: what fails there is not a matter of words;
- **plain from the start, on, other words**: reflection where nothing was badly worded: does it do harm?

The learned policy plays; nothing is drawn for experts with few tries. Prices of calls are the studio's *simulated*
list. The detector is the critic of the runs; the neural judge sees the returned pictures alone.
"""

from __future__ import annotations

import argparse
import json
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.annotated_jobs import make_jobs
from benchmarks.reflection_page import Arm, Episode, write_page
from benchmarks.reflection_wordings import plainly, reworded, worded
from benchmarks.report import FIGURES
from benchmarks.suite_facts import ANNOTATED, SHORT, Fact, load_suite
from benchmarks.suite_matching import match_facts
from poser.critics.detector import DetectorCritic
from poser.critics.judge.critic import NeuralJudge
from poser.envs.calibration import Calibration
from poser.envs.driver import Driver, Task
from poser.envs.rewriting import Rewriter, Rewriting
from poser.envs.tasks import sample_plan
from poser.envs.trace import Trace
from poser.evaluate.judged import judge_pictures
from poser.evaluate.report import check_intervals
from poser.experts.base import CallContext, Expert
from poser.experts.errors import ExpertError, InvalidRequest
from poser.experts.studio.pool import studio_experts
from poser.experts.types import Command, ExpertRequest, ExpertResult, ExpertSpec, Plan
from poser.extract.grammar import GrammarExtractor
from poser.extract.llm import LLMExtractor
from poser.policies.learned import Learned
from tests.loopback.chat_server import ChatServer, Reply

SEED, PROMPTS, SIZE, BATCH = 0, 40, 512, 8
COMMANDS = (4, 6)
CALIBRATION = Path(__file__).parent / "data" / "studio_calibration.json"
USD_PER_TOKEN = 4e-7, 1.6e-6
"""Simulated prices of a language model, of what it reads and of what it writes."""

OFF, OTHER, PLAIN = "off", "on, other words", "on, plain words"
START, NEEDLESS = "plain from the start, off", "plain from the start, on, other words"


class Reading(Expert):
    """An expert of the studio that knows of its commands what the grammar reads in the text."""

    def __init__(self, inner: Expert) -> None:
        self.inner, self.concurrent = inner, inner.concurrent
        self._grammar = GrammarExtractor()

    @property
    def spec(self) -> ExpertSpec:
        """Of the expert."""
        return self.inner.spec

    def refuses(self, command: Command, has_source: bool) -> str | None:
        """As the expert: what kinds of commands are sent to it at all is no matter of words."""
        return self.inner.refuses(command, has_source)

    def run(self, requests: Sequence[ExpertRequest], ctx: CallContext) -> list[ExpertResult | ExpertError]:
        """Read, then call the expert with what it can do of that."""
        return [self._one(request, ctx) for request in requests]

    def _one(self, request: ExpertRequest, ctx: CallContext) -> ExpertResult | ExpertError:
        edits = request.source is not None
        read = self._grammar.extract(request.text, request.source.ref if request.source is not None else None)
        able = tuple(command for command in read.commands if self.inner.refuses(command, edits) is None)
        if not able:
            return InvalidRequest(f"{self.spec.name} found nothing that it can do in: {request.text}")
        [result] = self.inner.run([replace(request, commands=able)], ctx)
        return result


class PlainWords:
    """Rewords by rule, from the atoms."""

    name = "plain words"
    rewrite_price: float | None = 0.0

    def rewrite(
        self, plan: Plan, command_id: str, feedback: Sequence[str], tries: int, cancelled: Callable[[], bool]
    ) -> Rewriting:
        """See `Rewriter`; feedback is not looked at."""
        return Rewriting(text=plainly(plan.command(command_id)))


def is_read(command: Command, text: str) -> bool:
    """Whether the reader finds every atom of the command in the text alone."""
    atoms = GrammarExtractor().extract(text).atoms
    return match_facts([Fact(atom, optional=False) for atom in command.atoms], atoms).recall == 1.0


def sample_plans(prompts: int, seed: int = SEED, commands: tuple[int, int] = COMMANDS) -> list[Plan]:
    """Plans in words by chance."""
    rng = np.random.default_rng(seed)
    plans = [sample_plan(rng, commands) for _ in range(prompts)]
    return [reworded(plan, [worded(command, rng) for command in plan.commands]) for plan in plans]


def scripted(plans: Sequence[Plan], seed: int = SEED) -> Callable[[dict[str, Any]], Reply]:
    """What the chat server says: other words for the instruction that stands in the request."""
    commands = {command.text: command for plan in plans for command in plan.commands}

    def says(body: dict[str, Any]) -> Reply:
        asked = "\n".join(message["content"] for message in body["messages"])
        line = next(line for line in asked.splitlines() if line.startswith("Instruction, which failed"))
        before = line.partition(" times: ")[2]
        rng = np.random.default_rng([seed, zlib.crc32(before.encode())])
        said = json.dumps({"instruction": worded(commands[before], rng)})
        return Reply(said, usage=(len(asked) // 4, len(said) // 4))

    return says


def play(plans: Sequence[Plan], rewriter: Rewriter | None, seed: int = SEED) -> list[Episode]:
    """All prompts in one arm."""
    experts = [Reading(expert) for expert in studio_experts()]
    critic, judge, records = DetectorCritic(), NeuralJudge(), Calibration.load(CALIBRATION).records()
    policy, episodes = Learned(), list[Episode]()
    for start in range(0, len(plans), BATCH):
        tasks = [
            Task(plan=plan, seed=seed + start + row, width=SIZE, height=SIZE)
            for row, plan in enumerate(plans[start : start + BATCH])
        ]
        driver = Driver(experts, critic, records=records, prices="simulated", deadline_seconds=None, rewriter=rewriter)
        turn = driver.reset(tasks)
        policy.reset(turn, [task.seed for task in tasks])
        while not turn.done.all():
            turn = driver.step(policy.act(turn))
        seen = judge_pictures(judge, tasks, [driver.best(row) for row in range(len(tasks))])
        episodes += [_episode(trace, float(seen.quality[row])) for row, trace in enumerate(driver.traces())]
    return episodes


def _episode(trace: Trace, judged: float) -> Episode:
    done = {name: status == "satisfied" for name, status in trace.statuses.items()}
    commands = {command.id: command for command in trace.plan.commands}
    misread = {name for name, command in commands.items() if not is_read(command, command.text)}
    texts = {rewrite.command: rewrite.text or rewrite.before for rewrite in trace.rewrites}  # each once at most
    return Episode(
        alignment=trace.alignment,
        judged=judged,
        whole=all(done.values()),
        calls=sum(bool(step.expert) for step in trace.steps),
        call_usd=trace.simulated_usd or 0.0,
        rewrite_usd=sum(rewrite.usage.usd or 0.0 for rewrite in trace.rewrites),
        tokens=sum((r.usage.input_tokens or 0) + (r.usage.output_tokens or 0) for r in trace.rewrites),
        seconds=trace.seconds,
        commands=len(commands),
        done=sum(done.values()),
        misread=len(misread),
        misread_done=sum(done[name] for name in misread),
        rewrites=len(texts),
        in_vain=sum(name not in misread for name in texts),
        mended=sum(name in misread and is_read(commands[name], text) for name, text in texts.items()),
        spoilt=sum(name not in misread and not is_read(commands[name], text) for name, text in texts.items()),
    )


def run_arms(plans: Sequence[Plan]) -> dict[str, Arm]:
    """Arm -> what came of it, all on these plans."""
    plain = [reworded(plan, [plainly(command) for command in plan.commands]) for plan in plans]
    results: dict[str, Arm] = {}
    with ChatServer(says=scripted([*plans, *plain])) as server:
        model = LLMExtractor(
            name="scripted chat server", model="scripted", base_url=server.address, api_key_env="",
            input_cost_per_token=USD_PER_TOKEN[0], output_cost_per_token=USD_PER_TOKEN[1],
        )  # fmt: skip
        arms: Mapping[str, tuple[Sequence[Plan], Rewriter | None, str]] = {
            OFF: (plans, None, ""),
            OTHER: (plans, model, OFF),
            PLAIN: (plans, PlainWords(), OFF),
            START: (plain, None, OFF),
            NEEDLESS: (plain, model, START),
        }
        try:
            for name, (worded_plans, rewriter, beside) in arms.items():
                started = time.perf_counter()
                episodes = play(worded_plans, rewriter)
                results[name] = Arm(episodes, beside, time.perf_counter() - started)
                alignment = results[name].column("alignment").mean()
                print(f"{name}: {alignment:.3f} after {results[name].seconds:.0f} s", flush=True)
        finally:
            model.close()
    return results


def own_instructions() -> tuple[int, int]:
    """How many instructions the grammar writes for the annotated prompts, and how many of them are read right."""
    jobs = make_jobs((*load_suite(ANNOTATED), *load_suite(SHORT)), SEED)
    read = [is_read(command, command.text) for job in jobs for command in job.plan.commands]
    return len(read), sum(read)


def main() -> None:
    """Play all arms, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prompts", type=int, default=PROMPTS)
    parser.add_argument("--out", type=Path, default=FIGURES)
    asked = parser.parse_args()
    if asked.prompts != PROMPTS and asked.out == FIGURES:
        parser.error("--prompts is for trying; give --out FOLDER, so that the page of all prompts is not replaced.")
    check_intervals()
    started = time.perf_counter()
    arms, own = run_arms(sample_plans(asked.prompts)), own_instructions()
    about = (__doc__ or "").split("\n\n", 1)[1]
    write_page(arms, own, about=about, folder=asked.out, seed=SEED, seconds=time.perf_counter() - started)


if __name__ == "__main__":
    main()
