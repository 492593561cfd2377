"""A model through time: what each version achieved, and who held which alias when."""

from collections.abc import Callable, Sequence

from lineside.console.format import clock, number
from lineside.console.reads.packages import package_of
from lineside.console.reads.registry import View
from lineside.console.text import Line, Span, clip, fit, heading, safe, width_of
from lineside.console.widgets.charts.canvas import Canvas
from lineside.store.clock import Micros
from lineside.store.queries.aliases import AliasRow
from lineside.store.queries.models import VersionRow
from lineside.store.queries.windows import WindowRow


def side(view: View, chosen: VersionRow, now: Micros, width: int, height: int) -> list[Line]:
    """Alias history as strips, then every version on one scale: what stands under the tables."""
    lines = strips(view.holders, now, width)
    room = height - len(lines) - 4
    if room >= 2:
        lines += [[], *scale(view, chosen, width, min(room, 12))]
    room = height - len(lines) - 1
    if room >= 4:
        lines += [[], *served(view, chosen, now, width, room)]
    return [clip(line, width) for line in lines[:height]]


def scale(view: View, chosen: VersionRow, width: int, room: int) -> list[Line]:
    """Hold-outs with their intervals and what each version then achieved, the chosen one among them."""
    siblings = [v for v in view.versions if v.model_id == chosen.model_id]
    at = next((i for i, v in enumerate(siblings) if v.id == chosen.id), 0)
    first = max(0, min(at - room // 2, len(siblings) - room))
    metric = safe(package_of(chosen).metric) or "hold-out"
    head = heading(f"{metric.upper()} OF EACH VERSION", width, right="hold-out ├─●─┤  served ○")
    return [head, *whiskers(siblings[first : first + max(1, room)], view, chosen, width)]


def whiskers(versions: Sequence[VersionRow], view: View, chosen: VersionRow, width: int) -> list[Line]:
    """One row for each version on a common scale."""
    spans = [
        (_interval(v), [w.value for w in view.lived.get(v.id, ()) if w.value is not None]) for v in versions
    ]
    values = [x for (interval, lived) in spans for x in (*interval, *lived) if x is not None]
    if not values:
        return [[("  no hold-out was measured", "dim")]]
    low, high = min(values), max(values)
    name = max(width_of(f"v{v.number}") for v in versions) + 2
    plot = max(10, min(_WIDEST, width - name - 34))
    rows = []
    for version, (interval, lived) in zip(versions, spans, strict=True):
        canvas = Canvas(plot, 1)
        at = _scale(low, high, plot)
        _whisker(canvas, interval, at)
        for value in lived:
            canvas.put(at(value), 0, "◉" if canvas.at(at(value), 0)[0] == "●" else "○", "bold drift")
        rows.append(_whisker_row(version, canvas, interval, version.id == chosen.id, name))
    return [
        *rows,
        [
            (
                " " * name + fit(number(low, digits=3), plot - 6) + fit(number(high, digits=3), 6, align=">"),
                "dim",
            )
        ],
    ]


def _whisker_row(
    version: VersionRow, canvas: Canvas, interval: tuple[float | None, ...], here: bool, name: int
) -> Line:
    low, value, high = interval
    said = number(value, digits=3)
    said += f" [{number(low, digits=3)}, {number(high, digits=3)}]" if low is not None else ""
    label = fit(f" v{version.number}", name)
    holds = "  " + " ".join(safe(a) for a in version.aliases)
    return [(label, "bold accent" if here else ""), *canvas.lines()[0], (f" {said}", "" if here else "dim"),
            (holds, "ok")]  # fmt: skip


def _interval(version: VersionRow) -> tuple[float | None, float | None, float | None]:
    """Low, value, high of the hold-out."""
    package = package_of(version)
    return package.low, package.value, package.high


def _scale(low: float, high: float, plot: int) -> Callable[[float], int]:
    span = high - low or 1.0
    return lambda value: round((value - low) / span * (plot - 1))


def _whisker(canvas: Canvas, interval: tuple[float | None, ...], at: Callable[[float], int]) -> None:
    low, value, high = interval
    if low is not None and high is not None:
        a, b = at(low), at(high)
        _bar(canvas, a, b, "a")
    if value is not None:
        canvas.put(at(value), 0, "●", "bold a")


def strips(holders: Sequence[AliasRow], now: Micros, width: int) -> list[Line]:
    """Each alias as a strip from its first holder to now: `├ v1 ──┤├ v2 ─────────▸`, times below."""
    lines: list[Line] = []
    for alias in dict.fromkeys(h.alias for h in holders):
        times = [h for h in reversed(holders) if h.alias == alias]
        last = times[-1]
        said = (
            f"v{last.number} since {clock(last.from_us, now=now)}"
            if last.to_us is None
            else "nobody holds it"
        )
        lines += [
            heading(f"WHO HELD {safe(alias).upper()}", width, right=said),
            *_strip(times, now, width - 2),
        ]
    return lines


def served(view: View, chosen: VersionRow, now: Micros, width: int, room: int) -> list[Line]:
    """Window by window what the model achieved where it serves, newest first, and which version served it."""
    mine = {v.id: v for v in view.versions if v.model_id == chosen.model_id}
    found = [(w, mine[id]) for id, rows in view.lived.items() if id in mine for w in rows]
    found.sort(key=lambda pair: pair[0].end_us, reverse=True)
    found = found[: room - 2]
    values = [x for w, _ in found for x in (w.low, w.value, w.high, w.baseline) if x is not None]
    if not values:
        return []
    low, high = min(values), max(values)
    plot = max(10, min(_WIDEST, width - 46))
    at = _scale(low, high, plot)
    head = heading("AS SERVED, WINDOW BY WINDOW", width, right="├─○─┤ with labels  ┊ hold-out")
    return [head, *(_window(w, v, at, plot, now, v.id == chosen.id) for w, v in found)]


def _window(
    window: WindowRow, version: VersionRow, at: Callable[[float], int], plot: int, now: Micros, here: bool
) -> Line:
    canvas = Canvas(plot, 1)
    if window.low is not None and window.high is not None:
        a, b = at(window.low), at(window.high)
        _bar(canvas, a, b, "drift" if here else "dim")
    if window.baseline is not None:
        canvas.put(at(window.baseline), 0, "┊", "bold")
    assert window.value is not None
    below = window.baseline is not None and window.high is not None and window.high < window.baseline
    canvas.put(at(window.value), 0, "○", "bold bad" if below else "bold drift")
    name = fit(f" v{version.number} ", 5) + fit(f"window {window.number}", 10)
    said = f" {number(window.value, digits=3)}  {window.labelled:,} labelled"
    return [(name, "bold" if here else "dim"), *canvas.lines()[0], (said, "bad" if below else ""),
            (f"  {clock(window.end_us, now=now)}", "dim")]  # fmt: skip


def _bar(canvas: Canvas, a: int, b: int, style: str) -> None:
    """`├───┤` from one column to another."""
    for x in range(a, b + 1):
        canvas.paint(x, 0, "├" if x == a else "┤" if x == b else "─", style)


_MOST, _WIDEST = 12, 120
"""Holders in a strip, and cells of a scale, at most."""


def _strip(times: Sequence[AliasRow], now: Micros, width: int) -> list[Line]:
    """As wide as they lasted, though each at least as wide as its name."""
    times = times[-_MOST:]
    words = [f" v{h.number} " for h in times]
    spare = max(0, width - sum(map(len, words)) - len(words))
    lasted = [max(1, (h.to_us or max(now, h.from_us)) - h.from_us) for h in times]
    whole = sum(lasted)
    bars: list[Span] = [(" ", "")]
    below: list[Span] = [(" ", "")]
    for held, word, long in zip(times, words, lasted, strict=True):
        room = len(word) + int(spare * long / whole)
        now_ = held.to_us is None
        bars.append(
            ("├" + word + "─" * (room - len(word) - 1) + ("▸" if now_ else "┤"), "bold ok" if now_ else "a")
        )
        below.append((fit(clock(held.from_us, now=now), room + 1) if room >= 9 else " " * (room + 1), "dim"))
    return [bars, below]


def history(holders: Sequence[AliasRow], now: Micros) -> list[Line]:
    """`champion  v1 09:03 → v2 09:10`, one line for each alias, the newest at the right."""
    lines: list[Line] = []
    for alias in dict.fromkeys(h.alias for h in holders):
        line: list[Span] = [(f" {safe(alias)}", "bold ok")]
        times = [h for h in reversed(holders) if h.alias == alias][-6:]
        for place, held in enumerate(times):
            last = place == len(times) - 1
            line.append((" → " if place else "  ", "dim"))
            line.append((f"v{held.number}", "bold" if last else ""))
            line.append((f" {clock(held.from_us, now=now)}", "dim"))
        lines.append(line)
    return lines
