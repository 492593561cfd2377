"""Drawings of the jobs area, and of GPUs wherever they are shown."""
