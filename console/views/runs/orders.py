"""The order of a leaderboard in words, and the way round that is meant when a key is chosen."""

import re

from lineside.console.reads.judging import judged
from lineside.store.queries.bests import better_side

_ENDS = {
    "created": ("oldest first", "newest first"),
    "duration": ("shortest first", "longest first"),
    "id": ("lowest # first", "highest # first"),
    "name": ("by name, a to z", "by name, z to a"),
    "status": ("by status", "by status, turned round"),
    "author": ("by who, a to z", "by who, z to a"),
}  # fmt: skip
"""Of a run's own columns: what stands first when they rise, and when they fall."""

_METRIC = re.compile(r"(?:metric:|(?:min|max|first|last)\()?([^()@]+)")


def said(sort: str) -> str:
    """What stands first.

    >>> said("-created"), said("metric:val_mae"), said("-metric:val_mae"), said("-param:lr")
    ('newest first', 'by val_mae, best first', 'by val_mae, worst first', 'by lr, highest first')
    """
    key, falls = sort.removeprefix("-"), sort.startswith("-")
    if key in _ENDS:
        return _ENDS[key][falls]
    name = key.removeprefix("metric:").removeprefix("param:")
    if key.startswith("param:") or not judged(_metric(key)):
        return f"by {name}, {'highest' if falls else 'lowest'} first"
    return f"by {name}, {'best' if falls == (_side(key) == 'max') else 'worst'} first"


def first(key: str) -> str:
    """What most people mean by a key: the newest, the longest, the best, the lowest value first.

    >>> first("created"), first("metric:loss"), first("metric:accuracy"), first("param:lr")
    ('-created', 'metric:loss', '-metric:accuracy', 'param:lr')
    """
    if key in ("created", "duration", "id"):
        return "-" + key
    if key in _ENDS or key.startswith("param:"):
        return key
    return "-" + key if judged(_metric(key)) and _side(key) == "max" else key


def _side(key: str) -> str:
    """ "min" or "max": which values of it are the better ones."""
    return key[:3] if key.startswith(("min(", "max(")) else better_side(_metric(key))


def _metric(key: str) -> str:
    """The metric that is ordered by.

    >>> _metric("metric:val/loss"), _metric("min(loss)"), _metric("acc@best(loss)")
    ('val/loss', 'loss', 'acc')
    """
    found = _METRIC.match(key)
    return found[1] if found else key
