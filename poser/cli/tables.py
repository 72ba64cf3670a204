"""What the commands print for people: plan, experts, forecast, result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from poser.explain import not_judged, printable

if TYPE_CHECKING:
    from poser.engine.forecast import Forecast
    from poser.experts.record import TrackRecord
    from poser.experts.types import ExpertSpec, Plan
    from poser.result import Result

_MARKS = {
    "pending": ("·", "dim"),
    "running": ("▸", "cyan"),
    "satisfied": ("✓", "green"),
    "unchecked": ("?", "yellow"),
    "dropped": ("✗", "red"),
}
_PLAIN_MARKS = {"pending": ".", "running": ">", "satisfied": "+", "unchecked": "?", "dropped": "x"}

_ENDS = {
    "satisfied": "every command that could be checked is satisfied",
    "stopped": "the policy expected no further gain",
    "max_steps": "the step limit was reached",
    "budget": "the budget does not reach for more",
    "dropped": "nobody in the pool can do the rest",
    "interrupted": "interrupted; this is the best so far",
    "truncated": "cut off; this is the best so far",
    "unjudged": "the critic could not judge all of it",
}


def money(usd: float | None, *, unknown: bool = False) -> str:
    """Dollars for people; `unknown`: there were further bills that nobody knows."""
    if usd is None:
        return "cost unknown"
    return f"${usd:.4g}{' + unknown' if unknown else ''}"


def speaks_unicode(console: Console) -> bool:
    """Whether ticks and arrows can be printed there."""
    return console.encoding.lower().startswith("utf")


def mark_view(state: str, *, plain: bool) -> Text:
    """The mark of a command's state; `plain` for terminals that know ASCII alone."""
    mark, style = _MARKS[state]
    return Text(_PLAIN_MARKS[state] if plain else mark, style=style)


def note_view(message: str) -> Text:
    """A warning."""
    return Text("note: ", style="yellow") + printable(message)


def plan_view(plan: Plan) -> RenderableType:
    """The commands with their atoms, what was folded, what was not understood."""
    table = Table(box=None, pad_edge=False)
    for heading in ("id", "operation", "command", "after"):
        table.add_column(heading, overflow="fold")
    table.add_column("checked by", style="dim", overflow="fold")
    for command in plan.commands:
        table.add_row(
            printable(command.id),
            printable(command.operation.value),
            printable(command.text),
            printable(", ".join(command.after)),
            printable(" ".join(atom.question for atom in command.atoms) or "nothing that a critic can check"),
        )
    lines: list[RenderableType] = [table]
    lines += [
        printable(f"folded: {folded.words}{f' ({folded.change})' if folded.change else ''}", style="dim")
        for folded in plan.folded
    ]
    lines += [printable(f"note: {note}", style="yellow") for note in plan.notes]
    return Group(*lines)


def experts_view(specs: Sequence[ExpertSpec], record: TrackRecord) -> RenderableType:
    """One row an expert: abilities at one command a call as declared and, where tried, as the record corrects them."""
    table = Table(box=None, pad_edge=False)
    for heading in ("name", "kind", "operations", "price", "limitations"):
        table.add_column(heading, overflow="fold")
    for spec in specs:
        abilities = []
        for operation, prior in spec.operations.items():
            a, b = record.success(spec, operation.value)
            tries = record.calls(spec, operation.value)
            shown = f" → {a / (a + b):.2f} ({tries:g})" if tries else ""
            abilities.append(f"{operation.value} {prior:.2f}{shown}")
        price = record.price(spec)
        table.add_row(
            printable(spec.name),
            printable(spec.kind),
            printable(", ".join(abilities)),
            printable("unknown" if price is None else "free" if price == 0 else money(price)),
            printable(spec.limitations or spec.description),
        )
    note = printable(
        "Ability at one command a call, from 0 to 1: as declared → as its track record corrects it (such calls in "
        "brackets, those included whose counts the studio comes with)."
    )
    note.stylize("dim")
    return Group(table, note)


