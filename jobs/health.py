"""How the runner itself is: when each part last did its round, and what it takes of the box."""

import os
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

STUCK_S = 300.0
"""A round that takes longer than this hangs; some may take minutes, as moving a million points does."""
_LATE_S = 15.0
_MINUTE = 12
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One thing the runner does again and again."""

    name: str
    period_s: float
    age_s: float  # since it last ended well
    stale: bool
    words: str  # its newest failure, or that it hangs; "" when all is well


def rounds(
    ages: Sequence[tuple[str, float, float]], *, going: Mapping[str, float], failures: Mapping[str, str]
) -> list[Round]:
    """What is to be said of each, from (name, period, seconds since it last ended well).

    >>> rounds([("a", 1.0, 2.0), ("b", 1.0, 60.0)], going={}, failures={"b": "OSError: no"})[1]
    Round(name='b', period_s=1.0, age_s=60.0, stale=True, words='OSError: no')
    """
    found = []
    for name, period_s, age_s in ages:
        works_s = going.get(name, 0.0)
        late = age_s > _LATE_S + 3 * period_s and (name not in going or works_s > STUCK_S)
        words = failures.get(name, "it hangs" if late and works_s else "it is not called" if late else "")
        found.append(Round(name=name, period_s=period_s, age_s=round(age_s, 3), stale=late, words=words))
    return found


class Meter:
    """What this process takes. `note` is called every few seconds."""

    def __init__(self) -> None:
        self._seen = deque([(time.monotonic(), time.process_time())], maxlen=_MINUTE)

    def note(self) -> None:
        self._seen.append((time.monotonic(), time.process_time()))

    def cpu_percent(self) -> float:
        """Of one core, over the last minute or as long as it is up."""
        at, used = self._seen[0]
        return 100.0 * (time.process_time() - used) / max(1e-3, time.monotonic() - at)


def memory_bytes() -> int:
    """What this process holds of the box's memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE
