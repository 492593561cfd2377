"""Pipelines of other tools, translated into the text of a lineside.toml."""
