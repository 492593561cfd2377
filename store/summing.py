"""Points summed up: what a stretch of a spool adds to each metric's one row. Exact, in any cut."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lineside.store.clock import Micros
from lineside.store.queries.summaries import SummaryRow
from lineside.store.spool import Steps


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sum:
    """A summary, and the places in the spool that decide which of two equal steps came later."""

    row: SummaryRow
    first_seq: int
    last_seq: int
    min_seq: int
    max_seq: int


def summed(parts: Iterable[Steps]) -> list[SummaryRow]:
    """One row per metric over all parts, by name.

    `first` is the value at the lowest step, the earliest written of several; `last` the value at the highest
    step, the latest written; `min` and `max` look at finite values only, the earliest written of equal ones.
    """
    sums: dict[str, _Sum] = {}
    for part in parts:
        for new in _of_part(part):
            name = new.row.metric
            sums[name] = _joined(sums[name], new) if name in sums else new
    return [sums[name].row for name in sorted(sums)]


def _of_part(part: Steps) -> list[_Sum]:
    steps, values = part.steps, part.values
    finite = np.isfinite(values)
    nan, up, down = np.isnan(values).sum(0), np.isposinf(values).sum(0), np.isneginf(values).sum(0)
    low = np.where(finite, values, np.inf).argmin(0)
    high = np.where(finite, values, -np.inf).argmax(0)
    first, last = int(steps.argmin()), len(steps) - 1 - int(steps[::-1].argmax())
    sums = []
    for column, metric in enumerate(part.names):
        some = bool(finite[:, column].any())
        at_low, at_high = int(low[column]), int(high[column])
        row = SummaryRow(
            metric=metric, count=len(steps), nan=int(nan[column]), pos_inf=int(up[column]),
            neg_inf=int(down[column]), first=_finite(values[first, column]), first_step=int(steps[first]),
            last=_finite(values[last, column]), last_kind=kind_of(float(values[last, column])),
            last_step=int(steps[last]),
            min=float(values[at_low, column]) if some else None,
            min_step=int(steps[at_low]) if some else None,
            max=float(values[at_high, column]) if some else None,
            max_step=int(steps[at_high]) if some else None,
            last_us=Micros(int(part.at_ns.max()) // 1_000),
        )  # fmt: skip
        seq = part.seq
        sums.append(_Sum(row=row, first_seq=int(seq[first]), last_seq=int(seq[last]),
                         min_seq=int(seq[at_low]), max_seq=int(seq[at_high])))  # fmt: skip
    return sums


def _joined(a: _Sum, b: _Sum) -> _Sum:
    first = min(a, b, key=lambda one: (one.row.first_step, one.first_seq))
    last = max(a, b, key=lambda one: (one.row.last_step, one.last_seq))
    low = min(a, b, key=lambda one: (one.row.min is None, one.row.min or 0.0, one.min_seq))
    high = min(a, b, key=lambda one: (one.row.max is None, -(one.row.max or 0.0), one.max_seq))
    row = replace(
        a.row, count=a.row.count + b.row.count, nan=a.row.nan + b.row.nan,
        pos_inf=a.row.pos_inf + b.row.pos_inf, neg_inf=a.row.neg_inf + b.row.neg_inf,
        first=first.row.first, first_step=first.row.first_step,
        last=last.row.last, last_kind=last.row.last_kind, last_step=last.row.last_step,
        min=low.row.min, min_step=low.row.min_step, max=high.row.max, max_step=high.row.max_step,
        last_us=max(a.row.last_us, b.row.last_us),
    )  # fmt: skip
    return _Sum(row=row, first_seq=first.first_seq, last_seq=last.last_seq, min_seq=low.min_seq,
                max_seq=high.max_seq)  # fmt: skip


def kind_of(value: float) -> str:
    """How a value is no number: "nan", "+inf", "-inf"; otherwise "finite"."""
    if np.isnan(value):
        return "nan"
    return "finite" if np.isfinite(value) else "+inf" if value > 0 else "-inf"


def _finite(value: NDArray[np.float64]) -> float | None:
    return float(value) if np.isfinite(value) else None
