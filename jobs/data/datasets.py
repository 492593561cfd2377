"""Making dataset versions: files into objects, and readable links to them. Compute runs the reading."""

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lineside.jobs.context import Json
from lineside.jobs.data import columns, datafiles
from lineside.store import objects
from lineside.store.homes import Home
from lineside.store.queries import datasets
from lineside.store.queries.datasets import Column, FileRow, NewVersion, VersionRow

if TYPE_CHECKING:
    import polars as pl

MANIFEST = "dataset.json"


def read_in(
    *,
    home: str,
    path: str,
    target: str | None = None,
    time: str | None = None,
    tz: str | None = None,
    exclude: Sequence[str] = (),
) -> Json:
    """Read a person's file into objects and profile it (compute).

    Returns:
        What `NewVersion.of` takes.

    Raises:
        BadData: not a table, a missing column, a time that is none.
        Usage: no such time zone.
    """
    where = Path(path)
    frame = datafiles.read(where)
    for name, role in ((target, "target"), (time, "time"), *((each, "exclusions") for each in exclude)):
        if name is not None:
            datafiles.require(frame, name, role=role, path=where)
    if time is not None:
        frame = datafiles.with_utc(frame, time, zone=tz or "UTC")
    made = keep(
        Home(Path(home)), {"all": frame}, target=target, time_column=time,
        time_zone=(tz or "UTC") if time else None, exclude=exclude,
    )  # fmt: skip
    return asdict(made)


def keep(
    home: Home,
    splits: "Mapping[str, pl.DataFrame]",
    *,
    target: str | None,
    time_column: str | None,
    time_zone: str | None,
    exclude: Sequence[str],
) -> NewVersion:
    """Put each split into objects as Parquet; the profile is over all of them together."""
    import polars as pl

    whole = pl.concat(list(splits.values()), how="vertical_relaxed")
    return NewVersion(
        files=tuple(_file(home, split, frame) for split, frame in splits.items()),
        columns=tuple(Column(name=name, dtype=str(dtype)) for name, dtype in whole.schema.items()),
        profile=columns.profile(whole),
        target=target,
        time_column=time_column,
        time_zone=time_zone,
        exclude=tuple(exclude),
    )


def open_split(home: Home, db: sqlite3.Connection, version: VersionRow, split: str) -> "pl.DataFrame | None":
    """The rows of one split of a version; None when it has no such split."""
    import polars as pl

    for file in datasets.files(db, version.id):
        if file.split == split:
            return pl.read_parquet(objects.path_of(home, file.digest))
    return None


def folder_of(home: Home, version: VersionRow) -> Path:
    """Where a version lies under its readable name."""
    return home.datasets / version.name / str(version.number)


def link(home: Home, db: sqlite3.Connection, version: VersionRow) -> Path:
    """Make `datasets/<name>/<number>/` with its splits and dataset.json; a whole one stays as it is."""
    folder, fresh = folder_of(home, version), None
    manifest = json.dumps(_manifest(version), indent=1, sort_keys=True) + "\n"
    if (folder / MANIFEST).exists() and (folder / MANIFEST).read_text() == manifest:
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=".", dir=folder.parent))
    for file in datasets.files(db, version.id):
        objects.materialise(home, file.digest, fresh / f"{file.split}.parquet")
    (fresh / MANIFEST).write_text(manifest)
    shutil.rmtree(folder, ignore_errors=True)  # left by a transaction that never ended
    fresh.rename(folder)
    return folder


def _manifest(version: VersionRow) -> dict[str, Any]:
    """What a trainer wants to know of the folder it was given."""
    hidden = [*version.exclude, *([version.time_column] if version.time_column else [])]
    return {
        "name": version.name,
        "version": version.number,
        "digest": version.digest,
        "target": version.target,
        "time": version.time_column,
        "exclude": list(dict.fromkeys(hidden)),
    }


def _file(home: Home, split: str, frame: "pl.DataFrame") -> FileRow:
    with tempfile.TemporaryDirectory(prefix=".", dir=home.objects) as folder:
        path = Path(folder) / f"{split}.parquet"
        frame.write_parquet(path, compression="zstd")
        stored = objects.adopt(home, path, move=True)
    return FileRow(split=split, digest=stored.digest, rows=frame.height, bytes=stored.bytes)
