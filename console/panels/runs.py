"""The panels of runs: leaderboard, one run, curves, what differs."""

from collections.abc import Sequence

from lineside.console.panels import Asked, Shown
from lineside.console.panels.tables import table
from lineside.console.reads import charts, leaderboard, opened
from lineside.console.reads.charts import Look
from lineside.console.views.runs import comparisons
from lineside.console.views.runs import run as run_views
from lineside.console.views.runs import runs as views
from lineside.store.errors import NotFound, Usage
from lineside.store.queries import runs as query

_PAGE, _CHART, _LETTERS = 60, 20, "abcdefgh"


def runs(asked: Asked) -> Shown:
    wish = leaderboard.Asked(where=" ".join(asked.args), points=False)
    board = leaderboard.read(asked.db, asked.home, wish)
    if board.problem:
        raise Usage(board.problem)
    ids = board.ids[:_PAGE]
    lines = leaderboard.page(asked.db, ids, board.column)
    found = [lines[id] for id in ids if id in lines]
    cells = [views.cells(line, board, asked.me, now=asked.now) for line in found]
    draw = table("RUNS", views.columns(board), cells, empty="no run yet")
    return Shown(data=found, draw=draw, told=("run.id", "run.status"))


def run(asked: Asked) -> Shown:
    row = query.find(asked.db, asked.arg("RUN"))
    detail = opened.read(asked.db, asked.home, row.id)
    data = {"run": detail.run, "params": detail.params, "tags": detail.tags, "metrics": list(detail.metrics)}
    return Shown(data=data, draw=lambda w, h: run_views.facts(detail, asked.me, w, now=asked.now))


def chart(asked: Asked) -> Shown:
    """Curves of runs; `metric=NAME` among the arguments names another metric."""
    from lineside.console.cli import charting

    given = [arg for arg in asked.args if not arg.startswith("metric=")]
    metric = next((arg.removeprefix("metric=") for arg in asked.args if arg.startswith("metric=")), "")
    ids = _ids(asked, given) if given else _newest(asked)
    metric = metric or leaderboard.main_metric(query.metric_names(asked.db, ids))
    lines = charts.lines(asked.db, asked.home, ids, metric, Look(), width=None)
    if not lines:
        raise NotFound("metric", metric, hint="none of these runs logged it")
    return Shown(
        data=charting.told(lines),
        draw=lambda w, h: charting.drawn(metric, lines, Look(), width=w, height=max(h, _CHART), log_y=False),
    )


def compare(asked: Asked) -> Shown:
    ids = _ids(asked, asked.args)
    if len(ids) < 2:
        raise Usage("two runs at least", hint="lineside view compare RUN RUN…")
    board = leaderboard.read(asked.db, asked.home, leaderboard.Asked(charted=tuple(ids), points=False))
    letters = dict(zip(ids, _LETTERS, strict=False))
    draw = comparisons.lines
    return Shown(data=board.comparison, draw=lambda w, h: draw(board, letters, w, every=False))


def _ids(asked: Asked, given: Sequence[str]) -> list[int]:
    return list(dict.fromkeys(query.find(asked.db, text).id for text in given))


def _newest(asked: Asked) -> list[int]:
    board = leaderboard.read(asked.db, asked.home, leaderboard.Asked(points=False))
    return list(board.ids[:1])
