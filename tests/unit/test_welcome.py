"""`lineside` where there is no home yet: a few lines that say what to do, in a project and elsewhere."""

from pathlib import Path

import pytest

from lineside.console.cli import cli


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    monkeypatch.chdir(tmp_path)
    assert cli(args=["--home", str(tmp_path / "home")], standalone_mode=False) == 1
    return capsys.readouterr().err


@pytest.fixture
def project(tmp_path: Path) -> Path:
    file = tmp_path / "lineside.toml"
    file.write_text('[project]\nname = "bike"\n')
    return file


def test_whoever_has_nothing_is_offered_the_demo_and_init(told: str, tmp_path: Path) -> None:
    assert len(told.splitlines()) <= 12
    assert all(len(line) <= 100 for line in told.splitlines())
    assert "lineside demo" in told
    assert "lineside init      writes a lineside.toml here" in told
    assert str(tmp_path / "home") in told


def test_in_a_project_its_file_stays_and_is_applied_next(project: Path, told: str) -> None:
    assert len(told.splitlines()) <= 12
    assert f"{project} makes this a project" in told
    assert "lineside.toml stays as it is" in told
    assert told.index("lineside init") < told.index("lineside apply") < told.index("lineside demo")
