"""What the nine areas share: two lines on top, a footer, keys from the command table, reading off the loop.

An area fills in five things: `NAME`; `body` (its widgets); `question` (a closure over what is asked now, run
in a worker thread on a read-only connection); `show` (puts the answer on the screen); `main` (the table that
has the keys). Its commands stand in `console/keys/<area>.py` and are answered by `cmd_<verb>`; those behind
`.` end in `propose(Deed(...))`.
"""

import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, cast

from textual import on
from textual.app import ComposeResult
from textual.events import Key
from textual.screen import Screen
from textual.widget import Widget
from textual.worker import Worker, WorkerState

from lineside.console import commands
from lineside.console.commands import TITLES, Command
from lineside.console.deeds import Answer, Deed
from lineside.console.ports import Actions, Me, Question, Store
from lineside.console.reads.badges import Surroundings, surroundings
from lineside.console.screens.events import Loaded, Unread, key_name
from lineside.console.text import Line, spread
from lineside.console.views.lessons import lesson
from lineside.console.widgets.field import Field
from lineside.console.widgets.footer import Footer, Story, hints
from lineside.console.widgets.lines import Lines
from lineside.console.widgets.table import Table
from lineside.console.widgets.titlebar import Crumb, TitleBar
from lineside.store.clock import Micros
from lineside.store.errors import LinesideError
from lineside.store.queries.stories import StoryRow

if TYPE_CHECKING:
    from lineside.console.app import LinesideApp

V = TypeVar("V")
REST, LONGEST_REST_S = 4.0, 2.0
"""An area that is slow to read rests four times as long before it reads again: a fifth of a core at most."""

Targets = Mapping[str, int | str | None]


