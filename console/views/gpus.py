"""GPUs as lines: a bar of how busy, memory, who holds it."""

from collections.abc import Sequence

from lineside.console.format import NONE, bar
from lineside.console.ports import Me
from lineside.console.text import Line, safe
from lineside.console.views.grid import grid, wrapped
from lineside.console.widgets.rows import Cell, Column
from lineside.jobs.devices.gpus import Gpu
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
    Column(key="who", title="", priority=1, grow=True, min=8, max=60),
)


def gpu_lines(gpus: Sequence[Gpu], jobs: Sequence[JobRow], me: Me, *, words: str, width: int) -> list[Line]:
    """One line per device; on a box without any, the sentence that says why."""
    if not gpus:
        return wrapped(words or "not known while no runner is up", width)
    return grid(_COLUMNS, [_cells(gpu, holders(gpu, jobs), me) for gpu in gpus], width)


def holders(gpu: Gpu, jobs: Sequence[JobRow]) -> list[JobRow]:
    """The jobs that were given this device."""
    return [job for job in jobs if gpu.uuid in job.devices]


def _cells(gpu: Gpu, held_by: Sequence[JobRow], me: Me) -> list[Cell]:
    util = gpu.util or 0
    idle = bool(held_by) and gpu.util == 0
    return [
        (str(gpu.index), "bold"),
        (safe(gpu.name), "dim"),
        (bar(util / 100, 9), "warn" if idle else "run" if util else "dim"),
        NONE if gpu.util is None else f"{gpu.util} %",
        f"{gpu.mem_used_bytes / GIB:.0f}/{gpu.mem_total_bytes / GIB:.0f}G",
        ("" if gpu.temp_c is None else f"{gpu.temp_c} °C", "warn" if (gpu.temp_c or 0) >= 85 else "dim"),
        ("" if gpu.watts is None else f"{gpu.watts:.0f} W", "dim"),
        who(gpu, held_by, me),
    ]


def who(gpu: Gpu, held_by: Sequence[JobRow], me: Me) -> Cell:
    """Whose device it is now: ours by job, strangers by pid, or nobody's."""
    if held_by:
        names = ", ".join(f"job {job.id} {safe(me.named(job.submitted_by))}" for job in held_by)
        return names, "" if gpu.util else "warn"
    if gpu.held:
        return f"not ours: pid {', '.join(str(process.pid) for process in gpu.held)}", "warn"
    return "free", "ok"
