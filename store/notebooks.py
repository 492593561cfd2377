"""A home read from Python: what `lineside.open()` gives to a notebook or a script."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from lineside.store import analytics, bests, homes
from lineside.store.db import reader
from lineside.store.errors import LinesideError, Usage
from lineside.store.homes import Home
from lineside.store.queries import params, runs, summaries
from lineside.store.queries.params import number_in
from lineside.store.queries.runs import RunRow

if TYPE_CHECKING:
    import sqlite3

    import polars as pl

    from lineside.store.series import Series

V = TypeVar("V")


def opened(home: str | Path | None = None) -> "Reading":
    """The home that is meant: this folder, else LINESIDE_HOME, else the default.

    Raises:
        HomeProblem: there is none, or a newer lineside wrote it.
    """
    found = homes.locate(None if home is None else Path(home))
    with _hinted():
        reader(found).close()
    return Reading(found)


class Reading:
    """A home, open for reading; every answer is a polars DataFrame, every moment is in UTC.

    Each call reads anew, so it sees what was logged meanwhile, holds nothing between calls, and may be used
    from any thread for as long as one likes. NaN, infinities and null are what they were.
    """

    def __init__(self, home: Home) -> None:
        self._home: Home | None = home

    def sql(self, query: str) -> "pl.DataFrame":
        """Answer one SELECT (DuckDB's) over the views that `lineside sql` knows.

        Raises:
            Usage: it is no single SELECT, or DuckDB does not understand it.
        """
        with _hinted():
            return analytics.frame(self._at, query)

    def runs(self, where: str = "", *, sort: str = "-created", limit: int | None = 1_000) -> "pl.DataFrame":
        """One row per run: what it is, its `param.…` and `tag.…`, the last value of each `metric.…`.

        A param is a column of numbers where every run's is a number, else of text.

        Args:
            where: as of `lineside runs ls`: "status:FINISHED lr<1e-3".
            sort: as there: "created", a param, a metric, "min(loss)"; "-" in front: downward.
            limit: None: all.

        Raises:
            Usage: the filter or the order says what nobody knows.
        """
        with _hinted(), self._read() as db:
            return _flat(db, runs.by_ids(db, bests.ids(self._at, db, where, sort)[:limit]))

    def series(
        self, run: int | str, metric: str, *, x: str = "step", smooth: float = 0.0,
        branch: int | None = None, width: int | None = None,
    ) -> "pl.DataFrame":  # fmt: skip
        """What a run logged of a metric: step, value, when, and the seconds since the run began.

        Args:
            run: number, uid, or a unique tail of it.
            x: what the points are ordered by, and thinned along: "step", "time" or "relative".
            smooth: weight in [0, 1) of a moving average over all points, in a column `smoothed`; 0: none.
            branch: 1: as it was before the run went on for the first time; None: the newest.
            width: columns of a chart to thin to, keeping the lowest and highest of each; None: all points.

        Raises:
            NotFound: there is no such run.
            ValueError: `x` or `smooth` is none of what they may be.
        """
        from lineside.store import series

        with _hinted(), self._read() as db:
            ids = [runs.find(db, str(run)).id]
            found = series.read(self._at, db, ids, [metric], x=x, smooth=smooth, branch=branch, width=width)
        return _points(found, smoothed=smooth > 0)

    def close(self) -> None:
        """Refuse whatever is asked from now on."""
        self._home = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<lineside home {self._home.path}>" if self._home else "<lineside home, closed>"

    @property
    def _at(self) -> Home:
        if self._home is None:
            raise Usage("this home was closed", hint="open it again: lineside.open()")
        return self._home

    @contextmanager
    def _read(self) -> "Iterator[sqlite3.Connection]":
        db = reader(self._at)
        try:
            yield db
        finally:
            db.close()


@contextmanager
def _hinted() -> Iterator[None]:
    """A traceback shows the message only: let it show what to do as well."""
    try:
        yield
    except LinesideError as error:
        if error.hint:
            error.add_note(error.hint)
        raise


# -- frames ---------------------------------------------------------------------------------------------

_TEXTS = ("uid", "experiment", "name", "status", "cause", "detail", "author", "note")
_NUMBERS = ("id", "job_id", "parent_id")
_MOMENTS = ("created", "started", "ended")


def _flat(db: "sqlite3.Connection", rows: Sequence[RunRow]) -> "pl.DataFrame":
    """Columns are named as those of the view `runs`, where that has them."""
    import polars as pl

    def column(name: str, field: str, kind: "type[pl.DataType]") -> pl.Series:
        return pl.Series(name, [getattr(row, field) for row in rows], dtype=kind)

    numbers = [column(name, name, pl.Int64) for name in _NUMBERS]
    texts = [column(name, name, pl.String) for name in _TEXTS]
    moments = [column(f"{name}_at", f"{name}_us", pl.Int64).cast(pl.Datetime("us")) for name in _MOMENTS]
    given = [params.params(db, row.id) for row in rows]
    said = [params.tags(db, row.id) for row in rows]
    logged = [{m.metric: m.last_value for m in summaries.summaries(db, row.id)} for row in rows]
    return pl.DataFrame(
        [numbers[0], *texts, *numbers[1:], *moments, *_wide("param", given, _numbers_or_text),
         *_wide("tag", said, lambda name, found: pl.Series(name, found, dtype=pl.String)),
         *_wide("metric", logged, lambda name, found: pl.Series(name, found, dtype=pl.Float64))]
    )  # fmt: skip


def _wide(
    kind: str, cells: Sequence[Mapping[str, V]], made: "Callable[[str, list[V | None]], pl.Series]"
) -> "list[pl.Series]":
    """A column for each name that any run has, in the order of the names."""
    names = sorted({name for row in cells for name in row})
    return [made(f"{kind}.{name}", [row.get(name) for row in cells]) for name in names]


def _numbers_or_text(name: str, found: list[str | None]) -> "pl.Series":
    import polars as pl

    numbers = [None if text is None else number_in(text) for text in found]
    if any(number is None and text is not None for number, text in zip(numbers, found, strict=True)):
        return pl.Series(name, found, dtype=pl.String)
    return pl.Series(name, numbers, dtype=pl.Float64)


def _points(found: "Sequence[Series]", *, smoothed: bool) -> "pl.DataFrame":
    """A run that never logged the metric has a frame without rows."""
    import polars as pl

    line = found[0] if found else None

    def column(name: str, field: str, kind: "type[pl.DataType]") -> pl.Series:
        return pl.Series(name, [] if line is None else getattr(line, field), dtype=kind)

    return pl.DataFrame([
        column("step", "steps", pl.Int64), column("value", "values", pl.Float64),
        *([column("smoothed", "smoothed", pl.Float64)] if smoothed else []),
        column("logged_at", "at_us", pl.Int64).cast(pl.Datetime("us")),
        column("seconds", "seconds", pl.Float64),
    ])  # fmt: skip
