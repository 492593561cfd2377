"""From a finished run to a champion, with real packages, real rows and nothing stubbed."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from fixtures.contexts import Here, Killed
from fixtures.packages import digits, tiny_package
from fixtures.registry import MARIA, TOM, add_run

from lineside.jobs.packaging.packages import MODEL
from lineside.jobs.promotion import promotions as promoting
from lineside.jobs.promotion import registration
from lineside.store import objects
from lineside.store.clock import Micros
from lineside.store.errors import NotFound, Refused, Usage
from lineside.store.homes import Home
from lineside.store.queries import artifacts, audit, datasets, lineage, models, promotions
from lineside.store.queries.datasets import FileRow, NewVersion
from lineside.store.queries.lineage import Node


@pytest.fixture
def ctx(home: Home, db: sqlite3.Connection) -> Here:
    home.config.write_text('[roles]\nmaria = "approver"\n')
    return Here(home, db)


def trained(ctx: Here, folder: Path, **made: int) -> int:
    """A finished run that logged a tiny package."""
    run = add_run(ctx.db)
    put = objects.adopt(ctx.home, tiny_package(folder, **made))
    artifacts.put(ctx.db, run, path="model", kind="model", stored=put, at=Micros(2))
    return run


def register(ctx: Here, run: int, name: str = "digits") -> models.VersionRow:
    return models.get_version(ctx.db, asyncio.run(registration.register(ctx, TOM, run, name)))


def test_a_finished_run_becomes_a_ready_version_with_its_arrow_and_its_audit_rows(
    ctx: Here, tmp_path: Path
) -> None:
    run = trained(ctx, tmp_path / "p")

    version = register(ctx, run)

    assert (version.label, version.status, version.created_by) == ("digits@v1", "READY", "tom")
    assert version.holdout == version.meta["holdout"]["value"]
    assert objects.verify(ctx.home, str(version.artifact_digest))
    assert pl.read_parquet(objects.path_of(ctx.home, str(version.profile_digest))).height == 300
    edges = lineage.around(ctx.db, Node("run", run)).edges
    assert [(edge.dst_kind, edge.relation) for edge in edges] == [("model_version", "registered")]
    told = [row.verb for row in audit.of_subject(ctx.db, "model_version", version.id)]
    assert told == ["models.register", "models.ready"]


def test_asking_again_gives_the_version_that_is_there(ctx: Here, tmp_path: Path) -> None:
    run = trained(ctx, tmp_path / "p")

    assert register(ctx, run).id == register(ctx, run).id
    assert register(ctx, run, "other").label == "other@v1"
    assert len(models.versions(ctx.db, "digits")) == 1


def test_a_broken_package_is_kept_as_failed_with_its_reason_and_can_never_be_promoted(
    ctx: Here, tmp_path: Path
) -> None:
    run = add_run(ctx.db)
    folder = tiny_package(tmp_path / "p")
    (folder / MODEL).write_bytes(b"not onnx")
    put = objects.adopt(ctx.home, folder)
    artifacts.put(ctx.db, run, path="model", kind="model", stored=put, at=Micros(2))

    with pytest.raises(Refused, match="digits@v1 cannot be registered: not a model package"):
        register(ctx, run)

    version = models.find_version(ctx.db, "digits@1")
    assert version.status == "FAILED_REGISTRATION"
    assert "not a model package" in version.failure
    with pytest.raises(Refused, match="cannot be promoted"):
        asyncio.run(promoting.request(ctx, TOM, version.id, alias="champion"))


def test_what_cannot_be_registered_leaves_nothing_behind(ctx: Here, tmp_path: Path) -> None:
    bare, failed = add_run(ctx.db), trained(ctx, tmp_path / "p")
    ctx.db.execute("update run set status = 'FAILED', cause = 'exit' where id = ?", (failed,))

    with pytest.raises(NotFound, match="no model of run"):
        register(ctx, bare)
    with pytest.raises(Refused, match="is FAILED"):
        register(ctx, failed)
    with pytest.raises(NotFound):
        register(ctx, 99)
    ctx.db.execute("update run set status = 'FINISHED' where id = ?", (failed,))
    with pytest.raises(Usage, match="cannot be a model's name"):
        register(ctx, failed, "a@b")
    assert models.recent(ctx.db) == []
    assert audit.newest(ctx.db) == []


def test_a_registration_that_was_killed_is_finished_after_a_restart(ctx: Here, tmp_path: Path) -> None:
    run = trained(ctx, tmp_path / "p")
    ctx.steps_left = 2
    with pytest.raises(Killed):
        register(ctx, run)
    assert models.find_version(ctx.db, "digits@1").status == "PENDING_REGISTRATION"

    ctx.steps_left = None
    asyncio.run(registration.tick(ctx))

    assert models.find_version(ctx.db, "digits@1").status == "READY"


def recent_rows(ctx: Here, run: int, folder: Path) -> None:
    """A dataset version the run was trained on, and its 200 recent rows."""
    files = []
    for split, first, last in (("train", 0, 300), ("recent", 300, 500)):
        path = folder / f"{split}.parquet"
        pl.DataFrame(digits(first, last)).write_parquet(path)
        put = objects.adopt(ctx.home, path)
        files.append(FileRow(split=split, digest=put.digest, rows=last - first, bytes=put.bytes))
    content = NewVersion(
        files=tuple(files), columns=(), profile=(), target="digit", time_column=None, time_zone=None,
        exclude=(),
    )  # fmt: skip
    made = datasets.add_version(ctx.db, content, name="digits", origin={}, by="tom", at=Micros(1))
    src, dst = Node("dataset_version", made.id), Node("run", run)
    lineage.link(ctx.db, src=src, dst=dst, relation="trained", at=Micros(1))


def test_a_better_model_takes_the_alias_on_rows_that_neither_has_seen(ctx: Here, tmp_path: Path) -> None:
    first = register(ctx, trained(ctx, tmp_path / "small", rows=60))
    row = asyncio.run(promoting.request(ctx, TOM, first.id, alias="champion", reason="the first"))
    asyncio.run(promoting.approve(ctx, MARIA, row.id))
    run = trained(ctx, tmp_path / "large")
    recent_rows(ctx, run, tmp_path)
    second = register(ctx, run)

    row = asyncio.run(promoting.request(ctx, TOM, second.id, alias="champion", reason="more rows"))

    duel: Any = next(gate for gate in promotions.gates(ctx.db, row.id) if gate.gate == "beats_champion")
    assert (duel.passed, duel.rows) == (True, 200)
    assert "against digits@v1" in duel.observed
    assert duel.observed.endswith("paired")
    row = asyncio.run(promoting.approve(ctx, MARIA, row.id))
    assert (row.state, models.find_version(ctx.db, "digits@champion").id) == ("APPLIED", second.id)


def test_a_worse_model_is_turned_away_with_its_numbers(ctx: Here, tmp_path: Path) -> None:
    first = register(ctx, trained(ctx, tmp_path / "large"))
    row = asyncio.run(promoting.request(ctx, TOM, first.id, alias="champion"))
    asyncio.run(promoting.approve(ctx, MARIA, row.id))
    run = trained(ctx, tmp_path / "small", rows=60)
    recent_rows(ctx, run, tmp_path)

    row = asyncio.run(promoting.request(ctx, TOM, register(ctx, run).id, alias="champion"))

    assert (row.state, row.outcome) == ("CHECKS_FAILED", "failed: beats_champion")
    assert models.find_version(ctx.db, "digits@champion").id == first.id


def test_a_model_whose_bytes_rot_after_the_checks_is_never_applied(ctx: Here, tmp_path: Path) -> None:
    version = register(ctx, trained(ctx, tmp_path / "p"))
    row = asyncio.run(promoting.request(ctx, TOM, version.id, alias="champion"))
    model = next(e for e in objects.tree(ctx.home, str(version.artifact_digest)) if e.path == MODEL)
    path = objects.path_of(ctx.home, model.digest)
    path.chmod(0o640)
    path.write_bytes(path.read_bytes()[:-1] + b"\0")

    with pytest.raises(Refused, match="VOIDED: the bytes of pin 'artifact' were changed"):
        asyncio.run(promoting.approve(ctx, MARIA, row.id))
    assert models.holding(ctx.db, version.model_id, "champion") is None
