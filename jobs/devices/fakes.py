"""GPUs that only exist in tests: real enough to be bound and held, too poor to compute.

`LINESIDE_FAKE_GPUS=2` is two idle devices. `LINESIDE_FAKE_GPUS=/path/to/gpus.json` is what the file says at
each look, so that a test can have strangers come and go while a runner runs:

    {"gpus": [{"util": 91, "held": [{"pid": 4121, "user": "maria", "bytes": 19327352832}]}, {}]}
    {"gpus": [], "words": "no NVIDIA driver here"}

Every field of `Gpu` may be given. A process without a user is looked for on this box, like a real one.
"""

import json
from pathlib import Path
from typing import Any

from lineside.jobs.devices.gpus import Gpu, Inventory


class FakeGpus:
    """`Gpus` of a test."""

    def __init__(self, told: str) -> None:
        """`told` is a number of devices, or the path of a file."""
        self._told = told
        self._last = Inventory(gpus=(), words="the fake GPUs were not told yet")

    def look(self, *, at: float) -> Inventory:
        """What the file says now; what it said before while somebody writes it."""
        if self._told.isdigit():
            said: dict[str, Any] = {"gpus": [{}] * int(self._told)}
        else:
            try:
                said = json.loads(Path(self._told).read_text())
            except (FileNotFoundError, ValueError):
                return self._last
        gpus = tuple(_gpu(index, device) for index, device in enumerate(said["gpus"]))
        words = f"{len(gpus)} fake GPUs (LINESIDE_FAKE_GPUS): nothing here computes"
        self._last = Inventory(gpus=gpus, words=said.get("words", words))
        return self._last


def _gpu(index: int, said: dict[str, Any]) -> Gpu:
    """An idle device, but for what is said; its memory is used by its processes unless that is said too."""
    used = sum(process.get("bytes") or 0 for process in said.get("held", ()))
    idle = {"index": index, "uuid": f"GPU-fake-{index}", "name": "Fake", "util": 0, "mem_used_bytes": used,
            "mem_total_bytes": 16 << 30, "temp_c": 30, "watts": 10.0}  # fmt: skip
    return Gpu.of({**idle, **said})
