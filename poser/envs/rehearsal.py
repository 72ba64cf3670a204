"""The rehearsal pool: experts and a critic that draw nothing but behave like a pool, so that an environment runs alone.

Twelve fakes (4 "t2i", 8 "i2i") of uneven ability, damage and price, and a critic that reads what they claim to have
drawn. Good for trying an algorithm against the whole interface; for pictures, pass real experts.
"""

from __future__ import annotations

from functools import partial

from poser.critics.testing import ScriptedCritic
from poser.experts.testing import FakeExpert
from poser.experts.types import Operation

_ADD, _BACKGROUND, _TEXT, _STYLE = Operation.ADD, Operation.BACKGROUND, Operation.TEXT, Operation.STYLE
_Fake = partial(FakeExpert, remember=False)


def rehearsal_experts() -> list[FakeExpert]:
    """The twelve experts, new ones at each call. Same requests, same pictures."""
    everything = (_ADD, _BACKGROUND, _TEXT, _STYLE)
    return [
        _Fake("draft", "t2i", ability=0.45, merge_decay=0.10, operations=everything, price=0.0),
        _Fake("sketch", "t2i", ability=0.60, merge_decay=0.10, operations=everything, price=0.003),
        _Fake("scene", "t2i", ability={_ADD: 0.75, _BACKGROUND: 0.9}, merge_decay=0.12, price=0.01,
                   operations=(_ADD, _BACKGROUND)),
        _Fake("master", "t2i", ability=0.85, merge_decay=0.08, operations=everything, price=0.04),
        _Fake("patch", "i2i", ability=0.50, damage=0.05, operations=(_ADD,), price=0.0),
        _Fake("insert", "i2i", ability=0.75, damage=0.10, merge_decay=0.3, operations=(_ADD,), price=0.005),
        _Fake("inpaint", "i2i", ability=0.90, damage=0.02, merge_decay=0.3, operations=(_ADD, _TEXT), price=0.02),
        _Fake("backdrop", "i2i", ability=0.90, damage=0.05, operations=(_BACKGROUND,), price=0.002),
        _Fake("letters", "i2i", ability=0.95, damage=0.01, operations=(_TEXT,), price=0.001),
        _Fake("filter", "i2i", ability=0.90, damage=0.15, operations=(_STYLE,), price=0.0),
        _Fake("restyle", "i2i", ability=0.95, damage=0.03, operations=(_STYLE, _BACKGROUND), price=0.01),
        _Fake("allround", "i2i", ability=0.80, damage=0.05, merge_decay=0.1, operations=everything, price=0.03),
    ]  # fmt: skip


def rehearsal_critic() -> ScriptedCritic:
    """The critic that reads the rehearsal experts' pictures."""
    return ScriptedCritic(certainty=0.95, remember=False)
