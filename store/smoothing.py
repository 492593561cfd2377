"""Smoothing a noisy line, as a curve's eye wants it. It imports numpy, so import it late."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_BLOCK = 32
"""Values that are weighed in one product; more costs more multiplications, fewer more passes."""

_NOTHING = 1e-18
"""A share of the start value that no float can tell from none."""


def ema(values: Floats, weight: float) -> Floats:
    """Exponential moving average without the pull of its start (TensorBoard's smoothing).

    With y the finite values in their order, s₀ = 0 and k = 1, 2, …:

        sₖ = weight · sₖ₋₁ + (1 - weight) · yₖ        smoothedₖ = sₖ / (1 - weightᵏ)

    It weighs places in the order, not the time between them: points of one metric come at even steps, and
    where a script paused, the values before the pause are no less true. A value that is not finite stands
    unchanged in its place and counts for nothing, before and after it.

    Args:
        values: shape (n,), NaN and infinities as they were written.
        weight: share that is kept of what was before, in [0, 1); 0 changes nothing.

    Returns:
        Shape (n,); each between the lowest and the highest finite value.

    Raises:
        ValueError: `weight` is outside [0, 1).

    Source:
        Kingma and Ba (2015), section 3, for the correction; tensorboard/components/vz_line_chart2.

    >>> ema(np.array([1.0, np.nan, 3.0, np.inf, 5.0]), 0.5).round(4).tolist()
    [1.0, nan, 2.3333, inf, 3.8571]
    """
    if not 0 <= weight < 1:
        raise ValueError(f"smoothing is {weight!r}: at least 0 and less than 1")
    finite = np.isfinite(values)
    whole = bool(finite.all())
    known = values if whole else values[finite]
    if weight == 0 or not len(known):
        return values.copy()
    smoothed = _accumulated(known, weight, share=1 - weight)
    pulled = min(len(known), int(np.log(_NOTHING) / np.log(weight)) + 1)
    smoothed[:pulled] /= -np.expm1(np.arange(1, pulled + 1) * np.log(weight))
    np.clip(smoothed, known.min(), known.max(), out=smoothed)  # a flat line stays flat to the last digit
    if whole:
        return smoothed
    out = values.copy()
    out[finite] = smoothed
    return out


def _accumulated(values: Floats, weight: float, *, share: float = 1.0) -> Floats:
    """sₖ = weight · sₖ₋₁ + share · valuesₖ, a block at a time: no power above 1 that could overflow.

    >>> _accumulated(np.ones(4), 0.5).tolist()
    [1.0, 1.5, 1.75, 1.875]
    """
    blocks = -(-len(values) // _BLOCK)
    rows = np.empty(blocks * _BLOCK)
    rows[: len(values)], rows[len(values) :] = values, 0.0
    places = np.arange(_BLOCK)
    decay = np.tril(share * weight ** np.maximum(0, places[:, None] - places))
    sums: Floats = rows.reshape(blocks, _BLOCK) @ decay.T
    if blocks > 1:
        before = _accumulated(sums[:-1, -1], weight**_BLOCK)
        sums[1:] += before[:, None] * weight ** (places + 1)
    return sums.reshape(-1)[: len(values)]
