"""The plan of an order, and the picture that it edits: extracted from the prompt, or given."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from poser import catalog, shipped
from poser.engine.intake import ImageLike, choose_size, read_image, read_prompt
from poser.engine.makers import Names, Warn, suited_extractor
from poser.experts.errors import InputError
from poser.experts.picture import Picture
from poser.experts.plan_check import check_plan
from poser.experts.types import Folded, Plan
from poser.extract.base import edited

if TYPE_CHECKING:
    from poser.envs.rewriting import Rewriter
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
