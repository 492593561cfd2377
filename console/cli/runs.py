"""`lineside runs`: list, show, compare, export, rename, tag."""

import click

from lineside.console.cli import output
from lineside.console.cli.output import json_option, moment
from lineside.console.cli.session import Session, pass_session
from lineside.console.format import number
from lineside.console.reads import charts
from lineside.console.reads.charts import Look


@click.group()
def runs() -> None:
    """Runs: what was trained, on what, and how it went."""


@runs.command("ls")
@click.option("--where", default="", metavar="EXPR", help="status:FAILED lr<1e-3 or tag:base")
@click.option(
    "--sort",
    metavar="KEY",
    help="created, a metric or a param; '-' first: downward. Of groups: best, count …",
)
@click.option("--limit", default=50, show_default=True)
@click.option(
    "--columns", multiple=True, metavar="NAMES", help="lr,tag:base,min(val_loss),acc@best(val_loss)"
)
@click.option("--group", metavar="KEY", help="One line for each param, tag, experiment, parent, author …")
@click.option("--metric", default="", metavar="NAME", help="What tells the best run of a group.")
@json_option
@pass_session
def ls(
    session: Session, where: str, sort: str | None, limit: int, columns: tuple[str, ...], group: str | None,
    metric: str, as_json: bool,
) -> None:  # fmt: skip
    """List runs, newest first; or groups of them, the best first."""
    from lineside.console.cli import listing

    if group is None and metric:
        raise click.UsageError("--metric goes with --group; show one with --columns, or sort by it")
    if group is not None and columns:
        raise click.UsageError("--columns shows runs, --group groups: give one of them")
    if group is None:
        listing.list_runs(
            session, where=where, sort=sort or "-created", limit=limit, named=columns, as_json=as_json
        )
    else:
        listing.list_groups(
            session, key=group, where=where, metric=metric, sort=sort or "", limit=limit, as_json=as_json
        )


@runs.command()
@click.argument("run")
@json_option
@pass_session
def show(session: Session, run: str, as_json: bool) -> None:
    """Show one run: how it came about, params, tags, metrics, what it took of the box, artifacts."""
    from lineside.console.cli import comparing, gpus, listing
    from lineside.store.queries import artifacts, params, summaries
    from lineside.store.queries import runs as query

    db = session.read()
    row = query.find(db, run)
    parent, children = listing.family(db, row)
    asked, tags = params.params(db, row.id), params.tags(db, row.id)
    metrics, files = summaries.summaries(db, row.id), artifacts.artifacts(db, row.id)
    context, system = query.context(db, row.id), summaries.summaries(db, row.id, system=True)
    use, use_lines = gpus.use_of_run(session, row.id)
    everything = {
        **use, "run": row, "parent": parent, "children": children, "params": asked, "tags": tags,
        "metrics": metrics, "system": system, "artifacts": files, "context": context,
    }  # fmt: skip
    lines = [
        f"run {row.id} {row.name}  {row.status}" + (f" ({row.detail})" if row.detail else ""),
        f"  by {row.author}, {moment(row.started_us)} to {moment(row.ended_us)}",
        *listing.family_lines(row, parent, children),
        *comparing.how_it_came_about(context),
        *comparing.log_gaps(context, row.dropped),
        *(f"  param   {key} = {value}" for key, value in asked.items()),
        *(f"  tag     {key} = {value}" for key, value in tags.items()),
        *(f"  metric  {m.metric}: last {number(m.last)} at step {m.last_step}, "
          f"min {number(m.min)}, max {number(m.max)}, {m.count} points" for m in metrics),
        *(f"  system  {m.metric.removeprefix('sys.')}: last {number(m.last)}, min {number(m.min)}, "
          f"max {number(m.max)}" for m in system),
        *use_lines,
        *(f"  {a.kind:<7} {a.path}  {a.bytes:,} bytes  {a.digest[:12]}" for a in files),
    ]  # fmt: skip
    output.one(everything, lines, as_json=as_json)


