"""Edits by chance: of what is really there, in words that the extractor reads as they are meant."""

from __future__ import annotations

import numpy as np
import pytest

from poser.envs.driver import Driver, Task
from poser.envs.rehearsal import rehearsal_critic, rehearsal_experts
from poser.envs.tasks import sample_plan
from poser.evaluate.edit_tasks import MOST_EDITS, edit_task, understood
from poser.experts.errors import InputError
from poser.experts.lexicon import parse_subject
from poser.experts.types import Operation
from poser.extract.base import Extractor
from poser.extract.grammar import GrammarExtractor
from poser.policies.baselines import RandomLegal

THINGS = {Operation.REMOVE, Operation.RECOLOR, Operation.REPLACE, Operation.RESIZE, Operation.MOVE}
WHOLE = {Operation.BACKGROUND, Operation.STYLE, Operation.TONE, Operation.TEXT}


@pytest.fixture(scope="module")
def finished():
    """Traces with their best pictures."""
    rng = np.random.default_rng(4)
    tasks = [Task(plan=sample_plan(rng, (1, 6)), width=64, height=64, seed=seed) for seed in range(12)]
    driver, policy = Driver(rehearsal_experts(), rehearsal_critic()), RandomLegal()
    turn = driver.reset(tasks)
    while not turn.done.all():
        turn = driver.step(policy.act(turn))
    return [(trace, best) for row, trace in enumerate(driver.traces()) if (best := driver.best(row)) is not None]


def drawn(finished, count, most=MOST_EDITS):
    rng, extractor = np.random.default_rng(1), GrammarExtractor()
    pairs = [finished[number % len(finished)] for number in range(count)]
    return [(trace, edit_task(rng, trace, picture, extractor, most)) for trace, picture in pairs]


def test_all_operations_come_up_and_nearly_every_prompt_is_understood(finished):
    tasks = [task for _, task in drawn(finished, 200)]
    read = [task for task in tasks if task is not None]
    assert len(read) >= 190
    assert {command.operation for task in read for command in task.plan.commands} == THINGS | WHOLE
    assert {len(task.plan.commands) for task in read} == set(range(1, MOST_EDITS + 1))
    for task in read:
        task.checked()
        assert not task.plan.notes


def test_only_what_the_critic_saw_is_edited_and_nothing_twice(finished):
    for trace, task in drawn(finished, 100):
        if task is None:
            continue
        there = {
            subject
            for command in trace.plan.commands
            if trace.statuses[command.id] == "satisfied"
            for subject in command.subjects
        }
        edited = [command.subjects[0] for command in task.plan.commands if command.operation in THINGS]
        assert set(edited) <= there
        assert len(edited) == len(set(edited))


def test_what_others_are_moved_to_stays_as_it_is(finished):
    moved = 0
    for _, task in drawn(finished, 200):
        commands = () if task is None else task.plan.commands
        edited = {command.subjects[0] for command in commands if command.operation in THINGS}
        for command in commands:
            for atom in command.atoms:
                if command.operation is Operation.MOVE and atom.kind == "relation" and atom.tuple[-1] != "canvas":
                    moved += 1
                    assert atom.tuple[-1] not in edited
    assert moved


def test_nothing_is_asked_for_that_is_there_already(finished):
    for trace, task in drawn(finished, 100):
        wanted = {atom.tuple for atom in trace.plan.atoms}
        for command in () if task is None else task.plan.commands:
            atoms = [atom for atom in command.atoms if atom.kind in ("attribute", "background", "style")]
            assert not {atom.tuple for atom in atoms} & wanted
            if command.operation is Operation.REPLACE and not command.subjects[0].startswith('"'):
                new = parse_subject(command.goals[0])
                assert new is not None
                assert ("entity", new.noun) not in wanted


def test_the_same_state_of_chance_draws_the_same_tasks(finished):
    assert drawn(finished, 20) == drawn(finished, 20)


def test_a_picture_on_which_nothing_was_found_gets_edits_of_the_whole(finished):
    trace, picture = finished[0]
    bare = trace.model_copy(update={"statuses": dict.fromkeys(trace.statuses, "pending")})
    rng = np.random.default_rng(0)
    tasks = [edit_task(rng, bare, picture, GrammarExtractor()) for _ in range(20)]
    assert {command.operation for task in tasks if task for command in task.plan.commands} == WHOLE


def test_what_was_never_judged_is_not_taken_for_there(finished):
    trace, picture = finished[0]
    blind = trace.model_copy(update={"best_verdict": None, "statuses": dict.fromkeys(trace.statuses, "satisfied")})
    rng = np.random.default_rng(0)
    tasks = [edit_task(rng, blind, picture, GrammarExtractor()) for _ in range(20)]
    assert {command.operation for task in tasks if task for command in task.plan.commands} == WHOLE


class Deaf(Extractor):
    """Understands half of what it is told."""

    def extract(self, prompt, source=None):
        return GrammarExtractor().extract(prompt.split(".")[0], source)


class Strict(Extractor):
    """Takes nothing."""

    def extract(self, prompt, source=None):
        raise InputError("no")


def test_what_is_understood_otherwise_is_skipped(finished):
    rng = np.random.default_rng(0)
    tasks = [edit_task(rng, *finished[0], Deaf()) for _ in range(30)]
    assert None in tasks
    assert {len(task.plan.commands) for task in tasks if task} == {1}
    assert edit_task(rng, *finished[0], Strict()) is None


def test_a_plan_with_a_note_counts_as_not_understood(finished):
    task = next(task for _, task in drawn(finished, 5, most=1) if task)
    assert not understood(task.plan.model_copy(update={"notes": ("not understood: x",)}), [])
    assert not understood(task.plan, [])


def test_no_edits_at_all_are_refused(finished):
    with pytest.raises(InputError, match="most=0"):
        edit_task(np.random.default_rng(0), *finished[0], GrammarExtractor(), 0)
