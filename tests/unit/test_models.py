"""Registered models: numbers, names, and who holds an alias."""

import sqlite3

import pytest
from fixtures.registry import add_ready_version, add_run

from lineside.store.clock import Micros
from lineside.store.errors import Conflict, NotFound, Usage
from lineside.store.queries import aliases, models


def test_versions_of_a_model_are_numbered_from_one(db: sqlite3.Connection) -> None:
    first, second = add_ready_version(db, "digits"), add_ready_version(db, "digits")
    other = add_ready_version(db, "bikes")

    assert (first.number, second.number, other.number) == (1, 2, 1)
    assert [v.label for v in models.versions(db, "digits")] == ["digits@v2", "digits@v1"]
    assert models.find(db, "digits").versions == 2
    assert [m.name for m in models.recent(db)] == ["bikes", "digits"]


@pytest.mark.parametrize("text", ["digits@2", "digits@v2", "digits@V2", "digits@latest"])
def test_a_version_is_found_by_what_a_person_writes(db: sqlite3.Connection, text: str) -> None:
    add_ready_version(db, "digits")
    wanted = add_ready_version(db, "digits")

    assert models.find_version(db, text).id == wanted.id
    assert models.find_version(db, wanted.uid).id == wanted.id


def test_a_wrong_name_is_told_the_nearest_one(db: sqlite3.Connection) -> None:
    add_ready_version(db, "digits")

    with pytest.raises(NotFound) as caught:
        models.find_version(db, "digts@1")
    assert "digits" in caught.value.hint
    with pytest.raises(NotFound, match="digits@9"):
        models.find_version(db, "digits@9")
    with pytest.raises(Usage, match="names no model version"):
        models.find_version(db, "digits")


def test_a_version_becomes_ready_once(db: sqlite3.Connection) -> None:
    version = add_ready_version(db, "digits", holdout=0.97)

    assert (version.status, version.holdout) == ("READY", 0.97)
    with pytest.raises(Conflict):
        models.fail(db, version.id, why="too late")
    with pytest.raises(Conflict):
        models.ready(db, version.id, artifact="b" * 64, package="{}", profile=None)


def test_a_failed_version_says_why(db: sqlite3.Connection) -> None:
    models.create(db, "digits", at=Micros(1))
    version = models.add_version(db, "digits", run_id=add_run(db), by="maria", at=Micros(2))
    assert models.pending(db) == [version.id]

    models.fail(db, version.id, why="the golden answers differ")

    assert models.get_version(db, version.id).failure == "the golden answers differ"
    assert models.pending(db) == []


@pytest.mark.parametrize("name", ["", "a@b", "data:x", "-x", "a b", "x" * 101, "a/b"])
def test_a_name_that_cannot_stand_before_an_at_is_refused(db: sqlite3.Connection, name: str) -> None:
    with pytest.raises(Usage):
        models.create(db, name, at=Micros(1))


@pytest.mark.parametrize("alias", ["", "latest", "LATEST", "v7", "V7", "7", "a@b", "a b", "x" * 256])
def test_reserved_and_unreadable_aliases_are_refused(alias: str) -> None:
    with pytest.raises(Usage):
        aliases.check_name(alias)


def test_the_database_itself_refuses_to_move_an_alias_without_a_promotion(db: sqlite3.Connection) -> None:
    version = add_ready_version(db, "digits")

    with pytest.raises(sqlite3.IntegrityError):
        aliases.move(
            db, model_id=version.model_id, alias="champion", version_id=version.id, expected_id=None,
            promotion_id=1, by="maria", at=Micros(1),
        )  # fmt: skip
