"""ImageEdit-R1's rubric: grades an edit from 0 to 10.

Run it: JUDGE_MODEL=… python docs/examples/critics/grade_edit.py before.png after.png "make the car red"
"""

import os
import sys

import poser
from poser.critics.rubric import RubricJudge, score

if len(sys.argv) != 4 or not os.environ.get("JUDGE_MODEL"):
    sys.exit("usage: JUDGE_MODEL=… python grade_edit.py BEFORE AFTER REQUEST")
before, after, request = sys.argv[1:]
judge = RubricJudge(model=os.environ["JUDGE_MODEL"])
(verdict,) = judge.judge(
    [
        poser.JudgeRequest(
            picture=poser.Picture.open(after), source=poser.Picture.open(before), atoms=(), prompt=request
        )
    ],
    poser.CallContext(),
)
judge.close()

if isinstance(verdict, poser.CallError):
    sys.exit(f"no grades: {verdict}")
print(f"{score(verdict)} of 10, by {verdict.model}, prompt {verdict.prompt_hash[:12]}")
print(f"fulfilment {verdict.fidelity}, quality {verdict.aesthetics}, preservation {verdict.preservation} (0 to 1 each)")
for note in verdict.notes:
    print(f"note: {note}")
