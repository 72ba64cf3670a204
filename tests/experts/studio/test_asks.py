from poser.experts.studio.asks import goal_color, goal_size, read_asks, replacement, selected

from .editing import command


def test_a_command_names_its_own_things_and_refers_to_others() -> None:
    asks = read_asks(
        command(
            "add", ("entity", "car"), ("count", "car", "2"), ("attribute", "color", "car", "navy"),
            ("relation", "left of", "car", "tree"), ("relation", "top", "car", "canvas"), subjects=("car",),
        )
    )  # fmt: skip
    assert [ask.subject.noun for ask in asks.groups] == ["car"]
    ask = asks.groups[0]
    assert (ask.wanted, ask.exact, ask.color, ask.everything) == (2, True, "blue", True)
    assert ask.relations == [("left of", ("tree",)), ("top", ())]


def test_qualified_groups_stay_apart() -> None:
    asks = read_asks(command("add", ("count", "blue car", ">=2"), ("entity", "red car")))
    assert [(a.subject.color, a.wanted, a.exact, a.everything) for a in asks.groups] == [
        ("blue", 2, False, False),
        ("red", 1, False, False),
    ]


def test_negations() -> None:
    asks = read_asks(
        command("remove", ("not", "entity", "car"), ("not", "text", ""), ("not", "attribute", "color", "cat", "red"))
    )
    assert asks.no_lettering
    assert asks.groups[0].gone
    assert asks.groups[1].not_colors == {"red"}


def test_goals_are_read_where_atoms_are_silent() -> None:
    assert goal_color(command("recolor", subjects=("car",), goals=("crimson",))) == "red"
    assert goal_size(command("resize", subjects=("car",), goals=("bigger",))) == "larger"
    assert goal_size(command("resize", ("attribute", "size", "car", "large"), subjects=("car",))) == "large"
    moved = read_asks(command("move", subjects=("car",), goals=("left of tree",))).groups[0]
    assert moved.relations == [("left of", ("tree",))]
    placed = read_asks(command("move", subjects=("car",), goals=("upper left",))).groups[0]
    assert placed.relations == [("top left", ())]
    assert read_asks(command("background", goals=("ocean",))).background == "sea"
    assert read_asks(command("style", goals=("sketch",))).style == "pencil sketch"
    assert read_asks(command("tone", goals=("gloomy",))).tones == ["darker"]


def test_replacements_come_from_goals_or_atoms() -> None:
    by_goal = replacement(command("replace", subjects=("car",), goals=("a red ship",)))
    assert by_goal is not None
    assert (by_goal.noun, by_goal.color) == ("ship", "red")
    by_atoms = replacement(command("replace", ("not", "entity", "car"), ("entity", "ship"), subjects=("car",)))
    assert by_atoms is not None
    assert by_atoms.noun == "ship"
    assert replacement(command("replace", ("not", "entity", "car"), subjects=("car",))) is None
    assert [s.noun for s in selected(command("remove", subjects=("the lorry", "xyzzy", '"SALE"')))] == [
        "truck",
        '"SALE"',
    ]


def test_a_replacement_takes_its_colour_from_the_atoms_where_the_goal_names_none() -> None:
    atoms = (("not", "entity", "car"), ("entity", "ship"), ("attribute", "color", "ship", "blue"))
    new = replacement(command("replace", *atoms, subjects=("car",), goals=("ship",)))
    assert new is not None
    assert (new.noun, new.color) == ("ship", "blue")
