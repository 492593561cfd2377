"""Looking closer at a stretch of a curve loses nothing in it, and nothing that stands out beside it."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lineside.store import series
from lineside.store.series import Series

_VALUES = st.lists(
    st.one_of(st.floats(-1e6, 1e6), st.sampled_from([math.nan, math.inf])), min_size=1, max_size=400
)


def made(values: list[float]) -> Series:
    at = np.arange(len(values), dtype=np.int64) * 3
    return Series(
        run_id=1, metric="loss", steps=at, values=np.array(values, dtype=float), at_us=at * 10,
        count=len(values),
    )  # fmt: skip


@given(values=_VALUES, width=st.integers(2, 12), ends=st.tuples(st.floats(-5, 1300), st.floats(-5, 1300)))
def test_extremes_and_gaps_inside_and_outside_stay(
    values: list[float], width: int, ends: tuple[float, float]
) -> None:
    whole, within = made(values), (min(ends), max(ends))
    few = series._looked_into(whole, width, "step", within)
    assert (np.diff(few.steps) > 0).all()
    assert set(few.steps.tolist()) <= set(whole.steps.tolist())
    assert (few.steps[0], few.steps[-1]) == (whole.steps[0], whole.steps[-1])
    assert len(few.steps) <= 3 * (3 * width + 2)
    for inside in (True, False):
        before, after = part(whole, within, inside=inside), part(few, within, inside=inside)
        for extreme in (np.min, np.max):
            if len(before[np.isfinite(before)]):
                assert extreme(before[np.isfinite(before)]) == extreme(after[np.isfinite(after)])
        assert np.isfinite(before).all() == np.isfinite(after).all()


@given(values=_VALUES, width=st.integers(2, 12), first=st.integers(0, 380))
def test_a_stretch_that_fits_is_shown_point_by_point(values: list[float], width: int, first: int) -> None:
    whole, within = made(values), (first * 3.0, (first + 3 * width - 1) * 3.0)
    few = series._looked_into(whole, width, "step", within)
    np.testing.assert_array_equal(part(few, within, inside=True), part(whole, within, inside=True))


def part(line: Series, within: tuple[float, float], *, inside: bool) -> np.ndarray:  # type: ignore[type-arg]
    there = (line.steps >= within[0]) & (line.steps <= within[1])
    return line.values[there if inside else ~there]
