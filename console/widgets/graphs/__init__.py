"""Graphs that are walked with the arrow keys."""
