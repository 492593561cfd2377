"""The filter language of the runs table."""

import sqlite3

import pytest

from lineside.store.clock import Micros
from lineside.store.errors import Usage
from lineside.store.queries import names, runs, spans, summaries, words
from lineside.store.queries.summaries import SummaryRow


def add(
    db: sqlite3.Connection, name: str, *, lr: str, loss: float | None, tags: dict[str, str] | None = None
) -> int:
    at = Micros(1_000_000)
    run = runs.create(db, uid=f"run_{name}", experiment="digits", name=name, author="ana", job_id=None, at=at)
    runs.put_params(db, run, {"lr": lr, "optimiser": "Adam"})
    runs.put_tags(db, run, {**(tags or {})})
    values = {key: loss for key in ("first", "last", "min", "max")}
    steps = {f"{key}_step": 0 for key in values}
    kind = "nan" if loss is None else "finite"
    counts = {"count": 1, "nan": int(loss is None), "pos_inf": 0, "neg_inf": 0}
    row = SummaryRow(metric="loss", last_kind=kind, last_us=at, **values, **steps, **counts)  # type: ignore[arg-type]
    summaries.merge(db, run, [(names.number(db, "metric", "loss"), row)])
    return run


@pytest.fixture
def three(db: sqlite3.Connection) -> sqlite3.Connection:
    add(db, "small", lr="1e-4", loss=0.5, tags={"base": "yes"})
    add(db, "middle", lr="0.01", loss=0.25)
    broken = add(db, "broken try", lr="0.1", loss=None, tags={"stage": "base"})
    runs.start(db, broken, at=Micros(2))
    runs.end(db, broken, status="FAILED", cause="signal", detail="signal 9", at=Micros(3))
    return db


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("", ["small", "middle", "broken try"]),
        ("lr<1e-3", ["small"]),
        ("lr>=0.01 not status:failed", ["middle"]),
        ("status:crashed or lr<1e-3", ["small", "broken try"]),
        ("status!=crashed", ["small", "middle"]),
        ("tag:base", ["small", "broken try"]),
        ("base:yes", ["small"]),
        ("loss<0.3", ["middle"]),
        ("loss:nan", ["broken try"]),
        ("min(loss)<=0.25", ["middle"]),
        ("(small or middle) and loss>0.3", ["small"]),
        ('name:"broken try"', ["broken try"]),
        ('"broken t"', ["broken try"]),
        ("optimiser~ada id<3", ["small", "middle"]),
        ("param:lr=0.1", ["broken try"]),
        ("metric:loss", ["small", "middle", "broken try"]),
        ("not (lr<1 or tag:base)", []),
        ("author:ANA experiment:digits job:0", ["small", "middle", "broken try"]),
        ("created>=1970-01-01T00:00:01Z", ["small", "middle", "broken try"]),
        ("created>1970-01-01T00:00:01Z", []),
        ("created:1970-01-01T00:00Z not started<2000", ["small", "middle"]),
        ("took<1s", ["broken try"]),
        ("not took>1h30m", ["small", "middle", "broken try"]),
        ("param:optimiser", ["small", "middle", "broken try"]),
    ],
)
def test_a_filter_means_what_it_says(three: sqlite3.Connection, where: str, found: list[str]) -> None:
    assert [run.name for run in runs.recent(three, where=where, sort="id")] == found
    assert runs.ids(three, where, "id") == [run.id for run in runs.recent(three, where=where, sort="id")]
    assert runs.count(three, where) == len(found)


@pytest.mark.parametrize(
    ("where", "message", "place"),
    [
        ("lrr<1", "no field, metric, param or tag 'lrr'", 0),
        ("lr<1 (loss<2", "never closed", 5),
        ("lr<1 ) loss<2", "closes nothing", 5),
        ("lr<1 or", "missing here", 7),
        ("loss<small", "a number belongs here", 0),
        ("lr< loss<1", "a value is missing", 0),
        ('lr<1 "open', "quote is never closed", 5),
        ("id:many", "a number belongs here", 0),
        ("optimiser<adam", "only numbers", 0),
        ("created>5", "a moment belongs here", 0),
        ("created>2026-13", "no such moment", 0),
        ("lr<1 took>long", "a length of time belongs here", 5),
        ("started~2026", "no text", 0),
    ],
)
def test_an_error_points_at_the_word(three: sqlite3.Connection, where: str, message: str, place: int) -> None:
    with pytest.raises(Usage, match=message) as caught:
        runs.ids(three, where)
    assert str(caught.value).splitlines()[-1].index("^") == place + 2


