import subprocess
import sys

import numpy as np
import pytest

from poser.experts.base import CallContext, Expert
from poser.experts.conformance import check_expert
from poser.experts.errors import InvalidRequest
from poser.experts.examples import EXAMPLES
from poser.experts.studio.composer import Composer
from poser.experts.studio.counter import Counter
from poser.experts.studio.drawer import Drawer
from poser.experts.studio.letterer import Letterer
from poser.experts.studio.pool import drawers, studio_experts
from poser.experts.studio.sketcher import Sketcher
from poser.experts.studio.stager import Stager
from poser.experts.studio.wants import Wish
from poser.experts.types import Atom, Command, ExpertRequest, ExpertResult, Operation

from .truth import random_commands, true


def request(commands: tuple[Command, ...], seed: int = 0, side: int = 768) -> ExpertRequest:
    return ExpertRequest(mode="t2i", text="words", commands=commands, seed=seed, width=side, height=side)


def score(drawer: Drawer, count: int, prompts: int = 30, kinds: tuple[str, ...] = ()) -> float:
    """Mean share of true atoms over random prompts of `count` commands; of these kinds only, if any are given."""
    hits: list[bool] = []
    for seed in range(prompts):
        commands = random_commands(count, np.random.default_rng(1000 * count + seed))
        draft = drawer.draft(request(commands, seed))
        atoms = [atom for command in commands for atom in command.atoms if not kinds or atom.kind in kinds]
        hits += [true(draft, atom) for atom in atoms]
    return float(np.mean(hits))


@pytest.mark.parametrize("drawer", drawers(), ids=lambda drawer: drawer.spec.name)
def test_every_drawer_keeps_the_contract(drawer: Expert) -> None:
    problems = [finding for finding in check_expert(drawer) if not finding.ok or finding.skipped]
    assert not problems
    spec = drawer.spec
    assert spec.kind == "t2i"
    assert spec.price == 0.0
    assert spec.simulated_price is not None
    assert 0.002 <= spec.simulated_price <= 0.08
    assert drawer.refuses(EXAMPLES[Operation.ADD], has_source=True)


def test_names_are_unique_and_at_least_four_draw() -> None:
    experts = studio_experts()
    names = [expert.spec.name for expert in experts]
    assert len(names) == len(set(names))
    assert sum(expert.spec.kind == "t2i" for expert in experts) >= 4


def test_listing_the_pool_loads_no_opencv() -> None:
    code = (
        "import sys; from poser.experts.studio import studio_experts; [e.spec for e in studio_experts()];"
        "print(sorted({'cv2', 'torch'} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


class Faithful(Composer):
    """Draws exactly what it is asked for: shows what layout can do."""

    def imagine(self, wish: Wish, rng: np.random.Generator) -> Wish:
        return wish


def test_the_layout_itself_fulfils_nearly_everything() -> None:
    assert score(Faithful(), 3) >= 0.98
    assert score(Faithful(), 8) >= 0.98


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_composer_is_good_at_short_prompts(count: int) -> None:
    assert score(Composer(), count) >= 0.9


@pytest.mark.parametrize("count", [8, 10])
def test_the_composer_loses_track_of_long_ones(count: int) -> None:
    assert 0.3 <= score(Composer(), count) <= 0.65


def test_each_drawer_has_its_strength_and_weakness() -> None:
    assert score(Counter(), 3, kinds=("count",)) == 1.0
    assert score(Counter(), 3, kinds=("relation",)) < 0.6
    assert score(Stager(), 3, kinds=("relation",)) >= 0.95
    assert score(Stager(), 3, kinds=("count",)) < 0.1
    assert score(Letterer(), 8, kinds=("text", "background")) == 1.0
    assert score(Letterer(), 8, kinds=("entity",)) < 0.6
    assert 0.5 < score(Sketcher(), 3, kinds=("attribute",)) < 0.8


@pytest.mark.parametrize("drawer", drawers(), ids=lambda drawer: drawer.spec.name)
def test_no_drawer_does_a_long_prompt_alone(drawer: Drawer) -> None:
    whole = []
    for seed in range(12):
        commands = random_commands(8, np.random.default_rng(seed))
        draft = drawer.draft(request(commands, seed))
        whole.append(all(true(draft, atom) for command in commands for atom in command.atoms))
    assert sum(whole) <= 1


def test_unknown_things_are_refused_in_words() -> None:
    atoms = (Atom(id="a", tuple=("entity", "unicorn"), question="Is there a unicorn?"),)
    command = Command(id="c", operation=Operation.ADD, text="Add a unicorn", atoms=atoms)
    assert "unicorn" in str(Composer().refuses(command, has_source=False))
    result = Composer().run([request((command,))], CallContext())[0]
    assert isinstance(result, InvalidRequest)
    assert "unicorn" in str(result)


def test_what_is_unknown_beside_known_things_is_noted() -> None:
    atoms = tuple(Atom(id=noun, tuple=("entity", noun), question="?") for noun in ("car", "unicorn"))
    command = Command(id="c", operation=Operation.ADD, text="A car and a unicorn", atoms=atoms)
    result = Composer().run([request((command,))], CallContext())[0]
    assert isinstance(result, ExpertResult)
    assert any("unicorn" in note for note in result.notes)


def test_wrong_requests_are_refused() -> None:
    edit = ExpertRequest(mode="i2i", text="x", commands=(EXAMPLES[Operation.ADD],))
    with pytest.raises(InvalidRequest, match="editor"):
        Composer().draft(edit)
    with pytest.raises(InvalidRequest, match="64 x 64"):
        Composer().draft(request((EXAMPLES[Operation.ADD],), side=64))


def test_nothing_to_draw_is_an_error_and_an_absence_is_not() -> None:
    vague = Command(id="c", operation=Operation.GENERATE, text="Something hopeful")
    assert "atoms" in str(Composer().refuses(vague, has_source=False))
    with pytest.raises(InvalidRequest, match="hopeful"):
        Composer().draft(request((vague,)))
    with pytest.raises(InvalidRequest, match="nothing"):
        Composer().draft(request(()))
    assert Composer().draft(request((EXAMPLES[Operation.REMOVE],))).scene.things == ()


def test_more_than_can_be_drawn_is_said() -> None:
    many = Command(
        id="c", operation=Operation.ADD, text="99 stars",
        atoms=(Atom(id="a", tuple=("count", "star", "99"), question="?", answer="99"),),
    )  # fmt: skip
    notes = Composer().draft(ExpertRequest(mode="t2i", text="99 stars", commands=(many,))).notes
    assert any("At most 40" in note for note in notes)
