"""Adding, comparing and validating data, through the verbs and on real files."""

import asyncio
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from fixtures.contexts import Here

from lineside.jobs.context import VERBS
from lineside.jobs.data import datasets as making
from lineside.jobs.verbs import data as _verbs  # noqa: F401  # registers them
from lineside.store.actors import Actor, Role
from lineside.store.errors import BadData, LinesideError, NotFound, Usage
from lineside.store.homes import Home
from lineside.store.queries import audit, datasets

ANA = Actor(uid=1000, name="ana", role=Role.OPERATOR)


@pytest.fixture
def here(home: Home, db: sqlite3.Connection) -> Here:
    return Here(home, db)


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    path = tmp_path / "bikes.csv"
    path.write_text("at,temp,kind,count\n2011-01-01T00:00:00,1.5,car,3\n2011-01-01T01:00:00,,bike,4\n")
    return path


def ask(here: Here, verb: str, **args: Any) -> dict[str, Any]:
    async def call() -> dict[str, Any]:
        return await VERBS[verb].run(here, ANA, args)

    return asyncio.run(call())


def parquet(path: Path, **columns: list[Any]) -> Path:
    pl.DataFrame(columns).write_parquet(path)
    return path


def test_added_data_lies_under_its_name_with_what_a_trainer_needs(here: Here, csv: Path) -> None:
    answer = ask(here, "data.add", name="bikes", path=str(csv), target="count", time="at", exclude=["kind"])

    assert (answer["dataset"], answer["version"], answer["rows"], answer["new"]) == ("bikes", 1, 2, True)
    folder = here.home.datasets / "bikes" / "1"
    assert pl.read_parquet(folder / "all.parquet")["count"].to_list() == [3, 4]
    manifest = (folder / "dataset.json").read_text()
    assert '"target": "count"' in manifest
    assert '"exclude": [\n  "kind",\n  "at"\n ]' in manifest


def test_the_same_content_keeps_its_number_and_writes_nothing(here: Here, csv: Path) -> None:
    first = ask(here, "data.add", name="bikes", path=str(csv), target="count")
    events, files = len(audit.newest(here.db)), sorted(here.home.objects.rglob("*"))

    second = ask(here, "data.add", name="bikes", path=str(csv), target="count")

    assert second == first | {"new": False}
    assert len(audit.newest(here.db)) == events
    assert sorted(here.home.objects.rglob("*")) == files


def test_another_target_is_another_version_of_the_same_bytes(here: Here, csv: Path) -> None:
    ask(here, "data.add", name="bikes", path=str(csv), target="count")
    ask(here, "data.add", name="bikes", path=str(csv), target="temp")

    one, two = (datasets.files(here.db, v.id) for v in datasets.versions(here.db, "bikes"))
    assert one == two
    assert [v.number for v in datasets.versions(here.db, "bikes")] == [2, 1]


def test_a_version_is_found_by_name_number_latest_and_uid(here: Here, csv: Path, tmp_path: Path) -> None:
    ask(here, "data.add", name="bikes", path=str(csv))
    ask(here, "data.add", name="bikes", path=str(parquet(tmp_path / "b.parquet", x=[1])))

    found = {text: datasets.find(here.db, text) for text in ("bikes", "bikes@latest", "bikes@1", "bikes@v1")}
    assert [v.number for v in found.values()] == [2, 2, 1, 1]
    assert datasets.find(here.db, found["bikes"].uid) == found["bikes"]
    assert set(datasets.by_name(here.db)) == {"bikes", "bikes@1", "bikes@2"}
    with pytest.raises(NotFound, match="bikes@3"):
        datasets.find(here.db, "bikes@3")


def test_the_list_shows_each_dataset_with_its_newest_version(here: Here, csv: Path, tmp_path: Path) -> None:
    ask(here, "data.add", name="bikes", path=str(csv))
    ask(here, "data.add", name="bikes", path=str(parquet(tmp_path / "b.parquet", x=[1, 2, 3])))

    (row,) = datasets.every(here.db)
    assert (row.name, row.versions, row.number, row.rows, row.created_by) == ("bikes", 2, 2, 3, "ana")


