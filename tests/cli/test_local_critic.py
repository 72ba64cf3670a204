"""`poser generate --critic mine` with a vision-language model in the same process, named by `poser.toml` alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from poser.cli.main import app
from poser.critics.prompts import prompts
from poser.experts.residency import residency_of
from poser.run_folder.reading import read_trace

PROMPT = "A red car left of a green tree"


@pytest.mark.heavy
def test_a_model_in_this_process_judges_and_reads_a_run(tmp_path, monkeypatch):
    from tests.critics.tiny_vlms import save

    monkeypatch.chdir(tmp_path)
    save("idefics3", tmp_path / "tiny", decided=False)
    Path("poser.toml").write_text(
        '[[critics]]\nname = "mine"\nuse = "local_vlm"\nmodel = "./tiny"\ndevice = "cpu"\nleast_mass = 0.0\n'
        '[[extractors]]\nname = "reader"\nuse = "local_llm"\nmodel = "./tiny"\ndevice = "cpu"\nmax_tokens = 16\n'
    )
    before = residency_of("cpu").loaded
    asked = ("--critic", "mine", "--extractor", "reader", "--size", "512x512", "--max-steps", "2", "--out", "run")
    done = CliRunner().invoke(app, ["generate", PROMPT, *asked, "--json"])
    assert done.exit_code == 0, (done.stderr, done.exception)
    said = json.loads(done.stdout)
    assert 0.0 < said["alignment"] < 1.0
    trace = read_trace(Path("run"))
    assert trace.plan.notes[0].startswith("the grammar has read the prompt, since reader could not: ")
    verdict = trace.steps[0].verdict
    assert (verdict.critic, verdict.model) == ("mine", "tiny")
    assert verdict.prompt_hash == prompts("local_vlm_prompts").sha256
    assert verdict.usage.usd == 0.0
    assert [answer.atom for answer in verdict.answers] == [atom.id for atom in trace.plan.atoms]
    assert None not in [answer.probability for answer in verdict.answers]
    assert str(tmp_path) not in Path("run/trace.json").read_text()
    for key in set(residency_of("cpu").loaded) - set(before):
        residency_of("cpu").drop(key)
