"""What the audit area draws: who did what to what, and the chain that shows whether it was changed."""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from lineside.console.format import NONE, bar, clock, plural
from lineside.console.reads.trail import Checked, View
from lineside.console.text import Line, Span, beside, clip, fit, heading, safe, width_of
from lineside.console.views.grid import capped, grid, wrapped
from lineside.console.views.strips import by_hour
from lineside.console.widgets.tables.rows import Cell, Column
from lineside.store.clock import Micros
from lineside.store.queries.audit import GENESIS, AuditRow
from lineside.store.queries.histories import History

COLUMNS = (
    Column(key="seq", title="#", align=">", priority=4, value=lambda r: r.seq),
    Column(key="at", title="when", priority=2, value=lambda r: r.at_us),
    Column(key="who", title="who", priority=1, max=22, value=lambda r: r.who.lower()),
    Column(key="verb", title="did", priority=1, max=22, value=lambda r: r.verb),
    Column(key="subject", title="to", priority=3, max=24, value=lambda r: (r.subject_kind, r.subject_id)),
    Column(
        key="detail",
        title="what changed",
        priority=3,
        grow=True,
        min=10,
        max=200,
        value=lambda r: told(r).lower(),
    ),
    Column(key="hash", title="hash", priority=6),
)

_KINDS: Mapping[str, str] = {"model_version": "version", "dataset_version": "data", "promotion": "request"}
_NARROW = 60
SHORT = 10
"""Digits of a hash that a person compares."""

_BAD = ("failed", "fired", "rejected", "reject", "lost", "void", "expire", "quarantine")
_GOOD = ("approve", "ready", "live", "resolved", "apply", "ratify")
_PAIRS = (("from", "to"), ("before", "after"), ("before", "version"), ("old", "new"))
"""Keys that together say what a value was and what it became."""

_SAID: Mapping[str, str] = {"PENDING_MANUAL_APPROVAL": "WAITS"}
_LONG = frozenset({"argv", "digest", "pins", "origin", "artifact", "config", "spec", "files"})
"""What only the entry in full tells: too long to be read in a line."""


def cells(row: AuditRow, now: Micros, checked: Checked | None) -> Sequence[Cell]:
    """One line of the trail; from the first broken row on the chain proves nothing."""
    broken = _broken(row, checked)
    first = checked is not None and checked.verdict.broken_seq == row.seq
    if first and checked:
        said = (str(row.seq), clock(row.at_us, now=now), safe(row.who), safe(row.verb), "✗ " + subject(row))
        return [(text, "bold bad") for text in (*said, checked.verdict.reason, f"✗ {row.hash[:SHORT]}")]
    return (
        (str(row.seq), "bad" if broken else "dim"),
        (clock(row.at_us, now=now), "dim"),
        (safe(row.who), "dim" if row.uid < 0 else "bold"),
        (safe(row.verb), tone(row)),
        subject(row),
        (told(row), "dim"),
        (f"✗ {row.hash[:SHORT]}" if broken else row.hash[:SHORT], "bad" if broken else "dim"),
    )


def _broken(row: AuditRow, checked: Checked | None) -> bool:
    at = checked.verdict.broken_seq if checked else None
    return at is not None and row.seq >= at


def tone(row: AuditRow) -> str:
    """The style of what was done: what went wrong, what a person said yes to, what lineside did by itself."""
    last = row.verb.rpartition(".")[2]
    if last in _BAD or '"break_glass":true' in row.detail:
        return "bad"
    if last in _GOOD:
        return "ok"
    return "accent" if row.uid >= 0 else ""


def wrong(row: AuditRow, checked: Checked | None) -> bool:
    """Is it what `n` stops at: the first broken row, or something that failed, fired or was refused?"""
    at = checked.verdict.broken_seq if checked else None
    return row.seq == at or tone(row) == "bad"


def subject(row: AuditRow) -> str:
    """`request 3`."""
    kind = _KINDS.get(row.subject_kind, row.subject_kind.replace("_", " "))
    return safe(kind if row.subject_id is None else f"{kind} {row.subject_id}")


@lru_cache(maxsize=4096)
def _values(detail: str) -> Mapping[str, Any]:
    values: Mapping[str, Any] = json.loads(detail)
    return values


def told(row: AuditRow) -> str:
    """The detail in the order in which a person asks: of what, from what to what, why, then the rest."""
    return _told(row.detail)


@lru_cache(maxsize=4096)
def _told(detail: str) -> str:
    values = dict(_values(detail))
    left = {key: value for key, value in values.items() if key not in _LONG} or values
    out: list[str] = []
    if "model" in left and isinstance(left.get("version"), int):
        name = f"{left.pop('model')}@v{left.pop('version')}"
        out.append(f"{name} → {left.pop('alias')}" if left.get("alias") else name)
    for old, new in _PAIRS:
        if old in left and new in left:
            out.append(f"{_plain(left.pop(old))} → {_plain(left.pop(new))}")
    for key in ("words", "outcome", "reason", "dataset", "name"):
        if left.get(key):
            out.append(_plain(left.pop(key)))
    if isinstance(changes := left.pop("changes", None), list):
        out.append(f"{plural(len(changes), 'change')}: {', '.join(map(_plain, changes))}")
    out += [f"{key.replace('_', ' ')} {_plain(value)}" for key, value in left.items()
            if value not in (None, "", False)]  # fmt: skip
    return safe(" · ".join(out))


