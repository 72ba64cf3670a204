"""`make bench-policy-zeroshot`: one policy for registries it never saw, beside policies trained on exactly these.

*Generalist*: trained on random pools of 3 to 12 experts, a new registry every episode; it never saw the registry of a
row. *Specialist*: the same network and settings, the same number of environment steps, all of them on exactly the
registry of the row. Both play the same 2,000 episodes; intervals are over these, for one training each. *Shipped* is
the policy in the package, trained for longer. The studio is its fitted twin at simulated prices.

*A newcomer*: simulated experts whose records are known, and one more that adds things better than any of them (.97) at
no price, with a declared ability of .5 and no calls. It is *clearly better* than incumbents at .80, .75 and .50 (the
last one free, too), or *a little better* than one at .90 besides. Ten prompts come one after another, every run adds to
the track record, nobody is trained. Shares are of the edits that add a single thing, in 40 repetitions.
"""

from __future__ import annotations

import argparse
import json
import time
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.report import write
from benchmarks.training_runs import EVALUATION_SEED, Trained, side_by_side, train_on
from poser.envs.calibration import Calibration
from poser.envs.driver import Driver, Task
from poser.envs.rehearsal import rehearsal_critic, rehearsal_experts
from poser.envs.rules import Rules
from poser.envs.tasks import sample_plan
from poser.envs.twin import PoolSource
from poser.envs.twin_bank import FixedPools
from poser.envs.twin_fitted import FittedPools
from poser.envs.twin_pools import RandomPools
from poser.evaluate.calibrate import calibrate
from poser.evaluate.playing import Figures, play
from poser.evaluate.report import Interval, bootstrap, header, table
from poser.experts.record import TrackRecord
from poser.experts.studio.pool import studio_experts
from poser.experts.testing import FakeExpert
from poser.experts.types import Operation
from poser.policies.baselines import Greedy
from poser.policies.learned import Learned

STUDIO = Path(__file__).parent / "data" / "studio_calibration.json"
RULES, SEED, EPISODES = Rules(), 7, 2000
SIZES = (3, 12, 24, 40)
DRAW_BELOW = 20.0
REPETITIONS, PROMPTS = 40, 10


def registry(name: str) -> PoolSource:
    """The registry of a row: a number of experts, or "studio"."""
    if name == "studio":
        return FittedPools(studio_experts(), Calibration.load(STUDIO), commands=(1, 8))
    return FixedPools(int(name), seed=SEED, commands_range=(1, 8))


def run(job: tuple[str, int]) -> Trained:
    """Train on a registry, or on random pools ("")."""
    name, steps = job
    usual = RandomPools(experts=12, experts_range=(3, 12), usd_cost=(0.05, 20.0), surveyed=0.6)
    source = registry(name) if name else usual
    # 40 experts are long observations, and the replay buffer may take 2 GB
    settings = {"n_timesteps": steps, "buffer_size": 20_000, "seed": 0}
    return train_on(source, settings, rules=RULES, episodes=EPISODES)


def retained(generalist: Figures, specialist: Figures) -> Interval:
    """Return of the first by that of the second, with its interval over paired episodes."""
    base = float(specialist.reward.mean())
    found = bootstrap(generalist.reward - specialist.reward)
    return Interval(*(1.0 + value / base for value in found))


class Newcomer(NamedTuple):
    """[repetitions, prompts] edits that add a single thing, and how many of them went to the newcomer."""

    calls: np.ndarray[Any, np.dtype[np.float64]]
    own: np.ndarray[Any, np.dtype[np.float64]]


class Understated(FakeExpert):
    """Adds things with a chance of .97 and declares .5."""

    def __init__(self) -> None:
        super().__init__(
            "newcomer", "i2i", ability=0.97, damage=0.02, merge_decay=0.3, operations=(Operation.ADD,), price=0.0,
            remember=False,
        )  # fmt: skip
        self._spec = self._spec.model_copy(update={"operations": {Operation.ADD: 0.5}})


def newcomer(draw_below: float, rival: bool) -> Newcomer:
    """Introduce a better expert to a registry whose records are known; `rival`: with one that is nearly as good."""
    old = [expert for expert in rehearsal_experts() if rival or expert.spec.name != "inpaint"]
    experts, critic = [*old, Understated()], rehearsal_critic()
    known = calibrate(old, critic, episodes=80, budget_usd=None, size=256, seed=1).records()
    calls, own = np.zeros((REPETITIONS, PROMPTS)), np.zeros((REPETITIONS, PROMPTS))
    for repetition in range(REPETITIONS):
        records, rng = known.copy(), np.random.default_rng([SEED, repetition])
        for prompt in range(PROMPTS):
            records = _one_prompt(experts, critic, records, rng, draw_below, calls[repetition], own[repetition], prompt)
    return Newcomer(calls, own)