def test_a_typo_is_answered_with_the_nearest_name(three: sqlite3.Connection) -> None:
    with pytest.raises(Usage) as caught:
        runs.ids(three, "optimizer:adam")
    assert caught.value.hint == "did you mean optimiser?"


@pytest.mark.parametrize(
    ("sort", "found"),
    [
        ("loss", ["middle", "small", "broken try"]),
        ("-max(loss)", ["small", "middle", "broken try"]),
        ("lr", ["small", "middle", "broken try"]),
        ("-param:lr", ["broken try", "middle", "small"]),
        ("-id", ["broken try", "middle", "small"]),
        ("name", ["broken try", "middle", "small"]),
        ("-base", ["small", "broken try", "middle"]),
    ],
)
def test_a_sort_key_orders_and_missing_values_come_last(
    three: sqlite3.Connection, sort: str, found: list[str]
) -> None:
    assert [run.name for run in runs.recent(three, sort=sort)] == found


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("parent:1", ["trial 0", "trial 1"]),
        ("parent:none", ["small", "middle", "broken try"]),
        ("parent:NONE trial", []),
        ("parent!=none", ["trial 0", "trial 1"]),
        ("parent!=1 id>1", ["middle", "broken try"]),
        ("parent:0 or parent>0", ["small", "middle", "broken try", "trial 0", "trial 1"]),
        ("children:2", ["small"]),
        ("children<1 not parent:1", ["middle", "broken try"]),
    ],
)
def test_children_are_found_by_their_parent(three: sqlite3.Connection, where: str, found: list[str]) -> None:
    for number in range(2):
        runs.create(three, uid=f"run_t{number}", experiment="digits", name=f"trial {number}", author="ana",
                    job_id=None, at=Micros(5), parent_id=1)  # fmt: skip
    assert [run.name for run in runs.recent(three, where=where, sort="id")] == found
    assert runs.ids(three, where, "id") == [run.id for run in runs.recent(three, where=where, sort="id")]
    assert [(run.parent_id, run.children) for run in runs.by_ids(three, [1, 4])] == [(None, 2), (1, 0)]
    assert runs.ids(three, where, "-children")[:1] == (
        [1] if "small" in found else runs.ids(three, where)[:1]
    )


def test_a_value_that_was_quoted_by_us_is_read_as_it_was(three: sqlite3.Connection) -> None:
    for value in ('5" wide', "a:b<c", "(not or)", '"', "", "x y"):
        runs.put_params(three, 2, {"odd key": value})
        where = f"param:{words.quoted('odd key')}:{words.quoted(value)}"
        assert runs.ids(three, where) == [2], where


def test_a_value_is_bound_and_never_becomes_sql(three: sqlite3.Connection) -> None:
    assert runs.ids(three, """name:"x' or 1=1 --" """) == []
    with pytest.raises(Usage):
        runs.ids(three, sort="id; drop table run")
    assert runs.count(three) == 3


def test_a_day_in_a_filter_is_the_whole_day() -> None:
    begin, end = spans.moment("2026-11-01Z")
    assert (end - begin, begin) == (86_400_000_000, 1_793_491_200_000_000)
    assert spans.moment("2026-11Z")[1] == spans.moment("2026-12-01Z")[0]
    assert spans.moment("2026Z")[1] == spans.moment("2027-01-01T00:00:00Z")[0]
    assert spans.moment("2026-11-01T14:30:00+02:00") == spans.moment("2026-11-01T12:30:00Z")


def test_pages_along_an_index_continue_into_the_runs_without_a_value(three: sqlite3.Connection) -> None:
    pages = [runs.recent(three, sort="-loss", limit=1, offset=offset) for offset in range(4)]
    assert [[run.name for run in page] for page in pages] == [["small"], ["middle"], ["broken try"], []]
    assert [run.name for run in runs.recent(three, where="tag:base", sort="loss", limit=1)] == ["small"]
