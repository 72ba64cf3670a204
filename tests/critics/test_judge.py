from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from poser import catalog
from poser.critics.conformance import check_critic
from poser.critics.judge import views
from poser.critics.judge.critic import NeuralJudge
from poser.critics.judge.finding import distinct, overlap
from poser.critics.judge.layers import WEIGHTS, convolved
from poser.critics.judge.wiring import Layer, finder_layers, looker_layers, namer_layers
from poser.critics.letters import Lettering as Letters
from poser.critics.types import JudgeRequest, Verdict
from poser.experts.base import CallContext
from poser.experts.errors import TimedOut
from poser.experts.picture import Picture
from poser.experts.studio.painter import Lettering, Placed, Scene, apply_tone, paint
from poser.experts.types import Atom

JUDGE = Path(__file__).resolve().parents[2] / "poser" / "critics" / "judge"
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


def judge(critic: NeuralJudge, shown: Picture, *words: tuple[str, ...], source: Picture | None = None) -> Verdict:
    atoms = tuple(Atom(id=f"a{k}", tuple=each, question="?", answer=_answer(each)) for k, each in enumerate(words))
    verdict = critic.judge([JudgeRequest(picture=shown, atoms=atoms, source=source)], CallContext())[0]
    assert isinstance(verdict, Verdict)
    return verdict


def _answer(words: tuple[str, ...]) -> str:
    return words[2] if words[0] == "count" else "yes"


@pytest.fixture(scope="module")
def critic() -> NeuralJudge:
    return NeuralJudge(ocr=False)


@pytest.fixture(scope="module")
def street() -> Picture:
    return picture(STREET)


HOLDS = [
    ("entity", "blue car"),
    ("count", "car", "2"),
    ("attribute", "color", "tree", "green"),
    ("attribute", "size", "sun", "small"),
    ("attribute", "size", "tree", "large"),
    ("relation", "left of", "blue car", "tree"),
    ("relation", "top right", "sun", "canvas"),
    ("background", "meadow"),
]
FAILS = [
    ("entity", "green car"),
    ("entity", "boat"),
    ("count", "car", "3"),
    ("attribute", "color", "tree", "purple"),
    ("attribute", "size", "sun", "large"),
    ("relation", "right of", "blue car", "tree"),
    ("relation", "bottom left", "sun", "canvas"),
    ("background", "desert"),
    ("style", "mosaic"),
    ("style", "darker"),
]


def test_it_keeps_the_contract_of_critics(critic):
    findings = check_critic(critic)
    assert all(finding.ok for finding in findings), findings


def test_it_agrees_with_what_was_painted(critic, street):
    verdict = judge(critic, street, *HOLDS, *FAILS)
    for words, answer in zip((*HOLDS, *FAILS), verdict.answers, strict=True):
        assert answer.probability is not None, words
        assert (answer.probability >= 0.5) == (words in HOLDS), (words, answer)
    assert "boat is missing" in verdict.feedback


def test_it_sees_styles_and_tones(critic):
    styled = picture(STREET._replace(style="mosaic"))
    verdict = judge(critic, styled, ("style", "mosaic"), ("style", "chalk"), ("entity", "red car"))
    assert [answer.probability >= 0.5 for answer in verdict.answers] == [True, False, True]
    darker = Picture(apply_tone(np.array(picture(STREET).pixels), "darker"))
    assert judge(critic, darker, ("style", "darker")).answers[0].probability >= 0.5


def test_lettering_is_not_judged_without_ocr(critic, street):
    verdict = judge(critic, street, ("text", "SALE 50%"), ("entity", '"SALE 50%"'), ("text", ""))
    assert [answer.probability for answer in verdict.answers] == [None, None, None]


def test_lettering_of_other_scripts_is_not_judged_with_ocr(street, monkeypatch):
    monkeypatch.setattr("poser.critics.judge.critic.read_by_ocr", lambda pixels: [])
    verdict = judge(NeuralJudge(ocr=True), street, ("text", "ПРИВЕТ"), ("text", "SALE"))
    assert verdict.answers[0].probability is None
    assert verdict.answers[1].probability < 0.5


def test_lettering_that_is_overlooked_is_looked_for_at_another_size(street, monkeypatch):
    sale = Letters("SALE 50%", (0.3, 0.05, 0.7, 0.12), 0.99)
    monkeypatch.setattr("poser.critics.judge.critic.read_by_ocr", lambda pixels: [sale] if len(pixels) > 768 else [])
    assert judge(NeuralJudge(ocr=True), street, ("text", "SALE 50%")).answers[0].probability >= 0.5


def test_free_words_and_unknown_nouns_are_not_judged(critic, street):
    verdict = judge(
        critic, street, ("other", "a joyful mood"), ("entity", "qzxv"), ("attribute", "texture", "car", "soft")
    )
    assert [answer.probability for answer in verdict.answers] == [None, None, None]


