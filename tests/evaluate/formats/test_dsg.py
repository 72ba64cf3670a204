import csv

import pytest

from poser.evaluate.formats.dsg import COLUMNS, read_dsg, read_items, to_item, to_plan, write_dsg, write_items
from poser.evaluate.formats.dsg_tuples import Published, read_tuple, write_tuple
from poser.experts.errors import InputError
from poser.experts.plan_check import check_plan
from poser.extract.grammar import GrammarExtractor

TEXT = 'Three grey herons stand by a pond, and a wooden sign beside them says "No fishing, please". A pencil sketch.'
ROWS = [
    (1, "0", "entity", "whole", "entity - whole (heron)", "Are there herons?"),
    (2, "1", "other", "count", "other - count (heron, ==3)", "Are there three herons?"),
    (3, "1", "attribute", "color", "attribute - color (heron, grey)", "Are the herons grey?"),
    (4, "0", "entity", "whole", "entity - whole (pond)", "Is there a pond?"),
    (5, "1,4", "relation", "spatial", "relation - spatial (heron, pond, by)", "Do the herons stand by the pond?"),
    (6, "0", "entity", "whole", "entity - whole (sign)", "Is there a sign?"),
    (7, "6", "attribute", "material", "attribute - material (sign, wooden)", "Is the sign wooden?"),
    (8, "6", "entity", "part", "entity - part (post of sign)", "Does the sign have a post?"),
    (9, "6", "other", "text", 'other - text (sign, "No fishing, please")', 'Does the sign say "No fishing, please"?'),
    (10, "0", "global", "style", "global - style (pencil sketch)", "Is this a pencil sketch?"),
    (11, "1", "action", "", "action - (heron, stand)", "Do the herons stand?"),
    (12, "1,6", "relation", "non-spatial", "relation - non-spatial (heron, sign, ignoring)", "Do they ignore it?"),
    (13, "0", "global", "", "global - (melancholy)", "Is it melancholy?"),
]


def written(path, rows=ROWS, item="herons_1", columns=COLUMNS, text=TEXT):
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(columns)
        out.writerows((item, text, "", *row) for row in rows)
    return path


def test_what_is_read_as_plans_and_written_is_the_same_file(tmp_path):
    given = written(tmp_path / "given.csv")
    plans = read_dsg(given)
    write_dsg(plans, tmp_path / "back.csv")
    assert (tmp_path / "back.csv").read_text() == given.read_text()


def test_a_plan_says_what_the_rows_say(tmp_path):
    (plan,) = read_dsg(written(tmp_path / "given.csv"))
    assert plan.prompt == TEXT
    atoms = {atom.id: atom for atom in plan.atoms}
    assert atoms["1"].tuple == ("entity", "heron")
    assert (atoms["2"].tuple, atoms["2"].answer) == (("count", "heron", "3"), "3")
    assert atoms["3"].tuple == ("attribute", "color", "heron", "gray")
    assert atoms["5"].tuple == ("relation", "next to", "heron", "pond")
    assert atoms["5"].parents == ("1", "4")
    assert atoms["7"].tuple == ("attribute", "material", "sign", "wooden")
    assert (atoms["9"].tuple, atoms["9"].answer) == (("text", "No fishing, please"), "No fishing, please")
    assert atoms["10"].tuple == ("style", "pencil sketch")
    assert atoms["11"].tuple == ("attribute", "state", "heron", "stand")
    assert atoms["12"].tuple == ("relation", "ignoring", "heron", "sign")
    assert atoms["13"].tuple == ("other", "melancholy")
    assert [command.id for command in plan.commands] == ["c1", "c4", "c6", "c10", "c13"]
    assert plan.command("c1").after == ("c4", "c6")
    assert [atom.question for atom in sorted(plan.atoms, key=lambda a: int(a.id))] == [row[-1] for row in ROWS]


def test_the_plan_alone_carries_all_of_it_through_json(tmp_path):
    (item,) = read_items(written(tmp_path / "given.csv"))
    plan = to_plan(item)
    assert to_item(type(plan).model_validate_json(plan.model_dump_json())) == item


def test_a_text_that_stands_in_the_first_row_alone_counts_for_all(tmp_path):
    path = written(tmp_path / "given.csv")
    rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
    for row in rows[2:]:
        row[1] = ""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    assert read_items(path)[0].text == TEXT


def test_things_of_several_colours_and_claims_that_clash_still_make_a_plan(tmp_path):
    rows = [
        (1, "0", "entity", "whole", "entity - whole (magpie)", "Is there a magpie?"),
        (2, "1", "attribute", "color", "attribute - color (magpie, black)", "Is it black?"),
        (3, "1", "attribute", "color", "attribute - color (magpie, white)", "Is it white?"),
        (4, "1", "other", "count", "other - count (magpie, ==2)", "Are there two?"),
        (5, "1", "other", "count", "other - count (magpie, ==3)", "Are there three?"),
        (6, "1", "other", "count", "other - count (magpie, >1)", "Are there more than one?"),
    ]
    given = written(tmp_path / "given.csv", rows)
    (plan,) = read_dsg(given)
    assert check_plan(plan) is plan
    assert ("attribute", "colors", "magpie", "black") in [atom.tuple for atom in plan.atoms]
    assert ("count", "magpie", ">=2") in [atom.tuple for atom in plan.atoms]
    write_dsg([plan], tmp_path / "back.csv")
    assert (tmp_path / "back.csv").read_text() == given.read_text()


