"""Laws of the exact Kolmogorov-Smirnov distance, ties included."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lineside.jobs.monitor.drift import ks

values = st.lists(
    st.sampled_from([-2.0, -1.0, 0.0, 0.5, 1.0, 3.0]) | st.floats(-5, 5), min_size=1, max_size=40
)


@given(old=values, new=values)
def test_the_distance_is_the_largest_gap_between_the_two_staircases(old: list[float], new: list[float]) -> None:
    gaps = [abs(sum(v <= x for v in old) / len(old) - sum(v <= x for v in new) / len(new)) for x in old + new]
    assert abs(ks.statistic(np.sort(old), np.sort(new)) - max(gaps)) < 1e-12


@given(old=values, new=values)
def test_the_distance_is_symmetric_and_zero_of_itself(old: list[float], new: list[float]) -> None:
    a, b = np.sort(old), np.sort(new)
    assert abs(ks.statistic(a, b) - ks.statistic(b, a)) < 1e-12
    assert ks.statistic(a, a) == 0.0


@given(old=values, new=values)
def test_the_chance_is_a_chance(old: list[float], new: list[float]) -> None:
    a, b = np.sort(old), np.sort(new)
    assert 0.0 <= ks.p_value(ks.statistic(a, b), a, b) <= 1.0
