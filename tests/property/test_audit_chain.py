"""The audit chain: what is changed, removed or reordered behind its back is found at the first bad row."""

import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineside.store.actors import Actor, Role
from lineside.store.clock import Micros
from lineside.store.db import writer
from lineside.store.migrations import migrate
from lineside.store.queries import audit

ROWS = 60
MUTATIONS = 1000
TEXT = ("name", "verb", "subject_kind", "detail", "prev_hash", "hash")
NUMBERS = ("at_us", "uid", "subject_id")
SHOWN = "select seq, at_us, uid, name, acting_as, verb, subject_kind, subject_id, detail, prev_hash, hash"

words = st.text(max_size=20)
details = st.dictionaries(words, st.none() | st.booleans() | st.integers() | words | st.lists(words))


def fill(db: sqlite3.Connection, rows: int = ROWS) -> None:
    for n in range(rows):
        actor = Actor(uid=n % 3, name="maria", role=Role.ADMIN, acting_as="demo:ana" if n % 5 == 0 else None)
        subject = ("promotion", n % 7 if n % 4 else None)
        audit.append(db, actor, f"verb.{n % 6}", subject=subject, detail={"n": n}, at=Micros(1000 + n))


@pytest.fixture(scope="module")
def unguarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """A trail whose triggers somebody with the file has dropped."""
    db = writer(tmp_path_factory.mktemp("audit") / "lineside.db")
    migrate(db)
    fill(db)
    db.execute("drop trigger audit_never_changes")
    db.execute("drop trigger audit_never_shrinks")
    yield db
    db.close()


def test_a_thousand_random_mutations_are_all_caught_at_the_row_that_was_touched(
    unguarded: sqlite3.Connection,
) -> None:
    chance, db = random.Random(11), unguarded
    head = (ROWS, audit.verify(db).head)
    for _ in range(MUTATIONS):
        db.execute("begin")
        first_bad = mutate(db, chance)
        found = audit.verify(db, head=head)
        db.execute("rollback")
        assert found.broken_seq == first_bad, found
    assert audit.verify(db, head=head).broken_seq is None


def mutate(db: sqlite3.Connection, chance: random.Random) -> int:
    """Change, remove, swap, insert or forge; the number of the first row that is then wrong."""
    seq = chance.randint(1, ROWS)
    kind = chance.choice(["text", "number", "mask", "remove", "swap", "cut", "forge"])
    if kind == "text":
        column = chance.choice(TEXT)
        old = db.execute(f"select {column} from audit where seq = ?", (seq,)).fetchone()[0]
        db.execute(f"update audit set {column} = ? where seq = ?", (flip(old, chance), seq))
    elif kind == "number":
        column = chance.choice(NUMBERS)
        db.execute(f"update audit set {column} = coalesce({column}, 0) + 1 where seq = ?", (seq,))
    elif kind == "mask":
        db.execute("update audit set acting_as = ifnull(acting_as, '') || 'x' where seq = ?", (seq,))
    elif kind == "remove":
        db.execute("delete from audit where seq = ?", (seq,))
    elif kind == "swap":
        return swap(db, *sorted(chance.sample(range(1, ROWS + 1), 2)))
    elif kind == "cut":
        db.execute("delete from audit where seq >= ?", (seq,))
    else:
        return forge(db, seq)
    return seq


def swap(db: sqlite3.Connection, one: int, other: int) -> int:
    db.execute("update audit set seq = -1 where seq = ?", (one,))
    db.execute("update audit set seq = ? where seq = ?", (one, other))
    db.execute("update audit set seq = ? where seq = -1", (other,))
    return one


def forge(db: sqlite3.Connection, seq: int) -> int:
    """A row rewritten with a hash that fits it: the row after it gives it away, or the noted head."""
    row = dict(db.execute(f"{SHOWN} from audit where seq = ?", (seq,)).fetchone())
    fresh = audit._hash({**row, "verb": "forged"})
    db.execute("update audit set verb = 'forged', hash = ? where seq = ?", (fresh, seq))
    return min(seq + 1, ROWS)


def flip(text: str, chance: random.Random) -> str:
    """The same text with one character another one."""
    at = chance.randrange(len(text))
    return text[:at] + chr((ord(text[at]) + chance.randint(1, 25)) % 0x10FFF) + text[at + 1 :]


@settings(max_examples=60, deadline=None)
@given(said=st.lists(st.tuples(words, details), min_size=1, max_size=8))
def test_any_text_survives_the_chain(said: list[tuple[str, dict[str, object]]]) -> None:
    db = sqlite3.connect(":memory:")
    db.row_factory = sqlite3.Row
    for statement in Path("store/ddl/m001_identity.sql").read_text().split("\n\n"):
        db.execute(statement)
    actor = Actor(uid=7, name="zoë\x1b[31m", role=Role.ADMIN)
    for n, (verb, detail) in enumerate(said):
        audit.append(db, actor, verb, subject=("run", n), detail=detail, at=Micros(n))

    verdict = audit.verify(db)

    assert (verdict.rows, verdict.broken_seq) == (len(said), None)
    assert [row.verb for row in audit.every(db)] == [verb for verb, _ in said]
    db.close()


def test_the_database_refuses_to_change_or_shrink_its_trail(db: sqlite3.Connection) -> None:
    fill(db, 3)
    for sql in ("update audit set verb = 'x' where seq = 2", "delete from audit where seq = 3"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            db.execute(sql)
    assert audit.verify(db).rows == 3


def test_a_transaction_that_is_undone_leaves_no_gap(db: sqlite3.Connection) -> None:
    fill(db, 2)
    db.execute("begin")
    fill(db, 5)
    db.execute("rollback")
    fill(db, 2)
    assert (audit.verify(db).rows, audit.verify(db).broken_seq) == (4, None)


def test_a_tail_cut_off_or_replaced_is_seen_against_a_head_noted_elsewhere(
    unguarded: sqlite3.Connection,
) -> None:
    db = unguarded
    noted = (ROWS, audit.verify(db).head)
    db.execute("begin")
    db.execute("delete from audit where seq > 40")
    assert audit.verify(db).broken_seq is None  # alone, a shorter chain is a good one
    assert audit.verify(db, head=noted).broken_seq == 41
    fill(db, ROWS - 40)
    replaced = audit.verify(db, head=noted)
    db.execute("rollback")
    assert (replaced.broken_seq, replaced.reason) == (ROWS, "differs from the noted head")


def test_pages_of_the_audit_screen_are_newest_first(db: sqlite3.Connection) -> None:
    fill(db, 10)

    page = audit.newest(db, limit=4)
    older = audit.newest(db, before=page[-1].seq, limit=4)

    assert [r.seq for r in (*page, *older)] == [10, 9, 8, 7, 6, 5, 4, 3]
    assert page[-1].who == "maria"
    assert audit.newest(db, before=7)[0].who == "demo:ana (maria)"
    assert [r.seq for r in audit.of_subject(db, "promotion", 3)] == [4]
