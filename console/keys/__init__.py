"""The commands of each scope; `console/commands.py` puts them together."""
