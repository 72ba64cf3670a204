"""`poser evaluate`: who is better."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from poser.cli.evaluate_critics import evaluate_critics
from poser.cli.reading import EXIT_INTERRUPTED, EXIT_NO_PICTURE, print_json, split_names

if TYPE_CHECKING:
    from rich.console import RenderableType

    from poser.envs.episode import Task
    from poser.evaluate.suite_file import SuitePrompt
    from poser.evaluate.suite_results import SuiteResults

app = typer.Typer(no_args_is_help=True, help="Compare what can decide.")


app.command("critics")(evaluate_critics)


@app.command("policies")
def evaluate_policies(
    suite: Annotated[
        Path | None,
        typer.Option(
            help='JSON Lines with "prompt" (and "id"), or .txt with a prompt a line; by default 20 that ship.'
        ),
    ] = None,
    policies: Annotated[
        str, typer.Option(help="Who plays: names, or trained policies' folders; the first is compared with.")
    ] = "greedy,learned,rules",
    critic: Annotated[str | None, typer.Option(help="Who checks pictures in the runs; by default detector.")] = None,
    judge: Annotated[
        str | None, typer.Option(help="Who judges the results, not the critic; by default neural-judge.")
    ] = None,
    experts: Annotated[str | None, typer.Option(help="Experts to use, e.g. 'a,b'; by default all.")] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Seeds everything drawn by chance.")] = 0,
    size: Annotated[str | None, typer.Option(help="WIDTHxHEIGHT in pixels; by default 768x768.")] = None,
    budget: Annotated[
        float | None, typer.Option(min=0, help="Most US dollars an episode; 0: free experts only.")
    ] = None,
    max_steps: Annotated[int | None, typer.Option(min=1, help="Most calls of experts an episode.")] = None,
    thrifts: Annotated[
        str | None, typer.Option(help="Dials of the policies, e.g. '0.5,1,2': times what a dollar counts by default.")
    ] = None,
    simulated_prices: Annotated[
        bool, typer.Option("--simulated-prices", help="Charge the experts' simulated prices instead of real ones.")
    ] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first prompts.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the report; by default a new one in ./runs.")] = None,
    same_judge: Annotated[bool, typer.Option("--same-judge", help="Let the judge be the critic.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Play policies on a suite of prompts, with pictures; a judge that is not the critic compares them."""
    from rich.console import Console
    from rich.progress import Progress

    from poser import catalog, shipped
    from poser.cli.tables import note_view
    from poser.config import load_settings
    from poser.engine.intake import choose_size, read_size
    from poser.engine.makers import suited_extractor
    from poser.engine.user_store import load_record
    from poser.envs.rules import Rules
    from poser.evaluate.contestants import named_contestants
    from poser.evaluate.judged import check_judge
    from poser.evaluate.report import check_intervals
    from poser.evaluate.suite import play_suite
    from poser.evaluate.suite_file import DEFAULT_SUITE, make_tasks, read_suite
    from poser.evaluate.suite_folder import SuiteFolder
    from poser.evaluate.suite_report import suite_data, suite_page
    from poser.run_folder.naming import default_folder

    check_intervals()
    errors = Console(stderr=True, highlight=False)

    def warn(message: str) -> None:
        errors.print(note_view(message), soft_wrap=True)

    path = DEFAULT_SUITE if suite is None else suite
    prompts, settings = read_suite(path)[:limit], load_settings().run
    pool, checker = catalog.experts(split_names(experts)), catalog.critic(critic or settings.critic)
    grader = catalog.critic(judge or settings.judge or shipped.DEFAULT_JUDGE)
    check_judge(checker, grader, same_judge=same_judge)
    rules = Rules() if max_steps is None else Rules(max_steps=max_steps)
    contestants = named_contestants(split_names(policies) or [], pool, rules=rules, thrifts=_numbers(thrifts))
    width, height = choose_size(None if size is None else read_size(size), None, catalog.sides(pool))
    reader = catalog.extractor(settings.extractor or suited_extractor(pool))
    tasks = make_tasks(prompts, reader, seed=seed, size=(width, height), budget_usd=budget)
    _tell_notes(prompts, tasks, warn)
    folder = SuiteFolder(
        default_folder(f"evaluate {path.stem}", seed) if out is None else out,
        [contestant.name for contestant in contestants],
        [prompt.id for prompt in prompts],
        warn,
    )
    with Progress(console=errors, transient=True) as bar:
        line = bar.add_task("playing", total=len(tasks) * len(contestants))
        results = play_suite(
            contestants,
            tasks,
            experts=pool,
            critic=checker,
            judge=grader,
            records=load_record(pool, warn),
            prices="simulated" if simulated_prices else "real",
            same_judge=same_judge,
            progress=lambda done, total, name: bar.update(line, completed=done, description=name),
            on_played=folder.keep,
        )
    facts = {"suite": path.name, "prompts": len(tasks), "seed": seed, "size": f"{width}x{height}"}
    title, command = "Policies on pictures", shlex.join(["poser", *sys.argv[1:]])
    data = {**facts, "out": str(folder.path), **suite_data(results)}
    # said before it is written: a full disk must not take what was paid for
    if as_json:
        print_json(data)
    else:
        Console(highlight=False).print(_comparison_view(results))
    folder.write_report(suite_page(results, title, command, facts), data, results, title)
    if not as_json:
        typer.echo(folder.path / "report.md")
    if results.interrupted:
        raise typer.Exit(EXIT_INTERRUPTED)
    if results.stopped or not results.figures:
        raise typer.Exit(EXIT_NO_PICTURE)


def _numbers(given: str | None) -> list[float]:
    from poser.experts.errors import InputError

    try:
        return [float(number) for number in split_names(given) or []]
    except ValueError as error:
        raise InputError(f"--thrifts is {given!r}; give numbers of at least 0, e.g. '0.5,1,2'.") from error


def _tell_notes(prompts: Sequence[SuitePrompt], tasks: Sequence[Task], warn: Callable[[str], None]) -> None:
    noted = [prompt.id for prompt, task in zip(prompts, tasks, strict=True) if task.plan.notes]
    if noted:
        warn(
            f"The extractor has notes on {len(noted)} of {len(prompts)} prompts, most of them words that it did not "
            f"understand and nobody is judged by; `poser plan` shows them: {', '.join(noted)}."
        )


def _comparison_view(results: SuiteResults) -> RenderableType:
    """The figures that matter most; the report says more."""
    from rich.console import Group
    from rich.table import Table

    from poser.evaluate.comparison import SHORT_COLUMNS
    from poser.evaluate.suite_report import counted, suite_rows, suite_warnings
    from poser.explain import printable

    notes = [printable(note.replace("*", ""), style="yellow") for note in suite_warnings(results)]
    if not results.figures:
        return Group(*notes)
    prompts = counted(len(results.episodes), "prompt")
    asked = f"{prompts}; {results.judge} judges, {results.critic} is the critic of the runs"
    titles, rows = suite_rows(results, SHORT_COLUMNS)
    table = Table(box=None, pad_edge=False)
    for title in titles:
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(*(printable("–" if cell is None else str(cell)) for cell in row))
    return Group(table, "", printable(asked, style="dim"), *notes)
