from __future__ import annotations

import ast
import time
from pathlib import Path

import numpy as np
import pytest

from poser.critics.base import judge_checked
from poser.critics.conformance import check_critic
from poser.critics.detector import DetectorCritic
from poser.critics.types import JudgeRequest, Verdict
from poser.experts.base import CallContext
from poser.experts.errors import TimedOut
from poser.experts.picture import Picture
from poser.experts.studio.painter import Lettering, Placed, Scene, apply_tone, paint
from poser.experts.types import Atom

CRITICS = Path(__file__).resolve().parents[2] / "poser" / "critics"
STREET = Scene(
    "meadow",
    (
        Placed("car", "blue", 0.2, 0.75, 0.2),
        Placed("car", "red", 0.5, 0.75, 0.2),
        Placed("tree", "green", 0.8, 0.6, 0.3),
        Placed("sun", "yellow", 0.85, 0.15, 0.12),
        Placed("ghost", "white", 0.2, 0.3, 0.18),
    ),
    (Lettering("SALE 50%", "red", 0.5, 0.08, 0.07),),
)


def picture(scene: Scene, width: int = 640, height: int = 640, seed: int = 3) -> Picture:
    return Picture(paint(scene, width, height, seed))


def atom(*words: str, answer: str = "yes", name: str = "a", parents: tuple[str, ...] = ()) -> Atom:
    return Atom(id=name, tuple=words, question="?", answer=answer, parents=parents)


def judge(critic: DetectorCritic, shown: Picture, atoms: list[Atom], source: Picture | None = None) -> Verdict:
    named = tuple(a.model_copy(update={"id": f"a{k}"}) for k, a in enumerate(atoms))
    verdict = critic.judge([JudgeRequest(picture=shown, atoms=named, source=source)], CallContext())[0]
    assert isinstance(verdict, Verdict)
    assert [answer.atom for answer in verdict.answers] == [a.id for a in named]
    return verdict


@pytest.fixture(scope="module")
def critic() -> DetectorCritic:
    return DetectorCritic(ocr=False)


@pytest.fixture(scope="module")
def street() -> Picture:
    return picture(STREET)


HOLDS = [
    ("entity", "car"), ("entity", "blue car"), ("entity", "large tree"), ("entity", "automobile"),
    ("attribute", "color", "tree", "green"), ("attribute", "color", "ghost", "white"),
    ("attribute", "color", "left car", "blue"), ("attribute", "color", "right car", "red"),
    ("attribute", "size", "tree", "large"), ("attribute", "size", "sun", "small"),
    ("count", "car", "2"), ("count", "car", ">=1"), ("count", "blue car", "1"), ("count", "dog", "0"),
    ("relation", "left of", "car", "tree"), ("relation", "right of", "red car", "blue car"),
    ("relation", "above", "sun", "tree"), ("relation", "below", "car", "ghost"),
    ("relation", "next to", "blue car", "red car"), ("relation", "between", "red car", "blue car", "tree"),
    ("relation", "top right", "sun", "canvas"), ("relation", "bottom", "car", "canvas"),
    ("relation", "top", '"SALE 50%"', "canvas"), ("relation", "above", '"SALE 50%"', "car"),
    ("text", "SALE 50%"), ("text", ""), ("background", "meadow"),
]  # fmt: skip
FAILS = [
    ("entity", "dog"), ("entity", "green car"), ("entity", "small tree"),
    ("attribute", "color", "car", "blue"), ("attribute", "color", "tree", "red"),
    ("attribute", "size", "tree", "small"), ("attribute", "color", "dog", "black"),
    ("count", "car", "1"), ("count", "car", "3"), ("count", "car", ">=3"), ("count", "green car", "1"),
    ("relation", "right of", "car", "tree"), ("relation", "left of", "car", "red car"),
    ("relation", "next to", "sun", "blue car"), ("relation", "between", "tree", "blue car", "red car"),
    ("relation", "left", "sun", "canvas"), ("relation", "left of", "car", "dog"),
    ("relation", "center", "car", "canvas"), ("text", "SALE 60%"), ("text", "sale 50%"),
    ("background", "city"), ("background", "green"),
    ("style", "watercolor"), ("style", "darker"),
]  # fmt: skip
UNKNOWN = [
    ("other", "a gloomy mood"), ("entity", "quokka"), ("attribute", "material", "car", "wood"),
    ("attribute", "color", "car", "teal"), ("attribute", "size", "car", "larger"),
    ("relation", "inside", "car", "tree"), ("relation", "left of", "car", "quokka"), ("count", "car", "several"),
    ("background", "moonbase"), ("style", "cubist"),
]  # fmt: skip


