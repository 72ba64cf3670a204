"""`poser train`: policies that learn."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

import typer

app = typer.Typer(no_args_is_help=True, help="Train what can learn.")


@contextmanager
def _go_on(kind: str, out: str, kept: str) -> Iterator[None]:
    """Tell who interrupts a training how to go on with it, if what it takes is there."""
    try:
        yield
    except KeyboardInterrupt:
        if (Path(out) / kept).exists():
            said = f"What was kept is in {out}; to go on: poser train {kind} --out {shlex.quote(out)} --resume"
            typer.echo(said, err=True)
        raise


@app.command(
    "policy",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
    add_help_option=False,
)
def train_policy(context: typer.Context) -> None:
    """Train an orchestration policy; `poser train policy --help` lists the settings."""
    from poser.training.arguments import parse_arguments

    arguments = parse_arguments(context.args, prog="poser train policy")
    try:
        from poser.training.train import told_of, train
    except ModuleNotFoundError as error:
        from poser.experts.errors import InputError
        from poser.experts.extras import install

        raise InputError(f"Training needs {error.name}, which is not installed; run: {install('train')}.") from error
    with _go_on("policy", arguments.out, "checkpoint"):
        folder = train(arguments, command=["poser", *sys.argv[1:]])
    if folder.exists():
        typer.echo(folder)
    typer.echo(told_of(folder), err=True)


@app.command(
    "decomposer",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
    add_help_option=False,
)
def train_decomposer(context: typer.Context) -> None:
    """Train a decomposer by imitation and GRPO; `poser train decomposer --help` lists the settings."""
    from poser.decompose.arguments import parse_arguments

    arguments = parse_arguments(context.args, prog="poser train decomposer")
    try:
        from poser.decompose.train import told_of, train
    except ModuleNotFoundError as error:
        from poser.experts.errors import InputError
        from poser.experts.extras import install

        raise InputError(f"Training needs {error.name}, which is not installed; run: {install('grpo')}.") from error
    # libraries and rewards of one's own print; standard output is for the result
    with redirect_stdout(sys.stderr):
        folder = train(arguments, command=["poser", *sys.argv[1:]], watch=lambda line: typer.echo(line, err=True))
    # of several processes (accelerate launch) one speaks
    if os.environ.get("RANK", "0") == "0":
        typer.echo(folder)
        typer.echo(told_of(folder), err=True)


@app.command(
    "together",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
    add_help_option=False,
)
def train_together(context: typer.Context) -> None:
    """Train decomposer and policy in turns; `poser train together --help` lists the settings."""
    from poser.decompose.together.arguments import parse_arguments

    arguments = parse_arguments(context.args, prog="poser train together")
    try:
        from poser.decompose.together.train import told_of, train
    except ModuleNotFoundError as error:
        from poser.experts.errors import InputError
        from poser.experts.extras import install

        raise InputError(
            f"Training needs {error.name}, which is not installed; run: {install('train')}, {install('grpo')}."
        ) from error
    with redirect_stdout(sys.stderr), _go_on("together", arguments.out, "arguments.json"):
        folder = train(arguments, command=["poser", *sys.argv[1:]], watch=lambda line: typer.echo(line, err=True))
    typer.echo(folder)
    typer.echo(told_of(folder), err=True)
