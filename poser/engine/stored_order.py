"""An order as the store keeps it, so that another process can go on with the run, or follow it up."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from poser import catalog
from poser.critics.base import steering
from poser.engine.order import Chosen, Order
from poser.engine.planning import fit_to_judge, rewriter_of
from poser.envs.rules import Rules
from poser.experts.errors import InputError
from poser.experts.picture import Picture, PictureRef
from poser.experts.record import TrackRecord
from poser.experts.types import Plan, Usage

if TYPE_CHECKING:
    from poser.critics.base import Critic
    from poser.experts.base import Expert
    from poser.extract.base import Extractor
    from poser.policies.base import Policy

ORDER_VERSION = 1


def dump_order(order: Order, **settings: Any) -> dict[str, Any]:
    """The order as a JSON object; `settings` are of the run."""
    return {
        "version": ORDER_VERSION,
        "plan": order.plan.model_dump(mode="json"),
        "source": None if order.source is None else order.source.ref.model_dump(),
        "size": list(order.size),
        "rules": order.rules._asdict(),
        "explore": order.explore,
        "seeds": list(order.seeds),
        "records": json.loads(order.records.to_json()),
        "experts": None if order.chosen.experts is None else list(order.chosen.experts),
        "critic": order.chosen.critic,
        "policy": order.chosen.policy,
        "extractor": order.chosen.extractor,
        "reflect": order.rewriter is not None,
        "extraction": None if order.extraction is None else order.extraction.model_dump(),
        "settings": settings,
    }


def known_names(data: Mapping[str, Any], given: Mapping[str, Any], *, again: str) -> dict[str, Any]:
    """Experts, critic and policy of a stored order, by name; None where objects stand in `given` instead.

    The extractor too, where the order has it reword instructions.

    Args:
        data: of `dump_order`.
        given: what is given now, by the same names.
        again: how to give what is missing, with "{}" for its name.

    Raises:
        InputError: written by another release, or something was given as an object and is missing now.
    """
    if data.get("version") != ORDER_VERSION:
        raise InputError(f"The run was begun by another release (order version {data.get('version')}); begin it anew.")
    wanted = ("experts", "critic", "policy", *(["extractor"] if data.get("reflect") else []))
    names = {name: data[name] for name in wanted}
    for name, known in names.items():
        if known is None and given.get(name) is None:
            raise InputError(
                f"The run was begun in Python with objects for {name}, which no other process has; give them again: "
                f"{again.format(name)}."
            )
    return names


def load_order(
    data: Mapping[str, Any],
    picture: Callable[[str], Picture],
    *,
    experts: Iterable[str | Expert] | None = None,
    critic: str | Critic | None = None,
    policy: str | Policy | None = None,
    extractor: str | Extractor | None = None,
    warn: Callable[[str], None] | None = None,
) -> Order:
    """The order again.

    Args:
        data: of `dump_order`.
        picture: gives the picture of a pixel hash.
        experts: the objects that the order was given, where it was given objects.
        critic: as `experts`.
        policy: as `experts`.
        extractor: as `experts`; of account where it rewords instructions.
        warn: as in `catalog.experts`.

    Raises:
        InputError: written by another release, or something was given as an object and is missing now.
    """
    given = {"experts": experts, "critic": critic, "policy": policy, "extractor": extractor}
    names = known_names(data, given, again="poser.resume(run, {}=...)")
    pool = catalog.experts(names["experts"] if experts is None else experts, warn)
    source = None if data["source"] is None else picture(PictureRef.model_validate(data["source"]).sha256)
    try:
        plan, rules = Plan.model_validate_json(json.dumps(data["plan"])), Rules(**data["rules"])
    except (ValidationError, TypeError) as error:
        raise InputError(f"The run's order cannot be read: {error}. Begin it anew.") from error
    width, height = data["size"]
    judge = steering(catalog.critic(names["critic"] if critic is None else critic))
    fit_to_judge(judge, rules)
    return Order(
        plan=plan,
        source=source,
        size=(width, height),
        experts=tuple(pool),
        critic=judge,
        policy=catalog.policy(names["policy"] if policy is None else policy),
        rules=rules,
        explore=data["explore"],
        seeds=tuple(data["seeds"]),
        records=TrackRecord.from_json(json.dumps(data["records"])),
        chosen=Chosen(
            experts=None if names["experts"] is None else tuple(names["experts"]),
            critic=names["critic"],
            policy=names["policy"],
            extractor=data.get("extractor"),
        ),
        # orders of earlier releases have none
        extraction=None if data.get("extraction") is None else Usage.model_validate(data["extraction"]),
        rewriter=rewriter_of(catalog.extractor(extractor or data["extractor"])) if data.get("reflect") else None,
    )
