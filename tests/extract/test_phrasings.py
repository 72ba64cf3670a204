"""What the grammar reads, phrase by phrase: atoms as "kind … = answer", the answer left out when it is yes."""

import pytest

from poser.experts.picture import PictureRef
from poser.extract import GrammarExtractor

SOURCE = PictureRef(sha256="0" * 64, width=64, height=64)


def facts(prompt, source=None):
    return {
        " ".join(atom.tuple) + (" = no" if atom.negated else "")
        for atom in GrammarExtractor().extract(prompt, source).atoms
    }


HOLDS = [
    # counts
    ("a dog", "entity dog; count dog 1"),
    ("two dogs", "count dog 2"),
    ("exactly 5 stars", "count star 5"),
    ("Stars: exactly 5, yellow", "count star 5; attribute color star yellow"),
    ("Server x3, gray", "count server 3; attribute color server gray"),
    ("3x star", "count star 3"),
    ("at least four birds", "count dove >=4"),
    ("a pair of glasses", "count glasses 1"),
    ("a pair of binoculars", "count binoculars 1"),
    ("a pair of cats", "count cat 2"),
    ("half a dozen apples", "count apple 6"),
    ("a dozen eggs", "count egg 12"),
    ("four slices of pizza", "count pizza 4"),
    ("three viruses", "count virus 3"),
    ("several trees", "count tree >=3"),
    ("some clouds", "count cloud >=2"),
    # colours and sizes
    ("a blue car", "attribute color car blue"),
    ("a big red balloon", "attribute color balloon red; attribute size balloon large"),
    ("a big, red balloon", "attribute color balloon red; attribute size balloon large"),
    ("a car, red and small", "attribute color car red; attribute size car small"),
    ("a cat (black)", "attribute color cat black"),
    ("one large rocket, red", "attribute color rocket red; attribute size rocket large"),
    ("two trees, both green", "count tree 2; attribute color tree green"),
    ("a laptop, gray, goes on the left", "attribute color laptop gray; relation left laptop canvas"),
    ("Sun: top left, yellow, large",
     "attribute color sun yellow; attribute size sun large; relation top left sun canvas"),
    ("a dragon next to a tree and it is big", "relation next to dragon tree"),
    ("a ship of blue color", "attribute color ship blue"),
    ("three fish. They are yellow.", "attribute color fish yellow"),
    ("a cat and a dog, both black", "attribute color cat black; attribute color dog black"),
    ("A cat and a dog are brown.", "attribute color cat brown; attribute color dog brown"),
    ("Draw me a cat. Black, please.", "attribute color cat black"),
    ("a bicycle that is green", "attribute color bicycle green"),
    ("a mug. The mug should be red.", "attribute color mug red"),
    ("a red apple", "attribute color apple red"),
    ("a dove, white as snow", "attribute color dove white"),
    ("a house. It has to be pink.", "attribute color house pink"),
    # places
    ("a cat on the left", "relation left cat canvas"),
    ("a cat in the top right corner", "relation top right cat canvas"),
    ("In the middle stands a snowman", "relation center snowman canvas"),
    ("On the left, a cat; on the right, a dog", "relation left cat canvas; relation right dog canvas"),
    ("On the left a cat and on the right a dog", "relation left cat canvas; relation right dog canvas"),
    ("a house in the center of the picture", "relation center house canvas"),
    ("At the bottom left sits a bed", "relation bottom left bed canvas"),
    ("a tree on the right-hand side", "relation right tree canvas"),
    ("bottom left corner: a green clipboard", "relation bottom left clipboard canvas"),
    ("One cat is on the left, a dog is at the top", "relation left cat canvas; relation top dog canvas"),
    # relations
    ("a cat left of a tree", "relation left of cat tree"),
    ("a cat to the right of the tree", "relation right of cat tree"),
    ("a cat behind a tree", "relation above cat tree"),
    ("a cat in front of a tree", "relation below cat tree"),
    ("a crown on top of a castle", "relation above crown castle"),
    ("a cat under the table. A dog next to it.", "entity dog"),
    ("a bell between a cat and a dog", "relation between bell cat dog"),
    ("A nurse on the left and a doctor on the right. Between them there is a heart.",
     "relation between heart nurse doctor"),
    ("A crown. To its left a shield and to its right a key.",
     "relation left of shield crown; relation right of key crown"),
    ("A crown. Above the crown a dove, below it a scroll.", "relation above dove crown; relation below scroll crown"),
    ("A rocket. Left of the rocket, three stars; right of it, two bombs.",
     "relation left of star rocket; relation right of bomb rocket"),
    ("A house. To the left of the house a tree; to its right, a crow.",
     "relation left of tree house; relation right of crow house"),
    ("A trophy in the center, and on its left you see a red runner.", "relation left of runner trophy"),
    ("Next to the cake there should be two apples and one lemon",
     "relation next to apple cake; relation next to lemon cake"),
    ("Above the ship fly four birds, also white", "relation above dove ship; attribute color dove white"),
    ("From left to right: a microscope, a brain and a heart",
     "relation left of microscope brain; relation left of brain heart"),
    ("a white chess king. Below the king a clock.", "relation below clock chess king"),
    ("A watchtower. Above the tower, a dove.", "relation above dove watchtower"),
    ("A giant monster truck, purple. Above the truck, a ghost.", "relation above ghost monster truck"),
    # lettering
    ('the text "SALE" at the top', 'text SALE = SALE; relation top "SALE" canvas'),
    ("Title at the top reads “LEVEL 7”", 'relation top "LEVEL 7" canvas'),
    ("Across the top, in bold letters, it should say “SALE”", 'relation top "SALE" canvas'),
    ("a line at the bottom: “Keep Calm”", 'relation bottom "Keep Calm" canvas'),
    ("A caption at the top says 'NEWS'", 'relation top "NEWS" canvas'),
    ('Write "OPEN" at the bottom in yellow letters', 'attribute color "OPEN" yellow'),
    ("The slogan “Go!” belongs at the top; it should be purple.", 'attribute color "Go!" purple'),
    ("At the very top, write the word WINTER.", 'text WINTER = WINTER; relation top "WINTER" canvas'),
    ("At the top, in blue, you read “HI”", 'attribute color "HI" blue; relation top "HI" canvas'),
    ('a burger with the caption "YUM" under it', 'relation below "YUM" burger'),
    # the whole picture
    ("a cat on a plain white background", "background white"),
    ("a cat on a beach", "background beach"),
    ("Background: outer space. A cat.", "background space"),
    ("Mountains in the background, and a cat", "background mountains"),
    ("A cat. For the background take plain blue.", "background blue"),
    ("a cat in the style of a watercolor", "style watercolor"),
    ("A cat as pixel art", "style pixel art"),
    ("A cat. Make the whole picture darker.", "style darker"),
    ("cross-stitch heart, red", "style cross-stitch; attribute color heart red"),
    # absence
    ("a cat, no dogs", "entity dog = no"),
    ("A cat. No cars, no factories.", "entity car = no; entity factory = no"),
    ("A cat. Neither hands nor people should appear.", "entity hand = no; entity person = no"),
    ("A cat. There must not be any skulls or bombs.", "entity skull = no; entity bomb = no"),
    ("A cat. Skip the sun.", "entity sun = no"),
    ("A cat. The client doesn't want any people.", "entity person = no"),
    ("A cat. The moon is not required.", "entity moon = no"),
    ("A cat. Leave out any bombs.", "entity bomb = no"),
    ("A cat. No lettering.", "text  = no"),
    ("A cat, nothing written anywhere", "text  = no"),
    # groups
    ("Three gifts: two are blue and one is green.", "count blue gift 2; count green gift 1"),
    ("Four umbrellas: half of them yellow, the other half purple", "count yellow umbrella 2; count purple umbrella 2"),
    ("Four pawns: three white, one black", "count white chess pawn 3; count black chess pawn 1"),
    ("A cake. Three gifts stand to the left of it: two are blue and one is green.", "relation left of blue gift cake"),
    ("two blue cars and one red car", "count blue car 2; count red car 1"),
    ("Two cars. The one on the left is red, the one on the right is blue.",
     "relation left red car canvas; count blue car 1"),
    ("One umbrella is purple, two umbrellas are gray", "count purple umbrella 1; count gray umbrella 2"),
    # folded edits
    ("A red car. Make the car blue.", "attribute color car blue"),
    ("five red books. Make the books green rather than red.", "attribute color book green"),
    ("Two dogs. Then remove one of them.", "count dog 1"),
    ("Three bombs. Delete one of the bombs.", "count bomb 2"),
    ("A bus on the left. The bus becomes a train.", "entity train; relation left train canvas"),
    ("A cat on the left. Swap the cat for a dog.", "entity dog; relation left dog canvas"),
    ("A cat on the left. A dog instead of the cat.", "entity dog"),
    ("An anchor. Make the anchor bigger.", "attribute size anchor large"),
    ("A rocket on the left. Move it to the top right corner.", "relation top right rocket canvas"),
    ("A city as the background and a cat. Instead of the city, use mountains.", "background mountains"),
    ("An orange calendar. The calendar changed to red.", "attribute color calendar red"),
    ("A cat and “HI” at the top. Give the lettering a red colour.", 'attribute color "HI" red'),
    ("two ninjas, no wait, not ninjas, two robots", "count robot 2"),
    # layout of the text
    ("A quiet garden scene with a large red\nhouse on the left side of the picture", "attribute color house red"),
    ("- a cat\n- a dog", "entity cat; entity dog"),
    ("Jeep left of tents - green.\n2 tents, orange", "relation left of jeep tent"),
]  # fmt: skip

