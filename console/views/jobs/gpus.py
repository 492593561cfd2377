"""GPUs: a bar of how busy, memory, heat, who holds it, and how busy it was; one line each, or a few."""

import re
from collections.abc import Mapping, Sequence

from lineside.console.format import NONE
from lineside.console.ports import Me
from lineside.console.text import Line, Span, clip, line_width, plain, safe
from lineside.console.views.bars import block
from lineside.console.views.grid import grid, wrapped
from lineside.console.views.jobs import holding
from lineside.console.views.jobs.holding import holders
from lineside.console.widgets.charts import gauge, sparkline
from lineside.console.widgets.filled import Row
from lineside.console.widgets.tables.rows import Cell, Column
from lineside.jobs.devices.gpus import Gpu
from lineside.store.clock import Micros
from lineside.store.queries.jobs import JobRow

GIB = 1024**3
Loads = Mapping[str, Sequence[float | None]]
"""GPU → percent used, oldest first."""
_LEAST = 2
"""So few looks are no history."""

_COLUMNS = (
    Column(key="index", title="", priority=1),
    Column(key="name", title="", priority=7, max=22),
    Column(key="bar", title="", priority=3),
    Column(key="util", title="", align=">", priority=1),
    Column(key="memory", title="", align=">", priority=2),
    Column(key="temp", title="", align=">", priority=5),
    Column(key="watts", title="", align=">", priority=6),
    Column(key="who", title="", priority=1, grow=True, min=26, max=60),
    Column(key="load", title="", priority=8),
)
_NARROW = (*_COLUMNS[:-2], Column(key="who", title="", priority=1, grow=True, min=8, max=60), _COLUMNS[-1])
"""For half a screen: how much is used goes before all of who uses it."""
_HALF = 60


def gpu_lines(
    gpus: Sequence[Gpu], jobs: Sequence[JobRow], me: Me, *, words: str, width: int, now: Micros,
    loads: Loads | None = None,
) -> list[Line]:  # fmt: skip
    """One line per device; on a box without any, the sentence that says why."""
    if not gpus:
        return wrapped(words or "not known while no runner is up", width)
    columns = _COLUMNS if width >= _HALF else _NARROW
    return grid(columns, [_cells(gpu, jobs, me, loads or {}, now=now) for gpu in gpus], width)


def _cells(gpu: Gpu, jobs: Sequence[JobRow], me: Me, loads: Loads, *, now: Micros) -> list[Cell]:
    util = gpu.util or 0
    idle = gpu.util == 0 and bool(holders(gpu, jobs))
    return [
        (str(gpu.index), "bold"),
        (short(gpu), "dim"),
        (plain(gauge.bar(util / 100, width=9)), "warn" if idle else "run" if util else "dim"),
        NONE if gpu.util is None else f"{gpu.util} %",
        f"{gpu.mem_used_bytes / GIB:.0f}/{gpu.mem_total_bytes / GIB:.0f}G",
        ("" if gpu.temp_c is None else f"{gpu.temp_c} °C", "warn" if (gpu.temp_c or 0) >= 85 else "dim"),
        ("" if gpu.watts is None else f"{gpu.watts:.0f} W", "dim"),
        whose(gpu, jobs, me, now=now, brief=True),
        (sparkline.text(loads.get(gpu.uuid, ()), width=10, low=0.0, high=100.0), "warn" if idle else "run"),
    ]


def short(gpu: Gpu) -> str:
    """`A100 80GB`: who reads it knows who makes them."""
    return safe(gpu.name.removeprefix("NVIDIA "))


