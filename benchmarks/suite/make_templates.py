"""Compose the templated half of the annotated prompt suite.

    python -m benchmarks.suite.make_templates

A scene is drawn first (things on a 3 by 3 grid, backdrop, lettering, style, absences, one edit), so that its facts are
known before a word is written; sentences are then put together from `frames.py`. The same seed gives the same
bytes: only lines of `annotated_prompts.jsonl` with `handwritten: false` are rewritten.
"""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.suite import frames
from benchmarks.suite.scenes import (
    CELLS,
    Fact,
    Group,
    canonical,
    draw_groups,
    fact,
    noun_words,
    possible_relations,
)
from poser.experts.lexicon import COLORS

SEED = 20260711
#: How many things each of the fifty prompts asks for.
COMMANDS = (5,) * 6 + (6,) * 9 + (7,) * 10 + (8,) * 10 + (9,) * 9 + (10,) * 6
SUITE = Path(__file__).parent / "annotated_prompts.jsonl"

_NUMBERS = ["no", "one", "two", "three", "four", "five", "six", "seven"]


@dataclass
class Scene:
    """What one prompt asks for."""

    groups: list[Group] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)
    edits: list[str] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)


def article(words: str) -> str:
    """The words with "a" or "an" in front."""
    return f"{'an' if re.match(r'[aeiou]|hour', words) else 'a'} {words}"


def upper_first(words: str) -> str:
    """The words with a capital first letter."""
    return words[:1].upper() + words[1:]


def indefinite(rng: random.Random, group: Group) -> str:
    """The group as it is first named: number, size, colour, noun."""
    adjectives = [word for word in (group.size_word, group.color_word) if word]
    behind = group.color_word if group.color_word and not group.twin and rng.random() < 0.15 else None
    if behind:
        adjectives.remove(behind)
    several = group.said > 1
    name = " ".join([*adjectives, group.words[several]])
    if not several:
        start = f"one {name}" if rng.random() < 0.2 else article(name)
    elif group.said == 2 and rng.random() < 0.2:
        start = f"a pair of {name}"
    elif group.said == 6 and rng.random() < 0.5:
        start = f"half a dozen {name}"
    else:
        start = f"{_NUMBERS[group.said] if rng.random() < 0.75 else group.said} {name}"
    return f"{start} that {'are' if several else 'is'} {behind}" if behind else start


def definite(group: Group) -> str:
    """The group when it is named again."""
    return " ".join(["the", *([str(group.color_word)] if group.twin else []), group.words[group.said > 1]])


def fill(rng: random.Random, frame: str, group: Group, **more: str) -> str:
    """A frame with the group's words, and verbs that agree with its number."""
    words = {"a": indefinite(rng, group), "the": definite(group), "it": "they" if group.said > 1 else "it", **more}
    verbs = {name: plural if group.said > 1 else single for name, (single, plural) in frames.VERBS.items()}
    words |= {upper_first(name): upper_first(word) for name, word in words.items()}
    return upper_first(frame.format(**words, **verbs))


def describe_groups(rng: random.Random, scene: Scene) -> None:
    """One sentence a group: where it is, or how it lies to groups named before."""
    for number, group in enumerate(scene.groups):
        relations = possible_relations(group, scene.groups[:number])
        draw = rng.random()
        if relations and draw < 0.55:
            relation, others = rng.choice(relations)
            group.relation = (relation, *(other.phrase for other in others))
            names = " and ".join(definite(other) for other in others)
            rel = f"{rng.choice(frames.RELATION_WORDS[relation])} {names}"
            scene.sentences.append(fill(rng, rng.choice(frames.RELATED), group, rel=rel))
        elif draw < 0.9:
            group.placed = True
            place = rng.choice(frames.PLACE_WORDS[CELLS[group.cell]])
            scene.sentences.append(fill(rng, rng.choice(frames.PLACED), group, place=place))
        else:
            scene.sentences.append(fill(rng, rng.choice(frames.BARE), group))


def add_edit(rng: random.Random, scene: Scene) -> None:
    """Let the prompt first say something else about one group, and correct it later."""
    plain = [group for group in scene.groups if not group.twin]
    kind = rng.choice(("recolor", "replace", "remove", "more"))
    if kind == "recolor" and (colored := [group for group in plain if group.color]):
        group = rng.choice(colored)
        final = str(group.color_word)
        group.color_word = rng.choice([color for color in COLORS if color != group.color])
        frame, words = rng.choice(frames.RECOLOR), {"color": final, "old": group.color_word}
    elif kind == "replace" and (single := [group for group in plain if group.count == 1]):
        group = rng.choice(single)
        named = {g.noun for g in scene.groups}
        final = article(" ".join(word for word in (group.size_word, group.color_word, group.words[0]) if word))
        # a colour or size of the first thing would leave open what the second inherits
        group.color_word = group.size_word = None
        group.words = noun_words(rng, rng.choice([noun for noun in frames.NOUNS if noun not in named]))
        frame, words = rng.choice(frames.REPLACE), {"new": final}
    elif kind == "remove":
        group = rng.choice(plain)
        group.said = group.count + 1
        frame, words = rng.choice(frames.REMOVE), {"number": _NUMBERS[group.count]}
    elif several := [group for group in plain if group.count > 1]:
        group = rng.choice(several)
        group.said = group.count - 1
        frame, words = rng.choice(frames.MORE), {"number": _NUMBERS[group.count]}
    else:
        return
    scene.edits.append(fill(rng, frame, group, one=group.words[0], many=group.words[1], **words))


