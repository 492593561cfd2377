"""Whatever order ending, resuming, ingesting, moving and crashing come in, the newest line is drawn."""

import asyncio
import os
import sqlite3
import tempfile
from pathlib import Path
from unittest import mock

from fixtures.compaction import Inline, advance, settle
from fixtures.spools import writing
from hypothesis import given, settings
from hypothesis import strategies as st

import lineside
from lineside.jobs import compacting, ingesting
from lineside.store import clock, homes, segments, series
from lineside.store.db import writer
from lineside.store.homes import Home
from lineside.store.migrations import migrate
from lineside.store.queries import runs

_LOG = st.tuples(st.one_of(st.none(), st.integers(0, 30)), st.integers(1, 4))
_ACTS = st.lists(
    st.one_of(
        _LOG, _LOG, st.sampled_from(["FAILED", "FINISHED", "kill"]),
        st.sampled_from(["ingest", "settle", "compact", "compact", "restart", "crash"]),
    ),
    min_size=1, max_size=30,
)  # fmt: skip


_CUT = st.tuples(st.sampled_from(["cut", "zeros"]), st.floats(0, 1))
_HARD = st.lists(
    st.one_of(
        st.tuples(st.integers(0, 30), st.integers(1, 4)), st.tuples(st.integers(0, 30), st.integers(1, 4)),
        _CUT, st.sampled_from(["FAILED", "FINISHED", "kill", "ingest", "settle", "compact", "restart"]),
    ),
    min_size=1, max_size=30,
)  # fmt: skip


class Script:
    """One run, begun again and again by scripts that come to some end; and what should be seen of it."""

    def __init__(self, home: Home) -> None:
        self.home, self.openings, self.written = home, list[dict[int, float]](), 0
        self.run: lineside.Run | None = None
        self.places: list[tuple[int, int, int, int | None]] = []  # file, where a frame ends, opening, step

    def log(self, step: int | None, count: int) -> None:
        if self.run is None:
            more = {"resume": True} if self.openings else {}
            self.run = writing(self.home, "run_a", at_us=clock.now(), **more)
            if self.openings:
                (self.home.spool / "run_a.resume").touch()
                self.run._next_step = lineside._highest_step(str(self.home.path), "run_a") + 1
            self.openings.append({})
            self.run._spool.open()
            self._noted(None)
        ever = [-1, *(each for opening in self.openings for each in opening)]
        for number in range(count):
            said = max(ever) + 1 + number if step is None else step + number
            value = float(len(self.openings) * 1_000 + said)
            self.run.log_metric("loss", value, step=None if step is None else said)
            self.openings[-1][said] = value
            self._noted(said)
            self.written += 1

    def _noted(self, step: int | None) -> None:
        assert self.run is not None
        found = os.fstat(self.run._spool.fd)
        self.places.append((found.st_ino, found.st_size, len(self.openings) - 1, step))

    def lose(self, how: str, share: float) -> None:
        """The power fails: of the spool the disk has a share, and behind it nothing or zeros."""
        self.end("kill")
        path = self.home.spool / "run_a.sp"
        if not path.exists():
            return
        file, data = path.stat().st_ino, path.read_bytes()
        cut = int(len(data) * share)
        with path.open("r+b") as spool:
            spool.truncate(cut)
            spool.truncate(len(data) if how == "zeros" else cut)
        gone = [place for place in self.places if place[0] == file and place[1] > cut]
        self.places = [place for place in self.places if place not in gone]
        for _, _, opening, step in gone:
            if step is not None and (file, opening, step) not in {(p[0], p[2], p[3]) for p in self.places}:
                self.openings[opening].pop(step, None)
        kept = sorted({place[2] for place in self.places})
        self.openings = [self.openings[number] for number in kept]
        self.places = [(a, b, kept.index(number), step) for a, b, number, step in self.places]

    def end(self, how: str) -> None:
        if self.run is None:
            return
        if how == "kill":
            os.close(self.run._spool.fd)
            self.run._spool.ended = True
        else:
            self.run.finish(how)
        self.run = None

    def line(self, branch: int) -> dict[int, float]:
        """The points of the first `branch` openings; each replaces what comes at or after its first step."""
        line: dict[int, float] = {}
        for opening in self.openings[:branch]:
            line = {
                step: value for step, value in line.items() if step < min(opening, default=step + 1)
            } | opening
        return dict(sorted(line.items()))


def drawn(home: Home, db: sqlite3.Connection, branch: int | None) -> dict[int, float]:
    (line,) = series.read(home, db, [1], ["loss"], branch=branch)
    return dict(zip(line.steps.tolist(), line.values.tolist(), strict=True))


def act(script: Script, home: Home, db: sqlite3.Connection, what: object) -> None:
    if isinstance(what, tuple) and isinstance(what[0], str):
        script.lose(*what)
        ingesting._WATCHES.clear()
    elif isinstance(what, tuple):
        script.log(*what)
    elif what == "ingest":
        asyncio.run(ingesting.tick(Inline(home, db)))
    elif what == "settle":
        settle(home, db)
    elif what == "compact":
        settle(home, db)
        advance(home, db)
    elif what == "restart":
        ingesting._WATCHES.clear()
        segments.recover(home, db)
    elif what == "crash":  # after the manifest's transaction; and the next runner is not up yet
        settle(home, db)
        with mock.patch.object(compacting, "_unlink"):
            advance(home, db)
        ingesting._WATCHES.clear()
    else:
        script.end(str(what))


@settings(max_examples=20, deadline=None)
@given(acts=_ACTS)
def test_the_newest_line_is_drawn_and_the_older_ones_are_kept(acts: list[object]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        homes.create(home)
        db = writer(home.db)
        migrate(db)
        script = Script(home)
        for what in acts:
            act(script, home, db, what)
        script.end("FAILED")
        for moved in (False, True):
            settle(home, db)
            if moved:
                segments.recover(home, db)
                while advance(home, db):
                    pass
            if script.openings:
                for branch in range(1, len(script.openings) + 1):
                    assert drawn(home, db, branch) == script.line(branch)
                assert drawn(home, db, None) == script.line(len(script.openings))
                (row,) = runs.summaries(db, 1)
                assert row.count == script.written
                assert "gaps" not in runs.context(db, 1)
        assert not list(home.spool.glob("*.sp"))
        assert segments.verify(home, db) == []
        db.close()
        ingesting._WATCHES.clear()


@settings(max_examples=20, deadline=None)
@given(acts=_HARD)
def test_what_a_power_loss_left_is_drawn_and_what_came_after_it_as_well(acts: list[object]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        homes.create(home)
        db = writer(home.db)
        migrate(db)
        script = Script(home)
        for what in acts:
            act(script, home, db, what)
        script.end("FAILED")
        for moved in (False, True):
            settle(home, db)
            while moved and advance(home, db):
                pass
            lines = series.read(home, db, runs.ids(db), ["loss"]) if runs.ids(db) else []
            found = {s: v for line in lines for s, v in zip(line.steps, line.values.tolist(), strict=True)}
            assert found == script.line(len(script.openings))
            left = sum(step is not None for *_, step in script.places)
            count = sum(row.count for id in runs.ids(db) for row in runs.summaries(db, id))
            assert left <= count <= script.written
        db.close()
        ingesting._WATCHES.clear()
