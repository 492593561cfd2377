"""`lineside serve`, `replay`, `endpoints`: models at work, ours and others'."""

import subprocess
import sys
from typing import TYPE_CHECKING

import click

from lineside.console.cli import output
from lineside.console.cli.output import Columns, json_option, moment
from lineside.console.cli.session import Session, pass_session
from lineside.console.format import number

if TYPE_CHECKING:
    from lineside.store.queries.endpoints import EndpointRow, ScrapeRow


@click.command()
@click.argument("model", metavar="NAME@ALIAS")
@click.option("--port", type=click.IntRange(1, 65535), help="A free one is chosen when none is given.")
@click.option("--name", help="The deployment's name; the model's when none is given.")
@json_option
@pass_session
def serve(session: Session, model: str, port: int | None, name: str | None, as_json: bool) -> None:
    """Serve the holder of ALIAS over HTTP (Open Inference Protocol V2), and follow the alias."""
    if "@" not in model:
        raise click.UsageError(f"{model!r} names no alias; say {model}@champion")
    bare, _, alias = model.partition("@")
    answer = session.ask("serving.serve", model=bare, alias=alias, port=port, name=name)
    line = f"{answer['deployment']} serves {model} at {answer['url']} (job {answer['job']})"
    output.one(answer, [line], as_json=as_json)


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def replay(arguments: tuple[str, ...]) -> int:
    """Send the rows of a file as requests, at a chosen speed: lineside replay --help."""
    return subprocess.run(
        [sys.executable, "-m", "lineside.jobs.serving.replay", *arguments], check=False
    ).returncode


@click.group()
def endpoints() -> None:
    """Endpoints: model servers that are watched."""


@endpoints.command("ls")
@json_option
@pass_session
def ls(session: Session, as_json: bool) -> None:
    """List endpoints with their newest look."""
    from lineside.store.queries import endpoints as query

    columns: Columns = {
        "endpoint": "name", "adapter": "adapter", "state": "state",
        "since": lambda e: moment(e.state_since_us),
        "serves": "served_version", "req/s": _rate, "p50 ms": lambda e: number(e.p50_ms),
        "p99 ms": lambda e: number(e.p99_ms), "url": "url", "detail": "detail",
    }  # fmt: skip
    output.rows(
        query.every(session.read()), columns, as_json=as_json,
        empty="no endpoint is watched; add one with: lineside endpoints add NAME URL",
    )  # fmt: skip


def _rate(scraped: "EndpointRow | ScrapeRow") -> str:
    """Requests per second over the newest interval."""
    return (
        number(scraped.requests / scraped.elapsed_s)
        if scraped.elapsed_s and scraped.requests is not None
        else "–"
    )


@endpoints.command()
@click.argument("name")
@click.argument("url")
@click.option("--adapter", default="prometheus", show_default=True)
@click.option("--metrics-url", help="Where /metrics is, when it is not under URL.")
@click.option(
    "--period", "period_s", type=float, default=5.0, show_default=True, help="Seconds between looks."
)
@pass_session
def add(
    session: Session, name: str, url: str, adapter: str, metrics_url: str | None, period_s: float
) -> None:
    """Watch the model server at URL."""
    session.ask(
        "endpoints.add", name=name, url=url, adapter=adapter, metrics_url=metrics_url, period_s=period_s
    )
    output.words(f"{name} is watched every {period_s:g} s")


@endpoints.command()
@click.argument("name")
@json_option
@pass_session
def show(session: Session, name: str, as_json: bool) -> None:
    """Show one endpoint and its newest looks."""
    from lineside.store.queries import endpoints as query

    db = session.read()
    row = query.find(db, name)
    scrapes = query.scrapes(db, row.id, since_us=0)[-20:]
    lines = [f"{row.name}  {row.state}  {row.url}  {row.detail}"] + [
        f"  {moment(s.at_us)}  {_rate(s)} req/s  p50 {number(s.p50_ms)}  p99 {number(s.p99_ms)} ms"
        for s in scrapes
    ]
    output.one({"endpoint": row, "scrapes": scrapes}, lines, as_json=as_json)


@endpoints.command()
@click.argument("name")
@pass_session
def rm(session: Session, name: str) -> None:
    """Stop watching; what was seen stays."""
    session.ask("endpoints.rm", name=name)
    output.words(f"{name} is no longer watched")
