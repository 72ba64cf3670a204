from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poser.critics.testing import ScriptedCritic
from poser.envs.driver import Driver, Task, call_seed
from poser.envs.rules import Rules
from poser.envs.trace import Decision, Trace
from poser.experts.errors import InputError, Unavailable
from poser.experts.picture import Picture
from poser.experts.record import Cell, TrackRecord
from poser.experts.testing import FakeExpert
from poser.experts.types import Operation, Plan, Region
from tests.envs.worlds import pick, plan_of, source_picture, thing

SIZE = {"width": 64, "height": 48}


def pool() -> list[FakeExpert]:
    return [
        FakeExpert("draw", "t2i", ability=0.6, merge_decay=0.2, price=0.02),
        FakeExpert("paint", "t2i", ability=0.5, operations=(Operation.ADD,)),
        FakeExpert("edit", "i2i", ability=0.7, damage=0.2, price=0.01),
        FakeExpert("mend", "i2i", ability=0.4, damage=0.0, cannot_draw=("tree",)),
    ]


def task(count: int, seed: int = 0, **fields) -> Task:
    return Task(plan=plan_of(count, source=fields.get("source")), seed=seed, **{**SIZE, **fields})


def play(driver: Driver, tasks, seed: int, illegal: float = 0.0):
    """Random play to the end; the last turn and the sums of rewards."""
    rng = np.random.default_rng(seed)
    turn = driver.reset(tasks)
    total = turn.reward.copy()
    while not turn.done.all():
        turn = driver.step(pick(rng, turn.mask > 0, illegal=illegal).tolist())
        total += turn.reward
    return turn, total


def without_bills(trace: Trace) -> Trace:
    """The trace without what differs between runs by nature: real seconds."""
    steps = tuple(step.model_copy(update={"usage": None, "critic_usage": None}) for step in trace.steps)
    return trace.model_copy(update={"steps": steps, "seconds": 0.0})


@settings(max_examples=12)
@given(st.integers(0, 2**32 - 1))
def test_what_holds_in_every_run(seed):
    rng = np.random.default_rng(seed)
    script = [Unavailable("no critic") if rng.random() < 0.1 else {} for _ in range(30)]
    rules = Rules(budget_usd=[None, 0.06][rng.integers(2)], max_steps=8)
    source = source_picture() if rng.random() < 0.3 else None
    tasks = [task(int(rng.integers(1, 5)), seed=b, source=source) for b in range(3)]
    critic = ScriptedCritic(script, certainty=0.9, price=0.001, preservation=0.95)
    driver = Driver(pool(), critic, rules=rules, max_commands=5)
    _, total = play(driver, tasks, seed, illegal=0.1)
    for b, trace in enumerate(driver.traces()):
        steps = trace.steps
        assert total[b] == pytest.approx(sum(step.reward for step in steps), abs=1e-9)
        seen = [trace.initial_alignment, *(step.alignment for step in steps if step.alignment is not None)]
        if trace.initial_alignment or source is None:
            assert trace.alignment == pytest.approx(max(seen), abs=1e-9)
        best = driver.best(b)
        assert (None if best is None else best.ref) == trace.best
        if trace.best_step is not None:
            assert trace.best == steps[trace.best_step].picture
            assert trace.alignment == steps[trace.best_step].alignment
        assert set(trace.statuses) == {command.id for command in trace.plan.commands}
        complete = trace.best is not None and set(trace.statuses.values()) == {"satisfied"}
        costs = sum(
            rules.usd_cost * step.expected_usd
            + (step.target != "stop") * rules.step_cost
            + step.illegal * rules.illegal_cost
            for step in steps
        )
        identity = trace.alignment - trace.initial_alignment - costs + rules.completion_bonus * complete
        assert total[b] == pytest.approx(identity, abs=1e-9)


def test_no_illegal_action_reaches_an_expert():
    experts = pool()
    driver = Driver(experts, ScriptedCritic())
    turn = driver.reset([task(3)])
    # editing before there is a picture
    edit = 2 * 4
    assert turn.mask[0, edit] == 0
    turn = driver.step([edit])
    assert turn.illegal[0]
    assert turn.reward[0] == pytest.approx(-0.055)
    assert not any(expert.requests for expert in experts)
    record = driver.record(0)
    assert record is not None
    assert record.illegal
    assert record.expert == ""


