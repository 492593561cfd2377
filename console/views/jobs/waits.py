"""What a job in the queue waits for, in few words, and when that is likely to be there."""

import re
from collections.abc import Mapping, Sequence

from lineside.console.reads import ends
from lineside.console.reads.ends import End
from lineside.console.text import Span, line_width, safe
from lineside.console.views.jobs import pulse
from lineside.console.views.jobs.holding import holders
from lineside.jobs.devices.gpus import Gpu
from lineside.store.clock import Micros
from lineside.store.queries.jobs import JobRow

Ends = Mapping[int, End]
"""Job that runs → when it will have ended."""


def free_at(gpu: Gpu, live: Sequence[JobRow], known: Ends) -> Micros | None:
    """When all jobs on it will have ended; None: nobody can tell."""
    found = [known.get(job.id, ends.NOTHING).at_us for job in holders(gpu, live)]
    told = [at for at in found if at is not None]
    return max(told) if told and len(told) == len(found) and not gpu.foreign else None


def likely(job: JobRow, gpus: Sequence[Gpu], live: Sequence[JobRow], known: Ends) -> Micros | None:
    """When as many GPUs as it wants will be free; None: nobody can tell."""
    free = sorted(at for at in (free_at(gpu, live, known) for gpu in gpus) if at is not None)
    wanted = max(1, job.gpus)
    return free[wanted - 1] if len(free) >= wanted else None


_FEW = 30
"""In fewer cells there is room for one fact."""


def _fact(reason: str, at: Micros | None, *, now: Micros) -> Span:
    """`GPU likely 16:15`, `behind 60`, `after 60 train fraud`, `no GPU fits`."""
    if at is not None:
        return f"GPU likely {pulse.ahead(at, now=now)}", "ok"
    if behind := re.search(r"behind job (\d+)", reason):
        return f"behind {behind[1]}", "dim"
    if after := re.match(r"waits for job (\d+) \((.*)\)", reason):
        return f"after {after[1]} {after[2]}", "dim"
    return ("no GPU fits" if "GPU" in reason.partition(": ")[0] else reason.removeprefix("waits for ")), "dim"


def words(
    job: JobRow, gpus: Sequence[Gpu], live: Sequence[JobRow], known: Ends, *, now: Micros, room: int
) -> list[Span]:
    """The queue's own sentence; where it is too long, what is wanted and when it is likely to be there."""
    reason = safe(job.reason) or "its turn comes"
    if job.state == "HELD":
        return [(f"held {reason}" if job.reason else "held", "warn")]
    wanted, _, blocked = reason.partition(": ")
    at = likely(job, gpus, live, known) if job.gpus and blocked and "GPU" in wanted else None
    then: list[Span] = [(" · likely ", "dim"), (pulse.ahead(at, now=now), "ok")] if at is not None else []
    full: list[Span] = [(reason, "dim"), *then]
    if line_width(full) <= room:
        return full
    if room < _FEW:
        return [_fact(reason, at, now=now)]
    if "GPU" in wanted and blocked:
        wanted = wanted.removeprefix("waits for ")
        more = ", none free"
        wanted += more if len(wanted) + len(more) + line_width(then) <= room else ""
    return [(wanted, "dim"), *then]
