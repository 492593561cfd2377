"""The one daemon of a home, `python -m lineside.jobs.runner --home DIR`: owns lock, writer, clock and socket.

It loses nothing when it dies: all it knows is in the database and in the attempts' folders.
"""

import argparse
import asyncio
import fcntl
import importlib
import importlib.metadata
import logging
import os
import pkgutil
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import lineside
from lineside.jobs import executors, health, logs, verbs
from lineside.jobs.context import Json, Tick
from lineside.jobs.execution import gpus
from lineside.jobs.execution.dispatch import Dispatcher
from lineside.jobs.watching import watching
from lineside.store import config, homes
from lineside.store.clock import now
from lineside.store.db import reader, version_of
from lineside.store.db import writer as connect
from lineside.store.errors import HomeProblem, LinesideError, Refused
from lineside.store.homes import Home
from lineside.store.migrations import migrate
from lineside.store.states import Cause

log = logging.getLogger(__name__)
T = TypeVar("T")


class Runner:
    """What verbs and ticks see as their `Context`, and what holds the parts together."""

    def __init__(self, home: Home, settings: config.Config) -> None:
        from lineside.jobs.clock import Ticker
        from lineside.jobs.compute import Compute
        from lineside.jobs.control import Control
        from lineside.jobs.ticks import TICKS
        from lineside.jobs.writer import Writer

        self.home, self.config = home, settings
        self.db: sqlite3.Connection = reader(home)
        self.started_us, self.meter = now(), health.Meter()
        self.problems = load_verbs()
        self.failures: dict[str, str] = {}  # tick → its newest failure, until it works again
        self.writer = Writer(home)
        self.computing = Compute()
        self.executor = executors.load(settings.runner.executor)
        self.dispatcher = Dispatcher(
            self, self.executor, settings.runner, queue=settings.queue, sdk=install_sdk(home)
        )
        self.lock_inode = os.stat(home.lock).st_ino
        own = Tick(name="home", period_s=5.0, run=lambda _: self._look_at_itself())
        self.ticker = Ticker(self._tick, (*TICKS, own), version=lambda: version_of(self.db))
        self.control = Control(self, settings, hello=self._hello())
        self.stopping = asyncio.Event()

    def rounds(self) -> list[health.Round]:
        """How each tick goes, and the queue."""
        ages = [(tick.name, tick.period_s, age_s) for tick, age_s in self.ticker.ages()]
        queue = ("queue", self.config.runner.poll_s, self.dispatcher.age_s)
        return health.rounds([queue, *ages], going=self.ticker.going(), failures=self.failures)

    async def write(self, change: Callable[[sqlite3.Connection], T], *, durable: bool = True) -> T:
        return await self.writer.run(change, durable=durable)

    async def compute(self, function: str, **args: Any) -> Json:
        return await self.computing.call(function, args)

    def wake(self) -> None:
        self.dispatcher.wake()

    def stop_attempt(self, folder: Path, *, cause: Cause, grace_s: float) -> None:
        self.executor.stop(folder, cause=cause, grace_s=grace_s)

    def stop(self) -> None:
        """End the runner soon; what runs goes on."""
        self.stopping.set()

    async def run(self) -> None:
        """From the socket's first hello to the last checkpoint."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        await gpus.tick(self)
        queue = asyncio.create_task(self.dispatcher.run())
        await self.control.listen()
        self.ticker.start()
        log.info(
            "runner is up", extra={"pid": os.getpid(), "home": str(self.home.path), "problems": self.problems}
        )
        await self.stopping.wait()
        self.control.close()
        await self.ticker.stop()
        queue.cancel()
        await asyncio.gather(queue, return_exceptions=True)
        self.dispatcher.close()
        self.executor.close()
        await self.computing.close()
        await self.writer.close()
        log.info("runner ends", extra={"pid": os.getpid()})

    async def _tick(self, tick: Tick) -> bool | None:
        """One call of one tick; whether it rests. It may fail (None); the others and the next one go on."""
        try:
            rests = await tick.run(self)
        except Exception as error:
            words = f"{type(error).__name__}: {error}"
            if self.failures.get(tick.name) != words:  # said once, not five times a second
                log.exception("a tick failed", extra={"tick": tick.name})
            self.failures[tick.name] = words
            return None
        self.failures.pop(tick.name, None)
        return bool(rests)

    async def _look_at_itself(self) -> None:
        """A runner whose home was deleted, or replaced by another, has nothing left to keep."""
        self.meter.note()
        try:
            if os.stat(self.home.lock).st_ino == self.lock_inode:
                return
        except FileNotFoundError:
            pass
        os._exit(1)

    def _hello(self) -> Json:
        return {
            "hello": "lineside",
            "v": 1,
            "version": version(),
            "pid": os.getpid(),
            "home": str(self.home.path),
        }


def version() -> str:
    """Of the installed lineside."""
    return importlib.metadata.version("lineside")


def load_verbs() -> list[str]:
    """Import all of `jobs/verbs/`; one that cannot be imported is said, and the others work."""
    problems = []
    for module in pkgutil.iter_modules(verbs.__path__):
        try:
            importlib.import_module(f"{verbs.__name__}.{module.name}")
        except Exception as error:
            log.exception("verbs cannot be loaded", extra={"verbs": module.name})
            problems.append(f"jobs/verbs/{module.name}.py: {type(error).__name__}: {error}")
    return problems


def install_sdk(home: Home) -> Path:
    """Copy the SDK to where jobs of any interpreter find it; the folder for their path comes back."""
    source = Path(lineside.__file__)
    folder = home.sdk / version()
    target = folder / "lineside" / "__init__.py"
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_suffix(".new")
    shutil.copyfile(source, fresh)
    fresh.rename(target)
    return folder


def hold(home: Home) -> int:
    """Take the home's lock for as long as this process lives.

    Raises:
        Refused: another runner has it.
    """
    file = os.open(home.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.pread(file, 32, 0).decode().strip() or "unknown"
        os.close(file)
        raise Refused(
            f"the runner with pid {holder} already holds {home.path}",
            hint="stop it with: lineside runner stop   or use another home: --home DIR",
        ) from error
    os.ftruncate(file, 0)
    os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
    return file


def _prepare(home: Home) -> config.Config:
    """Everything that may refuse, before anything is changed."""
    if not home.exists:
        raise HomeProblem(f"no lineside home at {home.path}", hint="make one with: lineside init")
    homes.check(home)
    settings = config.load(home)
    watching.begin(home, settings.watch.rules)
    executors.check(settings.runner.executor)
    hold(home)
    db = connect(home.db)
    migrate(db)
    db.close()
    return settings


def main() -> None:
    """The process border: words and an exit code for whoever started it."""
    parser = argparse.ArgumentParser(prog="lineside runner")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--foreground", action="store_true", help="log to the terminal as well")
    said = parser.parse_args()
    home = Home(said.home.absolute())
    logs.begin(home if home.path.is_dir() else None, foreground=said.foreground)
    try:
        settings = _prepare(home)
    except LinesideError as error:
        log.error("runner cannot start", extra={"error": str(error), "hint": error.hint})
        sys.stderr.write(f"lineside: {error}\n  {error.hint}\n")
        sys.exit(error.exit_code)
    os.chdir(home.path)
    asyncio.run(_serve(home, settings))
    logging.shutdown()
    os._exit(0)  # without closing the database: the WAL files stay, for readers who may not make them


async def _serve(home: Home, settings: config.Config) -> None:
    await Runner(home, settings).run()


if __name__ == "__main__":
    from lineside.jobs import runner  # under its own name: verbs import this module, and there is to be one

    runner.main()
