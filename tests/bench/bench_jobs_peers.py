"""Submit to start, and tiny jobs a second, of other schedulers beside lineside in one run. Asserts nothing.

    python tests/bench/bench_jobs_peers.py [--gflow DIR]

Measures what is there: task-spooler (`tsp`), gflow (`pip install runqd` into an environment; DIR is its bin
folder; it wants tmux), Slurm (Debian's slurmctld, slurmd, slurm-client and munge; as root, on ports of its
own, tuned to look at its queue every second). Each job writes down the moment of its first instruction.
"""

import argparse
import contextlib
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from fixtures.waiting import until

from lineside.jobs import commands
from lineside.store import homes
from lineside.store.homes import Home

SINGLE, MANY = 20, 100
FEW = 20  # for gflow, which leaves a terminal session behind each job
SLOTS = len(os.sched_getaffinity(0))
Submit = Callable[[list[str]], object]
_SLURM = """
ClusterName=bench
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={run}/munge.sock
SlurmctldPort=16817
SlurmdPort=16818
StateSaveLocation={run}/state
SlurmdSpoolDir={run}/spool
SlurmctldPidFile={run}/slurmctld.pid
SlurmdPidFile={run}/slurmd.pid
SlurmctldLogFile={run}/slurmctld.log
SlurmdLogFile={run}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SchedulerParameters=sched_interval=1
ReturnToService=2
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} State=UNKNOWN
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


@contextlib.contextmanager
def with_lineside(folder: Path) -> Iterator[Submit]:
    home = Home(folder / "home")
    homes.create(home)
    commands.start_runner(home)
    env = {"PATH": os.environ["PATH"]}
    try:
        yield lambda argv: commands.ask(
            home, "jobs.submit", {"jobs": [{"argv": argv, "cwd": str(folder), "env": env}]}
        )
    finally:
        commands.stop_runner(home, jobs=True)


@contextlib.contextmanager
def with_task_spooler(folder: Path) -> Iterator[Submit]:
    tsp = str(shutil.which("tsp"))
    env = os.environ | {"TS_SOCKET": str(folder / "tsp.sock"), "TS_SLOTS": str(SLOTS)}
    try:
        yield lambda argv: _run([tsp, "-n", *argv], env)
    finally:
        _run([tsp, "-K"], env)


@contextlib.contextmanager
def with_gflow(folder: Path, bin: Path) -> Iterator[Submit]:
    env = os.environ | {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "XDG_DATA_HOME": str(folder),
                        "TMUX_TMPDIR": str(folder), "XDG_RUNTIME_DIR": str(folder)}  # fmt: skip
    env.pop("TMUX", None)
    _run([str(bin / "gflowd"), "start"], env)
    try:
        until(lambda: subprocess.run([bin / "gqueue"], env=env, capture_output=True).returncode == 0)
        yield lambda argv: _run([str(bin / "gbatch"), *argv], env)
    finally:
        _run([str(bin / "gflowd"), "stop"], env, check=False)
        _run(["tmux", "kill-server"], env, check=False)


@contextlib.contextmanager
def with_slurm(folder: Path) -> Iterator[Submit]:
    run, conf = folder / "run", folder / "slurm.conf"
    for each in (run, run / "state", run / "spool"):
        each.mkdir(mode=0o755)
    shutil.chown(run, "munge")
    folder.chmod(0o755)
    conf.write_text(_SLURM.format(host=socket.gethostname(), run=run, cpus=SLOTS))
    env = os.environ | {"SLURM_CONF": str(conf)}
    key = run / "munge.key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o400)
    shutil.chown(key, "munge")
    munged = ["munged", "-F", "--force", "-S", str(run / "munge.sock"), "--key-file", str(key),
              "--pid-file", str(run / "munge.pid"), "--log-file", str(run / "munge.log"),
              "--seed-file", str(run / "munge.seed")]  # fmt: skip
    programs = [["runuser", "-u", "munge", "--", *munged], ["slurmctld", "-D", "-f", str(conf)],
                ["slurmd", "-D", "-f", str(conf)]]  # fmt: skip
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    started = []
    try:
        for program in programs:
            started.append(subprocess.Popen(program, env=env, **quiet))  # type: ignore[call-overload]
            until(lambda: (run / "munge.sock").exists())
        until(lambda: "idle" in _said(["sinfo", "-h", "-o", "%T"], env))
        yield lambda argv: _run(
            ["sbatch", "-o", "/dev/null", "-D", str(folder), "--wrap", " ".join(argv)], env
        )
    finally:
        for each in reversed(started):
            each.terminate()
            each.wait(30)


def _run(argv: list[str], env: dict[str, str], *, check: bool = True) -> None:
    subprocess.run(argv, env=env, check=check, capture_output=True)


def _said(argv: list[str], env: dict[str, str]) -> str:
    return subprocess.run(argv, env=env, check=False, capture_output=True, text=True).stdout


def measure(name: str, folder: Path, submit: Submit, many: int) -> None:
    """Single jobs on an empty queue, then many at once, until the last has begun."""
    script = folder / "mark.sh"
    script.write_text('#!/bin/sh\ndate +%s.%N > "$1.new"\nmv "$1.new" "$1"\n')
    script.chmod(0o755)
    began = []
    for number in range(SINGLE):
        mark, at = folder / f"one-{number}", time.time()
        submit([str(script), str(mark)])
        until(lambda mark=mark: mark.exists())  # type: ignore[misc]
        began.append((float(mark.read_text()) - at) * 1e3)
    marks = [folder / f"many-{number}" for number in range(many)]
    at = time.monotonic()
    for mark in marks:
        submit([str(script), str(mark)])
    until(lambda: all(mark.exists() for mark in marks), within=300.0)
    rate, cuts = many / (time.monotonic() - at), statistics.quantiles(began, n=20)
    print(
        f"{name:13} submit to start p50 {cuts[9]:8.1f} ms  p95 {cuts[18]:8.1f} ms   {rate:6.1f} jobs/s",
        flush=True,
    )


def main(gflow: Path | None) -> None:
    slurm = all(map(shutil.which, ("slurmctld", "slurmd", "munged"))) and os.geteuid() == 0
    there = {
        "lineside": with_lineside,
        "task-spooler": with_task_spooler if shutil.which("tsp") else None,
        "gflow": (lambda folder: with_gflow(folder, gflow)) if gflow is not None else None,
        "slurm": with_slurm if slurm else None,
    }
    for name, start in there.items():
        if start is None:
            print(f"{name:13} is not here")
            continue
        with tempfile.TemporaryDirectory() as folder, start(Path(folder)) as submit:
            measure(name, Path(folder), submit, FEW if name == "gflow" else MANY)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gflow", type=Path)
    sys.exit(main(parser.parse_args().gflow))
