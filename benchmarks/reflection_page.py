"""What an arm of `benchmarks.reflection` came to, its tables and its plot."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import write
from poser.envs.arrays import Floats
from poser.evaluate.report import Interval, bootstrap, header, table, wilson

NAME = "reflection"


@dataclass(frozen=True, kw_only=True)
class Episode:
    """One prompt in one arm.

    Attributes:
        alignment: Φ of the returned picture, by the detector.
        judged: share of the commands that hold in it, by the neural judge; NaN where it judges nothing.
        whole: all commands hold, by the detector.
        calls: of experts.
        call_usd: by the simulated list.
        rewrite_usd, tokens: of rewording; simulated.
        seconds: real ones of experts, critic and rewording.
        commands, done: how many there are, and hold by the detector.
        misread, misread_done: of them, how many the reader misreads as they were worded at first.
        rewrites: how often a rewording was asked for.
        in_vain: of these, for instructions that had been read right.
        mended, spoilt: misread before and read right after, and the other way round.
    """

    alignment: float
    judged: float
    whole: bool
    calls: int
    call_usd: float
    rewrite_usd: float
    tokens: int
    seconds: float
    commands: int
    done: int
    misread: int
    misread_done: int
    rewrites: int
    in_vain: int
    mended: int
    spoilt: int


@dataclass(frozen=True)
class Arm:
    """All prompts of one arm, what it is compared with ("" = nothing), and how long it took."""

    episodes: Sequence[Episode]
    beside: str
    seconds: float

    def column(self, name: str) -> Floats:
        """[N] values of a field of `Episode`."""
        return np.array([getattr(each, name) for each in self.episodes], float)

    def sum(self, name: str) -> int:
        """Of a field that counts."""
        return int(self.column(name).sum())


YARDSTICKS = {"alignment": "Φ, detector", "judged": "commands, judge", "whole": "whole prompts, detector"}


def difference(arms: Mapping[str, Arm], name: str, field: str) -> Interval | None:
    """Paired difference to what the arm is compared with, bootstrapped by prompt; None if there is nothing."""
    arm = arms[name]
    if not arm.beside:
        return None
    values = arm.column(field) - arms[arm.beside].column(field)
    return bootstrap(values[np.isfinite(values)])


def write_page(arms: Mapping[str, Arm], own: tuple[int, int], *, about: str, folder: Path, seed: int,
               seconds: float) -> None:  # fmt: skip
    """Write the page, its data and the plot.

    Args:
        arms: by name.
        own: how many instructions the grammar writes for the annotated prompts, and how many of them are read right.
        about: what was done.
        folder: where to.
        seed, seconds: of the whole.
    """
    prompts = len(next(iter(arms.values())).episodes)
    first = next(iter(arms.values()))
    pages = [
        header("Reflection: rewording what has failed twice", "make bench-reflection", seed=seed, prompts=prompts),
        about,
        f"{first.sum('commands')} commands, of whose wordings the reader misreads {first.sum('misread')} "
        f"({first.sum('misread') / first.sum('commands'):.0%}). Whole run {seconds:.0f} s. Differences are paired by "
        "prompt (same plan, same seed), with 95 % bootstrap intervals.\n",
        "## What it is worth\n\n" + _worth(arms),
        f"![differences by arm]({NAME}.png)\n",
        "## What it costs\n\nMeans a prompt. **Dollars are simulated**, those of calls and those of rewording.\n\n"
        + _costs(arms),
        "## What was reworded\n\n*In vain*: the instruction had been read right; what failed was the expert. *Mended*: "
        "misread before, read right after; *spoilt*: the other way round.\n\n" + _rewrites(arms),
        "## Why the grammar does not reword\n\n"
        f"Of the {own[0]} instructions that the grammar itself writes for the annotated and the short prompts, the "
        f"reader finds every atom again in {own[1]} ({own[1] / own[0]:.1%}): they are built of the atoms already, in "
        "plain words. A rule has nothing to say better there, so `--reflect` asks for an extractor that is a language "
        "model.\n",
    ]
    _plot(arms, folder)
    write(f"{NAME}.md", "\n".join(pages), folder)
    write(f"{NAME}.json", json.dumps(_data(arms, own, seed), indent=1) + "\n", folder)


def _worth(arms: Mapping[str, Arm]) -> str:
    rows = []
    for name, arm in arms.items():
        whole = arm.sum("whole")
        low, high = wilson(whole, len(arm.episodes))
        rows.append([
            name,
            arm.beside or "–",
            float(arm.column("alignment").mean()),
            _signed(difference(arms, name, "alignment")),
            float(np.nanmean(arm.column("judged"))),
            _signed(difference(arms, name, "judged")),
            f"{whole} of {len(arm.episodes)} ({low:.0%}–{high:.0%})",
            _signed(difference(arms, name, "whole")),
        ])  # fmt: skip
    return table(
        ("arm", "beside", "Φ, detector", "difference", "commands done, judge", "difference",
         "whole prompts, detector", "difference"),
        rows,
    )  # fmt: skip


def _costs(arms: Mapping[str, Arm]) -> str:
    rows = [
        [
            name,
            f"{arm.column('calls').mean():.2f}",
            _signed(difference(arms, name, "calls"), 2),
            f"{arm.column('rewrites').mean():.2f}",
            f"{arm.column('tokens').mean():.0f}",
            f"{arm.column('call_usd').mean():.4f}",
            _signed(difference(arms, name, "call_usd"), 4),
            f"{arm.column('rewrite_usd').mean():.6f}",
            f"{arm.column('seconds').mean():.2f}",
        ]
        for name, arm in arms.items()
    ]
    return table(
        ("arm", "calls", "difference", "rewordings asked", "tokens", "USD of calls (simulated)", "difference",
         "USD of rewording (simulated)", "seconds"),
        rows,
    )  # fmt: skip


def _rewrites(arms: Mapping[str, Arm]) -> str:
    rows = [
        [
            name,
            arm.sum("rewrites"),
            arm.sum("in_vain"),
            arm.sum("mended"),
            arm.sum("spoilt"),
            f"{arm.sum('misread_done')} of {arm.sum('misread')}",
            f"{arm.sum('done') - arm.sum('misread_done')} of {arm.sum('commands') - arm.sum('misread')}",
        ]
        for name, arm in arms.items()
    ]
    columns = ("arm", "reworded", "in vain", "mended", "spoilt", "misread commands done", "other commands done")
    return table(columns, rows)


def _signed(interval: Interval | None, digits: int = 3) -> str:
    if interval is None:
        return "–"
    return f"{interval.mean:+.{digits}f} [{interval.low:+.{digits}f}, {interval.high:+.{digits}f}]"


def _data(arms: Mapping[str, Arm], own: tuple[int, int], seed: int) -> dict[str, Any]:
    fields = list(Episode.__dataclass_fields__)
    return {
        "seed": seed,
        "simulated": ["call_usd", "rewrite_usd", "tokens", "replies of the chat server"],
        "grammar_instructions": {"written": own[0], "read_right": own[1]},
        "arms": {
            name: {
                "beside": arm.beside,
                "mean": {field: round(float(np.nanmean(arm.column(field))), 6) for field in fields},
                "difference": {
                    field: [round(value, 6) for value in found]
                    for field in (*YARDSTICKS, "calls", "call_usd")
                    if (found := difference(arms, name, field)) is not None
                },
                "alignment": [round(each.alignment, 4) for each in arm.episodes],
            }
            for name, arm in arms.items()
        },
    }


def _plot(arms: Mapping[str, Arm], folder: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    names = [name for name, arm in arms.items() if arm.beside]
    figure, axis = plt.subplots(figsize=(8, 4))
    for number, (field, label) in enumerate(YARDSTICKS.items()):
        found = [interval for name in names if (interval := difference(arms, name, field)) is not None]
        means = np.array([interval.mean for interval in found])
        spread = np.array([[i.mean - i.low for i in found], [i.high - i.mean for i in found]])
        axis.errorbar(means, np.arange(len(names)) + 0.18 * (number - 1), xerr=spread, fmt="o", capsize=3, label=label)
    axis.axvline(0, color="gray", linewidth=1)
    axis.set_yticks(range(len(names)), [f"{name}\n(beside {arms[name].beside})" for name in names])
    axis.invert_yaxis()
    axis.set_xlabel("paired difference, 95 %")
    axis.legend()
    figure.tight_layout()
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(folder / f"{NAME}.png", dpi=110)
    plt.close(figure)
