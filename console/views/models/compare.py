"""Two model versions side by side: only what differs, in the order in which one asks."""

from collections.abc import Iterable, Sequence
from itertools import takewhile

from lineside.console.format import count, number, plural
from lineside.console.reads.packages import package_of
from lineside.console.reads.registry import Pair
from lineside.console.text import Line, clip, heading, safe
from lineside.console.views.grid import capped, grid
from lineside.console.views.models.card import judges
from lineside.console.widgets.tables.rows import Cell, Column
from lineside.store.queries.bests import better_side

_KINDS = ("metric", "data", "param", "context", "artifact", "tag")
_TITLES = {"metric": "METRICS", "data": "DATA", "param": "PARAMS", "context": "CODE AND MACHINE",
           "artifact": "FILES", "tag": "TAGS"}  # fmt: skip


def compared(pair: Pair, width: int, height: int) -> list[Line]:
    """Hold-outs and signature, then what differs between the runs that made them."""
    old, new = pair.old, pair.new
    head = heading(
        f"{safe(old.label).upper()} AGAINST {safe(new.label).upper()}", width,
        right=f"{plural(len(pair.runs.rows), 'difference')}, {pair.runs.same} the same · esc ends",
        style="bold accent",
    )  # fmt: skip
    room = max(12, (width - 40) // 2)
    columns = (
        Column(key="key", title="", max=28, min=14),
        Column(key="old", title="", max=room, min=10),
        Column(key="new", title="", max=room, min=10),
        Column(key="by", title=""),
    )
    names: Sequence[Cell] = ("", (f"v{old.number}", "bold"), (f"v{new.number}", "bold"), "")
    rows: list[Sequence[Cell]] = [names, *_packages(pair)]
    for kind in _KINDS:
        found = [row for row in pair.runs.rows if row.kind == kind and not _said(kind, row.key)]
        if found:
            rows.append(((_TITLES[kind], "head"), "", "", ""))
            rows += [_difference(row.key, *_apart(row.values[0], row.values[1], room), kind) for row in found]
    lines = [head, *grid(columns, rows, width)]
    return [clip(line, width) for line in capped(lines, height, more="more: y y copies the command for all")]


def _said(kind: str, key: str) -> bool:
    """The hold-out stands on top already."""
    return kind == "metric" and key.startswith("holdout")


def _apart(was: str | None, now: str | None, room: int) -> tuple[str | None, str | None]:
    """Both values from shortly before the place where they part, where they are too long to be shown."""
    if was is None or now is None or max(len(was), len(now)) <= room:
        return was, now
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(was, now, strict=False)))
    start = max(0, same - 8)
    return ("…" + was[start:], "…" + now[start:]) if start else (was, now)


def _packages(pair: Pair) -> list[Sequence[Cell]]:
    """What the packages say: hold-out, rows, framework, signature."""
    a, b = package_of(pair.old), package_of(pair.new)
    rows: list[Sequence[Cell]] = [_numbers(f"hold-out {b.metric or a.metric}", a.value, b.value, b.metric)]
    if a.low is not None or b.low is not None:
        rows.append((("  interval", "dim"), _interval(a.low, a.high), _interval(b.low, b.high), ""))
    rows.append(
        (("learned from", "dim"), f"{count(a.trained_rows)} rows", f"{count(b.trained_rows)} rows", "")
    )
    for name, was, now in (
        ("framework", a.framework, b.framework), ("task", a.task, b.task), ("target", a.target, b.target),
    ):  # fmt: skip
        if was != now:
            rows.append(_difference(name, was, now, "param"))
    return [*rows, *_signatures(a.features.keys(), b.features.keys())]


def _signatures(was: Iterable[str], now: Iterable[str]) -> list[Sequence[Cell]]:
    old, new = set(was), set(now)
    if old == new:
        return [(("signature", "dim"), (f"{len(new)} features", "dim"), ("the same", "dim"), "")]
    gone, more = sorted(old - new), sorted(new - old)
    return [(("signature", "dim"), (safe(", ".join(gone)) or "", "bad"), (safe(", ".join(more)) or "", "ok"),
             f"{len(gone)} gone, {len(more)} new")]  # fmt: skip


def _interval(low: float | None, high: float | None) -> Cell:
    return (f"[{number(low, digits=3)}, {number(high, digits=3)}]", "dim") if low is not None else ""


def _numbers(name: str, was: float | None, now: float | None, metric: str) -> Sequence[Cell]:
    if was is None or now is None or was == now:
        return (name, "dim"), number(was), number(now), ""
    better = (now > was) == (better_side(metric) == "max")
    word, style = (("better", "ok") if better else ("worse", "warn")) if judges(metric) else ("", "dim")
    return (name, "dim"), number(was), (number(now), "bold"), (f"{now - was:+.3g} {word}", style)


def _difference(key: str, was: str | None, now: str | None, kind: str) -> Sequence[Cell]:
    if kind == "metric" and was is not None and now is not None:
        try:
            return _numbers(safe(key), float(was), float(now), key)
        except ValueError:
            pass
    return (safe(key), "dim"), _value(was), _value(now, "bold"), ""


def _value(text: str | None, style: str = "") -> Cell:
    return ("not there", "dim") if text is None else (safe(text), style)
