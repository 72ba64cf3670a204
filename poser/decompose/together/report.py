"""The report of a co-training: `report.md` and `curves.png`, from its lines alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from poser.decompose.named_rewards import F1S, METRICS
from poser.decompose.outcome import FLOOR
from poser.decompose.together.arguments import TogetherArguments
from poser.decompose.together.ledger import DECOMPOSER, POLICY, START, shown
from poser.evaluate.report import header, table
from poser.experts.files import write_atomically

REPORT, CURVES = "report.md", "curves.png"

_OUTCOMES = {
    "twin": "whole episodes of the current policy on the studio's twin",
    "sum": "the sum of precomputed outcomes of single calls (the reward approximation of From Plans to Pixels), for "
    "which the policy does not matter",
}

_VALUES = {
    "value": "value", "gain": "gain", "gain_from_start": "gain from start", "annotated": "annotated",
    "missing": "missing", "validation": "validation",
}  # fmt: skip
"""Of a line -> in the table."""

Lines = Sequence[Mapping[str, Any]]


def write_report(
    folder: Path, arguments: TogetherArguments, lines: Lines, best: int, command: Sequence[str], mebibytes: float
) -> None:
    """Write both files.

    Args:
        folder: of the co-training.
        arguments: its settings.
        lines: of its parts, in their order.
        best: number of the round that `model` and `policy` are of.
        command: the command line.
        mebibytes: that models and policies of all rounds take.
    """
    write_atomically(
        folder / REPORT, report(arguments, lines, best=best, command=command, mebibytes=mebibytes).encode()
    )
    plot(lines, folder / CURVES)


def report(arguments: TogetherArguments, lines: Lines, *, best: int, command: Sequence[str], mebibytes: float) -> str:
    """The page; see `write_report`."""
    given = arguments
    rewards = ", ".join(f"{name} {weight:g}" for name, weight in given.rewards.items() if weight)
    called = " ".join(command) or "poser train together"
    facts = {"seed": given.seed, "preset": given.preset, "held-out requests": given.eval_examples}
    last = lines[-1]
    return "\n".join(
        [
            header("Decomposer and policy, trained in turns", called, **facts),
            f"Starts from the decomposer `{given.decomposer}` and the policy `{given.policy}`. In each of "
            f"{max(line['round'] for line in lines)} rounds the decomposer is trained by GRPO (rewards: {rewards}), "
            "then the policy by DQN on the plans that the decomposer writes; each goes on from its last weights.",
            "",
            f"What GRPO was told of outcomes: **{given.approximation}**, {_OUTCOMES[given.approximation]}. All values "
            "below are of whole episodes, whatever it was told.",
            "",
            f"![Curves]({CURVES})",
            "",
            "## The decomposer",
            "",
            "Held-out requests, decoded greedily: share in the exact format, mean F1s, and score, the mean of "
            f"{', '.join(F1S)}. Intervals are 95 %, by the bootstrap over requests.",
            "",
            table(
                ("round", "part", *METRICS, "score"),
                [
                    [line["round"], line["part"], *(shown(line[name]) for name in (*METRICS, "score"))]
                    for line in lines
                    if line["part"] != POLICY
                ],
            ),
            "## Its plans, carried out",
            "",
            "Final quality minus spend on the studio's twin, the same requests with the same luck in every row (other "
            f"luck than in training); a reply that means no plan has {FLOOR:g}, the floor of the reward. *value*: the "
            "decomposer's plans by the current policy. *gain*: over the row "
            "before, paired; in a row of the policy, that is the same plans by the policy before. *annotated*: the "
            "wanted plans by the current policy, which is how far a decomposer can come with it; *missing*: what is "
            "left to that, paired.",
            "",
            table(
                ("round", "part", "seconds", *_VALUES.values()),
                [
                    [line["round"], line["part"], line["seconds"], *(shown(line[name]) for name in _VALUES)]
                    for line in lines
                ],
            ),
            *_told_of_plans(lines),
            "",
            f"In the end: value {shown(last['value'])}, {_told(last['gain_from_start'])}.",
            "",
            "## What to use",
            "",
            f"`model/` and `policy/` are those of round {best} (0 = the start), whose plans are worth most on other "
            f"requests, worded as in training (*validation*, {given.validation_examples} requests). Held-out requests "
            "have no part in that choice.",
            "",
            "```sh",
            f'poser generate "two red cars left of a tree at night" --extractor {given.out}/model '
            f"--policy {given.out}/policy",
            "```",
            "",
            f"Models and policies of the rounds take {mebibytes:.1f} MiB"
            + (
                ", all of them kept (`--no-keep` drops those of earlier rounds)." if given.keep else ", the last alone."
            ),
            "",
        ]
    )


def plot(lines: Lines, path: Path) -> None:
    """Both curves: the decomposer's figures, and what its plans are worth."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    names = [_label(line) for line in lines]
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
    own = [number for number, line in enumerate(lines) if line["part"] != POLICY]
    for name in ("format", *F1S, "atom", "score"):
        bold = name == "score"
        _curve(left, own, [lines[number][name] for number in own], f"{name} F1" if name in F1S else name, bold)
    left.set(title="Decomposer, held-out requests", ylabel="share or F1", ylim=(-0.02, 1.02))
    _curve(right, range(len(lines)), [line["annotated"] for line in lines], "annotated plans, current policy", False)
    _curve(right, range(len(lines)), [line["value"] for line in lines], "the decomposer's plans, current policy", True)
    right.set(title="Carried out on the twin", ylabel="final quality minus spend")
    for axis in (left, right):
        axis.set_xticks(range(len(lines)), names, rotation=45, ha="right")
        axis.set_xlim(-0.4, len(lines) - 0.6)
        axis.grid(alpha=0.3)
        axis.legend(fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _curve(
    axis: Any, places: Sequence[int], intervals: Sequence[Sequence[float] | None], name: str, bold: bool
) -> None:
    known = [(place, interval) for place, interval in zip(places, intervals, strict=True) if interval is not None]
    if not known:
        return
    means = [interval[0] for _, interval in known]
    error = [[mean - interval[1] for mean, (_, interval) in zip(means, known, strict=True)],
             [interval[2] - mean for mean, (_, interval) in zip(means, known, strict=True)]]  # fmt: skip
    axis.errorbar(
        [place for place, _ in known], means, yerr=error, marker="o", markersize=4, capsize=2, label=name,
        linewidth=2.2 if bold else 1.2,
    )  # fmt: skip


def _label(line: Mapping[str, Any]) -> str:
    return "start" if line["part"] == START else f"{line['round']} {line['part']}"


def _told_of_plans(lines: Lines) -> list[str]:
    told = []
    for line in lines:
        if line["part"] == POLICY:
            told.append(
                f"- The policy of round {line['round']} learned from {line['own']} plans of the decomposer and "
                f"{line['by_grammar']} of the grammar (where a reply meant no plan); {line['left_out']} requests had "
                f"none that fits. It was the best after {line['timesteps']:,} of {line['trained']:,} steps by its own "
                "evaluations."
            )
    return told


def _told(gain: Sequence[float] | None) -> str:
    if gain is None:
        return "which is the start"
    _, low, high = gain
    word = "clearly above" if low > 0 else "clearly below" if high < 0 else "not clearly different from"
    return f"gain {shown(gain)}, {word} the start"


def rounds_line(line: Mapping[str, Any]) -> str:
    """A part in one line, for whoever watches."""
    what = "" if line["part"] == START else f"round {line['round']}, "
    figures = f"mean F1 {shown(line['score'])}; " if line["part"] in (START, DECOMPOSER) else ""
    gain = "" if line["gain"] is None else f", gain {shown(line['gain'])}"
    return f"{what}{line['part']}, {line['seconds']:.0f} s: {figures}value {shown(line['value'])}{gain}"
