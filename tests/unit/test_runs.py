"""Runs: their steps, their names, their differences."""

import asyncio
import sqlite3

import pytest
from fixtures.contexts import Here
from fixtures.spools import take_all, writing

from lineside.jobs.context import VERBS
from lineside.jobs.verbs import runs as _verbs  # noqa: F401  # registers
from lineside.store.actors import Actor, Role
from lineside.store.clock import Micros
from lineside.store.errors import Conflict, NotFound, Usage
from lineside.store.homes import Home
from lineside.store.queries import audit, lineage, runs
from lineside.store.queries.lineage import Node

ANA = Actor(uid=7, name="ana", role=Role.OPERATOR)


def add(db: sqlite3.Connection, uid: str, *, job_id: int | None = None) -> int:
    return runs.create(db, uid=uid, experiment="e", name=uid, author="ana", job_id=job_id, at=Micros(10))


def test_a_run_keeps_its_first_verdict(db: sqlite3.Connection) -> None:
    run = add(db, "run_a")
    runs.start(db, run, at=Micros(20))
    runs.end(db, run, status="FINISHED", cause="ok", at=Micros(30))
    runs.end(db, run, status="FINISHED", cause="ok", at=Micros(99))

    with pytest.raises(Conflict, match="run 1 is FINISHED"):
        runs.end(db, run, status="FAILED", cause="exit", at=Micros(40))

    row = runs.get(db, run)
    assert (row.started_us, row.ended_us, row.cause, row.detail) == (20, 30, "ok", None)


def test_a_failed_run_goes_on_and_a_finished_one_does_not(db: sqlite3.Connection) -> None:
    failed, done = add(db, "run_a"), add(db, "run_b")
    runs.end(db, failed, status="FAILED", cause="signal", detail="signal 9", at=Micros(30))
    runs.end(db, done, status="FINISHED", cause="ok", at=Micros(30))
    runs.reschedule(db, failed)
    assert (runs.get(db, failed).status, runs.get(db, failed).ended_us) == ("SCHEDULED", None)
    with pytest.raises(Conflict):
        runs.reschedule(db, done)


def test_a_run_is_found_by_number_uid_and_a_tail_that_only_one_has(db: sqlite3.Connection) -> None:
    add(db, "run_0001abcd")
    add(db, "run_0002abcd")
    assert runs.find(db, "2").uid == runs.find(db, "run_0002abcd").uid == runs.find(db, "2abcd").uid
    with pytest.raises(NotFound) as caught:
        runs.find(db, "abcd")
    assert "several" in caught.value.hint
    for text in ("3", "", "zzz", "9" * 30, "%"):
        with pytest.raises(NotFound, match="no run"):
            runs.find(db, text)


def test_pages_follow_each_other(db: sqlite3.Connection) -> None:
    for number in range(7):
        add(db, f"run_{number}")
    assert [row.id for row in runs.recent(db, limit=3)] == [7, 6, 5]
    assert [row.id for row in runs.recent(db, limit=3, offset=3)] == [4, 3, 2]
    assert runs.ids(db) == [7, 6, 5, 4, 3, 2, 1]
    assert [row.id for row in runs.by_ids(db, [3, 99, 1])] == [3, 1]


def test_comparing_shows_only_what_differs(db: sqlite3.Connection, home: Home) -> None:
    for uid, lr, loss in (("run_a", 0.1, 1.0), ("run_b", 0.2, 0.5)):
        run = writing(home, uid, context={"host": "box", "commit": uid, "pid": 5})
        run.log_params({"lr": lr} | {f"p{number}": number for number in range(116)})
        run.log_metrics({"loss": loss, "same": 3.0})
        run.set_tags({"who": uid} if uid == "run_a" else {})
        run.finish()
    take_all(db, home)

    found = runs.compare(db, [1, 2])

    assert found.same == 116 + 2
    assert [(row.kind, row.key, row.values) for row in found.rows] == [
        ("context", "commit", ("run_a", "run_b")),
        ("param", "lr", ("0.1", "0.2")),
        ("metric", "loss", ("1", "0.5")),
        ("tag", "who", ("run_a", None)),
    ]
    with pytest.raises(NotFound):
        runs.compare(db, [1, 9])


