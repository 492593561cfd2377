"""`lineside run PIPELINE`, `pipeline show` and `pipeline schema` as a person types them."""

import json
from pathlib import Path

import pytest
from fixtures.runners import RunnerUnderTest

from lineside.console.__main__ import main

TEXT = """\
[pipeline.p.stage.prep]
cmd = "cp raw clean"
deps = ["raw"]
outs = ["clean"]

[pipeline.p.stage.report]
cmd = "cp clean report"
deps = ["clean"]
outs = ["report"]
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("LINESIDE_HOME", str(tmp_path / "none"))
    monkeypatch.delenv("LINESIDE_JOB", raising=False)
    (tmp_path / "lineside.toml").write_text(TEXT)
    (tmp_path / "raw").write_text(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_dry_run_starts_nothing_and_says_of_each_stage_what_and_why(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "p", "--dry-run"]) == 0

    prep, report = capsys.readouterr().out.splitlines()[1:]
    assert prep.split("  ")[0] == "prep"
    assert "it has not run before" in prep
    assert "decide then" in report
    assert "depends on what prep makes" in report
    assert not (project / "none").exists()


def test_a_pipeline_that_ran_is_cached_and_following_it_exits_well(
    project: Path, busy_runner: RunnerUnderTest, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("LINESIDE_HOME", str(busy_runner.home.path))
    assert main(["run", "p", "--follow"]) == 0
    capsys.readouterr()

    assert main(["run", "p", "--follow"]) == 0
    assert "prep: cached (" in capsys.readouterr().out
    assert main(["run", "p", "--dry-run", "--json"]) == 0
    assert [each["state"] for each in json.loads(capsys.readouterr().out)] == ["cached", "cached"]
    assert main(["pipeline", "show", "p", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert [(s["name"], s["needs"], s["jobs"][0]["state"]) for s in shown["stages"]] == [
        ("prep", [], "cached"), ("report", ["prep"], "cached")
    ]  # fmt: skip
    (project / "raw").unlink()
    assert main(["pipeline", "show"]) == 0
    assert "open: no file 'raw'" in capsys.readouterr().out
    assert main(["run", "p", "--only", "report", "--dry-run"]) == 0


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (["run", "q"], 1, "no pipeline 'q'"),
        (["run", "p", "--only", "reprot", "--dry-run"], 1, "no stage 'reprot'"),
        (["run", "p", "--from", "prep", "--only", "prep"], 2, "contradict"),
        (["run", "--force", "--", "true"], 2, "not for a command"),
        (["pipeline", "show", "q"], 1, "no pipeline 'q'"),
    ],
)
@pytest.mark.usefixtures("project")
def test_what_cannot_be_meant_is_refused_in_words(
    words: list[str], status: int, says: str, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("lineside.console.cli.session.Session.bring_up", lambda _: None)

    assert main(words) == status
    assert says in capsys.readouterr().err


def test_a_missing_dep_is_told_before_anything_runs(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "raw").unlink()

    assert main(["run", "p", "--dry-run"]) == 1
    assert "no file 'raw'" in capsys.readouterr().err


def test_the_schema_is_printed_for_editors(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pipeline", "schema"]) == 0
    found = json.loads(capsys.readouterr().out)
    stage = found["properties"]["pipeline"]["additionalProperties"]["properties"]["stage"]
    assert stage["additionalProperties"]["required"] == ["cmd"]
