"""Drawings of the models area."""
