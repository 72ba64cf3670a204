"""Suite files: prompts to evaluate on, and the tasks that are made of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from poser.envs.episode import Task
from poser.experts.errors import InputError
from poser.extract.base import Extractor

DEFAULT_SUITE = Path(__file__).parent / "data" / "suite.jsonl"
"""Twenty of the annotated prompts of `benchmarks/`, the prompts alone."""


@dataclass(frozen=True, kw_only=True)
class SuitePrompt:
    """One prompt: its id, unique in the suite, its words, and the line (1-based) of the file it stands on."""

    id: str
    prompt: str
    line: int


def read_suite(path: Path) -> tuple[SuitePrompt, ...]:
    """Read a suite: JSON Lines with the key "prompt" (and "id", others are ignored), or .txt with a prompt a line.

    Blank lines are skipped. A prompt without an id is called after its line.

    Raises:
        InputError: no such file, no text, a line that cannot be read, an id that stands there twice, or no prompt.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"Cannot read the suite {str(path)!r}: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"The suite {str(path)!r} is not UTF-8 text: {error.reason} at byte {error.start}.") from error
    prompts: dict[str, SuitePrompt] = {}
    # not splitlines: a JSON string may hold U+2028 and the like
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        plain = path.suffix.lower() == ".txt"
        found = (
            SuitePrompt(id=f"line-{number}", prompt=line.strip(), line=number) if plain else _entry(path, number, line)
        )
        if found.id in prompts:
            raise InputError(
                f"{path}, line {number}: the id {found.id!r} stands on line {prompts[found.id].line} already; give "
                "every prompt its own."
            )
        prompts[found.id] = found
    if not prompts:
        raise InputError(f"The suite {str(path)!r} holds no prompt; give at least one a line.")
    return tuple(prompts.values())


def _entry(path: Path, number: int, line: str) -> SuitePrompt:
    wanted = 'a JSON object with the key "prompt", such as {"id": "trip", "prompt": "A red car"}'
    try:
        entry = json.loads(line)
    except ValueError as error:
        raise InputError(f"{path}, line {number} is no JSON ({error}); every line must be {wanted}.") from error
    prompt = entry.get("prompt") if isinstance(entry, dict) else None
    if not isinstance(prompt, str) or not prompt.strip():
        raise InputError(f"{path}, line {number} holds no prompt; every line must be {wanted}.")
    name = entry.get("id", f"line-{number}")
    if isinstance(name, bool) or not isinstance(name, (str, int)) or not str(name).strip():
        raise InputError(f"{path}, line {number}: the id {name!r} is neither a text nor a whole number.")
    return SuitePrompt(id=str(name), prompt=prompt, line=number)


def make_tasks(
    prompts: Sequence[SuitePrompt],
    extractor: Extractor,
    *,
    seed: int = 0,
    size: tuple[int, int] = (768, 768),
    budget_usd: float | None = None,
) -> list[Task]:
    """The tasks of the prompts, in their order, each with a seed of its own.

    A prompt that cannot be read is refused rather than skipped, since another suite would be played than was asked for.

    Args:
        prompts: of the suite.
        extractor: makes a plan of each.
        seed: of the whole evaluation, at least 0.
        size: (width, height) of the pictures, px.
        budget_usd: expected US dollars for each prompt; None = no limit.

    Raises:
        InputError: with the line of the prompt of which no plan can be made, or in which nothing was
            understood.
    """
    tasks = []
    for index, prompt in enumerate(prompts):
        try:
            task = Task(
                plan=extractor.extract(prompt.prompt),
                width=size[0],
                height=size[1],
                # a large prime, so that the seeds of two evaluations do not overlap
                seed=seed * 1_000_003 + index,
                budget_usd=budget_usd,
            ).checked()
        except InputError as error:
            raise InputError(
                f"No plan can be made of the prompt {prompt.id!r} on line {prompt.line}: {error}"
            ) from error
        if all(atom.kind == "other" for atom in task.plan.atoms):
            raise InputError(
                f"Nothing in the prompt {prompt.id!r} on line {prompt.line} was understood, so nobody could be judged "
                f"by it ({'; '.join(task.plan.notes) or 'its plan holds no atoms'}). Say what the picture should show, "
                "or take it out."
            )
        tasks.append(task)
    return tasks