def _one_prompt(
    experts: list[FakeExpert],
    critic: Any,
    records: TrackRecord,
    rng: np.random.Generator,
    draw_below: float,
    calls: np.ndarray[Any, np.dtype[np.float64]],
    own: np.ndarray[Any, np.dtype[np.float64]],
    prompt: int,
) -> TrackRecord:
    driver = Driver(experts, critic, records=records, draw_below=draw_below)
    plan = sample_plan(rng, (4, 8))
    task = Task(plan=plan, width=256, height=256, seed=int(rng.integers(2**31)))
    turn, policy = driver.reset([task]), Learned()
    while not turn.done.all():
        turn = driver.step(policy.act(turn))
    things = {command.id for command in plan.commands if command.operation is Operation.ADD}
    editors = {expert.spec.name for expert in experts if expert.spec.kind == "i2i"}
    for step in driver.steps(0):
        if step.target in things and step.expert in editors:
            calls[prompt] += 1
            own[prompt] += step.expert == "newcomer"
    for name, skill, merged, counts in driver.observed():
        records.observe(name, skill, merged, counts)
    return records


def newcomer_page(results: dict[str, Newcomer]) -> str:
    """Shares prompt by prompt."""
    rows: list[list[object]] = []
    for name, (calls, own) in results.items():
        shares = [own[:, prompt].sum() / max(calls[:, prompt].sum(), 1.0) for prompt in range(PROMPTS)]
        whole = bootstrap(own.sum(axis=1) / np.maximum(calls.sum(axis=1), 1.0))
        most = float((own.sum(axis=1) > calls.sum(axis=1) / 2).mean())
        rows.append([name, *(f"{100 * share:.0f} %" for share in shares), whole, f"{100 * most:.0f} %"])
    columns = ("newcomer, abilities seen", *(f"prompt {n + 1}" for n in range(PROMPTS)), "share of all ten [95 %]",
               "repetitions with more than half")  # fmt: skip
    return "## A newcomer\n\n" + table(columns, rows)


def main() -> None:
    """Measure and write `docs/figures/policy-zeroshot.md`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=300_000, help="environment steps of every training")
    parser.add_argument("--print", action="store_true", help="show the page instead of writing it")
    given = parser.parse_args()
    started = time.perf_counter()
    names = [*(str(size) for size in SIZES), "studio"]
    # the long ones first, so that both processes end together
    jobs = [("40", given.steps), ("studio", given.steps), ("24", given.steps), ("", given.steps), ("12", given.steps),
            ("3", given.steps)]  # fmt: skip
    trained = {name: result for (name, _), result in zip(jobs, side_by_side(run, jobs), strict=True)}
    rows: list[list[object]] = []
    held: dict[str, Any] = {}
    for name in names:
        source = registry(name)
        score = partial(play, source=source, episodes=EPISODES, rules=RULES, seed=EVALUATION_SEED)
        specialist, generalist = trained[name].figures, score(Learned(bundle=trained[""].bundle))
        shipped, greedy = score(Learned()), score(Greedy())
        kept = retained(generalist, specialist), retained(shipped, specialist)
        title = "the studio, fitted" if name == "studio" else f"{name} experts"
        rows.append([title, bootstrap(specialist.reward), bootstrap(generalist.reward), _percent(kept[0]),
                     bootstrap(shipped.reward), _percent(kept[1]), float(greedy.reward.mean()),
                     f"{trained[name].seconds:.0f}"])  # fmt: skip
        held[name] = {"generalist": kept[0]._asdict(), "shipped": kept[1]._asdict()}
        print(f"{title}: {time.perf_counter() - started:.0f} s")
    columns = ("registry", "specialist", "generalist", "of the specialist's return [95 %]", "shipped",
               "of the specialist's return [95 %]", "greedy", "seconds of the specialist's training")  # fmt: skip
    results = {
        f"{name}, {'drawn for new experts' if draw_below else 'means'}": newcomer(draw_below, rival)
        for name, rival in (("clearly better", False), ("a little better", True))
        for draw_below in (DRAW_BELOW, 0.0)
    }
    held["newcomer"] = {name: float(own.sum() / max(calls.sum(), 1)) for name, (calls, own) in results.items()}
    page = header(
        "Registries that were never seen", "make bench-policy-zeroshot", steps=given.steps, n=EPISODES, seed=SEED
    )
    page += "\n" + (__doc__ or "").split("\n\n", 1)[1] + "\n" + table(columns, rows) + "\n" + newcomer_page(results)
    page += f"\nWhole run {time.perf_counter() - started:.0f} s.\n"
    if given.print:
        print(page)
        return
    write("policy-zeroshot.md", page)
    write("policy-zeroshot.json", json.dumps(held, indent=1))


def _percent(share: Interval) -> str:
    return f"{100 * share.mean:.1f} % [{100 * share.low:.1f}, {100 * share.high:.1f}]"


if __name__ == "__main__":
    main()
