"""The console's panels without a terminal: one question, the same numbers for eyes, scripts and agents.

A panel is a function of `Asked` that gives `Shown`: rows for JSON, and what draws them at a width.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from lineside.console.ports import Me
from lineside.console.text import Line
from lineside.store.clock import Micros
from lineside.store.errors import Usage
from lineside.store.homes import Home


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a panel is asked with."""

    home: Home
    db: sqlite3.Connection
    args: Sequence[str]  # what stands behind its name
    now: Micros
    me: Me

    def arg(self, what: str) -> str:
        """The first argument.

        Raises:
            Usage: there is none.
        """
        if not self.args:
            raise Usage(f"{what} is missing", hint=f"lineside view PANEL {what}")
        return self.args[0]

    @property
    def first(self) -> str | None:
        return self.args[0] if self.args else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a panel holds, and how it looks in so many cells."""

    data: Any  # a row, or rows: dataclasses or mappings
    draw: Callable[[int, int], Sequence[Line]]  # width, height; as many lines as need be where it is a list
    told: Sequence[str] = ()  # names of the fields that eyes see too


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One panel as the command line knows it."""

    name: str
    area: str  # where the console shows it
    title: str
    args: str = ""  # "JOB", "[NAME]"
    target: str = ""  # before its argument, to go to it in the area: "alert:"
    where: str = ""  # "module:function" below console/panels

    def ask(self, asked: Asked) -> Shown:
        """Read it."""
        module, _, name = self.where.partition(":")
        read: Callable[[Asked], Shown] = getattr(import_module(f"{__name__}.{module}"), name)
        return read(asked)


def _panel(where: str, area: str, title: str, args: str = "", target: str = "") -> Panel:
    name = where.partition(":")[2].rstrip("_")
    return Panel(name=name, area=area, title=title, args=args, target=target, where=where)


PANELS: Mapping[str, Panel] = {
    panel.name: panel
    for panel in (
        _panel("walls:wall", "wall", "everything that needs somebody, at one look"),
        _panel("walls:needs", "wall", "what waits for a person"),
        _panel("work:gpus", "jobs", "the GPUs, who has them, how busy they are"),
        _panel("work:jobs", "jobs", "the queue as it runs and waits", "[FILTER]"),
        _panel("work:why", "jobs", "why a job waits", "JOB"),
        _panel("work:schedules", "jobs", "schedules and their next firing"),
        _panel("work:pipelines", "jobs", "pipelines and the state of their stages"),
        _panel("runs:runs", "runs", "the leaderboard", "[FILTER]"),
        _panel("runs:run", "runs", "everything of one run", "RUN", "run:"),
        _panel("runs:chart", "runs", "one metric of some runs", "RUN… [metric=NAME]", "chart:"),
        _panel("runs:compare", "runs", "what differs between runs", "RUN RUN…", "compare:"),
        _panel("things:data", "data", "dataset versions"),
        _panel("things:profile", "data", "the columns of a dataset version", "[NAME@VERSION]"),
        _panel("things:models", "models", "model versions and what they hold"),
        _panel("things:requests", "models", "promotion requests"),
        _panel(
            "things:request", "models", "one promotion request with its evidence", "REQUEST", "promotion:"
        ),
        _panel("things:lineage", "lineage", "what it came from, what came of it", "[ID]"),
        _panel("monitors:endpoints", "monitor", "endpoints and how they do"),
        _panel("monitors:latency", "monitor", "p50 and p99 of an endpoint", "[ENDPOINT]"),
        _panel("monitors:traffic", "monitor", "requests and errors of an endpoint", "[ENDPOINT]"),
        _panel("monitors:drift", "monitor", "columns, classifier and labels by window", "[ENDPOINT]"),
        _panel("monitors:histogram", "monitor", "one column, trained and seen", "[ENDPOINT [COLUMN]]"),
        _panel("monitors:alerts", "monitor", "alerts, open ones first"),
        _panel("monitors:alert", "monitor", "one alert as an episode", "ALERT", "alert:"),
        _panel("things:audit", "audit", "the newest deeds", "[FILTER]"),
        _panel("asking:sql", "sql", "one query over all of it", "QUERY"),
    )
}


def find(name: str) -> Panel:
    """The panel of that name.

    Raises:
        Usage: there is none; the hint has the nearest and all of them.
    """
    if name in PANELS:
        return PANELS[name]
    from difflib import get_close_matches

    near = get_close_matches(name, PANELS, n=1, cutoff=0.6)
    nearest = f"did you mean {near[0]}? " if near else ""
    raise Usage(f"no panel {name!r}", hint=f"{nearest}panels: {' '.join(PANELS)}")