class Area(Screen[None], Generic[V]):
    """One of the nine areas."""

    NAME: ClassVar[str] = ""
    BINDINGS: ClassVar = []
    AUTO_FOCUS = ""
    DEFAULT_CSS = """
    Area { layout: vertical; }
    Area > #body { height: 1fr; }
    Area > #filter { display: none; }
    Area.-filtering > #filter { display: block; }
    Area.-filtering > #crumb { display: none; }
    Area > #lesson { display: none; height: 1fr; }
    Area.-empty > #lesson { display: block; }
    Area.-empty > .content { display: none; }
    """

    def __init__(self, store: Store, actions: Actions) -> None:
        super().__init__(name=self.NAME)
        self.store, self.actions = store, actions
        self.filter_text = ""
        self.view: V | None = None
        self.whole = True  # the next question is about everything, not only about the row under the cursor
        self._loading = self._stale = self._resting = False
        self._rest_until = 0.0

    # -- what an area fills in ---------------------------------------------------------------------

    def body(self) -> ComposeResult:
        """The widgets between the top lines and the footer."""
        raise NotImplementedError

    def question(self) -> Question[V]:
        """What to read now: captures filter, sort and selection here, on the loop; runs in a thread."""
        raise NotImplementedError

    def show(self, view: V) -> None:
        """Put an answer on the screen."""
        raise NotImplementedError

    def empty(self, view: V) -> bool:
        """Is there nothing at all? Then the area says what it is for and what fills it."""
        return False

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

    def out(self) -> bool:
        """`esc`: leave one level inside the area; False when there was none."""
        return False

    # -- reading -----------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """The first answer is read at once, so that the first frame already has rows."""
        try:
            self._arrive(*self.store.read(self._with_frame(self.question())))
        except (sqlite3.Error, LinesideError) as error:
            self.notify(str(error), severity="error", markup=False)
        first = self.first_focus()
        if first is not None:
            first.focus()
        self.call_after_refresh(self.reload)

    def reload(self, *, whole: bool = True) -> None:
        """Read again off the loop. While an answer is under way, the next question waits for it.

        Args:
            whole: False where only the cursor or a mark moved: `question` may keep what that cannot change.
        """
        self.whole = self.whole or whole
        if not self.is_mounted:  # it reads when it is
            return
        if self._loading:
            self._stale = True
            return
        self._loading, self._stale = True, False
        question, self.whole = self.question(), False
        self.run_worker(lambda: self._read(question), thread=True, group="load", exit_on_error=False)

    def store_changed(self) -> None:
        """Somebody committed: read again, but not before the area has rested from its last reading."""
        rest = self._rest_until - time.monotonic()
        if rest <= 0:
            self.reload()
        elif not self._resting:
            self._resting = True
            self.set_timer(rest, self._rested)

    def _rested(self) -> None:
        self._resting = False
        if self.is_current:
            self.reload()

    def _with_frame(self, question: Question[V]) -> Question[tuple[V, Surroundings]]:
        """The area's own question and what the frame shows, in one read."""
        at = self.now
        return lambda db: (question(db), surroundings(db, at=at))

    def _read(self, question: Question[V]) -> None:
        try:
            start = time.monotonic()
            view, around = self.store.read(self._with_frame(question))
            self.post_message(Loaded(view, around, time.monotonic() - start))
        except (sqlite3.Error, LinesideError) as error:
            self.post_message(Unread(str(error)))

    @property
    def awaiting(self) -> bool:
        """Whether an answer is under way, or another question waits for it."""
        return self._loading or self._stale

    @on(Loaded)
    def _loaded(self, message: Loaded) -> None:
        message.stop()
        self._loading = False
        self._rest_until = time.monotonic() + min(LONGEST_REST_S, REST * message.took_s)
        self._arrive(message.view, message.around)
        if self._stale:
            self.reload(whole=False)

    @on(Unread)
    def _unread(self, message: Unread) -> None:
        message.stop()
        self._loading = False
        self.notify(message.words, severity="error", markup=False)

    def _arrive(self, view: V, around: Surroundings) -> None:
        self.console_app.around = around
        self.show(view)
        self.view = view
        self._teach(self.empty(view))
        self.refresh_frame()

    def _teach(self, nothing: bool) -> None:
        """The lesson in place of the body; the keys go to the body again when there is something."""
        if nothing:
            self.query_one("#lesson", Lines).set(lesson(self.NAME, self.app.size.width))
        elif self.has_class("-empty") and (first := self.first_focus()) is not None:
            self.call_after_refresh(first.focus)
        self.set_class(nothing, "-empty")

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A bug in a worker is said, not swallowed and not fatal."""
        if event.state is WorkerState.ERROR:
            self._loading = False
            self.notify(f"{self.NAME}: {event.worker.error!r}", severity="error", markup=False)

    # -- the frame ---------------------------------------------------------------------------------

    @property
    def console_app(self) -> "LinesideApp":
        return cast("LinesideApp", self.app)

    @property
    def me(self) -> Me:
        return self.console_app.runner.me

    @property
    def now(self) -> Micros:
        """The moment that clock times are written against."""
        return self.console_app.clock()

    def compose(self) -> ComposeResult:
        yield TitleBar(id="titlebar")
        yield Crumb(id="crumb")
        yield Field(placeholder="filter", id="filter")
        for widget in self.body():
            widget.add_class("content")
            yield widget
        yield Lines(id="lesson")
        yield Story([[]], id="story")
        yield Footer(id="footer")

    def refresh_frame(self) -> None:
        """The lines around the body: tabs, crumb, story, footer."""
        if not self.is_mounted:
            return
        width = self.app.size.width
        app = self.console_app
        self.query_one(TitleBar).show_tabs(self.NAME, app.badges, app.corner())
        left, right = self.crumb()
        self.query_one(Crumb).set([spread(left, [*right, (" ", "")], width)])
        self.query_one(Footer).set([hints(self._hinted(), width)])
        story: StoryRow | None = app.story
        if story is not None:
            self.query_one(Story).tell(story.text, story.key, width)

    def _hinted(self) -> list[Command]:
        """The area's own keys, what the row calls for, then the keys that work everywhere."""
        me, known = self.me, self.is_mounted and self.view is not None
        own = [
            c
            for c in commands.of_scope(self.NAME)
            if c.footer and (not c.does or (known and me.may(c.role) and self.offers(c)))
        ]
        return own + [c for c in commands.of_scope("everywhere") if c.footer]

    def on_resize(self) -> None:
        self.refresh_frame()

    def on_screen_resume(self) -> None:
        if self.view is not None:
            self.refresh_frame()
            self.reload()

    # -- keys --------------------------------------------------------------------------------------

    def scopes(self) -> tuple[str, ...]:
        """Whose keys count now: the area's, then those of the focused widget's kind, then everybody's."""
        inner = getattr(self.focused, "SCOPE", "") or ("table" if self.main() is not None else "")
        return (self.NAME, inner, "everywhere") if inner else (self.NAME, "everywhere")

    def on_key(self, event: Key) -> None:
        key = key_name(event)
        if isinstance(self.focused, Field) and key != "escape":
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
        """Escape: the filter, then whatever level the area is in."""
        if self.has_class("-filtering"):
            self._close_filter("" if not self.filter_text else self.filter_text)
        elif not self.out() and self.filter_text:
            self.query_one("#filter", Field).value = ""
            self.filtered("")

    def cmd_next_pane(self) -> None:
        self.focus_next()

    def cmd_previous_pane(self) -> None:
        self.focus_previous()

    def cmd_redraw(self) -> None:
        self.reload()
        self.refresh()

    # -- the filter field --------------------------------------------------------------------------

    def cmd_filter(self) -> None:
        self.add_class("-filtering")
        self.query_one("#filter", Field).focus()

    @on(Field.Submitted, "#filter")
    def _filter_done(self, event: Field.Submitted) -> None:
        event.stop()
        self._close_filter(event.value)

    def _close_filter(self, text: str) -> None:
        self.remove_class("-filtering")
        self.query_one("#filter", Field).value = text
        table = self.main()
        if table is not None:
            table.focus()
        else:
            self.set_focus(None)
        if text != self.filter_text:
            self.filtered(text)

    # -- doing -------------------------------------------------------------------------------------

    def propose(self, deed: Deed) -> None:
        """Show what would be done; do it when the person says yes."""
        from lineside.console.screens.confirm import Confirm

        def decided(answer: Answer | None) -> None:
            if answer is not None:
                self.run_worker(lambda: self._do(deed, answer), thread=True, group="do", exit_on_error=False)

        self.app.push_screen(Confirm(deed), decided)

    def _do(self, deed: Deed, answer: Answer) -> None:
        """Make the requests one after the other, in a worker thread; the first refusal ends it."""
        try:
            for ask in deed.then(answer) if deed.then else deed.asks:
                args = ask.args if deed.then else {**ask.args, **answer.values}
                self.actions.ask(ask.verb, {**args, "reason": answer.reason} if answer.reason else args)
                self.app.call_from_thread(self.notify, ask.said, markup=False)
        except LinesideError as error:
            words = f"{error}\n{error.hint}" if error.hint else str(error)
            self.app.call_from_thread(self.notify, words, severity="error", timeout=12, markup=False)
        self.app.call_from_thread(self.reload)

    def choose(self, title: str, names: Sequence[str], then: Callable[[int], None]) -> None:
        """Let the person pick one of these by its letter; `then` gets its place."""
        from lineside.console.screens.choosing import choose

        choose(self, title, names, then)
