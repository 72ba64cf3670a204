"""What the judge sees in a picture, as the record that atoms are answered from."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

from poser.critics.judge import layers, views
from poser.critics.judge.finding import find_things
from poser.critics.judge.views import WORKING_SIDE
from poser.critics.judge.wiring import STYLES, TONES
from poser.critics.reading import Reading
from poser.experts import lexicon
from poser.experts.picture import Picture

if TYPE_CHECKING:
    from poser.critics.looks import Look

THUMBNAIL = 128  #: shorter side in px of the copy on which pictures are compared
SURE, CLEAR = 0.95, 0.65  #: probabilities of a thing, of a backdrop, that prove a picture to be of the known kind


class SeenTone(NamedTuple):
    """The likeliest tone; None = none."""

    tone: str | None


class SeenLook(NamedTuple):
    """What answers read of a look; the likeliest of each, and all probabilities."""

    style: str | None
    tint: SeenTone
    styles: dict[str | None, float]
    tones: dict[str | None, float]
    supported: float


def see(picture: Picture) -> Reading:
    """Things, backdrop, style and tone of a picture; lettering is not read here. Deterministic."""
    working = views.resized(picture.pixels, WORKING_SIDE)
    backdrops, styles, tones = layers.look(views.thumb(working), views.patches(working))
    things = find_things(working)
    known = 1 - float(backdrops[-1])
    readable = float(backdrops[:-1].max()) >= CLEAR or any(thing.sure >= SURE for thing in things)
    look = SeenLook(
        STYLES[int(styles.argmax())],
        SeenTone(TONES[int(tones.argmax())]),
        {name: float(share) for name, share in zip(STYLES, styles, strict=True)},
        {name: float(share) for name, share in zip(TONES, tones, strict=True)},
        known if readable else 0.0,
    )
    return Reading(
        things=tuple(things) if readable else (),
        letterings=(),
        look=cast("Look", look),  # the fields that answers read
        backdrops={name: float(share) for name, share in zip(lexicon.BACKGROUNDS, backdrops[:-1], strict=True)},
        width=picture.width,
        height=picture.height,
        readable=readable,
        illegible=True,
        thumbnail=views.resized(picture.pixels, min(THUMBNAIL, picture.width, picture.height)),
    )
