"""What tracking takes from training: a small net on the CPU, every other step logged. Asserts nothing.

    python tests/bench/bench_tracking_training.py [STEPS] [BATCH]

Which steps log 5 values is drawn by lot, so that whatever else the machine does hits both kinds alike: whole
turns with and without logging differ by 3 % among themselves. A call costs far more here than in a tight
loop: after each step its code, and the kernel's, must come back into the caches. A runner takes the points in
meanwhile. The ratio is of mean step times, the slowest 1 % of each kind left out, with its 95 % interval.
"""

import os
import random
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def train(steps: int, batch: int) -> tuple[Floats, Floats]:
    """Seconds of each silent and each logged step of a net of some 400,000 weights."""
    import torch
    from torch import nn

    import lineside

    torch.manual_seed(0)
    torch.set_num_threads(1)
    net = nn.Sequential(nn.Linear(256, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))
    adam, cost = torch.optim.Adam(net.parameters()), nn.CrossEntropyLoss()
    rows, labels = torch.randn(batch * 8, 256), torch.randint(0, 10, (batch * 8,))
    lot, took = random.Random(0), ([], [])  # type: tuple[random.Random, tuple[list[float], list[float]]]
    for step in range(steps):
        logs = lot.random() < 0.5
        begin = time.perf_counter()
        low = step % 8 * batch
        loss = cost(net(rows[low : low + batch]), labels[low : low + batch])
        adam.zero_grad()
        loss.backward()
        adam.step()
        value = loss.item()
        if logs:
            seen = {"loss": value, "lr": 1e-3, "epoch": step / 8, "seen": step * batch, "grad": value / 2}
            lineside.log_metrics(seen, step=step)
        took[logs].append(time.perf_counter() - begin)
    return np.array(took[False][50:]), np.array(took[True][50:])


def mean(times: Floats) -> float:
    return float(np.sort(times)[: int(len(times) * 0.99)].mean())


def main(steps: int, batch: int) -> None:
    import lineside
    from lineside.jobs import commands
    from lineside.store import homes
    from lineside.store.homes import Home

    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        homes.create(home)
        commands.start_runner(home)
        os.environ["LINESIDE_HOME"] = str(home.path)
        lineside.start_run("bench")
        silent, logged = train(steps, batch)
        lineside.finish()
        commands.stop_runner(home)
    draw = np.random.default_rng(0)
    ratios = [
        mean(draw.choice(silent, len(silent))) / mean(draw.choice(logged, len(logged))) for _ in range(500)
    ]
    low, high = np.quantile(ratios, [0.025, 0.975])
    print(f"{len(silent):,} silent and {len(logged):,} logged steps of {mean(silent) * 1e3:.2f} ms: "
          f"{mean(silent) / mean(logged):.2%} of the throughput ({low:.2%} to {high:.2%})")  # fmt: skip


if __name__ == "__main__":
    asked = [int(word) for word in sys.argv[1:]]
    main(*(asked + [20_000, 64][len(asked) :]))
