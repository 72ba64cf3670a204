"""How wishes are worded: sentence frames by construct, some for training, others kept for evaluation.

A frame is a sentence without its capital and its full stop. Slots: `{list}` new things, `{the}` what is spoken of
(`{is}`, `{has}`, `{s}`, `{it}`, `{its}` agree with it), `{color}`, `{size}`, `{where}`, `{bg}` a backdrop, `{style}`
an adjective of a style and `{look}` its noun, `{tone}`, `{text}` quoted lettering, `{old}` and `{new}` of a change.
Constructs that end in "do" are imperatives, those in "say" statements.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from poser.decompose.requests import change_phrasings


class Phrasings(NamedTuple):
    """Frames of one construct: those that training rows use, and those that only held-out rows use."""

    train: tuple[str, ...]
    held_out: tuple[str, ...]


def _phrasings(train: str, held_out: str) -> Phrasings:
    return Phrasings(*(tuple(line.strip() for line in block.strip().splitlines()) for block in (train, held_out)))


_FRESH: Mapping[str, tuple[str, str]] = {
    "things do": (
        """
        draw {list}
        add {list}
        put {list} into the picture
        paint me {list}
        include {list}
        show {list}
        show me {list}
        place {list} in the scene
        create an image with {list}
        make a picture of {list}
        give me {list}
        start with {list}
        design a picture that contains {list}
        have {list} in the image
        add {list} to it
        """,
        """
        bring in {list}
        work {list} into the composition
        set {list} down on the canvas
        compose a picture around {list}
        throw in {list}
        let me see {list}
        fit in {list}
        """,
    ),
    "things say": (
        """
        {there} {list}
        the picture shows {list}
        we see {list}
        {list} should be in the picture
        {list} can be seen
        I want {list}
        I would like {list}
        the scene contains {list}
        the image has {list}
        it needs {list}
        {list} should be added
        I imagine {list}
        a picture of {list}
        {list}
        """,
        """
        {list} would be lovely
        the viewer looks at {list}
        what I have in mind is {list}
        the composition calls for {list}
        {list} must not be missing
        {list} ought to appear in it
        """,
    ),
    "opening style": (
        """
        {look} of {list}
        draw {look} of {list}
        I want {look} of {list}
        create {look} with {list}
        a {style} style picture of {list}
        """,
        """
        do {look} that features {list}
        how about {look} of {list}
        """,
    ),
    "opening background": (
        """
        {list} in front of {bg}
        draw {list} in front of {bg}
        a picture of {list} with {bg} in the background
        I want {list} against {bg}
        """,
        """
        how about {list} with {bg} behind
        set against {bg}, show {list}
        """,
    ),
    "where do": (
        """
        {where}, add {list}
        {where} put {list}
        place {list} {where}
        {where} draw {list}
        """,
        """
        {where}, fit in {list}
        use the space {where} for {list}
        """,
    ),
    "where say": (
        """
        {where} {there} {list}
        {where} we see {list}
        {where}, there should be {list}
        {where} I want {list}
        """,
        """
        {where} one can make out {list}
        what stands {where} {lis} {list}
        the space {where} belongs to {list}
        """,
    ),
    "color do": (
        """
        make {the} {color}
        paint {the} {color}
        color {the} {color}
        give {the} a {color} color
        use {color} for {the}
        """,
        """
        pick {color} as the color of {the}
        let {the} be {color}
        fill {the} in with {color}
        """,
    ),
    "color say": (
        """
        {the} {is} {color}
        {the} should be {color}
        the color of {the} is {color}
        I want {the} in {color}
        {the} {is} painted {color}
        """,
        """
        {color} is the right color for {the}
        for {the} I would take {color}
        {the} come{s} in {color}
        """,
    ),
    "size do": (
        """
        make {the} {size}
        draw {the} {size}
        keep {the} {size}
        """,
        """
        let {the} look {size}
        give {the} a {size} size
        """,
    ),
    "size say": (
        """
        {the} {is} {size}
        {the} should be {size}
        {the} {has} to be {size}
        """,
        """
        {size} is what {the} should be
        I picture {the} as {size}
        """,
    ),
    "place do": (
        """
        put {the} {where}
        place {the} {where}
        position {the} {where}
        """,
        """
        arrange {the} so that {it} {is} {where}
        find a spot for {the} {where}
        """,
    ),
    "place say": (
        """
        {the} {is} {where}
        {the} should be {where}
        {the} stand{s} {where}
        I want {the} {where}
        {the} can be found {where}
        """,
        """
        {where} is the right spot for {the}
        {the} belong{s} {where}
        one finds {the} {where}
        """,
    ),
    "background do": (
        """
        make the background {bg}
        set the background to {bg}
        use {bg} as the background
        put {bg} behind it all
        change the background to {bg}
        turn the background into {bg}
        give it {bg} as a backdrop
        """,
        """
        let {bg} fill the background
        swap the backdrop for {bg}
        have everything happen in front of {bg}
        """,
    ),
    "background say": (
        """
        the background is {bg}
        the background should be {bg}
        behind everything there is {bg}
        {bg} serves as the background
        the whole thing is set against {bg}
        I want {bg} in the background
        """,
        """
        {bg} forms the backdrop
        in the back one sees only {bg}
        {bg} lies behind it all
        """,
    ),
    "text do": (
        """
        write {text}{where}
        add the text {text}{where}
        put the word {text}{where}
        add a sign that says {text}{where}
        add the lettering {text}{where}
        add a caption reading {text}{where}
        """,
        """
        print {text}{where}
        letter it with {text}{where}
        let a title spell {text}{where}
        """,
    ),
    "text say": (
        """
        the text {text} is written{where}
        {text} should be written{where}
        there is a sign that says {text}{where}
        it should say {text}{where}
        it needs the words {text}{where}
        """,
        """
        {text} stands there in letters{where}
        the headline reads {text}{where}
        one can read {text}{where}
        """,
    ),
    "style do": (
        """
        make it look like {look}
        render it in {style} style
        draw everything in {style} style
        turn it into {look}
        use a {style} style
        apply a {style} style
        make the whole picture {look}
        """,
        """
        give it the feel of {look}
        let it pass for {look}
        finish the whole in {style} manner
        """,
    ),
    "style say": (
        """
        the style is {style}
        it should look like {look}
        the picture is {look}
        everything is done in {style} style
        I want it in the style of {look}
        """,
        """
        one should take it for {look}
        {look} is the look I am after
        {style} is the style to go for
        """,
    ),
    "tone do": (
        """
        make the whole picture {tone}
        make everything {tone}
        make the image {tone}
        give it a {tone} tone
        """,
        """
        let the overall tone be {tone}
        shift the mood to {tone}
        """,
    ),
    "tone say": (
        """
        the whole picture should be {tone}
        the image should look {tone}
        everything should be {tone}
        """,
        """
        overall it could be {tone}
        I would prefer the picture {tone}
        """,
    ),
    "absent do": (
        """
        leave out any {plural}
        do not show any {plural}
        don't draw any {plural}
        avoid {plural}
        make sure there is no {noun}
        """,
        """
        keep it free of {plural}
        steer clear of {plural}
        """,
    ),
    "absent say": (
        """
        there is no {noun}
        there should be no {plural}
        I want no {plural} in it
        no {plural} at all
        there must not be any {plural}
        """,
        """
        {plural} have no place in it
        not a single {noun} is to be seen
        """,
    ),
}

PHRASINGS: Mapping[str, Phrasings] = MappingProxyType(
    {name: _phrasings(*blocks) for name, blocks in {**_FRESH, **change_phrasings.BLOCKS}.items()}
)
"""Construct -> its frames."""
