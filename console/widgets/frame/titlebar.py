"""The two lines on top: the areas with what waits in them, and where in the area one is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from lineside.console.commands import AREAS, TITLES
from lineside.console.text import Line, Span, line_width, spread, width_of
from lineside.console.widgets.lines import Lines

if TYPE_CHECKING:
    from textual import events

ALARMING: Mapping[str, str] = {"wall": "ask", "monitor": "drift"}


def tab_spans(active: str, badges: Mapping[str, int], *, short: bool = False) -> list[Span]:
    """` 1Wall·4  2Runs ...`: digit, name, and how many things wait there; short: only the name of one."""
    out: list[Span] = []
    for digit, name in enumerate(AREAS, 1):
        here = name == active
        out.append((f" {digit}", "bold accent" if here else "dim"))
        title = TITLES[name] if here or not short else ""
        out.append((title, "bold accent underline" if here else ""))
        waiting = badges.get(name, 0)
        out.append(
            (f"·{waiting} " if waiting else " ", f"bold {ALARMING.get(name, 'warn')}" if waiting else "")
        )
    return out


class TitleBar(Lines):
    """The areas; a click goes there."""

    ground = "panel"
    DEFAULT_CSS = "TitleBar { height: 1; }"

    @dataclass
    class Chosen(Message):
        area: str

    def show_tabs(self, active: str, badges: Mapping[str, int], right: Line) -> bool:
        """Show the tabs, and at their right what fits there; whether it did."""
        width = self.size.width or self.app.size.width
        tabs = tab_spans(active, badges)
        if line_width(tabs) > width:
            tabs = tab_spans(active, badges, short=True)
        if line_width(tabs) > width:  # the place among them is left
            tabs = [
                (f" {AREAS.index(active) + 1}{TITLES[active]}", "bold accent"),
                (f" {AREAS.index(active) + 1}/9", "dim"),
            ]
        fits = line_width(tabs) + line_width(right) < width
        self.set([spread(tabs, right, width) if fits else tabs])
        return fits

    def on_click(self, event: "events.Click") -> None:
        x = 0
        spans = iter(self.lines[0] if self.lines else ())
        for name in AREAS:
            x += sum(width_of(next(spans, ("", ""))[0]) for _ in range(3))
            if event.x < x:
                self.post_message(self.Chosen(name))
                return


class Crumb(Lines):
    """Where one is on the left, what is there in sum on the right."""

    DEFAULT_CSS = "Crumb { height: 1; }"