def whose(gpu: Gpu, jobs: Sequence[JobRow], me: Me, *, now: Micros, brief: bool = False) -> Span:
    """Whose device it is now: `job 57 you`, `not ours: pid 4121 of maria`, `free`. Long idle comes first."""
    on = holding.words(gpu, jobs, named=me.named)
    if not on:
        return "free", "ok"
    idle = holding.idle_since(gpu, jobs, at=now)
    strange = gpu.foreign and not holders(gpu, jobs)
    said = f"not ours: {on}" if strange and not brief else f"{idle}: {on}" if idle else on
    calm = bool(gpu.util) and not gpu.foreign and not idle
    return safe(re.sub(r"(\d\d:\d\d):\d\d", r"\1", said)), "" if calm else "warn"


def gpu_rows(
    gpus: Sequence[Gpu], jobs: Sequence[JobRow], me: Me, loads: Loads, *, width: int, height: int, now: Micros
) -> list[Row]:
    """A row each, of as many lines as there is room for; each leads to the job that has it."""
    each = max(1, min(8, height // max(1, len(gpus))))
    spare = height - len(gpus)
    rows = []
    for gpu in gpus:
        on = holders(gpu, jobs)
        if each > 1:
            lines = _tall(gpu, jobs, me, loads, width, each, now=now)
        else:
            lines = _brief(gpu, jobs, me, width, two=spare > 0, now=now)
            spare -= len(lines) - 1
        rows.append(Row(key=gpu.uuid, lines=lines, goes=("jobs", on[0].id) if on else None))
    return rows


def _brief(gpu: Gpu, jobs: Sequence[JobRow], me: Me, width: int, *, two: bool, now: Micros) -> list[Line]:
    """One line; two, where there is room and whose it is does not fit beside."""
    who, tone = whose(gpu, jobs, me, now=now)
    line: Line = [(f"{gpu.index} ", "bold"), *_bar(gpu, max(5, min(9, width - _WORDS))),
                  (_util(gpu), ""), (_memory(gpu), "dim"), ("  ", ""), (who, tone)]  # fmt: skip
    if two and line_width(line) > width:
        return [clip(line[:-2], width), clip([("  ", ""), (who, tone)], width)]
    return [clip(line, width)]


def _tall(
    gpu: Gpu, jobs: Sequence[JobRow], me: Me, loads: Loads, width: int, each: int, *, now: Micros
) -> list[Line]:
    """The gauge, whose it is, what it did, a blank."""
    heat = "" if gpu.temp_c is None else f"  {gpu.temp_c} °C"
    watts = "" if gpu.watts is None else f"  {gpu.watts:.0f} W"
    head: Line = [
        (f"{gpu.index} ", "bold"), *_bar(gpu, max(8, min(40, width - 40))),
        (_util(gpu), "bold"), (_memory(gpu), ""), (heat, "warn" if (gpu.temp_c or 0) >= 85 else "dim"),
        (watts, "dim"),
    ]  # fmt: skip
    who: Line = [("  ", ""), whose(gpu, jobs, me, now=now), (f"  {short(gpu)}", "dim")]
    lines: list[Line] = [clip(head, width), clip(who, width)]
    history, tall = loads.get(gpu.uuid, ()), each - 3 if each > 3 else each - 2
    if tall > 0 and len(history) > _LEAST:
        drawn = block(history, width=max(8, width - 4), height=tall, low=0.0, high=100.0)
        lines += [[("  ", ""), (row, f"faint-{_style(gpu)}")] for row in drawn]
    return [*lines, []][:each] if each > 2 else lines


_WORDS = 30
"""Cells that a line needs beside its bar: memory and whose it is."""


def _bar(gpu: Gpu, width: int) -> Line:
    return gauge.bar(gpu.util / 100 if gpu.util is not None else None, width=width, style=_style(gpu))


def _style(gpu: Gpu) -> str:
    return "warn" if gpu.held and not gpu.util else "run" if gpu.util else "dim"


def _util(gpu: Gpu) -> str:
    return "    –" if gpu.util is None else f" {gpu.util:>3} %"


def _memory(gpu: Gpu) -> str:
    return f"{gpu.mem_used_bytes / GIB:>4.0f}/{gpu.mem_total_bytes / GIB:.0f}G"
