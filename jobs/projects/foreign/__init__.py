"""Pipelines of other tools, translated into lineside.toml."""
