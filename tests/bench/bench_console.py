"""The console in a real pseudo-terminal, beside harlequin, a plain DataTable and a program of one word.

    PYTHONPATH=. python tests/bench/bench_console.py [--harlequin PATH] [--home DIR] [--rounds N]

One table a size. The home is made where there is none: 100,000 runs, 10,000 jobs, 1,000,000 points; it takes
some minutes, so keep it with --home. CPU is that of the console's own process and its threads, to the
nanosecond; wall times need a box that does nothing else.
"""

import argparse
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from fixtures import big_home, big_points, busy_home
from fixtures.story import put
from fixtures.terminals import Terminal, terminal

from lineside.jobs import commands
from lineside.jobs.execution import queue
from lineside.store.actors import Actor, Role
from lineside.store.clock import SECOND, now
from lineside.store.db import writer
from lineside.store.homes import Home

RUNS, JOBS, POINTS = 100_000, 10_000, 1_000_000
SIZES = ((80, 24), (200, 50))
PRESSES, IDLE_S, LIVE_S, LIVE_HZ = 20, 10.0, 10.0, 2.0
PANELS = 12
"""Beside each other in the grid of the monitor: one of each endpoint."""

COMPILED = {"PYTHONDONTWRITEBYTECODE": ""}
"""Installed programs have their bytecode; where none may be written, ours is compiled at every start."""
SETTLED_S = 4.0
"""A person looks at the first screen for so long; we import what the other areas need meanwhile."""
PLAIN = Path(__file__).parent / "drivers" / "textual_table.py"
LINESIDE = [sys.executable, "-m", "lineside.console"]


@dataclass
class Program:
    """Something that is measured."""

    name: str
    argv: Sequence[str]
    ready: str
    before: Sequence[tuple[str, str]] = ()  # a key, and what is then waited for
    keys: Sequence[tuple[str, str]] = ()  # what is told of it, the key
    areas: str = ""  # keys that show other areas
    leave: Sequence[str] = ("q",)
    slow: bool = False  # started once and not sat at


@dataclass
class Found:
    """Rows of the table, in their order."""

    rows: dict[str, str] = field(default_factory=dict)

    def say(self, what: str, words: str) -> None:
        self.rows[what] = words


# -- measures ------------------------------------------------------------------------------------------


def starts(program: Program, size: tuple[int, int], found: Found, rounds: int) -> float:
    """First cell and CPU until ready; the median CPU in milliseconds.

    The first start of all is not counted: it may have to compile.
    """
    cells, ready, cpu = [], [], []
    for turn in range(rounds + (not program.slow)):
        with terminal(program.argv, size=size, env=COMPILED) as here:
            first = here.wait_for(r"\S", within_s=90)
            whole = here.wait_for(program.ready, within_s=90)
            spent = here.cpu_ms
            _leave(here, program)
        if turn or program.slow:
            cells.append(first)
            ready.append(whole)
            cpu.append(spent)
    found.say("first cell, ms", _spread(cells))
    found.say("ready, ms", _spread(ready))
    found.say("CPU to ready, ms", _spread(cpu))
    return statistics.median(cpu)


def sitting(program: Program, size: tuple[int, int], found: Found) -> None:
    """One sitting: idle, keys, areas, memory, exit."""
    with terminal(program.argv, size=size, env=COMPILED) as here:
        here.wait_for(program.ready, within_s=90)
        here.quiet(1.0)
        time.sleep(SETTLED_S)
        found.say("peak RSS at the first screen, MiB", f"{here.peak_mib:.0f}")
        idle(here, found)
        for key, shown in program.before:
            here.press(key)
            here.wait_for(shown)
            here.quiet(1.0)
        for what, key in program.keys:
            pressed(here, what, key, found)
        if program.areas:
            switched(here, program.areas, found)
        found.say("peak RSS after all that, MiB", f"{here.peak_mib:.0f}")
        left(here, program, found)


def idle(here: Terminal, found: Found) -> None:
    cpu, total, began = here.cpu_ms, here.total, time.perf_counter()
    time.sleep(IDLE_S)
    span = time.perf_counter() - began
    found.say("idle CPU, %", f"{(here.cpu_ms - cpu) / span / 10:.2f}")
    found.say("idle, B/s", f"{(here.total - total) / span:.0f}")


