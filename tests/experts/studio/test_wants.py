import pytest

from poser.experts.examples import EXAMPLES
from poser.experts.studio.scene import Group
from poser.experts.studio.wants import read_wish, undrawable
from poser.experts.types import Atom, Command, Operation


def command(*tuples: tuple[str, ...], no: tuple[int, ...] = (), operation: Operation = Operation.ADD) -> Command:
    """A command whose atoms are these tuples; those whose number is in `no` must not hold."""
    atoms = tuple(
        Atom(id=f"a{k}", tuple=t, question="?", answer="no" if k in no else "yes") for k, t in enumerate(tuples)
    )
    return Command(id="c", operation=operation, text="words that are not read", atoms=atoms)


def test_one_group_with_all_that_is_said_of_it() -> None:
    wish = read_wish(
        [
            command(("entity", "car"), ("attribute", "color", "car", "navy blue"), ("count", "car", "3")),
            command(("entity", "tree"), ("attribute", "size", "tree", "huge"), ("relation", "left of", "tree", "car")),
            command(("background", "starry sky"), ("style", "watercolour"), ("style", "darker")),
        ]
    )
    assert wish.groups == (
        Group("car", "blue", None, 3),
        Group("tree", None, "large", 1, (("left of", (0,)),)),
    )
    assert wish.origin == (0, 1)
    assert (wish.background, wish.style, wish.tones) == ("night", "watercolor", ("darker",))
    assert not wish.unknown


def test_groups_of_one_noun_are_told_apart() -> None:
    wish = read_wish(
        [
            command(("entity", "blue car"), ("count", "blue car", "2"), ("entity", "red car")),
            command(("entity", "dog"), ("relation", "next to", "dog", "red car")),
        ]
    )
    assert wish.groups == (
        Group("car", "blue", None, 2),
        Group("car", "red", None, 1),
        Group("dog", None, None, 1, (("next to", (1,)),)),
    )


def test_a_bare_total_counts_the_qualified_ones() -> None:
    wish = read_wish([command(("entity", "car"), ("count", "car", "3"), ("entity", "red car"))])
    assert wish.groups == (Group("car", None, None, 2), Group("car", "red", None, 1))


def test_a_pick_leaves_its_group() -> None:
    wish = read_wish([command(("entity", "car"), ("count", "car", "3"), ("attribute", "color", "left car", "green"))])
    assert wish.groups == (Group("car", None, None, 2), Group("car", "green", None, 1, (("left of", (0,)),)))


def test_a_bare_noun_means_the_only_group() -> None:
    wish = read_wish(
        [command(("entity", "red car"), ("relation", "top left", "car", "canvas"), ("entity", "automobile"))]
    )
    assert wish.groups == (Group("car", "red", None, 1, (("top left", ()),)),)


def test_what_must_be_absent_is_not_drawn() -> None:
    wish = read_wish([command(("entity", "car"), ("entity", "dog")), command(("entity", "dog"), no=(0,))])
    assert [group.noun for group in wish.groups] == ["car"]
    assert read_wish([command(("entity", "unicorn"), no=(0,))]).unknown == ()
    assert read_wish([command(("text", "SALE"), ("text", ""), no=(1,))]).groups == ()


def test_a_forbidden_color_is_avoided() -> None:
    wish = read_wish([command(("entity", "car"), ("attribute", "color", "car", "red"), no=(1,))])
    assert wish.groups[0].color not in (None, "red")


def test_relations_to_what_is_gone_are_dropped() -> None:
    wish = read_wish(
        [
            command(("entity", "tree"), ("entity", "dog"), ("relation", "next to", "dog", "tree")),
            command(("entity", "tree"), no=(0,)),
        ]
    )
    assert wish.groups == (Group("dog"),)


def test_lettering_is_a_group_in_quotes() -> None:
    wish = read_wish(
        [
            command(
                ("text", "Grand Opening"),
                ("attribute", "color", '"Grand Opening"', "red"),
                ("relation", "above", '"Grand Opening"', "car"),
            )
        ]
    )
    assert wish.groups[0].text == "Grand Opening"
    assert wish.groups[0].color == "red"
    assert wish.groups[0].relations == (("above", (1,)),)
    assert wish.groups[1].noun == "car"


def test_at_least_means_that_many() -> None:
    assert read_wish([command(("count", "star", ">=4"))]).groups == (Group("star", None, None, 4),)


def test_unknown_things_are_named_with_what_is_near() -> None:
    wish = read_wish([command(("entity", "unicorn"), ("entity", "houze"), ("entity", "car"))])
    assert wish.unknown == ("unicorn", "houze")
    assert "'unicorn'" in wish.notes[0]
    assert "house" in wish.notes[1]
    reason = undrawable(command(("entity", "unicorn"), ("attribute", "color", "unicorn", "red")))
    assert reason is not None
    assert "unicorn" in reason
    assert undrawable(command(("entity", "unicorn"), ("entity", "car"))) is None


def test_what_an_unknown_thing_is_placed_by_does_not_make_it_drawable() -> None:
    below = command(("entity", "unicorn"), ("count", "unicorn", "3"), ("relation", "below", "unicorn", "umbrella"))
    reason = undrawable(below)
    assert reason is not None
    assert "unicorn" in reason
    assert undrawable(command(("entity", "car"), ("relation", "left of", "car", "unicorn"))) is None
    assert undrawable(command(("text", "HI"), ("relation", "above", "HI", "car"))) is None


@pytest.mark.parametrize("operation", [o for o in EXAMPLES if o is not Operation.OTHER])
def test_every_example_can_be_read(operation: Operation) -> None:
    assert undrawable(EXAMPLES[operation]) is None


def test_commands_without_atoms_are_read_by_subjects_and_goals() -> None:
    bare = Command(id="c", operation=Operation.ADD, subjects=("car",), goals=("blue",), text="Add a blue car")
    assert read_wish([bare]).groups == (Group("car", "blue"),)
    scene = Command(id="c", operation=Operation.BACKGROUND, goals=("beach",), text="On a beach")
    assert read_wish([scene]).background == "beach"
