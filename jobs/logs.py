"""The runner's own log: JSON lines in `runner.log`, a fixed phrase each and the particulars beside it."""

import json
import logging
import sys
from datetime import UTC, datetime

from lineside.store.homes import Home

_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "taskName"}


class Lines(logging.Formatter):
    """One record, one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            "event": record.getMessage(),
            **{key: value for key, value in vars(record).items() if key not in _PLAIN},
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def begin(home: Home | None, *, foreground: bool) -> None:
    """Log to the home's file, and to the terminal when a person looks on."""
    handlers: list[logging.Handler] = []
    if home is not None:
        handlers.append(logging.FileHandler(home.runner_log))
        handlers[0].setFormatter(Lines())
    if foreground:
        handlers.append(logging.StreamHandler(sys.stderr))
    logging.basicConfig(level=logging.INFO, handlers=handlers, force=True)
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    logging.getLogger("httpx").setLevel(logging.WARNING)
