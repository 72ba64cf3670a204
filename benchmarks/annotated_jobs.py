"""The annotated prompts as work to be done, and how many of their facts hold in a picture."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.suite_facts import AnnotatedPrompt, match_facts
from poser.critics.base import Critic, judge_checked
from poser.critics.types import JudgeRequest, Verdict
from poser.experts.base import CallContext
from poser.experts.picture import Picture
from poser.experts.types import Plan
from poser.extract.grammar import GrammarExtractor

LENGTHS = ("1-3", "5-7", "8-10")


@dataclass
class Job:
    """One prompt with its plan and which facts the plan has an atom for."""

    prompt: AnnotatedPrompt
    plan: Plan
    covered: frozenset[int]
    seed: int

    @property
    def length(self) -> str:
        """The stratum it is reported in."""
        return LENGTHS[0 if self.prompt.commands <= 3 else 1 if self.prompt.commands <= 7 else 2]


def make_jobs(prompts: Iterable[AnnotatedPrompt], seed: int) -> list[Job]:
    """Plans by the grammar; the seeds of the jobs count up from `seed`."""
    extractor = GrammarExtractor()
    jobs = []
    for index, prompt in enumerate(prompts):
        plan = extractor.extract(prompt.prompt)
        pairs = match_facts(prompt.facts, plan.atoms).pairs
        jobs.append(Job(prompt, plan, frozenset(i for i, _ in pairs), seed + index))
    return jobs


def facts_held(job: Job, picture: Picture | None, judge: Critic) -> list[bool]:
    """For every annotated fact that is required: has an atom, and holds in the picture; unjudged is not held."""
    required = [i for i, fact in enumerate(job.prompt.facts) if not fact.optional]
    if picture is None:
        return [False] * len(required)
    atoms = tuple(fact.atom for fact in job.prompt.facts)
    verdict = judge_checked(judge, [JudgeRequest(picture=picture, atoms=atoms)], CallContext())[0]
    if not isinstance(verdict, Verdict):
        raise verdict
    holds = [answer.probability is not None and answer.probability >= 0.5 for answer in verdict.answers]
    return [holds[i] and i in job.covered for i in required]