def test_same_seed_same_trace():
    def run(batch: list[Task]):
        driver = Driver(pool(), ScriptedCritic(certainty=0.8))
        play(driver, batch, 5)
        return [without_bills(trace) for trace in driver.traces()]

    batch = [task(3, seed=1), task(4, seed=2)]
    assert run(batch) == run(batch)


def test_batched_and_single_episodes_agree():
    def follow(driver: Driver, tasks):
        turn = driver.reset(tasks)
        while not turn.done.all():
            # the first legal action, another one each step
            legal = [np.flatnonzero(row) for row in turn.mask]
            turn = driver.step([int(row[step % len(row)]) for row, step in zip(legal, turn.state.step, strict=True)])
        return [without_bills(trace) for trace in driver.traces()]

    tasks = [task(3, seed=1), task(4, seed=2), task(2, seed=3)]
    together = follow(Driver(pool(), ScriptedCritic(), max_commands=4), tasks)
    alone = [follow(Driver(pool(), ScriptedCritic(), max_commands=4), [each])[0] for each in tasks]
    assert together == alone


def test_calls_of_one_step_to_one_expert_are_one_batch():
    sizes = []

    class Counting(FakeExpert):
        def run(self, requests, ctx):
            sizes.append(len(requests))
            return super().run(requests, ctx)

    driver = Driver([Counting("draw", "t2i"), Counting("edit", "i2i")], ScriptedCritic())
    driver.reset([task(3, seed=b) for b in range(4)])
    turn = driver.step([3, 3, 3, 0])
    assert sorted(sizes) == [4]
    assert turn.done.tolist() == [True, True, True, False]


def test_what_an_expert_is_asked():
    draw, edit = FakeExpert("draw", "t2i", ability=0.0), FakeExpert("edit", "i2i", cannot_draw=("tree",))
    driver = Driver([draw, edit], ScriptedCritic())
    driver.reset([task(3, seed=9)])
    driver.step([3])
    driver.step([4])
    whole, single = draw.requests[0], edit.requests[0]
    assert whole.mode == "t2i"
    assert whole.text == "Some red things."
    assert whole.source is None
    assert (whole.width, whole.height) == (64, 48)
    assert [command.id for command in whole.commands] == ["c0", "c1", "c2"]
    assert whole.seed == call_seed(9, 0, "draw")
    assert single.text == "Add a red car"
    assert single.source == driver.step_pictures(0)[0]
    assert single.seed == call_seed(9, 1, "edit")
    [refusal] = driver.traces()[0].refusals
    assert (refusal.expert, refusal.command) == ("edit", "c1")
    assert "cannot draw 'tree'" in refusal.reason


def test_a_merged_edit_leaves_out_what_is_refused():
    edit = FakeExpert("edit", "i2i", cannot_draw=("tree",))
    driver = Driver([FakeExpert("draw", "t2i", ability=0.0), edit], ScriptedCritic())
    driver.reset([task(3)])
    driver.step([3])
    turn = driver.step([7])
    assert [command.id for command in edit.requests[0].commands] == ["c0", "c2"]
    assert edit.requests[0].text == "Add a red car. Add a red dog."
    assert turn.state.satisfied[0].tolist() == [True, False, True]


def test_call_seeds_are_the_same_everywhere():
    assert call_seed(7, 3, "draw") == 4249374668
    assert call_seed(7, 3, "draw") != call_seed(7, 4, "draw")


def test_a_source_is_judged_first_and_edited_in_its_own_size():
    source = source_picture(80, 60)
    edit = FakeExpert("edit", "i2i")
    critic = ScriptedCritic([{"e0": 0.9, "r0": 0.9}], price=0.01)
    driver = Driver([FakeExpert("draw", "t2i"), edit], critic)
    turn = driver.reset([task(2, source=source)])
    assert turn.state.initial[0] == pytest.approx(0.45)
    assert driver.best(0) is source
    assert turn.mask[0, :3].sum() == 0
    turn = driver.step([4])
    assert (edit.requests[0].width, edit.requests[0].height) == (80, 60)
    assert critic.requests[1].source is source
    assert critic.requests[1].before is source
    trace = driver.traces()[0]
    assert trace.source_verdict is not None
    assert trace.usd == pytest.approx(0.02)
    assert turn.state.spent[0] == pytest.approx(0.02)


