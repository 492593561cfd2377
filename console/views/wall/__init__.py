"""Drawings of the wall, and of its big screen."""
