"""How an area reads: off the loop, one question at a time, the newest one last, and never without a rest."""

import sqlite3
import time
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar, cast

from textual import on
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget
from textual.worker import Worker, WorkerState

from lineside.console.ports import Actions, Me, Question, Store
from lineside.console.reads.badges import Surroundings, surroundings
from lineside.console.screens.base.events import Loaded, Unread
from lineside.console.views.frame import frames
from lineside.console.views.frame.lessons import lesson
from lineside.console.widgets.lines import Lines
from lineside.store.clock import Micros
from lineside.store.errors import LinesideError

if TYPE_CHECKING:
    from lineside.console.app import LinesideApp

V = TypeVar("V")
REST, LONGEST_REST_S = 4.0, 2.0
"""An area that is slow to read rests four times as long before it reads again: a fifth of a core at most."""


class Reading(Screen[None], Generic[V]):
    """A screen that shows the answer to a question about the store, and asks anew when somebody committed."""

    NAME: ClassVar[str] = ""
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
    """Who gets and who loses the focus draws itself; Textual would draw the whole screen too."""

    def __init__(self, store: Store, actions: Actions) -> None:
        super().__init__(name=self.NAME)
        self.store, self.actions = store, actions
        self.filter_text = ""
        self.view: V | None = None
        self.whole = True  # the next question is about everything, not only about the row under the cursor
        self._loading = self._stale = self._resting = False
        self._rest_until = 0.0
        self._wrong = ""  # why what is typed finds nothing
        self._why_old = ""  # why the newest answer is older than it should be
        self.as_of: Micros | None = None  # when what is on the screen was read

    def question(self) -> Question[V]:
        """What to read now: captures filter, sort and selection here, on the loop; runs in a thread."""
        raise NotImplementedError

    def show(self, view: V) -> None:
        """Put an answer on the screen."""
        raise NotImplementedError

    def empty(self, view: V) -> bool:
        """Is there nothing at all? Then the area says what it is for and what fills it."""
        return False

    def first_focus(self) -> Widget | None:
        """What has the keys when the area is entered for the first time."""
        return None

    def refresh_frame(self) -> None:
        """Draw the lines around the body anew."""

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

    @property
    def filtering(self) -> bool:
        """Whether a filter is being typed."""
        return self.has_class("-filtering")

    @property
    def stale(self) -> str:
        """`as of 12:03:07` while what is on the screen may not be the newest; else nothing."""
        old = self.console_app.paused or self._why_old
        return frames.as_of(self.as_of, now=self.now) if old and self.as_of is not None else ""

    def _compositor_refresh(self) -> None:
        """Textual renders also while the app holds its frames, and once more what is drawn whole already."""
        if self.app._batch_count:
            self._repaint_required = True
            return
        whole = self.size.region in self._compositor._dirty_regions
        super()._compositor_refresh()
        self._repaint_required = self._repaint_required and not whole

    # -- reading -----------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """The first answer is read at once, so that the first frame already has rows."""
        try:
            self._arrive(*self.store.read(self._with_frame(self.question())))
        except (sqlite3.Error, LinesideError) as error:
            self._not_read(str(error))
        first = self.first_focus()
        if first is not None:
            first.focus()

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
            hint = getattr(error, "hint", "")
            self.post_message(Unread(f"{error} · {hint}" if hint else str(error)))

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
        self._not_read(message.words)
        if self._stale:
            self.reload(whole=False)

    def _not_read(self, words: str) -> None:
        """Say once why there is nothing newer; a filter that is half typed is no news."""
        if self.filtering:
            self._wrong = words
        elif words != self._why_old:
            self.notify(words, severity="error", markup=False)
        self._why_old = words
        self.refresh_frame()

    def _arrive(self, view: V, around: Surroundings) -> None:
        self.console_app.around = around
        self._why_old, self.as_of = "", self.now
        self._wrong = str(getattr(view, "problem", "") or "")
        if not (self._wrong and self.filtering):  # the rows from before stay while it is typed
            self.show(view)
            self.view = view
            self._teach(self.empty(view))
        self.refresh_frame()

    def _teach(self, nothing: bool) -> None:
        """The lesson in place of the body; the keys go to the body again when there is something."""
        if nothing:
            self.query_one("#lesson", Lines).set(lesson(self.NAME, *self.app.size))
        elif self.has_class("-empty") and (first := self.first_focus()) is not None:
            self.call_after_refresh(first.focus)
        self.set_class(nothing, "-empty")

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A bug in a worker is said, not swallowed and not fatal."""
        if event.state is WorkerState.ERROR:
            self._loading = False
            self.notify(f"{self.NAME}: {event.worker.error!r}", severity="error", markup=False)