def test_plans_of_another_origin_can_be_published_too(tmp_path):
    plan = GrammarExtractor().extract(
        'Two blue cars left of a tree, and the words "NO PARKING" at the top. Watercolor.'
    )
    write_dsg([plan], tmp_path / "own.csv")
    (back,) = read_dsg(tmp_path / "own.csv")
    assert sorted(atom.tuple for atom in back.atoms) == sorted(atom.tuple for atom in plan.atoms)
    assert sorted(atom.question for atom in back.atoms) == sorted(atom.question for atom in plan.atoms)


def test_what_must_not_be_there_cannot_be_published(tmp_path):
    plan = GrammarExtractor().extract("A red car. No trees.")
    with pytest.raises(InputError, match="must not hold"):
        write_dsg([plan], tmp_path / "own.csv")
    assert not (tmp_path / "own.csv").exists()


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (Published("other", "count", "other - count (oar, >=4)"), ("count", "oar", ">=4")),
        (Published("other", "text", "other - text (“Ahoy, you”)"), ("text", "Ahoy, you")),
        (
            Published("relation", "spatial", "relation - spatial (cat, oar, jar, between)"),
            ("relation", "between", "cat", "oar", "jar"),
        ),
        (Published("entity", "state", "entity - state (oar, broken)"), ("attribute", "state", "oar", "broken")),
        (Published("relation", "spatial", "relation - spatial (oar)"), ("other", "oar")),
        (Published("global", "background", "global - background (ocean)"), ("background", "sea")),
    ],
)
def test_each_shape_of_tuple_has_its_atom(row, words):
    assert read_tuple(row) == words


def test_published_and_read_again_every_kind_of_atom_is_the_same():
    for words in [
        ("entity", "oar"), ("attribute", "texture", "oar", "rough"), ("count", "oar", "2"), ("count", "oar", ">=2"),
        ("relation", "left of", "oar", "jar"), ("relation", "between", "cat", "oar", "jar"),
        ("relation", "top left", "oar", "canvas"), ("text", "A (new) day"), ("background", "sea"), ("style", "mosaic"),
        ("other", "calm, and quiet"),
    ]:  # fmt: skip
        assert read_tuple(write_tuple(words)) == words


def changed(place, **cells):
    rows = [list(row) for row in ROWS]
    names = ("id", "dependency", "broad", "detailed", "tuple", "question")
    for name, value in cells.items():
        rows[place][names.index(name)] = value
    return rows


@pytest.mark.parametrize(
    ("rows", "line", "message"),
    [
        (changed(2, tuple="attribute - color heron, grey"), 4, "is broken"),
        (changed(2, tuple="attribute - color ()"), 4, "names nothing"),
        (changed(2, tuple="mood - color (heron, grey)"), 4, "no known category"),
        (changed(2, broad="mood"), 4, "category_broad 'mood' is unknown"),
        (changed(4, dependency="1,99"), 6, "depends on 99"),
        (changed(4, dependency="one"), 6, "whole numbers"),
        (changed(4, dependency="9" * 5000), 6, "up to 9 digits"),
        (changed(4, id=0), 6, "number propositions from 1"),
        (changed(4, id=3), 6, "stands on line 4 already"),
        (changed(4, id=""), 6, "'proposition_id' is empty"),
        (changed(0, dependency="2"), 2, "round in a circle"),
    ],
)
def test_what_is_wrong_with_a_row_is_said_with_file_and_line(tmp_path, rows, line, message):
    path = written(tmp_path / "given.csv", rows)
    with pytest.raises(InputError, match=message) as caught:
        read_dsg(path)
    assert str(caught.value).startswith(f"{path}, line {line}: ")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "line 1: the column 'item_id' is missing"),
        (",".join(COLUMNS[:-2]), "line 1: the column 'tuple' is missing"),
        (",".join((*COLUMNS, "score")), "line 1: the column 'score' is not of this format"),
        (",".join(COLUMNS), "line 1: only a header"),
        (",".join(COLUMNS) + "\na,b,c\n", "line 2: this row has 3 cells"),
        (",".join(COLUMNS) + '\n"a,b,c\n', "line 2: this is no CSV"),
    ],
)
def test_what_is_no_such_table_is_refused(tmp_path, content, message):
    path = tmp_path / "given.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_dsg(path)


def test_lines_are_those_of_the_file_also_after_a_text_with_line_breaks(tmp_path):
    path = written(tmp_path / "given.csv", changed(1, tuple="broken"), text="One\ntwo\nthree")
    with pytest.raises(InputError, match="line 5: "):
        read_dsg(path)


def test_two_texts_of_one_item_are_refused(tmp_path):
    path = written(tmp_path / "given.csv")
    path.write_text(
        path.read_text() + written(tmp_path / "other.csv", ROWS[:1], text="Else").read_text().split("\n", 1)[1]
    )
    with pytest.raises(InputError, match="'text' differs"):
        read_items(path)


def test_items_keep_their_order(tmp_path):
    items = [to_item(to_plan(read_items(written(tmp_path / "a.csv", item=name))[0])) for name in ("zebra", "ant")]
    write_items(items, tmp_path / "both.csv")
    assert [item.id for item in read_items(tmp_path / "both.csv")] == ["zebra", "ant"]
    assert list(read_items(tmp_path / "both.csv")) == items
