"""The runner's own log: JSON lines in `runner.log`, a fixed phrase each and the particulars beside it."""

import json
import logging
import os
import sys
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler

from lineside.store.homes import Home

_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "taskName"}

_MOST_BYTES, _KEPT = 16 << 20, 3
"""Of `runner.log` and of each older one beside it: `runner.log.1` is the newest of those."""


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


class Log(RotatingFileHandler):
    """The file that what is said without words of ours, such as a traceback of a shim, goes to as well."""

    def __init__(self, home: Home, *, alone: bool) -> None:
        super().__init__(home.runner_log, maxBytes=_MOST_BYTES, backupCount=_KEPT)
        self._alone = alone  # nobody looks on: stdout and stderr are this file

    def doRollover(self) -> None:
        super().doRollover()
        if self._alone and self.stream is not None:
            for standard in (1, 2):
                os.dup2(self.stream.fileno(), standard)


def begin(home: Home | None, *, foreground: bool) -> None:
    """Log to the home's file, and to the terminal when a person looks on."""
    handlers: list[logging.Handler] = []
    if home is not None:
        handlers.append(Log(home, alone=not foreground))
        handlers[0].setFormatter(Lines())
    if foreground:
        handlers.append(logging.StreamHandler(sys.stderr))
    logging.basicConfig(level=logging.INFO, handlers=handlers, force=True)
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    logging.getLogger("httpx").setLevel(logging.WARNING)