def pressed(here: Terminal, what: str, key: str, found: Found) -> None:
    """A key again and again: until the first change, bytes and CPU of each."""
    first, sizes, cpu = [], [], []
    for _ in range(PRESSES):
        one = press(here, key)
        if one is not None:
            first.append(one[0])
            sizes.append(one[1])
            cpu.append(one[2])
    if first:
        found.say(f"{what}, ms", _spread(first))
        found.say(f"{what}, CPU ms", f"{statistics.median(cpu):.1f}")
        found.say(f"{what}, bytes", f"{statistics.median(sizes):.0f}")


def press(here: Terminal, key: str) -> tuple[float, int, float] | None:
    """Milliseconds until the first change, bytes and CPU until it rests; None where nothing changed."""
    before, total, cpu, mark = here.cells(), here.total, here.cpu_ms, time.perf_counter()
    here.press(key)
    changed = None
    while time.perf_counter() - mark < 3.0:
        at = here.feed()
        if at is None:
            last = max(mark, here.chunks[-1][0])
            if changed is not None and time.perf_counter() - last > 0.12:
                break
            time.sleep(0.0005)
        elif changed is None and here.cells() != before:
            changed = at
    return None if changed is None else ((changed - mark) * 1000, here.total - total, here.cpu_ms - cpu)


def switched(here: Terminal, areas: str, found: Found) -> None:
    """Every area for the first time, then all of them again."""
    for what in ("area for the first time", "area again"):
        first = [one[0] for key in areas if (one := press(here, key)) is not None]
        found.say(f"{what}, ms", f"{_spread(first)} (worst {max(first):.0f})")


def left(here: Terminal, program: Program, found: Found) -> None:
    began = time.perf_counter()
    _leave(here, program)
    found.say("exit, ms", f"{(time.perf_counter() - began) * 1000:.0f}")
    found.say("modes left on", str(here.modes_left_on or "none"))


def _leave(here: Terminal, program: Program) -> None:
    here.press(*program.leave)
    here.ended()


def live(size: tuple[int, int], found: Found, folder: Path) -> None:
    """The monitor of a busy home while every endpoint is looked at twice a second; then its grid."""
    home = busy_home.build(Home(folder / f"live-{size[0]}"))
    _more_endpoints(home, PANELS)
    code = "import sys; from pathlib import Path; from lineside.console.terminal.start import open_console; "
    code += "from lineside.store.homes import Home; sys.exit(open_console(Home(Path(sys.argv[1]))))"
    with terminal([sys.executable, "-c", code, str(home.path)], size=size, env=COMPILED) as here:
        here.wait_for("NEEDS YOU")
        here.press("7")
        here.wait_for("ENDPOINTS|endpoint")
        with _looking(home):
            _watched(here, "live monitor", found)
            here.press("m")
            here.wait_for("side by side")
            _watched(here, f"live grid of {PANELS} panels", found)
        here.press("q")
        here.ended()


def _watched(here: Terminal, what: str, found: Found) -> None:
    """CPU and bytes of what is on the screen, while nobody touches a key."""
    time.sleep(2.0)
    cpu, total, began = here.cpu_ms, here.total, time.perf_counter()
    time.sleep(LIVE_S)
    span = time.perf_counter() - began
    found.say(f"{what}, CPU %", f"{(here.cpu_ms - cpu) / span / 10:.1f}")
    found.say(f"{what}, kB/s", f"{(here.total - total) / span / 1000:.1f}")


def _more_endpoints(home: Home, count: int) -> None:
    """As many as that, the further ones like the second; each with an hour of looks, one a second."""
    db = writer(home.db)
    db.execute("begin immediate")
    known = [row[0] for row in db.execute("select id from endpoint")]
    like = dict(db.execute("select * from endpoint where id = 2").fetchone())
    look = dict(
        db.execute("select * from scrape where endpoint_id = 2 order by at_us desc limit 1").fetchone()
    )
    for id in range(max(known) + 1, count + 1):
        url = f"http://127.0.0.1:{8100 + id}"
        own = {"id": id, "uid": f"end_{id:06x}", "name": f"fraud-{id}", "url": url, "metrics_url": f"{url}/m"}
        put(db, "endpoint", **like | own)
    for id in range(1, count + 1):
        for ago_s in range(3600, 0, -1):
            times = {"p50_ms": 4 + ago_s * id % 89 / 30, "p99_ms": 12 + ago_s * id % 97 / 10}
            put(db, "scrape", **look | times | {"endpoint_id": id, "at_us": now() - ago_s * SECOND})
    db.execute("commit")
    db.close()


