"""The report on critics: a page, its data, and the reliability plot."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from poser.evaluate.critics import BINS, Answers, CriticFigures, Reliability, reliability
from poser.evaluate.known_pictures import KINDS
from poser.evaluate.report import header, table, wilson

CLEAN = "clean"
_COLUMNS = ("n", "answered", "right of all", "95 % interval", "accuracy", "Brier", "ECE")
_TERMS = (
    "Statements have known truth, and as many hold as do not. A critic is *right* where it gives at least .5 to what "
    "holds and less to what does not; what it does not judge is not right. *Accuracy*, Brier score and ECE are of what "
    f"it judges. ECE: {BINS} bins of equal width over the probability that the statement holds. Intervals: Wilson's, "
    "for as many statements as they are worth, since those of one picture are alike."
)

_PLOT = (
    "Whoever is calibrated lies on the diagonal; error bars are Wilson's 95 % intervals. Below: how many statements "
    "were given that probability."
)


def critics_page(
    measured: Sequence[Answers], title: str, command: str, facts: Mapping[str, object], picture: str, verdict: str = ""
) -> str:
    """Markdown: provenance, an overview, and for every critic its figures by kind and by look.

    Args:
        measured: by `measure_critics`.
        title: of the page.
        command: that makes it.
        facts: name -> value for the line of provenance.
        picture: file name of the plot beside the page.
        verdict: Markdown that stands above everything.
    """
    return (
        header(title, command, **facts)
        + f"\n{verdict}{_TERMS}\n\n"
        + "".join(f"{note}\n\n" for note in critics_notes(measured))
        + table(("critic", "pictures", *_COLUMNS, "ms a picture", "USD a picture"), overview(measured))
        + f"\n![reliability]({picture})\n\n{_PLOT}\n"
        + "".join(f"\n{_section(answers)}" for answers in measured)
    )


def critics_notes(measured: Sequence[Answers]) -> list[str]:
    """What a reader has to know of these critics, as Markdown paragraphs."""
    notes = []
    if simulated := [answers.critic for answers in measured if answers.simulated]:
        notes.append(
            f"**Simulated**: {', '.join(simulated)}. They know the truth and add noise; they look at no picture, and "
            "their costs are invented."
        )
    for answers in measured:
        for reason, times in answers.errors.items():
            notes.append(f"**{answers.critic}** gave no verdict on {times} of {answers.pictures} pictures: {reason}")
        for note, times in answers.notes.items():
            notes.append(f"**{answers.critic}** notes on {times} of {answers.pictures} pictures: {note}")
    return notes


def overview(measured: Sequence[Answers]) -> list[list[object]]:
    """One row a critic: pictures, figures over everything, milliseconds (median) and US dollars a picture."""
    return [
        [each.critic, each.pictures, *_cells(each.figures()), _milliseconds(each), _dollars(each)] for each in measured
    ]


def _section(answers: Answers) -> str:
    kinds = [(kind, answers.figures(kind=kind)) for kind in KINDS]
    looks = list(dict.fromkeys(answers.look))
    by_look = {look: answers.figures(look=look) for look in looks}
    clean = by_look.get(CLEAN)
    rows = []
    for look, figures in by_look.items():
        compared = clean is not None and look != CLEAN and figures.answered and clean.answered
        drop = f"{100 * (clean.right - figures.right):.1f} points" if clean is not None and compared else None
        rows.append([look, *_cells(figures), drop])
    return (
        f"## {answers.critic}\n\n"
        + table(("kind", *_COLUMNS), [[kind, *_cells(figures)] for kind, figures in kinds if figures.n])
        + "\n"
        + table(("look", *_COLUMNS, "below clean"), rows)
    )


def _cells(figures: CriticFigures) -> list[object]:
    return [
        figures.n,
        f"{100 * figures.answered:.1f} %",
        f"{100 * figures.right:.2f} %" if figures.answered else None,
        f"{100 * figures.low:.1f}–{100 * figures.high:.1f} %" if figures.answered else None,
        None if math.isnan(figures.accuracy) else f"{100 * figures.accuracy:.2f} %",
        _number(figures.brier),
        _number(figures.ece),
    ]


def _number(value: float) -> str | None:
    return None if math.isnan(value) else f"{value:.4f}"


def _milliseconds(answers: Answers) -> object:
    return round(1000 * float(np.median(answers.seconds))) if answers.seconds else None


def _dollars(answers: Answers) -> object:
    if answers.silent and not answers.usd:
        return None
    return "unknown" if answers.usd is None else f"{answers.usd / max(1, answers.pictures):.5f}"


def critics_data(measured: Sequence[Answers]) -> list[dict[str, Any]]:
    """JSON: all figures of all critics, by kind and look, with the bins of their reliability."""
    return [
        {
            "critic": each.critic,
            "simulated": each.simulated,
            "pictures": each.pictures,
            "failed": each.failed,
            "errors": each.errors,
            "notes": each.notes,
            "usd": each.usd,
            "median_seconds": float(np.median(each.seconds)) if each.seconds else None,
            "all": _plain(each.figures()),
            "kinds": {kind: _plain(each.figures(kind=kind)) for kind in KINDS if kind in each.kind},
            "looks": {look: _plain(each.figures(look=look)) for look in dict.fromkeys(each.look)},
            "reliability": {
                key: [None if math.isnan(value) else value for value in column.tolist()]
                for key, column in bins_of(each)._asdict().items()
            },
        }
        for each in measured
    ]


def _plain(figures: CriticFigures) -> dict[str, float | None]:
    return {key: None if math.isnan(value) else value for key, value in figures._asdict().items()}


def bins_of(answers: Answers) -> Reliability:
    """The reliability of everything that the critic judged."""
    probability, holds = np.array(answers.probability), np.array(answers.holds, float)
    known = ~np.isnan(probability)
    return reliability(probability[known], holds[known])


def plot_reliability(measured: Sequence[Answers], path: Path, title: str) -> None:
    """Share that holds against probability, and how many statements were given it, for every critic."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(
        2, len(measured), figsize=(max(5.0, 3.6 * len(measured)), 5.2), sharex=True, sharey="row", squeeze=False,
        height_ratios=(3, 1),
    )  # fmt: skip
    for column, each in enumerate(measured):
        bins, upper, lower = bins_of(each), axes[0, column], axes[1, column]
        filled = bins.statements > 0
        upper.plot([0, 1], [0, 1], color="gray", linewidth=1, linestyle="--")
        bounds = np.array(
            [wilson(share * n, n) for share, n in zip(bins.holds[filled], bins.statements[filled], strict=True)]
        )
        error = np.clip(np.abs(bounds.reshape(-1, 2).T - bins.holds[filled]), 0, 1)
        upper.errorbar(
            bins.probability[filled], bins.holds[filled], yerr=error, marker="o", markersize=4, linewidth=1, capsize=2
        )
        upper.set_title(f"{each.critic}\nECE {_number(each.figures().ece) or '–'}", fontsize=9, parse_math=False)
        upper.grid(alpha=0.3)
        lower.bar((np.arange(BINS) + 0.5) / BINS, bins.statements, width=0.9 / BINS)
        lower.set_xlabel("probability given")
    if any(bins_of(each).statements.any() for each in measured):
        # the axes of a row are one
        axes[1, 0].set_yscale("log")
    axes[0, 0].set_ylabel("share that holds")
    axes[1, 0].set_ylabel("statements")
    figure.suptitle(title, fontsize=10)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)
