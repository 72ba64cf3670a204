"""The folder that a run leaves behind: final.png, storyboard.png, trace.json, plan.json, steps/.

    runs/2026-11-21-a-red-car-left-of-a-tree-7/
      final.png            the best picture, with prompt and summary in its text chunks
      storyboard.png       the run at a glance
      trace.json plan.json source.png
      steps/00-canvas-all.png …
      unfinished/          pictures of a run that was cut off before their step was over

With several seeds each has final.png, trace.json and steps/ in `seed-<seed>/`, and the best one stands at the top.
"""

from poser.run_folder.naming import FINAL, PLAN, SOURCE, STEPS, STORYBOARD, TRACE, default_folder, slug
from poser.run_folder.reading import read_run, read_trace
from poser.run_folder.writing import RunFiles, RunFolder

__all__ = [
    "FINAL",
    "PLAN",
    "SOURCE",
    "STEPS",
    "STORYBOARD",
    "TRACE",
    "RunFiles",
    "RunFolder",
    "default_folder",
    "read_run",
    "read_trace",
    "slug",
]
