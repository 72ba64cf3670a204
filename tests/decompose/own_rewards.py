"""Rewards of a user, by path."""

from __future__ import annotations

from pathlib import Path

from poser.decompose.readings import text_of

INTERRUPT_AT = 3


def not_a_number(prompts, completions, **columns):
    """Broken."""
    return [float("nan") if number else 1.0 for number, _ in enumerate(completions)]


def constant(prompts, completions, **columns):
    """Nothing is read."""
    return [1.0] * len(completions)


def letters(prompts, completions, **columns):
    """Shorter is better; stops everything at its third call while the file `interrupt` is there."""
    calls = Path("interrupt")
    if calls.is_file():
        count = int(calls.read_text() or 0) + 1
        calls.write_text(str(count))
        if count == INTERRUPT_AT:
            calls.unlink()
            raise KeyboardInterrupt
    return [-len(text_of(completion)) / 100 for completion in completions]


def failing(prompts, completions, **columns):
    """A column that is not there."""
    return [columns["colour"] for _ in completions]


def one_number(prompts, completions, **columns):
    """For all."""
    return 1.0


def words(prompts, completions, **columns):
    """No numbers."""
    return ["good" for _ in completions]


def without_columns(prompts, completions):
    """Takes too little."""
    return [1.0 for _ in completions]


def talking(prompts, completions, **columns):
    """Prints."""
    print("a word of my own")
    return [float(len(text_of(completion)) % 2) for completion in completions]
