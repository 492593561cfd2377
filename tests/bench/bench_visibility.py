"""How long after a log call its point is seen, and what measuring and watching cost a real runner.

    python tests/bench/bench_visibility.py [SECONDS] [JOBS]

Prints: p50, p99 and worst of log call → visible in the store; the runner's CPU with and without jobs.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

from fixtures.runners import RunnerUnderTest
from fixtures.waiting import until

from lineside.store import homes, series
from lineside.store.homes import Home
from lineside.store.queries import runs

_SCRIPT = """
import lineside, os, random, time
end = time.time() + float(os.environ["SECONDS"])
step = 0
while time.time() < end:
    lineside.log_metrics({"at": time.time()}, step=step)
    step += 1
    time.sleep(random.uniform(0.005, 0.06))
"""
_SLEEP = "import time; time.sleep(3600)"


def cpu_of(pid: int) -> float:
    """Seconds of CPU a process has used."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def cost(runner: RunnerUnderTest, seconds: float) -> float:
    """Percent of a core that the runner uses over a while."""
    begin, at = cpu_of(runner.pid), time.monotonic()
    time.sleep(seconds)
    return 100 * (cpu_of(runner.pid) - begin) / (time.monotonic() - at)


def latencies(runner: RunnerUnderTest, seconds: float) -> list[float]:
    """Milliseconds from each log call to the moment a reader that looks every 2 ms first sees its point."""
    env = {**os.environ, "SECONDS": str(seconds)}
    job = runner.submit(sys.executable, "-c", _SCRIPT, env=env)
    run = runner.job(job).run_id
    assert run is not None
    until(lambda: runs.summaries(runner.db, run))
    seen: list[float] = []  # moments, by step
    while runner.job(job).state == "RUNNING":
        count, at = runs.summaries(runner.db, run)[0].count, time.time()
        seen += [at] * (count - len(seen))
        time.sleep(0.002)
    (line,) = series.read(runner.home, runner.db, [run], ["at"])
    first = int(len(seen) > 1 and next(i for i, at in enumerate(seen) if at > seen[0]))
    return sorted((at - said) * 1e3 for at, said in list(zip(seen, line.values, strict=False))[first:])


def main(seconds: float, jobs: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        homes.create(home)
        runner = RunnerUnderTest(home, config=f"[runner]\nslots = {jobs + 2}\npoll_s = 1.0\n")
        try:
            time.sleep(3.0)
            idle = cost(runner, seconds)
            took = latencies(runner, seconds)
            p50, p99 = took[len(took) // 2], took[int(len(took) * 0.99)]
            print(
                f"log call to visible, {len(took)} points: "
                f"p50 {p50:.0f} ms  p99 {p99:.0f} ms  max {took[-1]:.0f} ms"
            )
            for _ in range(jobs):
                runner.wait_for(runner.python(_SLEEP), "RUNNING")
            time.sleep(4.0)
            busy = cost(runner, seconds)
            print(
                f"runner, nothing to do: {idle:.2f} % of a core; {jobs} silent jobs: {busy:.2f} %; "
                f"a job: {(busy - idle) / jobs:.3f} %"
            )
        finally:
            runner.close()


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 20.0, int(sys.argv[2]) if len(sys.argv) > 2 else 8)
