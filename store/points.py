"""Points before they are charted: from spools and from segments alike, with the place and opening of each.

A place numbers a run's frames in the order they were written; an opening counts how often the run's own
script was begun: 1, 2 after the first resume. What the runner measured belongs to no opening (0).
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lineside.store import ingest, segments, spool
from lineside.store.errors import BadData
from lineside.store.homes import Home
from lineside.store.queries import segments as manifest
from lineside.store.queries import spools
from lineside.store.queries.names import find
from lineside.store.queries.segments import Share
from lineside.store.queries.spools import SpoolRow
from lineside.store.spool import Decoded

_SLACK_US = 1_000_000
"""How much earlier than the script itself a process of it may say that it began."""
_TRIES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Points of one metric of one run, from one file."""

    steps: NDArray[np.int64]
    values: NDArray[np.float64]
    at_us: NDArray[np.int64]
    seq: NDArray[np.int64]
    opening: NDArray[np.int16] | int


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Where a run's points are at one moment."""

    spools: tuple[SpoolRow, ...]
    shares: tuple[Share, ...]

    @property
    def kept(self) -> tuple[object, ...]:
        """What compaction and merging change, and ingest does not."""
        return tuple((row.id, row.cold_bytes, row.cold_head) for row in self.spools), self.shares


@dataclass(frozen=True, slots=True, kw_only=True)
class Hot:
    """What one spool holds that no segment does."""

    found: Decoded
    first: int  # the place of its first frame
    opening: int  # of its first frame
    starts: tuple[int, ...]  # places where further openings begin


Key = tuple[int, str]


def read(
    home: Home, db: sqlite3.Connection, run_ids: Sequence[int], metrics: Sequence[str]
) -> dict[Key, list[Part]]:
    """Every point of these metrics, by run and metric; whatever is compacted meanwhile, each once.

    Raises:
        BadData: a segment is missing or damaged.
    """
    wanted, before = frozenset(metrics), None
    for _ in range(_TRIES):
        states = {run_id: state(db, run_id) for run_id in run_ids}
        kept = [one.kept for one in states.values()]
        try:
            found = _cold(home, db, states, wanted)
            for run_id, one in states.items():
                for each in hot(home, db, one, wanted=wanted, lost_too=before == kept):
                    _add(found, run_id, each, wanted)
        except FileNotFoundError as error:
            if before == kept:  # lost, not moved
                raise BadData(
                    f"segment {error.filename} is missing", hint="look with: lineside doctor"
                ) from error
        else:
            if kept == [state(db, run_id).kept for run_id in run_ids]:
                return found
        before = kept
    raise BadData("the store's files move faster than they can be read", hint="try again")


def state(db: sqlite3.Connection, run_id: int) -> State:
    """Spools and segments of a run, as of one moment."""
    ours = not db.in_transaction
    if ours:
        db.execute("begin")
    try:
        return State(spools=tuple(spools.of_run(db, run_id)), shares=tuple(manifest.shares(db, run_id)))
    finally:
        if ours:
            db.execute("commit")


def hot(
    home: Home, db: sqlite3.Connection, state: State, *, wanted: Set[str] | None = None, lost_too: bool = True
) -> Iterator[Hot]:
    """What a run's spools hold that no segment does, up to where it is ingested.

    Args:
        wanted: metrics; None: all.
        lost_too: a spool without a file is an empty one.

    Raises:
        FileNotFoundError: a spool has no file, and `lost_too` is False.
    """
    first = max((share.places for share in state.shares), default=0)
    base = max((share.openings for share in state.shares), default=0)
    begun: list[tuple[int, Mapping[str, Any]]] = []  # openings of the run's own script, and what each said
    for row in state.spools:
        if row.offset_bytes <= row.cold_bytes:
            continue
        try:
            found = spool.read(
                home.spool / row.path, offset=row.cold_bytes, limit=row.offset_bytes - row.cold_bytes,
                shapes=spools.shapes(db, row.id) if row.cold_bytes else None,
                verify=row.skipped_bytes > 0, wanted=wanted, taken=True,
            )  # fmt: skip
        except FileNotFoundError:
            if lost_too:
                continue
            raise
        said = zip(found.event_places, found.events, strict=True)
        starts = [(place, event) for place, event in said if event.get("event") == "start"]
        if row.rank == 0:
            begun = [(base + number, event) for number, (_, event) in enumerate(starts, 1)]
            opening, after = base + bool(starts and starts[0][0] == 0), tuple(place for place, _ in starts)
            yield Hot(
                found=found, first=first, opening=opening, starts=tuple(place for place in after if place)
            )
        else:
            opening = 0 if row.path.endswith(ingest.SYSTEM) else _beside(starts, begun, base)
            yield Hot(found=found, first=first, opening=opening, starts=())
        first += found.frames


def parts(each: Hot) -> Iterator[tuple[str, Part]]:
    """The points of a spool, metric by metric."""
    for one in each.found.steps:
        opening: NDArray[np.int16] | int = max(each.opening, 0)
        if each.starts:
            turns = np.searchsorted(np.array(each.starts), one.seq, side="right")
            opening = (each.opening + turns).astype(np.int16)
        at_us, seq = one.at_ns // 1_000, one.seq + each.first
        for column, name in enumerate(one.names):
            values = one.values[:, column]
            yield name, Part(steps=one.steps, values=values, at_us=at_us, seq=seq, opening=opening)


def _add(found: dict[Key, list[Part]], run_id: int, each: Hot, wanted: Set[str]) -> None:
    for name, part in parts(each):
        if name in wanted:
            found.setdefault((run_id, name), []).append(part)


def _beside(
    starts: Sequence[tuple[int, Mapping[str, Any]]], begun: Sequence[tuple[int, Mapping[str, Any]]], base: int
) -> int:
    """Which opening another process of the run belongs to: that of its attempt, else of its time."""
    said = starts[0][1] if starts else {}
    for opening, event in reversed(begun):
        if event.get("attempt") is not None and event.get("attempt") == said.get("attempt"):
            return int(opening)
    at = said.get("at_us")
    known: list[int] = [base, 1]
    for opening, event in begun:
        began = event.get("at_us")
        if isinstance(at, int) and isinstance(began, int) and began <= at + _SLACK_US:
            known.append(opening)
    return max(known)


def _cold(
    home: Home, db: sqlite3.Connection, states: Mapping[int, State], wanted: Set[str]
) -> dict[Key, list[Part]]:
    files: dict[str, list[int]] = {}
    for run_id, one in states.items():
        for share in one.shares:
            files.setdefault(share.path, []).append(run_id)
    found: dict[Key, list[Part]] = {}
    if not files:
        return found
    names = {number: name for name in wanted if (number := find(db, "metric", name)) is not None}
    for path, run_ids in files.items():
        frame = segments.rows(home, path, run_ids, list(names))
        if not frame.height:
            continue
        run, metric = frame["run_id"].to_numpy(), frame["metric_id"].to_numpy()
        borders = np.flatnonzero((run[1:] != run[:-1]) | (metric[1:] != metric[:-1])) + 1
        cuts = [0, *borders.tolist(), frame.height]
        columns = [frame[name].to_numpy() for name in ("step", "value", "at_us", "seq", "opening")]
        for lo, hi in pairwise(cuts):
            steps, values, at_us, seq, opening = (column[lo:hi] for column in columns)
            part = Part(steps=steps, values=values, at_us=at_us, seq=seq, opening=opening)
            found.setdefault((int(run[lo]), names[int(metric[lo])]), []).append(part)
    return found