def _plain(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return value[:SHORT] if len(value) == len(GENESIS) and _is_hex(value) else _SAID.get(value, value)
    if isinstance(value, list):
        return " ".join(_plain(each) for each in value)
    return json.dumps(value, ensure_ascii=False)


def _is_hex(text: str) -> bool:
    return not set(text) - set("0123456789abcdef")


# -- the entry in full -----------------------------------------------------------------------------


def entry(view: View, row: AuditRow, past: History, now: Micros, width: int, height: int) -> list[Line]:
    """One row in full: who by the kernel's word, what it was and became, why, and its place in the chain."""
    lines: list[Line] = [
        *_alarm(view, width),
        heading(f"ENTRY {row.seq}", width, right=clock(row.at_us, now=now)),
        *_who(row, width),
        *_fault(row, view.checked),
        *_changes(row.detail, width),
    ]
    tail = _chain_of(row, width)
    room = height - len(lines) - len(tail)
    rest = [*_values_left(row.detail, width)]
    lines += capped(rest, max(0, room), more="values more")
    if len(lines) + len(tail) <= height:
        lines += tail
    room = height - len(lines) - 1
    if len(past.rows) > 1 and room >= 4:
        lines += [[], *_siblings(row, past, now, width, min(room, 24))]
    room = height - len(lines) - 1
    if room >= 4:
        lines += [[], *by_hour(view.moments, now, width, room)]
    room = height - len(lines) - 1
    if len(view.people) > 1 and room >= 5:
        lines += [[], *_shares(view, width, room)]
    room = height - len(lines) - 1
    if len(view.deeds) > 1 and room >= 5:
        lines += [[], *_deeds(view, now, width, room)]
    return [clip(line, width) for line in lines[:height]]


def _alarm(view: View, width: int) -> list[Line]:
    """Where the chain is broken: what that means, and what to do next, above every entry."""
    verdict = view.checked.verdict if view.checked else None
    if verdict is None or verdict.broken_seq is None:
        return []
    at, short = verdict.broken_seq, width < _NARROW
    title = f" ✗ {'' if short else 'THE TRAIL WAS '}CHANGED AT ROW {at}: {verdict.reason}"
    proven = (
        f" rows 1–{at - 1:,} are proven, {at:,}–{view.newest:,} are not" if at > 1 else " nothing is proven"
    )
    check: Line = [] if short else [
        (", ", "dim"), ("lineside audit verify", "key"), (" on a backup shows since when", "dim")
    ]  # fmt: skip
    return [
        [(fit(title, width), "bold bad reverse")], [(proven, "bad")],
        [(" next: ", "bold"), ("n", "key"), (" goes there", "dim"), *check],
    ]  # fmt: skip


def _shares(view: View, width: int, room: int) -> list[Line]:
    """Who did how much, and of what there is how much, as bars beside each other."""
    half = (width - 2) // 2
    left, right = (_bars(rows[: room - 1], half) for rows in (view.people, view.verbs))
    return [heading("WHO, AND WHAT", width, right="f shows only one of them"),
            *beside(left, right, widths=(half, half), rule="  ")]  # fmt: skip


_DEEDS = (
    Column(key="verb", title=""), Column(key="times", title="", align=">"),
    Column(key="who", title="", max=22, priority=6), Column(key="what", title="", max=20),
    Column(key="at", title="", align=">"),
)  # fmt: skip


def _deeds(view: View, now: Micros, width: int, room: int) -> list[Line]:
    """Every kind of deed: how often, and by whom, to what and when it was last done."""
    titles: Sequence[Cell] = [(text, "dim") for text in ("", "times", "last by", "to", "when")]
    rows: list[Sequence[Cell]] = [
        ((safe(last.verb), tone(last)), f"{times:,}", (safe(last.who), "dim" if last.uid < 0 else ""),
         (subject(last), "dim"), (clock(last.at_us, now=now), "dim"))
        for times, last in view.deeds[: room - 2]
    ]  # fmt: skip
    head = heading("EVERY KIND OF DEED", width, right=plural(len(view.deeds), "kind"))
    return [head, *grid(_DEEDS, [titles, *rows], width)]


def _bars(rows: Sequence[tuple[str, int]], width: int) -> list[Line]:
    most = max(n for _, n in rows)
    name = min(16, max(width_of(safe(text)) for text, _ in rows))
    room = max(4, width - name - 10)
    return [
        [(" " + fit(safe(text), name) + " ", ""), (bar(n / most, room), "a"), (f"{n:>6,}", "dim")]
        for text, n in rows
    ]


def _who(row: AuditRow, width: int) -> list[Line]:
    """`demo:ana  a mask of maria, uid 1000  labels.add  monitor 1`, on two lines if need be."""
    if row.acting_as:
        who: list[Span] = [
            (" " + safe(row.acting_as), "bold"),
            (f"  a mask of {safe(row.name)}, uid {row.uid}", "dim"),
        ]
    else:
        by = f"  uid {row.uid} by the kernel's word" if row.uid >= 0 else "  by itself"
        who = [(" " + safe(row.name), "bold"), (by, "dim")]
    did: list[Span] = [("  " + safe(row.verb), tone(row) or "accent"), ("  " + subject(row), "")]
    both = [*who, *did]
    if sum(width_of(text) for text, _ in both) <= width:
        return [both]
    return [who, [(" did", "dim"), *did]]


def _fault(row: AuditRow, checked: Checked | None) -> list[Line]:
    verdict = checked.verdict if checked else None
    if verdict is None or verdict.broken_seq is None or row.seq < verdict.broken_seq:
        return []
    if row.seq == verdict.broken_seq:
        return [[(" ✗ this row is not the one that was written", "bold bad")]]
    return [[(f" ✗ stands after row {verdict.broken_seq}: not proven", "bad")]]


def _changes(detail: str, width: int) -> list[Line]:
    """`- was` in red over `+ is` in green, for each value that says both."""
    values = _values(detail)
    lines: list[Line] = []
    taken: set[str] = set()
    for old, new in _PAIRS:
        if old in values and new in values and not taken & {old, new}:
            taken |= {old, new}
            lines.append([(" - ", "bold bad"), (safe(_plain(values[old])), "bad")])
            lines.append([(" + ", "bold ok"), (safe(_plain(values[new])), "ok")])
    return lines


def _values_left(detail: str, width: int) -> list[Line]:
    """Key and value on a line of their own, long values on several."""
    values = _values(detail)
    paired = {key for old, new in _PAIRS if old in values and new in values for key in (old, new)}
    left = {key: value for key, value in values.items() if key not in paired}
    if not left:
        return [] if values else [[(" it says nothing more", "dim")]]
    name = min(18, max(width_of(safe(key)) for key in left))
    lines: list[Line] = []
    for key, value in left.items():
        first, *rest = _pretty(value, width - name - 4)
        lines.append([(" " + fit(safe(key), name) + "  ", "dim"), (first, "")])
        lines += [[(" " * (name + 3) + more, "")] for more in rest]
    return lines


def _pretty(value: object, width: int) -> list[str]:
    """The value as words in lines of at most `width`: a list one element a line where it is long."""
    if isinstance(value, list) and len(value) > 1 and not all(isinstance(v, int | float) for v in value):
        text = [safe(_whole(v)) for v in value]
        if sum(map(len, text)) + len(text) > width:
            return [line for each in text for line in _cut(each, width)] or [""]
    if isinstance(value, dict):
        return [line for k, v in value.items() for line in _cut(safe(f"{k}: {_whole(v)}"), width)] or ["{}"]
    return _cut(safe(_whole(value)), width)


def _whole(value: object) -> str:
    if value is None:
        return NONE
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _cut(text: str, width: int) -> list[str]:
    return [line[0][0][2:] for line in wrapped(text, width + 2, "")] or [""]


def _chain_of(row: AuditRow, width: int) -> list[Line]:
    before = "the first entry" if row.prev_hash == GENESIS else row.prev_hash[:SHORT] + "…"
    after = row.hash[: max(SHORT, width - 30)]
    return [[(" chain  ", "dim"), (before, "dim"), (" ─▸ ", "rule"), (after, "")]]


def _siblings(row: AuditRow, past: History, now: Micros, width: int, room: int) -> list[Line]:
    """What else was done to the same thing, oldest first."""
    at = next((i for i, other in enumerate(past.rows) if other.seq == row.seq), 0)
    first = max(0, min(at - room // 2, len(past.rows) - room + 1))
    shown = past.rows[first : first + room - 1]
    right = f"{len(shown)} of {past.total:,}" if len(shown) < past.total else f"{past.total}"
    lines: list[Line] = [heading(f"ALL THAT WAS DONE TO {subject(row).upper()}", width, right=right)]
    verb = max(width_of(safe(r.verb)) for r in shown)
    who = min(22, max(width_of(safe(r.who)) for r in shown))
    for other in shown:
        here = other.seq == row.seq
        lines.append([
            (" ▸ " if here else "   ", "accent"), (clock(other.at_us, now=now), "dim"),
            ("  " + fit(safe(other.verb), verb), "bold" if here else tone(other)),
            ("  " + fit(safe(other.who), who), "" if other.uid >= 0 else "dim"),
            ("  " + told(other), "dim"),
        ])  # fmt: skip
    return lines


def chain(checked: Checked | None, now: Micros) -> Line:
    """Whether the chain holds, in one phrase."""
    if checked is None:
        return [("chain not checked: ", "dim"), ("V", "key"), (" checks it", "dim")]
    verdict, at = checked.verdict, clock(checked.at_us, now=now)
    if verdict.broken_seq is not None:
        return [(f"✗ chain broken at row {verdict.broken_seq}: {verdict.reason}", "bold bad")]
    return [("● chain whole", "ok"), (f": {plural(verdict.rows, 'row')}, checked {at}", "dim")]
