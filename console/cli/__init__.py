"""The command line: one module per noun, imported when its verb is called and not before."""

from pathlib import Path
from typing import Any

import click

from lineside import __version__
from lineside.console.cli.lazy import LazyGroup
from lineside.console.cli.session import Session

VERBS = {
    "demo": "demo:demo",
    "init": "project:init",
    "apply": "project:apply",
    "pipeline": "pipelines:pipeline",
    "import": "importing:import_file",
    "runner": "runner:runner",
    "gpus": "gpus:gpus",
    "data": "data:data",
    "labels": "data:labels",
    "run": "jobs:run",
    "jobs": "jobs:jobs",
    "schedules": "schedules:schedules",
    "runs": "runs:runs",
    "register": "models:register",
    "models": "models:models",
    "promote": "models:promote",
    "promotions": "models:promotions",
    "rollback": "models:rollback",
    "lineage": "lineage:lineage",
    "serve": "serving:serve",
    "replay": "serving:replay",
    "endpoints": "serving:endpoints",
    "drift": "monitor:drift",
    "alerts": "monitor:alerts",
    "retrain": "monitor:retrain",
    "audit": "audit:audit",
    "sql": "sql:sql",
    "view": "view:view",
    "backup": "upkeep:backup",
    "restore": "upkeep:restore",
    "gc": "upkeep:gc",
    "doctor": "doctor:doctor",
}


@click.group(cls=LazyGroup, verbs=VERBS, package=__name__, invoke_without_command=True)
@click.option("--home", type=click.Path(path_type=Path), help="The home folder  [LINESIDE_HOME]")
@click.option("--as", "acting_as", metavar="demo:NAME", help="Act as somebody; only in a demo's home.")
@click.option("--theme", help="Colours of the console; T goes through them  [LINESIDE_THEME]")
@click.option("--ascii", is_flag=True, default=None, help="Draw with ASCII only  [LINESIDE_ASCII]")
@click.option(
    "--read-only", is_flag=True, default=None, help="Only look: no menu of deeds  [LINESIDE_READ_ONLY]"
)
@click.option("--mouse/--no-mouse", default=None, help="Hear the mouse; M switches it  [LINESIDE_MOUSE]")
@click.version_option(__version__, prog_name="lineside")
@click.pass_context
def cli(ctx: click.Context, /, home: Path | None, acting_as: str | None, **flags: Any) -> int | None:
    """Train, compare, approve, serve, watch and retrain models from a terminal.

    Without a verb the console opens.
    """
    ctx.obj = Session.of(home, acting_as=acting_as)
    if ctx.invoked_subcommand is None:
        from lineside.console.cli.welcome import open_or_welcome

        return open_or_welcome(ctx, flags)
    return None