@runs.command()
@click.argument("run", nargs=-1, required=True)
@click.option(
    "--code", "what", flag_value="code", help="How their code differs, with what was not committed."
)
@click.option("--data", "what", flag_value="data", help="How the data they read differ.")
@click.option("--env", "what", flag_value="env", help="How packages, interpreter and machine differ.")
@json_option
@pass_session
def compare(session: Session, run: tuple[str, ...], what: str | None, as_json: bool) -> None:
    """Compare runs: only what differs."""
    from lineside.console.cli import comparing
    from lineside.store.queries import comparisons
    from lineside.store.queries import runs as query

    db = session.read()
    found = [query.find(db, text) for text in run]
    if what is not None:
        if len(found) != 2:
            raise click.UsageError(f"--{what} compares two runs: give two")
        comparing.SHOWN[what](session.home, db, found[0].id, found[1].id, as_json)
        return
    comparison = comparisons.compare(db, [row.id for row in found])
    if as_json:
        output.one(comparison, [], as_json=True)
        return
    cells = [[d.kind, d.key, *("–" if v is None else v for v in d.values)] for d in comparison.rows]
    output.table(["", "", *(f"run {row.id}" for row in found)], cells)
    output.words(f"{comparison.same} more are the same in all")


@runs.command()
@click.argument("run", nargs=-1, required=True)
@click.option("--metric", default="", metavar="NAME", help="What people usually mean, where you do not say.")
@click.option("--x", type=click.Choice(charts.AXES), default="step", show_default=True)
@click.option(
    "--smooth", type=click.FloatRange(0, 1, max_open=True), default=0.0, metavar="WEIGHT",
    help="Moving average: 0.6 a little, 0.99 a lot.",
)  # fmt: skip
@click.option(
    "--branch", type=click.IntRange(1), metavar="N", help="As it was before the run went on: 1 is the first."
)
@click.option("--log", "log_y", is_flag=True, help="A logarithmic y axis.")
@click.option("--width", type=click.IntRange(24), help="Columns; of --json: all points, where not said.")
@click.option("--height", type=click.IntRange(7), default=20, show_default=True)
@json_option
@pass_session
def chart(
    session: Session, run: tuple[str, ...], metric: str, x: str, smooth: float, branch: int | None,
    log_y: bool, width: int | None, height: int, as_json: bool,
) -> None:  # fmt: skip
    """Draw a metric of up to eight runs, or print its points."""
    from lineside.console.cli import charting

    look, columns = Look(x=x, smooth=smooth, branch=branch), width or charting.WIDTH
    if len(run) > len(charting.LETTERS) and not as_json:
        raise click.UsageError("a chart has room for eight runs")
    if as_json:
        _, lines = charting.curves(session, run, metric, look, width=width)
        output.rows(charting.told(lines), {}, as_json=True, empty="")
    else:
        metric, lines = charting.curves(session, run, metric, look, width=columns * 2)
        charting.show(charting.drawn(metric, lines, look, width=columns, height=height, log_y=log_y))


@runs.command()
@click.argument("run")
@click.argument("name")
@pass_session
def rename(session: Session, run: str, name: str) -> None:
    """Give a run another name."""
    session.ask("runs.rename", run=run, name=name)


@runs.command()
@click.argument("run")
@click.argument("tags", nargs=-1, required=True, metavar="KEY=VALUE…")
@pass_session
def tag(session: Session, run: str, tags: tuple[str, ...]) -> None:
    """Set tags on a run."""
    session.ask("runs.tag", run=run, tags=pairs(tags))


@runs.command()
@click.option("--where", default="", metavar="EXPR")
@click.argument("path", type=click.Path(dir_okay=False))
@pass_session
def export(session: Session, where: str, path: str) -> None:
    """Write runs with their params and last metrics to PATH (.csv, .parquet or .json)."""
    from lineside.console.cli.exporting import export_runs

    output.words(f"{export_runs(session.read(), where, path)} runs written to {path}")


def pairs(given: tuple[str, ...]) -> dict[str, str]:
    """`KEY=VALUE` words as a mapping.

    Raises:
        click.UsageError: a word has no equals sign.
    """
    for word in given:
        if "=" not in word:
            raise click.UsageError(f"{word!r} is not KEY=VALUE")
    return {key: value for key, _, value in (word.partition("=") for word in given)}