@pytest.mark.parametrize("words", HOLDS, ids=" ".join)
def test_what_is_there_is_seen(critic, street, words):
    answer = judge(critic, street, [atom(*words)]).answers[0]
    assert answer.probability is not None
    assert answer.probability >= 0.75


@pytest.mark.parametrize("words", FAILS, ids=" ".join)
def test_what_is_not_so_is_not_seen(critic, street, words):
    verdict = judge(critic, street, [atom(*words)])
    assert verdict.answers[0].probability is not None
    assert verdict.answers[0].probability <= 0.25
    assert verdict.feedback


@pytest.mark.parametrize("words", UNKNOWN, ids=" ".join)
def test_what_cannot_be_judged_is_not_guessed(critic, street, words):
    verdict = judge(critic, street, [atom(*words)])
    assert verdict.answers[0].probability is None
    assert verdict.feedback == ""


def test_absence_is_the_opposite(critic, street):
    present, absent = judge(
        critic, street, [atom("entity", "sun", answer="no"), atom("entity", "dog", answer="no")]
    ).answers
    assert present.probability is not None
    assert present.probability < 0.1
    assert absent.probability is not None
    assert absent.probability > 0.9
    lettering = judge(critic, street, [atom("text", "", answer="no")])
    assert lettering.answers[0].probability < 0.1
    assert 'there is still "SALE 50%"' in lettering.feedback


def test_feedback_says_what_is_missing(critic, street):
    asked = [
        atom("count", "blue car", "2"),
        atom("entity", "dog"),
        atom("relation", "right of", "ghost", "tree"),
        atom("attribute", "color", "tree", "red"),
        atom("text", "SAIL"),
        atom("background", "desert"),
    ]
    said = judge(critic, street, asked).feedback.split("; ")
    assert said[0] == "1 of 2 blue cars is there"
    assert said[1] == "the dog is missing"
    assert said[2] == "the ghost is left of the tree, not right of"
    assert said[3] == "the tree is green, not red"
    assert said[4] == 'the lettering reads "SALE 50%", not "SAIL"'
    assert said[5] == "the backdrop is meadow, not desert"


def test_what_follows_from_a_failed_parent_is_not_repeated(critic, street):
    dog = Atom(id="dog", tuple=("entity", "dog"), question="?")
    black = Atom(id="black", tuple=("attribute", "color", "dog", "black"), question="?", parents=("dog",))
    verdict = critic.judge([JudgeRequest(picture=street, atoms=(dog, black))], CallContext())[0]
    assert verdict.feedback == "the dog is missing"


def test_a_batch_is_judged_like_its_members_and_in_order(street):
    other = picture(Scene("night", (Placed("dog", "orange", 0.5, 0.5, 0.25),)))
    asked = (atom("entity", "dog", name="x"), atom("entity", "car", name="y"))
    requests = [JudgeRequest(picture=p, atoms=asked) for p in (street, other, street)]
    together = [v.answers for v in DetectorCritic(ocr=False).judge(requests, CallContext())]
    alone = [DetectorCritic(ocr=False).judge([request], CallContext())[0].answers for request in requests]
    assert together == alone
    assert together[0] == together[2]
    assert together[1][0].probability > 0.9 > 0.1 > together[1][1].probability


def test_the_contract_is_kept(street):
    critic = DetectorCritic()
    assert [finding for finding in check_critic(critic, pictures=[street]) if not finding.ok] == []
    critic.close()


def test_after_the_deadline_nothing_is_judged(street):
    late = CallContext(deadline=time.monotonic() - 1)
    verdicts = DetectorCritic().judge([JudgeRequest(picture=street, atoms=())] * 2, late)
    assert [type(v) for v in verdicts] == [TimedOut, TimedOut]


@pytest.mark.parametrize(
    "shape", [(1, 1), (2, 300), (300, 2), (8, 8), (40, 900), (1500, 1400), (1, 30_000), (900, 5000)]
)
@pytest.mark.parametrize("fill", [0, 255, 128])
def test_odd_pictures_are_no_trouble(critic, shape, fill):
    shown = Picture(np.full((*shape, 3), fill, np.uint8))
    asked = (atom("entity", "car", name="a"), atom("text", "x", name="b"), atom("background", "city", name="c"))
    (verdict,) = judge_checked(critic, [JudgeRequest(picture=shown, atoms=asked, source=shown)], CallContext())
    assert isinstance(verdict, Verdict)
    assert all(answer.probability is None or answer.probability < 0.1 for answer in verdict.answers)
    assert verdict.preservation == 1.0


