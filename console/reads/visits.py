"""When this person last left the console of a home: what "since you left" counts from.

Kept in the person's own state folder; the home belongs to the runner.
"""

import json
import os
from pathlib import Path

from lineside.store.clock import Micros
from lineside.store.homes import Home


def last(home: Home) -> Micros | None:
    """The moment of the last leaving; None on a first visit."""
    try:
        return Micros(int(json.loads(_file(home).read_text())["left_us"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def leave(home: Home, *, at: Micros) -> None:
    """Note the moment; a folder that cannot be written is no reason to complain."""
    file = _file(home)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"left_us": at}))
    except OSError:
        return


def _file(home: Home) -> Path:
    state = Path(os.environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser()
    try:
        uid = str(json.loads(home.identity.read_text())["uid"])
    except (OSError, ValueError, KeyError):
        uid = "unknown"
    return state / "lineside" / f"{uid}.json"
