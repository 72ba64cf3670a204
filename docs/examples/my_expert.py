"""An expert of your own in fifteen lines: puts a dark frame around a picture.

Run it: python docs/examples/my_expert.py
"""

import numpy as np

import poser


@poser.expert(
    operations={"other": 0.9},
    description="Puts a frame around the picture.",
    limitations="Knows frames only; covers what lies within 24 pixels of the edge.",
    price=0.0,
    seeded=True,
)
def framer(request: poser.ExpertRequest) -> np.ndarray:
    """Put a dark frame around the picture."""
    pixels = request.source.pixels.copy()
    for edge in (pixels[:24], pixels[-24:], pixels[:, :24], pixels[:, -24:]):
        edge[:] = (40, 40, 60)
    return pixels


if __name__ == "__main__":
    for finding in poser.check_expert(framer):
        print("ok  " if finding.ok else "BAD ", finding.check, finding.problem or finding.skipped)
