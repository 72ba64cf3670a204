"""What a language model writes down as a plan, read without trust.

Spelling is forgiven (a number as a number, a missing list, another word for a colour); content is not: what cannot be
read, contradicts itself, or quotes nothing of the prompt is refused in words that a model can mend it by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from poser.experts.errors import InputError
from poser.experts.lexicon import TONES
from poser.experts.picture import PictureRef
from poser.experts.plan_check import check_plan
from poser.experts.types import Atom, Command, Folded, Operation, Plan
from poser.extract.coverage import quoted_from, uncovered_by_plan
from poser.extract.links import look_last, with_parents
from poser.extract.mentions import unsaid
from poser.extract.operations import operation_word
from poser.extract.prompts import ACTIONS
from poser.extract.reply_schema import AtomReply, CommandReply, FoldedReply, PlanReply, as_word
from poser.extract.tuples import fitting, subject

MOST_COMMANDS = 64
MOST_ATOMS = 32
"""Of one command."""

LONGEST = 1000
"""Characters of one string of a reply."""

_MOST_WORDS = 30


def read_rewriting(data: Any, command: Command) -> str:
    """The new instruction in a reply, with what it leaves out of the command's atoms; "" = it stays as it is.

    Raises:
        InputError: it is none; says what to mend.
    """
    said = as_word(data.get("instruction")) if isinstance(data, Mapping) else None
    if not isinstance(said, str):
        raise InputError('Answer with {"instruction": "..."} and nothing else.')
    _short(said)
    return _whole(said, command.atoms) if said else ""


def read_plan(data: Any, prompt: str, source: PictureRef | None) -> Plan:
    """The sound plan that a reply means.

    Args:
        data: the JSON value of the reply.
        prompt: the user's text.
        source: reference of the picture that is edited, or None.

    Raises:
        InputError: it is no plan of this prompt; says what to mend.
    """
    reply = _validated(data)
    if not 1 <= len(reply.commands) <= MOST_COMMANDS:
        raise InputError(f"The plan has {len(reply.commands)} commands; give 1 to {MOST_COMMANDS}.")
    commands = _numbered("c", "command", [command.id for command in reply.commands])
    atoms = _numbered("a", "atom", [atom.id for command in reply.commands for atom in command.atoms])
    made: list[Command] = []
    for command in reply.commands:
        if not 1 <= len(command.atoms) <= MOST_ATOMS:
            raise InputError(f"Command {command.id!r} has {len(command.atoms)} atoms; give 1 to {MOST_ATOMS}.")
        quotes = [piece for atom in command.atoms for piece in atom.words]
        if not any(quoted_from(prompt, piece) for piece in quotes):
            raise InputError(
                f"Command {command.id!r} stands for nothing in the prompt: the `words` of its atoms must be copied "
                "from the prompt. Plan what the prompt asks for and nothing else."
            )
        read = [_atom(atom, atoms, source is not None) for atom in command.atoms]
        made.append(_command(command, read, commands))
    made = look_last(with_parents(made))
    plan = check_plan(
        Plan(
            prompt=prompt,
            source=source,
            commands=tuple(made),
            folded=tuple(_folded(fold, commands, prompt) for fold in reply.folded),
        )
    )
    quotes = [w for c in reply.commands for a in c.atoms for w in a.words if quoted_from(prompt, w)]
    missing = uncovered_by_plan(plan, quotes)
    if not missing:
        return plan
    said, more = ", ".join(missing[:_MOST_WORDS]), len(missing) - _MOST_WORDS
    note = f"no atom holds these words of the prompt: {said}" + (f", and {more} more" if more > 0 else "")
    return plan.model_copy(update={"notes": (note,)})


def _validated(data: Any) -> PlanReply:
    if not isinstance(data, Mapping):
        raise InputError(f"A plan is a JSON object with `commands`, not a {type(data).__name__}.")
    try:
        reply = PlanReply.model_validate(data)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        said = "; ".join(f"`{'.'.join(map(str, each['loc']))}`: {each['msg']}" for each in found[:3])
        raise InputError(f"This is no plan: {said}.") from error
    _short(reply.model_dump())
    return reply


def _short(value: Any) -> None:
    if isinstance(value, str) and len(value) > LONGEST:
        raise InputError(f"{value[:40]!r}… has {len(value)} characters; write at most {LONGEST} in one place.")
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _short(each)


def _numbered(letter: str, what: str, ids: Sequence[str]) -> dict[str, str]:
    """Id of the reply -> id of the plan."""
    if len(set(ids)) < len(ids):
        twice = next(name for name in ids if ids.count(name) > 1)
        raise InputError(f"The {what} id {twice!r} is used more than once; give every {what} an id of its own.")
    return {name: f"{letter}{number}" for number, name in enumerate(ids, start=1)}


def _known(names: Sequence[str], ids: Mapping[str, str], where: str) -> tuple[str, ...]:
    for name in names:
        if name not in ids:
            raise InputError(f"{where} names {name!r}, which does not exist.")
    return tuple(dict.fromkeys(ids[name] for name in names))


def _atom(atom: AtomReply, ids: Mapping[str, str], source: bool) -> Atom:
    if not atom.question:
        raise InputError(f"Atom {atom.id!r} has no question; write one that is answered by yes or no.")
    words, answer = fitting(atom.id, atom.tuple, atom.answer, source)
    parents = _known([name for name in atom.parents if name], ids, f"`parents` of atom {atom.id!r}")
    return Atom(id=ids[atom.id], tuple=words, question=atom.question, answer=answer, parents=parents)


def _command(command: CommandReply, atoms: list[Atom], ids: Mapping[str, str]) -> Command:
    action = operation_word(command.action)
    operation = Operation(action) if action in ACTIONS else Operation.OTHER
    if operation in (Operation.STYLE, Operation.TONE):
        tones = {atom.tuple[1] in TONES for atom in atoms if atom.kind == "style"}
        operation = {True: Operation.TONE, False: Operation.STYLE}[tones.pop()] if len(tones) == 1 else operation
    lettering = tuple(f'"{atom.tuple[1]}"' for atom in atoms if atom.kind == "text" and operation is Operation.TEXT)
    if not command.instruction:
        raise InputError(f"Command {command.id!r} has no instruction; say in a sentence what is to be done.")
    return Command(
        id=ids[command.id],
        operation=operation,
        subjects=lettering or tuple(subject(phrase) for phrase in command.subjects if phrase),
        goals=tuple(filter(None, command.goals)),
        text=_whole(command.instruction, atoms),
        atoms=tuple(atoms),
        after=_known([name for name in command.after if name], ids, f"`after` of command {command.id!r}"),
    )


def _whole(instruction: str, atoms: Sequence[Atom]) -> str:
    lacking = unsaid(atoms, instruction)
    return " ".join([instruction.rstrip(".") + ".", *lacking]) if lacking else instruction


def _folded(fold: FoldedReply, ids: Mapping[str, str], prompt: str) -> Folded:
    if not quoted_from(prompt, fold.words):
        raise InputError(f"The folded words {fold.words[:60]!r} do not stand in the prompt; copy them from it.")
    into = _known([fold.command], ids, "`folded`")[0] if fold.command else None
    return Folded(words=fold.words, into=into, change=fold.change)
