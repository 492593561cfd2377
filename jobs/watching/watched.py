"""What is known of one attempt whose metrics are watched: how far its points were seen, what they said."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from lineside.jobs.watching import judging
from lineside.jobs.watching.judging import Finding, Memory
from lineside.jobs.watching.rules import Rule
from lineside.store import spool
from lineside.store.clock import Micros, now
from lineside.store.db import reader
from lineside.store.homes import Home
from lineside.store.queries import spools
from lineside.store.queries.watches import WatchedRow
from lineside.store.spool import Decoded, Steps

_Points = tuple[judging.Steps, judging.Steps, judging.Values]
"""Places, steps and values of one metric."""


@dataclass(slots=True, kw_only=True)
class Stream:
    """The points of one spool: each process of a run is judged by itself."""

    offset: int = 0  # seen up to here
    begun: bool = False  # this attempt's part of the file has begun
    memories: dict[tuple[Rule, str], Memory] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Watched:
    """One attempt, for as long as it runs. Each rule fires once."""

    row: WatchedRow
    rules: list[Rule]  # those that have not fired
    streams: dict[str, Stream] = field(default_factory=dict)
    pending: list[tuple[Rule, Finding]] = field(default_factory=list)  # fired, and not acted on yet
    whole: bool = False  # what came before this runner was seen, too
    last_step: int | None = None
    heard_at: float = 0.0  # when the newest step came, on the clock that nobody can set
    _columns: dict[tuple[str, ...], list[tuple[int, str]]] = field(default_factory=dict)

    @classmethod
    def of(cls, row: WatchedRow, rules: Sequence[Rule]) -> "Watched":
        return cls(row=row, rules=list(rules), heard_at=_monotonic(row.begun_us))

    def stream(self, name: str) -> Stream:
        """What is known of a spool."""
        return self.streams.setdefault(name, Stream())

    def take(self, name: str, parts: Sequence[Steps], *, late: bool = False) -> None:
        """Look at the next points of a spool; O(new points).

        Args:
            late: they were logged before this process looked, so only they can tell when.
        """
        self._hear(parts, late=late)
        stream, found = self.stream(name), dict[Rule, tuple[int, Finding]]()
        for metric, (places, steps, values) in self._points(parts):
            for rule in self.rules:
                if not rule.concerns(metric):
                    continue
                memory = stream.memories.get((rule, metric), Memory())
                stream.memories[rule, metric], finding = judging.fold(rule, metric, memory, steps, values)
                if finding and (rule not in found or places[finding.place] < found[rule][0]):
                    found[rule] = (int(places[finding.place]), finding)
        for rule, (_, finding) in sorted(found.items(), key=lambda each: each[1][0]):
            self.fire(rule, finding)

    def look_at_time(self) -> None:
        """Fire the rules that wait for silence."""
        silent_s = time.monotonic() - self.heard_at
        for rule in list(self.rules):
            if words := judging.stalled(rule, silent_s, self.last_step):
                self.fire(rule, Finding(place=0, step=self.last_step or 0, value=silent_s, words=words,
                                        line=rule.seconds))  # fmt: skip

    def fire(self, rule: Rule, finding: Finding) -> None:
        """Once; what it leads to is done by who sees `pending`."""
        self.rules.remove(rule)
        self._columns.clear()
        self.pending.append((rule, finding))

    def catch_up(self, home: Home, name: str, end: int) -> None:
        """See what this attempt wrote before `end` and this runner was not told of. Reads files: on a thread.

        Raises:
            FileNotFoundError: the spool is gone.
        """
        db = reader(home)
        try:
            row = spools.find(db, name)
            shapes = spools.shapes(db, row.id) if row and row.cold_bytes else {}
        finally:
            db.close()
        stream = self.stream(name)
        at = max(stream.offset, row.cold_bytes if row else 0)
        while at < end:
            limit = min(spool.SLICE, end - at)
            found = spool.read(
                home.spool / name, offset=at, limit=limit, shapes=shapes, taken=at + limit >= end
            )
            self.take(name, self._ours(stream, found), late=True)
            if found.end == at:
                break
            at, shapes = found.end, dict(found.shapes)
        stream.offset = end

    def _ours(self, stream: Stream, found: Decoded) -> list[Steps]:
        """The points that are of this attempt: an earlier one wrote into the same file."""
        if stream.begun:
            return list(found.steps)
        first = next((place for place, event in zip(found.event_places, found.events, strict=True)
                      if starts(event, self.row.attempt)), None)  # fmt: skip
        if first is None:
            return []
        stream.begun = True
        return [kept for part in found.steps if len((kept := _since(part, first)).seq)]

    def _hear(self, parts: Sequence[Steps], *, late: bool) -> None:
        newest = max(
            (part for part in parts if len(part.seq)), key=lambda part: int(part.seq[-1]), default=None
        )
        if newest is not None:
            self.last_step = int(newest.steps[-1])
            at = _monotonic(Micros(int(newest.at_ns[-1]) // 1_000)) if late else time.monotonic()
            self.heard_at = max(self.heard_at, at)

    def _points(self, parts: Sequence[Steps]) -> Iterator[tuple[str, _Points]]:
        """The points of the metrics that a rule looks at, in the order they were written."""
        found: dict[str, list[_Points]] = {}
        for part in parts:
            for column, metric in self._wanted(part.names):
                found.setdefault(metric, []).append((part.seq, part.steps, part.values[:, column]))
        for metric, pieces in found.items():
            if len(pieces) == 1:
                yield metric, pieces[0]
            else:
                seq, steps, values = (np.concatenate(each) for each in zip(*pieces, strict=True))
                order = np.argsort(seq, kind="stable")
                yield metric, (seq[order], steps[order], values[order])

    def _wanted(self, names: tuple[str, ...]) -> list[tuple[int, str]]:
        """Which columns of a shape some rule looks at: asked once for each shape, not for each point."""
        if names not in self._columns:
            self._columns[names] = [
                (column, name) for column, name in enumerate(names)
                if any(rule.concerns(name) for rule in self.rules)
            ]  # fmt: skip
        return self._columns[names]


def starts(event: object, attempt: int) -> bool:
    """Whether an event of a spool says that a script of this attempt begins."""
    return isinstance(event, dict) and event.get("event") == "start" and event.get("attempt") == str(attempt)


def _since(part: Steps, place: int) -> Steps:
    keep = part.seq >= place
    return Steps(names=part.names, seq=part.seq[keep], steps=part.steps[keep], at_ns=part.at_ns[keep],
                 values=part.values[keep])  # fmt: skip


def _monotonic(at: Micros) -> float:
    """That moment on the clock that nobody can set; what lies in the future is now."""
    return time.monotonic() - max(0.0, (now() - at) / 1e6)
