"""What an edit changed outside of the edited region, without any model: a masked difference on a reduced copy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from poser.critics.types import JudgeRequest, Verdict
from poser.experts.errors import CallError, CriticError
from poser.experts.picture import Picture
from poser.experts.types import Atom, Region

SIDE = 128  #: shorter side in px on which pictures are compared
UNNOTICED, FOREIGN = 6.0, 40.0  #: mean differences of a pixel (0..255) that count as nothing and as wholly changed
CELLS = 16  #: columns and rows in which changes are gathered where the region is not known
PER_THING, LEAST, MOST = 0.15, 0.25, 0.75  #: share of the picture that edits may touch: a thing, at least, at most
_SOFT = 0.012  #: a region's edge is as uncertain as this share of the picture

_Bytes = NDArray[np.uint8]


def kept_outside(
    before: Picture,
    after: Picture,
    *,
    mask: Picture | None = None,
    regions: Sequence[Region] = (),
    allowance: float = 0.0,
) -> float | None:
    """How much of `before` is kept in `after` outside of what was edited, in [0, 1]; 1 = all of it.

    Pixels are compared on copies with a shorter side of at most 128 px: a mean difference up to 6 of 255 (noise, new
    compression) counts as nothing, 40 and more as lost. A picture of another size is scaled to that of `before`.

    Args:
        before: what was edited.
        after: what came of it.
        mask: white = edited here.
        regions: boxes that were edited, beside the mask.
        allowance: share of the picture that the edit may have touched, in [0, 1), where neither is given: the most
            changed parts of that size are taken for the edit and left out.

    Returns:
        None if nothing lies outside.
    """
    import cv2  # a quarter of a second, which whoever has no source picture should not pay

    then = _reduced(before.pixels, cv2)
    height, width = then.shape[:2]
    now = cv2.resize(_reduced(after.pixels, cv2), (width, height), interpolation=cv2.INTER_AREA)
    change = cv2.absdiff(now, then).astype(np.float32).mean(axis=-1)
    lost = np.clip((change - UNNOTICED) / (FOREIGN - UNNOTICED), 0.0, 1.0)
    if mask is None and not regions:
        cells = np.sort(cv2.resize(lost, (CELLS, CELLS), interpolation=cv2.INTER_AREA), axis=None)
        return 1.0 - float(cells[: cells.size - round(allowance * cells.size)].mean())
    edited = np.zeros((height, width), np.uint8)
    if mask is not None:
        small = cv2.resize(mask.pixels, (width, height), interpolation=cv2.INTER_AREA).max(axis=-1)
        edited = (small > 0).astype(np.uint8)
    for box in regions:
        top, bottom = int(box.top * height), int(np.ceil(box.bottom * height))
        edited[top:bottom, int(box.left * width) : int(np.ceil(box.right * width))] = 1
    soft = 1 + 2 * round(_SOFT * min(width, height))
    outside = cv2.dilate(edited, np.ones((soft, soft), np.uint8)) == 0
    return 1.0 - float(lost[outside].mean()) if outside.any() else None


def with_preservation(request: JudgeRequest, verdict: Verdict | CriticError) -> Verdict | CriticError:
    """The verdict, with `preservation_without_model` where there is a source and the critic gives no number of its own.

    The driver does this to every verdict of an episode that edits a source picture, since alignment is multiplied by
    preservation. A critic's own number always stands. Verdicts outside of episodes (of judges, in panels, from
    `judge_checked`) hold what their critics say and nothing else.
    """
    if isinstance(verdict, CallError) or verdict.preservation is not None or request.source is None:
        return verdict
    return verdict.model_copy(update={"preservation": preservation_without_model(request)})


def preservation_without_model(request: JudgeRequest) -> float | None:
    """Preservation of the source for a critic that gives none; None without a source or where everything may change.

    With a mask, or where every command names its region (`JudgeRequest.regions`), it is what is kept outside of them.
    Else the region is not known, and a share of the picture by the number of things that the atoms speak of may change
    (`allowance_for`): then it tells whether the picture was redrawn or has drifted, and not small damage. Plans that
    change backdrop, style or tone have none without a mask.
    """
    if request.source is None:
        return None
    if request.mask is not None or request.regions:
        return kept_outside(request.source, request.picture, mask=request.mask, regions=request.regions)
    if any(atom.kind in ("background", "style") for atom in request.atoms):
        return None
    return kept_outside(request.source, request.picture, allowance=allowance_for(request.atoms))


def allowance_for(atoms: Iterable[Atom]) -> float:
    """Share of the picture that edits for these atoms may touch: .15 a thing or lettering, from .25 to .75."""
    things: dict[str, int] = {}
    for atom in atoms:
        kind, *words = atom.tuple
        if kind == "attribute":
            words = words[1:2]
        elif kind == "relation":
            words = [word for word in words[1:] if word != "canvas"]
        number = words[1].removeprefix(">=") if kind == "count" else "1"
        for word in words[:1] if kind == "count" else words:
            things[word] = max(things.get(word, 0), _number(number))
    return min(MOST, max(LEAST, PER_THING * sum(things.values())))


def _number(word: str) -> int:
    if not word.isdecimal():
        return 1
    # a dozen is more than may change; of thousands of digits Python makes no number
    return int(word) if len(word) < 10 else 10**9


def _reduced(pixels: _Bytes, cv2: Any) -> _Bytes:
    height, width = pixels.shape[:2]
    scale = SIDE / min(height, width)
    if scale >= 1.0:
        return pixels
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
