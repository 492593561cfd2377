"""One column in full: both its shapes, its quantiles, its past; and the version it belongs to."""

import re
from collections.abc import Sequence
from shlex import quote

from lineside.console.format import NONE, bar, clock, count, glyph, number, plural
from lineside.console.reads.changes import Change, pair
from lineside.console.reads.datasets import Chosen, Tie, View
from lineside.console.text import Line, Span, clip, fit, heading, safe, width_of
from lineside.console.views.data import checks
from lineside.console.views.data.data import STILL, far, origin, role, text_of
from lineside.console.views.grid import grid, wrapped
from lineside.console.widgets.charts import histogram, sparkline
from lineside.console.widgets.images import digit
from lineside.console.widgets.tables.rows import Cell, Column
from lineside.store.clock import Micros
from lineside.store.queries.datasets import ColumnProfile, VersionRow

_PIXEL = re.compile(r".*?(\d+)_(\d+)")
_TALL = 18
"""From so many rows on the card has a section for everything."""

_VAST = 70
"""From so many rows on pictures are drawn larger."""


def card(view: View, change: Change | None, now: Micros, width: int, height: int) -> list[Line]:
    """One column, and below it what is to be said of its version; short or long, as there is room."""
    chosen = view.chosen
    if chosen is None:
        return []
    if change is None or not chosen.measured:
        lines = [*_unmeasured(chosen, width), [], *_ties(chosen, width)]
    else:
        tall = height >= _TALL
        lines = _long(chosen, change, now, width, height) if tall else _short(chosen, change, width, height)
    return [clip(line, width) for line in lines[:height]]


def _unmeasured(chosen: Chosen, width: int) -> list[Line]:
    """That nothing is known of the columns' values, and what measures them."""
    version = chosen.version
    command = f"lineside data add {quote(version.name)} FILE"
    return [
        heading(f"{safe(version.label).upper()} IS NOT MEASURED", width, style="bold warn"),
        [(" no shape, no quantile, nothing to compare: it came without a profile", "")],
        [(" measured is what this adds: ", "dim"), (safe(command), "key"), (" or ", "dim"), (". n", "key")],
    ]


def _short(chosen: Chosen, change: Change, width: int, height: int) -> list[Line]:
    head = _head(chosen, change, width)
    return [head, *picture(chosen, change, width, height - 3), checks.brief(chosen), _lives(chosen)]


def _long(chosen: Chosen, change: Change, now: Micros, width: int, height: int) -> list[Line]:
    """Sections in the order of their weight, each where it still fits whole."""
    high = min(28, height - _VAST + 22) if height >= _VAST else min(14, height - 30)
    out = [_head(chosen, change, width), *picture(chosen, change, width, max(7, high))]
    sections = (
        _figures(chosen, change, width), checks.lines(chosen, width), _ties(chosen, width),
        _past(chosen, change, now, width), portrait(chosen, width, 13 if height >= _VAST else 6),
    )  # fmt: skip
    for section in sections:
        if section and len(out) + 1 + len(section) <= height:
            out += [[], *section]
    return out


def _head(chosen: Chosen, change: Change, width: int) -> Line:
    column = change.profile
    what = change.fate if change.fate != "same" else role(change.name, chosen.version)[0]
    return heading(safe(change.name).upper(), width, right=f"{what}, {column.dtype}", style="bold accent")


def picture(chosen: Chosen, change: Change, width: int, height: int) -> list[Line]:
    """What moved in words, and both shapes over the same bins in `height` rows together."""
    told = not change.constant and bool(change.profile.counts or change.profile.top)
    words = [_moved(chosen, change)] if told else []
    return [*words, *bars(change, width, height - 1)]


