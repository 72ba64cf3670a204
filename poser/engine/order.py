"""An order: everything that a run needs, made of what the user gave and checked before anybody is called."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np

from poser import shipped
from poser.critics.base import steering
from poser.engine.intake import ImageLike, PlanLike, read_plan, read_prompt
from poser.engine.makers import Makers, Names, Warn, suited_extractor
from poser.engine.planning import at_size, fit_to_judge, given_plan, read_within, rewriter_of
from poser.envs.driver import Task
from poser.envs.rules import Rules, thrift_to_usd_cost
from poser.experts.errors import InputError
from poser.experts.picture import Picture
from poser.experts.types import Plan, Usage

if TYPE_CHECKING:
    from poser.critics.base import Critic
    from poser.envs.rewriting import Rewriter
    from poser.experts.base import Expert
    from poser.experts.record import TrackRecord
    from poser.extract.base import Extractor
    from poser.policies.base import Policy

EXPLORE_BELOW = 20.0
"""Tries of a skill below which an expert counts as new; a run that explores sees a draw instead of its mean ability."""

MAX_PICTURES = 64
MAX_SEED = 2**32 - 1


class CommonOptions(TypedDict, total=False):
    """The arguments that `generate` and `generate_many` share; `poser.generate` describes them."""

    image: ImageLike | None
    plan: PlanLike | None
    experts: Names | None
    critic: str | Critic | None
    extractor: str | Extractor | None
    policy: str | Policy | None
    rules: Rules | None
    max_steps: int | None
    thrift: float | None
    explore: bool
    reflect: bool
    seed: int
    n: int
    size: tuple[int, int] | None


class Options(CommonOptions, total=False):
    """The arguments that `generate`, `stream` and `forecast` share."""

    budget: float | None


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What was given by name, so that a later process can choose the same; None where an object was given."""

    experts: tuple[str, ...] | None
    critic: str | None
    policy: str | None
    extractor: str | None = None


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is to be made, by whom, under which rules.

    Attributes:
        plan: what is to be done.
        source: picture to edit, already at the size of the result, or None.
        size: (width, height) of the result in pixels.
        experts, critic, policy: who draws, who judges, who decides.
        rules: of the MDP; their budget is that of one picture.
        explore: whether experts with few tries are tried.
        seeds: one for each picture that is made.
        records: the experts' track record as it stood when the order was taken, with what they came with.
        chosen: the same choices by name.
        extraction: what making the plan took; None where nothing is known of that.
        rewriter: who rewords instructions that keep failing, or None.
    """

    plan: Plan
    source: Picture | None
    size: tuple[int, int]
    experts: tuple[Expert, ...]
    critic: Critic
    policy: Policy
    rules: Rules
    explore: bool
    seeds: tuple[int, ...]
    records: TrackRecord
    chosen: Chosen
    extraction: Usage | None = None
    rewriter: Rewriter | None = None

    @property
    def draw_below(self) -> float:
        """`Driver(draw_below=)` of this order."""
        return EXPLORE_BELOW if self.explore else 0.0

    @property
    def free(self) -> bool:
        """Whether no call of it can cost money."""
        prices = [self.critic.price, 0.0 if self.rewriter is None else self.rewriter.rewrite_price]
        return all(price == 0 for price in prices) and all(
            self.records.price(expert.spec) == 0 for expert in self.experts
        )

    def tasks(self) -> list[Task]:
        """One task a picture."""
        width, height = self.size
        made = _share(self.extraction, len(self.seeds))
        return [
            Task(plan=self.plan, source=self.source, width=width, height=height, seed=seed, extraction=made)
            for seed in self.seeds
        ]


def _share(usage: Usage | None, parts: int) -> Usage | None:
    """An even share; tokens, which are whole numbers, are left out."""
    if usage is None or parts == 1:
        return usage
    usd, simulated = (None if bill is None else bill / parts for bill in (usage.usd, usage.simulated_usd))
    return Usage(usd=usd, simulated_usd=simulated, seconds=usage.seconds / parts)


def take_order(
    prompt: str | None,
    *,
    image: ImageLike | None = None,
    plan: PlanLike | None = None,
    experts: Names | None = None,
    critic: str | Critic | None = None,
    extractor: str | Extractor | None = None,
    policy: str | Policy | None = None,
    rules: Rules | None = None,
    budget: float | None = None,
    max_steps: int | None = None,
    thrift: float | None = None,
    explore: bool = True,
    reflect: bool = False,
    seed: int = 0,
    n: int = 1,
    size: tuple[int, int] | None = None,
    warn: Warn,
    makers: Makers = Makers(),  # noqa: B008  it holds nothing
) -> Order:
    """Check everything; the arguments are those of `poser.generate`, and `makers` gives the objects.

    Raises:
        InputError: with what was given, what is allowed and what to do.
    """
    if prompt is None and plan is None:
        raise InputError("Nothing to do: give a prompt, or a plan.")
    text = None if prompt is None else read_prompt(prompt)
    decider = makers.policy(policy)
    pool = makers.experts(decider.experts if experts is None else experts, warn)
    judge = steering(makers.critic(critic))
    for name, switch in (("explore", explore), ("reflect", reflect)):
        if not isinstance(switch, bool):
            raise InputError(f"{name} is {switch!r}; give True or False.")
    reading = suited_extractor(pool) if extractor is None else extractor
    reader = makers.extractor(reading) if plan is None or reflect else None
    rewriter = rewriter_of(reader) if reader is not None and reflect else None
    seeds = _seeds(_whole("seed", seed), _whole("n", n))
    settings = _settings(decider.rules if rules is None else rules, budget, max_steps, thrift, len(seeds))
    decider.check([expert.spec.name for expert in pool], settings)
    if thrift is not None and settings.first_pending:
        warn(
            f"{decider.name} does not look at prices: thrift changes the count of the reward, nothing that it chooses."
        )
    fit_to_judge(judge, settings)
    source, size = at_size(image, size, pool, warn)
    made = None
    if plan is not None:
        whole = given_plan(read_plan(plan), text, source, warn)
    else:
        assert text is not None
        assert reader is not None
        whole, made = read_within(
            reader, lambda: makers.extractor(suited_extractor(pool)), text, source, settings.budget_usd, len(seeds)
        )
        settings = _charged(settings, made, len(seeds), reader.name, warn)
    return Order(
        plan=whole,
        source=source,
        size=size,
        experts=tuple(pool),
        critic=judge,
        policy=decider,
        rules=settings,
        explore=explore,
        seeds=seeds,
        records=makers.record(pool, warn),
        chosen=Chosen(
            experts=_names(experts, pool),
            critic=_name(critic, shipped.DEFAULT_CRITIC),
            policy=_name(policy, shipped.DEFAULT_POLICY),
            extractor=_name(reading, shipped.DEFAULT_EXTRACTOR),
        ),
        extraction=made,
        rewriter=rewriter,
    )


def _charged(settings: Rules, made: Usage | None, n: int, name: str, warn: Warn) -> Rules:
    """The rules with what making the plan cost taken from the budget."""
    if made is None or settings.budget_usd is None:
        return settings
    if made.usd is None:
        warn(f"What {name} has cost is not known, so it is not in the budget; give the prices of its tokens.")
        return settings
    return settings._replace(budget_usd=max(0.0, settings.budget_usd - made.usd / n))


def _names(given: Names | None, pool: Sequence[Expert]) -> tuple[str, ...] | None:
    """Names of the pool; None if objects were among what was given."""
    entries = [given] if isinstance(given, str) or not isinstance(given, Iterable) else list(given)
    named = all(entry is None or isinstance(entry, str) for entry in entries)
    return tuple(expert.spec.name for expert in pool) if named else None


def _name(given: Any, default: str) -> str | None:
    return default if given is None else given if isinstance(given, str) else None


def _settings(rules: Rules | None, budget: float | None, max_steps: int | None, thrift: float | None, n: int) -> Rules:
    settings = Rules() if rules is None else rules
    if not isinstance(settings, Rules):
        raise InputError(f"The rules are {rules!r}; give a poser.envs.rules.Rules, e.g. Rules(usd_cost=2.0).")
    if budget is not None:
        if not isinstance(budget, int | float | np.number) or not 0.0 <= budget < float("inf"):
            raise InputError(f"The budget is {budget!r}; give US dollars, 0 for free experts only, None for no limit.")
        # what the user allows is for all pictures together
        settings = settings._replace(budget_usd=budget / n)
    if max_steps is not None:
        settings = settings._replace(max_steps=_whole("max_steps", max_steps))
    if thrift is not None:
        settings = settings._replace(usd_cost=thrift_to_usd_cost(thrift))
    return settings.checked()


def _whole(name: str, value: int) -> int:
    if not isinstance(value, int | np.integer):
        raise InputError(f"The {name} is {value!r}; give a whole number.")
    return int(value)


def _seeds(seed: int, n: int) -> tuple[int, ...]:
    if not 1 <= n <= MAX_PICTURES:
        raise InputError(f"{n} pictures were asked for; give 1 to {MAX_PICTURES} at a time.")
    if not 0 <= seed <= MAX_SEED - (n - 1):
        raise InputError(f"The seed is {seed}; give 0 to {MAX_SEED - (n - 1)}.")
    return tuple(range(seed, seed + n))
