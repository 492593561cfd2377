"""What the SQL area draws besides its table: where to start, an error in its place, one row as a record."""

import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lineside.console.overlays.choosing import LETTERS
from lineside.console.querying.colours import coloured
from lineside.console.querying.words import trouble
from lineside.console.text import Line, Span, beside, clip, fit, heading, safe, width_of
from lineside.console.views.grid import capped, padded, wrapped
from lineside.console.views.sql.chart import NUMBERS
from lineside.console.widgets.tables.rows import Cell, Column

EXAMPLES: Sequence[tuple[str, str]] = (
    (
        "runs by the last value of a metric",
        "select r.id, r.name, r.author, m.metric, m.last, m.min, m.max\n"
        "  from runs r join metrics m on m.run_id = r.id\n"
        "  where r.status = 'FINISHED' and m.metric = (\n"
        "    select metric from metrics group by metric\n"
        "    order by metric like 'val%' desc, count(*) desc, metric limit 1)\n"
        "  order by m.last",
    ),
    (
        "what fails, and why",
        "select cause, detail, count(*) as runs from runs where status = 'FAILED' group by all "
        "order by runs desc",
    ),
    (
        "accuracy by window",
        "select number, value, low, high, baseline, domain_auc, columns_fired,\n"
        "  labelled, monitor, version\n"
        "  from windows where value is not null order by number",
    ),
    (
        "the most drifted columns",
        "select feature, max(value) as worst, count(*) as windows, min(number) as since from scores\n"
        "  where fired group by all order by worst desc limit 50",
    ),
    (
        "who decided what",
        "select done_at, acting_as, name, verb, subject_id, detail from audit\n"
        "  where verb like 'promotions.%' order by seq desc limit 50",
    ),
    (
        "how busy the box was",
        "select name, sum(seconds) as seconds, count(*) as jobs from jobs group by all order by seconds desc",
    ),
    (
        "what a parameter does to a metric",
        "select p.num as x, m.last, p.key, m.metric, r.id, r.name\n"
        "  from params p join runs r on r.id = p.run_id\n"
        "  join metrics m on m.run_id = p.run_id\n"
        "  where p.key = (select key from params where num is not null\n"
        "    group by key order by count(distinct num) desc, key limit 1)\n"
        "  and m.metric = (select metric from metrics group by metric\n"
        "    order by metric like 'val%' desc, count(*) desc, metric limit 1)\n"
        "  order by x",
    ),
    (
        "one metric over its steps, a line for each run",
        "select step, value, run_id from points\n"
        "  where metric = (select metric from metrics order by count desc limit 1)\n"
        "    and run_id in (select id from runs order by id desc limit 6) order by step",
    ),
)

NULL, EMPTY = "NULL", "''"
_SHORT = {"BIGINT": "int", "DOUBLE": "float", "VARCHAR": "text", "TIMESTAMP": "time", "BOOLEAN": "bool"}
_WIDE, _TWO, _TALL = 150, 100, 36
"""From so many columns on the start page has room for types, or stands in two blocks; rows for queries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What there is to begin with."""

    views: Mapping[str, Mapping[str, str]]  # view → column → type
    saved: Mapping[str, str]  # name → query
    folder: str  # where the saved ones lie


def columns(names: Sequence[str], types: Sequence[str]) -> list[Column]:
    """Numbers to the right; the first columns stay longest on a narrow screen."""
    return [
        Column(
            key=name, title=safe(name), align=">" if any(part in kind for part in NUMBERS) else "<",
            priority=1 + place, max=60, value=_of(place),
        )
        for place, (name, kind) in enumerate(zip(names, types, strict=True))
    ]  # fmt: skip


def _of(place: int) -> Callable[[Any], Any]:
    """What a row, which is its number and its values, sorts by."""
    return lambda row: row[1][place]


def cell(value: Any) -> Cell:
    """One value: no value, an empty text, NaN and the infinities are five different things."""
    if value is None:
        return NULL, "dim"
    if isinstance(value, float):
        bad = value != value or value in (float("inf"), float("-inf"))
        return "NaN" if value != value else _float(value), "bad" if bad else ""
    if isinstance(value, bool):
        return str(value).lower()
    return safe(str(value).replace("\n", "⏎")) if value != "" else (EMPTY, "dim")


def _float(value: float) -> str:
    """Six digits, or all of a large one that is whole.

    >>> _float(0.9968553459), _float(1234567.0)
    ('0.996855', '1234567')
    """
    return f"{value:.10g}" if value.is_integer() else f"{value:.6g}"


# -- where to start ----------------------------------------------------------------------------------


