from poser import catalog, engine
from poser.engine.makers import suited_extractor
from poser.experts.testing import FakeExpert

PROSE = (
    "A stooped beekeeper in a patched linen apron lifts a honeycomb from a weathered hive, while drowsy bees drift "
    "around the brim of a straw bonnet, and a dented smoker rests on the mossy flagstones below."
)


def test_an_open_vocabulary_is_taken_unless_all_experts_are_of_the_studio():
    studio = catalog.experts(["studio"])
    assert suited_extractor(studio) == "grammar"
    assert suited_extractor([*studio, FakeExpert("painter")]) == "grammar-open"


def test_a_run_reads_prose_as_suits_its_experts():
    nouns = {}
    for name, experts in (("studio", ["studio"]), ("painter", [FakeExpert("painter")])):
        run = engine.generate(PROSE, experts=experts, max_steps=1)
        nouns[name] = {atom.tuple[1] for atom in run.plan.atoms if atom.kind == "entity"}
        assert run.plan.extractor == {"studio": "grammar", "painter": "grammar-open"}[name]
    assert {"beekeeper", "honeycomb", "hive"} <= nouns["painter"]


def test_a_name_that_is_given_stands():
    plan = engine.plan(PROSE, extractor="grammar-open")
    assert plan.extractor == "grammar-open"
    assert engine.plan(PROSE).extractor == "grammar"
