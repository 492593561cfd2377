"""Whatever order writing, ingesting, compacting and merging come in, what was logged is what is read."""

import struct
import tempfile
from pathlib import Path

from fixtures.compaction import advance, seal
from fixtures.spools import take_all, writing
from hypothesis import given, settings
from hypothesis import strategies as st

import lineside
from lineside.store import homes, segments, series
from lineside.store.db import writer
from lineside.store.homes import Home
from lineside.store.migrations import migrate

_RUNS = st.integers(0, 2)
_LOGGED = st.tuples(_RUNS, st.sampled_from(["a", "b"]), st.integers(-3, 3), st.floats(width=64))
_ACTS = st.lists(
    st.one_of(_LOGGED, _RUNS, st.sampled_from(["ingest", "compact", "compact"])), min_size=1, max_size=30
)


def bits(value: float) -> bytes:
    return struct.pack("<d", value)


@settings(max_examples=15, deadline=None)
@given(acts=_ACTS)
def test_what_was_logged_is_what_is_read(acts: list[object]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        homes.create(home)
        db = writer(home.db)
        migrate(db)
        open_runs: dict[int, lineside.Run] = {}
        over: set[int] = set()
        said: dict[tuple[int, str], dict[int, bytes]] = {}
        for act in acts:
            if isinstance(act, tuple) and act[0] not in over:
                number, metric, step, value = act
                if number not in open_runs:
                    open_runs[number] = writing(home, f"run_{number}")
                open_runs[number].log_metric(metric, value, step=step)
                said.setdefault((number, metric), {})[step] = bits(value)
            elif isinstance(act, int) and act in open_runs:
                open_runs.pop(act).finish()
                over.add(act)
            elif act == "ingest":
                take_all(db, home)
            elif act == "compact":
                seal(db, home)
                advance(home, db)
        for run in open_runs.values():
            run.finish()
        take_all(db, home)
        uids = {row["id"]: int(row["uid"][-1]) for row in db.execute("select id, uid from run")}
        lines = series.read(home, db, list(uids), ["a", "b"])
        read = {
            (uids[line.run_id], line.metric): dict(
                zip(line.steps.tolist(), map(bits, line.values.tolist()), strict=True)
            )
            for line in lines
        }
        assert read == said
        assert segments.verify(home, db) == []
        db.close()
