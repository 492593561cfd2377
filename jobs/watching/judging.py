"""Whether a rule fires, and where: folds over the points of one metric in the order they were written.

In any cut of the stream a rule fires at the same point; each fold costs what is new, whatever came before.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from lineside.jobs.watching.rules import Rule
from lineside.store.queries.bests import better_side

Steps = NDArray[np.int64]
Values = NDArray[np.float64]
_CELLS = 1 << 18
"""Numbers of all windows that are looked at together: 2 MiB, however many points come at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What a rule knows of the points of one metric so far."""

    recent: tuple[float, ...] = ()  # the newest finite values, less than a window of them
    lowest: float = math.inf  # median of any window
    best: float = math.inf  # the value that counts as the newest improvement; always "lower is better"
    best_step: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Where a rule fired, and what it says."""

    place: int  # among the points that were folded
    step: int
    value: float
    words: str
    line: float | None = None  # what the value was held against


Fold = Callable[[Rule, str, Memory, Steps, Values], tuple[Memory, Finding | None]]


def fold(
    rule: Rule, metric: str, memory: Memory, steps: Steps, values: Values
) -> tuple[Memory, Finding | None]:
    """What the rule knows after these points, and the first of them at which it fires.

    Args:
        steps, values: shape (n,), in the order they were written; not sorted by step.
    """
    return _FOLDS[rule.when](rule, metric, memory, steps, values) if len(steps) else (memory, None)


def stalled(rule: Rule, silent_s: float, last_step: int | None) -> str | None:
    """What to say of a run that logged no step for so long; None: it is not too long."""
    if rule.when != "stall" or silent_s < rule.seconds:
        return None
    return f"no step for {rule.seconds:g} s" + (f" after step {last_step:,}" if last_step is not None else "")


def _nan(
    rule: Rule, metric: str, memory: Memory, steps: Steps, values: Values
) -> tuple[Memory, Finding | None]:
    odd = ~np.isfinite(values)
    if not odd.any():
        return memory, None
    place = int(odd.argmax())
    value, step = float(values[place]), int(steps[place])
    word = "NaN" if math.isnan(value) else "+inf" if value > 0 else "-inf"
    return memory, Finding(place=place, step=step, value=value, words=f"{metric} is {word} at step {step:,}")


def _diverges(
    rule: Rule, metric: str, memory: Memory, steps: Steps, values: Values
) -> tuple[Memory, Finding | None]:
    """The median of a window rises above `factor` times the lowest one so far; NaN and inf are left out."""
    finite = np.flatnonzero(np.isfinite(values))
    line = np.concatenate([np.array(memory.recent, np.float64), values[finite]])
    width, lowest, finding = rule.window, memory.lowest, None
    windows = sliding_window_view(line, width) if len(line) >= width else np.empty((0, width))
    for begin in range(0, len(windows), max(1, _CELLS // width)):
        medians = np.median(windows[begin : begin + max(1, _CELLS // width)], axis=1)
        lows = np.minimum.accumulate(np.minimum(medians, lowest))
        above = medians > lows + (rule.factor - 1.0) * np.abs(lows)
        if above.any():
            at = int(above.argmax())
            place = int(finite[begin + at + width - 1 - len(memory.recent)])
            finding = _diverged(rule, metric, int(steps[place]), place, float(medians[at]), float(lows[at]))
            break
        lowest = float(lows[-1])
    kept = tuple(line[len(line) - min(len(line), width - 1) :].tolist())
    return Memory(recent=kept, lowest=lowest), finding


def _diverged(rule: Rule, metric: str, step: int, place: int, value: float, low: float) -> Finding:
    words = (
        f"{metric} diverges at step {step:,}: {value:.4g} over {rule.window:,} points, "
        f"more than {rule.factor:g} times the lowest, {low:.4g}"
    )
    return Finding(place=place, step=step, value=value, words=words, line=rule.factor * low)


def _plateau(
    rule: Rule, metric: str, memory: Memory, steps: Steps, values: Values
) -> tuple[Memory, Finding | None]:
    """`steps` steps have gone by since a value was better than the best by more than `min_delta`."""
    turned = better_side(metric) == "max"
    line = np.where(np.isfinite(values), -values if turned else values, np.inf)
    places, bests = _improvements(line, memory.best, rule.min_delta)
    known, count = np.concatenate([[memory.best_step], steps[places]]), _of(places, line)
    waited = steps - known[count]
    if memory.best == math.inf:  # it counts from the first value that is a number
        waited[count == 0] = 0
    late = waited >= rule.steps
    best = bests[-1] if bests else memory.best
    after = Memory(best=best, best_step=int(known[-1]))
    if not late.any():
        return after, None
    place = int(late.argmax())
    since = int(count[place])
    held = bests[since - 1] if since else memory.best
    return after, _flat(
        rule, metric, place, int(steps[place]), float(values[place]), -held if turned else held
    )


def _flat(rule: Rule, metric: str, place: int, step: int, value: float, best: float) -> Finding:
    words = f"{metric} is no better for {rule.steps:,} steps at step {step:,}: best {best:.6g}"
    return Finding(place=place, step=step, value=value, words=words, line=best)


def _improvements(line: Values, best: float, min_delta: float) -> tuple[NDArray[np.intp], list[float]]:
    """Where a value is lower than the best so far by more than `min_delta`, and what is the best then."""
    before = np.minimum.accumulate(np.concatenate([[best], line[:-1]]))
    records = np.flatnonzero(line < before)  # an improvement is always a record
    places, bests = [], []
    for place, value in zip(records.tolist(), line[records].tolist(), strict=True):
        if value < best - min_delta:
            best = value
            places.append(place)
            bests.append(value)
    return np.array(places, np.intp), bests


def _of(places: NDArray[np.intp], line: Values) -> NDArray[np.intp]:
    """How many improvements there were up to each point."""
    return np.searchsorted(places, np.arange(len(line)), side="right")


_FOLDS: Mapping[str, Fold] = {
    "nan": _nan,
    "diverges": _diverges,
    "plateau": _plateau,
    "stall": lambda rule, metric, memory, steps, values: (memory, None),
}
