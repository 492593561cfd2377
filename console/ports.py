"""All that the screens know of the outside: a store they put questions to, and actions they may ask for."""

import os
import pwd
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from lineside.jobs.context import Json
from lineside.jobs.devices.gpus import Gpu
from lineside.store.actors import Role
from lineside.store.db import reader
from lineside.store.errors import LinesideError, RunnerDown
from lineside.store.homes import Home

T = TypeVar("T")
Question = Callable[[sqlite3.Connection], T]
"""One read: it gets a connection for as long as it takes, and answers with frozen rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Me:
    """Who sits at this console, as the runner sees them."""

    name: str
    role: Role | None  # None: no runner has said yet

    def may(self, role: Role) -> bool:
        """Show what this role may do? While nobody has said, the runner is left to refuse."""
        return self.role is None or self.role >= role

    def is_me(self, who: str) -> bool:
        return who == self.name

    def named(self, who: str) -> str:
        """How a person is called on this screen: `you` where it is you."""
        return "you" if self.is_me(who) else who


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerState:
    """Whether anything can be asked for now."""

    up: bool
    words: str  # "runner ok", "no runner"
    me: Me
    pid: int | None = None  # another one: it was started anew; None: not known
    slots: int | None = None  # CPU slots; None: not known
    gpus: tuple[Gpu, ...] = ()
    gpu_words: str = ""  # why there are none
    problems: tuple[str, ...] = ()


class Store(Protocol):
    """Where screens read."""

    @property
    def home(self) -> Home: ...

    def read(self, question: Question[T]) -> T:
        """Put one question; may be called from any thread."""
        ...

    def close(self) -> None: ...


class Actions(Protocol):
    """What screens ask for; answers come late, so call it from a worker thread."""

    @property
    def acting_as(self) -> str | None: ...

    def ask(self, verb: str, args: Json) -> Json: ...

    def runner(self) -> RunnerState: ...


class SqliteStore:
    """Read-only connections to one home: as many as there are threads asking at once."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self._idle: list[sqlite3.Connection] = []
        self._idle.append(reader(home))  # so that a home that cannot be read says so at once
        self._closed = False

    def read(self, question: Question[T]) -> T:
        try:
            db = self._idle.pop()
        except IndexError:
            db = reader(self.home)
        try:
            return question(db)
        finally:
            if self._closed:
                db.close()
            else:
                self._idle.append(db)

    def close(self) -> None:
        self._closed = True
        while self._idle:
            self._idle.pop().close()


class RunnerActions:
    """Asks the runner of one home over its socket."""

    def __init__(self, home: Home, *, acting_as: str | None = None, starts: bool = False) -> None:
        """Args:
        starts: whether the first look at the runner starts one where none is up.
        """
        self._home = home
        self.acting_as = acting_as
        self._starts = starts

    def ask(self, verb: str, args: Json) -> Json:
        from lineside.jobs import commands

        return commands.ask(self._home, verb, args, acting_as=self.acting_as)

    def _start(self) -> str:
        """Start a runner, once, where none is up; why that was not possible."""
        if not self._starts:
            return ""
        from lineside.jobs import commands

        self._starts = False
        try:
            commands.ensure_runner(self._home)
        except LinesideError as error:
            return str(error)
        return ""

    def runner(self) -> RunnerState:
        me = Me(name=self.acting_as or user_name(), role=None)
        trouble = self._start()
        try:
            info = self.ask("runner.info", {})
            devices = self.ask("gpus.list", {}) if info.get("gpus") else {"gpus": []}
            return _state(info, devices, me)
        except RunnerDown:
            return RunnerState(up=False, words="no runner", me=me, problems=(trouble,) if trouble else ())
        except LinesideError as error:
            return RunnerState(up=True, words=f"runner: {error}", me=me)


def _state(info: Json, devices: Json, me: Me) -> RunnerState:
    """What the runner says of itself, less what changes with every look."""
    you: Any = info.get("you") or {}
    role = Role[str(you["role"]).upper()] if "role" in you else None
    problems = tuple(str(problem) for problem in info.get("problems", ()))
    return RunnerState(
        up=True, words="runner has problems" if problems else "runner ok",
        me=replace(me, name=str(you.get("name") or me.name), role=role), pid=info.get("pid"),
        slots=info.get("slots"),
        gpus=tuple(Gpu.of(gpu) for gpu in devices["gpus"]),
        gpu_words=str(info.get("gpu_words", "")), problems=problems,
    )  # fmt: skip


def user_name() -> str:
    """The name of this process' user; its number where the system does not know one."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
