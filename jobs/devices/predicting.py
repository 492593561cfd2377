"""How much GPU memory a job will need: what the newest attempts of the same entry point needed at most."""

import json
import math
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lineside.store.queries import jobs, usage
from lineside.store.queries.jobs import CommandRow
from lineside.store.queries.usage import PeakRow

NEWEST = 20
_LOOKED_AT = 200
"""Commands of one name, such as python, that are compared by their script."""
_SCRIPTS = (".py", ".sh", ".pyz", ".R", ".jl")


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """Peak memory of each GPU, in bytes."""

    max_bytes: int
    p95_bytes: int  # nearest rank: of fewer than twenty attempts it is the largest
    attempts: int

    @property
    def words(self) -> str:
        """In a line: "18.2 GiB of each GPU, as 12 earlier attempts had"."""
        noun = "attempt" if self.attempts == 1 else "attempts"
        size = f"{self.p95_bytes / (1 << 30):.1f} GiB of each GPU"
        return f"{size}, by {self.attempts} earlier {noun} of the same entry point"


def predicted(db: sqlite3.Connection, job: int) -> Predicted | None:
    """From the newest attempts of the same stage, or of the same script; None: none was measured.

    Raises:
        NotFound: no such job.
    """
    row, command = jobs.get(db, job), jobs.command(db, job)
    if row.pipeline is not None and row.stage is not None:
        return of_peaks(usage.peaks_of_stage(db, row.pipeline, row.stage, limit=NEWEST))
    entry = entry_point(_argv(command), command.cwd)
    found = usage.peaks_of_command(db, row.name, limit=_LOOKED_AT)
    return of_peaks([each for each in found if entry_point(_argv(each), each.cwd) == entry][:NEWEST])


def of_peaks(peaks: Sequence[PeakRow]) -> Predicted | None:
    """The largest and the 95th percentile; an attempt on several devices had its part on each."""
    sizes = sorted(math.ceil(each.gpu_peak_bytes / each.devices) for each in peaks)
    if not sizes:
        return None
    rank = math.ceil(0.95 * len(sizes))
    return Predicted(max_bytes=sizes[-1], p95_bytes=sizes[rank - 1], attempts=len(sizes))


def entry_point(argv: Sequence[str], cwd: str) -> str:
    """What names a program whatever its parameters: a script's path, a module, or the command itself.

    >>> entry_point(["torchrun", "--nproc-per-node", "2", "src/train.py", "--lr", "1"], "/srv/churn")
    '/srv/churn/src/train.py'
    >>> entry_point(["python", "-P", "-m", "churn.train", "--lr", "1"], "/srv/churn")
    '-m churn.train'
    """
    for place, word in enumerate(argv):
        if word == "-m" and place + 1 < len(argv):
            return f"-m {argv[place + 1]}"
        if word.endswith(_SCRIPTS):
            return str(Path(cwd, word))
    return argv[0] if argv else ""


def _argv(row: CommandRow | PeakRow) -> list[str]:
    words: list[str] = json.loads(row.argv)
    return words
