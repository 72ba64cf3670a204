"""What plans are worth when they are carried out on a twin."""

import numpy as np
import pytest

from poser import catalog
from poser.decompose import rewards
from poser.decompose.approximation import compare
from poser.decompose.data import studio_rows
from poser.decompose.format import Decomposition, read_tolerant, written
from poser.decompose.fulfilment import Sought, Wanted, quality
from poser.decompose.notation import bracketed
from poser.decompose.outcome import (
    FLOOR,
    MOST_UNITS,
    Outcomes,
    Spending,
    case_of,
    outcome_reward,
    reward_of,
    studio_registry,
)
from poser.decompose.plans import atoms_of, decomposition_of, plan_of
from poser.decompose.prompting import answer
from poser.decompose.readings import SOURCE
from poser.decompose.registries import CalibratedRegistry, RandomRegistries, uncalibrated
from poser.decompose.units import units_of
from poser.envs.rules import Rules
from poser.envs.twin_planned import PlannedTwin
from poser.experts.errors import InputError
from poser.experts.studio import studio_experts
from poser.extract import GrammarExtractor
from poser.policies.baselines import BASELINES
from tests.decompose.rows import batch, completion_of, plans, row_of

REQUEST = "two red cars left of a tree, a dog, on a beach"
PLAN = GrammarExtractor().extract(REQUEST)
ATOMS = atoms_of(PLAN)


def reply(actions, subjects, goals):
    return f"<action>[{actions}]</action><subjects>[{subjects}]</subjects><goals>[{goals}]</goals>"


GOOD = reply("add; add; add; background", "car; tree; dog;", "2, red, left of tree; 1; 1; beach")
LUMPED = reply("add; background", "car, tree, dog;", "car: 2, car: red, car: left of tree, tree: 1, dog: 1; beach")
FLATTERED = reply("generate", "car, tree, dog", "car: 2, car: red, car: left of tree, tree: 1, dog: 1")
MISLABELLED = reply("other; other; add; background", "car; tree; dog;", "2, red, left of tree; 1; 1; beach")
REORDERED = reply("background; add; add; add", "; dog; tree; car", "beach; 1; 1; 2, red, left of tree")
WITHOUT_DOG = reply("add; add; background", "car; tree;", "2, red, left of tree; 1; beach")
WRONG_COLOR = GOOD.replace("red", "blue")
STRAY = reply("add; add; add; add; background", "car; tree; dog; cow;", "2, red, left of tree; 1; 1; 1, pink; beach")


@pytest.fixture(scope="module")
def outcomes():
    return Outcomes(BASELINES["greedy"](), studio_registry(), episodes=24)


def value(outcomes, text, request=REQUEST, atoms=ATOMS, edit=False):
    [found] = outcomes.values([case_of(text, request, edit, atoms)])
    return found


def test_a_plan_of_what_was_asked_for_is_worth_most(outcomes):
    worth = [value(outcomes, text) for text in (GOOD, STRAY, WRONG_COLOR, WITHOUT_DOG)]
    assert worth[0] == max(worth)
    assert worth[0] > max(worth[1:]) + 0.01
    assert worth[0] > 0.5


def test_neither_lumping_nor_labels_nor_order_change_the_worth_of_the_same_plan(outcomes):
    assert value(outcomes, LUMPED) == value(outcomes, GOOD)
    assert value(outcomes, MISLABELLED) == value(outcomes, GOOD)
    without_beach = [line for line in ATOMS if "beach" not in line]
    apart = reply("add; add; add", "car; tree; dog", "2, red, left of tree; 1; 1")
    assert value(outcomes, FLATTERED, atoms=without_beach) == value(outcomes, apart, atoms=without_beach)


def test_the_place_of_a_command_changes_only_how_ties_are_broken(outcomes):
    assert value(outcomes, REORDERED) == pytest.approx(value(outcomes, GOOD), abs=0.05)


def test_luck_belongs_to_the_request(outcomes):
    again = Outcomes(BASELINES["greedy"](), studio_registry(), episodes=24)
    assert value(again, GOOD) == value(outcomes, GOOD)
    alone, together = value(outcomes, GOOD), outcomes.values([case_of(t, REQUEST, False, ATOMS) for t in (STRAY, GOOD)])
    assert together[1] == alone
    assert value(outcomes, GOOD, request=REQUEST + ".") != alone
    assert value(Outcomes(BASELINES["greedy"](), studio_registry(), seed=1), GOOD) != alone


def test_costs_are_taken_off():
    free, dear = (
        Outcomes(BASELINES["greedy"](), studio_registry(), spending=Spending(usd, 0.0), episodes=8)
        for usd in (0.0, 3.0)
    )
    assert value(dear, GOOD) < value(free, GOOD)
    with pytest.raises(InputError, match="finite numbers"):
        Spending(-1.0)


