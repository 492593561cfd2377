"""What tracking takes from training: a small net on the CPU, with and without logging, in turns.

    python tests/bench/bench_tracking_training.py [ROUNDS]

Each turn trains the same steps twice, once silent and once logging 5 values a step; which comes first
alternates. A ratio is the median of the turns' own. The runner that takes the points in runs meanwhile. CPU
time says what the calls cost the script; wall time also what the runner takes where no core is free for it.
"""

import gc
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

STEPS, BATCH = 200, 64
Log = Callable[[dict[str, float], int], object]


def train(log: Log | None) -> tuple[float, float]:
    """Steps a second, of CPU time and by the wall, of a net of some 400,000 weights."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(256, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))
    adam, cost = torch.optim.Adam(net.parameters()), nn.CrossEntropyLoss()
    rows, labels = torch.randn(BATCH * 8, 256), torch.randint(0, 10, (BATCH * 8,))
    gc.collect()
    begin, wall = time.process_time(), time.perf_counter()
    for step in range(STEPS):
        low = step % 8 * BATCH
        loss = cost(net(rows[low : low + BATCH]), labels[low : low + BATCH])
        adam.zero_grad()
        loss.backward()
        adam.step()
        value = loss.item()
        if log is not None:
            log({"loss": value, "lr": 1e-3, "epoch": step / 8, "seen": step * BATCH, "grad": value / 2}, step)
    return STEPS / (time.process_time() - begin), STEPS / (time.perf_counter() - wall)


def main(rounds: int) -> None:
    import torch

    import lineside
    from lineside.jobs import commands
    from lineside.store import homes
    from lineside.store.homes import Home

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        homes.create(home)
        commands.start_runner(home)
        os.environ["LINESIDE_HOME"] = str(home.path)
        run = lineside.start_run("bench")
        train(None)
        turns = []
        for turn in range(rounds):
            logs: list[Log | None] = [None, lambda row, step: run.log_metrics(row, step=step)]
            pair = [train(log) for log in (logs if turn % 2 else logs[::-1])]
            turns.append(pair if turn % 2 else pair[::-1])
        run.finish()
        commands.stop_runner(home)
    for place, clock in enumerate(("CPU", "wall")):
        ratios = [on[place] / off[place] for off, on in turns]
        low, middle, high = statistics.quantiles(ratios, n=4)
        silent = statistics.median(off[place] for off, _ in turns)
        print(
            f"{clock:4} steps/s silent {silent:8.1f}   logging {middle:.2%} of it ({low:.2%} to {high:.2%})"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