@pytest.mark.parametrize(("where", "kept"), [("nowhere", False), ("everywhere", True), ("by-command", True)])
def test_where_the_critic_gives_no_preservation_the_pixels_outside_of_the_edit_do(where, kept):
    source, whole = source_picture(), Region(left=0, top=0, right=1, bottom=1)
    mask = Picture(np.full((48, 64, 3), 255, np.uint8)) if where == "everywhere" else None
    plan = Plan(
        prompt="A red car.",
        source=source.ref,
        commands=(thing(0, "car", region=whole if where == "by-command" else None),),
    )
    # fakes paint over everything
    driver = Driver([FakeExpert("edit", "i2i")], ScriptedCritic(certainty=0.9, preservation=None))
    driver.reset([Task(plan=plan, source=source, mask=mask)])
    driver.step([0])
    [step] = driver.traces()[0].steps
    if kept:
        assert step.verdict.preservation is None
        assert step.alignment == pytest.approx(0.9)
    else:
        assert step.verdict.preservation < 0.5
        assert step.alignment == pytest.approx(0.9 * step.verdict.preservation)


def test_a_mask_and_references_reach_only_those_who_take_them():
    class Careful(FakeExpert):
        @property
        def spec(self):
            return super().spec.model_copy(update={"mask": True, "references": 1})

    source = source_picture()
    careful, plain = Careful("careful", "i2i", ability=0.0), FakeExpert("plain", "i2i", ability=0.0)
    driver = Driver([careful, plain], ScriptedCritic(certainty=0.8))
    driver.reset([task(2, source=source, mask=source, references=(source, source))])
    driver.step([0])
    driver.step([3])
    assert careful.requests[0].mask is source
    assert careful.requests[0].references == (source,)
    assert plain.requests[0].mask is None
    assert plain.requests[0].references == ()


def test_every_picture_is_handed_over_before_it_is_judged():
    log = []

    class Critic(ScriptedCritic):
        def judge(self, requests, ctx):
            log.append("judged")
            return super().judge(requests, ctx)

    experts = [FakeExpert("draw", "t2i"), FakeExpert("paint", "t2i", ability=0.0)]
    driver = Driver(experts, Critic(), on_picture=lambda picture: log.append("picture"))
    driver.reset([task(2), task(2)])
    driver.step([2, 5])
    assert log == ["picture", "picture", "judged"]


def test_counts_for_the_track_record():
    records = TrackRecord({("edit", "add", 0): Cell(success=3)})
    edit = FakeExpert("edit", "i2i", ability=0.0, price=0.01)
    driver = Driver([FakeExpert("draw", "t2i", ability=0.0), edit], ScriptedCritic([{"e0": 1.0, "r0": 1.0}]),
                    records=records)  # fmt: skip
    driver.reset([task(2)])
    driver.step([2])
    driver.step([4])
    assert driver.observed() == [
        ("draw", "add", 2, Cell(success=1, failure=1)),
        ("edit", "add", 1, Cell(failure=1, damaged=1)),
    ]
    assert [(name, usd) for name, _, usd in driver.calls()] == [("draw", 0.0), ("edit", 0.01)]
    # frozen: what was learnt changes neither the record nor the pool of this run
    assert records.cell("edit", "add", 1) == Cell(success=3)
    assert driver.traces()[0].record_digest == records.digest()


def test_new_experts_can_be_seen_by_a_seeded_draw():
    def seen(seed: int, below: float):
        driver = Driver(pool(), ScriptedCritic(), draw_below=below)
        return driver.reset([task(3, seed=seed)]).pool.success

    assert np.array_equal(seen(1, 20), seen(1, 20))
    assert not np.array_equal(seen(1, 20), seen(2, 20))
    assert np.array_equal(seen(1, 0), seen(2, 0))
    # one ability for each expert and skill, whatever the layout has room for
    drawn = seen(1, 20)
    assert (drawn == drawn[:, :, :1]).all()
    wide = Driver(pool(), ScriptedCritic(), draw_below=20, max_commands=6).reset([task(3, seed=1)]).pool.success
    assert np.array_equal(wide[:, :, :3], drawn)