def bars(change: Change, width: int, height: int) -> list[Line]:
    """Both shapes over the same bins; of moments the first and the last, of one value that value."""
    column, room = change.profile, max(3, height)
    if change.constant:
        said = f"  always {text_of(column.min)}, in all {count(column.rows)} rows"
        return [[(said, "dim")]]
    if column.top and not column.counts:
        return _words(change, width, height)
    both = pair(change.before, change.now, bins=20) if change.before and change.now else None
    if both is not None:
        edges, old, new = both
        drawn = histogram.pair(old, new, edges=edges, width=width - 2, height=room)
    elif column.counts:
        total = sum(column.counts) or 1
        shares = [c / total for c in column.counts]
        drawn = histogram.single(shares, edges=column.edges, width=width - 2, height=room)
    elif isinstance(column.min, str) and isinstance(column.max, str):
        return [_span(column.min, column.max), [(f" {count(column.distinct)} different", "dim")]]
    else:
        return [[("  it has no value at all", "warn")]]
    return [[(" ", ""), *line] for line in drawn]


def _span(first: str, last: str) -> Line:
    """From the first moment to the last: `2024-09-10 00:00 ── 2026-09-04 02:00`."""
    begin, end = (safe(text.replace("T", " ")[:16]) for text in (first, last))
    return [(f" {begin} ", ""), ("──▸ ", "dim"), (end, "")]


def _moved(chosen: Chosen, change: Change) -> Line:
    """`░ @2  █ @3  values lie 0.31 σ elsewhere · mean 5.1 → 5.2, +0.1 σ`."""
    against = chosen.against
    if against is None or change.before is None or change.now is None:
        only = change.now is None and against is not None
        label = f"@{against.number}" if only and against else f"@{chosen.version.number}"
        mean = change.profile.mean
        return [(" █ ", "a"), (label, ""), (f"   mean {number(mean)}" if mean is not None else "", "dim")]
    out: list[Span] = [(f" {histogram.REFERENCE} ", "dim"), (f"@{against.number}  ", "dim"),
                       (f"{histogram.LIVE} ", "a"), (f"@{chosen.version.number}   ", "")]  # fmt: skip
    if change.distance is not None:
        tone = "bold drift" if change.moved else "dim"
        numbers = bool(change.profile.counts)
        word = "values lie {} elsewhere" if numbers else "{} of the rows are other words"
        said = "values lie where they did" if numbers else "the same words as often"
        if change.distance >= STILL:
            said = word.format(far(change)) + ("" if change.moved else ", by chance")
        out.append((said, tone))
    if change.sigmas is not None:
        old, new = number(change.before.mean), number(change.now.mean)
        out.append((f" · mean {old} → {new}, {change.sigmas:+.1f} σ", "dim"))
    return out


def _words(change: Change, width: int, height: int) -> list[Line]:
    """The commonest values as bars, what they were before in front of what they are."""
    column = change.profile
    old = dict(change.before.top) if change.before and change.now else {}
    was = max(1, change.before.rows) if change.before else 1
    most = max((n for _, n in column.top), default=1) / max(1, column.rows)
    wide = min(24, max((width_of(safe(value)) for value, _ in column.top), default=0))
    room = max(4, min(60, width - wide - 24))
    rows: list[Line] = []
    for value, n in column.top[: max(1, height)]:
        share = n / max(1, column.rows)
        then = f"  was {old[value] / was:.1%}" if value in old else "  new" if old else ""
        rows.append([(" " + fit(safe(value), wide) + "  ", ""), (bar(share / most, room), "a"),
                     (f" {share:6.1%}", ""), (then, "warn" if then == "  new" else "dim")])  # fmt: skip
    return rows


_FIGURES = (
    Column(key="what", title=""), Column(key="now", title="", align=">", min=9),
    Column(key="before", title="", align=">", min=9), Column(key="by", title="", align=">", min=9),
)  # fmt: skip


