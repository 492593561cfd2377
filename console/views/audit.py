"""What the audit area draws: who did what, and the chain that shows whether anybody changed it since."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from lineside.console.format import clock, plural
from lineside.console.text import Line, Span, clip, heading, safe
from lineside.console.widgets.rows import Cell, Column
from lineside.store.clock import Micros
from lineside.store.queries.audit import GENESIS, AuditRow, Verdict

COLUMNS = (
    Column(key="seq", title="#", align=">", priority=1),
    Column(key="at", title="at", priority=1),
    Column(key="who", title="who", priority=1, max=26),
    Column(key="verb", title="did", priority=1, max=26),
    Column(key="subject", title="to", priority=2, max=28),
    Column(key="detail", title="detail", priority=4, grow=True, min=10, max=200),
    Column(key="hash", title="hash", priority=5),
)

_KINDS: Mapping[str, str] = {"model_version": "version", "dataset_version": "data"}
SHORT = 10
"""Digits of a hash that a person compares."""


def cells(row: AuditRow, now: Micros, verdict: Verdict | None) -> Sequence[Cell]:
    """One line of the trail; from the first broken row on the chain proves nothing."""
    broken = verdict is not None and verdict.broken_seq is not None and row.seq >= verdict.broken_seq
    return (
        (str(row.seq), "bad" if broken else "dim"),
        (clock(row.at_us, now=now), "dim"),
        (safe(row.who), "dim" if row.uid < 0 else ""),
        (safe(row.verb), "accent" if row.uid >= 0 else ""),
        subject(row),
        (safe(_words(row.detail)), "dim"),
        (f"✗ {row.hash[:SHORT]}" if broken else row.hash[:SHORT], "bad" if broken else "dim"),
    )


def subject(row: AuditRow) -> str:
    """`promotion 3`."""
    kind = _KINDS.get(row.subject_kind, row.subject_kind)
    return safe(kind if row.subject_id is None else f"{kind} {row.subject_id}")


def _words(detail: str) -> str:
    values: Mapping[str, Any] = json.loads(detail)
    return "  ".join(f"{key} {_plain(value)}" for key, value in values.items())


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def entry(row: AuditRow, now: Micros, width: int, height: int) -> list[Line]:
    """One row in full: who by the kernel's word, every detail, and its two hashes."""
    first = row.prev_hash == GENESIS
    lines: list[Line] = [
        heading(f"ENTRY {row.seq}", width, right=clock(row.at_us, now=now)),
        [(" ", ""), (safe(row.who), "bold"), (f"  uid {row.uid}" if row.uid >= 0 else "  by itself", "dim"),
         ("  " + safe(row.verb), "accent"), ("  " + subject(row), "")],
        *_details(row.detail, width),
        [(" chain  ", "dim"), ("the first entry" if first else row.prev_hash[:24] + "…", "dim"),
         (" ─▸ ", "rule"), (row.hash[: max(24, width - 44)], "")],
    ]  # fmt: skip
    return [clip(line, width) for line in lines[:height]]


def _details(detail: str, width: int) -> list[Line]:
    """Key by key, as many on a line as fit."""
    lines: list[list[Span]] = []
    room = 0
    for key, value in json.loads(detail).items():
        pair = [(f" {safe(key)} ", "dim"), (safe(_plain(value)) + " ", "")]
        size = sum(len(text) for text, _ in pair)
        if not lines or size > room:
            lines.append([])
            room = width
        lines[-1] += pair
        room -= size
    return list(lines)


def chain(verdict: Verdict | None) -> Line:
    """Whether the chain holds, in one phrase."""
    if verdict is None:
        return [("not checked: c checks the chain", "dim")]
    if verdict.broken_seq is not None:
        return [(f"✗ broken at {verdict.broken_seq}: {verdict.reason}", "bold bad")]
    return [
        ("● chain holds", "ok"),
        (f" · {plural(verdict.rows, 'entry', 'entries')} · head {verdict.head[:SHORT]}", "dim"),
    ]
