from __future__ import annotations

import re
from collections import Counter
from itertools import islice
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poser.decompose.plans import atoms_of, decomposition_of, plan_of
from poser.decompose.requests.generator import LEVELS, MOST_WORDS, SPLITS, pairs
from poser.decompose.requests.phrasings import Frames, phrasings
from poser.decompose.requests.wording import BACKDROPS, COLORS, SIZES, STYLES, TONES, held_out, lettering, names
from poser.experts import lexicon
from poser.experts.errors import InputError, UnknownName
from poser.experts.lexicon import find_noun, parse_subject
from poser.experts.plan_check import check_plan
from poser.experts.types import Operation
from poser.extract.coverage import words_of

TAKEN = [(split, level) for split in SPLITS for level in LEVELS]


def drawn(count, **kind):
    return list(pairs(count, seed=3, **kind))


@pytest.mark.parametrize(("split", "level"), TAKEN)
def test_every_plan_is_sound_and_its_decomposition_says_all_of_it(split, level):
    for pair in drawn(40, split=split, level=level):
        assert check_plan(pair.plan).prompt == pair.request
        again = plan_of(decomposition_of(pair.plan), pair.request, pair.plan.source)
        assert Counter(atoms_of(again)) == Counter(atoms_of(pair.plan)), pair.request
        assert pair.plan.notes == ()


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32), kind=st.sampled_from(TAKEN), count=st.integers(1, 8))
def test_the_first_rows_are_the_same_whatever_the_count(seed, kind, count):
    split, level = kind
    more = pairs(count + 3, seed=seed, split=split, level=level)
    assert list(islice(more, count)) == list(pairs(count, seed=seed, split=split, level=level))


def test_another_seed_gives_other_requests():
    assert {p.request for p in drawn(50)}.isdisjoint(p.request for p in pairs(50, seed=4))


def test_no_request_stands_twice_or_in_two_splits_whatever_the_seeds():
    held = {}
    for number, split in enumerate(SPLITS):
        for level in LEVELS:
            rows = [pair.request for pair in pairs(150, seed=number, split=split, level=level)]
            assert len(set(rows)) == len(rows)
            held.setdefault(split, set()).update(" ".join(row.casefold().split()) for row in rows)
    for one in SPLITS:
        for other in SPLITS:
            assert one == other or not held[one] & held[other]


def test_no_frame_is_both_trained_and_held_out():
    for construct, frames in phrasings().items():
        assert frames.train, construct
        assert frames.held_out, construct
        assert frames.reworded, construct
        everything = [*frames.train, *frames.held_out, *frames.reworded]
        assert len(set(everything)) == len(everything), construct


def test_reworded_frames_have_words_of_training_alone_and_held_out_ones_have_others():
    def words(frames):
        return {word for frame in frames for word in re.findall(r"[a-z']+", re.sub(r"{\w+}", " ", frame.casefold()))}

    known = {word for frames in phrasings().values() for word in words(frames.train)}
    for construct, frames in phrasings().items():
        assert words(frames.reworded) <= known, construct
    trained = {frame for frames in phrasings().values() for frame in frames.train}
    assert not [frame for frames in phrasings().values() for frame in frames.reworded if frame in trained]
    fresh = [frame for frames in phrasings().values() for frame in frames.held_out if words([frame]) - known]
    everything = [frame for frames in phrasings().values() for frame in frames.held_out]
    assert len(fresh) > 0.6 * len(everything)


def test_every_frame_of_a_construct_says_all_of_it():
    same = {"look": "style", "plural": "noun"}
    grammar = {"is", "has", "s", "s2", "it", "them", "there", "lis"}
    for construct, frames in phrasings().items():
        if construct in ("aside", "change color", "adjectives after"):
            continue
        slots = [
            {same.get(slot, slot) for slot in re.findall(r"{(\w+)}", frame)} - grammar
            for frame in (*frames.train, *frames.held_out, *frames.reworded)
        ]
        assert all(found == slots[0] for found in slots), construct


@pytest.mark.parametrize("split", ["train", "phrasings", "rewordings"])
def test_an_edit_never_describes_what_it_wants_as_if_it_were_there(split):
    describing = (
        "the picture shows", "we see", "can be seen", "the scene contains", "the image has", "a picture of",
        "the background is", "is written", "stands there in letters", "forms the backdrop", "the style is",
        "the viewer looks at", "the image shows", "is the background", "create an image with", "the headline reads",
        "there is a",
    )  # fmt: skip
    edits = [pair for pair in drawn(400, split=split) if pair.scene is not None]
    found = [pair.request for pair in edits for words in describing if words in pair.request.casefold()]
    assert len(edits) > 100
    assert not found


