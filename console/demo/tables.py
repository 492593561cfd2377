"""The demo's data: scikit-learn's digits, or any table of the user's own, cut into a past and a stream."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lineside.store.errors import BadData, Usage

if TYPE_CHECKING:
    import polars as pl

TRAIN_SHARE = 0.28
"""The part of a user's table that stands for the past; 500 of the 1,797 digits."""

MAX_WINDOWS = 7
TARGET_ROWS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the story is told about."""

    name: str  # of dataset, model and monitor
    past: pl.DataFrame  # what v1 learns from
    windows: tuple[pl.DataFrame, ...]  # what comes afterwards, in order
    target: str
    time: str | None
    exclude: tuple[str, ...]
    regression: bool
    window_rows: int | None  # exactly one of these two
    window_span_s: float | None
    stream_from: int  # number of the stream's first row in the whole table

    @property
    def features(self) -> list[str]:
        left_out = {self.target, self.time, *self.exclude}
        return [name for name in self.past.columns if name not in left_out]

    @property
    def what(self) -> str:
        rows = sum(w.height for w in self.windows)
        return f"{self.past.height:,} rows to learn from, then {rows:,} in {len(self.windows)} windows"


def digits() -> Plan:
    """1,797 handwritten digits in stored order: their 13 writers follow one another."""
    import polars as pl
    from sklearn.datasets import load_digits

    bunch = load_digits()
    frame = pl.DataFrame(bunch.data, schema=list(bunch.feature_names), orient="row")
    frame = frame.with_columns(pl.Series("digit", bunch.target.astype("int64")))
    past, stream = frame[:500], frame[500:]
    return Plan(
        name="digits",
        past=past,
        windows=tuple(stream[i : i + TARGET_ROWS] for i in range(0, stream.height, TARGET_ROWS)),
        target="digit",
        time=None,
        exclude=(),
        regression=False,
        window_rows=TARGET_ROWS,
        window_span_s=None,
        stream_from=500,
    )


def of_file(
    path: Path,
    *,
    target: str,
    time: str | None,
    exclude: tuple[str, ...] = (),
    until: str | None = None,
    span_days: float | None = None,
    windows: int = MAX_WINDOWS,
) -> Plan:
    """The same story on a table of the user's own.

    Args:
        until: rows before this time are the past (needs `time`); else the first 28 % are.
        span_days: a window is so many days of event time; else equal numbers of rows.

    Raises:
        BadData: the file is no table, or a column is missing.
        Usage: the cut leaves nothing on one side.
    """

    frame = _read(path)
    _require(frame, [target, *([time] if time else []), *exclude], path)
    frame = frame.drop_nulls(target)
    if time:
        frame = _sorted_by_time(frame, time, path)
    cut = _cut(frame, time, until)
    past, stream = frame[:cut], frame[cut:]
    if past.height < 50 or stream.height < 50:
        raise Usage(
            f"{past.height} rows before the cut and {stream.height} after it are too few to tell a story",
            hint="give a longer table, or another --train-until",
        )
    by_time = _spans(stream, time, span_days) if time and span_days else None
    rows = max(TARGET_ROWS, stream.height // windows)
    pieces = by_time or [stream[i : i + rows] for i in range(0, stream.height, rows)]
    dtype = frame.schema[target]
    return Plan(
        name="".join(c if c.isalnum() else "-" for c in path.stem),
        past=past,
        windows=tuple(p for p in pieces[:windows] if p.height),
        target=target,
        time=time,
        exclude=exclude,
        regression=dtype.is_float() or (dtype.is_integer() and frame[target].n_unique() > 20),
        window_rows=None if by_time else rows,
        window_span_s=span_days * 86_400 if by_time and span_days else None,
        stream_from=cut,
    )


def _read(path: Path) -> pl.DataFrame:
    import polars as pl

    try:
        return pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_csv(path, try_parse_dates=True)
    except FileNotFoundError:
        raise BadData(f"no file {path}", hint="check the path after --data") from None
    except (pl.exceptions.PolarsError, OSError) as error:
        first = str(error).splitlines()[0]
        raise BadData(f"{path} is not a table: {first}", hint="give a CSV or Parquet file") from error


def _require(frame: pl.DataFrame, columns: list[str], path: Path) -> None:
    for name in columns:
        if name not in frame.columns:
            raise BadData(f"{path} has no column {name!r}", hint=f"it has: {', '.join(frame.columns)}")


def _sorted_by_time(frame: pl.DataFrame, time: str, path: Path) -> pl.DataFrame:
    import polars as pl

    if frame.schema[time] == pl.String:
        frame = frame.with_columns(pl.col(time).str.to_datetime(strict=False))
    if not frame.schema[time].is_temporal() or frame[time].null_count():
        raise BadData(f"column {time!r} of {path} is not a time in every row", hint="use ISO 8601 times")
    return frame.with_columns(pl.col(time).cast(pl.Datetime("us"))).sort(time, maintain_order=True)


def _cut(frame: pl.DataFrame, time: str | None, until: str | None) -> int:
    if until is None:
        return round(frame.height * TRAIN_SHARE)
    if time is None:
        raise Usage("--train-until needs --time", hint="say which column is the time: --time COLUMN")
    from datetime import datetime

    try:
        moment = datetime.fromisoformat(until).replace(tzinfo=None)
    except ValueError:
        raise Usage(f"{until!r} is not a time", hint="say it as 2011-05-15 or 2011-05-15T12:00") from None
    return int((frame[time] < moment).sum())


def _spans(stream: pl.DataFrame, time: str | None, days: float) -> list[pl.DataFrame]:
    """Pieces of `days` of event time each, aligned as the monitor cuts its windows."""
    from datetime import timedelta

    assert time is not None
    start, pieces = stream[time][0], []
    last = stream[time][-1]
    while start <= last:
        end = start + timedelta(days=days)
        pieces.append(stream.filter((stream[time] >= start) & (stream[time] < end)))
        start = end
    return pieces
