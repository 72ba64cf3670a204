"""A critic of your own: judges only how dark the picture is, and says so about everything else.

Run it: python docs/examples/my_critic.py
"""

from collections.abc import Sequence

import poser


class DarknessCritic(poser.Critic):
    """Answers tone atoms by the mean brightness; everything else is left to critics who can see."""

    name = "darkness"

    def judge(
        self, requests: Sequence[poser.JudgeRequest], ctx: poser.CallContext
    ) -> list[poser.Verdict | poser.CallError]:
        """One verdict a picture, one answer an atom; None where it cannot judge."""
        return [self._verdict(request) for request in requests]

    def _verdict(self, request: poser.JudgeRequest) -> poser.Verdict:
        dark = 1.0 - request.picture.pixels.mean() / 255.0
        answers = tuple(
            poser.AtomAnswer(atom=atom.id, probability=dark if atom.tuple == ("style", "darker") else None)
            for atom in request.atoms
        )
        failed = any(answer.probability is not None and answer.probability < 0.5 for answer in answers)
        return poser.Verdict(answers=answers, feedback="the picture is too bright" if failed else "", critic=self.name)


if __name__ == "__main__":
    for finding in poser.check_critic(DarknessCritic()):
        print("ok  " if finding.ok else "BAD ", finding.check, finding.problem or finding.skipped)
