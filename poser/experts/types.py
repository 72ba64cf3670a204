"""The vocabulary: Atom, Command, Plan, ExpertSpec, ExpertRequest, ExpertResult, Usage.

Everything above speaks in these words. Documents (what is written to disk) are frozen pydantic models; what
carries pixels is a frozen dataclass.

**Atom tuples.** An atom is one checkable statement about the *final picture*. Its `tuple` is one of

| tuple | means |
|---|---|
| `("entity", S)` | at least one S is there |
| `("attribute", "color", S, C)` | every S is C (one of `lexicon.COLORS`) |
| `("attribute", "size", S, Z)` | every S is Z: "small", "large"; with a source also "larger", "smaller" (than there) |
| `("attribute", K, S, V)` | every S is V as to its K ("material", "state", …); K "colors": V is one of its colours |
| `("count", S, "3")`, `("count", S, ">=3")` | exactly / at least so many S |
| `("relation", R, A, B)` | every A is R (one of `lexicon.RELATIONS`, or other words: "wearing") of some B |
| `("relation", "between", A, B, C)` | every A is between a B and a C |
| `("relation", P, A, "canvas")` | every A is at P (one of `lexicon.PLACES`) of the picture |
| `("text", T)` | the lettering T can be read; T = "" stands for any lettering at all |
| `("background", B)` | the backdrop is B (one of `lexicon.BACKGROUNDS`) |
| `("style", X)` | the picture is in style X, or has tone X (`lexicon.STYLES`, `lexicon.TONES`) |
| `("other", words)` | anything else; it, and words outside these lists, are for critics that read language |

S, A, B, C are *subject phrases* `[place] [size] [color] noun` (`lexicon.parse_subject`): "car", "blue car", "left
car" (the leftmost of the cars); a quoted phrase such as `"SALE"` is the lettering itself. One group of a noun is
called by the bare noun; several groups of one noun are told apart by qualified phrases everywhere ("blue car" 2,
"red car" 1). `answer` is "yes" or, for a statement that must *not* hold, "no" (`("entity", "car")` with "no": no car
at all); for `count` it is the number, for `text` the string.

Shape after DSG (Cho et al. 2024), DPG-Bench (Hu et al. 2024) and GenEval 2; the triple of operation, subjects and
goals after ImageEdit-R1 (Zhao et al. 2026, section 3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from poser.experts.picture import Picture, PictureRef

API_VERSION = 1
"""Version of the expert and critic interfaces. A plugin that names another one is refused."""

PLAN_VERSION = 1
"""Version of the plan document."""

MAX_PROMPT_CHARACTERS = 32_000
"""Longest prompt that is taken, in characters."""

AtomKind = Literal["entity", "attribute", "count", "relation", "text", "background", "style", "other"]
Mode = Literal["t2i", "i2i"]

Words = tuple[str, ...]
"""Named, since `Atom` has a field `tuple`."""


class Document(BaseModel):
    """Base of all documents: immutable, and unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Operation(StrEnum):
    """What a command does. `GENERATE` stands for a prompt that was not split."""

    GENERATE = "generate"
    ADD = "add"
    REMOVE = "remove"
    REPLACE = "replace"
    RECOLOR = "recolor"
    RESIZE = "resize"
    MOVE = "move"
    BACKGROUND = "background"
    STYLE = "style"
    TONE = "tone"
    TEXT = "text"
    OTHER = "other"


_TUPLE_LENGTHS: Mapping[str, tuple[int, ...]] = {
    "entity": (2,),
    "attribute": (4,),
    "count": (3,),
    "relation": (4, 5),
    "text": (2,),
    "background": (2,),
    "style": (2,),
    "other": (2,),
}


class Atom(Document):
    """One checkable statement about the final picture (see the module's table).

    Attributes:
        id: unique within the plan.
        tuple: the statement; its first word is the kind.
        question: the same as a question that a person or a vision-language model can answer.
        answer: the expected answer: "yes", "no", a number, or a string.
        parents: ids of atoms without which this one makes no sense; it counts as 0 if a parent fails.
    """

    id: str = Field(min_length=1)
    tuple: Words
    question: str
    answer: str = "yes"
    parents: Words = ()

    @model_validator(mode="after")
    def _known_shape(self) -> Self:
        kind = self.tuple[0] if self.tuple else ""
        if len(self.tuple) not in _TUPLE_LENGTHS.get(kind, ()):
            raise ValueError(
                f"atom {self.id!r}: tuple {self.tuple!r} is none of the known shapes; the first word is one of "
                f"{', '.join(_TUPLE_LENGTHS)}, see poser.experts.types"
            )
        return self

    @property
    def kind(self) -> AtomKind:
        """The first word of the tuple."""
        return self.tuple[0]  # type: ignore[return-value]

    @property
    def negated(self) -> bool:
        """True if the statement must not hold."""
        return self.answer == "no"


class Region(Document):
    """A box of the picture in fractions of its width and height, 0 to 1, left < right, top < bottom."""

    left: float = Field(ge=0, le=1)
    top: float = Field(ge=0, le=1)
    right: float = Field(ge=0, le=1)
    bottom: float = Field(ge=0, le=1)

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.left >= self.right or self.top >= self.bottom:
            raise ValueError(f"region is empty: {self.left, self.top, self.right, self.bottom}")
        return self


