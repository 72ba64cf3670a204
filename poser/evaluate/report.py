"""Reports: Markdown with command, machine, date and seed; shares and means with intervals."""

from __future__ import annotations

import datetime
import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from poser.experts.errors import InputError
from poser.experts.extras import install


def machine() -> str:
    """One line on the machine: processor, cores, Python."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [
            line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")
        ]
        model = names[0] if names else model
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}"


def header(title: str, command: str, **facts: object) -> str:
    """Title and provenance of a page."""
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    listed = "".join(f" · {key} {value}" for key, value in facts.items())
    return f"# {title}\n\n`{command}` · {today} · {machine()}{listed}\n"


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table; floats with three digits."""
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(_cell(value) for value in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _cell(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" if isinstance(value, float) else str(value).replace("|", "\\|")


def wilson(hits: float, n: float, z: float = 1.96) -> tuple[float, float]:
    """95 % Wilson interval of a share, (0, 1) for n = 0."""
    if n == 0:
        return 0.0, 1.0
    share = hits / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    # rounding takes bounds at 0 and 1 just beyond them
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


class Interval(NamedTuple):
    """A mean with its 95 % interval."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}]"


def check_intervals() -> None:
    """Ask before long work whether intervals can be had at its end.

    Raises:
        InputError: scipy is not installed.
    """
    try:
        import scipy.stats  # noqa: F401
    except ModuleNotFoundError as error:
        raise InputError(f"Its intervals need scipy, which is not installed; run: {install('train')}.") from error


def bootstrap(values: ArrayLike, seed: int = 0, draws: int = 2000) -> Interval:
    """Mean with its 95 % percentile bootstrap interval; give paired differences to compare two policies.

    Raises:
        InputError: scipy is not installed, or there is no value.
    """
    check_intervals()
    from scipy import stats

    data = np.asarray(values, float)
    if not data.size:
        raise InputError("There is nothing to take the mean of; give at least one value.")
    mean = float(data.mean())
    if np.ptp(data) == 0:
        return Interval(mean, mean, mean)
    interval = stats.bootstrap(
        (data,), np.mean, n_resamples=draws, method="percentile", rng=np.random.default_rng(seed), batch=100
    ).confidence_interval
    return Interval(mean, float(interval.low), float(interval.high))
