"""Drawings of the SQL area."""
