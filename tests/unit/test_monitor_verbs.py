"""What a person may ask of labels, alerts and endpoints, and what is refused with a reason."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from fixtures import served
from fixtures.contexts import Here

from lineside.jobs.context import VERBS, Json
from lineside.jobs.monitor.alerts import Observation, observe
from lineside.jobs.verbs import alerts as _alerts  # noqa: F401  # registers its verbs
from lineside.jobs.verbs import endpoints as _endpoints  # noqa: F401
from lineside.jobs.verbs import labels as _labels  # noqa: F401
from lineside.store.actors import Actor, Role
from lineside.store.clock import SECOND, Micros
from lineside.store.errors import BadData, Conflict, LinesideError, NotFound, Usage
from lineside.store.homes import Home
from lineside.store.queries import alerts, audit, endpoints, labels
from lineside.store.states import AlertState

BEN = Actor(uid=1000, name="maria", role=Role.OPERATOR, acting_as="demo:ben")


@pytest.fixture
def ctx(home: Home, db: sqlite3.Connection) -> Here:
    return Here(home, db)


def ask(ctx: Here, verb: str, **args: Any) -> Json:
    return asyncio.run(VERBS[verb].run(ctx, BEN, args))  # type: ignore[arg-type]


def test_labels_come_by_file_or_by_hand_and_a_correction_counts_as_one(ctx: Here, tmp_path: Path) -> None:
    monitor = served.watch(ctx.db)
    path = tmp_path / "labels.csv"
    pl.DataFrame({"label": [3, 4, None], "id": ["a", "b", "c"]}).write_csv(path)
    answer = ask(ctx, "labels.add", monitor="watch", path=str(path))
    assert answer == {"monitor": "watch", "added": 2, "updated": 0, "skipped": 1}
    rows = [{"id": "b", "label": 5}, {"id": "c", "label": 1}, {"id": "a", "label": "3"}]
    assert ask(ctx, "labels.add", monitor="watch", rows=rows)["updated"] == 1
    assert labels.of_predictions(ctx.db, monitor, ["a", "b", "c", "d"]) == {"a": "3", "b": "5", "c": "1"}
    last = audit.newest(ctx.db)[0]
    assert (last.verb, last.who, last.subject_id) == ("labels.add", "demo:ben (maria)", monitor)


@pytest.mark.parametrize(
    ("args", "error", "words"),
    [
        ({"monitor": "nobody", "rows": []}, NotFound, "no monitor 'nobody'"),
        ({"monitor": "watch"}, Usage, "neither rows nor a path"),
        ({"monitor": "watch", "rows": [{"id": 1}]}, Usage, "no label"),
        ({"monitor": "watch", "path": "labels.csv"}, Usage, "absolute"),
        ({"monitor": "watch", "path": "/dev/null/labels.csv"}, BadData, "labels.csv"),
    ],
)
def test_labels_that_are_none_change_nothing(
    ctx: Here, args: dict[str, Any], error: type[LinesideError], words: str
) -> None:
    monitor = served.watch(ctx.db)
    with pytest.raises(error, match=words) as caught:
        ask(ctx, "labels.add", **args)
    assert caught.value.hint
    assert labels.newest(ctx.db, monitor) is None


def test_a_file_without_the_right_columns_is_refused_by_name(ctx: Here, tmp_path: Path) -> None:
    served.watch(ctx.db)
    path = tmp_path / "labels.parquet"
    pl.DataFrame({"id": ["a"], "lable": [1]}).write_parquet(path)
    with pytest.raises(Usage, match="label"):
        ask(ctx, "labels.add", monitor="watch", path=str(path))


def fire(db: sqlite3.Connection) -> None:
    seen = Observation(rule="endpoint", subject=("endpoint", 1, "api"), firing=True, title="no answer")
    observe(db, seen, at=Micros(1))


def test_acknowledging_names_the_person_and_cannot_be_done_twice(ctx: Here) -> None:
    fire(ctx.db)
    assert ask(ctx, "alerts.ack", alert=1)["state"] == "ACKED"
    assert alerts.find(ctx.db, 1).acked_by == "demo:ben"
    assert audit.newest(ctx.db)[0].verb == "alerts.ack"
    with pytest.raises(Conflict, match="ACKED"):
        ask(ctx, "alerts.ack", alert=1)


def test_a_silence_lasts_as_long_as_it_was_asked_for(ctx: Here) -> None:
    fire(ctx.db)
    answer = ask(ctx, "alerts.silence", alert=1, minutes=30, reason="we know")
    alert = alerts.find(ctx.db, 1)
    assert (alert.state, alert.silenced_until_us) == (AlertState.SILENCED, answer["until_us"])
    row = audit.newest(ctx.db)[0]
    assert answer["until_us"] - row.at_us == 30 * 60 * SECOND
    assert "we know" in row.detail


@pytest.mark.parametrize("args", [{"minutes": -1}, {"hours": "soon"}, {"hours": 10_000}])
def test_a_silence_without_a_sane_length_is_refused(ctx: Here, args: dict[str, Any]) -> None:
    fire(ctx.db)
    with pytest.raises(Usage, match="minutes or hours"):
        ask(ctx, "alerts.silence", alert=1, **args)


def test_an_endpoint_is_added_renewed_and_removed(ctx: Here) -> None:
    ask(ctx, "endpoints.add", name="api", url="http://box:8080/", adapter="mlserver")
    ask(ctx, "endpoints.add", name="api", url="http://box:9090", metrics_url="http://box:9091/metrics")
    row = endpoints.find(ctx.db, "api")
    assert (row.url, row.metrics_url, row.adapter, row.period_s) == (
        "http://box:9090", "http://box:9091/metrics", "prometheus", 5.0,
    )  # fmt: skip
    ask(ctx, "endpoints.rm", name="api")
    assert endpoints.every(ctx.db) == []
    with pytest.raises(NotFound, match="api"):
        ask(ctx, "endpoints.rm", name="api")


@pytest.mark.parametrize(
    ("args", "error", "words"),
    [
        ({"url": "box:8080"}, Usage, "not the address"),
        ({"url": "http://box", "adapter": "tritno"}, NotFound, "adapter"),
        ({"url": "http://box", "period_s": 0.001}, Usage, "period"),
    ],
)
def test_an_endpoint_nobody_could_look_at_is_refused(
    ctx: Here, args: dict[str, Any], error: type[LinesideError], words: str
) -> None:
    with pytest.raises(error, match=words):
        ask(ctx, "endpoints.add", name="api", **args)
    assert endpoints.every(ctx.db) == []
