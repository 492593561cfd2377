"""Laws of profiles, differences and commands."""

import dataclasses
import math
import shlex
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from lineside.jobs.data import columns, differences
from lineside.jobs.projects import cells, project

floats = st.lists(st.one_of(st.none(), st.floats()), min_size=1, max_size=50)
values = st.lists(st.integers(0, 3), min_size=1, max_size=20)


@given(given_values=floats)
def test_every_value_is_counted_exactly_once(given_values: list[float | None]) -> None:
    series = pl.Series("x", given_values, dtype=pl.Float64)

    (found,) = columns.profile(series.to_frame())

    finite = [v for v in given_values if v is not None and math.isfinite(v)]
    assert found.nulls + found.nans + found.infinite + len(finite) == found.rows == len(given_values)
    assert sum(found.counts) == len(finite)
    assert list(found.edges) == sorted(found.edges)
    if finite:
        assert (found.min, found.max) == (min(finite), max(finite))


@given(old=values, new=values)
def test_rows_of_the_old_less_removed_plus_added_are_rows_of_the_new(old: list[int], new: list[int]) -> None:
    left, right = pl.DataFrame({"x": old}), pl.DataFrame({"x": new})

    found: dict[str, Any] = differences._rows(left, right)

    assert found["rows_old"] - found["rows_removed"] + found["rows_added"] == found["rows_new"]
    if sorted(old) == sorted(new):
        assert found["rows_added"] == found["rows_removed"] == found["rows_changed"] == 0


@given(text=st.text(min_size=1).filter(lambda t: "\0" not in t))
def test_a_parameter_stays_one_word_whatever_it_holds(text: str) -> None:
    found = project.parse('[pipeline.p.params]\nx = ""\n[pipeline.p.stage.s]\ncmd = "run {x} --x={x} end"\n')

    stage = found.pipelines["p"].stages[0]
    words = cells.argv_of(stage, {"python": "py", "x": text})
    (*_, of_shell) = cells.argv_of(dataclasses.replace(stage, shell=True), {"python": "py", "x": text})

    assert words == ("run", text, f"--x={text}", "end")
    assert tuple(shlex.split(of_shell)) == words
