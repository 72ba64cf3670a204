"""Answers about the picture as a whole: lettering, backdrop, style, tone."""

from __future__ import annotations

from poser.critics.letters import same_lettering, without_accents
from poser.critics.relations import likely
from poser.critics.scene import ABSENT, UNKNOWN, Answer, Scene
from poser.critics.tones import tone_change
from poser.experts import lexicon


def judge_text(words: tuple[str, ...], scene: Scene) -> Answer:
    """Can this lettering be read (any at all, for an empty one)?"""
    reading = scene.picture
    if reading.illegible:
        return UNKNOWN
    wanted = words[1].strip()
    seen = ", ".join(f'"{panel.text}"' for panel in reading.letterings)
    best = max((same_lettering(panel, wanted) for panel in reading.letterings), default=ABSENT)
    if not wanted:
        return Answer(best, seen, "there is no lettering")
    if best < 0.5 and reading.look.style is not None:
        bare = without_accents(wanted)
        if any(without_accents(panel.text) == bare for panel in reading.letterings):
            return UNKNOWN  # styles swallow accents: what is left says neither yes nor no
    complaint = f'the lettering reads {seen}, not "{wanted}"' if seen else f'the lettering "{wanted}" is missing'
    return Answer(max(best, ABSENT / 2), seen or "no lettering", complaint)


def judge_background(words: tuple[str, ...], scene: Scene) -> Answer:
    """Is this the backdrop?"""
    shares = scene.picture.backdrops
    if not scene.picture.readable or words[1] not in lexicon.BACKGROUNDS or not shares:
        return UNKNOWN
    seen = max(shares, key=lambda name: shares[name])
    if shares[seen] < 0.5:
        return Answer(max(ABSENT, shares[words[1]]), "", f"the backdrop is not clearly {words[1]}")
    return Answer(max(ABSENT / 2, shares[words[1]]), seen, f"the backdrop is {seen}, not {words[1]}")


def judge_style(words: tuple[str, ...], scene: Scene) -> Answer:
    """Is the picture in this style, or does it have this tone?"""
    name, look = words[1], scene.picture.look
    if name in lexicon.TONES:
        return _tone(name, scene)
    if name not in lexicon.STYLES or not scene.picture.readable:
        return UNKNOWN
    seen = look.style or "no style"
    return Answer(max(0.005, look.styles[name]), seen, f"the picture is not in the style {name}")


def _tone(name: str, scene: Scene) -> Answer:
    """Painted pictures tell their tone by the colours of things; others only by what changed from the source."""
    complaint = f"the picture is not {name}"
    reading, source = scene.picture, scene.source
    told = reading.readable and reading.look.supported > 0
    seen = reading.look.tint.tone or "no tone" if told else ""
    absolute = max(0.005, reading.look.tones[name]) if told else None
    if source is None:
        return UNKNOWN if absolute is None else Answer(absolute, seen, complaint)
    if absolute is None or not source.readable or source.look.tint.tone == name:
        return Answer(likely(tone_change(name, reading, source), 0.03), seen, complaint)
    return Answer(absolute, seen, complaint)