def start_lines(start: Start, width: int, height: int) -> list[Line]:
    """Views with their columns, saved queries, examples: side by side where there is room."""
    if width >= _WIDE:
        return _two(start, width, height, left=width * 11 // 20, queries=True)
    if width >= _TWO:
        return _two(start, width, height, left=width // 2, queries=height >= _TALL)
    own = _saved(start, width) if start.saved else []
    side = [*own, *_examples(width, queries=False, behind=len(start.saved))]
    return [*side, *_views(start, width, max(2, height - len(side)))][:height]


def _two(start: Start, width: int, height: int, *, left: int, queries: bool) -> list[Line]:
    right = width - left - 1
    side = [*_saved(start, right), [], *_examples(right, queries=queries, behind=len(start.saved))]
    views = padded(_views(start, left - 1, height), height)
    return beside(views, capped(side, height), widths=(left, right))


def _views(start: Start, width: int, height: int) -> list[Line]:
    """Every view and its columns; the types too where all of them fit."""
    head = heading("VIEWS YOU CAN ASK", width, right="e writes a query" if width >= 50 else "e")
    for typed in (True, False):
        body = [
            line for name, known in start.views.items() for line in _view(start, name, known, width, typed)
        ]
        if len(body) < height:
            return [head, *body]
    short = [_short_view(start, name, known, width) for name, known in start.views.items()]
    return [head, *capped(short, height - 1, more="views: e, then tab lists them")]


def _indent(start: Start) -> int:
    return max((len(name) for name in start.views), default=0) + 3


def _view(start: Start, name: str, known: Mapping[str, str], width: int, typed: bool) -> list[Line]:
    """The name, then its columns, wrapped under each other."""
    indent = _indent(start)
    rows: list[list[Span]] = [[]]
    used = 0
    for column, kind in known.items():
        type = " " + _SHORT.get(kind, kind.lower()) if typed else ""
        need = len(column) + len(type) + 2
        if used + need > width - indent and rows[-1]:
            rows.append([])
            used = 0
        rows[-1] += [(safe(column), ""), (type, "dim"), ("  ", "")]
        used += need
    lead: list[Line] = [[(" ", ""), (fit(name, indent - 1), "accent")]]
    return [[*(lead[0] if at == 0 else [(" " * indent, "")]), *row] for at, row in enumerate(rows)]


def _short_view(start: Start, name: str, known: Mapping[str, str], width: int) -> Line:
    return clip([(" ", ""), (fit(name, _indent(start) - 1), "accent"), (" ".join(known), "dim")], width)


def _saved(start: Start, width: int) -> list[Line]:
    lines: list[Line] = [heading("YOUR QUERIES", width, right="o picks one")]
    if not start.saved:
        return [
            *lines,
            [("  none yet: ", "dim"), (". s", "key"), (" keeps the query on screen under a name", "dim")],
        ]
    indent = min(28, max(map(width_of, start.saved), default=0))
    for letter, (name, query) in zip(LETTERS, start.saved.items(), strict=False):
        text = " ".join(query.split())
        lead: Line = [("  ", ""), (letter, "key"), ("  " + fit(safe(name), indent) + "  ", "accent")]
        lines.append(clip([*lead, *coloured(safe(text))], width))
    return lines


def _examples(width: int, *, queries: bool, behind: int) -> list[Line]:
    """Each with the letter that asks it, behind so many queries of the person's own."""
    lines: list[Line] = [heading("EXAMPLES", width, right="o and its letter asks it")]
    for place, (title, query) in enumerate(EXAMPLES):
        letter = LETTERS[behind + place] if behind + place < len(LETTERS) else " "
        lines.append([("  ", ""), (letter, "key"), (fit("  " + title, width - 4), "")])
        if queries:
            text = textwrap.wrap(" ".join(query.split()), max(20, width - 8))
            lines += [[("     ", ""), *coloured(part)] for part in text]
    return lines


# -- an answer that is none ----------------------------------------------------------------------------


def problem_lines(
    query: str, problem: str, hint: str, width: int, height: int, *, key: str = "e goes to the place"
) -> list[Line]:
    """What is wrong, the query with the place marked, and what may have been meant."""
    found = trouble(problem, query)
    lines: list[Line] = [heading("NOT UNDERSTOOD", width, style="head bad", right=key)]
    lines += wrapped(safe(found.says), width, "bad")
    if found.hint:
        lines += wrapped(safe(found.hint), width, "")
    lines.append([])
    for number, text in enumerate(query.split("\n")):
        shift = max(0, found.column - (width - 20)) if number == found.row else 0
        here = number == found.row
        lead = f" {number + 1:>3} "
        shown = ("…" if shift else "") + safe(text)[shift + bool(shift) :]
        lines.append(clip([(lead, "bad" if here else "dim"), *coloured(shown)], width))
        if here:
            lines.append([(" " * (len(lead) + found.column - shift), ""), ("▲", "bold bad")])
    return capped([*lines, [], *wrapped(safe(hint), width)], height)


def record_lines(
    names: Sequence[str], types: Sequence[str], row: Sequence[Any], width: int, height: int
) -> list[Line]:
    """One row, a column a line, with its type where there is room."""
    widest = max((width_of(name) for name in names), default=0)
    kinds = [_SHORT.get(kind, kind.lower()) for kind in types] if width >= _TWO // 2 else [""] * len(names)
    kind_width = min(12, max(map(len, kinds), default=0))
    lines: list[Line] = [heading("RECORD", width, right="↑↓ other rows · esc rows")]
    for name, kind, value in zip(names, kinds, row, strict=True):
        shown = cell(value)
        text, style = (shown, "") if isinstance(shown, str) else shown
        lead: list[Span] = [
            ("  ", ""),
            (fit(safe(name), widest), "accent"),
            (" " + fit(kind, kind_width), "dim"),
        ]
        room = max(8, width - widest - kind_width - 5)
        parts = [text[at : at + room] for at in range(0, len(text), room)] or [""]
        lines.append(clip([*lead, ("  " + parts[0], style)], width))
        lines += [[(" " * (widest + kind_width + 5), ""), (part, style)] for part in parts[1:4]]
    return capped(lines, height)
