"""Where attempts run. `local` is this box; ssh, slurm and ray come behind the same Protocol."""

from pathlib import Path
from typing import Protocol

from lineside.jobs.execution.attempts import Sighting
from lineside.store.states import Cause


class Executor(Protocol):
    """Starts, sees and ends attempts; an attempt is its folder, which is the same on every backend.

    `start` is idempotent: the folder's claim makes a second one harmless. `look` never guesses.
    """

    name: str

    def start(self, folder: Path) -> None:
        """Have the attempt in `folder` run; its `spec` and `env` are in place."""
        ...

    def look(self, folder: Path) -> Sighting:
        """What is true of it now."""
        ...

    def stop(self, folder: Path, *, cause: Cause, grace_s: float) -> None:
        """TERM now, KILL after the grace; the attempt's own supervisor does both. May be repeated."""
        ...

    def sweep(self, folder: Path) -> int:
        """Kill what a dead supervisor left behind; the number of processes."""
        ...

    def sweep_strays(self, home: Path) -> int:
        """Kill what is left of any ended attempt of this home; the number of processes."""
        ...

    def close(self) -> None:
        """Let go; what runs goes on."""
        ...
