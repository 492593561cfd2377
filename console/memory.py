"""What the console keeps of one person between two sittings: their tables, what they typed, when they left.

In the person's own state folder, one small JSON file a thing; the home belongs to the runner. Nothing here is
worth a complaint: what cannot be read was never said, what cannot be written is forgotten.
"""

import json
import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from lineside.store.homes import Home

SAID = 200
"""Lines of the `:` line that are kept."""


class Memory:
    """One person's memory of one home; every name is a file, so two consoles rarely meet in one."""

    def __init__(self, folder: Path | None) -> None:
        """Args:
        folder: where the files lie; None: it lasts as long as this object.
        """
        self._folder = folder
        self._known: dict[str, Any] = {}

    @classmethod
    def of(cls, home: Home) -> "Memory":
        """The memory of whoever runs this process."""
        state = Path(os.environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser()
        return cls(state / "lineside" / _uid(home))

    def recall(self, name: str) -> Any:
        """What was kept under that name; None: nothing, or nothing that can be read."""
        if name not in self._known:
            self._known[name] = self._read(name)
        return self._known[name]

    def keep(self, name: str, value: Any) -> None:
        """Keep a JSON value under that name instead of what was there."""
        if self._known.get(name) == value:
            return
        self._known[name] = value
        if self._folder is not None:
            with suppress(OSError, ValueError, TypeError):
                _write(self._folder, name, json.dumps(value))

    def _read(self, name: str) -> Any:
        if self._folder is None:
            return None
        try:
            return json.loads((self._folder / f"{name}.json").read_text())
        except (OSError, ValueError, RecursionError):
            return None

    # -- what is kept ------------------------------------------------------------------------------

    def view(self, name: str) -> Any:
        """How a table was arranged: `jobs/queue`."""
        found = self.recall("views")
        return found.get(name) if isinstance(found, dict) else None

    def keep_view(self, name: str, value: Any) -> None:
        found = (
            self._read("views") if self._folder else self.recall("views")
        )  # another console may have said more
        self.keep("views", {**(found if isinstance(found, dict) else {}), name: value})

    def said(self) -> list[str]:
        """The lines typed after `:`, oldest first."""
        found = self.recall("said")
        return [line for line in found if isinstance(line, str)] if isinstance(found, list) else []

    def say(self, line: str) -> None:
        before: Sequence[str] = [old for old in self.said() if old != line]
        self.keep("said", [*before, line][-SAID:])


def _write(folder: Path, name: str, text: str) -> None:
    """All of it or nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    handle, made = tempfile.mkstemp(dir=folder, prefix=f".{name}")
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
        os.replace(made, folder / f"{name}.json")
    except BaseException:
        with suppress(OSError):
            os.unlink(made)
        raise


def _uid(home: Home) -> str:
    try:
        return str(json.loads(home.identity.read_text())["uid"])
    except (OSError, ValueError, KeyError, TypeError):
        return "unknown"
