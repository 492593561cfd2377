"""What was served and labelled since, joined to what was trained on: the next dataset version. Compute child.

The newest labelled window is cut in two by a hash of each row's id: one part is learnt from, the other
(`recent`) is kept for judging whoever learns from this. The same rows give the same cut.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from lineside.jobs.context import Json
from lineside.jobs.data import datasets
from lineside.store import objects
from lineside.store.db import reader
from lineside.store.errors import Refused
from lineside.store.homes import Home
from lineside.store.queries import datasets as query
from lineside.store.queries import labels, windows
from lineside.store.queries.datasets import FileRow, VersionRow

if TYPE_CHECKING:
    import polars as pl


def join(*, home: str, monitor_id: int, version_id: int, recent_share: float) -> Json:
    """Make the files of the next version of the dataset that `version_id` is a version of.

    Args:
        recent_share: of the newest labelled window, kept from training; in (0, 1).

    Returns:
        version: what `NewVersion.of` takes; windows: all that are in it now; added: the new ones among
        them; train, recent: rows.

    Raises:
        Refused: there is no target, or nothing was labelled since.
    """
    place = Home(Path(home))
    db = reader(place)
    try:
        base, files = query.get(db, version_id), query.files(db, version_id)
        inside = [int(each) for each in base.origin.get("windows", ())]
        fresh = [w for w in windows.labelled(db, monitor_id) if w.id not in inside]
        known = {row.prediction_id: row.value for row in labels.since(db, monitor_id)}
    finally:
        db.close()
    if base.target is None or not fresh:
        raise Refused(f"no row was labelled since {base.label} was made")
    old = _read(place, files)
    parts = [labelled_rows(place.windows / str(each.path), known, base, old.schema) for each in fresh]
    kept = [is_recent(each, recent_share) for each in parts[-1]["_id"]]
    splits = split(old, [part.drop("_id") for part in parts], kept)
    version = datasets.keep(
        place, splits, target=base.target, time_column=base.time_column, time_zone=base.time_zone,
        exclude=base.exclude,
    )  # fmt: skip
    return {
        "version": asdict(version),
        "windows": inside + [each.id for each in fresh],
        "added": [each.id for each in fresh],
        "train": splits["train"].height,
        "recent": splits["recent"].height,
    }


def split(
    old: "pl.DataFrame", parts: "Sequence[pl.DataFrame]", recent: Sequence[bool]
) -> "dict[str, pl.DataFrame]":
    """All old rows and all older windows to learn from; the newest window goes where `recent` says."""
    import polars as pl

    mask = pl.Series(recent, dtype=pl.Boolean)
    newest = parts[-1]
    train = pl.concat([old, *parts[:-1], newest.filter(~mask)])
    return {"train": train, "recent": newest.filter(mask)}


def is_recent(prediction_id: str, share: float) -> bool:
    """Whether a row belongs to the share that is kept from training; its id alone decides.

    >>> sum(is_recent(f"row-{i}", 0.5) for i in range(1000)) in range(450, 550)
    True
    """
    head = hashlib.sha256(prediction_id.encode()).digest()[:4]
    return int.from_bytes(head, "big") < share * 2**32


def labelled_rows(
    path: Path, known: Mapping[str, str], base: VersionRow, schema: "Mapping[str, pl.DataType]"
) -> "pl.DataFrame":
    """The labelled rows of a window with the columns of a dataset, and `_id` in front.

    A column that no request carried is missing in every row; the time column is the event time.
    """
    import polars as pl

    frame = pl.read_parquet(path)
    frame = frame.filter(pl.col("_id").is_in(list(known)))
    made = [frame["_id"]]
    for name, dtype in schema.items():
        if name == base.target:
            made.append(_cast(pl.Series(name, [known[i] for i in frame["_id"]], dtype=pl.String), dtype))
        elif name == base.time_column:
            moments = frame["_event_us"].cast(pl.Datetime("us", "UTC"))
            made.append(_as_time(moments, dtype).alias(name))
        elif name in frame.columns:
            made.append(_cast(frame[name], dtype))
        else:
            made.append(pl.Series(name, [None] * frame.height, dtype=dtype))
    return pl.DataFrame(made)


def _cast(column: "pl.Series", dtype: "pl.DataType") -> "pl.Series":
    """Text such as "3.0" is a whole number too."""
    import polars as pl

    if dtype.is_integer():
        column = column.cast(pl.Float64, strict=False)
    return column.cast(dtype, strict=False)


def _as_time(moments: "pl.Series", dtype: "pl.DataType") -> "pl.Series":
    import polars as pl

    if isinstance(dtype, pl.Datetime) and dtype.time_zone is None:
        moments = moments.dt.replace_time_zone(None)
    return moments.cast(dtype, strict=False)


def _read(home: Home, files: Sequence[FileRow]) -> "pl.DataFrame":
    """All rows of a version: what was kept as recent last time is learnt from now."""
    import polars as pl

    order = {"train": 0, "all": 0, "recent": 1}
    ordered = sorted(files, key=lambda file: order.get(file.split, 2))
    return pl.concat([pl.read_parquet(objects.path_of(home, file.digest)) for file in ordered])
