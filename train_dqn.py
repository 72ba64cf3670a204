"""Train an orchestration policy: `python train_dqn.py --preset quick --out runs/mine`.

Every setting is a field of `poser.training.arguments.TrainingArguments` and an option here; `--help` lists them. The
same function stands behind `poser train policy`.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from poser.experts.errors import PoserError
from poser.policies.bundle_files import CARD
from poser.training.arguments import TrainingArguments, parse_arguments
from poser.training.train import told_of, train

__all__ = ["TrainingArguments", "train"]


def main() -> None:
    """Train as the command line says; errors are one line and exit code 2, Ctrl-C is 130."""
    try:
        arguments = parse_arguments()
        try:
            folder = train(arguments, command=["python", *sys.argv])
        except KeyboardInterrupt:
            print("train_dqn.py: interrupted.", file=sys.stderr)
            if (Path(arguments.out) / "checkpoint").exists():
                print(f"To go on: python train_dqn.py --out {shlex.quote(arguments.out)} --resume", file=sys.stderr)
            sys.exit(130)
    except PoserError as error:
        print(f"train_dqn.py: {error}", file=sys.stderr)
        sys.exit(2)
    if (folder / CARD).is_file():
        print(f'The policy is in {folder}; use it: poser generate --policy {folder} "a red kite over a lake"')
    print(told_of(folder))


if __name__ == "__main__":
    main()
