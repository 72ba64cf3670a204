"""`make bench-critics-reliability`: how right and how calibrated critics are, what panels save, what policies survive.

    python -m benchmarks.critics_reliability [--pictures 2000] [--panels 400] [--episodes 2000] [--seed 0] [--print]

Two fifths of the pictures are plain, the others in every style and tone in turn. The detector and the neural judge read
lettering without OCR. Statements that compare with a source picture ("larger") are not asked.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence

import cv2

from benchmarks import critics_panel, critics_twin
from benchmarks.report import FIGURES, write
from poser.critics.detector import DetectorCritic
from poser.critics.judge.critic import NeuralJudge
from poser.critics.panel import PanelCritic
from poser.evaluate.critics import Answers, measure_critics
from poser.evaluate.critics_report import CLEAN, critics_data, critics_page, plot_reliability
from poser.evaluate.known_pictures import known_pictures
from poser.evaluate.simulated_critic import SimulatedCritic

FIRST = 700_000  #: pictures have seeds from here on; those of panels from `PANELS` on
PANELS = 800_000
ACCURACY, CALIBRATION = 0.97, 0.05


def targets(measured: Sequence[Answers]) -> str:
    """Whether the detector reaches what it should."""
    detector = measured[0]
    clean, everything = detector.figures(look=CLEAN), detector.figures()
    drops = {look: clean.right - detector.figures(look=look).right for look in dict.fromkeys(detector.look)}
    worst = max(drops, key=lambda look: drops[look])
    return (
        f"- The detector is right in {100 * clean.right:.2f} % of the statements on clean pictures (95 %: "
        f"{100 * clean.low:.1f}–{100 * clean.high:.1f} %; target {100 * ACCURACY:.0f} %: "
        f"**{'reached' if clean.right >= ACCURACY else 'missed'}**).\n"
        f"- Its ECE is {everything.ece:.4f} over all pictures and {clean.ece:.4f} on clean ones (target {CALIBRATION}: "
        f"**{'reached' if max(everything.ece, clean.ece) <= CALIBRATION else 'missed'}**).\n"
        f"- The look that costs it most is *{worst}*: {100 * drops[worst]:.1f} points.\n\n"
    )


def main() -> None:
    """Measure and write `docs/figures/critics.md`, `.json`, `.png` and `critics-policy.png`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--pictures", type=int, default=2000)
    parser.add_argument("--panels", type=int, default=400, help="pictures for the panels")
    parser.add_argument("--episodes", type=int, default=2000, help="of the twin, for each rate of error")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--print", action="store_true", help="show the page instead of writing it")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    started = time.perf_counter()

    def say(part: str) -> None:
        print(f"{part}: {time.perf_counter() - started:.0f} s", flush=True)

    detector, neural = DetectorCritic(ocr=False), NeuralJudge(ocr=False)
    measured = measure_critics(
        [
            detector,
            neural,
            # both read each picture once, so their panel costs no further look
            PanelCritic(members=[detector, neural], name="panel of both"),
            SimulatedCritic(accuracy=0.9),
            SimulatedCritic(accuracy=0.9, overconfidence=3.0, name="overconfident"),
        ],
        known_pictures(given.pictures, FIRST + given.seed),
    )
    say("reliability")
    facts = {"pictures": given.pictures, "seed": given.seed}
    title, command = "Critics", "make bench-critics-reliability"
    page = critics_page(measured, title, command, facts, "critics.png", targets(measured))
    panels, panel_data = critics_panel.section(
        lambda: list(
            known_pictures(given.panels, PANELS + given.seed, clean=1.0, statements=critics_panel.STATEMENTS)
        )
    )  # fmt: skip
    say("panels")
    survival, twin_data = critics_twin.section(given.episodes, FIGURES / "critics-policy.png")
    say("twin")
    plot_reliability(measured, FIGURES / "critics.png", f"{given.pictures} studio pictures of known truth")
    page += f"\n{panels}\n{survival}\nWhole run {time.perf_counter() - started:.0f} s.\n"
    if given.print:
        print(page)
        return
    write("critics.md", page)
    data = {**facts, "critics": critics_data(measured), "panels": panel_data, "twin": twin_data}
    write("critics.json", json.dumps(data, indent=1, allow_nan=False) + "\n")


if __name__ == "__main__":
    main()
