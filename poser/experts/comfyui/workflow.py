"""A ComfyUI workflow in the API format, and which of its inputs a request fills.

An input is marked by a **placeholder**: `{prompt}`, `{negative}`, `{seed}`, `{width}`, `{height}`, `{image}`, `{mask}`,
`{reference1}`, `{reference2}`, …, in one of two ways.

- In the **title of a node** (in the editor: right-click, Title), several if need be: "Sampler {seed}". It fills the
  input of that node that fits, see `TITLE_INPUTS`, whatever was typed there. No JSON has to be edited.
- In the **value of an input**, in the JSON: `"text": "masterpiece, {prompt}"`, `"seed": "{seed}"`. A value that is the
  placeholder alone takes its type (seed and sizes are numbers); inside a longer text it is replaced.

`{output}` in a title names the node whose picture is the answer.
"""

from __future__ import annotations

import copy
import difflib
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from poser.experts.errors import InputError

Graph = dict[str, dict[str, Any]]

_TEXTS = ("text", "prompt", "value", "string", "text_g", "text_l", "clip_l", "t5xxl")
_PICTURES = ("image", "value")

TITLE_INPUTS: Mapping[str, tuple[str, ...]] = {
    "prompt": _TEXTS,
    "negative": ("negative", "negative_prompt", *_TEXTS),
    "seed": ("seed", "noise_seed", "value"),
    "width": ("width", "value"),
    "height": ("height", "value"),
    "image": _PICTURES,
    "mask": ("mask", *_PICTURES),
    "reference": _PICTURES,
}
"""Placeholder -> inputs that it fills by a node's title: every text that is there, else the first input that is."""

LARGEST_FILE = 16 * 2**20

_MARK = re.compile(r"\{([A-Za-z_]+?)(\d*)\}")


@dataclass(frozen=True)
class Mark:
    """One input that a request fills: of `node`, called `input`, with the placeholder `name` ("reference2")."""

    node: str
    input: str
    name: str


