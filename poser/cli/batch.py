"""`poser batch`: a file of prompts becomes a folder of pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from poser.cli.reading import EXIT_INTERRUPTED, EXIT_NO_PICTURE, print_json, split_names

if TYPE_CHECKING:
    from poser.engine.many import BatchFinished, Job


def batch(
    prompts: Annotated[
        Path,
        typer.Argument(help=".txt: a prompt a line; .jsonl, .csv: with keys or columns prompt, image, seed, size, …"),
    ],
    out: Annotated[Path, typer.Option(help="Folder of the batch; the same one again goes on with it.")],
    concurrency: Annotated[int, typer.Option(min=1, max=256, help="How many prompts at a time.")] = 4,
    budget: Annotated[
        float | None, typer.Option(min=0, help="Most US dollars for all prompts together; 0: free experts only.")
    ] = None,
    image: Annotated[Path | None, typer.Option(help="Source picture to edit, for prompts that name none.")] = None,
    experts: Annotated[str | None, typer.Option(help="Experts to use, e.g. 'a,b'; by default all.")] = None,
    policy: Annotated[str | None, typer.Option(help="Who decides: a name, or a trained policy's folder.")] = None,
    critic: Annotated[str | None, typer.Option(help="Who judges every picture; by default the detector.")] = None,
    extractor: Annotated[str | None, typer.Option(help="Who decomposes the prompts; by default the grammar.")] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Seeds everything drawn by chance.")] = 0,
    size: Annotated[
        str | None, typer.Option(help="WIDTHxHEIGHT in pixels; by default 768x768 or the source's.")
    ] = None,
    max_steps: Annotated[int | None, typer.Option(min=1, help="Most calls of experts a picture.")] = None,
    thrift: Annotated[
        float | None, typer.Option(min=0, max=1, help="What money counts: 0 spend freely, 1 spare every cent.")
    ] = None,
    explore: Annotated[bool, typer.Option(help="Give experts with few calls a chance.")] = True,
    reflect: Annotated[
        bool | None, typer.Option(help="Have instructions reworded that failed twice; by default no.")
    ] = None,
    n: Annotated[int, typer.Option(min=1, max=64, help="How many pictures of each prompt.")] = 1,
    deadline: Annotated[
        float, typer.Option(min=0.001, help="Seconds that a call is waited for; waiting for its turn does not count.")
    ] = 120.0,
    metadata: Annotated[bool, typer.Option(help="Write prompt and summary into every final.png.")] = True,
    retry: Annotated[bool, typer.Option("--retry", help="Make prompts anew that ended without a picture.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before what may cost much.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done; call no expert.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, only warnings and the result.")] = False,
) -> None:
    """Make a picture of every prompt in a file, some at a time.

    What a prompt says for itself (keys or columns: image, plan, experts, critic, extractor, policy, seed, n, size,
    max_steps, budget, thrift, explore, reflect) goes before the options. Every prompt is a run of its own in
    FOLDER/prompts; at the end FOLDER holds summary.csv, summary.json and contact_sheet.png. A prompt that fails ends no
    other. Start it again with the same file and folder to go on after an interruption: what is finished is skipped,
    what was cut off is gone on with, new lines are added.

    With --budget a prompt may spend an equal part of what is left when it begins; what it leaves goes to those after
    it. Exit code: 0 every prompt has a picture, 3 some have none, 130 interrupted.
    """
    from poser.config import load_settings
    from poser.engine.intake import read_size
    from poser.engine.many import read_jobs

    jobs = read_jobs(prompts)
    settings = load_settings().run
    wanted = settings.size if size is None else size
    options: dict[str, Any] = {
        "image": image,
        "experts": settings.experts if experts is None else split_names(experts),
        "policy": settings.policy if policy is None else policy,
        "critic": settings.critic if critic is None else critic,
        "extractor": settings.extractor if extractor is None else extractor,
        "seed": seed,
        "size": None if wanted is None else read_size(wanted),
        "max_steps": settings.max_steps if max_steps is None else max_steps,
        "thrift": settings.thrift if thrift is None else thrift,
        "explore": explore,
        "reflect": bool(settings.reflect) if reflect is None else reflect,
        "n": n,
    }
    money = settings.budget if budget is None else budget
    if dry_run:
        from poser.cli.batch_forecast import show_forecast

        show_forecast(jobs, options, money, as_json=as_json)
        return
    if not yes:
        from poser.cli.batch_forecast import confirm_batch

        confirm_batch(jobs, options, money, settings.confirm_above)
    finished = _carried_out(
        jobs, quiet, out=out, concurrency=concurrency, budget=money, metadata=metadata, deadline=deadline, retry=retry,
        **options,
    )  # fmt: skip
    if as_json:
        print_json(finished.to_dict())
    else:
        for outcome in finished.outcomes:
            if outcome.image is not None:
                typer.echo(outcome.image)
    if finished.stopped:
        raise typer.Exit(EXIT_INTERRUPTED)
    if finished.pictures < len(finished.outcomes):
        raise typer.Exit(EXIT_NO_PICTURE)


def _carried_out(jobs: list[Job], quiet: bool, **options: Any) -> BatchFinished:
    from rich.console import Console

    from poser import engine
    from poser.cli.batch_view import BatchView, batch_table
    from poser.cli.running import stop_on_ctrl_c
    from poser.engine.many import BatchFinished

    finished: BatchFinished | None = None
    with stop_on_ctrl_c() as stop, BatchView(quiet=quiet) as view:
        for event in engine.batch(jobs, stop=stop, **options):
            view.show(event)
            if isinstance(event, BatchFinished):
                finished = event
    assert finished is not None, "a batch ends with BatchFinished"
    if not quiet:
        Console(stderr=True, highlight=False).print(batch_table(finished))
    return finished