def test_what_means_no_plan_is_worth_least():
    reward = outcome_reward(episodes=1, usd_cost=1000.0)
    texts = ["", "nonsense", GOOD.replace("2,", "2, 3,"), GOOD]
    row = {"request": REQUEST, "atoms": ATOMS, "actions": ["add"]}
    columns = {name: [held] * len(texts) for name, held in row.items()}
    values = reward(prompts=texts, completions=texts, **columns)
    assert values == [FLOOR] * 4  # at such prices even the plan is worth no more
    cheap = reward_of(Outcomes(BASELINES["greedy"](), studio_registry(), episodes=1))
    *unreadable, good = cheap(prompts=texts, completions=texts, **columns)
    assert unreadable == [FLOOR] * 3
    assert good > 0.0


def test_plans_without_end_are_worth_least():
    many = Decomposition("", ("add",) * 40, tuple((f"thing{n}",) for n in range(40)), ((),) * 40)
    assert len(units_of(plan_of(many, "many"))) > MOST_UNITS
    assert case_of(written(many), "many", False, ATOMS) is None


def test_the_reward_by_name_values_each_different_completion_once():
    held = plans(2, commands=(2, 4))
    texts = [completion_of(plan) for plan in held for _ in range(2)]
    columns = batch([plan for plan in held for _ in range(2)])
    messages = [[{"role": "assistant", "content": text}] for text in texts]
    values = rewards.outcome(prompts=texts, completions=messages, **columns)
    assert values[0] == values[1]
    assert values[2] == values[3]
    assert all(0.0 < value <= 1.0 for value in values)
    assert rewards.outcome(prompts=[""], completions=[""], request=["a cat"], atoms=[[]]) == [None]
    with pytest.raises(InputError, match="no column 'atoms'"):
        rewards.outcome(prompts=[""], completions=[""], request=["a cat"])


def test_edits_of_a_picture_are_carried_out_as_edits(outcomes):
    plan = GrammarExtractor().extract("Make the car green, remove the tree and replace the dog with a cat", SOURCE)
    row = row_of(plan)
    good = value(outcomes, completion_of(plan), plan.prompt, row["atoms"], True)
    less = value(outcomes, reply("recolor", "car", "green"), plan.prompt, row["atoms"], True)
    assert good > less > 0.0
    operations = [unit.command.operation.value for unit in units_of(plan)]
    assert operations == ["recolor", "remove", "replace"]


def test_other_registries_give_other_worths_and_the_same_order():
    random = Outcomes(BASELINES["greedy"](), RandomRegistries(experts=(4, 8)), episodes=16)
    assert value(random, GOOD) > value(random, WITHOUT_DOG)
    edited = GrammarExtractor().extract("Make the car green", SOURCE)
    assert value(random, completion_of(edited), edited.prompt, atoms_of(edited), True) > 0.0


def test_units_are_one_thing_and_one_change():
    lumped = units_of(plan_of(read_tolerant(LUMPED), REQUEST))
    assert [unit.topic for unit in lumped] == ["add car", "add tree", "add dog", "background "]
    assert lumped[0].command.id == "c1.0"
    red = units_of(plan_of(read_tolerant(reply("recolor", "blue car", "green")), "x", SOURCE))
    assert [unit.topic for unit in red] == ["recolor blue car"]
    twice = units_of(plan_of(read_tolerant(reply("move; move", "cat; cat", "left; left of dog")), "x", SOURCE))
    assert [unit.topic for unit in twice] == ["move cat", "move cat 2"]


@pytest.mark.parametrize("prompt", ["Add a red dog left of the car", "Swap the tree for two cows, move the dog left"])
def test_units_keep_every_atom(prompt):
    plan = GrammarExtractor().extract(prompt, SOURCE)
    said = {statement for unit in units_of(plan) for statement in unit.says}
    assert said == {(atom.tuple, atom.answer) for atom in plan.atoms}


def test_quality_is_that_of_the_request():
    wanted = Wanted.of(["entity (cat)", "attribute (color, cat, red)", "background (beach)"])
    units = units_of(plan_of(read_tolerant(reply("add; background; add", "cat; ; cow", "red; beach; ")), "x"))
    sought = Sought.of(wanted, units)
    assert sought.stray.tolist() == [0, 0, 1]
    done = np.array([[1, 1, 0], [1, 0, 0], [0, 1, 0], [1, 1, 1], [0, 0, 0]], bool)
    assert quality(wanted, sought, done, 0.5) == pytest.approx([1.0, 0.5, 0.5, 1 / (1 + 0.5 / 3), 0.0])
    assert quality(wanted, sought, np.array([0.5, 1.0, 0.0]), 0.5) == pytest.approx(0.75)


def test_a_child_is_nothing_without_its_parent():
    wanted = Wanted.of(["entity (cat)", "entity (dog)", "relation (left of, cat, dog)"])
    units = units_of(plan_of(read_tolerant(reply("add; add", "cat; dog", "left of dog;")), "x"))
    sought = Sought.of(wanted, units)
    assert quality(wanted, sought, np.array([True, False]), 0.0) == pytest.approx(0.25)


