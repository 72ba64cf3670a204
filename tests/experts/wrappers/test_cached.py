from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from poser.experts.base import CallContext, run_checked
from poser.experts.digest import call_digest, request_digest
from poser.experts.errors import InputError, InvalidRequest, RateLimited, StoreError
from poser.experts.examples import EXAMPLES
from poser.experts.picture import Picture
from poser.experts.types import Operation
from poser.experts.wrappers import CachedExpert
from tests.experts.wrappers.world import Scripted, Shelf, drawn, request

CTX = CallContext()


def picture(shade):
    return Picture(np.full((4, 4, 3), shade, dtype=np.uint8))


def test_what_was_made_before_is_replayed_for_nothing():
    expert, shelf = Scripted(), Shelf()
    [made] = CachedExpert(expert, shelf).run([request()], CTX)
    [again] = CachedExpert(expert, shelf).run([request()], CTX)
    assert again.picture == made.picture
    assert made.usage.usd == 0.01
    assert made.notes == ()
    assert (again.usage.usd, again.notes) == (0.0, ("replayed",))
    assert again.usage.seconds > 0.0
    assert len(expert.batches) == 1


def test_what_is_missing_goes_in_one_call_and_equal_requests_go_once():
    expert, shelf, seen = Scripted(), Shelf(), []
    cached = CachedExpert(expert, shelf)
    cached.run([request(1)], CTX)
    ctx = CallContext(on_progress=lambda index, fraction: seen.append(index))
    answers = cached.run([request(0), request(1), request(2), request(0)], ctx)
    assert [asked.seed for asked in expert.batches[1]] == [0, 2]
    assert len(expert.batches) == 2
    assert seen == [0, 2]
    assert [answer.usage.usd for answer in answers] == [0.01, 0.0, 0.01, 0.0]
    assert answers[3].picture == answers[0].picture


@pytest.mark.parametrize(
    "change",
    [
        {"text": "a blue car"},
        {"seed": 1},
        {"width": 16},
        {"height": 16},
        {"mode": "i2i"},
        {"commands": (EXAMPLES[Operation.ADD],)},
        {"source": picture(1)},
        {"references": (picture(1),)},
        {"mask": picture(1)},
    ],
)
def test_every_argument_is_part_of_the_key(change):
    spec, asked = Scripted().spec, request()
    assert call_digest(spec, dataclasses.replace(asked, **change)) != call_digest(spec, asked)
    assert request_digest(dataclasses.replace(asked, **change)) != request_digest(asked)


def test_pictures_are_told_apart_by_role_and_pixels():
    spec = Scripted().spec
    keys = {
        call_digest(spec, request(source=picture(1))),
        call_digest(spec, request(source=picture(2))),
        call_digest(spec, request(mask=picture(1))),
        call_digest(spec, request(references=(picture(1), picture(2)))),
        call_digest(spec, request(references=(picture(2), picture(1)))),
    }
    assert len(keys) == 5
    assert call_digest(spec, request(source=picture(1))) in keys


def test_another_revision_is_another_expert_and_the_idempotency_key_is_none_of_the_request():
    asked = request()
    assert call_digest(Scripted().spec, asked) != call_digest(Scripted(revision="2").spec, asked)
    assert call_digest(Scripted().spec, asked) == call_digest(Scripted().spec, dataclasses.replace(asked, key="k"))


def test_who_draws_anew_every_time_is_not_replayed_silently():
    expert, shelf = Scripted(seeded=False), Shelf()
    for _ in range(2):
        [answer] = CachedExpert(expert, shelf).run([request()], CTX)
        assert answer.usage.usd == 0.01
    # two wishes for the same are two pictures
    CachedExpert(expert, shelf).run([request(), request()], CTX)
    assert [len(batch) for batch in expert.batches] == [1, 1, 2]
    [answer] = CachedExpert(expert, shelf, replay="always").run([request()], CTX)
    assert answer.notes == ("replayed",)


def test_replay_only_never_calls():
    expert, shelf = Scripted(), Shelf()
    CachedExpert(expert, shelf).run([request(1)], CTX)
    kept, missing = CachedExpert(expert, shelf, replay="only").run([request(1), request(2)], CTX)
    assert kept.notes == ("replayed",)
    assert isinstance(missing, InvalidRequest)
    assert "replay only" in str(missing)
    assert len(expert.batches) == 1


def test_off_neither_replays_nor_keeps():
    expert, shelf = Scripted(), Shelf()
    for _ in range(2):
        CachedExpert(expert, shelf, replay="off").run([request()], CTX)
    assert len(expert.batches) == 2
    assert shelf.kept == {}


def test_errors_are_not_kept():
    expert, shelf = Scripted(lambda asked, count: RateLimited("wait") if count == 1 else drawn(asked)), Shelf()
    cached = CachedExpert(expert, shelf)
    first, same = cached.run([request(), request()], CTX)
    assert isinstance(first, RateLimited)
    assert same is first
    [second] = cached.run([request()], CTX)
    assert second.notes == ()


def test_a_cache_that_fails_costs_a_note_and_never_a_result():
    class Broken(Shelf):
        def get(self, key):
            raise InputError("damaged")

        def put(self, key, result):
            raise StoreError("the disk is full")

    [answer] = run_checked(CachedExpert(Scripted(), Broken()), [request()], CTX)
    assert answer.notes == ("the kept result cannot be read: damaged; not kept: the disk is full",)
    [refused] = CachedExpert(Scripted(), Broken(), replay="only").run([request()], CTX)
    assert "damaged" in str(refused)


def test_a_wrapper_passes_spec_refusals_and_closing_on():
    expert = Scripted()
    cached = CachedExpert(expert, Shelf())
    assert cached.spec == expert.spec
    for operation in (Operation.ADD, Operation.STYLE):
        command = EXAMPLES[operation]
        assert cached.refuses(command, False) == expert.refuses(command, False)
    assert cached.refuses(EXAMPLES[Operation.STYLE], False)
    cached.close()
    assert expert.closed


def test_an_unknown_mode_is_refused():
    with pytest.raises(InputError, match="'sometimes'"):
        CachedExpert(Scripted(), Shelf(), replay="sometimes")
