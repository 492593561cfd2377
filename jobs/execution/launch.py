"""From a claimed attempt to a folder a shim can run: spec, environment, and the first words of the log."""

import json
import os
import signal
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lineside.jobs.execution import attempts, queue
from lineside.jobs.execution.processes import boot_id
from lineside.jobs.projects import results
from lineside.store.homes import Home
from lineside.store.queries import jobs
from lineside.store.queries.jobs import CommandRow, JobRow

_OURS = ("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER")
"""What the submitter's shell may not decide: the queue binds the devices."""


def prepare(
    db: sqlite3.Connection, home: Home, row: JobRow, *, sdk: Path, box_gpus: int, log_cap_bytes: int
) -> Path:
    """Write the folder of a job's newest attempt and return it; writing it twice is harmless."""
    job = jobs.command(db, row.id)
    folder = home.attempt(job.id, job.attempt)
    folder.mkdir(parents=True, exist_ok=True)
    base = queue.environment(home, job.id) or {**_runner_env(), **json.loads(job.env)}
    env = environment(base, job, home=home, folder=folder, sdk=sdk, gpus=row.devices)
    attempts.write(folder / "env", env)
    argv = results.brief(db, job.id, folder)  # a stage looks first whether it must run
    attempts.put(folder / "spec", {**_spec(job, home), "argv": argv, "log_cap_bytes": log_cap_bytes})
    if said := first_words(job, row.devices, box_gpus=box_gpus):
        _say(folder, said)
    return folder


def environment(
    base: Mapping[str, str], job: CommandRow, *, home: Home, folder: Path, sdk: Path, gpus: Sequence[str]
) -> dict[str, str]:
    """What the job's process gets: its submitter's variables, and ours over them."""
    env = {name: value for name, value in base.items() if name not in _OURS}
    path = [str(sdk), *filter(None, [base.get("PYTHONPATH")])]
    env |= {
        "LINESIDE_HOME": str(home.path),
        "LINESIDE_JOB": str(job.id),
        "LINESIDE_ATTEMPT": str(job.attempt),
        "LINESIDE_ATTEMPT_DIR": str(folder),
        "PYTHONPATH": os.pathsep.join(path),
        "PYTHONUNBUFFERED": "1",
        "CUDA_VISIBLE_DEVICES": ",".join(gpus),  # empty: the job sees none
        "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
    }
    if job.run_uid is not None:
        env["LINESIDE_RUN"] = job.run_uid
    if job.array_index is not None:
        env |= {"LINESIDE_ARRAY": str(job.array_id), "LINESIDE_ARRAY_INDEX": str(job.array_index)}
    if job.cpus > 0:
        env.setdefault("OMP_NUM_THREADS", str(job.cpus))
    return env


def first_words(job: CommandRow, gpus: Sequence[str], *, box_gpus: int) -> str | None:
    """What a person reading the log must know about its GPUs; None when there is nothing to say."""
    if gpus:
        return f"lineside: this job sees {len(gpus)} GPU{'' if len(gpus) == 1 else 's'}: {', '.join(gpus)}"
    if job.kind != "batch":
        return None
    if job.gpus < 0:
        return "lineside: this box has no GPU; this job runs on the CPU"
    if box_gpus:
        return "lineside: this job asked for no GPU and sees none; ask with gpus = 1"
    return None


def _spec(job: CommandRow, home: Home) -> dict[str, Any]:
    wanted = job.checkpoint_signal
    return {
        "argv": json.loads(job.argv),
        "cwd": job.cwd,
        "grace_s": job.grace_s,
        "time_limit_s": job.time_limit_s,
        "checkpoint_signal": signal.Signals[f"SIG{wanted}"].value if wanted else None,
        "boot": boot_id(),
        "home": str(home.path),
        "attempt": f"{job.id}/{job.attempt}",
    }


def _say(folder: Path, words: str) -> None:
    if not (folder / "log").exists():
        file = os.open(folder / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
        os.write(file, words.encode() + b"\n")
        os.close(file)


def _runner_env() -> dict[str, str]:
    """For what nobody's shell submitted: the clean environment the runner itself was started with."""
    return {name: value for name, value in os.environ.items() if not name.startswith("LINESIDE_")}
