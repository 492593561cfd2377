"""Small charts of many metrics, all alike, so that they can be compared at a glance. Imports numpy late."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from lineside.console.format import number
from lineside.console.reads.charts import Look
from lineside.console.text import Line, Span, clip, fit, line_width, safe
from lineside.console.views.runs.quantities import Quantity, of_curves
from lineside.console.widgets.charts.gallery import GAP, LEAST_HEIGHT, LEAST_WIDTH, shape

if TYPE_CHECKING:
    from lineside.store.series import Series


def lines(
    curves: "Mapping[str, Sequence[Series]]",
    look: Look,
    letters: Mapping[int, str],
    width: int,
    height: int,
    *,
    log_y: bool = False,
    chosen: str = "",
) -> list[Line]:
    """All charts in `width` cells; where they need more than `height` lines, they take more.

    Args:
        chosen: the metric whose title is set off.
    """
    names = list(curves)
    columns, tall = shape(len(names), width, height)
    each = (width - 1 - GAP * (columns - 1)) // columns
    out: list[Line] = []
    for start in range(0, len(names), columns):
        blocks = [
            _one(name, curves[name], look, letters, each, tall, log_y=log_y, chosen=name == chosen)
            for name in names[start : start + columns]
        ]
        out += [_joined([block[row] for block in blocks], each) for row in range(tall)]
    return out


def fitting(
    curves: "Mapping[str, Sequence[Series]]",
    look: Look,
    letters: Mapping[int, str],
    width: int,
    height: int,
    *,
    log_y: bool = False,
) -> list[Line]:
    """As many of the charts as have room in `height` lines."""
    columns = max(1, (width + GAP) // (LEAST_WIDTH + GAP))
    most = columns * max(1, height // LEAST_HEIGHT)
    kept = {name: curves[name] for name in list(curves)[:most]}
    return lines(kept, look, letters, width, height, log_y=log_y)[:height]


def _joined(parts: Sequence[Line], each: int) -> Line:
    row: list[Span] = []
    for place, part in enumerate(parts):
        row += [(" " * GAP, "")] if place else []
        row += [*part, (" " * (each - line_width(part)), "")]
    return row


def _one(
    metric: str, found: "Sequence[Series]", look: Look, letters: Mapping[int, str], width: int, height: int,
    *, log_y: bool, chosen: bool,
) -> list[Line]:  # fmt: skip
    from lineside.console.views.runs.charts import SCALES, line_of, reaching
    from lineside.console.widgets.charts import chart

    what = of_curves(metric, found)
    drawn = [line_of(one, look, letters.get(one.run_id, ""), several=False, by=what.factor) for one in found]
    body = chart.plotted(
        drawn, width=width - 1, height=height - 1, view=reaching(found, look), log_y=log_y,
        x_scale=SCALES[look.x], legend=False,
    )  # fmt: skip
    return [_title(what, found, letters, width, chosen=chosen), *([(" ", ""), *row] for row in body.rows)]


def _title(
    what: Quantity, found: "Sequence[Series]", letters: Mapping[int, str], width: int, *, chosen: bool
) -> Line:
    """` val_rmse ── a 51.6  b 53.3 `: the name, and the last value of each run."""
    values: list[Span] = []
    for one in found:
        letter = letters.get(one.run_id, "")
        last = number(float(one.values[-1]) * what.factor) if len(one.values) else ""
        values.append((f" {letter} {last}" if letter and len(found) > 1 else f" {last}", letter or "a"))
    unit: list[Span] = [(f" {what.unit}", "dim")] if what.unit else []
    tail = clip([*values, *unit, (" ", "")], max(0, width - 10))
    name = fit(safe(what.name), min(len(what.name), max(4, width - line_width(tail) - 4)))
    rule = "─" * max(0, width - len(name) - 2 - line_width(tail))
    return clip([(f" {name} ", "bold accent reverse" if chosen else "head"), (rule, "rule"), *tail], width)
