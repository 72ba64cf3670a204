"""The plan of an order, and the picture that it edits: extracted from the prompt, or given."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, cast

from poser import catalog, shipped
from poser.engine.intake import ImageLike, choose_size, read_image, read_prompt
from poser.engine.makers import Names, Warn, suited_extractor
from poser.experts.errors import InputError, without_secrets
from poser.experts.picture import Picture
from poser.experts.plan_check import check_plan
from poser.experts.types import Folded, Plan, Usage
from poser.extract.base import edited

if TYPE_CHECKING:
    from poser.critics.base import Critic
    from poser.envs.rewriting import Rewriter
    from poser.envs.rules import Rules
    from poser.experts.base import Expert
    from poser.extract.base import Extractor


def extract_plan(
    prompt: str,
    *,
    image: ImageLike | None = None,
    extractor: str | Extractor | None = None,
    experts: Names | None = None,
    size: tuple[int, int] | None = None,
    warn: Warn,
) -> Plan:
    """The plan of a prompt, with the source at the size at which a run would edit it.

    Raises:
        InputError: as `take_order`.
    """
    text = read_prompt(prompt)
    pool = catalog.experts(experts, warn) if extractor is None or image is not None else []
    reader = catalog.extractor(suited_extractor(pool) if extractor is None else extractor)
    source = None
    if image is not None:
        source, _ = at_size(image, size, pool, warn)
    return check_plan(reader.extract(text, source.ref if source is not None else None))


def read_within(
    reader: Extractor,
    grammar: Callable[[], Extractor],
    prompt: str,
    source: Picture | None,
    budget: float | None,
    pictures: int,
) -> tuple[Plan, Usage | None]:
    """The plan of a prompt, and what it took; by the grammar, with a note, where the budget does not reach.

    Args:
        reader: who is to read.
        grammar: makes who reads for nothing.
        prompt: the user's words.
        source: picture that they edit.
        budget: US dollars for each picture, None = no limit.
        pictures: how many are made of the plan.
    """
    reference, note = None if source is None else source.ref, ""
    if budget is not None:
        usd, most = reader.expected_usd(prompt), budget * pictures
        if usd is None:
            note = f"what {reader.name} costs is not known, and there is a budget: give the prices of its tokens"
        elif usd > most:
            note = f"{reader.name} is expected to cost ${usd:.4g} for it, and the budget is ${most:.4g}"
    found, made = (grammar() if note else reader).extraction(prompt, reference)
    if note:
        found = found.model_copy(update={"notes": (f"the grammar has read the prompt: {note}", *found.notes)})
    return check_plan(found), made


def fit_to_judge(critic: Critic, rules: Rules) -> None:
    """Refuse a critic that cannot judge, before anybody is asked or paid.

    Raises:
        InputError: it says so itself, or its price is unknown and there is a budget.
    """
    reason = critic.refuses()
    if reason is not None:
        raise InputError(f"The critic cannot judge, so nobody was called. {without_secrets(reason)}")
    if rules.budget_usd is not None and critic.price is None:
        raise InputError(
            f"What a verdict of {critic.name} costs is not known, so no call is allowed under a budget; give the "
            "prices of its tokens."
        )


def rewriter_of(extractor: Extractor) -> Rewriter:
    """The extractor as one that rewords instructions.

    Raises:
        InputError: it cannot.
    """
    if not callable(getattr(extractor, "rewrite", None)):
        raise InputError(
            f"The extractor {extractor.name!r} cannot reword instructions; name one that can, such as an `llm` of "
            "poser.toml, or leave reflect off."
        )
    return cast("Rewriter", extractor)


def at_size(
    image: ImageLike | None, size: tuple[int, int] | None, pool: Iterable[Expert], warn: Warn
) -> tuple[Picture | None, tuple[int, int]]:
    """The source as it will be edited, and the size of the result."""
    source = None if image is None else read_image(image)
    chosen = choose_size(size, source, catalog.sides(pool))
    if source is None or source.size == chosen:
        return source, chosen
    if size is not None and abs(source.width * chosen[1] - source.height * chosen[0]) > max(source.size):
        warn(f"The source picture is stretched from {source.width}x{source.height} to {chosen[0]}x{chosen[1]}.")
    return source.resized(*chosen), chosen


def given_plan(plan: Plan, prompt: str | None, source: Picture | None, warn: Warn) -> Plan:
    """A plan from outside, tied to this run's source."""
    if prompt is not None and prompt != plan.prompt.strip():
        warn("The prompt differs from the plan's own; the plan is carried out as it stands.")
    if plan.source is not None and source is None:
        raise InputError(
            f"The plan edits a picture of {plan.source.width}x{plan.source.height} pixels; give it with --image."
        )
    if source is not None and plan.source is not None and plan.source != source.ref:
        warn("The plan was made for another picture (or another size of it); it is carried out on the one given.")
    tied = plan.model_copy(update={"source": source.ref if source is not None else None})
    return _with_edits_marked(check_plan(tied))


def _with_edits_marked(plan: Plan) -> Plan:
    """Whoever reads the prompt's own words must not be sent them once the commands say something else.

    A plan with folded edits is always sent as its commands' words, so an edit by hand is noted as one.
    """
    if plan.folded:
        return plan
    if plan.extractor in shipped.EXTRACTORS:
        by_itself = catalog.extractor(plan.extractor).extract(plan.prompt, plan.source).commands == plan.commands
    else:
        by_itself = not edited(plan)
    if by_itself:
        return plan
    by_hand = Folded(words="(plan edited by hand)", change="the commands differ from what the prompt says")
    return plan.model_copy(update={"folded": (by_hand,)})
