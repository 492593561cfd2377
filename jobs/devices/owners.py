"""Whose the processes on a GPU are: a job's of this home, or somebody's of this box."""

import os
import pwd
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from lineside.jobs.devices.gpus import UNKNOWN, Gpu, GpuProcess, Inventory
from lineside.jobs.execution import processes


def named(inventory: Inventory, leaders: Mapping[int, int], *, home: Path) -> Inventory:
    """The inventory with the user of each process, and the job it belongs to.

    Args:
        leaders: first process of each running job → the job's number.
        home: whose jobs these are; numbers mean nothing in another one.
    """
    return replace(inventory, gpus=tuple(_named(gpu, leaders, home) for gpu in inventory.gpus))


def user_of(pid: int) -> str:
    """The name of the user a process runs as; a number where the box has no name for it."""
    try:
        lines = Path(f"/proc/{pid}/status").read_bytes().splitlines()
    except OSError:  # in another container, or gone since the driver told of it
        return UNKNOWN
    uid = next((int(line.split()[1]) for line in lines if line.startswith(b"Uid:")), None)
    if uid is None:
        return UNKNOWN
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def job_of(pid: int, leaders: Mapping[int, int], *, home: Path) -> int | None:
    """The running job that a process belongs to: it descends from it, or was started with its mark.

    The mark finds those that left their parents and their session. It counts only for a job that runs: what
    one left behind is a stranger to the next.
    """
    for ancestor in processes.ancestors(pid):
        if ancestor in leaders:
            return leaders[ancestor]
    marks = dict(each.partition(b"=")[::2] for each in processes.environment(pid))
    if marks.get(b"LINESIDE_HOME") != os.fsencode(home):
        return None
    job = marks.get(b"LINESIDE_JOB", b"").decode(errors="replace")
    return int(job) if job.isdecimal() and int(job) in leaders.values() else None


def _named(gpu: Gpu, leaders: Mapping[int, int], home: Path) -> Gpu:
    return replace(gpu, held=tuple(_owned(process, leaders, home) for process in gpu.held))


def _owned(process: GpuProcess, leaders: Mapping[int, int], home: Path) -> GpuProcess:
    if process.user is not None or process.job is not None:
        return process  # a test said so
    return replace(process, user=user_of(process.pid), job=job_of(process.pid, leaders, home=home))
