"""Drawings of the runs area, and curves wherever they are shown."""
