"""Runs held against each other: what differs of all that are marked, and two of them text by text."""

from itertools import combinations

from lineside.console.ports import Actions, Store
from lineside.console.reads import behind
from lineside.console.reads.behind import Texts
from lineside.console.screens.run_looks import COMPARED, RunLooks
from lineside.console.views.runs import texts
from lineside.console.widgets.texts.diff import Diff
from lineside.console.widgets.texts.diffview import DiffView


class PairedRuns(RunLooks):
    """What the runs area knows of two runs out of those that are marked."""

    def __init__(self, store: Store, actions: Actions) -> None:
        super().__init__(store, actions)
        self._chosen_pair: tuple[int, int] | None = None  # as long as both are marked

    @property
    def pair(self) -> tuple[int, int] | None:
        """The two whose code, data and files are looked at; None: fewer than two are marked."""
        pairs = self._pairs()
        return self._chosen_pair if self._chosen_pair in pairs else next(iter(pairs), None)

    def _pairs(self) -> list[tuple[int, int]]:
        return list(combinations(list(self._letters())[:8], 2))

    def _pair_said(self) -> str:
        letters = self._letters()
        return "" if self.pair is None else " → ".join(f"{letters[run]} run {run}" for run in self.pair)

    @property
    def _diff(self) -> DiffView:
        return self.query_one("#diff", DiffView)

    def cmd_pair(self) -> None:
        """The next two of the marked."""
        pairs, now = self._pairs(), self.pair
        if now is None or len(pairs) < 2:
            self.notify("two are compared text by text: mark a third with space", markup=False)
            return
        self._chosen_pair = pairs[(pairs.index(now) + 1) % len(pairs)]
        if self.has_class("-diffing"):
            self._read_texts()
        self.reload(whole=False)

    def cmd_diff(self) -> None:
        """The texts of two runs over the whole screen, and away again."""
        if self.has_class("-diffing"):
            self._leave_diff()
        elif self.pair is None:
            self.notify("mark two runs first with space", markup=False)
        else:
            self.add_class("-diffing")
            self._read_texts()
            self.call_after_refresh(self._diff.focus)

    def _leave_diff(self) -> None:
        self.remove_class("-diffing")
        back = self.query_one("#page") if self._pane in COMPARED else self.main()
        self.call_after_refresh(back.focus)

    def _read_texts(self) -> None:
        """In a thread: git may be asked, and files are held against each other line by line."""
        pair, home, room = self.pair, self.store.home, self.app.size.height - 5
        assert pair is not None
        self._diff.show(None, title=f"{self._pair_said()}  reading …")

        def read() -> None:
            found: Texts = self.store.read(lambda db: behind.texts(db, home, *pair))
            diff = texts.diff_of(found, room=room)
            self.app.call_from_thread(self._show_diff, pair, diff)

        self.run_worker(read, thread=True, group="texts", exit_on_error=False)

    def _show_diff(self, pair: tuple[int, int], diff: Diff) -> None:
        if pair == self.pair:
            self._diff.show(diff, title=self._pair_said())
        self.refresh_frame()
