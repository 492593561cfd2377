"""Drawings: a frozen view and the room for it in, lines out. Pure, so that a test needs no terminal."""
