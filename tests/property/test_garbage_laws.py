"""Whatever lies in a home and whatever names it, `gc` loses nothing named and frees what it said, once."""

import functools
import hashlib
import json
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fixtures import registry
from fixtures.garbage import add_artifact, add_box, add_job, age, gc, plan, swept
from fixtures.story import put
from hypothesis import given, settings
from hypothesis import strategies as st

from lineside.store import homes, objects
from lineside.store.actors import LINESIDE
from lineside.store.clock import now
from lineside.store.db import writer
from lineside.store.homes import Home
from lineside.store.migrations import migrate
from lineside.store.queries import audit

CONTENTS = [bytes([65 + number]) * (number + 1) for number in range(8)]
DIGESTS = [hashlib.sha256(data).hexdigest() for data in CONTENTS]
_CONTENT = st.integers(0, len(CONTENTS) - 1)
_FOLDER = st.frozensets(_CONTENT, max_size=3)
_NAMED_BY = st.sampled_from(["artifact", "audit", "param", "version", "pin"])
_ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("file"), _CONTENT, st.booleans()),
        st.tuples(st.just("folder"), _FOLDER, st.booleans()),
        st.tuples(st.just("name"), _CONTENT, _NAMED_BY),
        st.tuples(st.just("name folder"), _FOLDER, _NAMED_BY),
        st.tuples(st.just("box"), _CONTENT, st.booleans()),
        st.tuples(st.just("link"), _CONTENT, st.booleans()),
        st.tuples(st.just("scrap"), _CONTENT, st.booleans()),
    ),
    max_size=25,
)
_DAYS = st.sampled_from([None, 0.0, 30.0])


@functools.cache
def migrated() -> bytes:
    """An empty store, made once."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lineside.db"
        db = writer(path)
        migrate(db)
        db.execute("pragma wal_checkpoint(truncate)")
        db.close()
        return path.read_bytes()


@contextmanager
def lived_in(acts: list[tuple[str, object, object]]) -> Iterator[tuple[Home, sqlite3.Connection, set[str]]]:
    """A home in which so much happened; the digests that a row names."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        homes.create(home)
        home.db.write_bytes(migrated())
        db = writer(home.db)
        named: set[str] = set()
        try:
            for place, act in enumerate(acts):
                happen(home, db, named, place, *act)
            yield home, db, named
        finally:
            db.close()


def happen(
    home: Home, db: sqlite3.Connection, named: set[str], place: int, act: str, what: object, how: object
) -> None:
    """One act; `how` is what names the thing, or whether it is old."""
    work = home.path.parent / f"work{place}"
    if act == "file" and isinstance(what, int):
        objects.put_bytes(home, CONTENTS[what])
        grow_old(home, how)
    elif act in ("folder", "name folder") and isinstance(what, frozenset):
        digest = adopted(home, work, what)
        if act == "folder":
            grow_old(home, how)
        else:
            name(home, db, named, digest, str(how), place, tree=True)
            grow_old(home, True)
    elif act == "name" and isinstance(what, int):
        name(home, db, named, objects.put_bytes(home, CONTENTS[what]).digest, str(how), place, tree=False)
        grow_old(home, True)
    elif act == "box" and isinstance(what, int):
        add_job(db, place + 1, ago_s=3600 if how else 40 * 86_400)
        add_box(home, CONTENTS[what], job=place + 1)
    elif act == "link" and isinstance(what, int):
        source = objects.path_of(home, DIGESTS[what])
        if source.exists():
            os.link(source, home.path.parent / f"outside{place}" if how else home.path / f"inside{place}")
    elif act == "scrap" and isinstance(what, int):
        path = home.objects / f".{place:016x}"
        path.write_bytes(CONTENTS[what])
        if how:
            age(path)


def grow_old(home: Home, old: object) -> None:
    if old is True:
        for path in home.objects.glob("*/*"):
            age(path)


def adopted(home: Home, work: Path, contents: frozenset[int]) -> str:
    work.mkdir()
    for number in contents:
        (work / f"{number}.bin").write_bytes(CONTENTS[number])
    return objects.adopt(home, work).digest


def name(
    home: Home, db: sqlite3.Connection, named: set[str], digest: str, by: str, place: int, *, tree: bool
) -> None:
    """Let one row of some table speak of it."""
    named.add(digest)
    if by == "artifact":
        add_artifact(home, db, digest, run=f"run_{place}", tree=tree)
    elif by == "audit":
        audit.append(db, LINESIDE, "t", subject=("run", None), detail={"was": digest}, at=now())
    elif by == "param":
        key = put(db, "name", kind="param", name=f"p{place}")
        put(db, "param", run_id=registry.add_run(db), key_id=key, value=f"of {digest}.")
    elif by == "version":
        registry.add_ready_version(db, model=f"m{place}", artifact=digest)
    else:
        version = registry.add_ready_version(db, model=f"m{place}")
        put(db, "promotion", uid=f"p{place}", version_id=version.id, model_id=version.model_id, alias="a",
            state="REJECTED", requested_by="m", requester_uid=1, pins=json.dumps({"rows": digest}),
            created_us=1, expires_us=2)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(acts=_ACTS, days=_DAYS)
def test_what_a_row_names_is_whole_afterwards(
    acts: list[tuple[str, object, object]], days: float | None
) -> None:
    with lived_in(acts) as (home, db, named):
        swept(home, db, plan(home, db, days=days))
        assert all(objects.verify(home, digest) for digest in named)


@settings(max_examples=40, deadline=None)
@given(acts=_ACTS, days=_DAYS)
def test_what_is_promised_is_what_is_freed_and_a_second_time_nothing(
    acts: list[tuple[str, object, object]], days: float | None
) -> None:
    with lived_in(acts) as (home, db, _):
        gc(home, db, days=days)  # compares the promise, the report and the disk
        assert gc(home, db, days=days) == []


@settings(max_examples=30, deadline=None)
@given(acts=_ACTS, later=_ACTS)
def test_a_plan_grown_stale_takes_nothing_that_is_named_or_young_by_now(
    acts: list[tuple[str, object, object]], later: list[tuple[str, object, object]]
) -> None:
    with lived_in(acts) as (home, db, named):
        found = plan(home, db, days=0)
        young = set()
        for place, (act, what, how) in enumerate(later, len(acts)):
            if act == "file" and isinstance(what, int):
                young.add(objects.put_bytes(home, CONTENTS[what]).digest)
            elif act.startswith("name"):
                happen_young(home, db, named, place, act, what, how)
        swept(home, db, found)
        assert all(objects.verify(home, digest) for digest in named | young)


def happen_young(
    home: Home, db: sqlite3.Connection, named: set[str], place: int, act: str, what: object, how: object
) -> None:
    """A thing that comes in with its row while a plan waits."""
    if isinstance(what, int):
        digest = objects.put_bytes(home, CONTENTS[what]).digest
    else:
        assert isinstance(what, frozenset)
        digest = adopted(home, home.path.parent / f"work{place}", what)
    name(home, db, named, digest, str(how), place, tree=act == "name folder")
