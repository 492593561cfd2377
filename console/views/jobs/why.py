"""Why a job waits: what it asks for, who has it and until when, whom to ask, when it is likely to start."""

from collections.abc import Sequence

from lineside.console.ports import Me
from lineside.console.reads.joblist import LIVE, WAITING, JobList, Opened
from lineside.console.text import Line, Span, clip, fit, heading, safe
from lineside.console.views.grid import wrapped
from lineside.console.views.jobs import gpus as devices
from lineside.console.views.jobs import pulse, waits
from lineside.console.views.jobs.details import asks_for, command_text, need_line
from lineside.console.views.jobs.holding import holders
from lineside.jobs.devices.gpus import Gpu
from lineside.store.clock import Micros


def why_lines(
    opened: Opened, width: int, *, blockers: Sequence[Line] = (), brief: bool = False
) -> list[Line]:
    """The queue's own words, who has what it wants, and the jobs in front.

    Args:
        brief: without what it runs, which is told beside it.
    """
    job = opened.job
    verb = "IS HELD" if job.state == "HELD" else "WAITS"
    lines: list[Line] = [heading(f"WHY {job.id} {verb}", width)]
    asks: Line = [("  asks for ", "dim"), (asks_for(job), ""), (f"   priority {job.priority}", "dim")]
    if blockers:  # device by device, in place of the sentence that names them all
        said = safe(job.reason.partition(":")[0])
        lines.append(clip([(f"  {said}", "bold"), *asks], width))
    else:
        lines += wrapped(safe(job.reason) or "its turn comes: nothing stands in the way", width, "")
        lines.append(clip(asks, width))
    lines += [clip(line, width) for line in blockers]
    lines += [need_line(need) for need in opened.needs]
    if opened.expected is not None:
        lines.append(clip([("  expected to need ", "dim"), (opened.expected.words, "")], width))
    if not brief:
        lines.append(clip([("  runs  ", "dim"), (safe(command_text(opened)), "")], width))
    return lines


def blockers(opened: Opened, view: JobList, gpus: Sequence[Gpu], me: Me, *, now: Micros) -> list[Line]:
    """GPU by GPU: who has it, until when, and whom to ask; then the likely start.

    Only for a job that waits for GPUs itself, not for another job or its own next try.
    """
    job = opened.job
    if job.state != "QUEUED" or not job.gpus or not gpus or opened.end.again_us is not None:
        return []
    if any(need.state in (*LIVE, *WAITING) for need in opened.needs):
        return []
    lines = [_blocker(gpu, view, me, now=now) for gpu in gpus]
    likely = waits.likely(job, gpus, view.live, view.ends)
    if likely is not None:
        at = pulse.ahead(likely, now=now)
        lines.append([("  likely start  ", "dim"), (at, "bold ok"), ("  when that many are free", "dim")])
    return lines


def _blocker(gpu: Gpu, view: JobList, me: Me, *, now: Micros) -> Line:
    on = holders(gpu, view.live)
    said, style = devices.whose(gpu, view.live, me, now=now)
    out: list[Span] = [(f"  GPU {gpu.index}  ", "bold"), (fit(said, 44).rstrip(), style)]
    at = waits.free_at(gpu, view.live, view.ends)
    if on and at is not None:
        out += [("  → ", "dim"), (f"free by {pulse.ahead(at, now=now)}", "")]
    idle = [job for job in on if gpu.util == 0 and not me.is_me(job.submitted_by)]
    if idle:
        out += [("  → ", "dim"), (f"ask {safe(idle[0].submitted_by)}", "ask")]
    return out