def test_the_approximation_is_compared_with_full_rollouts():
    outcomes = Outcomes(BASELINES["greedy"](), studio_registry(), episodes=16)
    cases = [case_of(text, REQUEST, False, ATOMS) for text in (GOOD, STRAY, WITHOUT_DOG, reply("add", "dog", "1"))]
    found = compare(outcomes, cases)
    assert found.groups == 1
    assert found.correlation > 0.8
    assert found.within > 0.5
    summed = Outcomes(BASELINES["greedy"](), studio_registry(), mode="sum")
    assert summed.values(cases) == pytest.approx(found.summed)
    assert np.isnan(compare(outcomes, cases[:1]).correlation)
    assert outcomes.values([]).shape == (0,)


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"episodes": 0}, "0 times"), ({"superfluous": -1.0}, "superfluous"), ({"mode": "dream"}, "'dream'")],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(InputError, match=message):
        Outcomes(BASELINES["greedy"](), studio_registry(), **settings)


def test_a_registry_needs_somebody_who_draws():
    experts = [expert for expert in studio_experts() if expert.spec.kind == "i2i"]
    with pytest.raises(InputError, match="Nobody in this pool draws"):
        CalibratedRegistry(experts, uncalibrated(catalog.shipped_record(experts)))


def test_a_twin_of_given_plans_plays_them_the_same_way_on_fewer_and_fewer_rows():
    held = plans(6, commands=(1, 5))
    units = [units_of(plan) for plan in held]
    dealt = studio_registry().deal(units, [False] * 6, range(6), 1.0)
    topics = [[unit.topic for unit in own] for own in units]
    policy = BASELINES["greedy"]()
    played = PlannedTwin(dealt, topics, range(6)).play(policy.act)
    for row in range(6):
        one = PlannedTwin(dealt.rows(np.array([row])), topics[row : row + 1], [row]).play(policy.act)
        assert (one.done[0] == played.done[row]).all()
        assert one.spent[0] == pytest.approx(played.spent[row])
        assert one.steps[0] == played.steps[row] > 0
    twin = PlannedTwin(dealt, topics, range(6))
    first = twin.play(policy.act)
    assert (twin.play(policy.act).done == first.done).all()
    with pytest.raises(InputError, match="5 lists of topics"):
        PlannedTwin(dealt, topics[:5], range(6), rules=Rules())


def test_decompositions_of_the_annotation_are_worth_as_much_as_their_plans():
    held = plans(3)
    outcomes = Outcomes(BASELINES["greedy"](), studio_registry(), episodes=2)
    for plan in held:
        text = written(decomposition_of(plan))
        assert value(outcomes, text, plan.prompt, atoms_of(plan)) > 0.4


MEANT_ALIKE = {
    "all as atoms of one command of another name": lambda row, action: reply(
        action, "", ", ".join(["=", *(bracketed([[f"= {atom}"]])[1:-1] for atom in row["atoms"])])
    ),
    "an atom a command": lambda row, action: reply(
        "; ".join([action] * len(row["atoms"])),
        "; " * (len(row["atoms"]) - 1),
        "; ".join(f"=, {bracketed([[f'= {atom}']])[1:-1]}" for atom in row["atoms"]),
    ),
}


@pytest.mark.parametrize("way", MEANT_ALIKE)
@pytest.mark.parametrize("action", ["other", "remove", "tone"])
def test_what_says_the_same_as_the_annotation_is_worth_the_same_whatever_it_is_called(way, action):
    rows = list(studio_rows(24, seed=5, level="tiny"))
    cheap = reward_of(Outcomes(BASELINES["greedy"](), studio_registry(), episodes=2))
    columns = {name: [row[name] for row in rows] for name in ("request", "atoms", "plan")}
    wanted = cheap([], [answer(row) for row in rows], **columns)
    assert cheap([], [MEANT_ALIKE[way](row, action) for row in rows], **columns) == pytest.approx(wanted)


def test_to_say_all_of_it_twice_is_worth_less():
    rows = list(studio_rows(24, seed=5, level="tiny"))
    cheap = reward_of(Outcomes(BASELINES["greedy"](), studio_registry(), episodes=2))
    columns = {name: [row[name] for row in rows] for name in ("request", "atoms", "plan")}
    doubled = [row | {name: row[name] * 2 for name in ("actions", "subjects", "goals")} for row in rows]
    once, twice = (cheap([], [answer(row) for row in which], **columns) for which in (rows, doubled))
    assert all(one > other for one, other in zip(once, twice, strict=True))


def test_a_plan_column_that_is_no_plan_gets_one_clear_error():
    for column in ("[]", "{", '{"source": 1}'):
        with pytest.raises(InputError, match="which is no plan"):
            rewards.outcome([], [GOOD], request=[REQUEST], atoms=[ATOMS], plan=[column])
        with pytest.raises(InputError, match="which is no plan"):
            rewards.atom_f1([], [GOOD], request=[REQUEST], atoms=[ATOMS], plan=[column])
