"""Drawings of the monitor area."""
