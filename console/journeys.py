"""Where a person has been: back and forward as in a browser, the row included."""

from dataclasses import dataclass, field

_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Place:
    """An area, and the row its cursor was on; None: it has no rows, or none was looked at."""

    area: str
    row: int | str | None = None


@dataclass(slots=True)
class Journey:
    """The places before this one and, after going back, those behind it."""

    past: list[Place] = field(default_factory=list)
    future: list[Place] = field(default_factory=list)
    led: bool = False  # the last step followed a row, by `enter` or `g`: `esc` goes back over it

    def left(self, here: Place, *, led: bool = False) -> None:
        """Somebody goes on from here, by their own choice."""
        self.led = led
        if not self.past or self.past[-1] != here:
            self.past.append(here)
        del self.past[:-_LONGEST]
        self.future.clear()

    def back(self, here: Place) -> Place | None:
        """The place before; None at the beginning."""
        self.led = False
        if not self.past:
            return None
        self.future.append(here)
        return self.past.pop()

    def forward(self, here: Place) -> Place | None:
        """The place that was gone back from; None where there is none."""
        self.led = False
        if not self.future:
            return None
        self.past.append(here)
        return self.future.pop()
