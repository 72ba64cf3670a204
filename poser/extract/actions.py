"""Imperatives and phrases that only frame what is asked for."""

from __future__ import annotations

from poser.extract.tokens import Sentence
from poser.extract.vocabulary import PhraseTable, colors, noun_at
from poser.extract.words import LINKING, word_set


def _phrases(**groups: str) -> PhraseTable[str]:
    """Table of `meaning="phrase, phrase, …"`."""
    return PhraseTable({phrase.strip(): name for name, text in groups.items() for phrase in text.split(",")})


#: Imperatives: words -> what is to be done.
ACTIONS = _phrases(
    alter=(
        "make, turn, set, change, convert, transform, alter, modify, adjust, update, switch, replace, swap, swap "
        "out, switch out, exchange, trade, edit, render, turn up, switch over, trade out, let, have, keep, get, "
        "resize, scale, apply"
    ),
    recolor=("paint, color, colour, recolor, recolour, dye, repaint, re color, re colour, tint"),
    substitute=("substitute"),
    use=("use"),
    remove=(
        "remove, delete, erase, drop, get rid of, take away, take out, leave out, cut out, eliminate, scrap, omit, "
        "ditch, do away with, hide, lose, cut, wipe out, rub out, clear away, throw out, strike, subtract, take off"
    ),
    move=(
        "move, shift, relocate, slide, drag, reposition, push, bring, put, place, position, stick, send, centre, center"
    ),
    add=(
        "add, include, insert, draw, show, create, generate, depict, produce, design, illustrate, compose, throw "
        "in, give me, show me, picture, imagine, sketch, add in, hang, build, plant, park, sprinkle, display, add "
        "also"
    ),
    larger=("enlarge, scale up, blow up, magnify, expand, increase"),
    smaller=("shrink, scale down, reduce, decrease, downsize"),
    darker=("darken"),
    brighter=("brighten, lighten, brighten up, lighten up"),
    warmer=("warm up"),
    cooler=("cool down"),
    faded=("fade, desaturate, tone down"),
    write=("write, letter, inscribe, print, type, spell out, spell, title, caption, label"),
    other=("duplicate, copy, double, rotate, flip, mirror, tilt, crop, blur, sharpen, zoom"),
)
#: Words that an imperative may follow.
BEFORE_VERB = word_set(
    "actually afterward afterwards again also and but can could do does don't finally first hmm i instead just "
    "lastly later let maybe must never next no not now oh ok okay oops or perhaps please rather secondly should so "
    "sorry sure then thirdly to today wait we well will would yes you"
)
#: Phrases around a description that say nothing of the picture.
FRAMES = _phrases(
    frame=(
        "make sure, make sure that, be sure, let there be, have there be, make certain, on second thought, on "
        "second thoughts, at the end, of course, in the end, in addition, on top of that, by the way, on the other "
        "hand, in addition to that, as well, for example, in particular, if possible, in total, at all, side by "
        "side, in a row, in a line, in the picture, in the image, in the scene, in the photo, on the canvas, in the "
        "drawing, in the frame, on the page, on the picture, of the picture, of the image, to the picture, to the "
        "image, to the scene, from the picture, in it all, from the image, from the scene, in the air, anywhere, "
        "anywhere in the picture, to one another, each other, one another, on it all, a little, a bit, a lot, much, "
        "twice as, for me, for us, at least, on the whole, at the moment, all over, the scene, this scene, the "
        "overall, a touch, in there, a picture of, an image of, the picture, the image, a photo of, picture of, a "
        "photograph of, a drawing of, an illustration of, a picture showing, an image showing, a scene with, a "
        "scene of, a picture with, an image with, image of, photo of, drawing of, a picture that shows, a rendering "
        "of, a scene, a picture, an image, a photo, a view of, a close up of, a shot of, a painting of, "
        "illustration of, painting of, a depiction of, an image that shows, the whole picture, the whole scene, the "
        "photo, a photo showing, a render of, the drawing, the illustration, a depiction, an illustration showing, "
        "an illustration, a drawing showing, a drawing"
    ),
)


def is_object(s: Sentence, i: int) -> bool:
    """True if what follows can be the object of an imperative."""
    word = s.word(i)
    if not word:
        return i < len(s) and s.tokens[i].kind == "quote"
    return word not in LINKING and (
        word in word_set(
    "a an the it them this that these those all both each everything some its his her their another one "
    "two three four five six several"
)
        or word.isdigit()
        or noun_at(s, i) is not None
        or colors.at(s, i) is not None
    )  # fmt: skip