class Workflow:
    """A workflow and its marks.

    Attributes:
        marks: what a request fills.
        references: how many reference pictures it takes.
        output: id of the node whose picture is the answer, or "" where none is named.
        digest: hash of the graph, 12 hex digits.
    """

    def __init__(self, graph: Graph, name: str, output: str = "") -> None:
        """Find the marks in `graph`; `name` stands in messages; `output` is a node's id or title.

        Raises:
            InputError: a mark that is unknown or fits no input, references with gaps, an output that is not there.
        """
        self._graph, self._name = graph, name
        self.marks = tuple(dict.fromkeys([*self._marks_in_values(), *self._marks_in_titles()]))
        numbers = sorted({int(mark.name[9:]) for mark in self.marks if mark.name.startswith("reference")})
        if numbers != list(range(1, len(numbers) + 1)):
            raise InputError(f"{name}: the references are numbered {numbers}; number them 1, 2, … without gaps.")
        self.references = len(numbers)
        self.output = self._output(output)
        self.digest = hashlib.sha256(json.dumps(graph, sort_keys=True).encode()).hexdigest()[:12]

    @classmethod
    def read(cls, path: str | Path, output: str = "") -> Workflow:
        """The workflow in this file.

        Raises:
            InputError: no such file, or not a workflow in the API format; and as the constructor.
        """
        name = f"workflow {str(path)!r}"
        try:
            if Path(path).stat().st_size > LARGEST_FILE:
                raise InputError(f"{name} has more than {LARGEST_FILE:,} bytes.")
            content = json.loads(Path(path).read_text(encoding="utf-8-sig"))
        except OSError as error:
            raise InputError(f"{name} cannot be read: {error.strerror or error}.") from error
        except (ValueError, RecursionError) as error:
            raise InputError(
                f"{name} is not JSON ({error}). Export it in ComfyUI by Workflow > Export (API)."
            ) from error
        if isinstance(content, dict) and isinstance(content.get("nodes"), list):
            raise InputError(f"{name} is in the editor's format. Export it in ComfyUI by Workflow > Export (API).")
        if not isinstance(content, dict) or not content or not all(_is_node(node) for node in content.values()):
            raise InputError(
                f'{name} is no workflow in the API format, {{id: {{"class_type": …, "inputs": {{…}}}}}}. Export it in '
                "ComfyUI by Workflow > Export (API)."
            )
        return cls(content, name, output)

    @property
    def nodes(self) -> int:
        """How many nodes it has."""
        return len(self._graph)

    def marked(self, name: str) -> bool:
        """Does a request fill this placeholder?"""
        return any(mark.name == name for mark in self.marks)

    def title(self, node: str) -> str:
        """What a person calls this node: its title, or its class, and its id."""
        content = self._graph.get(node, {})
        return f"{_title(content) or content.get('class_type', 'node')!r} ({node})"

    def filled(self, values: Mapping[str, str | int]) -> Graph:
        """A copy of the graph with these values for the placeholders; every mark needs one."""
        graph = copy.deepcopy(self._graph)
        for mark in self.marks:
            own, sign = self._graph[mark.node]["inputs"][mark.input], f"{{{mark.name}}}"
            inside = isinstance(own, str) and sign in own and own.strip() != sign
            # in one pass over the workflow's own text: a prompt may hold the words of a placeholder itself
            graph[mark.node]["inputs"][mark.input] = (
                _MARK.sub(lambda found: str(values.get(found[1] + found[2], found[0])), own)
                if inside
                else values[mark.name]
            )
        return graph

    def _marks_in_values(self) -> Iterator[Mark]:
        for node, content in self._graph.items():
            for key, value in content["inputs"].items():
                for word, number in _MARK.findall(value) if isinstance(value, str) else ():
                    known = _known(word, number)
                    if known:
                        yield Mark(node, key, word + number)
                    elif near := difflib.get_close_matches(word, TITLE_INPUTS, n=1, cutoff=0.75):
                        # other words in braces are somebody's prompt syntax
                        raise InputError(
                            f"{self._name}: input {key!r} of node {self.title(node)} holds {{{word}{number}}}. "
                            f"Did you mean {{{near[0]}}}?"
                        )

    def _marks_in_titles(self) -> Iterator[Mark]:
        for node, content in self._graph.items():
            for word, number in _MARK.findall(_title(content)):
                if word == "output" and not number:
                    continue
                if not _known(word, number):
                    signs = ", ".join(f"{{{each}{'1' if each == 'reference' else ''}}}" for each in TITLE_INPUTS)
                    raise InputError(
                        f"{self._name}: the title of node {self.title(node)} holds {{{word}{number}}}; known are "
                        f"{signs}, {{output}}."
                    )
                yield from self._title_marks(node, word, word + number)

    def _title_marks(self, node: str, word: str, name: str) -> list[Mark]:
        inputs = self._graph[node]["inputs"]
        there = [key for key in TITLE_INPUTS[word] if key in inputs]
        free = [key for key in there if not isinstance(inputs[key], list)]
        if not free:
            why = f"{there[0]!r} comes from another node; mark that one" if there else f"it has {', '.join(inputs)}"
            raise InputError(
                f"{self._name}: node {self.title(node)} is marked {{{name}}}, which fills one of its inputs "
                f"{', '.join(TITLE_INPUTS[word])}, but {why}."
            )
        taken = free if word in ("prompt", "negative") else free[:1]
        return [Mark(node, key, name) for key in taken]

    def _output(self, wanted: str) -> str:
        if wanted:
            for node, content in self._graph.items():
                if wanted in (node, _title(content)):
                    return node
            raise InputError(f"{self._name} has no node with the id or title {wanted!r} for its output.")
        marked = [node for node, content in self._graph.items() if "{output}" in _title(content)]
        if len(marked) > 1:
            raise InputError(f"{self._name}: {len(marked)} nodes are marked {{output}}; mark one.")
        return marked[0] if marked else ""


def _is_node(content: object) -> bool:
    return (
        isinstance(content, dict)
        and isinstance(content.get("class_type"), str)
        and isinstance(content.get("inputs"), dict)
    )


def _title(content: Mapping[str, Any]) -> str:
    meta = content.get("_meta")
    title = meta.get("title") if isinstance(meta, dict) else None
    return title if isinstance(title, str) else ""


def _known(word: str, number: str) -> bool:
    return bool(number) and int(number) > 0 if word == "reference" else word in TITLE_INPUTS and not number
