"""A long run that went into a segment, was resumed and went there again, under a real runner."""

import pytest
from fixtures.runners import RunnerUnderTest
from fixtures.spools import script
from fixtures.waiting import until

from lineside.store import segments, series
from lineside.store.queries import runs
from lineside.store.queries import segments as manifest

pytestmark = pytest.mark.integration

LONG = """
import lineside
run = lineside.start_run("long")
for step in range(100_000):
    run.log_metrics({f"m{number}": step + number for number in range(10)})
run.finish("FAILED")
"""
MORE = """
import lineside
run = lineside.start_run(resume=%r)
for _ in range(1_000):
    run.log_metrics({f"m{number}": -1.0 for number in range(10)})
"""


def test_a_resumed_run_of_a_million_points_goes_into_segments_twice(runner: RunnerUnderTest) -> None:
    assert script(runner.home, LONG).stderr == ""
    spools = runner.home.spool
    until(lambda: runs.ids(runner.db) and manifest.every(runner.db) and not list(spools.glob("*.sp")))
    runner.kill()
    runner.restart()

    assert script(runner.home, MORE % runs.get(runner.db, 1).uid).stderr == ""
    until(lambda: runs.get(runner.db, 1).status == "FINISHED")
    until(lambda: len(manifest.shares(runner.db, 1)) == 2 and not list(spools.glob("*.sp")))
    for metric in ("m0", "m9"):
        (line,) = series.read(runner.home, runner.db, [1], [metric])
        assert line.steps.tolist() == list(range(101_000))
        assert (line.values[99_999] - int(metric[1:]), line.values[100_000]) == (99_999.0, -1.0)
        assert line.openings == 2
    assert {row.count for row in runs.summaries(runner.db, 1)} == {101_000}
    assert segments.verify(runner.home, runner.db) == []
