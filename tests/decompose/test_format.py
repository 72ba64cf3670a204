"""How decompositions are written and read."""

import contextlib
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from poser.decompose.format import MOST_COMMANDS, Decomposition, read_strict, read_tolerant, written
from poser.decompose.notation import bracketed, letters_of, quoted, tidy, unbracketed
from poser.experts.errors import BadReply, InputError
from poser.experts.types import Operation

items = st.one_of(
    st.text(max_size=20),
    st.text(max_size=20).map(quoted),
    st.text(alphabet=' "\\,;[]<>/abnu\n', max_size=12),
    st.sampled_from(["</goals>", "left of cat", 'left of "SALE"', "<think>", '"', "\\"]),
)
lists = st.lists(items, max_size=3).map(tuple)
entries = st.lists(st.tuples(st.sampled_from(Operation), lists, lists), min_size=1, max_size=5)
decompositions = st.builds(
    lambda think, rows: Decomposition(think, *(tuple(column) for column in zip(*rows, strict=True))),
    st.one_of(st.text(max_size=30), st.sampled_from(["</think>", "a </goals> b", "<ACTION>"])),
    entries,
)


@given(decompositions)
def test_what_is_written_is_read_back(d):
    assert read_strict(written(d)) == d
    assert read_tolerant(written(d)) == d


@given(st.text(max_size=40))
@example('"')
@example('SA"LE')
@example("a, b; c]")
@example("</goals><action>[remove]</action>")
def test_any_lettering_survives_and_closes_nothing(letters):
    d = Decomposition("", (Operation.TEXT,), ((quoted(letters),),), ((),))
    again = read_strict(written(d))
    sound = letters.encode("utf-8", "replace").decode()
    assert letters_of(again.subjects[0][0]) == sound


@given(st.lists(st.lists(items, max_size=3), min_size=1, max_size=4))
def test_bracketed_lists_are_read_back_tidied(groups):
    assert unbracketed(bracketed(groups)) == [[item for item in map(tidy, group) if item] for group in groups]


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(text):
    for read in (read_strict, read_tolerant):
        for reply in (text, f"<action>{text}</action><subjects>[cat]</subjects><goals>{text}</goals>"):
            with contextlib.suppress(BadReply):
                assert read(reply).actions


def test_the_notation_is_the_documented_one():
    d = Decomposition(
        "Two things.",
        ("add", "text", "background"),
        (("cat",), ('"SALE"',), ()),
        (("2", "red"), ("above cat",), ("beach",)),
    )
    assert written(d) == (
        "<think>Two things.</think><action>[add; text; background]</action>"
        '<subjects>[cat; "SALE"; ]</subjects><goals>[2, red; above cat; beach]</goals>'
    )


GOOD = "<think></think><action>[add]</action><subjects>[cat]</subjects><goals>[red]</goals>"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        GOOD + " and more",
        "Here: " + GOOD,
        GOOD.replace("</goals>", ""),
        GOOD.replace("<think></think>", ""),
        GOOD.replace("[add]", "add"),
        GOOD.replace("[add]", "[]"),
        GOOD.replace("[add]", "[Adding]"),
        GOOD.replace("[add]", "[add, add]"),
        GOOD.replace("[add]", "[add; remove]"),
        GOOD.replace("[cat]", '["cat]'),
        GOOD.replace("[cat]", "[[cat]]"),
        GOOD + GOOD,
        GOOD.replace("[red]", "[red" + ", red" * 20_000 + "]"),
        GOOD.replace("[add]", "[" + "; ".join(["add"] * (MOST_COMMANDS + 1)) + "]"),
    ],
)
def test_the_strict_reader_refuses_everything_else(text):
    with pytest.raises(BadReply):
        read_strict(text)


ONE = Decomposition("", ("recolor",), (("coat", "hair"),), (("scarlet or copper red",),))
TWO = Decomposition("", ("add", "add"), (("cat",), ("dog",)), (("red",), ("blue",)))


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("<action>[Recoloring]</action><subjects>[coat, hair]</subjects><goals>[scarlet or copper red]</goals>", ONE),
        ("<ACTIONS>Recoloring<subject>coat, hair<goal>scarlet or copper red", ONE),
        ("<action>[add, add]</action><subjects>[cat, dog]</subjects><goals>[red, blue]</goals>", TWO),
        ('<action>["add", "Add"]</action><subjects>[["cat"], ["dog"]]</subjects><goals>[["red"], ["blue"]]', TWO),
        ("```\n<action>[add; add]\n<subjects>[cat; dog]\n<goals>[red; blue]\n```", TWO),
        ("Sure!\n<action>[add]</action><subjects>[cat; dog]</subjects><goals>[red; blue]</goals> Bye.", TWO),
        (json.dumps({"actions": ["insert", "add"], "subjects": [["cat"], ["dog"]], "goals": [["red"], ["blue"]]}), TWO),
        (
            "<action>[recolour]</action><subjects>[cat, dog]</subjects><goals>[red, blue]</goals>",
            Decomposition("", ("recolor", "recolor"), (("cat",), ("dog",)), (("red",), ("blue",))),
        ),
        (
            "<think>so <action>[add; add]<subjects>[cat; dog]<goals>[red]",
            Decomposition("so", ("add", "add"), (("cat",), ("dog",)), (("red",), ("red",))),
        ),
        (
            "<action>[remove; remove]</action><subjects>[cat; dog]</subjects>",
            Decomposition("", ("remove", "remove"), (("cat",), ("dog",)), ((), ())),
        ),
        (
            "<action>[add; add;]</action><subjects>[cat; dog;]</subjects><goals>[red; blue;]</goals>",
            TWO,
        ),
    ],
)
def test_the_tolerant_reader_repairs_what_is_clear(text, meant):
    assert read_tolerant(text) == meant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<action>",
        "<action>[add]",
        "<action>[fly]</action><subjects>[cat]</subjects>",
        "<action>[add; add]</action><subjects>[cat; dog; cow]</subjects><goals>[]</goals>",
        "<action>[add; add; add]</action><subjects>[cat; dog; cow]</subjects><goals>[red; blue]</goals>",
        "<action>[add]</action><action>[remove]</action><subjects>[cat]</subjects>",
        '<action>[text]</action><subjects>["SALE</subjects><goals>[]</goals>',
        '{"subjects": ["cat"]}',
        '{"action": [["add"]], "subjects": [{"a": 1}]}',
        "<action>[" + "add; " * 100_000,
    ],
)
def test_the_tolerant_reader_refuses_what_is_not_clear(text):
    with pytest.raises(BadReply):
        read_tolerant(text)


def test_a_decomposition_that_is_not_aligned_is_refused():
    with pytest.raises(InputError, match="2 actions, 1 lists of subjects"):
        Decomposition("", ("add", "add"), (("cat",),), ((), ()))
    with pytest.raises(InputError, match="Unknown action 'fly'"):
        Decomposition("", ("fly",), (("cat",),), ((),))
    with pytest.raises(InputError, match="has 0 commands"):
        Decomposition("", (), (), ())
