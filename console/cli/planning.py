"""What `lineside run` does beside running when a schedule's firing started it as its planner job."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from lineside.console.cli.session import Json, Session
from lineside.store.errors import NotFound, Usage


def family(session: Session) -> Json:
    """The keys by which what is submitted from inside a job stays known as that job's, and its firing's."""
    parent = os.environ.get("LINESIDE_JOB")
    if parent is None:
        return {}
    if "LINESIDE_SCHEDULE" not in os.environ:
        return {"parent": int(parent)}
    from lineside.store.queries import schedules

    of = schedules.of_job(session.read(), int(parent))
    return {"parent": int(parent), "schedule_id": of.schedule_id, "due_us": of.due_us}


@contextmanager
def parking(session: Session) -> Iterator[None]:
    """A planner whose pipeline is gone has its schedule parked: it would fail again each time."""
    try:
        yield
    except (NotFound, Usage) as error:
        if "LINESIDE_SCHEDULE" in os.environ and "LINESIDE_JOB" in os.environ:
            session.ask("schedules.park", job=int(os.environ["LINESIDE_JOB"]), reason=str(error))
        raise
