"""storyboard.png: a run at a glance, drawn from its trace and its pictures."""

from poser.storyboard.board import draw_storyboard

__all__ = ["draw_storyboard"]
