"""Take the track record that ships with the studio out of its calibrations: of sampled plans, and of edits.

    python -m scripts.build_studio_record           write the file
    python -m scripts.build_studio_record --check   only say whether the file on disk is what would be written

`make calibration` makes the calibrations anew and then runs this. They are two files, since benchmarks and trainings
read the first one: what is learnt of edits does not change them.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from poser.envs.calibration import Calibration
from poser.experts.record import TrackRecord
from poser.experts.studio.pool import RECORD, studio_experts

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "benchmarks" / "data"
CALIBRATIONS = (DATA / "studio_calibration.json", DATA / "studio_edits.json")


def record_json() -> str:
    """The record of the studio's experts, as it is shipped: the counts of both calibrations."""
    records = TrackRecord()
    for path in CALIBRATIONS:
        records.add(Calibration.load(path).records())
    return records.only({expert.spec.name for expert in studio_experts()}).to_json() + "\n"


def main() -> None:
    """Write the file, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only compare")
    made = record_json()
    if not parser.parse_args().check:
        RECORD.parent.mkdir(exist_ok=True)
        RECORD.write_text(made, encoding="utf-8")
        print(RECORD.relative_to(ROOT))
    elif not RECORD.is_file() or RECORD.read_text(encoding="utf-8") != made:
        sys.exit(f"{RECORD.relative_to(ROOT)} is not what the calibration says; run python -m {__spec__.name}.")


if __name__ == "__main__":
    main()
