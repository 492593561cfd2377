"""Where each panel of the wall stands in a room. Pure arithmetic."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

THREE, TWO, ONE = 160, 120, 60
"""From so many columns on there are three, two columns all the way down; below the last, only one."""
LOW = 20
"""With fewer lines there is no second panel in a column; with half of them, no second column."""
GAP = 2


@dataclass(frozen=True, slots=True)
class Rect:
    """A panel's place: cells from the left and the top of the body."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How many rows each panel has to show."""

    needs: int
    gpus: int
    ends: int
    jobs: int
    job_lines: int = 0  # where each may take two
    since: int = 0
    kept: int = 0


def plan(width: int, height: int, want: Wanted) -> Mapping[str, Rect]:
    """The place of every panel that has one; none overlap, and all lie inside the room.

    >>> sorted(plan(80, 20, Wanted(needs=4, gpus=3, ends=5, jobs=4)))
    ['ends', 'gpus', 'jobs', 'needs', 'since']
    """
    if width >= TWO and height >= LOW:
        return (_three if width >= THREE else _two)(width, height, want)
    return (_paired if width >= ONE and height >= LOW // 2 else _single)(width, height, want)


def _three(width: int, height: int, want: Wanted) -> dict[str, Rect]:
    a, b, c = _columns(width, (42, 30, 28))
    needs = min(1 + max(1, want.needs), height // 3)
    jobs = min(1 + max(1, want.job_lines), (height - needs) * 3 // 5)
    gpus = min(_gpu_height(want.gpus, height), height // 2)
    return {
        **_stack(a, height, (("needs", needs), ("jobs", jobs), *_rest(height - needs - jobs, want))),
        **_stack(b, height, (("gpus", gpus), ("recent", 0))),
        **_stack(c, height, (("ends", 0),)),
    }


def _two(width: int, height: int, want: Wanted) -> dict[str, Rect]:
    """What needs somebody across both columns: its sentences are long."""
    needs = min(1 + max(1, want.needs), height // 3)
    a, b = (Rect(column.x, needs, column.width, 0) for column in _columns(width, (52, 48)))
    rest = height - needs
    jobs = min(1 + max(1, want.job_lines), rest * 3 // 5)
    gpus = min(_gpu_height(want.gpus, rest), rest // 3)
    ends = min(1 + max(1, 2 * want.ends), rest // 3)
    return {
        "needs": Rect(0, 0, width, needs),
        **_stack(a, rest, (("jobs", jobs), *_rest(rest - jobs, want))),
        **_stack(b, rest, (("gpus", gpus), ("ends", ends), ("recent", 0))),
    }


def _rest(height: int, want: Wanted) -> tuple[tuple[str, int], ...]:
    """What happened; below it what is kept, where more room is left than that takes."""
    since = 1 + max(1, want.since)
    if want.kept and height - since >= min(_LEAST_KEPT, 1 + want.kept):
        return ("since", since), ("kept", 0)
    return (("since", 0),)


_LEAST_KEPT = 5


def _paired(width: int, height: int, want: Wanted) -> dict[str, Rect]:
    left, right = _columns(width, (52, 48))
    least_since, least_jobs = 4 if height >= LOW else 3, 3
    needs = min(1 + max(1, want.needs), max(2, height * 2 // 7))
    pair = max(want.gpus + 2 if want.gpus else 2, want.ends + 1, 2)
    pair = max(2, min(pair, height - needs - least_since - least_jobs, max(4, height // 3)))
    rest = height - needs - pair
    jobs = max(min(1 + max(1, want.jobs), rest - least_since), min(rest, 2))
    out = {
        "needs": Rect(0, 0, width, min(needs, height)),
        "gpus": Rect(left.x, needs, left.width, pair),
        "ends": Rect(right.x, needs, right.width, pair),
        "jobs": Rect(0, needs + pair, width, jobs),
        "since": Rect(0, needs + pair + jobs, width, rest - jobs),
    }
    return {name: rect for name, rect in out.items() if rect.height >= 2 and rect.y + rect.height <= height}


def _single(width: int, height: int, want: Wanted) -> dict[str, Rect]:
    """What matters most first; what has no room for two lines is left out."""
    out: dict[str, Rect] = {}
    y = 0
    rows = (
        ("needs", want.needs),
        ("ends", want.ends),
        ("jobs", want.jobs),
        ("gpus", want.gpus),
        ("since", 4),
    )
    for name, count in rows:
        tall = min(1 + max(1, count), max(3, height // 2) if name == "needs" else max(3, height // 3))
        tall = min(tall, height - y)
        if tall >= 2:
            out[name] = Rect(0, y, width, tall)
            y += tall
    return out


def _gpu_height(gpus: int, height: int) -> int:
    return 1 + (8 if height >= 70 else 5 if height >= 36 else 3) * gpus if gpus else 3


def _columns(width: int, shares: Sequence[int]) -> list[Rect]:
    """Columns of these shares, a gap between."""
    room, x, out = width - GAP * (len(shares) - 1), 0, []
    for place, share in enumerate(shares):
        last = place == len(shares) - 1
        wide = width - x if last else room * share // sum(shares)
        out.append(Rect(x, 0, wide, 0))
        x += wide + GAP
    return out


def _stack(column: Rect, height: int, parts: Sequence[tuple[str, int]]) -> dict[str, Rect]:
    """One below the other; the last takes what is left."""
    out, y = {}, 0
    for place, (name, tall) in enumerate(parts):
        tall = height - y if place == len(parts) - 1 else min(tall, height - y)
        if tall >= 2:
            out[name] = Rect(column.x, column.y + y, column.width, tall)
        y += tall
    return out
