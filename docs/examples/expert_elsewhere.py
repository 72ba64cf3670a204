"""One expert behind HTTP, and the same expert at hand: the same pixels.

Run it: python docs/examples/expert_elsewhere.py
"""

import threading

import poser
from poser.experts.http import HttpExpert
from poser.experts.serving import ExpertServer


@poser.expert(operations={"other": 0.9}, limitations="Knows frames only.", price=0.0, seeded=True)
def framer(request: poser.ExpertRequest) -> poser.Picture:
    """Puts a dark frame around the picture."""
    pixels = request.source.pixels.copy()
    for edge in (pixels[:24], pixels[-24:], pixels[:, :24], pixels[:, -24:]):
        edge[:] = (40, 40, 60)
    return poser.Picture(pixels)


if __name__ == "__main__":
    # what `poser expert-server` does; usually in another environment or on another machine
    with ExpertServer([framer], port=0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        far = HttpExpert(name="far-framer", url=server.url, expert="framer")
        for finding in poser.check_expert(far):
            print("ok  " if finding.ok else "BAD ", finding.check, finding.problem or finding.skipped)
        server.shutdown()
        thread.join()
