"""The functions that users call: `generate`, `stream`, `plan`, `forecast`."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from poser.engine.forecast import Forecast, make_forecast, reading_paid
from poser.engine.intake import ImageLike, PlanLike
from poser.engine.kept import follow_up, resumed, written
from poser.engine.makers import Names
from poser.engine.order import Options, take_order
from poser.engine.planning import extract_plan
from poser.engine.run import Run
from poser.events import Event, Finished
from poser.experts.errors import InputError
from poser.experts.types import Plan
from poser.result import Interrupted, Result
from poser.run_folder import RunFolder

if TYPE_CHECKING:
    from poser.critics.base import Critic
    from poser.envs.rules import Rules
    from poser.extract.base import Extractor
    from poser.policies.base import Policy

Confirm = Callable[[Forecast], None]

DEADLINE_SECONDS = 120.0
"""How long one call of an expert is waited for, unless told otherwise."""


def generate(
    prompt: str | None = None,
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
    out: str | os.PathLike[str] | bool | None = None,
    metadata: bool = True,
    deadline: float | None = DEADLINE_SECONDS,
) -> Result:
    """Make the best picture that the experts can make of a prompt.

    Args:
        prompt: what the picture should show, 1 to 32,000 characters; not needed with `plan`.
        image: source picture to edit: a path, encoded bytes, a PIL image, a `Picture` or a uint8 (H, W, 3) array.
        plan: a `Plan`, its JSON as a mapping, or the path of a JSON file; the prompt is then not decomposed.
        experts: names of experts or pools, or `Expert` objects; None = all that are known.
        critic: name of who judges, or a `Critic`; None = "detector".
        extractor: name of who decomposes, or an `Extractor`; None = "grammar", or
            "grammar-open" if some expert is not of the studio.
        policy: name of who decides, the folder of a trained policy, or a `Policy`; None = "learned".
        rules: further settings of the MDP; `budget`, `max_steps` and `thrift` go before.
        budget: most US dollars to be expected for all pictures together; 0 = free experts only, None = no limit.
        max_steps: most calls of experts a picture, at least 1.
        thrift: what a dollar counts against quality, 0 (money is no object) to 1; None = as `rules` say (about 0.5).
        explore: give experts with fewer than 20 tries of a skill a chance: the policy sees an ability drawn (by the
            seed) from what they may be able to do. False = always what is expected of them.
        reflect: have the extractor reword an instruction once that has failed twice, from the critic's feedback.
        seed: 0 to 2**32 - 1; seeds everything that is drawn by chance.
        n: pictures to make side by side, 1 to 64, with seeds `seed` to `seed + n - 1`.
        size: (width, height) in pixels, each 256 to 2048 and within what the experts offer; None = the source's size
            scaled into that range, or 768 x 768.
        out: folder to write the run into, True for a new one in ./runs, None for nowhere.
        metadata: write the prompt and a summary of the run into the text chunks of final.png.
        deadline: most seconds that one call of an expert is waited for, times the pictures asked for in it (counted up
            to eight); None = no limit.

    Returns:
        The best of the pictures and all about it; `Result.picture` is None if none could be made.

    Raises:
        InputError: something given cannot be worked with; nobody was called.
        Interrupted: Ctrl-C; its `result` has the best picture so far.
    """
    return _last(
        stream(
            prompt,
            image=image,
            plan=plan,
            experts=experts,
            critic=critic,
            extractor=extractor,
            policy=policy,
            rules=rules,
            budget=budget,
            max_steps=max_steps,
            thrift=thrift,
            explore=explore,
            reflect=reflect,
            seed=seed,
            n=n,
            size=size,
            out=out,
            metadata=metadata,
            deadline=deadline,
        )
    )


def stream(
    prompt: str | None = None,
    *,
    out: str | os.PathLike[str] | bool | None = None,
    metadata: bool = True,
    deadline: float | None = DEADLINE_SECONDS,
    stop: threading.Event | None = None,
    confirm: Confirm | None = None,
    **options: Unpack[Options],
) -> Iterator[Event]:
    """Do what `generate` does and tell it as events while it happens; the last one is `Finished`.

    Args:
        prompt: as in `generate`.
        out: as in `generate`.
        metadata: as in `generate`.
        deadline: as in `generate`.
        stop: set it from another thread or a signal handler to end the run early; `Finished` still comes.
        confirm: gets the forecast of an order that is not wholly free, before any expert or critic is called; it
            raises to call it off.
        **options: the further arguments of `generate`.

    Raises:
        InputError: at once, before the first event is asked for.
    """
    return _stream(prompt, options, out=out, metadata=metadata, deadline=deadline, stop=stop, confirm=confirm)


def _stream(
    prompt: str | None,
    options: Options,
    *,
    out: str | os.PathLike[str] | bool | None,
    metadata: bool,
    deadline: float | None,
    stop: threading.Event | None,
    confirm: Confirm | None,
    parent: str | None = None,
) -> Iterator[Event]:
    if deadline is not None and not (isinstance(deadline, int | float) and deadline > 0):
        raise InputError(f"The deadline is {deadline!r}; give seconds above 0, or None for no limit.")
    warnings: list[str] = []
    order = take_order(prompt, warn=warnings.append, **options)
    if confirm is not None and not order.free:
        confirm(make_forecast(order))
    if out is None or out is False:
        return Run(order, deadline_seconds=deadline, stop=stop, warnings=warnings).events()
    if out is True:
        folder = RunFolder.new(order.plan.prompt, order.seeds, metadata=metadata)
    else:
        folder = RunFolder(Path(out), seeds=order.seeds, metadata=metadata)
    return written(order, folder, deadline=deadline, metadata=metadata, stop=stop, warnings=warnings, parent=parent)


def resume(
    run: str,
    *,
    experts: Names | None = None,
    critic: str | Critic | None = None,
    policy: str | Policy | None = None,
    extractor: str | Extractor | None = None,
) -> Result:
    """Go on with a run that a crash or Ctrl-C has cut off; what it has received already is not asked for again.

    A run that ended for want of a verdict ("unjudged") asks its critic once more, and goes on from there.

    Args:
        run: its name (`Result.run`, `poser runs list`), or how that begins.
        experts: the objects that it was given, where it was given objects.
        critic: as `experts`.
        policy: as `experts`.
        extractor: as `experts`; of account where it rewords instructions.

    Raises:
        InputError: no such run, or one that cannot be gone on with.
        Interrupted: Ctrl-C; its `result` has the best picture so far.
    """
    return _last(resumed(run, experts=experts, critic=critic, policy=policy, extractor=extractor))


def edit(
    run: str,
    prompt: str,
    *,
    out: str | os.PathLike[str] | bool | None = True,
    metadata: bool = True,
    deadline: float | None = DEADLINE_SECONDS,
    **options: Unpack[Options],
) -> Result:
    """Follow up a finished run: its picture is edited as the prompt says, with the same experts and settings.

    Args:
        run: its name (`Result.run`, `poser runs list`), or how that begins.
        prompt: what is to be changed, e.g. "make the dog bigger".
        out: as in `generate`; by default a new folder in ./runs.
        metadata: as in `generate`.
        deadline: as in `generate`.
        **options: further arguments of `generate`; what is not given is as in the first run.

    Raises:
        InputError: no such run, or something given cannot be worked with.
        Interrupted: Ctrl-C; its `result` has the best picture so far.
    """
    return _last(edit_stream(run, prompt, out=out, metadata=metadata, deadline=deadline, **options))


def edit_stream(
    run: str,
    prompt: str,
    *,
    out: str | os.PathLike[str] | bool | None = True,
    metadata: bool = True,
    deadline: float | None = DEADLINE_SECONDS,
    stop: threading.Event | None = None,
    confirm: Confirm | None = None,
    **options: Unpack[Options],
) -> Iterator[Event]:
    """Do what `edit` does and tell it as events, as `stream` does."""
    row, merged = follow_up(run, options)
    return _stream(
        prompt, merged, out=out, metadata=metadata, deadline=deadline, stop=stop, confirm=confirm, parent=row.id
    )


def _last(events: Iterator[Event]) -> Result:
    """The result of a run that is gone through to its end."""
    result: Result | None = None
    for event in events:
        if isinstance(event, Finished):
            result = event.result
    assert result is not None, "a stream ends with Finished"
    if result.end == "interrupted":
        raise Interrupted(result)
    return result


def plan(
    prompt: str,
    *,
    image: ImageLike | None = None,
    extractor: str | Extractor | None = None,
    experts: Names | None = None,
    size: tuple[int, int] | None = None,
) -> Plan:
    """Decompose a prompt into commands, without carrying them out.

    Args:
        prompt: as in `generate`.
        image: as in `generate`.
        extractor: as in `generate`.
        experts: as in `generate`; of account with `image`, or where no extractor is given.
        size: as in `generate`; of account with `image` alone.

    Returns:
        The plan; change it and give it back with `generate(plan=...)`.

    Raises:
        InputError: something given cannot be worked with.
    """
    return extract_plan(prompt, image=image, extractor=extractor, experts=experts, size=size, warn=lambda message: None)


def forecast(prompt: str | None = None, **options: Unpack[Options]) -> Forecast:
    """Say what `generate` would do and is expected to cost; no expert and no critic is called.

    An extractor that is a model is asked all the same, at its price; `warnings` say what it took.

    Args:
        prompt: as in `generate`.
        **options: its further arguments but for `out`, `metadata` and `deadline`.

    Raises:
        InputError: something given cannot be worked with.
    """
    warnings: list[str] = []
    order = take_order(prompt, warn=warnings.append, **options)
    return make_forecast(order, [*warnings, *reading_paid(order)])
