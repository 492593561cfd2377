"""The moving average is the plain loop of the books, whatever the line holds."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineside.store import smoothing

_VALUES = st.lists(
    st.one_of(st.floats(-1e6, 1e6), st.sampled_from([math.nan, math.inf, -math.inf])), max_size=40
)
_WEIGHTS = st.one_of(st.sampled_from([0.0, 0.6, 0.9, 0.99]), st.floats(0.0, 0.9999))


def by_hand(values: list[float], weight: float) -> list[float]:
    """TensorBoard's own loop."""
    out, last, count = [], 0.0, 0
    for value in values:
        if math.isfinite(value):
            last, count = last * weight + (1 - weight) * value, count + 1
            out.append(last / (1 - weight**count))
        else:
            out.append(value)
    return out


@given(values=_VALUES, again=st.integers(1, 60), weight=_WEIGHTS)
def test_it_equals_the_plain_loop(values: list[float], again: int, weight: float) -> None:
    line = values * again  # across the borders of blocks, and of blocks of blocks
    largest = max((abs(v) for v in values if math.isfinite(v)), default=0.0)
    np.testing.assert_allclose(
        smoothing.ema(np.array(line, dtype=float), weight), by_hand(line, weight),
        rtol=1e-9, atol=1e-11 * largest,
    )  # fmt: skip


@given(values=_VALUES, weight=_WEIGHTS)
def test_it_stays_between_the_lowest_and_the_highest(values: list[float], weight: float) -> None:
    line = np.array(values, dtype=float)
    good = np.isfinite(line)
    smoothed = smoothing.ema(line, weight)[good]
    assert not good.any() or line[good].min() <= smoothed.min() <= smoothed.max() <= line[good].max()


@given(values=_VALUES, more=_VALUES, weight=_WEIGHTS)
def test_what_comes_later_changes_nothing_before(
    values: list[float], more: list[float], weight: float
) -> None:
    alone = smoothing.ema(np.array(values, dtype=float), weight)
    longer = smoothing.ema(np.array(values + more, dtype=float), weight)[: len(values)]
    np.testing.assert_allclose(longer, alone, rtol=1e-9, atol=1e-5)


@pytest.mark.parametrize("weight", [-0.1, 1.0, math.nan])
def test_a_weight_that_forgets_nothing_is_refused(weight: float) -> None:
    with pytest.raises(ValueError, match="at least 0 and less than 1"):
        smoothing.ema(np.ones(3), weight)


def test_a_hundred_thousand_equal_values_stay_equal() -> None:
    assert set(smoothing.ema(np.full(100_000, 0.1), 0.999).tolist()) == {0.1}
