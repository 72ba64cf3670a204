import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from poser.experts import lexicon

ROOT = Path(__file__).resolve().parents[2]


def test_vocabularies_are_closed_under_their_word_tables() -> None:
    for words, canonical in (
        (lexicon.COLOR_WORDS, tuple(lexicon.COLORS)),
        (lexicon.SIZE_WORDS, lexicon.SIZES),
        (lexicon.RELATION_WORDS, lexicon.RELATIONS),
        (lexicon.PLACE_WORDS, lexicon.PLACES),
        (lexicon.BACKGROUND_WORDS, lexicon.BACKGROUNDS),
        (lexicon.STYLE_WORDS, lexicon.STYLES),
        (lexicon.TONE_WORDS, lexicon.TONES),
    ):
        assert set(words.values()) == set(canonical)
        assert all(words[name] == name for name in canonical)
        assert all(word == " ".join(word.lower().split()) for word in words)


def test_there_are_eleven_colors_far_apart() -> None:
    colors = np.array(list(lexicon.COLORS.values()), float)
    assert len(colors) == 11
    distance = np.linalg.norm(colors[:, None] - colors[None], axis=-1)
    assert distance[~np.eye(11, dtype=bool)].min() > 60


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("cars", "car"),
        ("The Lorry", "truck"),
        ("wine-glasses", "wine glass"),
        ("leaves", "leaf"),
        ("people", "person"),
        ("women", "woman"),
        ("knives", "cutlery"),
        ("fish", "fish"),
        ("T-shirts", "shirt"),
        ("Boat", "ship"),
        ("flowers", "lotus"),
        ("birds", "dove"),
        ("ship’s wheel", "ship's wheel"),
        ("dice", "die"),
        ("glasses", "glasses"),
        ("two words of nonsense", None),
        ("unicorn", None),
        ("", None),
    ],
)
def test_find_noun(words: str, name: str | None) -> None:
    found = lexicon.find_noun(words)
    assert (found.name if found else None) == name


def test_every_noun_is_found_by_name_and_plural_and_can_be_drawn() -> None:
    names = lexicon.nouns()
    assert len(names) == len(set(names)) > 400
    for name in names:
        noun = lexicon.find_noun(name)
        assert noun is not None
        assert noun.name == name
        assert noun.color in lexicon.COLORS
        plural = lexicon.find_noun(noun.plural)
        assert plural is not None
        assert plural.name == name
        mask = lexicon.glyph_mask(name, 48)
        assert mask.dtype == np.uint8
        assert max(mask.shape) == 48
        assert mask.max() > 200
        assert not mask.flags.writeable


def test_glyph_mask_refuses_what_it_does_not_know() -> None:
    with pytest.raises(KeyError, match="lorry"):
        lexicon.glyph_mask("lorry", 50)
    with pytest.raises(ValueError, match="0 px"):
        lexicon.glyph_mask("car", 0)


@pytest.mark.parametrize(
    ("phrase", "subject"),
    [
        ("left large blue car", lexicon.Subject("car", "blue", "large", "left")),
        ("a tiny light-blue sailboat", lexicon.Subject("sailboat", "blue", "small", None)),
        ("sky blue wine glass", lexicon.Subject("wine glass", "blue", None, None)),
        ("the middle cars", lexicon.Subject("car", None, None, "middle")),
        ("right-hand tree", lexicon.Subject("tree", None, None, "right")),
        ('"Big SALE"', lexicon.Subject('"Big SALE"', None, None, None)),
        ("“Hi”", lexicon.Subject('"Hi"', None, None, None)),
        ("red blue car", None),
        ("angry car", None),
        ("unicorn", None),
        ("", None),
    ],
)
def test_parse_subject(phrase: str, subject: lexicon.Subject | None) -> None:
    assert lexicon.parse_subject(phrase) == subject


@given(
    st.sampled_from(lexicon.nouns()),
    st.none() | st.sampled_from(sorted(lexicon.COLORS)),
    st.none() | st.sampled_from(lexicon.SIZES),
    st.none() | st.sampled_from(("left", "right", "middle", "top", "bottom")),
)
def test_subjects_survive_formatting(noun: str, color: str | None, size: str | None, place: str | None) -> None:
    subject = lexicon.Subject(noun, color, size, place)
    assert lexicon.parse_subject(lexicon.format_subject(subject)) == subject


def test_suggestions_are_drawable_and_near() -> None:
    assert "house" in lexicon.suggest("houze")
    assert lexicon.suggest("rabbit hole with dogs")[0] == "dog"
    assert lexicon.suggest("zzzqqq") == []
    assert len(lexicon.suggest("carr", 2)) <= 2
    assert lexicon.suggest("duck") == ["dove", "crow"]
    for word in ("butterfly", "bench", "parrot", "whale", "table", "shoe", "well", "goat", "monkey", "scarf"):
        assert not {"battery", "wrench", "carrot", "wallet", "receipt", "bell", "banknote"} & set(lexicon.suggest(word))
    assert lexicon.suggest("table") == lexicon.suggest("rabbits") == []
    assert set(lexicon.suggest("vehicles")) <= set(lexicon.nouns())


def test_lettering_font_covers_three_scripts() -> None:
    font = lexicon.lettering_font(40)
    missing = bytes(font.getmask("\uffff"))
    for character in "AzßéΩжЯ5!€":
        assert bytes(font.getmask(character)) != missing


def test_import_is_light() -> None:
    code = "import sys, poser.experts.lexicon; print(sorted({'numpy', 'PIL', 'cv2', 'matplotlib'} & set(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_data_file_is_what_the_script_builds() -> None:
    script = [sys.executable, str(ROOT / "scripts" / "build_lexicon.py"), "--check"]
    out = subprocess.run(script, capture_output=True, text=True)
    assert out.returncode == 0, out.stdout + out.stderr


def test_phrases_of_users_are_not_remembered_without_end():
    assert lexicon.parse_subject.cache_info().maxsize is not None
