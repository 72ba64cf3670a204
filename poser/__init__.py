"""image-poser: runs long image prompts, command by command, and checks every picture.

>>> import poser
>>> result = poser.generate("A red car left of a tree, at night")  # doctest: +SKIP
>>> result.save("car.png")  # doctest: +SKIP

Names are loaded when they are first used, so that `import poser` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from poser.critics.base import Critic as Critic
    from poser.critics.conformance import check_critic as check_critic
    from poser.critics.types import AtomAnswer as AtomAnswer
    from poser.critics.types import JudgeRequest as JudgeRequest
    from poser.critics.types import Verdict as Verdict
    from poser.engine import edit as edit
    from poser.engine import generate as generate
    from poser.engine import generate_many as generate_many
    from poser.engine import plan as plan
    from poser.engine import resume as resume
    from poser.engine import stream as stream
    from poser.engine.many import Outcome as Outcome
    from poser.envs.trace import Trace as Trace
    from poser.events import Event as Event
    from poser.events import Finished as Finished
    from poser.events import PlanReady as PlanReady
    from poser.events import StepDone as StepDone
    from poser.events import StepStarted as StepStarted
    from poser.events import Warned as Warned
    from poser.experts.base import CallContext as CallContext
    from poser.experts.base import Expert as Expert
    from poser.experts.base import expert as expert
    from poser.experts.conformance import check_expert as check_expert
    from poser.experts.errors import BadReply as BadReply
    from poser.experts.errors import CallError as CallError
    from poser.experts.errors import ContentFiltered as ContentFiltered
    from poser.experts.errors import InputError as InputError
    from poser.experts.errors import InvalidRequest as InvalidRequest
    from poser.experts.errors import PoserError as PoserError
    from poser.experts.errors import RateLimited as RateLimited
    from poser.experts.errors import TimedOut as TimedOut
    from poser.experts.errors import Unavailable as Unavailable
    from poser.experts.errors import UnknownName as UnknownName
    from poser.experts.picture import Picture as Picture
    from poser.experts.types import Atom as Atom
    from poser.experts.types import Command as Command
    from poser.experts.types import ExpertRequest as ExpertRequest
    from poser.experts.types import ExpertResult as ExpertResult
    from poser.experts.types import ExpertSpec as ExpertSpec
    from poser.experts.types import Operation as Operation
    from poser.experts.types import Plan as Plan
    from poser.experts.types import Usage as Usage
    from poser.result import Interrupted as Interrupted
    from poser.result import Result as Result

__version__ = "0.1.0"

_HOMES = {
    "poser.critics.base": ("Critic",),
    "poser.critics.conformance": ("check_critic",),
    "poser.critics.types": ("AtomAnswer", "JudgeRequest", "Verdict"),
    "poser.engine": ("edit", "generate", "generate_many", "plan", "resume", "stream"),
    "poser.engine.many": ("Outcome",),
    "poser.envs.trace": ("Trace",),
    "poser.events": ("Event", "Finished", "PlanReady", "StepDone", "StepStarted", "Warned"),
    "poser.experts.base": ("CallContext", "Expert", "expert"),
    "poser.experts.conformance": ("check_expert",),
    "poser.experts.errors": (
        "BadReply",
        "CallError",
        "ContentFiltered",
        "InputError",
        "InvalidRequest",
        "PoserError",
        "RateLimited",
        "TimedOut",
        "Unavailable",
        "UnknownName",
    ),
    "poser.experts.picture": ("Picture",),
    "poser.experts.types": (
        "Atom",
        "Command",
        "ExpertRequest",
        "ExpertResult",
        "ExpertSpec",
        "Operation",
        "Plan",
        "Usage",
    ),
    "poser.result": ("Interrupted", "Result"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME_OF)


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'poser' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME_OF})
