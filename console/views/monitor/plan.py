"""Where each part of Monitor stands: what has nothing to show gives its rows away. Pure arithmetic."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from lineside.console.views.wall.plan import Rect
from lineside.console.widgets.charts.scores import WITNESSES

WIDE, TWO = 150, 56
"""From so many columns on three columns of panes stand side by side, or two."""

TALL = 20
"""From so many rows for its panes on a screen has room for all of them."""

_BESIDE = 100
"""From so many columns on a heat map has room beside it for what its cell holds."""

_MANY = 8
"""So many windows take half of a wide screen."""

_LOW = 14
"""With fewer rows the sentence about the endpoint has to do for its alerts."""

GAP = 1
TABLES = ("endpoints", "verdict", "alerts")
PANES = (
    "latency", "sheet", "distribution", "traffic", "worst", "episode", "confusion", "history",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How many rows there are of each, headings not counted; 0: nothing, and it has no place."""

    endpoints: int
    alerts: int
    scrapes: int = 0
    watched: bool = False
    features: int = 0  # columns of the sheet
    worst: int = 0  # predictions that are kept
    pictured: bool = False  # they are pictures
    classes: int = 0
    windows: int = 0  # those that have histograms
    episode: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """One pane of a column: rows it needs at least, rows it can use, and its share of what is left."""

    name: str
    least: int
    wants: int
    grows: int = 0


def plan(
    width: int, height: int, want: Wanted, *, focus: str = "", zoomed: str = ""
) -> Mapping[str, Rect]:  # fmt: skip
    """The place of every part that has one; none overlap, and all lie inside the room.

    Args:
        focus: the part that has the keys; on a low screen its kin takes the place of latency.
        zoomed: the one part that is looked at alone, with what the cursor in it leads to.
    """
    if zoomed:
        return _alone(width, height, want, zoomed)
    out, top = _tables(width, height, want)
    room = Rect(0, top, width, height - top)
    return out | _side_by_side(_columns(width, room.height, want, focus), room)


