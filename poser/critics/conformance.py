"""`check_critic`: does a critic keep the contract? For plugin authors, in their tests or by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from poser.critics.base import Critic, judge_checked
from poser.critics.types import JudgeRequest, Verdict
from poser.experts.base import CallContext
from poser.experts.conformance import Finding
from poser.experts.errors import CallError
from poser.experts.examples import EXAMPLES, example_source
from poser.experts.picture import Picture
from poser.experts.types import Atom

UNJUDGEABLE = Atom(id="a0", tuple=("other", "qzx vbrk"), question="Is it qzx vbrk?")
"""An atom that means nothing: an honest critic answers None (a model may still guess; then it is only unsure)."""


def check_critic(
    critic: Critic, *, pictures: Iterable[Picture] = (), atoms: Iterable[Atom] | None = None, deterministic: bool = True
) -> list[Finding]:
    """Check a critic against the contract of `poser.critics.base.Critic`.

    Args:
        critic: what is checked. It judges up to about ten pictures (calls may cost money).
        pictures: what to show it; two simple ones by default.
        atoms: what to ask; by default one example of every kind, and one that nobody can judge.
        deterministic: also demand the same verdict twice (leave it out for sampled models).

    Returns:
        One finding for each check, in order. `all(finding.ok for finding in findings)` is the verdict.
    """
    shown = list(pictures) or [example_source(256, 256), example_source(320, 256)]
    asked = tuple(atoms) if atoms is not None else _example_atoms()
    requests = [JudgeRequest(picture=picture, atoms=asked) for picture in shown]
    findings: list[Finding] = []

    def check(name: str, probe: Callable[[], str]) -> None:
        try:
            findings.append(Finding(name, problem=probe()))
        except Exception as error:  # noqa: BLE001  whatever a plugin raises is the finding
            findings.append(Finding(name, problem=f"raised {type(error).__name__}: {error}"))

    verdicts = judge_checked(critic, requests, CallContext())
    check("answers", lambda: _errors(verdicts))
    check("name", lambda: "" if critic.name and critic.name != Critic.name else "give the critic a name of its own")
    check("no atoms", lambda: _errors(judge_checked(critic, [JudgeRequest(picture=shown[0], atoms=())], CallContext())))
    check("no pictures", lambda: "" if critic.judge([], CallContext()) == [] else "an empty batch must give []")
    check("feedback", lambda: _feedback_problem(verdicts))
    singles = [judge_checked(critic, [request], CallContext())[0] for request in requests]
    if deterministic:
        check("batch = single", lambda: _difference(verdicts, singles))
    else:
        findings.append(Finding("batch = single", skipped="not deterministic"))
    return findings


def _example_atoms() -> tuple[Atom, ...]:
    atoms = [atom for command in EXAMPLES.values() for atom in command.atoms]
    named = [atom.model_copy(update={"id": f"a{index}", "parents": ()}) for index, atom in enumerate(atoms, 1)]
    return (*named, UNJUDGEABLE)


def _errors(verdicts: list[Verdict | CallError]) -> str:
    for verdict in verdicts:
        if isinstance(verdict, CallError):
            return f"{type(verdict).__name__}: {verdict}"
    return ""


def _feedback_problem(verdicts: list[Verdict | CallError]) -> str:
    for verdict in verdicts:
        if isinstance(verdict, Verdict):
            failed = [a for a in verdict.answers if a.probability is not None and a.probability < 0.5]
            if failed and not verdict.feedback.strip():
                return f"{len(failed)} atoms fail but feedback is empty; say in words what is missing"
    return ""


def _difference(first: list[Verdict | CallError], second: list[Verdict | CallError]) -> str:
    for index, (one, other) in enumerate(zip(first, second, strict=True)):
        if isinstance(one, Verdict) and isinstance(other, Verdict) and one.answers != other.answers:
            return f"picture {index} is judged differently in a batch and alone"
    return ""