@contextmanager
def _looking(home: Home) -> Iterator[None]:
    """Somebody who writes what the poller would."""
    stop = threading.Event()

    def look() -> None:
        db = writer(home.db)
        turn = 0
        ids = [row[0] for row in db.execute("select id from endpoint")]
        while not stop.wait(1 / LIVE_HZ):
            turn += 1
            db.execute("begin immediate")
            for id in ids:
                ms = 4.0 + (turn * id * 7919 % 97) / 30
                times = {"mean_ms": ms, "p50_ms": ms, "p99_ms": 3 * ms}
                counts = {"requests": 100.0 + turn % 9, "errors": 0.0, "in_flight": 0.0}
                put(db, "scrape", endpoint_id=id, at_us=now(), elapsed_s=0.5, **counts, **times)
            db.execute("update endpoint set last_look_us = :at, last_good_us = :at", {"at": now()})
            db.execute("commit")
        db.close()

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


# -- the home ------------------------------------------------------------------------------------------


def home_of_many(folder: Path) -> Home:
    home = big_home.build(folder, runs=RUNS)
    big_points.add(home, points=POINTS)
    db = writer(home.db)
    missing = JOBS - db.execute("select count(*) from job").fetchone()[0]
    actor = Actor(uid=1000, name="ana", role=Role.OPERATOR)
    for _ in range(0, missing, 100):
        asked = [{"argv": ["python", "train.py"], "cwd": "/", "name": f"job {n}"} for n in range(100)]
        db.execute("begin immediate")
        queue.submit(db, actor, asked, now())
        db.execute("commit")
    db.execute("update job set state = 'CANCELLED', ended_us = :at where state = 'QUEUED'", {"at": now()})
    db.close()
    return home


# -- the table -----------------------------------------------------------------------------------------


def programs(home: Home, harlequin: str | None) -> list[Program]:
    keys = [("cursor key", "down"), ("page down", "pagedown")]
    ours = Program(
        name="lineside", argv=[*LINESIDE, "--home", str(home.path)], ready="NEEDS YOU.*",
        before=[("2", "Runs ")], keys=keys, areas="13456781",
    )  # fmt: skip
    plain = [sys.executable, str(PLAIN)]
    found = [
        ours,
        Program(name="one word", argv=[*plain, "0"], ready="READY", leave=["ctrl+q"]),
        Program(name="DataTable, 1,000", argv=[*plain, "1000"], ready="mlp try 1 ", keys=keys),
        Program(name="DataTable, 100,000", argv=[*plain, "100000"], ready="mlp try 1 ", slow=True),
    ]
    if harlequin:
        argv = [harlequin, "-a", "sqlite", "-r", str(home.db)]
        found.append(Program(name="harlequin", argv=argv, ready="Query Editor", leave=["ctrl+q"]))
    return found


def table(size: tuple[int, int], columns: dict[str, Found]) -> None:
    names = list(columns)
    rows = list(dict.fromkeys(row for found in columns.values() for row in found.rows))
    print(f"\n| {size[0]}×{size[1]} | {' | '.join(names)} |")
    print("|" + " --- |" * (len(names) + 1))
    for row in rows:
        print(f"| {row} | {' | '.join(columns[name].rows.get(row, '') for name in names)} |")


def _spread(values: Sequence[float]) -> str:
    return (
        f"{statistics.median(values):.1f}"
        if len(values) < 3
        else (f"{statistics.median(values):.1f} (best {min(values):.1f})")
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--harlequin", help="harlequin's program; without it, it is left out")
    parser.add_argument("--home", type=Path, help="where the big home is, or is to be")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is started")
    said = parser.parse_args()
    if not said.harlequin:
        print("without harlequin: say where it is with --harlequin PATH")
    with tempfile.TemporaryDirectory() as folder:
        home = home_of_many(said.home or Path(folder) / "big")
        commands.ensure_runner(home)
        try:
            for size in SIZES:
                measure(programs(home, said.harlequin), size, said.rounds, Path(folder))
        finally:
            commands.stop_runner(home)


def measure(every: Sequence[Program], size: tuple[int, int], rounds: int, folder: Path) -> None:
    columns, cpu = {program.name: Found() for program in every}, {}
    for program in every:
        found = columns[program.name]
        print(f"{size[0]}×{size[1]}: {program.name} …", file=sys.stderr, flush=True)
        cpu[program.name] = starts(program, size, found, 1 if program.slow else rounds)
        if not program.slow:
            sitting(program, size, found)
    for name, found in columns.items():
        found.say("CPU to ready ÷ one word's", f"{cpu[name] / cpu['one word']:.2f}")
    live(size, columns["lineside"], folder)
    table(size, columns)


if __name__ == "__main__":
    main()