@pytest.mark.parametrize(
    ("times", "zone", "first"),
    [
        (["2011-07-01T02:00:00", "2011-07-02"], "Europe/Berlin", datetime(2011, 7, 1, 0, tzinfo=UTC)),
        (["2011-07-01T02:00:00+05:00", "2011-07-02T00:00:00Z"], None, datetime(2011, 6, 30, 21, tzinfo=UTC)),
        ([1_300_000_000, 1_300_000_060], None, datetime(2011, 3, 13, 7, 6, 40, tzinfo=UTC)),
        ([1_300_000_000_000, 1_300_000_000_001], None, datetime(2011, 3, 13, 7, 6, 40, tzinfo=UTC)),
    ],
)
def test_every_form_of_time_becomes_utc(
    here: Here, tmp_path: Path, times: list[Any], zone: str | None, first: datetime
) -> None:
    path = parquet(tmp_path / "t.parquet", at=times, x=[1, 2])

    ask(here, "data.add", name="t", path=str(path), time="at", tz=zone)

    frame = making.open_split(here.home, here.db, datasets.find(here.db, "t"), "all")
    assert frame is not None
    assert frame["at"][0] == first
    assert str(frame.schema["at"]) == "Datetime(time_unit='us', time_zone='UTC')"


REFUSED: list[tuple[dict[str, Any], type[LinesideError], str, str]] = [
    ({"target": "cuont"}, BadData, "no column 'cuont' for its target", "did you mean 'count'"),
    ({"exclude": ["knid"]}, BadData, "no column 'knid' for its exclusions", "did you mean 'kind'"),
    ({"time": "kind"}, BadData, "row 1 of column 'kind' is not a time: car", "ISO 8601"),
    ({"time": "temp"}, BadData, "row 1 of column 'temp' is not a time: 1.5", "ISO 8601"),
    ({"time": "count"}, BadData, "row 1 of column 'count' is not a time: 3", "ISO 8601"),
    ({"time": "at", "tz": "Europe/Berlim"}, Usage, "no time zone 'Europe/Berlim'", "Europe/Berlin"),
    ({"name": "../x"}, Usage, "no name for a dataset", "letters"),
    ({"path": "bikes.csv"}, Usage, "not an absolute path", "folder of its own"),
    ({"path": "/nowhere/b.csv"}, BadData, "no file /nowhere/b.csv", "check the path"),
]


