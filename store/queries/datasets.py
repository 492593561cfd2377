"""Datasets: tables under a name, each content a numbered version, kept for ever under its digest."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, Self

from lineside.store.clock import Micros, new_id
from lineside.store.errors import NotFound
from lineside.store.queries.numbers import number_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a version, as its Parquet file has it."""

    name: str
    dtype: str  # polars' word: "Int64", "Float64", "String" …


@lru_cache(maxsize=512)
def _columns(text: str) -> tuple[Column, ...]:
    """Versions of one dataset mostly have the same columns: they are parsed once."""
    return tuple(Column(**each) for each in json.loads(text))


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRow:
    """One Parquet file of a version."""

    split: str  # "all", or "train" and "recent"
    digest: str
    rows: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetRow:
    """One line of the data screen: a dataset and its newest version."""

    id: int
    name: str
    versions: int
    number: int  # the newest
    version_id: int
    rows: int
    bytes: int
    target: str | None
    created_us: Micros  # of the newest version
    created_by: str

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRow:
    """One version of a dataset, without its profile."""

    id: int
    uid: str
    dataset_id: int
    name: str  # of the dataset
    number: int
    digest: str
    rows: int
    bytes: int
    columns: tuple[Column, ...]
    target: str | None  # None: nobody said what to predict
    time_column: str | None
    time_zone: str | None  # what naive times were read as; they are stored as UTC
    exclude: tuple[str, ...]
    splits: tuple[str, ...]  # its files: "all", or "train" and "recent"
    origin: Mapping[str, Any]  # {"path": …}, or what it was joined from
    created_us: Micros
    created_by: str

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        values = dict(row)
        values["columns"] = _columns(values["columns"])
        values["exclude"] = tuple(json.loads(values["exclude"]))
        values["splits"] = tuple(sorted(values["splits"].split(" ")))
        values["origin"] = json.loads(values["origin"])
        return cls(**values)

    @property
    def label(self) -> str:
        """`digits@2`."""
        return f"{self.name}@{self.number}"

    @property
    def features(self) -> tuple[str, ...]:
        """The columns a model may see."""
        hidden = {self.target, self.time_column, *self.exclude}
        return tuple(column.name for column in self.columns if column.name not in hidden)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnProfile:
    """What one column of a version looks like; counts are rows."""

    name: str
    dtype: str
    rows: int
    nulls: int
    nans: int
    infinite: int
    distinct: int  # without nulls
    min: float | str | None  # None here and below: no value, or not a number
    max: float | str | None
    mean: float | None
    std: float | None
    quantiles: Mapping[str, float]  # "0.01" … "0.99"; numbers only
    edges: tuple[float, ...]  # of the histogram; empty unless numbers
    counts: tuple[int, ...]
    top: tuple[tuple[str, int], ...]  # commonest values; words and truths only

    @classmethod
    def of(cls, table: Mapping[str, Any]) -> Self:
        values = dict(table)
        values["edges"], values["counts"] = tuple(values["edges"]), tuple(values["counts"])
        values["top"] = tuple((str(value), int(count)) for value, count in values["top"])
        return cls(**values)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVersion:
    """All that makes a version but its number: what compute measured, and what its columns mean."""

    files: tuple[FileRow, ...]
    columns: tuple[Column, ...]
    profile: tuple[ColumnProfile, ...]
    target: str | None
    time_column: str | None
    time_zone: str | None
    exclude: tuple[str, ...]

    @classmethod
    def of(cls, table: Mapping[str, Any]) -> Self:
        """From the answer of `lineside.jobs.data.datasets:read_in` and its kin."""
        return cls(
            files=tuple(FileRow(**each) for each in table["files"]),
            columns=tuple(Column(**each) for each in table["columns"]),
            profile=tuple(ColumnProfile.of(each) for each in table["profile"]),
            target=table["target"],
            time_column=table["time_column"],
            time_zone=table["time_zone"],
            exclude=tuple(table["exclude"]),
        )

    @property
    def digest(self) -> str:
        """Over the digests of its files and the meaning of its columns: both make a version."""
        import hashlib  # brings OpenSSL along, which who only reads does without

        body = {
            "files": {file.split: file.digest for file in self.files},
            "target": self.target,
            "time": self.time_column,
            "exclude": sorted(self.exclude),
        }
        text = json.dumps(body, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


_EVERY = """
    select d.id, d.name, (select count(*) from dataset_version where dataset_id = d.id) as versions,
           v.number, v.id as version_id, v.rows, v.bytes, v.target, v.created_us, v.created_by
      from dataset d
      join dataset_version v on v.dataset_id = d.id
       and v.number = (select max(number) from dataset_version where dataset_id = d.id)
     order by d.name
"""

_VERSIONS = """
    select v.id, v.uid, v.dataset_id, d.name, v.number, v.digest, v.rows, v.bytes, v.columns, v.target,
           v.time_column, v.time_zone, v.exclude, v.origin, v.created_us, v.created_by,
           (select group_concat(split, ' ') from dataset_file where version_id = v.id) as splits
      from dataset_version v
      join dataset d on d.id = v.dataset_id
     where (:name is null or d.name = :name)
     order by v.dataset_id, v.number desc
"""

_GET = """
    select v.id, v.uid, v.dataset_id, d.name, v.number, v.digest, v.rows, v.bytes, v.columns, v.target,
           v.time_column, v.time_zone, v.exclude, v.origin, v.created_us, v.created_by,
           (select group_concat(split, ' ') from dataset_file where version_id = v.id) as splits
      from dataset_version v
      join dataset d on d.id = v.dataset_id
     where v.id = :id
"""

_FIND = """
    select v.id
      from dataset_version v
      join dataset d on d.id = v.dataset_id
     where d.name = :name and (:number is null or v.number = :number)
     order by v.number desc
     limit 1
"""

_FIND_UID = "select id from dataset_version where uid = :uid"

_FILES = """
    select split, digest, rows, bytes from dataset_file where version_id = :version_id order by split
"""

_PROFILE = "select profile from dataset_version where id = :id"

_KNOWN = "select id, number from dataset_version where dataset_id = :dataset_id and digest = :digest"

_DATASET = """
    insert into dataset (name, created_us) values (:name, :at_us)
    on conflict (name) do update set name = excluded.name
    returning id
"""

_INSERT = """
    insert into dataset_version (uid, dataset_id, number, digest, rows, bytes, columns, target, time_column,
                                 time_zone, exclude, origin, profile, created_us, created_by)
    select :uid, :dataset_id, coalesce(max(number), 0) + 1, :digest, :rows, :bytes, :columns, :target,
           :time_column, :time_zone, :exclude, :origin, :profile, :at_us, :by
      from dataset_version
     where dataset_id = :dataset_id
    returning id, number
"""

_FILE = """
    insert into dataset_file (version_id, split, digest, rows, bytes)
    values (:version_id, :split, :digest, :rows, :bytes)
"""


def every(db: sqlite3.Connection) -> list[DatasetRow]:
    """All datasets by name."""
    return [DatasetRow.of(row) for row in db.execute(_EVERY)]


def versions(db: sqlite3.Connection, name: str | None = None) -> list[VersionRow]:
    """The versions of one dataset, or of all; newest first within each."""
    return [VersionRow.of(row) for row in db.execute(_VERSIONS, {"name": name})]


def newest_by_name(db: sqlite3.Connection) -> dict[str, VersionRow]:
    """The newest version of every dataset."""
    return {row.name: row for row in reversed(versions(db))}


def by_name(db: sqlite3.Connection) -> dict[str, VersionRow]:
    """Every version under `NAME@2`, the newest also under `NAME`."""
    return {row.label: row for row in versions(db)} | newest_by_name(db)


def get(db: sqlite3.Connection, version_id: int) -> VersionRow:
    """One version by its key.

    Raises:
        NotFound: no such version.
    """
    row = db.execute(_GET, {"id": version_id}).fetchone()
    if row is None:
        raise NotFound("dataset version", version_id, hint="list them with: lineside data ls")
    return VersionRow.of(row)


def find(db: sqlite3.Connection, text: str) -> VersionRow:
    """The version a person means: `digits` and `digits@latest` (the newest), `digits@2`, `digits@v2`, a uid.

    Raises:
        NotFound: no such dataset, or no such version of it.
    """
    name, _, selector = text.partition("@")
    number = number_in(selector.removeprefix("v"))
    if selector in ("", "latest") or number is not None:
        key = {"name": name, "number": number}
        row = db.execute(_FIND, key).fetchone() or db.execute(_FIND_UID, {"uid": text}).fetchone()
        if row is not None:
            return get(db, row["id"])
    raise NotFound("dataset", text, hint="list them with: lineside data ls")


def files(db: sqlite3.Connection, version_id: int) -> list[FileRow]:
    """The Parquet files of a version."""
    return [FileRow(**dict(row)) for row in db.execute(_FILES, {"version_id": version_id})]


def profile(db: sqlite3.Connection, version_id: int) -> list[ColumnProfile]:
    """Each column of a version, in order."""
    row = db.execute(_PROFILE, {"id": version_id}).fetchone()
    return [ColumnProfile.of(each) for each in json.loads(row["profile"])] if row else []


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """The version that now holds a content."""

    id: int
    number: int
    new: bool  # False: this content was there before


def add_version(
    db: sqlite3.Connection,
    version: NewVersion,
    *,
    name: str,
    origin: Mapping[str, Any],
    by: str,
    at: Micros,
) -> Added:
    """Give the content its number under `name`; the same content keeps the number it has."""
    dataset_id = db.execute(_DATASET, {"name": name, "at_us": at}).fetchone()["id"]
    key = {"dataset_id": dataset_id, "digest": version.digest}
    if known := db.execute(_KNOWN, key).fetchone():
        return Added(id=known["id"], number=known["number"], new=False)
    values = {
        **key,
        "uid": new_id("data"),
        "rows": sum(file.rows for file in version.files),
        "bytes": sum(file.bytes for file in version.files),
        "columns": _json(version.columns),
        "target": version.target,
        "time_column": version.time_column,
        "time_zone": version.time_zone,
        "exclude": json.dumps(version.exclude),
        "origin": json.dumps(origin, sort_keys=True, ensure_ascii=False),
        "profile": _json(version.profile),
        "at_us": at,
        "by": by,
    }
    made = db.execute(_INSERT, values).fetchone()
    for file in version.files:
        db.execute(_FILE, {"version_id": made["id"], **asdict(file)})
    return Added(id=made["id"], number=made["number"], new=True)


def _json(rows: Sequence[Column | ColumnProfile]) -> str:
    return json.dumps([asdict(row) for row in rows], ensure_ascii=False, allow_nan=False)
