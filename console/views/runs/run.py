"""One run, opened: all that is known of it in blocks, beside a chart or over the whole screen."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from lineside.console.format import NONE, amount, between, clock, count, number, plural, state, took
from lineside.console.ports import Me
from lineside.console.reads.judging import judged
from lineside.console.reads.needs import why
from lineside.console.reads.opened import Detail
from lineside.console.text import Line, Span, clip, fit, heading, line_width, safe, width_of
from lineside.console.views.runs.quantities import quantity
from lineside.console.views.runs.runs import ran, status
from lineside.store.clock import Micros
from lineside.store.queries.bests import better_side
from lineside.store.queries.jobs import AttemptRow
from lineside.store.queries.runs import RunRow, SummaryRow

TABS = ("overview", "metrics", "system", "files", "output")
_COLUMN = 60
"""Cells that a block of facts likes to have."""

_MAIN = (
    "command",
    "commit",
    "branch",
    "changes",
    "seed",
    "host",
    "python",
    "executable",
    "gpus",
    "cpus",
    "cwd",
)
_UNSAID = frozenset({"pid", "started_us", "datasets", "drops", "gaps"})
Block = list[Line]


def tab_words(detail: Detail) -> list[str]:
    """`overview`, `metrics 6`, `system 11`, `files 5`, `output`."""
    many = {"metrics": len(detail.metrics), "system": len(detail.system), "files": len(detail.artifacts)}
    return [f" {name} {many[name]} " if name in many else f" {name} " for name in TABS]


def tab_line(detail: Detail, tab: str, width: int) -> Line:
    """The tabs, the open one set off."""
    spans: list[Span] = [(" ", "")]
    for name, words in zip(TABS, tab_words(detail), strict=True):
        style = "bold accent reverse" if name == tab else "dim" if words.endswith(" 0 ") else ""
        spans += [(words, style), (" ", "")]
    keys: list[Span] = [("tab", "key"), (" next ", "dim")]
    gap = width - line_width(spans) - line_width(keys)
    return clip([*spans, (" " * gap, ""), *keys] if gap > 0 else spans, width)


def tab_at(detail: Detail, x: int) -> str | None:
    """The tab whose word stands at that column; None: none does."""
    start = 1
    for name, words in zip(TABS, tab_words(detail), strict=True):
        if start <= x < start + len(words):
            return name
        start += len(words) + 1
    return None


def facts(detail: Detail, me: Me, width: int, *, now: Micros, focused: bool = False) -> list[Line]:
    """Heading and blocks, in as many columns as there is room for, as long as need be."""
    run = detail.run
    style = "head accent" if focused else "head"
    head = heading(f"RUN {run.id}", width, right=safe(run.uid), style=style)
    columns = max(1, width // _COLUMN)
    each = (width - (columns - 1)) // columns
    blocks = [block for block in _blocks(detail, me, each, now=now) if block]
    return [head, *_flow(blocks, columns, each)]


def _blocks(detail: Detail, me: Me, width: int, *, now: Micros) -> list[Block]:
    return [
        _state(detail, me, width, now=now),
        _metrics(detail.metrics, width),
        _pairs("params", detail.params, width),
        _files(detail, width),
        _origin(detail.context, width),
        _kin(detail, width),
        _pairs("tags", detail.tags, width),
        _job(detail, width, now=now),
        _system(detail.system, width),
    ]


def _title(words: str, width: int) -> Line:
    return [(f" {words} ", "head"), ("╌" * max(0, width - width_of(words) - 3), "rule")]


def _state(detail: Detail, me: Me, width: int, *, now: Micros) -> Block:
    """What became of it, whose it is, when; the note; what could not be written."""
    run = detail.run
    seconds = ran(run, now=now)
    lines: Block = [
        clip([(" ", ""), (safe(run.name), "bold"), ("  ", ""), status(run)], width),
        clip([(" by ", "dim"), (safe(me.named(run.author)), ""), ("  in ", "dim"), (safe(run.experiment), ""),
              ("  ", ""), (clock(run.started_us or run.created_us, now=now), ""),
              (_long(run, seconds), "")], width),
    ]  # fmt: skip
    if run.status == "FAILED":
        lines.append(clip([(" why  ", "dim"), (safe(why(run.cause, run.detail)), "bad")], width))
        lines += [clip([("   " + text, "")], width) for text in detail.tail[-3:]]
    if run.note:
        lines.append(clip([(" “", "dim"), (safe(run.note), "italic"), ("”", "dim")], width))
    if run.dropped:
        lines.append([(f" {count(run.dropped)} points could not be written by the script", "warn")])
    return lines


def _long(run: RunRow, seconds: float | None) -> str:
    """`  took 57 m` where it is over; nothing where it has just begun."""
    return "" if seconds is None else f"  {'took' if run.ended_us else 'for'} {took(seconds)}"


def _metrics(rows: Sequence[SummaryRow], width: int) -> Block:
    """Last, best with its step, and worst of each metric."""
    if not rows:
        return [_title("metrics", width), [(" no number was logged", "dim")]]
    name = max(8, min(22, max(width_of(safe(row.metric)) for row in rows), width - 40))
    head = f" {'':<{name}} {'last':>9} {'★best':>9} {'at step':>9}"
    wide = width >= name + 44
    lines: Block = [_title("metrics", width), [(head + (f" {'worst':>9}" if wide else ""), "dim")]]
    for row in rows:
        high = better_side(row.metric) == "max"
        best, step = (row.max, row.max_step) if high else (row.min, row.min_step)
        bad = row.nan + row.pos_inf + row.neg_inf
        spans: list[Span] = [
            (" ", ""), (fit(safe(row.metric), name), ""),
            (f" {number(row.last_value):>9}", "bold" if row.last_kind == "finite" else "bad"),
            (f" {number(best):>9}", "ok" if judged(row.metric) else "dim"), (f" {count(step):>9}", "dim"),
        ]  # fmt: skip
        if wide:
            spans.append((f" {number(row.min if high else row.max):>9}", "dim"))
        if bad:
            spans.append((f"  {bad} not finite", "bad"))
        lines.append(clip(spans, width))
    return lines


def _pairs(title: str, values: Mapping[str, str], width: int) -> Block:
    """Two pairs to a line where they are short."""
    if not values:
        return []
    half = (width - 2) // 2
    key = min(18, max(width_of(safe(k)) for k in values))
    short = all(key + 2 + width_of(safe(v)) < half for v in values.values())
    cells: list[Line] = [
        [(" " + fit(safe(k), key) + "  ", "dim"), (safe(v) or NONE, "bold" if v else "dim")]
        for k, v in values.items()
    ]
    if not short or len(cells) < 4:
        return [_title(title, width), *(clip(cell, width) for cell in cells)]
    rows = -(-len(cells) // 2)
    lines = [_title(title, width)]
    for place in range(rows):
        left, right = cells[place], cells[place + rows] if place + rows < len(cells) else []
        lines.append([*left, (" " * (half - line_width(left)), ""), *right])
    return lines


def _files(detail: Detail, width: int) -> Block:
    if not detail.artifacts:
        return []
    lines: Block = [_title("files", width)]
    for file in detail.artifacts[:8]:
        right = f"{file.kind:<10} {amount(file.bytes):>8}"
        lines.append([(" " + fit(safe(file.path), max(8, width - len(right) - 3)) + " ", ""), (right, "dim")])
    hidden = len(detail.artifacts) - 8
    return [*lines, [(f" … {hidden} more", "dim")]] if hidden > 0 else lines


def _origin(context: Mapping[str, Any], width: int) -> Block:
    """Code, command, machine, told variables."""
    known = [*_MAIN, *sorted(key for key in context if key not in _MAIN and key not in _UNSAID)]
    pairs = [(key, _text(context[key])) for key in known if context.get(key) not in (None, "", [], {})]
    if not pairs:
        return []
    key = min(22, max(len(k) for k, _ in pairs))
    lines: Block = [_title("code and machine", width)]
    for name, value in pairs:
        dirty = name == "changes" and value not in ("none", "")
        value = value[:12] if name == "commit" and key + 4 + len(value) > width else value
        lines += _said(safe(name), safe(value), key, width, "warn" if dirty else "", fold=name == "command")
    return lines


def _said(name: str, value: str, key: int, width: int, style: str, *, fold: bool) -> Block:
    """A name and its value; one that is folded goes on below its name, broken between words."""
    if not fold or key + 4 + width_of(value) <= width:
        return [clip([(f" {fit(name, key)}  ", "dim"), (value, style)], width)]
    parts = textwrap.wrap(value, max(8, width - 4), break_on_hyphens=False)
    return [[(f" {name}", "dim")], *([("   ", ""), (part, style)] for part in parts)]


def _text(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _kin(detail: Detail, width: int) -> Block:
    """Data it read, models made from it, its parent and children."""
    run = detail.run
    lines: Block = [clip([(" data    ", "dim"), (safe(name), "")], width) for name in detail.data]
    lines += [
        clip([(" model   ", "dim"), (safe(f"{one.model} v{one.number}"), "bold")], width)
        for one in detail.models
    ]
    if run.parent_id is not None:
        lines.append([(" parent  ", "dim"), (f"run {run.parent_id}", "")])
    if run.children:
        lines.append([(" children  ", "dim"), (plural(run.children, "run"), "bold")])
    for child in detail.children[:6]:
        words, style = status(child)
        lines.append(clip([(f"   {child.id}  ", ""), (words, style), ("  " + safe(child.name), "")], width))
    return [_title("came from, led to", width), *lines] if lines else []


def _job(detail: Detail, width: int, *, now: Micros) -> Block:
    """The job that ran it, try by try."""
    job = detail.job
    if job is None:
        return [_title("job", width), [(" none: it was started outside the runner", "dim")]]
    words, style = state(job.state)
    lines: Block = [
        _title(f"job {job.id}", width),
        clip([(" ", ""), (words, style), ("  " + safe(job.reason), "dim")], width),
    ]
    return [*lines, *(_attempt(one, width, now=now) for one in detail.attempts[-4:])]


def _attempt(one: AttemptRow, width: int, *, now: Micros) -> Line:
    seconds = between(one.started_us, one.ended_us)
    cause = safe(why(one.cause, one.detail)) if one.cause else "runs"
    return clip(
        [(f" try {one.number}  ", "dim"), (cause, "" if one.cause in (None, "ok") else "bad"),
         (f"  {clock(one.started_us, now=now)}  {took(seconds)}  ", "dim"),
         (f"{amount(one.max_rss_bytes)} at most" if one.max_rss_bytes else "", "dim")], width,
    )  # fmt: skip


def _system(rows: Sequence[SummaryRow], width: int) -> Block:
    """What it took of the box: last and most."""
    if not rows:
        return []
    lines: Block = [_title("of the machine", width), [(f" {'':<24} {'last':>10} {'most':>10}", "dim")]]
    for row in rows:
        what = quantity(row.metric)
        lines.append(
            clip([(" " + fit(what.name, 24), ""), (f" {what.said(row.last):>10}", "bold"),
                  (f" {what.said(row.max):>10}", "dim")], width)
        )  # fmt: skip
    return lines


def _flow(blocks: Sequence[Block], columns: int, each: int) -> list[Line]:
    """Blocks one after the other down the columns, each column about as long as the others."""
    if columns == 1:
        return [line for block in blocks for line in (*block, [])]
    total = sum(len(block) + 1 for block in blocks)
    stacks: list[list[Line]] = [[]]
    for block in blocks:
        left = columns - len(stacks)
        full = stacks[-1] and len(stacks[-1]) + len(block) / 2 > total / columns
        if full and left:
            stacks.append([])
        stacks[-1] += ([[]] if stacks[-1] else []) + block
    tall = max(map(len, stacks))
    out: list[Line] = []
    for row in range(tall):
        spans: list[Span] = []
        for place, stack in enumerate(stacks):
            line: Line = clip(stack[row], each) if row < len(stack) else []
            spans += [("│", "rule")] if place else []
            spans += [*line, (" " * (each - line_width(line)), "")]
        out.append(spans)
    return out


# -- the tables of an opened run ----------------------------------------------------------------------


def none_said(title: str, words: str, width: int) -> list[Line]:
    """A pane that has nothing to show, and why."""
    return [heading(title, width), [], [("  " + words, "dim")]]


def measured_once(detail: Detail, width: int) -> list[Line]:
    """What the machine gave to a run that has no curves of it."""
    if not detail.system:
        return none_said(
            "SYSTEM", "nothing was measured: only runs of the runner are, every two seconds", width
        )
    head = heading("SYSTEM", width, right="it was over before there were curves")
    return [head, *_system(detail.system, width)[1:]]


def best_of(row: SummaryRow) -> float | None:
    """The best value of a metric; None: no point was a number."""
    return row.max if better_side(row.metric) == "max" else row.min