@pytest.mark.parametrize(("wrong", "kind", "says", "hint"), REFUSED)
def test_what_cannot_be_added_changes_nothing(
    here: Here, csv: Path, wrong: dict[str, Any], kind: type[LinesideError], says: str, hint: str
) -> None:
    with pytest.raises(kind) as caught:
        ask(here, "data.add", **{"name": "bikes", "path": str(csv), **wrong})

    assert says in str(caught.value)
    assert hint in caught.value.hint
    assert datasets.every(here.db) == []
    assert audit.newest(here.db) == []
    assert not any(here.home.objects.iterdir())


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("cut.parquet", b"hello", "is not a Parquet file"),
        ("half.parquet", b"PAR1 and no more", "is not a table"),
        ("empty.csv", b"", "is not a table"),
        ("head.csv", b"a,b\n", "has no rows"),
        ("bytes.csv", b"a,b\n1,\xff\xfe\n", "is not a table"),
    ],
)
def test_a_file_that_is_no_table_is_said_to_be_none(
    here: Here, tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(BadData, match=says):
        ask(here, "data.add", name="x", path=str(tmp_path / name))


def test_a_folder_of_parquet_files_is_one_table(here: Here, tmp_path: Path) -> None:
    for name, rows in (("b", [3]), ("a", [1, 2])):
        parquet(tmp_path / f"{name}.parquet", x=rows)

    ask(here, "data.add", name="t", path=str(tmp_path))

    frame = making.open_split(here.home, here.db, datasets.find(here.db, "t"), "all")
    assert frame is not None
    assert frame["x"].to_list() == [1, 2, 3]
    with pytest.raises(BadData, match=r"holds no \.parquet file"):
        ask(here, "data.add", name="t", path=str(here.home.path))


def test_a_profile_says_what_each_column_looks_like(here: Here, tmp_path: Path) -> None:
    nan = float("nan")
    path = parquet(
        tmp_path / "t.parquet", x=[1.0, 2.0, nan, None], word=["b", "a", "b", None], many=[[1], [2], [], []]
    )

    added = ask(here, "data.add", name="t", path=str(path))

    x, word, many = datasets.profile(here.db, added["version_id"])
    assert (x.nulls, x.nans, x.min, x.max, x.mean, x.quantiles["0.5"]) == (1, 1, 1.0, 2.0, 1.5, 1.5)
    assert (word.distinct, word.top) == (2, (("b", 2), ("a", 1)))
    assert (many.rows, many.mean) == (4, None)


def test_an_hour_that_a_clock_skipped_is_refused_by_name(here: Here, tmp_path: Path) -> None:
    path = parquet(tmp_path / "t.parquet", at=["2011-03-13 02:30:00"], x=[1])

    with pytest.raises(BadData, match="never was on the clock of America/New_York"):
        ask(here, "data.add", name="t", path=str(path), time="at", tz="America/New_York")


def test_a_folder_left_by_a_transaction_that_never_ended_is_made_anew(here: Here, csv: Path) -> None:
    half = here.home.datasets / "bikes" / "1"
    half.mkdir(parents=True)
    (half / "all.parquet").write_text("half")

    ask(here, "data.add", name="bikes", path=str(csv))

    assert pl.read_parquet(half / "all.parquet").height == 2


def test_the_difference_names_columns_rows_and_the_largest_shift(here: Here, tmp_path: Path) -> None:
    old = parquet(tmp_path / "a.parquet", x=list(range(100)), y=[1.0] * 100, z=["a"] * 100, gone=[0] * 100)
    new = parquet(tmp_path / "b.parquet", x=list(range(50, 150)), y=[1.0] * 100, z=[1] * 100, more=[0] * 100)
    ask(here, "data.add", name="t", path=str(old))
    ask(here, "data.add", name="t", path=str(new))

    found = ask(here, "data.diff", old="t@1", new="t@2")

    assert (found["added_columns"], found["dropped_columns"]) == (["more"], ["gone"])
    assert found["retyped_columns"] == [{"column": "z", "old": "String", "new": "Int64"}]
    assert (found["rows_added"], found["rows_removed"], found["rows_changed"]) == (50, 50, 0)
    assert [each["column"] for each in found["shifted"]] == ["x"]


def test_one_changed_cell_is_one_changed_row_in_a_named_column(here: Here, tmp_path: Path) -> None:
    values = list(range(100))
    ask(here, "data.add", name="t", path=str(parquet(tmp_path / "a.parquet", x=values, y=values)))
    ask(here, "data.add", name="t", path=str(parquet(tmp_path / "b.parquet", x=values, y=[*values[:99], -1])))

    found = ask(here, "data.diff", old="t@1", new="t@2")

    assert (found["rows_added"], found["rows_removed"], found["rows_changed"]) == (0, 0, 1)
    assert found["changed_columns"] == ["y"]


def test_appended_rows_are_added_rows(here: Here, tmp_path: Path) -> None:
    ask(here, "data.add", name="t", path=str(parquet(tmp_path / "a.parquet", x=[1, 1, 2])))
    ask(here, "data.add", name="t", path=str(parquet(tmp_path / "b.parquet", x=[1, 1, 1, 2, 3])))

    found = ask(here, "data.diff", old="t@1", new="t@2")

    assert (found["rows_added"], found["rows_removed"], found["rows_changed"]) == (2, 0, 0)
