"""Frames of changes: edits of a source picture, corrections of what was said, politeness, and talk without content.

The slots are those of `poser.decompose.requests.phrasings`; `{do}` and `{say}` stand for a clause.
"""

from __future__ import annotations

from collections.abc import Mapping

BLOCKS: Mapping[str, tuple[str, str]] = {
    "remove do": (
        """
        remove {the}
        delete {the}
        erase {the}
        get rid of {the}
        take {the} out
        take away {the}
        """,
        """
        cut {the} from the picture
        make {the} disappear
        clear away {the}
        wipe out {the}
        """,
    ),
    "remove say": (
        """
        {the} should be removed
        {the} should be gone
        I don't want {the} any more
        {the} {has} to go
        I want {the} deleted
        """,
        """
        {the} can go
        the picture is better off without {the}
        {the} must vanish
        """,
    ),
    "recolor do": (
        """
        make {the} {color}
        paint {the} {color}
        recolor {the} to {color}
        change the color of {the} to {color}
        turn {the} {color}
        color {the} {color}
        """,
        """
        dye {the} {color}
        give {the} a coat of {color}
        let {the} become {color}
        """,
    ),
    "recolor say": (
        """
        {the} should be {color}
        {the} should be painted {color}
        I want {the} in {color}
        {the} should turn {color}
        """,
        """
        {the} would look better in {color}
        {color} suits {the} better
        for {the} I would rather have {color}
        """,
    ),
    "recolor two do": (
        """
        make {the} {color} and {the2} {color2}
        paint {the} {color} and {the2} {color2}
        turn {the} {color} but {the2} {color2}
        """,
        """
        color {the} {color}, {the2} {color2}
        let {the} become {color} while {the2} turn{s2} {color2}
        """,
    ),
    "larger do": (
        """
        make {the} bigger
        make {the} larger
        enlarge {the}
        increase the size of {the}
        """,
        """
        scale {the} up
        let {the} grow
        """,
    ),
    "larger say": (
        """
        {the} should be bigger
        {the} should be larger
        I want {the} bigger
        """,
        """
        {the} could do with more size
        {the} {is} too small, so enlarge {it}
        """,
    ),
    "smaller do": (
        """
        make {the} smaller
        shrink {the}
        reduce the size of {the}
        """,
        """
        scale {the} down
        let {the} shrink
        """,
    ),
    "smaller say": (
        """
        {the} should be smaller
        I want {the} smaller
        {the} should shrink
        """,
        """
        {the} could do with less size
        {the} {is} too big, so shrink {it}
        """,
    ),
    "move do": (
        """
        move {the} {where}
        shift {the} {where}
        put {the} {where}
        place {the} {where}
        move {the} so that {it} {is} {where}
        """,
        """
        drag {the} over so that {it} end{s} up {where}
        transfer {the} to a spot {where}
        bring {the} {where}
        """,
    ),
    "move say": (
        """
        {the} should be {where}
        {the} should move {where}
        I want {the} {where}
        {the} should be moved {where}
        """,
        """
        {the} had better stand {where}
        a better spot for {the} is {where}
        """,
    ),
    "replace do": (
        """
        replace {the} with {new}
        swap {the} for {new}
        change {the} into {new}
        turn {the} into {new}
        exchange {the} for {new}
        put {new} in place of {the}
        """,
        """
        substitute {new} for {the}
        trade {the} for {new}
        let {new} take the place of {the}
        """,
    ),
    "replace say": (
        """
        {the} should be replaced with {new}
        instead of {the} there should be {new}
        I want {new} instead of {the}
        {the} should become {new}
        """,
        """
        where {the} {is}, I would rather see {new}
        {new} should stand in for {the}
        """,
    ),
    "reletter do": (
        """
        change the text {old} to {new}
        replace the word {old} with {new}
        make the sign say {new} instead of {old}
        change the lettering from {old} to {new}
        """,
        """
        where it says {old}, write {new}
        overwrite {old} with {new}
        """,
    ),
    "reletter say": (
        """
        the sign should say {new} instead of {old}
        the text {old} should become {new}
        instead of {old} it should read {new}
        """,
        """
        {old} is wrong, it has to read {new}
        in place of {old} I want to read {new}
        """,
    ),
    "unletter do": (
        """
        remove the text {old}
        delete the word {old}
        erase the lettering {old}
        take the sign {old} away
        """,
        """
        wipe the words {old} off
        drop the caption {old}
        """,
    ),
    "unletter say": (
        """
        the text {old} should be gone
        the word {old} should be removed
        I don't want the text {old} any more
        """,
        """
        the words {old} can go
        nobody should read {old} any longer
        """,
    ),
    "change color": (
        """
        actually, make {the} {color}
        no, {color} is better for {the}
        on second thought, {the} should be {color}
        wait, {the} should be {color} instead
        sorry, I meant {the} to be {color}
        """,
        """
        come to think of it, {color} would suit {the} better than {old}
        scrap the {old}, I would rather see {the} in {color}
        let me correct myself: {the} in {color}, not {old}
        """,
    ),
    "change count": (
        """
        actually, make it {number} {plural}
        no, {number} {plural} are better
        on second thought, I want {number} {plural}
        wait, there should be {number} {plural} instead
        sorry, I meant {number} {plural}
        """,
        """
        let me correct myself: {number} {plural} it shall be
        come to think of it, {number} {plural} would be the right number
        """,
    ),
    "change size": (
        """
        actually, make {the} {size}
        no, {the} should be {size}
        wait, {the} should be {size} instead
        sorry, I meant {the} to be {size}
        """,
        """
        come to think of it, {size} would suit {the} better
        let me correct myself: {the} {is} {size}
        """,
    ),
    "change gone": (
        """
        actually, leave {the} out
        on second thought, drop {the}
        forget {the}
        no, remove {the} again
        wait, I don't want {the} any more
        """,
        """
        come to think of it, we can do without {the}
        let me correct myself: {the} should not be there after all
        """,
    ),
    "change kind": (
        """
        actually, replace {the} with {new}
        on second thought, I want {new} instead of {the}
        no, instead of {the} draw {new}
        wait, make that {new} instead of {the}
        """,
        """
        come to think of it, {new} would be better than {the}
        let me correct myself: not {the} but {new}
        """,
    ),
    "change background": (
        """
        actually, make the background {bg}
        no, the background should be {bg}
        on second thought, use {bg} as the background
        wait, the background should be {bg} instead
        """,
        """
        come to think of it, {bg} would be the better backdrop
        let me correct myself: {bg} belongs in the background
        """,
    ),
    "polite": (
        """
        please {do}
        {do}, please
        could you {do}?
        can you {do}?
        I want you to {do}
        I'd like you to {do}
        let's {do}
        """,
        """
        would you mind if I asked you to {do}?
        be so kind as to {do}
        it would be great if you could {do}
        """,
    ),
    "statement": (
        """
        make sure that {say}
        please note that {say}
        as I see it, {say}
        """,
        """
        keep in mind that {say}
        what matters to me is that {say}
        """,
    ),
    "joined do": (
        """
        {one} and {two}
        {one}, and {two}
        {one}, then {two}
        {one}; {two}
        {one}, and also {two}
        """,
        """
        {one}, plus {two}
        {one}; besides, {two}
        {one}, and on top of that {two}
        """,
    ),
    "joined say": (
        """
        {one} and {two}
        {one}, and {two}
        {one}; {two}
        {one}, while {two}
        """,
        """
        {one}, whereas {two}
        {one}; besides, {two}
        {one}, and on top of that {two}
        """,
    ),
    "bulleted": (
        """
        I need the following:
        please do this:
        here is my list:
        the picture, point by point:
        """,
        """
        my wishes, one by one:
        what has to be done:
        """,
    ),
    "reason": (
        """
        for my daughter's room, {clause}
        since it is for a school project, {clause}
        because my boss likes it simple, {clause}
        as it goes on our website, {clause}
        if it's not too much trouble, {clause}
        before I forget, {clause}
        to begin with, {clause}
        """,
        """
        given that we present it tomorrow, {clause}
        so that my team likes it, {clause}
        seeing that there is little time, {clause}
        """,
    ),
    "greeting": (
        """
        Hi there!
        Hello!
        Good morning.
        Hey, I need some help.
        Hi, I hope you are well.
        OK, here we go.
        So, here is my idea.
        Hello again, it's me.
        """,
        """
        Dear artist,
        Greetings from the office.
        Evening, got a minute?
        """,
    ),
    "aside": (
        """
        My sister will love this.
        It is for a birthday next week.
        I am not good at drawing myself.
        Take your time.
        This one is important to me.
        The last version was not what I wanted.
        We are going to print it later.
        I have been thinking about this for days.
        My {noun} broke yesterday, but that is another story.
        Nothing fancy, just a nice picture.
        I want people to smile when they look at it.
        """,
        """
        Honestly, I could not decide for a long time.
        The whole office is looking forward to it.
        Somebody once told me a joke about a {noun}, never mind.
        Let us see where this leads.
        """,
    ),
    "closing": (
        """
        Thanks a lot!
        Thank you.
        That's all.
        I can't wait to see it.
        Thanks in advance for your help.
        Let me know when it is done.
        """,
        """
        Much obliged.
        That would be it for today.
        Cheers, and keep up the good work.
        """,
    ),
    "adjectives after": (
        """
        {thing} that {is} {words}
        {thing} which {is} {words}
        {thing} in {words}
        """,
        """
        {thing}, {words} in color,
        {thing} painted {words}
        """,
    ),
}
"""Construct -> frames for training and held-out frames, one a line."""
