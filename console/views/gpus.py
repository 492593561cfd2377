"""GPUs as lines: a bar of how busy, memory, who holds it."""

from collections.abc import Sequence

from lineside.console import holding
from lineside.console.format import NONE, bar
from lineside.console.holding import holders
from lineside.console.ports import Me
from lineside.console.text import Line, safe
from lineside.console.views.grid import grid, wrapped
from lineside.console.widgets.rows import Cell, Column
from lineside.jobs.devices.gpus import Gpu
from lineside.store.clock import Micros
from lineside.store.queries.jobs import JobRow

GIB = 1024**3

_COLUMNS = (
    Column(key="index", title="", priority=1),
    Column(key="name", title="", priority=7, max=22),
    Column(key="bar", title="", priority=3),
    Column(key="util", title="", align=">", priority=1),
    Column(key="memory", title="", align=">", priority=2),
    Column(key="temp", title="", align=">", priority=5),
    Column(key="watts", title="", align=">", priority=6),
    Column(key="who", title="", priority=1, grow=True, min=26, max=60),
)
_NARROW = (*_COLUMNS[:-1], Column(key="who", title="", priority=1, grow=True, min=8, max=60))
"""For half a screen: how much is used goes before all of who uses it."""
_HALF = 60


def gpu_lines(
    gpus: Sequence[Gpu], jobs: Sequence[JobRow], me: Me, *, words: str, width: int, now: Micros
) -> list[Line]:
    """One line per device; on a box without any, the sentence that says why."""
    if not gpus:
        return wrapped(words or "not known while no runner is up", width)
    columns = _COLUMNS if width >= _HALF else _NARROW
    return grid(columns, [_cells(gpu, jobs, me, now=now) for gpu in gpus], width)


def _cells(gpu: Gpu, jobs: Sequence[JobRow], me: Me, *, now: Micros) -> list[Cell]:
    util = gpu.util or 0
    idle = gpu.util == 0 and bool(holders(gpu, jobs))
    return [
        (str(gpu.index), "bold"),
        (safe(gpu.name), "dim"),
        (bar(util / 100, 9), "warn" if idle else "run" if util else "dim"),
        NONE if gpu.util is None else f"{gpu.util} %",
        f"{gpu.mem_used_bytes / GIB:.0f}/{gpu.mem_total_bytes / GIB:.0f}G",
        ("" if gpu.temp_c is None else f"{gpu.temp_c} °C", "warn" if (gpu.temp_c or 0) >= 85 else "dim"),
        ("" if gpu.watts is None else f"{gpu.watts:.0f} W", "dim"),
        _who(gpu, jobs, me, now=now),
    ]


def _who(gpu: Gpu, jobs: Sequence[JobRow], me: Me, *, now: Micros) -> Cell:
    """Whose device it is now: ours by job, strangers by pid, or nobody's. Long idle comes first."""
    on = holding.words(gpu, jobs, named=me.named)
    if not on:
        return "free", "ok"
    idle = holding.idle_since(gpu, jobs, at=now)
    calm = bool(gpu.util) and not gpu.foreign and not idle
    return safe(f"{idle}: {on}" if idle else on), "" if calm else "warn"
