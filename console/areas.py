"""The names of the nine areas; alone here, so that the first cell is drawn with nothing else imported."""

AREAS = ("wall", "runs", "jobs", "data", "models", "lineage", "monitor", "audit", "sql")
"""The nine areas in the order of their digits."""

TITLES = {name: name.capitalize() for name in AREAS} | {"sql": "SQL"}