def expert_view(spec: ExpertSpec, record: TrackRecord) -> RenderableType:
    """Everything about one expert."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    price, calls = record.price(spec), record.tally(spec.name).calls
    lines = {
        "name": f"{spec.name} ({spec.kind}, revision {spec.revision})",
        "what": spec.description,
        "bad at": spec.limitations,
        "price": "unknown" if price is None else "free" if price == 0 else f"{money(price)} a call",
        "seconds": f"{record.seconds(spec):.2g} a call",
        "sizes": ", ".join(f"{width}x{height}" for width, height in spec.sizes) or "any",
        "reads": "any length" if spec.max_prompt_tokens is None else f"up to {spec.max_prompt_tokens} tokens",
        "takes": ", ".join(["a mask"] * spec.mask + [f"{spec.references} references"] * bool(spec.references)) or "–",
        "repeats": "same seed, same pixels" if spec.seeded else "other pixels at every call",
        "licence": spec.licence,
        "calls seen": f"{calls:g}",
    }
    for heading, text in lines.items():
        table.add_row(heading, printable(text or "–"))
    abilities = Table(box=None, pad_edge=False)
    for heading in ("operation", "declared", "by its record", "calls"):
        abilities.add_column(heading)
    for operation, prior in sorted(spec.operations.items(), key=lambda entry: -entry[1]):
        a, b = record.success(spec, operation.value)
        seen = record.calls(spec, operation.value)
        abilities.add_row(operation.value, f"{prior:.2f}", f"{a / (a + b):.2f}" if seen else "–", f"{seen:g}")
    return Group(table, Text(), abilities)


def forecast_view(forecast: Forecast) -> RenderableType:
    """The plan, who would be asked, what it is expected to take."""
    able = Table(box=None, pad_edge=False)
    able.add_column("command")
    able.add_column("may be asked, the likeliest first", overflow="fold")
    for command, names in forecast.candidates.items():
        able.add_row(printable(command), printable(", ".join(names)) if names else printable("nobody", style="red"))
    asked = ", ".join(f"{one.expert} {one.calls:.1f}" for one in forecast.asked) or "nobody"
    many = f" for each of {forecast.pictures} pictures" if forecast.pictures > 1 else ""
    cost = "cost unknown" if forecast.usd is None else money(forecast.usd)
    return Group(
        plan_view(forecast.plan),
        Text(),
        able,
        Text(),
        printable(f"expected{many}: {forecast.calls:.1f} calls ({asked}), {cost}, {forecast.seconds:.1f} s"),
        printable(f"expected share of the commands that hold in the end: {forecast.alignment:.2f}"),
        printable("no expert and no critic was called", style="dim"),
    )


def result_view(result: Result, *, plain: bool = False) -> RenderableType:
    """What came of a run; `plain` for terminals that know ASCII alone."""
    table = Table(box=None, show_header=False, pad_edge=False)
    for command in result.plan.commands:
        unchecked = command.id in result.trace.unchecked
        status = "unchecked" if unchecked else result.trace.statuses.get(command.id, "pending")
        words = f"{command.text} (not checked)" if unchecked else command.text
        table.add_row(mark_view(status, plain=plain), printable(words))
    bill = money(result.trace.usd_known, unknown=result.usd is None)
    calls = f"{result.steps} call{'' if result.steps == 1 else 's'}"
    verdict = result.trace.best_verdict
    score = "not judged" if result.trace.unjudged else f"score {result.alignment:.2f}"
    lines: list[RenderableType] = [
        table,
        printable(f"{score}, {calls}, {bill}, {result.seconds:.1f} s: {_ENDS[result.end]}"),
    ]
    if verdict is not None and verdict.feedback:
        lines.append(printable(f"the critic: {verdict.feedback}", style="dim"))
    if result.picture is None:
        lines.append(printable(no_picture(result), style="red"))
    elif result.trace.unjudged:
        lines.append(printable(not_judged(result.trace), style="yellow"))
    elif result.plan.commands and len(result.trace.unchecked) == len(result.plan.commands):
        told = "note: the critic could judge nothing of this picture, so the score says nothing."
        if verdict is not None and verdict.critic == "detector":
            told += (
                " The detector knows the studio's flat pictures; for others have a model judge "
                "(docs/critics-and-extractors.md)."
            )
        lines.append(printable(told, style="yellow"))
    if result.end == "interrupted" and result.run is not None:
        lines.append(printable(f"go on with it: poser resume {result.run}", style="yellow"))
    if result.storyboard_path is not None:
        lines.append(printable(f"storyboard: {result.storyboard_path}", style="dim"))
    return Group(*lines)


def no_picture(result: Result) -> str:
    """That there is none, and the last failure."""
    failed = [step for step in result.trace.steps if step.failure is not None]
    if not failed or failed[-1].failure is None:
        return f"No picture was made: {_ENDS[result.end]}."
    return f"No picture was made. Last failure, of {failed[-1].expert}: {failed[-1].failure.message}"
