"""storyboard.png: a run at a glance, drawn from its trace and its pictures; contact_sheet.png: many runs."""

from poser.storyboard.board import draw_storyboard
from poser.storyboard.contact_sheet import Cell, draw_contact_sheet

__all__ = ["Cell", "draw_contact_sheet", "draw_storyboard"]
