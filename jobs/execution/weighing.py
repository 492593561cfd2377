"""From rows to demands, in the order of the queue: priority, who had least of late, who came first."""

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from lineside.jobs.execution.demands import Holder, Waiting
from lineside.store.clock import SECOND, Micros, after
from lineside.store.queries import settings, weighing
from lineside.store.queries.weighing import HoldingRow, WaitingRow
from lineside.store.states import Cause, JobState

DAY_S = 86_400.0
_STALE_S = 5.0
"""For how long the queue goes by what it last found out about everybody: it reads a lot."""
_OF_EACH = 16
"""How many jobs of each person are weighed, and of each kind of want, when there are too many for all."""


class Scales:
    """Keeps between steps what each person had, and who stands first in a long queue."""

    def __init__(self) -> None:
        self._ended: Mapping[str, tuple[float, float]] = {}
        self._ended_at = self._people_at = Micros(-(1 << 60))
        self._people: list[str] = []
        self._first: dict[str, set[int]] = {}
        self._looks = 0

    def waiting(
        self, db: sqlite3.Connection, holders: Sequence[HoldingRow], *, at: Micros, gpu_slots: int
    ) -> list[Waiting]:
        """Who may start, first to last."""
        full = _full(db, holders)
        ids, more = weighing.first(db, at=at, full=full)
        if more:
            ids |= self._of_crowd(db, at, full)
        rows = weighing.waiting(db, sorted(ids))
        if len({row.submitted_by for row in rows}) < 2:
            return [_waiting(row) for row in sorted(rows, key=lambda row: (-row.priority, row.id))]
        had = self._had(db, holders, at=at, gpu_slots=gpu_slots)
        return [_waiting(row) for row in sorted(rows, key=lambda row: _place(row, had))]

    def _of_crowd(self, db: sqlite3.Connection, at: Micros, full: Sequence[int]) -> set[int]:
        """The first of each person, so that nobody's crowd hides another's job for longer than a moment.

        In one step it looks again at one of them, and at those it never looked at: a step stays short.
        """
        if at >= after(self._people_at, _STALE_S) or at < self._people_at:
            self._people, self._people_at = weighing.people(db), at
        if len(self._people) < 2:
            return set()
        self._looks += 1
        again = self._people[self._looks % len(self._people)]
        for who in {again, *(who for who in self._people if who not in self._first)}:
            self._first[who], _ = weighing.first(db, at=at, full=full, who=who, limit=_OF_EACH)
        return {id for who in self._people for id in self._first[who]}

    def _had(
        self, db: sqlite3.Connection, holders: Sequence[HoldingRow], *, at: Micros, gpu_slots: int
    ) -> dict[str, tuple[float, float]]:
        """GPU seconds and CPU slot seconds of each person: ended within a day, and what runs until now."""
        if at >= after(self._ended_at, _STALE_S) or at < self._ended_at:
            rows = weighing.used(db, since=after(at, -DAY_S), gpu_slots=gpu_slots)
            self._ended, self._ended_at = {r.submitted_by: (r.gpu_s, r.cpu_s) for r in rows}, at
        had: dict[str, tuple[float, float]] = defaultdict(lambda: (0.0, 0.0), self._ended)
        for row in holders:
            gpu_s, cpu_s = _so_far(row, at=at, gpu_slots=gpu_slots)
            before = had[row.submitted_by]
            had[row.submitted_by] = (before[0] + gpu_s, before[1] + cpu_s)
        return had


def _full(db: sqlite3.Connection, holders: Sequence[HoldingRow]) -> list[int]:
    """Arrays of which as many run as may at once."""
    running = Counter(row.array_id for row in holders if row.array_id is not None)
    limits = settings.array_limits(db, sorted(running))
    return [array for array, most in limits.items() if running[array] >= most]


def holder(row: HoldingRow) -> Holder:
    return Holder(
        id=row.id, name=row.name, who=row.submitted_by, priority=row.priority, cpus=row.cpus,
        gpus=tuple(json.loads(row.gpu_uuids)), gpu_bytes=row.gpu_bytes, gpu_slots=row.gpu_slots,
        memory_bytes=row.memory_bytes, outs=tuple(json.loads(row.outs)), array=row.array_id,
        preemptible=bool(row.preemptible) and row.state == JobState.RUNNING,
        stopping=row.state == JobState.STOPPING, since_us=row.started_us,
    )  # fmt: skip


def _waiting(row: WaitingRow) -> Waiting:
    return Waiting(
        id=row.id, name=row.name, who=row.submitted_by, priority=row.priority, cpus=row.cpus, gpus=row.gpus,
        gpu_bytes=row.gpu_bytes, gpu_slots=row.gpu_slots, memory_bytes=row.memory_bytes,
        gpu_prefer=_list(row.gpu_prefer), outs=_list(row.outs), array=row.array_id, since_us=row.since_us,
        before=row.last_detail or "" if row.last_cause == Cause.PREEMPTED else "",
    )  # fmt: skip


def _list(text: str) -> tuple[str, ...]:
    return () if text == "[]" else tuple(map(str, json.loads(text)))


def _place(row: WaitingRow, had: Mapping[str, tuple[float, float]]) -> tuple[int, float, int]:
    gpu_s, cpu_s = had[row.submitted_by]
    return -row.priority, gpu_s if row.gpus else cpu_s, row.id


def _so_far(row: HoldingRow, *, at: Micros, gpu_slots: int) -> tuple[float, float]:
    seconds = max(0, at - max(row.started_us, after(at, -DAY_S))) / SECOND
    number = len(json.loads(row.gpu_uuids))
    share = min(1.0, row.gpu_slots / gpu_slots) if row.gpu_slots else 1.0
    return number * share * seconds, 0.0 if number else row.cpus * seconds
