"""A CSV or Parquet file as a person gives it → a table in which every time is UTC, or a plain refusal."""

from pathlib import Path
from typing import TYPE_CHECKING

from lineside.store.errors import BadData, Usage
from lineside.store.toml import meant

if TYPE_CHECKING:
    import polars as pl

_MAGIC = b"PAR1"
_EPOCH_FROM = 100_000_000
"""Whole numbers below this (1973, in seconds) are not taken for times: a year, an hour, a row number."""


def read(path: Path, *, empty: bool = False) -> "pl.DataFrame":
    """The table in a Parquet or CSV file, or in all Parquet files of a folder, by name.

    Args:
        empty: a table without rows will do.

    Raises:
        BadData: nothing there, not a table, or one without rows.
    """
    import polars as pl

    if not path.exists():
        raise BadData(f"no file {path}", hint="check the path; it is read on the runner's machine")
    try:
        frame = _frame(path)
    except (pl.exceptions.PolarsError, OSError, UnicodeDecodeError) as error:
        raise BadData(f"{path} is not a table: {_first_line(error)}", hint="give CSV or Parquet") from error
    if not frame.width or not (frame.height or empty):
        raise BadData(f"{path} has no rows", hint="a dataset version holds at least one row")
    return frame


def require(frame: "pl.DataFrame", column: str, *, role: str, path: Path) -> None:
    """Refuse a table without this column.

    Raises:
        BadData: it is missing; the hint says which one was probably meant.
    """
    if column not in frame.columns:
        raise BadData(f"{path} has no column {column!r} for its {role}", hint=meant(column, frame.columns))


def with_utc(frame: "pl.DataFrame", column: str, *, zone: str) -> "pl.DataFrame":
    """The table with `column` as UTC microseconds; naive times are read as the clock of `zone`.

    Raises:
        BadData: a row has no time, or one that cannot be understood or never was on that clock.
        Usage: no such zone.
    """
    _check_zone(zone)
    times = _times(frame[column])
    _refuse_gaps(frame[column], times, "is not a time")
    if times.dtype.time_zone is None:  # type: ignore[attr-defined]  # _times gives a Datetime
        local = times.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
        _refuse_gaps(frame[column], local, f"never was on the clock of {zone}")
        times = local
    return frame.with_columns(times.dt.convert_time_zone("UTC").alias(column))


def _frame(path: Path) -> "pl.DataFrame":
    import polars as pl

    if path.is_dir():
        parts = sorted(path.glob("*.parquet"))
        if not parts:
            raise BadData(f"{path} holds no .parquet file", hint="give a file, or a folder of Parquet files")
        return pl.concat([pl.read_parquet(part) for part in parts])
    with path.open("rb") as file:
        parquet = file.read(4) == _MAGIC
    if parquet:
        return pl.read_parquet(path)
    if path.suffix in (".parquet", ".pq"):
        raise BadData(
            f"{path} is not a Parquet file", hint="it does not begin with PAR1; was it cut or renamed?"
        )
    return pl.read_csv(path, infer_schema_length=None, try_parse_dates=True)


def _check_zone(zone: str) -> None:
    import zoneinfo

    try:
        zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        hint = (
            meant(zone, zoneinfo.available_timezones()) if "/" in zone else "say it like Europe/Berlin or UTC"
        )
        raise Usage(f"no time zone {zone!r}", hint=hint) from error


def _times(values: "pl.Series") -> "pl.Series":
    """The column as Datetime, null where a value could not be understood."""
    import polars as pl

    if values.dtype == pl.String:
        try:
            return values.str.to_datetime(time_unit="us", strict=False)
        except pl.exceptions.ComputeError:  # no value looks like a time
            return pl.Series(values.name, [None] * len(values), dtype=pl.Datetime("us"))
    if values.dtype == pl.Date or isinstance(values.dtype, pl.Datetime):
        zone = getattr(values.dtype, "time_zone", None)
        return values.cast(pl.Datetime("us", zone))
    if values.dtype.is_integer() and _looks_like_epoch(values):
        return _from_epoch(values)
    return pl.Series(values.name, [None] * len(values), dtype=pl.Datetime("us"))


def _looks_like_epoch(values: "pl.Series") -> bool:
    smallest = values.min()
    return isinstance(smallest, int) and smallest >= _EPOCH_FROM


def _from_epoch(values: "pl.Series") -> "pl.Series":
    """Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by their size."""
    import polars as pl

    largest = values.max()
    assert isinstance(largest, int)
    power = next(p for p in (0, 3, 6, 9) if largest < 10 ** (11 + p) or p == 9)
    micros = values.cast(pl.Int64) * 10 ** (6 - power) if power <= 6 else values.cast(pl.Int64) // 1000
    return micros.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def _refuse_gaps(given: "pl.Series", times: "pl.Series", says: str) -> None:
    wrong = times.is_null().arg_true()
    if len(wrong):
        row = int(wrong[0])
        more = f"; so are {len(wrong) - 1:,} more" if len(wrong) > 1 else ""
        raise BadData(
            f"row {row + 1} of column {given.name!r} {says}: {given[row]!s}{more}",
            hint="use ISO 8601 times such as 2011-05-15T12:00:00, or leave --time away",
        )


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