def test_every_construct_has_frames_for_edits():
    for construct, frames in phrasings().items():
        assert all(frames.of(kind, edit=True) for kind in get_args(Frames)), construct


def test_held_out_phrasings_use_held_out_frames_alone():
    trained = {frame for frames in phrasings().values() for frame in frames.train if "{" not in frame}
    for pair in drawn(300, split="phrasings"):
        assert not any(frame in pair.request for frame in trained), pair.request


def test_held_out_nouns_and_lettering_are_never_trained():
    def asked(split):
        plans = [pair.plan for pair in drawn(400, split=split)]
        subjects = {subject for plan in plans for command in plan.commands for subject in command.subjects}
        nouns = {parse_subject(subject).noun for subject in subjects if not lexicon.is_lettering(subject)}
        return nouns, {subject for subject in subjects if lexicon.is_lettering(subject)}

    trained, held = asked("train"), asked("nouns")
    assert len(trained[0]) > 200
    assert len(held[0]) > 40
    assert len(held[1]) > 4
    assert not trained[0] & held[0]
    assert not trained[1] & held[1]
    assert not any(held_out(noun) for noun in trained[0])


def test_a_share_of_the_nouns_is_held_out():
    trained, kept = names(False), names(True)
    assert 0.08 < len(kept) / (len(trained) + len(kept)) < 0.22
    assert len(lettering(True)) >= 5
    assert 30 < len(names(False, True)) < 70


def test_every_spelling_leads_to_its_noun():
    for name in (*names(False), *names(True)):
        for one, many in name.spellings:
            assert find_noun(one).name == find_noun(many).name == name.noun


def test_every_other_word_means_what_the_plan_says():
    tables = ((COLORS, lexicon.COLOR_WORDS), (SIZES, lexicon.SIZE_WORDS), (BACKDROPS, lexicon.BACKGROUND_WORDS))
    for ours, theirs in tables:
        for canonical, words in ours.items():
            for word in words:
                bare = word.removeprefix("a ").removeprefix("an ").removeprefix("the ")
                assert theirs.get(bare, canonical) == canonical
    assert set(BACKDROPS) == set(lexicon.SCENES)
    assert set(STYLES) == set(lexicon.STYLES)
    assert set(TONES) == set(lexicon.TONES)


def test_tiny_requests_are_short_and_have_few_commands():
    rows = drawn(300, level="tiny")
    assert max(len(pair.request.split()) for pair in rows) <= MOST_WORDS["tiny"]
    assert {len(pair.plan.commands) for pair in rows} == {1, 2, 3, 4, 5}


def test_all_that_the_studio_can_do_is_asked_for():
    rows = drawn(400)
    operations = {command.operation for pair in rows for command in pair.plan.commands}
    assert operations == set(Operation) - {Operation.GENERATE, Operation.OTHER}
    kinds = Counter(atom.kind for pair in rows for atom in pair.plan.atoms)
    assert all(kinds[kind] > 20 for kind in ("entity", "attribute", "count", "relation", "text", "background", "style"))
    assert any(pair.plan.folded for pair in rows)
    assert any("\n" in pair.request for pair in rows)
    assert 0.4 < sum(pair.scene is not None for pair in rows) / len(rows) < 0.6


def test_what_is_asked_for_is_said():
    """Every number above one and every lettering of the plan stands in the request in words or digits."""
    words = {"2": {"2", "two", "pair", "couple"}, "3": {"3", "three"}, "4": {"4", "four"}, "5": {"5", "five"}}
    for pair in drawn(200):
        said = set(words_of(pair.request))
        for atom in pair.plan.atoms:
            if atom.kind == "count" and atom.answer in words:
                assert said & words[atom.answer], (pair.request, atom)
            if atom.kind == "text" and not atom.negated:
                assert atom.answer.casefold() in pair.request.casefold()


def test_edits_name_what_the_source_shows():
    for pair in drawn(150):
        if pair.scene is None:
            assert pair.plan.source is None
            continue
        shown = {thing.noun for thing in pair.scene.things}
        for command in pair.plan.commands:
            if command.operation in (Operation.RECOLOR, Operation.RESIZE, Operation.MOVE):
                assert parse_subject(command.subjects[0]).noun in shown


def test_an_unknown_split_and_a_negative_count_are_refused():
    with pytest.raises(UnknownName, match="validation"):
        pairs(1, seed=0, split="test")
    with pytest.raises(UnknownName, match="tiny"):
        pairs(1, seed=0, level="huge")
    with pytest.raises(InputError, match="count=-1"):
        pairs(-1, seed=0)