def _alone(width: int, height: int, want: Wanted, zoomed: str) -> Mapping[str, Rect]:
    """The zoomed part; a table keeps the rows it has, and what its row is about gets the others."""
    parts, room = _parts(want, height), Rect(0, 0, width, height)
    if zoomed == "heat" and width >= _BESIDE:
        told = [part for name in ("distribution", "history", "worst") for part in parts[name]]
        shares = (2, 3) if want.windows < _MANY else (1, 1)
        return _side_by_side(list(zip(([Part("heat", 1, height)], told), shares, strict=True)), room)
    if zoomed in ("distribution", "worst"):
        large, sheet = [Part(zoomed, 5, height, 1)], parts["sheet"]
        if width >= _BESIDE:
            return _side_by_side([([*sheet, *parts["history"]], 2), (large, 3)], room)
        low = [replace(part, wants=max(part.least, height // 2)) for part in sheet]
        fits = sum(part.least for part in [*low, *large]) <= height
        return _side_by_side([([*low, *large] if fits else large, 1)], room)
    rows = {
        "endpoints": 1 + want.endpoints,
        "alerts": want.alerts,
        "heat": want.features and 3 + want.features,
    }
    about = {
        "endpoints": ("latency", "traffic"), "alerts": ("episode",), "heat": ("distribution", "history"),
    }  # fmt: skip
    if zoomed not in rows or not rows[zoomed]:
        return {zoomed: room}
    table = min(height, rows[zoomed])
    below = [replace(part, grows=2) for name in about[zoomed] for part in parts[name] if part.least > 2]
    return _side_by_side([([Part(zoomed, table, table), *below], 1)], room)


def _side_by_side(columns: Sequence[tuple[Sequence["Part"], int]], room: Rect) -> dict[str, Rect]:
    """The parts of each column, in columns as wide as their shares."""
    out: dict[str, Rect] = {}
    filled = [(parts, share) for parts, share in columns if parts]
    x, every = 0, sum(share for _, share in filled)
    for place, (parts, share) in enumerate(filled):
        last = place == len(filled) - 1
        wide = room.width - x if last else (room.width - GAP * (len(filled) - 1)) * share // every
        out |= {name: Rect(x, room.y + y, wide, high) for name, y, high in stacked(parts, room.height)}
        x += wide + GAP
    return out


def _tables(width: int, height: int, want: Wanted) -> tuple[dict[str, Rect], int]:
    """Endpoints, the sentence about the chosen one, alerts: as high as their rows, up to their share."""
    out: dict[str, Rect] = {}
    top = 0
    if want.endpoints:
        high = 1 + min(want.endpoints, max(3, height // 4))
        out["endpoints"] = Rect(0, 0, width, high)
        out["verdict"] = Rect(0, high, width, 1)
        top = high + 1
    most = (height // 9 if height >= _LOW else 0) if want.endpoints else height // 3
    if want.alerts and most:
        high = min(want.alerts, max(most, 3 if height - top >= 17 else 1))
        out["alerts"] = Rect(0, top, width, high)
        top += high
    return out, top


def _columns(width: int, room: int, want: Wanted, focus: str) -> list[tuple[list[Part], int]]:
    """The panes of each column from top to bottom, with the column's share of the width."""
    p = _parts(want, room)
    if width < TWO:
        return [(p["sheet"] + p["latency"], 1)]
    if width >= WIDE and room >= TALL:
        columns = [
            ("latency", "traffic", "episode"),
            ("sheet", "history"),
            ("distribution", "worst", "confusion"),
        ]
        shares: tuple[int, ...] = (1, 1, 1)
    elif room >= TALL:
        columns = [
            ("latency", "distribution", "episode"),
            ("sheet", "worst", "confusion", "history", "traffic"),
        ]
        shares = (1, 1)
    elif focus == "alerts" and want.episode:
        columns, shares = [("episode",), ("sheet", "worst")], (1, 1)
    elif focus == "sheet" and want.worst:
        columns, shares = [("distribution", "worst"), ("sheet",)], (2, 3)
    else:
        columns, shares = [("latency", "distribution"), ("sheet", "worst", "traffic")], (2, 3)
    filled = [[part for name in names for part in p[name]] for names in columns]
    return list(zip(filled, shares, strict=True))


def _parts(want: Wanted, room: int) -> dict[str, list[Part]]:
    """Every pane that has something to show."""
    tall = room >= TALL
    seen = min(3, want.features)
    least = min(max(2, room), 1 + (WITNESSES + seen if want.features else 1))
    sheet = Part("sheet", least, 1 + WITNESSES + want.features)
    pictures = 6 if want.pictured else 1 + min(4, 1 + want.worst)
    worst = Part("worst", pictures, 12 if want.pictured else min(12, 2 + want.worst), 1)
    given = {
        "latency": (Part("latency", 4, 12, 2) if want.scrapes else Part("latency", 2, 2), True),
        "traffic": (Part("traffic", 5, 10, 1), want.scrapes),
        "sheet": (sheet if want.watched else Part("sheet", 2, 2), True),
        "distribution": (Part("distribution", 5, 10 if not tall else 12, 3), want.features),
        "worst": (worst, want.worst),
        "confusion": (Part("confusion", 2 + want.classes, 2 + want.classes), want.classes),
        "history": (Part("history", 6, 8, 4), want.features and want.windows > 1),
        "episode": (Part("episode", min(9, want.episode), want.episode), want.episode),
    }
    return {name: [part] if shown else [] for name, (part, shown) in given.items()}


def stacked(parts: Sequence[Part], height: int) -> list[tuple[str, int, int]]:
    """(name, first row, rows) from top to bottom: what does not fit is left out, from the last one on.

    >>> stacked([Part("a", 3, 5), Part("b", 3, 4, 1), Part("c", 9, 9)], 12)
    [('a', 0, 5), ('b', 5, 7)]
    """
    kept: list[Part] = []
    for part in parts:
        if sum(p.least for p in kept) + part.least <= height:
            kept.append(part)
    if not kept:
        return [(parts[0].name, 0, height)] if parts and height >= 2 else []
    spare = height - sum(p.least for p in kept)
    rows = {p.name: p.least for p in kept}
    for part in kept:
        more = min(spare, max(0, part.wants - part.least))
        rows[part.name] += more
        spare -= more
    return _grown(kept, rows, spare)


def _grown(kept: Sequence[Part], rows: Mapping[str, int], spare: int) -> list[tuple[str, int, int]]:
    """What is left goes to those that grow, by their shares; to the last one where none does."""
    shares = [p.grows for p in kept]
    if not any(shares):
        shares[-1] = 1
    out, y, left = [], 0, sum(shares)
    for part, share in zip(kept, shares, strict=True):
        more = spare * share // left if left else 0
        spare, left = spare - more, left - share
        high = rows[part.name] + more
        out.append((part.name, y, high))
        y += high
    return out
