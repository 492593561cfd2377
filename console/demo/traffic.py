"""The stream after the past: rows as requests at a chosen speed, and their labels one window late."""

import math
import time

from lineside.console.demo.tables import Plan
from lineside.console.demo.witness import Witness
from lineside.jobs import commands
from lineside.jobs.serving.replay import Client, Tally
from lineside.store.homes import Home

_CALM_ROWS_PER_S = 12.0
"""The speed while a retraining is on its way: traffic never stops, and the swap happens under it."""

_REQUESTS_PER_S = 60.0
"""Faster streams put several rows into one request."""


class Traffic:
    """Sends one window after the other; the witness looks in between."""

    def __init__(
        self, home: Home, plan: Plan, *, url: str, rows_per_s: float, witness: Witness, who: str
    ) -> None:
        self._home, self._plan, self._witness, self._who = home, plan, witness, who
        self._speed = rows_per_s
        self._client = Client(url, plan.name)
        self._starts = [0]
        for window in plan.windows:
            self._starts.append(self._starts[-1] + window.height)

    @property
    def tally(self) -> Tally:
        """What was sent so far."""
        return self._client.tally

    def close(self) -> None:
        self._client.close()

    def send_window(self, number: int) -> None:
        """Send every row of a window as requests, then wait until it is measured."""
        window = self._plan.windows[number]
        batch = max(1, math.ceil(self._speed / _REQUESTS_PER_S))
        for start in range(0, window.height, batch):
            began = time.monotonic()
            self._send(number, start, min(batch, window.height - start))
            self._witness.look()
            speed = min(_CALM_ROWS_PER_S * batch, self._speed) if self._witness.retraining else self._speed
            time.sleep(max(0.0, began + batch / speed - time.monotonic()))

    def send_labels(self, number: int) -> None:
        """The truth about a window arrives."""
        window = self._plan.windows[number]
        rows = [
            {"id": self._id(number, i), "label": str(label)}
            for i, label in enumerate(window[self._plan.target])
        ]
        args = {"monitor": self._plan.name, "rows": rows}
        commands.ask(self._home, "labels.add", args, acting_as=self._who, timeout_s=60.0)

    def _send(self, number: int, start: int, rows: int) -> None:
        piece = self._plan.windows[number][start : start + rows]
        event_us = piece[self._plan.time].dt.epoch("us").to_list() if self._plan.time else None
        self._client.infer(
            piece.select(self._plan.features).to_dict(as_series=False),
            ids=[self._id(number, start + i) for i in range(rows)],
            event_us=event_us,
        )

    def _id(self, number: int, offset: int) -> str:
        return f"{self._plan.name}-{self._plan.stream_from + self._starts[number] + offset}"
