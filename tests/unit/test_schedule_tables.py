"""[schedule.NAME] in lineside.toml: read with its line told, and made real by `apply`."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from fixtures.contexts import Here

from lineside.jobs.projects import project
from lineside.jobs.schedules import entries, planners
from lineside.jobs.verbs import projects as verb
from lineside.store.actors import Actor, Role
from lineside.store.clock import now
from lineside.store.errors import BadConfig, Conflict, Usage
from lineside.store.homes import Home
from lineside.store.queries import schedules

MARIA = Actor(uid=1000, name="maria", role=Role.OPERATOR)
HEAD = """\
[project]
name = "digits"
[pipeline.train.params]
epochs = 10
deep = false
[pipeline.train.stage.fit]
cmd = "true"
"""
NIGHTLY = """\
[schedule.nightly]
cron = "30 2 * * 1-5"
pipeline = "train"
params = { epochs = 40, deep = true }
tz = "Europe/Berlin"
catch_up = "all"
overlap = "queue"
"""
HOURLY = '[schedule.hourly]\nevery = "1h"\npipeline = "train"\n'


class Applied:
    """A home to which a project's text is sent."""

    def __init__(self, home: Home, db: sqlite3.Connection, folder: Path) -> None:
        self.ctx, self.db, self.folder = Here(home, db), db, folder

    def __call__(self, *tables: str) -> list[str]:
        args: dict[str, Any] = {
            "text": "\n".join([HEAD, *tables]), "folder": str(self.folder), "python": "/v/bin/python",
            "env": {"PATH": "/v/bin", "API_KEY": "secret"},
        }  # fmt: skip
        changes: list[str] = asyncio.run(verb.apply(self.ctx, MARIA, args))["changes"]
        return changes


@pytest.fixture
def apply(home: Home, db: sqlite3.Connection, tmp_path: Path) -> Applied:
    return Applied(home, db, tmp_path)


def test_a_table_becomes_a_schedule_of_its_project(apply: Applied) -> None:
    assert "schedule nightly: new" in apply(NIGHTLY)

    row = schedules.find(apply.db, "nightly")
    assert (row.kind, row.spec, row.time_zone) == ("cron", "30 2 * * 1-5", "Europe/Berlin")
    assert (row.catch_up, row.overlap, row.project, row.owner) == ("all", "queue", "digits", "maria")
    env, argv = planners.unpacked(row.argv)
    assert env == {"PATH": "/v/bin"}
    assert argv[0] == "/v/bin/python"
    assert argv[-5:] == ["train", "--param", "epochs=40", "--param", "deep=true"]


def test_a_changed_table_changes_its_schedule_and_a_vanished_one_removes_it(apply: Applied) -> None:
    apply(NIGHTLY, HOURLY)
    before = schedules.find(apply.db, "hourly")

    changed = apply(HOURLY.replace("1h", "2h"))

    assert changed == ["schedule hourly: changed", "schedule nightly: gone"]
    (row,) = schedules.every(apply.db)
    assert (row.id, row.name, row.spec) == (before.id, "hourly", "7200")


def test_an_untouched_interval_goes_on_counting_and_a_paused_one_stays_paused(apply: Applied) -> None:
    apply(NIGHTLY, HOURLY)
    before = schedules.find(apply.db, "hourly")
    with apply.db:
        entries.pause(apply.db, MARIA, schedules.find(apply.db, "nightly"), at=now())

    apply(NIGHTLY.replace("40", "41"), HOURLY)

    after, paused = (schedules.find(apply.db, name) for name in ("hourly", "nightly"))
    assert (after.created_us, after.next_us) == (before.created_us, before.next_us)
    assert (paused.paused, paused.next_us) == (1, None)
    assert "epochs=41" in paused.argv


def test_a_name_that_was_taken_by_hand_is_not_taken_over(apply: Applied) -> None:
    argv = planners.packed({}, ["true"])
    entry = entries.Entry(name="hourly", kind="push", spec="main", folder=str(apply.folder), argv=argv)
    with apply.db:
        entries.add(apply.db, MARIA, entry, at=now())

    with pytest.raises(Conflict, match="there is a schedule 'hourly' already"):
        apply(HOURLY)

    assert schedules.find(apply.db, "hourly").kind == "push"


def test_params_that_the_pipeline_does_not_take_are_refused_when_it_is_applied(apply: Applied) -> None:
    with pytest.raises(Usage, match="train has no parameter 'epoch'"):
        apply(NIGHTLY.replace("epochs", "epoch"))

    assert schedules.every(apply.db) == []


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (NIGHTLY.replace("30 2", "99 2"), "line 9: cron '99 2 * * 1-5': minute: there is no '99'"),
        (NIGHTLY.replace("Berlin", "Berlln"), "line 12: no time zone 'Europe/Berlln'"),
        (NIGHTLY.replace('"train"', '"trian"'), "line 10: no pipeline 'trian'"),
        (NIGHTLY.replace('"all"', '"some"'), "line 13: 'catch_up' is one of 'latest', 'all', 'none'"),
        (NIGHTLY.replace("cron", "corn"), "line 9: unknown key 'corn'"),
        (NIGHTLY + 'every = "6h"\n', "line 8: give one of cron, every, on_data and on_push"),
        (NIGHTLY.replace("40", "[40]"), "parameter 'epochs' must be text, a number, true or false"),
    ],
)
def test_a_wrong_table_is_told_by_its_line(table: str, says: str) -> None:
    with pytest.raises(BadConfig) as raised:
        project.parse(HEAD + table)

    assert says in str(raised.value)
