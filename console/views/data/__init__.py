"""Drawings of the data area."""