def _figures(chosen: Chosen, change: Change, width: int) -> list[Line]:
    """Quantiles and counts in two blocks beside each other, before beside now."""
    now, old = change.now, change.before if change.now else None
    column = change.profile
    rows: list[Sequence[Cell]] = [_row("rows", column.rows, old.rows if old else None)]
    for name, key in (
        ("missing", "nulls"),
        ("NaN", "nans"),
        ("infinite", "infinite"),
        ("distinct", "distinct"),
    ):
        value, was = getattr(column, key), getattr(old, key) if old else None
        if value or was or key in ("nulls", "distinct"):
            rows.append(_row(name, value, was))
    numbers: list[Sequence[Cell]] = []
    if column.quantiles:
        names = {"0.01": "1 %", "0.05": "5 %", "0.25": "25 %", "0.5": "median", "0.75": "75 %",
                 "0.95": "95 %", "0.99": "99 %"}  # fmt: skip
        numbers = [_row("min", _num(column.min), _num(old.min) if old else None)]
        numbers += [
            _row(word, column.quantiles[q], old.quantiles.get(q) if old else None)
            for q, word in names.items()
            if q in column.quantiles
        ]
        numbers.append(_row("max", _num(column.max), _num(old.max) if old else None))
        rows += [
            _row("mean", column.mean, old.mean if old else None),
            _row("std", column.std, old.std if old else None),
        ]
    label = chosen.version if now else chosen.against
    titles: list[Cell] = [("", ""), (f"@{label.number}" if label else "", "bold"),
                          (f"@{chosen.against.number}" if old and chosen.against else "", "dim"),
                          ("by" if old else "", "dim")]  # fmt: skip
    half = min(56, (width - 2) // 2)
    left = grid(_FIGURES, [titles, *rows], half)
    right = grid(_FIGURES, [titles, *numbers], half) if numbers else []
    lines: list[Line] = [heading("FIGURES", width)]
    for i in range(max(len(left), len(right))):
        here = list(left[i]) if i < len(left) else []
        pad = half - sum(width_of(text) for text, _ in here)
        lines.append([*here, (" " * max(1, pad), ""), *(right[i] if i < len(right) else [])])
    return lines


def _num(value: float | str | None) -> float | None:
    return value if isinstance(value, int | float) else None


def _row(name: str, now: float | None, old: float | None) -> Sequence[Cell]:
    by = now - old if now is not None and old is not None else None
    said: Cell = (
        ("", "")
        if by is None
        else ("same", "dim")
        if by == 0
        else (f"{'+' if by > 0 else ''}{number(by)}", "")
    )
    return (name, "dim"), number(now), (number(old) if old is not None else "", "dim"), said


_PAST = (
    Column(key="version", title=""), Column(key="rows", title="", align=">"),
    Column(key="missing", title="", align=">"), Column(key="mean", title="", align=">"),
    Column(key="shape", title="", min=20), Column(key="at", title="", priority=6),
)  # fmt: skip


def _past(chosen: Chosen, change: Change, now: Micros, width: int) -> list[Line]:
    """The column through the versions: rows, what was missing, mean and shape."""
    titles: Sequence[Cell] = [(t, "dim") for t in ("", "rows", "missing", "mean", "shape", "added")]
    rows = [_then(version, profile, change.name, now) for version, profile in chosen.past]
    head = heading("OVER THE VERSIONS", width, right=plural(len(rows), "version"))
    return [head, *grid(_PAST, [titles, *rows], width)]


def _then(version: VersionRow, profile: Sequence[ColumnProfile], name: str, now: Micros) -> Sequence[Cell]:
    column = next((c for c in profile if c.name == name), None)
    label = safe(version.label)
    if column is None:
        return (
            label,
            count(version.rows),
            ("not there", "warn"),
            "",
            "",
            (clock(version.created_us, now=now), "dim"),
        )
    empty = column.nulls + column.nans + column.infinite
    share: Cell = (f"{empty / max(1, column.rows):.1%}", "warn") if empty else (NONE, "dim")
    if column.counts:
        shape = sparkline.text([float(c) for c in column.counts], width=20, low=0.0)
    else:
        shape = " ".join(f"{safe(v)} {n / max(1, column.rows):.0%}" for v, n in column.top[:3])
    return (label, count(version.rows), share, number(column.mean), (shape, "a"),
            (clock(version.created_us, now=now), "dim"))  # fmt: skip


# -- the version -----------------------------------------------------------------------------------


def _lives(chosen: Chosen) -> Line:
    """Where the version came from, and what came of it, in one line."""
    led = [t.row.label.removeprefix("data:") for t in chosen.led_to]
    more = f" +{len(led) - 2}" if len(led) > 2 else ""
    out: list[Span] = [(" led to ", "dim"), (safe(", ".join(led[-2:])) + more if led else "nothing yet", "")]
    return [*out, ("  made from ", "dim"), (safe(origin(chosen.version)), "")]


_SAID = {"trained": "learned from it", "grew": "grew from it", "joined": "was joined to it"}


def _ties(chosen: Chosen, width: int) -> list[Line]:
    """Made from what, in which splits, and who learned from it."""
    version = chosen.version
    files = "  ".join(f"{safe(f.split)} {f.rows:,}" for f in chosen.files)
    path = version.origin.get("path")
    made = str(path) if path else origin(version)
    lines: list[Line] = [
        heading(f"VERSION {safe(version.label).upper()}", width, right="g l draws its lineage"),
        *_said("made from", made, width),
        [(" splits     ", "dim"), (files, ""), ("   digest ", "dim"), (version.digest[:12], "dim")],
    ]
    lines += _led(chosen.led_to, width)
    return lines


def _said(name: str, words: str, width: int) -> list[Line]:
    first, *rest = wrapped(words, width - 12, "") or [[("", "")]]
    return [[(fit(f" {name}", 12), "dim"), (safe(first[0][0].strip()), "")],
            *([(" " * 12 + safe(line[0][0].strip()), "")] for line in rest)]  # fmt: skip


def _led(ties: Sequence[Tie], width: int) -> list[Line]:
    if not ties:
        return [[(" led to     ", "dim"), ("nothing yet", "dim")]]
    lines: list[Line] = []
    for i, tie in enumerate(ties[-4:]):
        mark, style = glyph(tie.row.state)
        state = "" if tie.row.kind == "dataset_version" else f"  {tie.row.state}"
        lines.append([
            (" led to     " if not i else " " * 12, "dim"), (f"{mark} ", style if state else "dim"),
            (safe(tie.row.label.removeprefix("data:")), ""),
            (f"  {_SAID.get(tie.relation, tie.relation)}", "dim"), (state, style),
        ])  # fmt: skip
    if len(ties) > 4:
        lines.append([(" " * 12 + f"and {len(ties) - 4} before", "dim")])
    return lines


# -- pictures --------------------------------------------------------------------------------------


def portrait(chosen: Chosen, width: int, height: int) -> list[Line]:
    """Where the columns are pixels: the mean row as a picture, and where it moved since then."""
    now = _pixels(chosen.profile) if chosen.measured else []
    if not now or height < 5:
        return []
    times = max(1, min(3, (height - 1) * 2 // len(now), (width - 3) // (2 * len(now[0]))))
    pictures = [_image(now, "mean row", times)]
    old = _pixels(chosen.before)
    if old and len(old) == len(now):
        moved = [[abs(a - b) for a, b in zip(r, s, strict=True)] for r, s in zip(now, old, strict=True)]
        pictures.append(_image(moved, "moved", times))
    return [[(" ", ""), *line] for line in digit.gallery(pictures, width=width - 1, height=height)]


def _pixels(profile: Sequence[ColumnProfile]) -> list[list[float]]:
    """Means by row and column of the picture; empty where the columns make none."""
    found = {(int(m[1]), int(m[2])): c.mean or 0.0 for c in profile if (m := _PIXEL.fullmatch(c.name))}
    if not found or len(found) < 9:
        return []
    high, wide = 1 + max(r for r, _ in found), 1 + max(c for _, c in found)
    whole = high * wide == len(found)
    return [[found.get((r, c), 0.0) for c in range(wide)] for r in range(high)] if whole else []


def _image(rows: list[list[float]], caption: str, times: int) -> digit.Picture:
    """The rows as a picture, every pixel so many times as wide and high."""
    pixels = [value for row in rows for _ in range(times) for value in row for _ in range(times)]
    return digit.Picture(
        pixels=pixels, columns=len(rows[0]) * times, full=max(pixels) or 1.0, caption=(caption, "dim")
    )