def test_what_is_no_picture_of_the_studio_is_not_judged(critic):
    noise = np.random.default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    assert judge(critic, Picture(noise), ("entity", "car")).answers[0].probability is None


@pytest.mark.parametrize(("width", "height"), [(1, 1), (5, 900), (2000, 40), (513, 771)])
def test_any_size_is_read(critic, width, height):
    shown = Picture(np.full((height, width, 3), 200, np.uint8))
    assert len(judge(critic, shown, ("entity", "car"), ("background", "gray")).answers) == 2


def test_it_answers_the_same_again(street):
    first, again = (NeuralJudge(ocr=False).read(street) for _ in range(2))
    assert first.things == again.things
    assert first.backdrops == again.backdrops


def test_preservation_needs_a_source(critic, street):
    assert judge(critic, street, ("entity", "car")).preservation is None
    without = picture(STREET._replace(things=STREET.things[1:]))
    assert judge(critic, street, ("entity", "blue car"), source=street).preservation > 0.95
    assert judge(critic, without, ("entity", "boat"), source=street).preservation < 0.9


def test_the_catalog_knows_it():
    assert catalog.critic("neural-judge").name == "neural-judge"


def test_what_is_not_judged_by_the_deadline_is_timed_out(critic, street):
    late = CallContext(deadline=0.0)
    assert isinstance(critic.judge([JudgeRequest(picture=street, atoms=())], late)[0], TimedOut)


def test_the_weights_are_small():
    assert WEIGHTS.stat().st_size < 3_000_000


RECORDS = {"poser.critics.reading": {"Reading", "Thing"}, "poser.critics.looks": {"Look"}}
PURE = {"answers", "base", "feedback", "letters", "ocr", "preservation", "scene", "types"}


def test_nothing_is_recognised_with_the_detector():
    for path in JUDGE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert not isinstance(node, ast.Import) or all("poser" not in name.name for name in node.names)
            if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("poser.critics"):
                continue
            module, names = node.module, {name.name for name in node.names}
            allowed = RECORDS.get(module)
            own = module.startswith("poser.critics.judge") or module.removeprefix("poser.critics.") in PURE
            assert own or (allowed and names <= allowed), f"{path.name} imports {names} from {module}"


@pytest.mark.parametrize(("kernel", "stride", "same"), [(3, 1, True), (3, 2, True), (1, 1, True), (4, 1, False)])
def test_a_convolution_is_what_it_says(kernel, stride, same):
    rng = np.random.default_rng(1)
    layer = Layer(2, 3, kernel, stride, relu=True, same=same)
    x = rng.normal(size=(1, 6, 8, 2)).astype(np.float32)
    weight, bias = rng.normal(size=(kernel, kernel, 2, 3)).astype(np.float32), rng.normal(size=3).astype(np.float32)
    side = kernel // 2 if same else 0
    wide = np.pad(x, ((0, 0), (side, side), (side, side), (0, 0)))
    given = convolved(x, weight, bias, layer)
    for row in range(given.shape[1]):
        for column in range(given.shape[2]):
            window = wide[0, row * stride : row * stride + kernel, column * stride : column * stride + kernel]
            wanted = np.maximum(np.einsum("abc,abcd->d", window, weight) + bias, 0)
            np.testing.assert_allclose(given[0, row, column], wanted, rtol=1e-4, atol=1e-4)


def test_windows_go_on_beyond_the_edge():
    pixels = np.zeros((100, 120, 3), np.uint8)
    pixels[:, :10] = 200
    assert views.wide_cut(pixels, (-20.0, 30.0, 20.0, 70.0))[40, 0].tolist() == [200, 200, 200]
    assert views.crop(views.wide_cut(pixels, (90.0, 80.0, 130.0, 120.0))).shape == (48, 48, 3)
    assert views.wide_cut(pixels, (500.0, 500.0, 520.0, 520.0)).shape == (80, 80, 3)


def test_of_boxes_at_one_place_the_first_is_kept():
    assert overlap((0, 0, 2, 2), (1, 0, 3, 2)) == pytest.approx(1 / 3)
    assert distinct([(0, 0, 10, 10), (1, 0, 11, 10), (20, 0, 30, 10)], 0.5) == [0, 2]


def test_the_weights_fit_the_lexicon():
    # a new noun, colour, backdrop or style needs `make judge`
    weights = load_file(WEIGHTS)
    for network, layers in (("finder", finder_layers()), ("namer", namer_layers()), ("looker", looker_layers())):
        for name, layer in layers.items():
            shape = (layer.kernel, layer.kernel, layer.inputs, layer.outputs)
            assert weights[f"{network}.{name}.weight"].shape == shape, f"{network}.{name}: run `make judge`"
