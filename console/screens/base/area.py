"""What the nine areas share: two lines on top, a footer, keys from the command table, reading off the loop.

An area fills in five things: `NAME`; `body` (its widgets); `question` (a closure over what is asked now, run
in a worker thread on a read-only connection); `show` (puts the answer on the screen); `main` (the table that
has the keys). Its commands stand in `console/keys/<area>.py` and are answered by `cmd_<verb>`; those behind
`.` end in `propose(Deed(...))`. How its tables are sorted stands in `arranging.py`, what a yes does in
`doing.py`, the words of its frame in `views/frames.py`. Of handlers (`on_resize`, `on_mount`) Textual calls
the area's own and then those of its bases: none calls the next itself.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Generic

from textual import on
from textual.app import ComposeResult
from textual.events import Key
from textual.widget import Widget

from lineside.console import commands
from lineside.console.commands import TITLES, Command
from lineside.console.deeds.deed import Deed
from lineside.console.ports import Actions, Store
from lineside.console.screens.base import arranging
from lineside.console.screens.base.events import key_name
from lineside.console.screens.base.reading import Reading, V
from lineside.console.text import Line
from lineside.console.views.frame import frames
from lineside.console.widgets.frame.filterbar import FilterBar
from lineside.console.widgets.frame.footer import Footer, Story
from lineside.console.widgets.frame.titlebar import Crumb, TitleBar
from lineside.console.widgets.lines import Lines
from lineside.console.widgets.tables.table import Table
from lineside.console.widgets.texts.field import Field

Targets = Mapping[str, int | str | None]


class Area(Reading[V], Generic[V]):
    """One of the nine areas."""

    BINDINGS: ClassVar = []
    AUTO_FOCUS = ""
    DEFAULT_CSS = """
    Area { layout: vertical; }
    Area > #body { height: 1fr; }
    Area.-empty > .content, Area.-empty > Container, Area.-empty > Horizontal, Area.-empty > Vertical {
        display: none; }
    Area > FilterBar { display: none; }
    Area.-filtering > FilterBar { display: block; }
    Area.-filtering > #crumb { display: none; }
    Area > #lesson { display: none; height: 1fr; }
    Area.-empty > #lesson { display: block; }
    Area > #too-small { display: none; height: 1fr; }
    Area.-too-small > * { display: none !important; }
    Area.-too-small > #too-small { display: block !important; }
    """

    def __init__(self, store: Store, actions: Actions) -> None:
        super().__init__(store, actions)
        self._before = ""  # the filter that counts again when the one being typed is left

    # -- what an area fills in ---------------------------------------------------------------------

    def body(self) -> ComposeResult:
        """The widgets between the top lines and the footer."""
        raise NotImplementedError

    def main(self) -> "Table[Any] | None":
        """The table that gets the keys when nothing else has the focus."""
        return None

    def first_focus(self) -> Widget | None:
        """What has the keys when the area is entered for the first time."""
        return self.main()

    def crumb(self) -> tuple[Line, Line]:
        """Where we are, and what is here in sum."""
        return [(f" {TITLES[self.NAME]}", "bold")], []

    def targets(self) -> Targets:
        """What `g` + letter can go to from the row: {"run": 812, "job": 57, "lineage": "run:812"}."""
        return {}

    def copies(self) -> Mapping[str, str]:
        """What `y` + letter copies: {"command": "lineside runs show 812", "id": …, "value": …}."""
        return {}

    def panels(self) -> Sequence[tuple[str, str, Widget]]:
        """What `;` jumps to: (letter, title, widget)."""
        return ()

    def offers(self, command: Command) -> bool:
        """May this command behind `.` be done to the row now?"""
        return True

    def says(self, command: Command) -> str:
        """What the menu behind `.` calls this command now: better with the name of what it is done to."""
        return command.title

    def select(self, target: int | str) -> None:
        """Somebody came here with `g`: put the cursor on this row."""
        table = self.main()
        if table is not None:
            table.go_to(target)

    def filtered(self, text: str) -> None:
        """The filter has changed; `text` is what is in the field now."""
        self.filter_text = text
        self.reload()

    def previews(self) -> bool:
        """Whether rows follow while a filter is typed: `filtered` is called after each key then."""
        return type(self).filtered is Area.filtered

    def filter_help(self) -> str:
        """What can be typed after `/` here, by example."""
        return frames.FILTERS.get(self.NAME, "any word of a row")

    def sort_by(self, table: "Table[Any]", key: str) -> bool:
        """Sort by the column of that key, `-` in front for largest first, "" for as it comes.

        An area whose store sorts answers True, and shows its rows with `sort=key`; False: the table sorts
        what it holds.
        """
        return False

    def looking_at(self) -> str | None:
        """What somebody else is told this person looks at: the node of its lineage, `model_version:7`."""
        found = self.targets().get("lineage")
        return None if found is None else str(found)

    def place(self) -> int | str | None:
        """Where the cursor is, for coming back; `return_to` gets it."""
        table = self.main()
        key = table.current_key if table is not None else None
        return key if isinstance(key, (int, str)) else None

    def return_to(self, place: int | str) -> None:
        """Come back to where the cursor was."""
        table = self.main()
        if table is not None:
            table.go_to(place)

    def out(self) -> bool:
        """`esc`: leave one level inside the area; False when there was none."""
        return False

    def inside(self) -> bool:
        """Whether `esc` leaves something, and the footer should say so."""
        aside = self.main() is not None and self.focused not in (None, self.first_focus())
        return aside or bool(self.filter_text) or self.has_class("-zoomed")

    def typing(self) -> bool:
        """Whether what is pressed is written somewhere, and no key of the table counts but `esc`."""
        return isinstance(self.focused, Field)

    def on_mount(self) -> None:
        arranging.recall(self)  # before the first answer is shown

    # -- the frame ---------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        yield TitleBar(id="titlebar")
        yield Crumb(id="crumb")
        yield FilterBar()
        for widget in self.body():
            widget.add_class("content", update=False)  # it gets its styles when it is mounted
            yield widget
        yield Lines(id="lesson")
        yield Lines(id="too-small")
        yield Story([[]], id="story")
        yield Footer(id="footer")

    def refresh_frame(self) -> None:
        """The lines around the body: tabs, crumb, story, footer."""
        if not self.is_mounted:
            return
        width, height = self.app.size
        if frames.too_small(width, height):
            self.query_one("#too-small", Lines).set(frames.small_lines(width, height))
            return
        app = self.console_app
        app.attend(self.looking_at() if self.view is not None else None)
        told = self.query_one(TitleBar).show_tabs(self.NAME, app.badges, app.corner())
        left, right = self.crumb()
        line = frames.crumb_line(
            left, frames.told_of(self, right), width, urgent=[] if told else app.urgent()
        )
        self.query_one(Crumb).set([line])
        if self.filtering:
            self._draw_filter(right)
        self.query_one(Footer).show_keys(self._hinted(), width)
        if app.story is not None:
            self.query_one(Story).tell(app.story.text, app.story.key, width)

    def _hinted(self) -> list[Command]:
        """The area's own keys, what the row calls for, the keys that work everywhere, those of a table."""
        me, known, keys = self.me, self.is_mounted and self.view is not None, commands.keymap(self.scopes())
        out = commands.by_id("everywhere.out")
        if self.typing():  # letters are letters there
            return [out]

        def hinted(command: Command) -> bool:
            if not command.footer or keys.get(command.keys[0]) is not command:
                return False
            return not command.does or (known and me.may(command.role) and self.offers(command))

        own, *inner, every = self.scopes()
        found = [c for scope in (own, every, *inner) for c in commands.of_scope(scope) if hinted(c)]
        leaves = self.inside() or self.console_app.led_here
        return [*([out] if leaves else []), *(c for c in found if c is not out)]

    def on_resize(self) -> None:
        self.set_class(frames.too_small(*self.app.size), "-too-small")
        self.set_class(self.app.size.height < frames.ROOMY, "-tiny")  # theme.tcss says what gives way
        self.refresh_frame()

    def on_screen_resume(self) -> None:
        """Shown, for the first time or again: what is known already, and then what is new."""
        self.refresh_frame()
        self.call_after_refresh(self.reload)

    def on_descendant_focus(self) -> None:
        self.refresh_frame()

    # -- keys --------------------------------------------------------------------------------------

    def scopes(self) -> tuple[str, ...]:
        """Whose keys count now: the area's, then those of the focused widget's kind, then everybody's."""
        inner = getattr(self.focused, "SCOPE", "") or ("table" if self.main() is not None else "")
        return (self.NAME, inner, "everywhere") if inner else (self.NAME, "everywhere")

    def on_key(self, event: Key) -> None:
        if self.app.screen is not self:  # typed ahead, before what the last key called was there
            event.stop()
            self.app.screen.post_message(Key(event.key, event.character))
            return
        key = key_name(event)
        if isinstance(self.focused, Field) and key != "escape":
            if self.filtering and event.is_printable:  # typed ahead, before the field had the keys
                event.stop()
                self.filter_field.insert_text_at_cursor(event.character or "")
            return
        command = commands.keymap(self.scopes()).get(key)
        if command is not None:
            event.stop()
            event.prevent_default()
            self.run_command(command)

    def run_command(self, command: Command) -> None:
        """Do one command of the table, whoever of area, table and app answers to it."""
        for owner in self._owners(command.scope):
            method: Callable[[], object] | None = getattr(owner, command.method, None)
            if method is not None:
                method()
                if command.scope == self.NAME:  # what it opened or left shows in the footer
                    self.call_after_refresh(self.refresh_frame)
                return
        self.notify(f"{command.title}: not possible here", severity="warning", markup=False)

    def _owners(self, scope: str) -> Iterable[object]:
        if scope == self.NAME:
            return (self,)
        if scope == "everywhere":
            return (self, self.app)
        return tuple(
            widget for widget in (self.focused, self.main()) if getattr(widget, "SCOPE", "") == scope
        )

    def cmd_out(self) -> None:
        """Escape: one level, the newest first: field, zoom, pane, filter, the row that led here."""
        main = self.main()
        if self.filtering:
            self._leave_filter()
        elif self.out():
            return
        elif main is not None and main.display and self.focused not in (main, None):
            main.focus()
        elif self.filter_text:
            self.filter_field.value = ""
            self.filtered("")
        elif self.console_app.led_here:
            self.console_app.cmd_back()

    def cmd_next_pane(self) -> None:
        self.focus_next()

    def cmd_previous_pane(self) -> None:
        self.focus_previous()

    def cmd_redraw(self) -> None:
        self.reload()
        self.console_app.forget_screen()
        self.refresh()

    # -- the filter field --------------------------------------------------------------------------

    @property
    def filter_field(self) -> Field:
        return self.query_one("#filter", Field)

    def cmd_filter(self) -> None:
        self._before = self.filter_text
        self.filter_field.value = self.filter_text
        self.add_class("-filtering")
        self.set_focus(self.filter_field)
        self.refresh_frame()

    def _draw_filter(self, found: Line) -> None:
        width, height = self.app.size
        roomy = self._wrong or height >= frames.ROOMY
        notes = frames.filter_notes(self._wrong, self.filter_help(), width) if roomy else []
        self.query_one(FilterBar).tell(
            frames.filter_head(self.NAME), frames.filter_found(self.NAME, found, width), notes
        )

    @on(Field.Changed, "#filter")
    def _filter_typed(self, event: Field.Changed) -> None:
        event.stop()
        if self.filtering and self.previews() and event.value != self.filter_text:
            self.filtered(event.value)

    @on(Field.Submitted, "#filter")
    def _filter_done(self, event: Field.Submitted) -> None:
        event.stop()
        if self._wrong and event.value == self.filter_text and event.value != self._before:
            return  # the field stays open, the reason below it
        self._close_filter()
        if event.value != self.filter_text or not self.previews():
            self.filtered(event.value)

    def _leave_filter(self) -> None:
        """As it was before `/` was pressed."""
        self._close_filter()
        self.filter_field.value = self._before
        if self.filter_text != self._before:
            self.filtered(self._before)

    def _close_filter(self) -> None:
        self.remove_class("-filtering")
        self.set_focus(self.main())
        self.refresh_frame()

    # -- its tables --------------------------------------------------------------------------------

    @on(Table.Arranging)
    def _arranging(self, message: Table.Arranging) -> None:
        message.stop()
        table = message.table
        if self.app.screen is not self:  # the next key, typed at once, has gone elsewhere: so has the person
            return
        if message.what == "wide":
            arranging.widen(self, table)
        elif message.what == "columns":
            arranging.choose_columns(self, table)
        elif message.key:
            arranging.clicked(self, table, message.key)
        else:
            arranging.choose_sort(self, table)

    @on(Table.Arranged)
    def _arranged(self, message: Table.Arranged) -> None:
        message.stop()
        self.refresh_frame()

    @on(Table.Marked)
    def _marks_changed(self) -> None:
        self.refresh_frame()

    @on(Table.Opened)
    def _row_opened(self, message: Table.Opened) -> None:
        """Clicked twice: what `enter` does."""
        message.stop()
        command = commands.keymap(self.scopes()).get("enter")
        if command is not None:
            self.run_command(command)

    @on(Footer.Pressed)
    def _hint_clicked(self, message: Footer.Pressed) -> None:
        message.stop()
        self.run_command(message.command)

    # -- doing -------------------------------------------------------------------------------------

    def propose(self, deed: Deed) -> None:
        """Show what would be done; do it when the person says yes."""
        from lineside.console.screens.base.doing import propose

        propose(self, deed)

    def choose(self, title: str, names: Sequence[str], then: Callable[[int], None]) -> None:
        """Let the person pick one of these by its letter; `then` gets its place."""
        from lineside.console.overlays.choosing import choose

        choose(self, title, names, then)