class Command(Document):
    """One instruction to an expert.

    Attributes:
        id: unique within the plan.
        operation: what is done; subjects and goals complete ImageEdit-R1's triple.
        subjects: subject phrases acted on (lettering quoted); empty for picture-wide operations.
        goals: what they become: colours, sizes, relations as words ("left of tree"), new nouns, backdrop, style, the
            lettering.
        text: the instruction in words, complete in itself ("Add two blue cars left of the tree").
        atoms: what must hold in the final picture.
        skill: the track record's key; the operation unless said otherwise.
        after: ids of commands it builds on.
        region: where to act, or None for anywhere.
    """

    id: str = Field(min_length=1)
    operation: Operation
    subjects: tuple[str, ...] = ()
    goals: tuple[str, ...] = ()
    text: str = Field(min_length=1)
    atoms: tuple[Atom, ...] = ()
    skill: str = ""
    after: tuple[str, ...] = ()
    region: Region | None = None

    @model_validator(mode="after")
    def _default_skill(self) -> Self:
        if not self.skill:
            object.__setattr__(self, "skill", self.operation.value)
        return self


class Folded(Document):
    """An edit of something that the prompt itself creates, resolved into an earlier command.

    Attributes:
        words: the user's words.
        into: id of the command that took them in, or None if that command vanished by it.
        change: what changed, in words, for the storyboard.
    """

    words: str
    into: str | None = None
    change: str = ""


class Plan(Document):
    """A prompt as commands.

    Attributes:
        prompt: the user's text, whole.
        commands: in the order of the prompt; ids unique; at least one.
        folded: edits that were resolved into commands.
        source: reference of the source picture, or None. With one, commands are edits of it.
        notes: what the extractor could not place, in words for the user.
        extractor: name of what made the plan.
    """

    version: int = PLAN_VERSION
    prompt: str
    commands: tuple[Command, ...] = Field(min_length=1)
    folded: tuple[Folded, ...] = ()
    source: PictureRef | None = None
    notes: tuple[str, ...] = ()
    extractor: str = ""

    @property
    def atoms(self) -> tuple[Atom, ...]:
        """All atoms in the order of the commands."""
        return tuple(atom for command in self.commands for atom in command.atoms)

    def command(self, command_id: str) -> Command:
        """The command with this id; KeyError if there is none."""
        for command in self.commands:
            if command.id == command_id:
                return command
        raise KeyError(command_id)


class Usage(Document):
    """What one call took.

    Attributes:
        usd: US dollars billed; None when unknown (never 0 for unknown).
        simulated_usd: price by the simulated list of the studio, for benchmarks; None elsewhere.
        seconds: wall-clock seconds of the call.
        input_tokens, output_tokens: as reported, else None.
    """

    usd: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    simulated_usd: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    seconds: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    input_tokens: int | None = Field(default=None, ge=0)
    output_tokens: int | None = Field(default=None, ge=0)


class ExpertSpec(Document):
    """What an expert can do, declared without running it.

    Attributes:
        name: unique in a pool; lower case, digits, "-", "_", ".".
        kind: "t2i" makes pictures from text, "i2i" edits a picture.
        description: one sentence on what it is.
        limitations: what it is bad at, for users and planners.
        operations: operation -> prior ability in [0, 1] (worth 2 pseudo-calls in the track record). What is not named
            is refused.
        max_prompt_tokens: longest text it reads, or None when unlimited or unknown.
        sizes: (width, height) it offers, in pixels; empty = any.
        seeded: same request and seed, same pixels.
        mask: takes a mask.
        references: how many reference pictures it takes.
        price: US dollars a call; 0 = free; None = unknown.
        simulated_price: price in benchmarks' simulated list, in US dollars, or None.
        nominal_seconds: expected seconds a call.
        licence: of model or code, as a person would cite it.
        revision: of model or algorithm; part of every cache key.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    api_version: int = API_VERSION
    kind: Mode
    description: str = ""
    limitations: str = ""
    operations: dict[Operation, float]
    max_prompt_tokens: int | None = Field(default=None, gt=0)
    sizes: tuple[tuple[int, int], ...] = ()
    seeded: bool = False
    mask: bool = False
    references: int = Field(default=0, ge=0)
    price: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    simulated_price: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    nominal_seconds: float = Field(default=1.0, ge=0, allow_inf_nan=False)
    licence: str = "unknown"
    revision: str = "1"

    @model_validator(mode="after")
    def _abilities(self) -> Self:
        for operation, ability in self.operations.items():
            if not 0.0 <= ability <= 1.0:
                raise ValueError(
                    f"expert {self.name!r}: prior ability of {operation.value!r} is {ability}, not in [0, 1]"
                )
        if not self.operations:
            raise ValueError(
                f"expert {self.name!r} names no operation; give at least one of {[o.value for o in Operation]}"
            )
        return self


@dataclass(frozen=True, kw_only=True)
class ExpertRequest:
    """One call to an expert.

    Attributes:
        mode: "t2i" (fresh canvas) or "i2i" (edit `source`).
        text: the prompt or instruction for experts that read language.
        commands: the same, structured, for experts that do not.
        source: picture to edit; None in "t2i".
        references: further pictures to look at.
        mask: uint8 H×W×3 picture, white = edit here, or None.
        width, height: wanted size in pixels.
        seed: 0 … 2**32 - 1.
        key: idempotency key, or "".
    """

    mode: Mode
    text: str
    commands: tuple[Command, ...]
    source: Picture | None = None
    references: tuple[Picture, ...] = ()
    mask: Picture | None = None
    width: int = 768
    height: int = 768
    seed: int = 0
    key: str = ""


@dataclass(frozen=True, kw_only=True)
class ExpertResult:
    """What an expert brought back.

    Attributes:
        picture: the new picture.
        usage: cost of the call.
        text_sent: the text that the model really got (after cutting or rewriting), or "" if none.
        notes: what was left out or changed on the way, in words.
        revision: of the model that answered.
    """

    picture: Picture
    usage: Usage = field(default_factory=Usage)
    text_sent: str = ""
    notes: tuple[str, ...] = ()
    revision: str = ""
