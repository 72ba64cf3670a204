"""Decomposer and policy trained in turns, each starting from the last: `poser train together`."""
