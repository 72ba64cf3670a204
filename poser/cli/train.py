"""`poser train`: policies that learn."""

from __future__ import annotations

import os
import sys
from contextlib import redirect_stdout

import typer

app = typer.Typer(no_args_is_help=True, help="Train what can learn.")


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
    with redirect_stdout(sys.stderr):
        folder = train(arguments, command=["poser", *sys.argv[1:]], watch=lambda line: typer.echo(line, err=True))
    typer.echo(folder)
    typer.echo(told_of(folder), err=True)