def test_data_a_script_names_becomes_a_lineage_edge(db: sqlite3.Connection, home: Home) -> None:
    db.execute("insert into dataset (id, name, created_us) values (1, 'digits', 1)")
    db.execute(
        "insert into dataset_version (id, uid, dataset_id, number, digest, rows, bytes, columns, origin,"
        " created_us, created_by) values (5, 'd', 1, 2, 'abc', 9, 9, '[]', '{}', 1, 'ana')"
    )
    run = writing(home, "run_a")
    run.log_dataset("digits", version=2)
    run.log_dataset("elsewhere", version=1)
    run.finish()
    take_all(db, home)
    (edge,) = lineage.around(db, Node("run", 1)).edges
    assert (edge.src_kind, edge.src_id, edge.relation) == ("dataset_version", 5, "trained")
    assert [data["name"] for data in runs.context(db, 1)["datasets"]] == ["digits", "elsewhere"]


def test_a_table_of_summaries_has_a_cell_for_what_was_logged(db: sqlite3.Connection, home: Home) -> None:
    for uid in ("run_a", "run_b"):
        run = writing(home, uid)
        run.log_metrics({"loss": 1.0} if uid == "run_a" else {"loss": 2.0, "accuracy": 0.5})
        run.finish()
    take_all(db, home)
    cells = runs.summary_table(db, [1, 2], ["accuracy", "loss", "nothing"])
    assert {key: row.last for key, row in cells.items()} == {
        (1, "loss"): 1.0,
        (2, "loss"): 2.0,
        (2, "accuracy"): 0.5,
    }
    assert runs.metric_names(db, [1]) == ["loss"]
    assert runs.metric_names(db) == ["accuracy", "loss"]


def test_what_people_say_about_a_run_is_kept_and_audited(db: sqlite3.Connection, home: Home) -> None:
    add(db, "run_a")
    ctx = Here(home, db)
    ask = {name: VERBS[name].run for name in ("runs.tag", "runs.rename", "runs.note")}

    asyncio.run(ask["runs.tag"](ctx, ANA, {"run": "run_a", "tags": {"base": "yes", "old": "1"}}))
    told = asyncio.run(ask["runs.tag"](ctx, ANA, {"run": 1, "tags": {"old": None}}))
    asyncio.run(ask["runs.rename"](ctx, ANA, {"run": 1, "name": " wider "}))
    asyncio.run(ask["runs.note"](ctx, ANA, {"run": 1, "note": "look at this"}))

    assert told == {"run": 1, "tags": {"base": "yes"}}
    assert (runs.get(db, 1).name, runs.get(db, 1).note) == ("wider", "look at this")
    assert [row.verb for row in audit.of_subject(db, "run", 1)] == [
        "runs.tag", "runs.tag", "runs.rename", "runs.note",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("verb", "args"),
    [
        ("runs.tag", {"run": 1}),
        ("runs.tag", {"run": 1, "tags": {"a": 5}}),
        ("runs.tag", {"run": 1, "tags": {}, "colour": "red"}),
        ("runs.rename", {"run": 1, "name": "  "}),
        ("runs.rename", {"name": "x"}),
        ("runs.note", {"run": 1, "note": "x" * 7_000}),
    ],
)
def test_a_wrong_request_changes_nothing(
    db: sqlite3.Connection, home: Home, verb: str, args: dict[str, object]
) -> None:
    add(db, "run_a")
    with pytest.raises(Usage):
        asyncio.run(VERBS[verb].run(Here(home, db), ANA, args))
    assert audit.newest(db) == []
