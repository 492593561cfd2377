"""What the runner offers to the code it calls: verbs, ticks and monitors see this Protocol only."""

import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from lineside.store.actors import Actor, Role
from lineside.store.homes import Home
from lineside.store.states import Cause

T = TypeVar("T")
Json = dict[str, Any]
"""One JSON object, as it crosses a process border."""


class Context(Protocol):
    """The runner, as seen by everything that happens inside it."""

    @property
    def home(self) -> Home: ...

    @property
    def db(self) -> sqlite3.Connection:
        """A read-only connection for use on the runner's loop; short queries only."""
        ...

    async def write(self, change: Callable[[sqlite3.Connection], T], *, durable: bool = True) -> T:
        """Run `change` in one transaction on the writer thread; its exceptions come back.

        `durable=False` (ingest, scrapes, scores) waits behind what a person asked for and is not synced.
        """
        ...

    async def compute(self, function: str, **args: Any) -> Json:
        """Call `lineside.jobs.….module:function(**args)` in the compute child; JSON in, JSON out."""
        ...

    def wake(self) -> None:
        """Look at the queue now, not at the next tick."""
        ...

    def stop_attempt(self, folder: Path, *, cause: Cause, grace_s: float) -> None:
        """Have the attempt in `folder` end, whatever its job is to do then; may be repeated."""
        ...


Handler = Callable[[Context, Actor, Json], Awaitable[Json]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """One thing that may be asked over the socket."""

    name: str
    role: Role
    run: Handler
    jobs_may: bool = True  # False: a peer that descends from a shim is refused
    keeps: bool = False  # it stores the answer to `args["_key"]` itself, in the transaction of its change


VERBS: dict[str, Verb] = {}


def verb(
    name: str, *, role: Role, jobs_may: bool = True, keeps: bool = False
) -> Callable[[Handler], Handler]:
    """Register the coroutine that answers one verb."""

    def register(run: Handler) -> Handler:
        if name in VERBS:
            raise ValueError(f"two handlers for verb {name!r}")
        VERBS[name] = Verb(name=name, role=role, run=run, jobs_may=jobs_may, keeps=keeps)
        return run

    return register


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """Something the clock calls again and again, on the runner's loop.

    `run` may answer True: nothing can come of another call before the database changes. It is left alone
    then, for `REST_S` at most, and an idle runner costs next to nothing.
    """

    name: str
    period_s: float
    run: Callable[[Context], Awaitable[bool | None]]


REST_S = 10.0
"""The longest that a tick is left alone: what one overlooked waits no longer."""


Args = Mapping[str, Any]
