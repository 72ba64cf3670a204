"""Panels of critics as `poser.toml` names them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from poser.config import load_settings
from poser.experts.errors import InputError

if TYPE_CHECKING:
    from poser.critics.base import Critic


def panel_of(
    named: Callable[[str], Critic],
    /,
    *,
    members: Sequence[str],
    escalate_to: str = "",
    disagreement: float = 0.5,
    unsure: float = 0.2,
    name: str = "panel",
) -> Critic:
    """A `PanelCritic` of critics by name.

    Args:
        named: gives the critic of a name.
        members: names of the members, none of them a panel.
        escalate_to: name of the critic for what they leave open; "" = nobody.
        disagreement: as `PanelCritic` takes it.
        unsure: as there.
        name: of the panel.

    Raises:
        InputError: no list of names, a member that is a panel, somebody twice, or what `PanelCritic` refuses.
        UnknownName: no critic of such a name.
    """
    from poser.critics.panel import PanelCritic

    if isinstance(members, str) or not isinstance(members, Sequence) or not isinstance(escalate_to, str):
        raise InputError(f"A panel of {members!r}, escalating to {escalate_to!r}; give a list of names, and one name.")
    asked = [*members, *([escalate_to] if escalate_to else [])]
    for setting, value in (("disagreement", disagreement), ("unsure", unsure)):
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InputError(f"{setting} of the panel {name!r} is {value!r}; give a number from 0 to 1.")
    # a panel of itself would never be made
    panels = {entry.name for entry in load_settings().entries if (entry.kind, entry.use) == ("critic", "panel")}
    for number, critic in enumerate(asked):
        if not isinstance(critic, str) or critic in panels or critic in asked[:number]:
            raise InputError(
                f"The panel {name!r} asks {critic!r}; give names of critics that are no panels, each of them once."
            )
    return PanelCritic(
        members=[named(member) for member in members],
        escalate_to=named(escalate_to) if escalate_to else None,
        disagreement=disagreement,
        unsure=unsure,
        name=name,
    )
