"""What an examination says, and what it starts from."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from lineside.store.clock import Micros
from lineside.store.errors import LinesideError
from lineside.store.homes import Home


class Level(StrEnum):
    OK = "ok"  # looked at, and as it should be
    WARNING = "warning"  # worth knowing; nothing is lost and everything works
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of a report."""

    level: Level
    subject: str  # "home", "database", "segments" ...
    what: str
    hint: str = ""  # the next command; none for what is fine
    read_bytes: int = 0  # of files, to find out


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One home, at one moment."""

    home: Home
    at: Micros
    mounts: str  # the mount table
    quick: bool = False  # compare names and sizes, read no file to its end
    settle_s: float = 0.0  # what is younger may be on its way; 0: nobody is there who could be writing


Check = Callable[[], Iterator[Finding]]


def ok(subject: str, what: str, *, read_bytes: int = 0) -> Finding:
    return Finding(level=Level.OK, subject=subject, what=what, read_bytes=read_bytes)


def warning(subject: str, what: str, *, hint: str) -> Finding:
    return Finding(level=Level.WARNING, subject=subject, what=what, hint=hint)


def problem(subject: str, what: str, *, hint: str) -> Finding:
    return Finding(level=Level.PROBLEM, subject=subject, what=what, hint=hint)


def counted(number: int, thing: str) -> str:
    """`1 file`, `2 files`."""
    return f"{number:,} {thing}" + ("" if number == 1 else "s")


def from_backup(home: Home, path: Path) -> str:
    """The hint for a file that only a backup still holds as it was."""
    inside = path.relative_to(home.path)
    return f"take it from a backup: cd BACKUP; cp -f --parents {inside} {home.path}"


def guarded(subject: str, check: Check) -> Iterator[Finding]:
    """The findings of a check; that it could not look is one, too, and the other checks go on.

    Raises:
        sqlite3.Error: the rows cannot be read; then many checks cannot look, for one reason.
    """
    try:
        yield from check()
    except PermissionError as error:
        words = f"{error.filename} may not be read by this account, so not all was looked at"
        yield warning(subject, words, hint="run it as the owner of the home: sudo -u OWNER lineside doctor")
    except LinesideError as error:
        yield problem(subject, str(error), hint=error.hint)
    except (OSError, ValueError, TypeError, KeyError) as error:
        yield problem(
            subject,
            f"it could not be looked at: {type(error).__name__}: {error}",
            hint="look at that file; what is lost comes back with: lineside --home NEW restore BACKUP",
        )
