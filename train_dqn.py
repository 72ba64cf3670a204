"""Train an orchestration policy: `python train_dqn.py --preset quick --out runs/mine`.

Every setting is a field of `poser.training.arguments.TrainingArguments` and an option here; `--help` lists them. The
same function stands behind `poser train policy`.
"""

from __future__ import annotations

import sys

from poser.training.arguments import TrainingArguments, parse_arguments
from poser.training.train import train

__all__ = ["TrainingArguments", "train"]

if __name__ == "__main__":
    folder = train(parse_arguments(), command=["python", *sys.argv])
    print(f'The policy is in {folder}; use it: poser generate --policy {folder} "a red kite over a lake"')
