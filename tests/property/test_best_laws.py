"""A value at the best step is what a plain reading of everything written says, resumed runs too."""

import math
import tempfile
from pathlib import Path

from fixtures.compaction import advance, seal
from fixtures.spools import take_all, writing
from hypothesis import given
from hypothesis import strategies as st

from lineside.store import bests, homes
from lineside.store.db import writer
from lineside.store.homes import Home
from lineside.store.migrations import migrate
from lineside.store.queries.bests import AtBest

values = st.sampled_from([0.0, 1.0, 1.0, 2.5, -3.0, math.nan, math.inf, -math.inf])
points = st.tuples(st.sampled_from(["loss", "acc"]), st.integers(0, 6), values)
openings = st.lists(st.lists(points, max_size=12), min_size=1, max_size=3)
KEYS = (AtBest(metric="acc", side="min", of="loss"), AtBest(metric="loss", side="max", of="acc"))

Line = dict[int, float]


def plain(written: list[list[tuple[str, int, float]]], key: AtBest) -> float | None:
    """From the first step of a newer opening on, the metric's older points are gone; the rest is a loop."""
    lines: dict[str, Line] = {"loss": {}, "acc": {}}
    for opening in written:
        for metric, line in lines.items():
            begun = min((step for name, step, _ in opening if name == metric), default=math.inf)
            lines[metric] = {step: value for step, value in line.items() if step < begun}
        for metric, step, value in opening:
            lines[metric][step] = value
    sign = 1 if key.side == "min" else -1
    finite = [(sign * value, step) for step, value in lines[key.of].items() if math.isfinite(value)]
    if not finite:
        return None
    before = [step for step in lines[key.metric] if step <= min(finite)[1]]
    return lines[key.metric][max(before)] if before else None


@given(written=st.lists(openings, min_size=1, max_size=3), cold=st.booleans())
def test_points_read_in_one_call_say_what_a_loop_over_them_says(
    written: list[list[list[tuple[str, int, float]]]], cold: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        homes.create(home)
        db = writer(home.db)
        migrate(db)
        for number, of_run in enumerate(written):
            for opening in of_run:
                run = writing(home, f"run_{number}")
                for metric, step, value in opening:
                    run.log_metric(metric, value, step=step)
                run.finish()
        take_all(db, home)
        if cold:
            seal(db, home)
            advance(home, db)
        found = bests.values(home, db, [*range(1, len(written) + 1)], KEYS)
        expected = {
            (number, key): value
            for number, of_run in enumerate(written, 1)
            for key in KEYS
            if (value := plain(of_run, key)) is not None
        }
        assert found.keys() == expected.keys()
        assert all(repr(found[place]) == repr(value) for place, value in expected.items())
        db.close()
