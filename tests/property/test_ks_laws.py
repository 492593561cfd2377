"""Laws of the exact Kolmogorov-Smirnov distance, ties included."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lineside.jobs.monitor.drift import ks

values = st.lists(
    st.sampled_from([-2.0, -1.0, 0.0, 0.5, 1.0, 3.0]) | st.floats(-5, 5), min_size=1, max_size=40
)


@given(old=values, new=values)
def test_the_distance_is_the_largest_gap_between_the_two_staircases(
    old: list[float], new: list[float]
) -> None:
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


@given(ordered=st.lists(st.integers(0, 9).map(float), min_size=40, max_size=90), size=st.integers(1, 3))
def test_the_worst_block_is_the_farthest_from_all_the_others(ordered: list[float], size: int) -> None:
    column = np.array(ordered)
    found = ks.worst_block(column, size)
    if len(ordered) // size < ks.BLOCKS:
        assert found is None
        return
    far = [
        ks.statistic(np.sort(np.delete(column, range(at, at + size))), np.sort(column[at : at + size]))
        for at in range(0, len(ordered) - size + 1, size)
    ]
    assert found is not None
    assert abs(found - max(far)) < 1e-12
