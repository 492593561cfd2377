"""The lines around the runs area: where one is, what is there in sum, and which keys count now."""

from lineside.console.commands import Command
from lineside.console.format import count
from lineside.console.reads.leaderboard import Leaderboard
from lineside.console.screens.run_looks import COMPARED
from lineside.console.screens.run_pairs import PairedRuns
from lineside.console.text import Line, Span, line_width, safe
from lineside.console.views.runs import groups as grouped
from lineside.console.views.runs import runs as drawing

_OF_THE_LIST = frozenset({"runs.metric", "runs.sort", "runs.group", "runs.all", "everywhere.filter"})
_OF_A_PAIR = frozenset({"runs.diff", "runs.pair"})
_NOT_OF_TEXTS = frozenset({
    "runs.open", "runs.compare", "runs.output", "runs.diff", "everywhere.do", "everywhere.go",
})  # fmt: skip
_OPEN = frozenset({"runs.open"})
_OF_AN_OPENED = frozenset({"runs.next_run"})


class FramedRuns(PairedRuns):
    """What the frame says of the runs area."""

    def _hinted(self) -> list[Command]:
        """What has nothing to work on where one is now is not offered."""
        unfit = self._unfit()
        return [command for command in super()._hinted() if command.id not in unfit]

    def _unfit(self) -> frozenset[str]:
        alone = frozenset({"runs.pair"}) if len(self._pairs()) < 2 else frozenset()
        if self.has_class("-diffing"):
            return _OF_THE_LIST | _OF_AN_OPENED | alone | _NOT_OF_TEXTS
        if self._opened is not None:
            return _OF_THE_LIST | _OF_A_PAIR | (frozenset() if self._run().leads else _OPEN)
        if self._pane in COMPARED:
            reads = _OPEN if self.query_one("#page").has_focus else frozenset()
            return (_OF_THE_LIST - {"runs.metric"}) | _OF_AN_OPENED | alone | reads
        return _OF_A_PAIR | _OF_AN_OPENED

    def inside(self) -> bool:
        deeper = self._opened is not None or self._pane != "chart" or self.has_class("-diffing")
        return super().inside() or deeper or bool(self._levels or self._asked.group)

    def crumb(self) -> tuple[Line, Line]:
        view = self.view
        left: list[Span] = [(" Runs", "bold")]
        if self._opened is not None and view is not None and view.opened is not None:
            run = view.opened.run
            left += [(" › ", "dim"), (f"{run.id} {safe(run.name)}", "accent")]
            return [*left, (self._placed(run.id), "dim")], [drawing.status(run)]
        if self.has_class("-diffing"):
            return [*left, (" › compare › ", "dim"), ("texts", "accent")], self._marked_in_sum()
        if self._pane in COMPARED and view is not None and view.comparison is not None:
            return [*left, (" › compare › ", "dim"), *self._compared()], self._marked_in_sum()
        if self.filter_text:
            left += [(" › / ", "dim"), (safe(self.filter_text), "accent")]
        if view is None:
            return left, []
        if view.problem:
            return [*left, ("  ", ""), (safe(view.problem), "bad")], []
        if view.groups is not None:
            return [*left, (" › by ", "dim"), (safe(view.groups.key), "accent")], grouped.in_sum(view.groups)
        left += self._order(view, self.app.size.width * 3 // 5 - line_width(left))
        if self.filtering and self._wrong:  # the rows are those from before
            return left, []
        shown = f"{count(len(view.ids))} of {count(view.total)}" if self.filter_text else count(view.total)
        right: list[Span] = [(shown, ""), (" runs", "dim")]
        right += [(" · ", "dim"), (f"{count(view.failed)} failed", "bad")] if view.failed else []
        return left, [*right, *([(" · ", "dim")] if self.main().marks else []), *self._marked_in_sum()]

    def _order(self, view: Leaderboard, room: int) -> Line:
        """What stands first and what the star is for, as far as there is room for it."""
        between: Span = (" · " if self.filter_text else "  ", "dim")
        said = drawing.order(view)
        return next(([between, *part] for part in (said, said[:1]) if line_width(part) + 3 <= room), [])

    def _compared(self) -> Line:
        """`a 812  b 798`, and why these two where no two are marked."""
        letters, best = self._letters(), self._board.best if self._board is not None else None
        spans: list[Span] = []
        for run, letter in letters.items():
            spans += [(f"{letter} ", f"bold {letter}"), (f"{'★' if run == best else ''}{run}  ", letter)]
        marks = self._marks()
        if len(marks) < 2:
            one = "the marked" if marks else "the row"
            row = self._run_of(self.main().current_key)
            other = "the row" if marks and row in letters and row not in marks else "the best"
            spans.append((f"{one} with {other}", "dim"))
        return spans

    def _marked_in_sum(self) -> Line:
        marks = len(self.main().marks)
        return [(f"{marks} marked", "accent")] if marks else []

    def _placed(self, run: int) -> str:
        """`  3 of 40`: where the opened run stands in the list."""
        at, of = self.main().rows.index_of(run), len(self.main().rows)
        return "" if at is None else f"  {count(at + 1)} of {count(of)}"
