"""The panels of jobs: queue, reasons, GPUs, schedules, pipelines."""

from lineside.console.panels import Asked, Shown
from lineside.console.panels.gpus import looked
from lineside.console.panels.tables import table
from lineside.console.reads import joblist, pipelist
from lineside.console.text import Line, heading
from lineside.console.views.grid import capped
from lineside.console.views.jobs import gpus as gpu_views
from lineside.console.views.jobs import jobs as views
from lineside.console.views.jobs import pipelines as pipe_views
from lineside.console.views.jobs import schedules as schedule_views
from lineside.console.views.jobs.why import why_lines
from lineside.store.queries import jobs as query
from lineside.store.queries import schedules as schedule_query

_PAGE = 200


def gpus(asked: Asked) -> Shown:
    state = looked(asked)
    live = query.live(asked.db)

    def draw(width: int, height: int) -> list[Line]:
        rows = gpu_views.gpu_lines(
            state.gpus, live, asked.me, words=state.gpu_words, width=width, now=asked.now
        )
        return [heading("GPUS", width), *rows]

    return Shown(data=list(state.gpus), draw=draw)


def jobs(asked: Asked) -> Shown:
    view = joblist.read(
        asked.db, asked.home, where=" ".join(asked.args), current=None, points=False, at=asked.now
    )
    rows = joblist.page(asked.db, view.ids[:_PAGE], at=asked.now)
    found = [rows[id] for id in view.ids[:_PAGE] if id in rows]
    cells = [views.cells(row, {}, (), asked.me, now=asked.now) for row in found]
    draw = table("JOBS", views.COLUMNS, cells, empty="no job yet")
    return Shown(data=[row.job for row in found], draw=draw, told=("id", "name", "state"))


def why(asked: Asked) -> Shown:
    row = query.find(asked.db, asked.arg("JOB"))
    view = joblist.read(asked.db, asked.home, where="", current=row.id, points=False, at=asked.now)
    opened = view.opened
    assert opened is not None
    data = {"job": opened.job, "needs": list(opened.needs)}
    return Shown(data=data, draw=lambda w, h: capped(why_lines(opened, w), max(h, 40)))


def schedules(asked: Asked) -> Shown:
    found = schedule_query.listed(asked.db)
    cells = [schedule_views.cells(row, now=asked.now) for row in found]
    draw = table("SCHEDULES", schedule_views.COLUMNS, cells, empty="no schedule yet")
    return Shown(data=list(found), draw=draw, told=("name",))


def pipelines(asked: Asked) -> Shown:
    found = pipelist.read(asked.db)
    cells = [pipe_views.cells(pipe, now=asked.now) for pipe in found]
    draw = table("PIPELINES", pipe_views.COLUMNS, cells, empty="no pipeline is applied yet")
    data = [{"pipeline": p.name, "project": p.project, "state": p.state, "at_us": p.at_us} for p in found]
    return Shown(data=data, draw=draw, told=("pipeline", "state"))