def photo(seed: int, size: int = 384) -> Picture:
    """Something with the texture of a photograph: noise whose power falls with frequency, in mixed colours."""
    rng = np.random.default_rng(seed)
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(size), np.fft.fftfreq(size)))
    fall = 1 / np.maximum(frequency, 1 / size) ** 1.3
    planes = [np.fft.ifft2(np.fft.fft2(rng.normal(size=(size, size))) * fall).real for _ in range(3)]
    planes = [(p - p.mean()) / p.std() for p in planes]
    mixed = np.stack([planes[0] + 0.5 * planes[k] for k in range(3)], axis=-1)
    return Picture(np.clip(118 + 48 * mixed, 0, 255).astype(np.uint8))


@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_hallucinated_into_a_photo(critic, seed):
    asked = [atom("entity", "car"), atom("count", "dog", "0"), atom("background", "sea"), atom("text", "")]
    verdict = judge(critic, photo(seed), asked)
    assert [answer.probability for answer in verdict.answers] == [None] * 4
    assert critic.read(photo(seed)).things == ()


def test_sizes_are_compared_with_the_source(critic):
    before, after = (
        picture(Scene("sky", (Placed("sailboat", "red", 0.3, 0.6, e), Placed("sun", "yellow", 0.8, 0.2, 0.15))))
        for e in (0.16, 0.24)
    )
    asked = [
        atom("attribute", "size", "sailboat", "larger"),
        atom("attribute", "size", "sailboat", "smaller"),
        atom("attribute", "size", "sun", "larger"),
    ]
    larger, smaller, same = (a.probability for a in judge(critic, after, asked, before).answers)
    assert larger > 0.9
    assert smaller < 0.1
    assert same < 0.1
    assert judge(critic, before, asked, after).answers[1].probability > 0.9


@pytest.mark.parametrize("tone", ["darker", "brighter", "warmer", "cooler", "more contrast", "faded"])
def test_tones_are_seen_with_and_without_a_source(critic, street, tone):
    toned = Picture(apply_tone(np.array(street.pixels), tone))
    for source in (None, street):
        assert judge(critic, toned, [atom("style", tone)], source).answers[0].probability > 0.7
        assert judge(critic, street, [atom("style", tone)], source).answers[0].probability < 0.3
    assert judge(critic, toned, [atom("count", "car", "2")]).answers[0].probability > 0.7


def test_critics_never_see_the_painter():
    for path in CRITICS.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [a.name for a in node.names] if isinstance(node, ast.Import) else []
            assert not any(name.startswith("poser.experts.studio") for name in names), path


def test_accents_that_a_style_swallowed_are_not_judged(critic):
    scene = Scene("sky", (), (Lettering("CAFÉ", "black", 0.5, 0.5, 0.075),), "comic")
    verdict = judge(critic, picture(scene, 768, 768, 1), [atom("text", "CAFÉ"), atom("text", "CAVE")])
    accented, other = (answer.probability for answer in verdict.answers)
    assert accented is None
    assert other is not None
    assert other < 0.5


def test_digits_that_are_no_number_are_not_judged(critic, street):
    assert judge(critic, street, [atom("count", "car", "²")]).answers[0].probability is None


@pytest.mark.parametrize(("phrase", "said"), [("car", "there are still 2 cars"), ("sun", "there is still 1 sun")])
def test_feedback_counts_what_should_not_be_there(critic, street, phrase, said):
    assert judge(critic, street, [atom("entity", phrase, answer="no")]).feedback == said


def test_lettering_of_another_colour_is_told():
    scene = Scene(things=(), letterings=(Lettering("SALE", "black", 0.5, 0.5, 0.1),), background="sky")
    picture = Picture(paint(scene, 512, 512, 1))
    atoms = [
        Atom(id="t", tuple=("text", "SALE"), question="Can SALE be read?", answer="SALE"),
        *(
            Atom(id=c, tuple=("attribute", "color", '"SALE"', c), question="?", parents=("t",))
            for c in ("black", "white")
        ),
    ]
    (verdict,) = DetectorCritic(ocr=False).judge([JudgeRequest(picture=picture, atoms=tuple(atoms))], CallContext())
    answers = {answer.atom: answer for answer in verdict.answers}
    assert answers["black"].probability > 0.9
    assert answers["white"].probability < 0.1
    assert answers["white"].seen == "black"
    assert "black, not white" in verdict.feedback
