"""The table: holds a place and a window on its rows, and draws only what is in sight."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from lineside.console.text import Line, clip, cut, line_width, plain
from lineside.console.widgets.lines import look_of, strip
from lineside.console.widgets.shares import share_of
from lineside.console.widgets.tables import columns as layout
from lineside.console.widgets.tables.arrangement import Arrangement
from lineside.console.widgets.tables.marks import marked, toggled
from lineside.console.widgets.tables.rows import Column, ListRows, RowSource
from lineside.console.widgets.tables.walked import Walked

if TYPE_CHECKING:
    from textual import events

T = TypeVar("T")
GUTTER = 3
"""The cursor's bar, the mark's letter, a blank."""
MARGIN = 1
"""The scroll bar."""


class Table(Walked, Widget, Generic[T], can_focus=True):
    """Rows under a header. Cursor and marks belong to rows, not to positions: a refresh moves neither.

    Only a cursor that nobody has moved yet stays at the top, where the newest and most urgent row is.
    """

    SCOPE = "table"

    @dataclass
    class Moved(Message):
        """The cursor stands on another row."""

        table: "Table[object]"

    @dataclass
    class Opened(Message):
        """A row was clicked twice; keys open rows through the area's `enter`."""

        table: "Table[object]"

    @dataclass
    class Marked(Message):
        """The marks changed."""

        table: "Table[object]"

    @dataclass
    class Arranging(Message):
        """Somebody wants to choose how it is sorted, or which columns it has."""

        table: "Table[object]"
        what: str  # "sort", "columns", "wide"
        key: str = ""  # the column whose header was clicked

    @dataclass
    class Arranged(Message):
        """Columns, width or order are others than before."""

        table: "Table[object]"

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        empty: str = "nothing here yet",
        header: bool = True,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.columns = tuple(columns)
        self.empty = empty
        self._head = 1 if header else 0
        self.arrangement = Arrangement()
        self._area_sort: str | None = None  # how the area has sorted what it shows; None: it does not
        self.marks: dict[Hashable, str] = {}
        self.cursor = 0
        self._held = False  # somebody put the cursor where it is
        self._given: RowSource[T] = ListRows[T]((), key=id_of, cells=lambda _: ())
        self._rows: RowSource[T] = self._given  # the same in this person's order
        self._top = self._left = 0
        self._plan = layout.Plan(())
        self._cache: dict[int, Line] = {}

    # -- what an area asks -------------------------------------------------------------------------

    @property
    def rows(self) -> RowSource[T]:
        return self._rows

    @property
    def current(self) -> T | None:
        """The row under the cursor; None in an empty table."""
        return self._rows.item(self.cursor) if len(self._rows) else None

    @property
    def current_key(self) -> Hashable | None:
        return self._rows.key(self.cursor) if 0 <= self.cursor < len(self._rows) else None

    def chosen(self) -> list[T]:
        """The marked rows in the order of their marks, or the one under the cursor."""
        places = [self._rows.index_of(key) for key in self.marks]
        marked = [self._rows.item(place) for place in places if place is not None]
        return [item for item in marked if item is not None] or [i for i in [self.current] if i is not None]

    def keys_in_sight(self) -> list[Hashable]:
        """What the rows on show are known by."""
        last = min(len(self._rows), self._top + self._height)
        return [self._rows.key(index) for index in range(self._top, last)]

    @property
    def left_out(self) -> int:
        """How many columns found no room."""
        return self._plan.left_out

    def cells_of(self, key: str) -> int:
        """How wide that column is on show; 0: it has no room."""
        return next((cells for at, cells in self._plan.shown if self.columns[at].key == key), 0)

    @property
    def marks_out_of_sight(self) -> int:
        """Marked rows that a filter has taken off the table."""
        return sum(1 for key in self.marks if self._rows.index_of(key) is None)

    @property
    def sort(self) -> str:
        """Key of the sorted column, with `-` in front for largest first; "": nobody has sorted."""
        if self._area_sort is not None:
            return self._area_sort
        return self.arrangement.sort if self._rows is not self._given else ""

    def show(
        self, rows: RowSource[T], *, columns: Sequence[Column] | None = None, sort: str | None = None
    ) -> None:
        """Show these rows; the cursor stays on its row, and only the lines that differ are painted again.

        Args:
            sort: the column that the area has sorted them by; None: the table may sort them itself.
        """
        self.columns = self.columns if columns is None else tuple(columns)
        self._area_sort = self._area_sort if sort is None else sort
        self._given = rows
        self._put(self._ordered(rows), follows=not self._held and self.screen.is_current)

    def _put(self, rows: RowSource[T], *, follows: bool = False) -> None:
        """Draw rows in this order; the cursor goes with its row, or stays on top where it `follows`."""
        key = self.current_key
        self._rows = rows
        place = rows.index_of(key) if key is not None else None
        at = 0 if follows else self.cursor if place is None else place
        self.cursor = max(0, min(len(rows) - 1, at))
        old, old_plan, old_top = self._cache, self._plan, self._top
        self._cache = {}
        self._settle()
        if self._plan != old_plan or not old:
            self.refresh()
        else:
            self._repaint(
                y for y in range(self._height) if old.get(old_top + y, ()) != self._row(self._top + y)
            )
            self._paint_rows(-1)
        if self.current_key != key:
            self.post_message(self.Moved(self))  # type: ignore[arg-type]

    # -- arranging ---------------------------------------------------------------------------------

    def sortable(self) -> list[Column]:
        """The columns it can be sorted by."""
        return [column for column in self.columns if column.value is not None and column.title]

    def rearrange(self, arrangement: Arrangement) -> None:
        """Show it like this from now on."""
        sorted_anew = arrangement.sort != self.arrangement.sort
        self.arrangement, self._left = arrangement, 0
        if sorted_anew:
            self._put(self._ordered(self._given))
        self._settle()
        self.refresh()
        self.post_message(self.Arranged(self))  # type: ignore[arg-type]

    def _ordered(self, rows: RowSource[T]) -> RowSource[T]:
        """The rows by the column this person sorts by; as they come where there is none."""
        sort = self.arrangement.sort
        value = next((c.value for c in self.columns if c.key == sort.removeprefix("-")), None)
        if self._area_sort is not None or not sort or value is None:
            return rows
        return rows.ordered(value, falling=sort.startswith("-")) or rows

    def cmd_sort(self) -> None:
        self.post_message(self.Arranging(self, "sort"))  # type: ignore[arg-type]

    def cmd_columns(self) -> None:
        self.post_message(self.Arranging(self, "columns"))  # type: ignore[arg-type]

    def cmd_wide(self) -> None:
        self.post_message(self.Arranging(self, "wide"))  # type: ignore[arg-type]

    def fit(self, *, share: float) -> None:
        """As high as its rows, up to a share of the screen; the rest is for what stands below."""
        most = max(4, int((self.app.size.height - 5) * share_of(self, share)))
        rows = max(3, min(most, len(self._rows) + 2))
        if self.styles.height is None or self.styles.height.value != rows:
            self.styles.height = rows

    def go_to(self, key: Hashable) -> bool:
        """Put the cursor on the row known by `key`; False when it is not here."""
        place = self._rows.index_of(key)
        if place is not None:
            self._move_to(place)
        return place is not None

    # -- drawing -----------------------------------------------------------------------------------

    @property
    def _height(self) -> int:
        return max(0, self.size.height - self._head)

    def _settle(self) -> None:
        """Scroll so that the cursor is in sight, then lay the columns out for what is in sight."""
        self._scroll()
        seen = range(self._top, min(len(self._rows), self._top + max(self._height, 1)))
        fresh = layout.plan(
            self.columns, [self._rows.cells(index) for index in seen], wide=self.arrangement.wide,
            room=max(0, self.size.width - GUTTER - MARGIN), order=self.arrangement.places(self.columns),
        )  # fmt: skip
        if fresh != self._plan:
            told = fresh.left_out != self._plan.left_out
            self._plan = fresh
            self._cache.clear()
            if told and self.is_mounted:
                self.post_message(self.Arranged(self))  # type: ignore[arg-type]

    def _scroll(self) -> None:
        """Bring the cursor into sight; at an edge by a quarter of the rows, so that few keys repaint all."""
        height = max(1, self._height)
        ahead = height // 4
        if self.cursor >= self._top + height:
            self._top = self.cursor - height + 1 + ahead
        elif self.cursor < self._top:
            self._top = self.cursor - ahead
        self._top = max(0, min(self._top, len(self._rows) - height))

    def _row(self, index: int) -> Line:
        if index >= len(self._rows):
            return ()
        if index not in self._cache:
            self._cache[index] = layout.row_line(self.columns, self._rows.cells(index), self._plan)
        return self._cache[index]

    def render_line(self, y: int) -> Strip:
        look, width = look_of(self), self.size.width
        if y < self._head:
            head = layout.header_line(self.columns, self._plan, sort=self.sort)
            return strip([(" " * GUTTER, "head"), *self._scrolled(head)], width, look, ground="panel")
        index = self._top + y - self._head
        if index >= len(self._rows):
            note = [("   " + self.empty, "dim")] if y == self._head and not len(self._rows) else []
            return strip(note, width, look)
        here = index == self.cursor
        mark = self.marks.get(self._rows.key(index), " ")
        bar = ("▌" if here else " ", "accent" if self.has_focus else "dim")
        line: list[tuple[str, str]] = [
            bar,
            (mark, f"bold {mark}" if mark != " " else ""),
            (" ", ""),
            *self._scrolled(self._row(index)),
        ]
        if y - self._head in self._thumb():
            kept = clip(line, width - MARGIN)
            line = [*kept, (" " * (width - MARGIN - line_width(kept)), ""), ("▐", "rule")]
        return strip(
            line, width, look, ground="cursor" if here and self.has_focus else "panel" if here else "bg"
        )

    def _thumb(self) -> range:
        """The rows of the scroll bar that stand for what is in sight; none where all of it is."""
        height, total = self._height, len(self._rows)
        if total <= height or height < 3:
            return range(0)
        size = max(1, height * height // total)
        start = round(self._top * (height - size) / (total - height))
        return range(start, start + size)

    def _scrolled(self, line: Line) -> Line:
        return cut(line, self._left, self.size.width) if self._left else line

    def _repaint(self, rows: Iterable[int]) -> None:
        regions = [Region(0, y + self._head, self.size.width, 1) for y in rows]
        if regions:
            self.refresh(*regions)

    def _paint_rows(self, *indexes: int) -> None:
        for index in indexes:
            y = index - self._top + self._head if index >= 0 else 0
            if 0 <= y < self.size.height:
                self.refresh(Region(0, y, self.size.width, 1))

    # -- moving ------------------------------------------------------------------------------------

    def _move_to(self, index: int, *, top: int | None = None) -> None:
        """The cursor on that row, and the first row in sight `top` where that leaves the cursor in sight."""
        self._held = True
        index = max(0, min(len(self._rows) - 1, index))
        if index == self.cursor:
            return
        old, old_top = self.cursor, self._top
        self.cursor = index
        self._top = self._top if top is None else top
        self._scroll()
        if self._top != old_top:
            self._settle()
            self.refresh()
        else:
            self._paint_rows(old, index)
        self.post_message(self.Moved(self))  # type: ignore[arg-type]

    def cmd_right(self) -> None:
        self._scroll_sideways(8)

    def cmd_left(self) -> None:
        self._scroll_sideways(-8)

    def _scroll_sideways(self, cells: int) -> None:
        most = max(0, self._plan.width - (self.size.width - GUTTER - MARGIN))
        self._left = max(0, min(most, self._left + cells))
        self.refresh()

    # -- marks -------------------------------------------------------------------------------------

    def cmd_mark(self) -> None:
        key = self.current_key
        if key is None:
            return
        self._held = True
        self._mark(toggled(self.marks, key), self.cursor)

    def cmd_mark_range(self) -> None:
        """Mark all rows from the last mark to the cursor."""
        if self.current_key is None:
            return
        last = self._rows.index_of(list(self.marks)[-1]) if self.marks else self.cursor
        first, last = sorted((self.cursor if last is None else last, self.cursor))
        self._mark(marked(self.marks, (self._rows.key(index) for index in range(first, last + 1))))

    def cmd_clear_marks(self) -> None:
        self._mark({})

    def _mark(self, marks: dict[Hashable, str], *places: int) -> None:
        """Other marks from now on; paint these rows anew, or all of them."""
        self.marks = marks
        if places:
            self._paint_rows(*places)
        else:
            self.refresh()
        self.post_message(self.Marked(self))  # type: ignore[arg-type]

    # -- Textual -----------------------------------------------------------------------------------

    def on_resize(self, event: "events.Resize") -> None:
        self._settle()
        self.refresh()

    def on_focus(self) -> None:
        self._paint_rows(self.cursor)

    def on_blur(self) -> None:
        self._paint_rows(self.cursor)

    def on_click(self, event: "events.Click") -> None:
        index = self._top + event.y - self._head
        if event.y < self._head:
            place = layout.column_at(self._plan, event.x - GUTTER + self._left)
            if place is not None:
                self.post_message(self.Arranging(self, "sort", self.columns[place].key))  # type: ignore[arg-type]
        elif index < len(self._rows):
            again = index == self.cursor
            self._move_to(index)
            if again and event.chain >= 2:
                self.post_message(self.Opened(self))  # type: ignore[arg-type]

    def on_mouse_scroll_down(self, event: "events.MouseScrollDown") -> None:
        event.stop()
        self._move_to(self.cursor + 3)

    def on_mouse_scroll_up(self, event: "events.MouseScrollUp") -> None:
        event.stop()
        self._move_to(self.cursor - 3)

    def text(self) -> str:
        """The rows in sight as text: for tests and for copying."""
        seen = range(self._top, min(len(self._rows), self._top + self._height))
        return "\n".join(plain(self._row(index)).rstrip() for index in seen)


def id_of(item: object) -> Hashable:
    """The `id` field of a row: what most rows are known by."""
    return getattr(item, "id", None)
