"""The panel of GPUs below the jobs: a line each, or gauges with what they did where there is room."""

from lineside.console.ports import RunnerState
from lineside.console.reads.joblist import JobList
from lineside.console.views.jobs.gpus import gpu_lines, gpu_rows
from lineside.console.views.jobs.holding import holders
from lineside.console.widgets.panel import Filled, Row
from lineside.store.clock import Micros


def gpu_panel(runner: RunnerState, view: JobList, width: int, height: int, *, now: Micros) -> Filled:
    """Each row leads to the job that has the device; on a box without any, the words that say why."""
    taken = sum(job.cpus for job in view.live)
    slots = f"{taken} of {runner.slots} CPU slots taken" if runner.slots else ""
    gpus, live, me = runner.gpus, view.live, runner.me
    if gpus and height >= 2 * len(gpus):
        rows = gpu_rows(gpus, live, me, view.loads, width=width, height=height, now=now)
        return Filled(title="GPUS", rows=rows, right=slots)
    words, wide = runner.gpu_words, width + 1
    lines = gpu_lines(gpus, live, me, words=words, width=wide, now=now, loads=view.loads)
    if not gpus:
        return Filled(title="GPUS", rows=[Row(key="none", lines=lines)], right=slots)
    held = [holders(gpu, live) for gpu in gpus]
    made = [
        Row(key=gpu.uuid, lines=[line[1:]], goes=("jobs", on[0].id) if on else None)
        for gpu, line, on in zip(gpus, lines, held, strict=True)
    ]
    return Filled(title="GPUS", rows=made, right=slots)
