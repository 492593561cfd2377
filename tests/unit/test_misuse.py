"""Bad input through the real command line and a real runner: told what is wrong, and nothing changed."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fixtures.runners import RunnerUnderTest

from lineside.console.__main__ import main
from lineside.store.homes import Home
from lineside.store.queries import audit

Screen = pytest.CaptureFixture[str]

CYCLE = """
[pipeline.train.stage.a]
cmd = "true"
needs = ["b"]
[pipeline.train.stage.b]
cmd = "true"
needs = ["a"]
"""


@pytest.fixture
def untouched(
    module_runner: RunnerUnderTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[RunnerUnderTest]:
    """The runner, and afterwards the proof that nothing was done."""
    monkeypatch.chdir(tmp_path)
    before = audit.newest(module_runner.db, limit=1)
    yield module_runner
    assert audit.newest(module_runner.db, limit=1) == before


def refusal(runner: RunnerUnderTest, capsys: Screen, *words: str) -> tuple[int, str]:
    code = main(["--home", str(runner.home.path), *words])
    return code, capsys.readouterr().err


def test_a_file_that_is_no_parquet(untouched: RunnerUnderTest, capsys: Screen) -> None:
    Path("bad.parquet").write_text("hello")
    code, said = refusal(untouched, capsys, "data", "add", "x", "bad.parquet")
    assert code == 2
    assert "not a Parquet file" in said


def test_a_missing_target_column(untouched: RunnerUnderTest, capsys: Screen) -> None:
    Path("t.csv").write_text("amount,label\n1,2\n3,4\n")
    code, said = refusal(untouched, capsys, "data", "add", "x", "t.csv", "--target", "labl")
    assert code == 2
    assert "no column 'labl'" in said
    assert "label" in said


@pytest.mark.parametrize("verb", [("run", "train"), ("apply",)], ids=["run", "apply"])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '[pipeline.train.stage.a]\ncmd = "true"\nneedz = ["b"]\n',
            ("line 3", "needz", "mean 'needs'"),
        ),
        (CYCLE, ("a → b → a",)),
        ("[pipeline\n", ("line 1",)),
    ],
    ids=["unknown key", "cycle", "no TOML"],
)
def test_a_project_file_that_is_wrong(
    untouched: RunnerUnderTest,
    capsys: Screen,
    verb: tuple[str, ...],
    text: str,
    expected: tuple[str, ...],
) -> None:
    Path("lineside.toml").write_text(text)
    code, said = refusal(untouched, capsys, *verb)
    assert code == 2
    assert all(part in said for part in expected), said


def test_a_pipeline_that_is_not_there(untouched: RunnerUnderTest, capsys: Screen) -> None:
    Path("lineside.toml").write_text('[pipeline.train.stage.a]\ncmd = "true"\n')
    code, said = refusal(untouched, capsys, "run", "trian")
    assert code == 1
    assert "has: train" in said


def test_no_project_file(untouched: RunnerUnderTest, capsys: Screen) -> None:
    code, said = refusal(untouched, capsys, "apply")
    assert code == 2
    assert "lineside init" in said


def test_a_model_that_nobody_registered(untouched: RunnerUnderTest, capsys: Screen) -> None:
    assert refusal(untouched, capsys, "serve", "nothing@champion")[0] == 1
    assert refusal(untouched, capsys, "promote", "nothing@v1", "--to", "champion")[0] == 1


def test_a_mask_outside_a_demo(untouched: RunnerUnderTest, capsys: Screen) -> None:
    code, said = refusal(untouched, capsys, "--as", "demo:ana", "runs", "tag", "1", "a=b")
    assert code == 3
    assert "demo" in said


def test_a_second_runner_is_told_who_holds_the_home(untouched: RunnerUnderTest) -> None:
    command = [sys.executable, "-m", "lineside.jobs.runner", "--home", str(untouched.home.path)]
    second = subprocess.run(command, capture_output=True, text=True, check=False)
    assert second.returncode == 3
    assert f"pid {untouched.pid}" in second.stderr


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "lineside.jobs.serving", "--name", "m", "--folder", str(tmp_path),
                   "--port", str(port), "--payloads", str(tmp_path / "p.sp")]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert str(port) in done.stderr


def test_sql_that_would_change_something(untouched: RunnerUnderTest, capsys: Screen) -> None:
    code, said = refusal(untouched, capsys, "sql", "delete from runs")
    assert code == 2
    assert "SELECT" in said


def test_a_folder_that_was_deleted_under_the_shell_is_said_in_words(home: Home, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    script = f"cd {gone} && rmdir {gone} && {sys.executable} -m lineside.console --home {home.path} run train"
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "the folder you are in is gone" in done.stderr