def add_lettering(rng: random.Random, scene: Scene, text: str, place: str) -> None:
    """A sentence that asks for lettering at the top or the bottom, perhaps in a colour."""
    opening, closing = rng.choice(('""', "“”"))
    where = rng.choice(frames.PLACE_WORDS[place])
    color = rng.choice(list(COLORS)) if rng.random() < 0.3 else None
    how = f" in {color} letters" if color else ""
    sentence = rng.choice(frames.TEXT).format(q=f"{opening}{text}{closing}", place=where, how=how)
    scene.sentences.insert(rng.randint(0, len(scene.sentences)), upper_first(sentence))
    scene.facts.append(fact("text", text))
    scene.facts.append(fact("relation", place, f'"{text}"', "canvas"))
    if color:
        scene.facts.append(fact("attribute", "color", f'"{text}"', color))


def add_picture_wide(rng: random.Random, scene: Scene, background: bool, style: bool, lettering: bool) -> None:
    """Backdrop, style and absences."""
    if background:
        if rng.random() < 0.3:
            used = {group.color for group in scene.groups} | {entry["fact"][-1] for entry in scene.facts}
            backdrop = rng.choice([color for color in COLORS if color not in used])
            sentence = rng.choice(frames.PLAIN_BACKGROUND).format(color=backdrop)
        else:
            backdrop = rng.choice(list(frames.SCENES))
            sentence = rng.choice(frames.BACKGROUND).format(scene=rng.choice(frames.SCENES[backdrop]))
        scene.sentences.insert(rng.choice((0, len(scene.sentences))), upper_first(sentence))
        scene.facts.append(fact("background", backdrop))
    if style:
        name = rng.choice(list(frames.STYLES))
        sentence = upper_first(rng.choice(frames.STYLE).format(style=rng.choice(frames.STYLES[name])))
        scene.sentences.insert(rng.choice((0, len(scene.sentences))), sentence)
        scene.facts.append(fact("style", name))
    if rng.random() < 0.4:
        named = {noun for group in scene.groups for noun in (group.noun, canonical(group.words[0]))}
        noun = rng.choice([noun for noun in frames.NOUNS if noun not in named])
        scene.edits.append(upper_first(rng.choice(frames.ABSENCE).format(many=noun_words(rng, noun)[1])))
        scene.facts.append(fact("entity", noun, answer="no"))
    if not lettering and rng.random() < 0.5:
        scene.edits.append(rng.choice(frames.NO_TEXT))
        scene.facts.append(fact("text", "", answer="no"))


def make_prompt(number: int) -> dict[str, Any]:
    """The templated prompt of this number, 1 to 50."""
    rng = random.Random(f"{SEED}:{number}")
    commands = COMMANDS[number - 1]
    background, style = rng.random() < 0.85, rng.random() < 0.5
    texts = rng.sample(frames.TEXTS, rng.choice((0, 1, 1, 1, 2)))
    while commands - background - style - len(texts) > 7:  # the grid is full
        texts = rng.sample(frames.TEXTS, len(texts) + 1)
    places = rng.sample(("top", "bottom"), 2)
    taken = {(1, 0 if place == "top" else 2) for place, _ in zip(places, texts, strict=False)}
    scene = Scene(draw_groups(rng, commands - background - style - len(texts), taken))
    if rng.random() < 0.45:
        add_edit(rng, scene)
    describe_groups(rng, scene)
    scene.facts = [entry for group in scene.groups for entry in group.facts()]
    for text, place in zip(texts, places, strict=False):
        add_lettering(rng, scene, text, place)
    add_picture_wide(rng, scene, background, style, bool(texts))
    sentences = scene.sentences + scene.edits
    if rng.random() < 0.25:
        prompt = "\n- ".join([rng.choice(frames.OPENINGS), *sentences])
    else:
        prompt = " ".join([rng.choice(frames.OPENINGS), *sentences, rng.choice(frames.CLOSINGS)]).strip()
    return {
        "id": f"t{number:03d}", "handwritten": False, "commands": commands, "prompt": prompt, "facts": scene.facts,
    }  # fmt: skip


def lines() -> list[str]:
    """The fifty lines of the suite file, without line ends."""
    return [json.dumps(make_prompt(number), ensure_ascii=False) for number in range(1, len(COMMANDS) + 1)]


def main() -> None:
    """Rewrite the templated lines of the suite file."""
    kept = [line for line in SUITE.read_text(encoding="utf-8").splitlines() if json.loads(line)["handwritten"]]
    SUITE.write_text("\n".join([*kept, *lines()]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
