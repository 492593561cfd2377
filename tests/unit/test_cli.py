"""The command line as a contract: names, exit codes, words, and what it must not import."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from lineside.console.__main__ import main
from lineside.console.cli import cli, output

HEAVY = (
    "textual",
    "polars",
    "duckdb",
    "torch",
    "sklearn",
    "scipy",
    "numpy",
    "apscheduler",
    "httpx",
    "sqlite_utils",
)
DOCS = Path(__file__).parents[2] / "docs" / "commands.md"


def commands(
    group: click.Group, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


EVERY = list(commands(cli))


@pytest.mark.parametrize(("path", "command"), EVERY, ids=[" ".join(path) for path, _ in EVERY])
def test_every_verb_has_an_example_and_every_option_is_told(
    path: tuple[str, ...], command: click.Command
) -> None:
    text = DOCS.read_text()
    assert f"lineside {' '.join(path)}" in text
    for option in command.params:
        if isinstance(option, click.Option) and option.name not in ("as_json", "help"):
            assert option.opts[0] in text, f"{' '.join(path)} {option.opts[0]} is not in docs/commands.md"


@pytest.mark.parametrize(("path", "command"), EVERY, ids=[" ".join(path) for path, _ in EVERY])
def test_every_verb_explains_itself(path: tuple[str, ...], command: click.Command) -> None:
    assert command.help


def test_reading_verbs_import_nothing_heavy() -> None:
    code = (
        "import sys, lineside.console.__main__ as m; m.main(['--home', '/nowhere', 'runs', 'ls']);"
        f"print([h for h in {HEAVY!r} if h in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_unknown_verb_is_refused_with_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rnus"]) == 2
    assert "Did you mean 'runs'?" in capsys.readouterr().err


def test_a_missing_home_says_how_to_make_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--home", str(tmp_path / "none"), "runs", "ls"]) == 1
    assert "lineside demo" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def test_without_a_verb_or_a_home_the_two_ways_to_begin_are_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--home", str(tmp_path / "none")]) == 1
    said = capsys.readouterr().err
    assert "lineside demo" in said
    assert "lineside init" in said


def test_a_broken_pipe_is_no_error(tmp_path: Path) -> None:
    command = f"{sys.executable} -m lineside.console --help | head -n 1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_nan_and_infinities_stay_apart_in_json() -> None:
    told = output.plain({"a": float("nan"), "b": float("inf"), "c": float("-inf"), "d": None})
    assert json.dumps(told) == '{"a": "NaN", "b": "Infinity", "c": "-Infinity", "d": null}'


def test_escape_codes_in_names_are_shown_never_obeyed() -> None:
    assert output.clean("\x1b[2Jevil\u202e") == "�[2Jevil�"


def test_a_home_that_cannot_be_written_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    environment = dict(os.environ)
    assert main(["--home", str(blocked / "home"), "runner", "start"]) == 1
    assert "cannot use" in capsys.readouterr().err
    assert dict(os.environ) == environment
