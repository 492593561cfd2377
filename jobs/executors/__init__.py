"""Where attempts run. `local` is this box; ssh, slurm and ray come behind the same Protocol.

Entry points of the group `lineside.executors`, each a class without arguments; exactly one is loaded, the one
that `[runner] executor` names. Whoever writes another inherits its tests from fixtures/contracts.py.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Protocol

from lineside.jobs.devices.gpus import Inventory
from lineside.jobs.execution.attempts import Sighting
from lineside.store.errors import NotFound
from lineside.store.states import Cause

GROUP = "lineside.executors"
_USUAL = "local"
"""Known without asking what is installed: nearly every runner wants it, and at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """What a backend can do; what it cannot is said to people, never pretended."""

    gpu_bind: bool  # gives an attempt exactly the GPUs that the queue chose
    checkpoint: bool  # sends the checkpoint signal before TERM and before the time limit
    logs_live: bool  # `read` sees what was printed while the attempt runs
    usage: bool  # an exit says what was used
    survives_us: bool  # attempts go on when the runner ends, and are found again


class Executor(Protocol):
    """Starts, sees and ends attempts; an attempt is its folder, which is the same on every backend.

    `start` is idempotent: the folder's claim makes a second one harmless. `look` never guesses: what cannot
    be seen has not ended.
    """

    name: str
    caps: Caps

    @property
    def zygote(self) -> int | None:
        """The pid of what attempts are forked from; None: there is nothing of the kind, or not now."""
        ...

    def start(self, folder: Path) -> None:
        """Have the attempt in `folder` run; its `spec` and `env` are in place."""
        ...

    def look(self, folder: Path) -> Sighting:
        """What is true of it now."""
        ...

    def remains(self, folder: Path) -> bool:
        """Whether any process of it lives: asked where its folder cannot say, because the job removed it."""
        ...

    def stop(self, folder: Path, *, cause: Cause, grace_s: float) -> None:
        """CHECKPOINT, TERM, KILL after the grace; the attempt's own supervisor does it. May be repeated."""
        ...

    def read(self, folder: Path, offset: int, size: int) -> tuple[int, bytes]:
        """What it printed, from `offset` or from the first byte that is kept after it; and from where."""
        ...

    def sweep(self, folder: Path) -> int:
        """Kill what a dead supervisor left behind; the number of processes."""
        ...

    def sweep_strays(self, home: Path) -> int:
        """Kill what is left of any ended attempt of this home; the number of processes."""
        ...

    def inventory(self) -> Inventory:
        """The devices that attempts may be given."""
        ...

    def close(self) -> None:
        """Let go; what runs goes on."""
        ...


def names() -> list[str]:
    """What executors there are, without importing any."""
    return sorted({_USUAL, *(each.name for each in _entries())})


def check(name: str) -> None:
    """Refuse an executor that is not installed.

    Raises:
        NotFound: no executor is called that.
    """
    if name != _USUAL and name not in names():
        raise NotFound("executor", name, hint=f"[runner] executor in config.toml: {', '.join(names())}")


def load(name: str) -> Executor:
    """Exactly this one, ready to start attempts.

    Raises:
        NotFound: no executor is called that.
    """
    check(name)
    if name == _USUAL:
        from lineside.jobs.executors.local import Local

        return Local()
    made: Executor = next(each for each in _entries() if each.name == name).load()()
    return made


def _entries() -> Iterable[EntryPoint]:
    return entry_points(group=GROUP)
