"""`lineside view`: every panel without a terminal; what scripts read, eyes read too."""

import json
import math
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fixtures import demo_home
from fixtures.consoles import Sitting, at_console

from lineside.console import panels
from lineside.console.__main__ import main
from lineside.console.panels import Asked
from lineside.console.ports import Me, SqliteStore
from lineside.store.clock import now
from lineside.store.db import reader
from lineside.store.homes import Home

ARGS = {
    "why": "7", "run": "4", "chart": "4 5", "compare": "2 4", "request": "3", "alert": "3",
    "profile": "digits@3", "lineage": "model_version:2", "latency": "digit-reader",
    "drift": "digit-reader", "histogram": "digit-reader pixel_1_4", "runs": "status:FINISHED",
}  # fmt: skip
"""What stands behind a panel's name in these tests."""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return demo_home.build(Home(tmp_path_factory.mktemp("told") / "home"))


@pytest.fixture
def store(told: Home) -> Iterator[SqliteStore]:
    found = SqliteStore(told)
    yield found
    found.close()


@pytest.fixture
def view(told: Home, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """What the verb writes to stdout."""

    def call(name: str, *options: str) -> str:
        words = args(name)
        assert main(["--home", str(told.path), "view", name, *words, *options]) == 0, capsys.readouterr().err
        return capsys.readouterr().out

    return call


def args(name: str) -> list[str]:
    given = "select id, name, seconds from runs order by id" if name == "sql" else ARGS.get(name, "")
    return [given] if name == "sql" else given.split()


def ways(value: Any) -> set[str]:
    """How a value may be written for eyes."""
    if isinstance(value, float) and math.isfinite(value):
        short = f"{value:.2f}".replace("0.", ".", 1)  # as in the sheet of drift
        return {f"{value:.{digits}g}" for digits in range(2, 7)} | {f"{value:,.0f}", short, f"{value:.4f}"}
    return {str(value), f"v{value}", f"@{value}"}


def told_rows(home: Home, name: str) -> list[list[Any]]:
    """Of every row of the panel, the values that it promises to show."""
    db = reader(home)
    try:
        asked = Asked(home=home, db=db, args=args(name), now=now(), me=Me(name="maria", role=None))
        shown = panels.find(name).ask(asked)
        rows = shown.data if isinstance(shown.data, list) else [shown.data]
        return [[dug(row, field) for field in shown.told] for row in rows]
    finally:
        db.close()


def dug(row: Any, path: str) -> Any:
    for part in path.split("."):
        row = row[part] if isinstance(row, dict) else getattr(row, part)
    return row


def holds(text: str, value: Any) -> bool:
    """Whether a value stands in a text as a word of its own; headings are in capitals."""
    found = (re.escape(way.casefold()) for way in ways(value))
    return any(re.search(rf"(?<![\w.]){way}(?![\w])", text.casefold()) for way in found)


@pytest.mark.parametrize("name", panels.PANELS)
def test_a_panel_prints_no_line_wider_than_was_asked_and_json_that_is_strict(
    view: Callable[..., str], name: str
) -> None:
    for width in (38, 80, 200):
        lines = view(name, "--once", "--width", str(width)).splitlines()
        assert lines
        assert all(len(line) <= width for line in lines)
    json.loads(view(name, "--json"), parse_constant=pytest.fail)


@pytest.mark.parametrize("name", panels.PANELS)
def test_what_the_json_of_a_panel_tells_of_every_row_stands_in_its_text(
    told: Home, view: Callable[..., str], name: str
) -> None:
    text = view(name, "--plain", "--width", "200")
    for row in told_rows(told, name):
        for value in row:
            assert value is None or holds(text, value), value


ELSEWHERE = ("sql", "data", "profile", "requests", "histogram", "schedules", "pipelines")
"""Panels whose area begins with something else, or has to be asked."""


@pytest.mark.parametrize("name", [name for name in panels.PANELS if name not in ELSEWHERE])
@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
def test_of_every_row_that_the_console_shows_it_shows_what_the_panel_tells(
    told: Home, store: SqliteStore, name: str, size: tuple[int, int]
) -> None:
    rows = [[value for value in row if value is not None] for row in told_rows(told, name)]
    rows = [row for row in rows if row]

    async def do(here: Sitting) -> None:
        here.app.go(panels.find(name).area)
        shown = await here.text()
        seen = [row for row in rows if holds(shown, row[0])]
        assert seen or not rows, "not one of them"
        assert all(holds(shown, value) for row in seen for value in row) or size[0] < 200

    at_console(store, do, size=size)


@pytest.mark.parametrize(("name", "field"), [("latency", "p99_ms"), ("run", "last"), ("alert", "line")])
def test_the_newest_number_of_a_panel_is_the_one_that_is_drawn(
    view: Callable[..., str], name: str, field: str
) -> None:
    data = json.loads(view(name, "--json"))
    row = data[-1] if name == "latency" else data["metrics"][0] if name == "run" else data["alert"]
    assert holds(view(name, "--once", "--width", "160"), row[field])


def test_a_picture_is_drawn_of_the_same_lines(view: Callable[..., str]) -> None:
    svg = view("models", "--svg", "--width", "90")
    assert svg.startswith("<svg")
    assert "digit-reader@v3" in svg.replace("&#160;", " ")


def test_a_panel_that_there_is_not_is_told_with_the_nearest(
    told: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--home", str(told.path), "view", "latancy", "--once"]) == 2
    said = capsys.readouterr().err
    assert "did you mean latency?" in said
    assert all(name in said for name in panels.PANELS)


def test_what_a_panel_needs_and_was_not_given_is_said(told: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--home", str(told.path), "view", "run", "--once"]) == 2
    assert "RUN is missing" in capsys.readouterr().err


def test_nothing_of_textual_is_imported_to_print_a_panel(told: Home) -> None:
    code = (
        "import sys; from lineside.console.__main__ import main; "
        "[main(['--home', sys.argv[1], 'view', *words, '--once']) for words in "
        "(['models'], ['latency'], ['lineage'], ['wall'], ['jobs', '--svg'])]; "
        "print(*sorted(m for m in sys.modules if m.startswith('textual')), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(told.path)], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stderr.strip() == ""


def test_every_panel_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "commands.md").read_text()
    for name in panels.PANELS:
        assert f"`{name}`" in text