def test_what_is_drawn_is_seen_as_known_and_drawn_for_new_experts_alone():
    records = TrackRecord()
    records.observe("edit", "add", 1, Cell(success=15, failure=5, damaged=1, spared=19))
    experts = [FakeExpert("draw", "t2i", ability=0.5), FakeExpert("edit", "i2i", ability=0.5)]
    mean, drawn = (
        Driver(experts, ScriptedCritic(), records=records, draw_below=below, max_commands=3).reset([task(2)]).pool
        for below in (0, 20)
    )
    for table in ("success", "damage", "confidence"):
        known, seen = getattr(mean, table)[0], getattr(drawn, table)[0]
        assert np.array_equal(known[1, :2, 0], seen[1, :2, 0])
        assert (known[0, :2] != seen[0, :2]).all()
        assert not seen[:, 2].any()
    assert drawn.confidence[0, 0, 0, 0] == drawn.confidence[0, 1, 0, 0]


def test_simulated_prices():
    experts = [FakeExpert("draw", "t2i", price=0.0, simulated_price=0.04), FakeExpert("edit", "i2i", price=None)]
    turn = Driver(experts, ScriptedCritic(), prices="simulated").reset([task(2)])
    assert turn.pool.price[0, 0] == 0.04
    assert np.isnan(turn.pool.price[0, 1])
    driver = Driver(experts, ScriptedCritic())
    driver.reset([task(2)])
    driver.step([2])
    trace = driver.traces()[0]
    assert trace.usd == 0.0
    assert trace.simulated_usd == 0.04


def test_own_thrift_and_budget_of_a_task():
    driver = Driver(pool(), ScriptedCritic())
    turn = driver.reset([task(2, usd_cost=10.0, budget_usd=0.0), task(2)])
    assert turn.pool.usd_cost.tolist() == [10.0, 1.0]
    assert turn.mask[0, :3].tolist() == [0, 0, 0]
    assert turn.mask[1, :3].tolist() == [1, 1, 1]
    assert driver.traces()[0].rules["usd_cost"] == 10.0


def test_single_episodes_can_be_replaced():
    driver = Driver([FakeExpert("draw", "t2i"), FakeExpert("edit", "i2i")], ScriptedCritic(), max_commands=3)
    driver.reset([task(2, seed=1), task(3, seed=2)])
    turn = driver.step([3, 0])
    assert turn.done.tolist() == [True, False]
    turn = driver.restart([0], [task(1, seed=3, source=source_picture())])
    assert turn.done.tolist() == [False, False]
    assert turn.state.step.tolist() == [0, 1]
    assert turn.pool.command.sum(axis=1).tolist() == [1, 3]
    turn = driver.step([4, 4 + 1])
    assert turn.done[0]
    assert driver.record(1).index == 1


def test_decisions_stand_in_the_trace():
    driver = Driver(pool(), ScriptedCritic())
    driver.reset([task(2)])
    decision = Decision(policy="mine", reason="it felt right")
    driver.step([2], [decision])
    trace = driver.traces()[0]
    assert trace.policy == "mine"
    assert trace.steps[0].decision == decision
    assert Trace.model_validate_json(trace.model_dump_json()) == trace


def test_a_finished_episode_stays_as_it_is():
    driver = Driver([FakeExpert("draw", "t2i")], ScriptedCritic())
    driver.reset([task(2), task(2)])
    driver.step([2, 0])
    before = driver.traces()[0]
    turn = driver.step([-1, 2])
    assert turn.reward[0] == 0
    assert driver.traces()[0] == before


def test_stop_is_recorded():
    driver = Driver([FakeExpert("draw", "t2i", ability=0.0), FakeExpert("edit", "i2i")], ScriptedCritic())
    driver.reset([task(2)])
    driver.step([2])
    turn = driver.step([6])
    assert turn.done[0]
    assert turn.reward[0] == 0
    assert driver.record(0).target == "stop"
    assert driver.traces()[0].end == "stopped"


@pytest.mark.parametrize(
    ("tasks", "words"),
    [
        ([], "No task"),
        ([task(5)], "5 commands"),
        ([Task(plan=plan_of(2), source=source_picture())], "source"),
        ([task(2, seed=-1)], "seed"),
        ([task(2, usd_cost=-1.0)], "usd_cost"),
        ([task(2, source=source_picture(), mask=source_picture(8, 8))], "mask"),
        ([Task(plan=plan_of(1).model_copy(update={"commands": (thing(0, "car"), thing(0, "dog"))}))], "more than once"),
    ],
)
def test_unsound_tasks_are_refused(tasks, words):
    with pytest.raises(InputError, match=words):
        Driver(pool(), ScriptedCritic(), max_commands=4).reset(tasks)


