"""`poser expert-server`: its options with fakes, and in a process of its own with the studio."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

from poser import catalog
from poser.experts.base import CallContext
from poser.experts.conformance import check_expert
from poser.experts.errors import Unavailable
from poser.experts.examples import EXAMPLES, example_source
from poser.experts.http import HttpExpert
from poser.experts.types import ExpertRequest, Operation


def test_other_addresses_need_a_secret(poser):
    done = poser("expert-server", "--host", "0.0.0.0", "--port", "0")
    assert done.exit_code == 2
    assert "Without a secret" in done.stderr


def test_the_secret_must_be_in_the_environment(poser, monkeypatch):
    done = poser("expert-server", "--port", "0", "--secret-env", "MY_SECRET")
    assert done.exit_code == 2
    assert "'MY_SECRET' holds no secret" in done.stderr
    monkeypatch.setenv("MY_SECRET", "short")
    done = poser("expert-server", "--port", "0", "--secret-env", "MY_SECRET")
    assert "at least 16" in done.stderr
    assert "short" not in done.stderr


def test_unknown_experts_are_named(poser):
    done = poser("expert-server", "--experts", "paintr")
    assert done.exit_code == 2
    assert "Did you mean 'painter'?" in done.stderr


@contextmanager
def serving(*args: str, **environment: str):
    """The command in a process of its own; yields its process and its address."""
    command = [sys.executable, "-m", "poser.cli", "expert-server", "--port", "0", *args]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **environment}
    )
    try:
        yield process, process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("name", "operations"),
    [
        ("studio-composer", [Operation.GENERATE, Operation.ADD, Operation.BACKGROUND]),
        ("studio-grader", [Operation.TONE]),
    ],
)
def test_a_studio_expert_in_another_process_is_the_local_one(name, operations):
    (local,) = catalog.experts([name])
    with serving("--experts", name) as (_, url):
        far = HttpExpert(name=name, url=url)
        assert far.spec == local.spec
        findings = check_expert(far)
        assert [finding for finding in findings if not finding.ok] == []
        source = example_source(768, 512) if local.spec.kind == "i2i" else None
        requests = [
            ExpertRequest(
                mode=local.spec.kind,
                text=EXAMPLES[operation].text,
                commands=(EXAMPLES[operation],),
                source=source,
                width=768,
                height=512,
                seed=seed,
            )
            for seed, operation in enumerate(operations)
        ]
        here, there = (expert.run(requests, CallContext()) for expert in (local, far))
    assert [result.picture for result in there] == [result.picture for result in here]
    assert [result.usage.simulated_usd for result in there] == [result.usage.simulated_usd for result in here]


@pytest.mark.heavy
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_in_peace_and_never_shows_its_secret(ending, monkeypatch):
    secret = "correct horse battery"
    monkeypatch.setenv("STUDIO_SECRET", secret)
    with serving("--experts", "studio", "--secret-env", "STUDIO_SECRET") as (process, url):
        assert len(HttpExpert.describe(url, secret_env="STUDIO_SECRET")) >= 12
        with pytest.raises(Unavailable, match="401"):
            HttpExpert.describe(url)
        process.send_signal(ending)
        rest, errors = process.communicate(timeout=30)
    assert process.returncode == 0
    assert rest == ""
    assert "stopping" in errors
    assert "Traceback" not in errors
    assert secret not in errors
