"""The one command table: each key has one meaning, each command an answer, and only `.` does."""

import inspect
from collections import Counter

import pytest

from lineside.console import commands
from lineside.console.app import LinesideApp
from lineside.console.commands import AREAS, Command, Danger
from lineside.console.overlays.help import help_lines
from lineside.console.screens.base.area import Area
from lineside.console.spoken import Spoken, understood
from lineside.console.text import line_width, plain
from lineside.console.widgets.frame.footer import hints
from lineside.console.widgets.tables.table import Table
from lineside.console.widgets.texts.log import Log

OWNERS = {"table": (Table,), "log": (Log,), "everywhere": (Area, LinesideApp)}


def area_class(name: str) -> type:
    from importlib import import_module

    module = import_module(f"lineside.console.screens.{name}")
    return vars(module)["SqlArea" if name == "sql" else f"{name.capitalize()}Area"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", AREAS)
def test_every_command_of_an_area_is_answered_by_it(name: str) -> None:
    kind = area_class(name)
    assert [c.id for c in commands.of_scope(name) if not callable(getattr(kind, c.method, None))] == []


@pytest.mark.parametrize("name", AREAS)
def test_no_handler_of_an_area_calls_the_one_below_it(name: str) -> None:
    """Textual calls both; the frame would be drawn twice."""
    assert "super().on_" not in inspect.getsource(area_class(name))


@pytest.mark.parametrize("scope", ["table", "log", "everywhere"])
def test_every_common_command_has_its_method(scope: str) -> None:
    dynamic = ("cmd_area_", "cmd_go_")
    missing = [
        c.id for c in commands.of_scope(scope)
        if not c.method.startswith(dynamic) and not any(hasattr(owner, c.method) for owner in OWNERS[scope])
    ]  # fmt: skip
    assert missing == []


@pytest.mark.parametrize("name", AREAS)
def test_no_command_of_an_area_is_mistaken_for_one_that_works_everywhere(name: str) -> None:
    common = {command.method for command in commands.of_scope("everywhere")}
    assert [c.id for c in commands.of_scope(name) if c.method in common] == []


def test_a_key_means_one_thing_in_a_scope() -> None:
    for scope in ("everywhere", "table", "log", *AREAS):
        keys = Counter(key for command in commands.of_scope(scope) for key in command.keys)
        assert [key for key, times in keys.items() if times > 1] == [], scope


def test_an_area_never_takes_a_key_that_works_everywhere() -> None:
    firm = {"escape", "tab", ":", "?", ".", "g", "y", "`", "[", "]", *"123456789", "q"}
    taken = [(c.id, key) for name in AREAS for c in commands.of_scope(name) for key in c.keys if key in firm]
    assert taken == []


def test_letters_look_and_only_the_menu_behind_the_dot_does() -> None:
    for command in commands.table():
        asks_first = command.danger is not Danger.NONE
        assert asks_first == all(key.startswith(". ") for key in command.keys), command.id


def test_ids_are_unique_and_titles_short_enough_for_a_menu() -> None:
    ids = Counter(command.id for command in commands.table())
    assert [id for id, times in ids.items() if times > 1] == []
    assert [c.id for c in commands.table() if len(c.title) > 44] == []


def test_the_area_wins_over_the_table_and_the_table_over_everywhere() -> None:
    assert commands.keymap(("runs", "table", "everywhere"))["n"].id == "table.next_problem"
    assert commands.keymap(("runs", "table", "everywhere"))["d"].id == "runs.details"
    assert commands.keymap(("log", "everywhere"))["n"].id == "log.next_match"


def test_a_prefix_key_leads_to_its_second_keys() -> None:
    behind = dict(commands.behind("g", ("runs", "table", "everywhere")))
    assert behind["r"].id == "everywhere.go_run"
    assert behind["g"].id == "table.top"


def test_the_help_screen_names_every_key_of_its_scopes() -> None:
    text = "\n".join(plain(line) for line in help_lines(("jobs", "log", "everywhere"), 60))
    for scope in ("jobs", "log", "everywhere"):
        for command in commands.of_scope(scope):
            assert commands.shown(command.keys[0]) in text
            assert command.title in text


@pytest.mark.parametrize("width", [38, 80, 200])
def test_the_footer_fits_and_always_offers_the_menu_and_the_keys(width: int) -> None:
    for name in AREAS:
        offered = [c for c in (*commands.of_scope(name), *commands.of_scope("everywhere")) if c.footer]
        line = hints(offered, width)
        assert line_width(line) <= width
        assert ". do" in plain(line)
        assert "? keys" in plain(line)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("runs status:FAILED lr<1e-2", Spoken(area="runs", where="status:FAILED lr<1e-2")),
        ("jobs", Spoken(area="jobs")),
        ("job 57", Spoken(area="jobs", target=57)),
        ("log 57", Spoken(area="jobs", target="log:57")),
        ("alert 3", Spoken(area="monitor", target="alert:3")),
        ("promotion 4", Spoken(area="models", target="promotion:4")),
        ("request 4", Spoken(area="models", target="promotion:4")),
        ("cancel", None),
        ("job", None),
    ],
)
def test_the_spoken_line_names_an_area_a_thing_or_nothing(text: str, meaning: Spoken | None) -> None:
    assert understood(text) == meaning


def test_commands_are_found_by_any_of_their_words() -> None:
    known = commands.of_scope("jobs")
    assert [c.id for c in commands.matching("run pipe", known)] == ["jobs.pipeline"]
    assert isinstance(commands.by_id("jobs.cancel"), Command)
