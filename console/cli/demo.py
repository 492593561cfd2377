"""`lineside demo`: the whole loop on real data, live in the console or step by step in words."""

import json
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import click

from lineside.console.cli import output
from lineside.console.cli.session import Json
from lineside.store import homes
from lineside.store.errors import Refused
from lineside.store.homes import Home


@click.command()
@click.option("--headless", is_flag=True, help="No console: print each step with its numbers.")
@click.option(
    "--home", type=click.Path(path_type=Path), help="A folder of the demo's own, new or an earlier demo's."
)
@click.option(
    "--data", "path", type=click.Path(path_type=Path), help="Tell it on a CSV or Parquet file of your own."
)
@click.option("--target", help="The column to predict (with --data).")
@click.option("--time", "time_column", help="The column that says when a row happened (with --data).")
@click.option("--exclude", multiple=True, metavar="COLUMN", help="A column no model may see (with --data).")
@click.option(
    "--train-until", "until", metavar="TIME", help="Rows before it are the past; else the first 28 %."
)
@click.option(
    "--window-days", "span_days", type=float, help="Days of event time per window; else equal rows."
)
@click.option("--windows", default=7, show_default=True, help="Replay so many windows at most (with --data).")
@click.option("--rows-per-s", type=float, help="Speed of the stream  [a window in about 4 s]")
@click.pass_context
def demo(
    ctx: click.Context,
    /,
    headless: bool,
    home: Path | None,
    path: Path | None,
    rows_per_s: float | None,
    **options: object,
) -> int:
    """See the whole loop: data, train, compare, approve, serve, drift, retrain."""
    choice = _choice(path, options)
    given = home or (ctx.parent.params["home"] if ctx.parent else None)
    place = Home((given or Path(tempfile.mkdtemp(prefix="lineside-demo-")) / "home").absolute())
    _open_home(place)
    command = [
        sys.executable, "-m", "lineside.console.demo", "--home", str(place.path),
        "--plan", json.dumps(choice), "--rows-per-s", str(rows_per_s or 0),
    ]  # fmt: skip
    if headless or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return _headless(place, command)
    return _live(place, command)


def _choice(path: Path | None, options: Json) -> Json:
    """What the driver needs to choose the same data; checked here, where the person still reads."""
    from lineside.console.demo.__main__ import plan_of

    if path is None:
        if options["target"] or options["time_column"]:
            raise click.UsageError("--target and --time go with --data FILE")
        return {}
    if not options["target"]:
        raise click.UsageError("--data needs --target COLUMN: what is to be predicted?")
    choice = {
        "path": str(path.absolute()), "target": options["target"], "time": options["time_column"],
        "exclude": options["exclude"], "until": options["until"], "span_days": options["span_days"],
        "windows": options["windows"],
    }  # fmt: skip
    plan_of(dict(choice))
    return choice


def _open_home(home: Home) -> None:
    """Make the home, and start its runner.

    Raises:
        Refused: the folder is a home that people work in.
    """
    from lineside.jobs import commands

    if home.exists and not home.demo:
        raise Refused(
            f"{home.path} is a real home", hint="the demo plays in a home of its own: --home NEWFOLDER"
        )
    if home.db.exists():
        raise Refused(
            f"{home.path} already tells a demo",
            hint=f"open it with: lineside --home {home.path}   or give a new folder",
        )
    homes.create(home, demo=True)
    commands.ensure_runner(home)


def _headless(home: Home, command: list[str]) -> int:
    output.words(f"demo home {home.path}")
    driver = subprocess.Popen(command)
    try:
        code = driver.wait()
    except KeyboardInterrupt:
        _stop(driver)
        code = 130
    finally:
        _clear(home)
    if code in (0, 130):
        stopped = "" if code == 0 else "stopped, and so are its runner, jobs and server\n"
        output.words(f"\n{stopped}look around:  lineside --home {home.path}")
    return code


def _live(home: Home, command: list[str]) -> int:
    """The driver in the background, the console in front; both end together."""
    from lineside.console.terminal.start import open_console

    with (home.path / "demo.log").open("wb") as log:
        driver = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        code = open_console(home)
    finally:
        _stop(driver)
        _clear(home)
    output.words(f"the demo's home stays: lineside --home {home.path}")
    return code


def _stop(driver: "subprocess.Popen[bytes]") -> None:
    if driver.poll() is None:
        driver.send_signal(signal.SIGTERM)
        try:
            driver.wait(5)
        except subprocess.TimeoutExpired:
            driver.kill()
            driver.wait()


def _clear(home: Home) -> None:
    """Stop the demo's model server, its jobs and its runner; the home stays."""
    from lineside.jobs import commands

    commands.stop_runner(home, jobs=True)
