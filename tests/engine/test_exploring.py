"""New experts get tried: what the default policy sees of them is drawn, in a run and in its forecast."""

from __future__ import annotations

from poser import engine
from poser.critics.testing import ScriptedCritic
from poser.engine.order import EXPLORE_BELOW
from poser.experts.record import Cell, TrackRecord
from poser.experts.testing import FakeExpert
from poser.experts.types import Atom, Command, Operation, Plan
from poser.policies.baselines import Greedy
from tests.own_record import forget_record, own_record, put_record

HISTORIES, PROMPTS = 4, 8
ADD, TEXT = Operation.ADD, Operation.TEXT


class Modest(FakeExpert):
    """Can do more than it dares to declare."""

    @property
    def spec(self):
        declared = super().spec
        return declared.model_copy(update={"operations": dict.fromkeys(declared.operations, 0.5)})


def command(name: str, operation: Operation, subject: str) -> Command:
    kind = "text" if operation is TEXT else "entity"
    atom = Atom(id=f"{name}a", tuple=(kind, subject), question=f"Is there {subject}?")
    return Command(id=name, operation=operation, subjects=(subject,), text=f"Add {subject}", atoms=(atom,))


PLAN = Plan(
    prompt="a poster",
    commands=(
        *(command(f"c{k}", ADD, noun) for k, noun in enumerate(("car", "tree", "house"))),
        command("sign", TEXT, "WELCOME"),
    ),
)


def well_known_pool():
    """Who draws cannot write; who writes is known to succeed in 7 of 10 calls; who is new always would."""

    def fill(record):
        for name, skill, ability in (
            ("painter", "add", 0.7),
            ("painter", "text", 0.05),
            ("inserter", "add", 0.6),
            ("letterer", "text", 0.7),
        ):
            for merged in (1, 2, 3, 5):
                counts = Cell(success=60 * ability, failure=60 * (1 - ability), damaged=1, spared=60)
                record.observe(name, skill, merged, counts)

    known = TrackRecord()
    fill(known)
    put_record(known)
    return [
        FakeExpert("painter", ability={ADD: 0.7, TEXT: 0.05}, operations=[ADD, TEXT]),
        FakeExpert("inserter", "i2i", ability=0.6, operations=[ADD]),
        FakeExpert("letterer", "i2i", ability=0.7, operations=[TEXT]),
        Modest("newcomer", "i2i", ability=1.0, operations=[TEXT]),
    ]


def order(pool, seed: int, explore: bool):
    return {
        "plan": PLAN, "experts": pool, "critic": ScriptedCritic(), "size": (256, 256), "seed": seed, "explore": explore
    }  # fmt: skip


def writers(explore: bool, history: int):
    """Who was asked for the lettering alone, prompt by prompt, with a record that grows."""
    pool = well_known_pool()
    runs = [engine.generate(**order(pool, PROMPTS * history + n, explore)) for n in range(PROMPTS)]
    return [[step.expert for step in run.trace.steps if step.target == "sign"] for run in runs]


def test_a_new_expert_that_is_better_gets_tried_within_a_few_prompts():
    # asked before anybody else, not because another one failed
    first = [sum(run[:1] == ["newcomer"] for run in writers(True, history)) for history in range(HISTORIES)]
    assert sum(times > 0 for times in first) >= HISTORIES - 1


def test_the_first_prompt_already_may_try_a_new_expert_if_exploring_is_on():
    def asked_first(explore):
        pool = well_known_pool()
        before, first = own_record(), []
        for seed in range(16):
            put_record(before)
            steps = engine.generate(**order(pool, seed, explore)).trace.steps
            first += [step.expert for step in steps if step.target == "sign"][:1]
        return first.count("newcomer")

    assert asked_first(False) == 0
    assert asked_first(True) >= 2


def test_draws_depend_on_the_seed_alone():
    pool = well_known_pool()
    before = own_record()

    def choices(seed, n=1):
        put_record(before)
        result = engine.generate(**order(pool, seed, True), n=n)
        return [[(step.expert, step.target) for step in one.trace.steps] for one in result.variants or [result]]

    alone = choices(7)
    assert choices(7) == alone
    assert choices(6, n=2)[1:] == alone
    assert any(choices(seed) != alone for seed in range(8, 16))


def test_reason_and_trace_say_what_was_drawn():
    result = engine.generate(**order([FakeExpert("newcomer")], 3, True))
    assert result.trace.rules["draw_below"] == EXPLORE_BELOW
    decision = result.trace.steps[0].decision
    assert f"its chance of {decision.alternatives[0].parts['chance']:.2f} is a draw" in decision.reason
    forget_record()
    result = engine.generate(**order([FakeExpert("newcomer")], 3, False))
    assert result.trace.rules["draw_below"] == 0
    assert "draw" not in result.trace.steps[0].decision.reason


def test_a_policy_that_looks_at_no_chances_gives_no_such_reason():
    result = engine.generate(**order([FakeExpert("newcomer")], 3, True), policy="random")
    assert all("is a draw" not in step.decision.reason for step in result.trace.steps if step.decision)


def test_a_policy_may_decide_without_alternatives():
    class Terse(Greedy):
        """Gives no reasons."""

        def decide(self, turn, experts, commands):
            actions, decisions = super().decide(turn, experts, commands)
            return actions, [each and each.model_copy(update={"alternatives": ()}) for each in decisions]

    result = engine.generate(**order([FakeExpert("newcomer")], 3, True), policy=Terse())
    assert result.trace.steps[0].decision.alternatives == ()


def test_the_forecast_shows_what_the_run_would_do():
    pool = well_known_pool()
    before = own_record()
    seeds = range(60, 70)
    asked = {}
    for explore in (True, False):
        foretold = {seed: engine.forecast(**order(pool, seed, explore)) for seed in seeds}
        asked[explore] = {
            seed: sum(one.calls for one in forecast.asked if one.expert == "newcomer")
            for seed, forecast in foretold.items()
        }
        assert own_record().digest() == before.digest()
        assert not any(expert.requests for expert in pool)
    # the dice of the simulation depend on the seed too, the draws weigh far more
    spread = {explore: max(calls.values()) - min(calls.values()) for explore, calls in asked.items()}
    assert spread[True] > 2 * spread[False]
