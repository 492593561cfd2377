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
        return {f"{value:.{digits}g}" for digits in range(2, 6)} | {f"{value:,.0f}"}
    return {str(value), f"v{value}", f"@{value}"}


def first_told(home: Home, name: str) -> list[Any]:
    """The values of the panel's first row that it promises to show."""
    db = reader(home)
    try:
        asked = Asked(home=home, db=db, args=args(name), now=now(), me=Me(name="maria", role=None))
        shown = panels.find(name).ask(asked)
        rows = shown.data if isinstance(shown.data, list) else [shown.data]
        return [dug(row, field) for row in rows[:1] for field in shown.told]
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
def test_what_the_json_of_a_panel_tells_stands_in_its_text_and_in_the_console(
    told: Home, store: SqliteStore, view: Callable[..., str], name: str
) -> None:
    values = first_told(told, name)
    text = view(name, "--plain", "--width", "200")
    for value in values:
        assert holds(text, value), value
    if not values or name in ("sql", "histogram", "drift"):
        return
    area = panels.find(name).area

    async def do(here: Sitting) -> None:
        here.app.go(area)
        shown = await here.text()
        assert holds(shown, values[0]), values[0]

    for size in ((80, 24), (200, 50)):
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
