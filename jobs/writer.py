"""The one thread that changes the database. Control goes before ingest; every change is one transaction."""

import asyncio
import contextlib
import itertools
import queue
import sqlite3
import threading
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from lineside.store.db import writer as connect
from lineside.store.homes import Home

T = TypeVar("T")


class _Work(NamedTuple):
    """Ordered by rank, then by arrival; the rest is never compared, `order` being unique."""

    rank: int  # 0 what a person waits for, 1 ingest, 9 the end
    order: int
    change: Callable[[sqlite3.Connection], Any]
    done: "asyncio.Future[Any] | None"


class Writer:
    """Owns the read-write connection; `run` may be awaited from the loop it was made on."""

    def __init__(self, home: Home) -> None:
        self._loop = asyncio.get_running_loop()
        self._db = connect(home.db)
        self._full = False
        self._todo: queue.PriorityQueue[_Work] = queue.PriorityQueue()
        self._order = itertools.count()
        self._thread = threading.Thread(target=self._serve, name="writer", daemon=True)
        self._thread.start()

    async def run(self, change: Callable[[sqlite3.Connection], T], *, durable: bool = True) -> T:
        """Run `change` in one transaction; what it raises rolls back and comes back.

        Args:
            durable: synced to disk before it is answered, and ahead of what is not.
        """
        done: asyncio.Future[T] = self._loop.create_future()
        self._todo.put(_Work(0 if durable else 1, next(self._order), change, done))
        return await done

    async def close(self) -> None:
        """Finish what was asked, then checkpoint. The connection stays open, so that the WAL files stay."""
        done: asyncio.Future[None] = self._loop.create_future()
        self._todo.put(_Work(9, next(self._order), _checkpoint, done))
        await done

    def _serve(self) -> None:
        while True:
            work = self._todo.get()
            if work.rank == 9:
                with contextlib.suppress(sqlite3.Error):  # disk full: the WAL is read at the next start
                    work.change(self._db)
                self._loop.call_soon_threadsafe(_resolve, work.done, None, None)
                return
            try:
                answer, error = self._transact(work), None
            except Exception as raised:  # noqa: BLE001  # the runner's border: it goes back to who asked
                answer, error = None, raised
            try:
                self._loop.call_soon_threadsafe(_resolve, work.done, answer, error)
            except RuntimeError:  # the loop is closed: the runner is gone
                return

    def _transact(self, work: _Work) -> Any:
        if self._full is not (work.rank == 0):
            self._full = work.rank == 0
            self._db.execute("pragma synchronous = full" if self._full else "pragma synchronous = normal")
        self._db.execute("begin immediate")
        try:
            answer = work.change(self._db)
            self._db.execute("commit")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("rollback")
            raise
        return answer


def _resolve(done: "asyncio.Future[Any] | None", answer: Any, error: BaseException | None) -> None:
    if done is None or done.done():  # the caller was cancelled meanwhile
        return
    if error is not None:
        done.set_exception(error)
    else:
        done.set_result(answer)


def _checkpoint(db: sqlite3.Connection) -> None:
    db.execute("pragma wal_checkpoint(truncate)")
