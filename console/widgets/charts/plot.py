"""A chart that is looked into: a crosshair that reads the points, zoom, pan, and a span chosen by mouse."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from textual.geometry import Region
from textual.message import Message

from lineside.console.text import Line, width_of
from lineside.console.widgets.charts import window as windows
from lineside.console.widgets.charts.window import ALL, Frame, Plotted, Window
from lineside.console.widgets.lines import Lines

if TYPE_CHECKING:
    from textual import events

M = TypeVar("M")
_FAR = 10
"""Cells of a large step of the crosshair."""

_CLOSER, _PAN, _TALLER = 0.5, 0.5, 0.7
_WHEEL = 0.8


class Plot(Lines, Generic[M], can_focus=True):
    """Draws `draw(model, width, height, view)`; keys and mouse change the view, of which `Viewed` tells."""

    SCOPE = "plot"
    ALLOW_SELECT = False

    @dataclass
    class Viewed(Message):
        """Another span of x is looked at: who can read it more finely may do so now."""

        plot: "Plot[Any]"
        window: Window
        frame: Frame | None = field(default=None, repr=False)

        @property
        def control(self) -> "Plot[Any]":
            return self.plot

    def __init__(
        self,
        draw: Callable[[M, int, int, Window], Plotted | Sequence[Line]],
        *,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._draw = draw
        self._model: M | None = None
        self.window = ALL
        self.frame: Frame | None = None
        self.reading = ""  # what the crosshair reads, for `y v`
        self._reach: tuple[float, float] | None = None  # x of the first and last point of all
        self._hovering = False

    # -- drawing -----------------------------------------------------------------------------------

    def show(self, model: M) -> None:
        """Draw this model; zoom and crosshair stay as long as they meet its points."""
        self._model = model
        self.redraw()

    def redraw(self) -> None:
        if self._model is None or not self.size.width:
            return
        rows = self._drawn()
        if self.frame is not None and not self.frame.meets(self.window):
            self.window = ALL
            rows = self._drawn()
        self.set(rows)

    def _drawn(self) -> Sequence[Line]:
        model = cast(M, self._model)
        view = replace(self.window, focused=self.has_focus)
        if self.window.zoomed and self._reach is not None:  # what is read anew may be the part in sight only
            view = replace(view, low=self._reach[0], high=self._reach[1])
        drawn = self._draw(model, self.size.width, self.size.height, view)
        self.frame = drawn.frame if isinstance(drawn, Plotted) else None
        self.reading = drawn.reading if isinstance(drawn, Plotted) else ""
        self._reach = (self.frame.low, self.frame.high) if self.frame is not None else self._reach
        return drawn.rows if isinstance(drawn, Plotted) else drawn

    def set(self, lines: Sequence[Line]) -> None:
        """Show these lines instead; of each row only what differs is painted."""
        old, self._lines = self._lines, list(lines)
        width, changed = self.size.width, []
        for row in range(min(self.size.height, max(len(old), len(self._lines)))):
            before, now = (old[row] if row < len(old) else ()), (lines[row] if row < len(lines) else ())
            if before != now:
                first, last = differing(before, now, width)
                changed.append(Region(first, row, max(1, last - first), 1))
        if changed:
            self.refresh(*changed)

    def view(self, window: Window) -> None:
        """Look at another part."""
        moved = (window.x0, window.x1) != (self.window.x0, self.window.x1)
        if window == self.window:
            return
        self.window = window
        self.redraw()
        if moved:
            self.post_message(self.Viewed(self, self.window, self.frame))

    # -- keys --------------------------------------------------------------------------------------

    def _walk(self, cells: int) -> None:
        frame = self.frame
        if frame is None:
            return
        self._hovering = False
        at = self.window.cursor
        if at is None:
            self._put(frame.nearest(frame.x1 if cells < 0 else frame.x0))
        else:
            self._put(frame.beside(at, cells))

    def _put(self, x: float) -> None:
        """The crosshair to this point; the window follows where it would leave it."""
        frame, window = self.frame, self.window
        if frame is not None and window.zoomed and not frame.x0 <= x <= frame.x1:
            off = -1 if x < frame.x0 else 1
            window = windows.pan(window, frame, off * _PAN)
            if window.x0 is not None and window.x1 is not None and not window.x0 <= x <= window.x1:
                half = (frame.x1 - frame.x0) / 2
                window = windows.span(window, frame, x - half, x + half)
        self.view(replace(window, cursor=x))

    def cmd_left(self) -> None:
        self._walk(-1)

    def cmd_right(self) -> None:
        self._walk(1)

    def cmd_far_left(self) -> None:
        self._walk(-_FAR)

    def cmd_far_right(self) -> None:
        self._walk(_FAR)

    def cmd_first(self) -> None:
        if self.frame is not None:
            self._put(self.frame.nearest(self.frame.low))

    def cmd_last(self) -> None:
        if self.frame is not None:
            self._put(self.frame.nearest(self.frame.high))

    def cmd_closer(self) -> None:
        self._zoom(_CLOSER, self.window.cursor)

    def cmd_wider(self) -> None:
        self._zoom(1 / _CLOSER, self.window.cursor)

    def _zoom(self, factor: float, around: float | None) -> None:
        if self.frame is not None:
            self.view(windows.zoom(self.window, self.frame, factor, around=around))

    def cmd_pan_left(self) -> None:
        self._pan(-_PAN)

    def cmd_pan_right(self) -> None:
        self._pan(_PAN)

    def _pan(self, share: float) -> None:
        if self.frame is not None:
            self.view(windows.pan(self.window, self.frame, share))

    def cmd_taller(self) -> None:
        self._stretch(_TALLER)

    def cmd_flatter(self) -> None:
        self._stretch(1 / _TALLER)

    def _stretch(self, factor: float) -> None:
        if self.frame is not None:
            self.view(windows.stretch(self.window, self.frame, factor))

    def cmd_fit(self) -> None:
        self.view(replace(self.window, y0=None, y1=None))

    def cmd_whole(self) -> None:
        self.view(replace(ALL, cursor=self.window.cursor))

    def out(self) -> bool:
        """Leave one level: a span half chosen, the crosshair, the height, the span; False: there is none."""
        w = self.window
        if w.anchor is not None:
            self.view(replace(w, anchor=None))
        elif w.cursor is not None:
            self.view(replace(w, cursor=None))
        elif w.y0 is not None:
            self.view(replace(w, y0=None, y1=None))
        elif w.zoomed:
            self.view(ALL)
        else:
            return False
        return True

    def cmd_out(self) -> None:
        leave: Callable[[], object] | None = getattr(self.screen, "cmd_out", None)
        if not self.out() and leave is not None:
            leave()

    # -- mouse -------------------------------------------------------------------------------------

    def _under(self, event: "events.MouseEvent") -> float | None:
        """The x under the pointer; None: it points beside the chart."""
        frame = self.frame
        if frame is None:
            return None
        column, row = event.x - frame.left, event.y - frame.top
        if not (0 <= column < frame.columns and 0 <= row < frame.rows):
            return None
        return frame.x_of(column)

    def on_mouse_move(self, event: "events.MouseMove") -> None:
        x, frame = self._under(event), self.frame
        if (
            x is not None
            and frame is not None
            and (self._hovering or self.window.cursor is None or event.button)
        ):
            self._hovering = True
            self.view(replace(self.window, cursor=frame.nearest(x)))

    def on_leave(self) -> None:
        if self._hovering:
            self._hovering = False
            self.view(replace(self.window, cursor=None, anchor=None))

    def on_mouse_down(self, event: "events.MouseDown") -> None:
        self.focus()
        x, frame = self._under(event), self.frame
        if x is not None and frame is not None:
            event.stop()
            self.capture_mouse()
            self.view(replace(self.window, cursor=frame.nearest(x), anchor=x))

    def on_mouse_up(self, event: "events.MouseUp") -> None:
        self.release_mouse()
        window, frame, anchor = self.window, self.frame, self.window.anchor
        if anchor is None or frame is None:
            return
        window, x = replace(window, anchor=None), self._under(event)
        if x is not None and abs(frame.column_of(x) - frame.column_of(anchor)) >= 2:
            window = windows.span(replace(window, cursor=None), frame, anchor, x)
        else:
            self._hovering = False
        self.view(window)

    def on_mouse_scroll_up(self, event: "events.MouseScrollUp") -> None:
        event.stop()
        self._zoom(_WHEEL, self._under(event))

    def on_mouse_scroll_down(self, event: "events.MouseScrollDown") -> None:
        event.stop()
        self._zoom(1 / _WHEEL, self._under(event))

    # -- the frame ---------------------------------------------------------------------------------

    def on_resize(self) -> None:
        self.redraw()

    def on_focus(self) -> None:
        self.call_next(self.redraw)

    def on_blur(self) -> None:
        self.call_next(self.redraw)


def differing(old: Line, new: Line, width: int) -> tuple[int, int]:
    """The cells [first, last) of a row outside of which two lines look the same.

    >>> differing([("ab", "x"), ("cd", "y")], [("ab", "x"), ("ce", "y")], 9)
    (3, 4)
    """
    first, before, after = _same(list(old), list(new))
    if not before and not after:
        return first, first
    same_end, _, _ = _same(_mirrored(before), _mirrored(after))
    ends = _cells(before), _cells(after)
    last = first + ends[0] - same_end if ends[0] == ends[1] else width
    return first, max(first, min(last, width))


def _same(old: list[tuple[str, str]], new: list[tuple[str, str]]) -> tuple[int, Line, Line]:
    """Cells of the common beginning, and what follows it on either side."""
    cells = place = 0
    while place < min(len(old), len(new)) and old[place] == new[place]:
        cells += width_of(old[place][0])
        place += 1
    rest, others = old[place:], new[place:]
    if rest and others and rest[0][1] == others[0][1]:
        a, b = rest[0][0], others[0][0]
        common = next(
            (i for i, pair in enumerate(zip(a, b, strict=False)) if pair[0] != pair[1]), min(len(a), len(b))
        )
        cells += width_of(a[:common])
        rest = [(a[common:], rest[0][1]), *rest[1:]]
        others = [(b[common:], others[0][1]), *others[1:]]
    return cells, [s for s in rest if s[0]], [s for s in others if s[0]]


def _mirrored(line: Line) -> list[tuple[str, str]]:
    return [(text[::-1], style) for text, style in reversed(line)]


def _cells(line: Line) -> int:
    return sum(width_of(text) for text, _ in line)