ABSENT = [
    ("A bus on the left. The bus becomes a train.", "entity bus"),
    ("A cat, a bug. Actually, drop the bug.", "entity bug"),
    ("a poster with a cat", "entity poster"),
    ("Write “GO” in big letters at the top", "entity envelope"),
    ("two ninjas, no wait, not ninjas, two robots", "entity ninja"),
    ("A picture for my friend, with a cat", "entity friend"),
    ("A house. To its left a tree and to its right a cat.", "relation right of cat tree"),
]

EDITS = [
    ("make the left car blue", "recolor", ("left car",), ("blue",), "attribute color left car blue"),
    ("remove the dog", "remove", ("dog",), (), "entity dog = no"),
    ("replace the cat with a red fox", "replace", ("cat",), ("red fox",), "entity red fox"),
    ("make the tree larger", "resize", ("tree",), ("larger",), "attribute size tree larger"),
    ("make the house a bit smaller", "resize", ("house",), ("smaller",), "attribute size house smaller"),
    ("move the cat to the top left", "move", ("cat",), ("top left",), "relation top left cat canvas"),
    ("put the cat to the right of the dog", "move", ("cat",), ("right of dog",), "relation right of cat dog"),
    ("add a tree left of the house", "add", ("tree",), ("left of house",), "relation left of tree house"),
    ("set the background to a beach", "background", (), ("beach",), "background beach"),
    ("turn it into a watercolor", "style", (), ("watercolor",), "style watercolor"),
    ("make the whole picture darker", "tone", (), ("darker",), "style darker"),
    ('write "HI" at the top', "text", ('"HI"',), ("HI", "top"), "text HI"),
    ("remove two of the dogs", "remove", ("dog",), (), "other Remove 2 of the dogs"),
    ("delete the text", "remove", ('""',), (), "text  = no"),
]


@pytest.mark.parametrize(("prompt", "expected"), HOLDS)
def test_reads(prompt, expected):
    found = facts(prompt)
    for fact in expected.split("; "):
        plain = fact if fact.endswith("= no") else fact.split(" = ")[0]
        assert plain in found, (plain, found)


@pytest.mark.parametrize(("prompt", "unwanted"), ABSENT)
def test_does_not_invent(prompt, unwanted):
    assert unwanted not in facts(prompt)


@pytest.mark.parametrize(("prompt", "operation", "subjects", "goals", "fact"), EDITS)
def test_edits_of_a_source(prompt, operation, subjects, goals, fact):
    plan = GrammarExtractor().extract(prompt, SOURCE)
    assert plan.source == SOURCE
    assert [(c.operation.value, c.subjects, c.goals) for c in plan.commands] == [(operation, subjects, goals)]
    assert fact in facts(prompt, SOURCE)
