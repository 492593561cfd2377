"""`lineside gpus`: what may be given out, who is on it, and what everybody had of it."""

import click

from lineside.console.cli import output
from lineside.console.cli.output import Columns, json_option, moment
from lineside.console.cli.session import Json, Session, pass_session
from lineside.console.format import NONE, amount
from lineside.console.views.jobs import holding
from lineside.jobs.devices import idling
from lineside.jobs.devices.gpus import Gpu
from lineside.store.clock import after, now
from lineside.store.queries import jobs
from lineside.store.queries.jobs import JobRow

_DAY_S = 86_400.0


@click.command()
@click.option("--usage", is_flag=True, help="GPU-hours and kWh of each person instead.")
@click.option("--days", default=7.0, show_default=True, help="With --usage: how far back.")
@json_option
@pass_session
def gpus(session: Session, usage: bool, days: float, as_json: bool) -> None:
    """List the GPUs of this box and who is on them; --usage says what each person had."""
    if usage:
        _usage(session, days, as_json=as_json)
        return
    answer = session.ask("gpus.list", fresh=True)
    found, live = [Gpu.of(gpu) for gpu in answer["gpus"]], jobs.live(session.read())
    if as_json:
        output.one(_told(answer, found, live), (), as_json=True)
    elif not found:
        click.echo(output.clean(answer["words"]))
    else:
        output.rows([(gpu, live) for gpu in found], _COLUMNS, as_json=False, empty="")
        output.words(answer["words"])


def use_of_job(session: Session, job: int) -> tuple[Json, list[str]]:
    """What a job had of the GPUs, and what those like it needed: as JSON, and as lines."""
    from lineside.jobs.devices import predicting, usage

    db = session.read()
    had = usage.of_job(db, job, slots=_slots(session), at=now())
    expected = predicting.predicted(db, job) if jobs.get(db, job).gpus else None
    lines = [f"  had {had.words}"] if had else []
    lines += [f"  expected to need {expected.words}"] if expected else []
    return {"gpu_usage": had, "gpu_predicted": expected}, lines


def use_of_run(session: Session, run: int) -> tuple[Json, list[str]]:
    """What the job of a run had of the GPUs: as JSON, and as lines."""
    from lineside.jobs.devices import usage

    had = usage.of_run(session.read(), run, slots=_slots(session), at=now())
    return {"gpu_usage": had}, [f"  had {had.words}"] if had else []


def _slots(session: Session) -> int:
    """Of each GPU; one where the configuration cannot be read, which is no reason to show nothing."""
    from lineside.store import config
    from lineside.store.errors import BadConfig

    try:
        return config.load(session.home).queue.gpu_slots
    except BadConfig:
        return 1


def _told(answer: Json, found: list[Gpu], live: list[JobRow]) -> Json:
    """The runner's answer, with the jobs that were given each device, and those that let one idle."""
    devices = [
        {**said, "jobs": [{"job": job.id, "name": job.name, "who": job.submitted_by}
                          for job in holding.holders(gpu, live)]}
        for said, gpu in zip(answer["gpus"], found, strict=True)
    ]  # fmt: skip
    return {**answer, "gpus": devices, "idle": idling.report(found, live, at=now())}


def _usage(session: Session, days: float, *, as_json: bool) -> None:
    from lineside.jobs.devices import usage

    at, since = now(), after(now(), -days * _DAY_S)
    found = usage.of_people(session.read(), since=since, until=at, slots=_slots(session))
    columns: Columns = {
        "who": "who", "jobs": "jobs", "GPU-hours": lambda each: f"{each.usage.gpu_h:.2f}",
        "kWh": lambda each: None if each.usage.kwh is None else f"{each.usage.kwh:.3f}",
        "most memory": lambda each: None if each.usage.peak_bytes is None else amount(each.usage.peak_bytes),
    }  # fmt: skip
    output.rows(found, columns, as_json=as_json, empty=f"no job had a GPU in the last {days:g} days")


_COLUMNS: Columns = {
    "gpu": lambda row: str(row[0].index),
    "name": lambda row: row[0].name,
    "util": lambda row: NONE if row[0].util is None else f"{row[0].util} %",
    "memory": lambda row: f"{amount(row[0].mem_used_bytes)} of {amount(row[0].mem_total_bytes)}",
    "temp": lambda row: None if row[0].temp_c is None else f"{row[0].temp_c} °C",
    "power": lambda row: None if row[0].watts is None else f"{row[0].watts:.0f} W",
    "who": lambda row: holding.words(row[0], row[1], named=str) or "free",
    "idle since": lambda row: next(
        (moment(each.since_us) for each in idling.report([row[0]], row[1], at=now())), None
    ),
    "uuid": lambda row: row[0].uuid,
}
