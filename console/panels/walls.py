"""The wall's panels."""

from lineside.console.panels import Asked, Shown
from lineside.console.panels.gpus import looked
from lineside.console.panels.tables import table
from lineside.console.reads import traces, visits
from lineside.console.reads import walls as reads
from lineside.console.reads.needs import needs as every
from lineside.console.views.wall import wall as views
from lineside.console.widgets.tables.rows import Column

_NEEDS = (
    Column(key="word", title="needs you", priority=1),
    Column(key="text", title="what", priority=1, max=100, grow=True, min=20),
    Column(key="when", title="since", priority=2),
)


def needs(asked: Asked) -> Shown:
    found = views.in_order(every(asked.db, at=asked.now), asked.me)
    cells = [views.need_cells(need, asked.me, asked.now)[:3] for need in found]
    return Shown(data=found, draw=table("NEEDS YOU", _NEEDS, cells, empty="nothing waits for anybody"))


def wall(asked: Asked) -> Shown:
    state = looked(asked)
    found = views.with_runner(reads.read(asked.db, at=asked.now, left=visits.last(asked.home)), state)
    scene = views.Scene(
        wall=found, me=asked.me, gpus=state.gpus, gpu_words=state.gpu_words, slots=state.slots,
        curves=traces.curves(asked.db, asked.home, found), loads=traces.loads(asked.db, asked.home, found),
    )  # fmt: skip
    return Shown(data=found, draw=lambda width, height: views.draw(scene, width, height))