def test_unsound_drivers_and_steps_are_refused():
    with pytest.raises(InputError, match="each name once"):
        Driver([FakeExpert("a"), FakeExpert("a")], ScriptedCritic())
    with pytest.raises(InputError, match="at least one"):
        Driver([], ScriptedCritic())
    driver = Driver(pool(), ScriptedCritic())
    driver.reset([task(2)])
    with pytest.raises(InputError, match="1 episodes"):
        driver.step([0, 0])


def test_the_engine_itself_takes_little_time():
    class Clock:
        inside = 0.0

    class Timed(FakeExpert):
        def run(self, requests, ctx):
            began = time.thread_time()
            try:
                return super().run(requests, ctx)
            finally:
                Clock.inside += time.thread_time() - began

    # processor time, since test machines are shared; the fakes' own share is taken off
    experts = [Timed("draw", "t2i", ability=0.5), *(Timed(f"edit{n}", "i2i", ability=0.4) for n in range(11))]
    driver = Driver(experts, ScriptedCritic())
    turn, rng, times = driver.reset([task(8, width=768, height=768)]), np.random.default_rng(0), []
    while not turn.done.all():
        Clock.inside, began = 0.0, time.process_time()
        turn = driver.step(pick(rng, turn.mask[:, :-1] > 0).tolist())
        times.append(time.process_time() - began - Clock.inside)
    assert np.median(times) < 0.010


@pytest.mark.parametrize(
    ("wanted", "offered", "asked"),
    [
        ((64, 48), (), (64, 48)),
        ((64, 48), ((32, 24), (64, 48)), (64, 48)),
        # the proportions come first, then the area
        ((64, 48), ((64, 64), (128, 96), (1280, 960)), (128, 96)),
        ((64, 48), ((40, 40), (60, 60), (600, 600)), (60, 60)),
        ((48, 64), ((96, 64), (64, 96), (64, 64)), (64, 96)),
    ],
)
def test_an_expert_is_asked_for_the_nearest_size_that_it_offers(wanted, offered, asked):
    expert = FakeExpert("draw", "t2i")
    expert._spec = expert.spec.model_copy(update={"sizes": offered})
    driver = Driver([expert], ScriptedCritic())
    driver.reset([task(2, width=wanted[0], height=wanted[1])])
    driver.step([2])
    assert (expert.requests[0].width, expert.requests[0].height) == asked
    assert driver.record(0).size == asked
    assert driver.best(0).size == asked


def test_a_mask_has_the_size_of_the_picture_that_is_edited():
    grow = FakeExpert("grow", "i2i", ability=0.0)
    grow._spec = grow.spec.model_copy(update={"sizes": ((128, 96),)})
    masked = FakeExpert("masked", "i2i")
    masked._spec = masked.spec.model_copy(update={"mask": True})
    source = source_picture()
    driver = Driver([grow, masked], ScriptedCritic())
    driver.reset([task(2, source=source, mask=source)])
    driver.step([2])
    assert driver.current(0).size == (128, 96)
    driver.step([5])
    assert masked.requests[0].mask.size == masked.requests[0].source.size == (128, 96)


def test_an_expert_is_new_until_its_tries_of_whatever_size_suffice():
    records = TrackRecord()
    records.observe("draw", "add", 2, Cell(success=12, failure=9))
    experts = [FakeExpert("draw", "t2i", ability=0.5), FakeExpert("edit", "i2i", ability=0.5)]
    mean, drawn = (
        Driver(experts, ScriptedCritic(), records=records, draw_below=below, max_commands=2).reset([task(2)]).pool
        for below in (0, 20)
    )
    assert np.array_equal(mean.success[0, 0], drawn.success[0, 0])
    # one draw for a new expert: merge sizes keep their ratios
    np.testing.assert_allclose(
        drawn.success[0, 1] / drawn.success[0, 1, :, :1], mean.success[0, 1] / mean.success[0, 1, :, :1]
    )
