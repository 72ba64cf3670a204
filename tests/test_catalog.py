"""Names become objects in one place."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from poser import catalog
from poser.critics.panel import PanelCritic
from poser.critics.testing import ScriptedCritic
from poser.experts.errors import InputError, UnknownName
from poser.experts.record import TrackRecord
from poser.experts.studio.pool import studio_record
from poser.experts.testing import FakeExpert
from poser.policies.base import Policy
from poser.policies.learned import shipped


def test_all_experts_are_the_studio():
    names = [expert.spec.name for expert in catalog.experts()]
    assert names == [expert.spec.name for expert in catalog.experts(["studio"])]
    assert len(names) == len(set(names)) >= 6


def test_names_and_objects_stand_side_by_side_in_their_order():
    first = catalog.experts()[0].spec.name
    own = FakeExpert("own")
    assert [expert.spec.name for expert in catalog.experts([own, first])] == ["own", first]
    assert catalog.experts([own])[0] is own


def test_one_name_is_not_read_letter_by_letter():
    first = catalog.experts()[0].spec.name
    assert [expert.spec.name for expert in catalog.experts(first)] == [first]
    assert len(catalog.experts(FakeExpert("own"))) == 1


def test_every_call_makes_new_experts():
    assert catalog.experts()[0] is not catalog.experts()[0]


def test_an_unknown_expert_gets_a_suggestion():
    first = catalog.experts()[0].spec.name
    with pytest.raises(UnknownName, match=f"Did you mean '{first}'"):
        catalog.experts([first + "x"])


def test_an_empty_pool_is_refused():
    with pytest.raises(InputError, match="No expert"):
        catalog.experts([])


def test_objects_are_taken_as_they_are():
    critic = ScriptedCritic()
    assert catalog.critic(critic) is critic
    policy = catalog.policy("greedy")
    assert catalog.policy(policy) is policy


def test_defaults():
    assert catalog.critic().name == "detector"
    assert catalog.extractor().name == "grammar"
    assert catalog.policy().name == "learned"


@pytest.mark.parametrize("name", ["greedy", "random", "learned"])
def test_policies_by_name(name):
    assert isinstance(catalog.policy(name), Policy)


def test_a_trained_policy_is_found_by_its_folder(tmp_path):
    shipped().save(tmp_path / "mine")
    assert catalog.policy(str(tmp_path / "mine")).name == "learned"
    with pytest.raises(InputError, match=r"holds no policy\.json"):
        catalog.policy(str(tmp_path))
    with pytest.raises(UnknownName, match="learned"):
        catalog.policy("lerned")


def test_a_foreign_object_is_no_policy():
    with pytest.raises(InputError, match="not a policy"):
        catalog.policy(3)


def test_sides_are_those_that_suit_all():
    assert catalog.sides([FakeExpert()]) == (1, 1 << 16)
    assert catalog.sides([FakeExpert(), *catalog.experts()]) == (512, 1024)


def test_experts_of_the_studio_come_with_what_is_known_of_them():
    composer, letterer = catalog.experts(["studio-composer", "studio-letterer"])
    known = catalog.shipped_record([composer])
    assert known.calls(composer.spec, "add", 5) >= 20
    assert known.tally("studio-composer").calls >= 20
    assert known.calls(letterer.spec, "add", 5) == known.tally("studio-letterer").calls == 0


def test_a_name_alone_brings_no_record():
    class Own(type(catalog.experts("studio-composer")[0])):
        """Made of the studio's, and no longer the studio's."""

    assert Own().spec.name == "studio-composer"
    for stranger in (FakeExpert("studio-composer"), FakeExpert("composer"), Own()):
        assert catalog.shipped_record([stranger]).digest() == TrackRecord().digest()


def test_what_is_done_to_a_shipped_record_stays_there():
    pool = catalog.experts()
    before = catalog.shipped_record(pool).digest()
    catalog.shipped_record(pool).observe_call("studio-composer", 1.0, 0.0)
    studio_record().observe_call("studio-composer", 1.0, 0.0)
    assert catalog.shipped_record(pool).digest() == before


def test_importing_the_catalog_loads_nothing():
    code = "import sys, poser.catalog; print([m for m in ('numpy', 'cv2', 'pydantic') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def panels(text: str) -> None:
    Path("poser.toml").write_text(f'[[critics]]\nname = "both"\nuse = "panel"\n{text}', encoding="utf-8")


def test_a_panel_is_made_of_critics_by_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    panels('members = ["detector", "neural-judge"]\nunsure = 0.3\n')
    panel = catalog.critic("both")
    assert isinstance(panel, PanelCritic)
    assert (panel.name, [part.name for part in panel.parts]) == ("both", ["detector", "neural-judge"])
    panels('members = ["detector"]\nescalate_to = "neural-judge"\n')
    made = catalog.critic("both")
    assert made.escalate_to is not None
    assert made.escalate_to.name == "neural-judge"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('members = ["detektor"]\n', "Did you mean 'detector'"),
        ('members = ["both"]\n', "no panels"),
        ('members = ["detector"]\nescalate_to = "both"\n', "no panels"),
        ('members = "detector"\n', "a list of names"),
        ("members = 5\n", "a list of names"),
        ('members = [["detector"]]\n', "give names of critics"),
        ('members = ["detector"]\nescalate_to = ["neural-judge"]\n', "one name"),
        ('members = ["detector", "detector"]\n', "each of them once"),
        ('members = ["detector"]\nescalate_to = "detector"\n', "each of them once"),
        ('members = ["detector"]\ndisagreement = "big"\n', "disagreement of the panel 'both' is 'big'"),
        ("members = []\n", "at least one member"),
        ('members = ["detector"]\nunsure = 2\n', "unsure 2"),
        ('members = ["detector"]\nunsur = 0.2\n', "Did you mean 'unsure'"),
        ("", "also needs members"),
    ],
)
def test_a_panel_that_cannot_be_made_is_refused_by_name(tmp_path, monkeypatch, text, said):
    monkeypatch.chdir(tmp_path)
    panels(text)
    with pytest.raises(InputError, match=said):
        catalog.critic("both")
