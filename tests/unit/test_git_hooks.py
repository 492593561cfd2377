"""What `lineside init --hooks` writes, under a real git: it tells of pushes and never fails or delays one."""

import os
import subprocess
import time
from pathlib import Path

import pytest
from fixtures.waiting import until

from lineside.jobs.schedules import hooks
from lineside.store.errors import Refused, Usage

WHO = {"GIT_AUTHOR_NAME": "m", "GIT_AUTHOR_EMAIL": "m@x", "GIT_COMMITTER_NAME": "m",
       "GIT_COMMITTER_EMAIL": "m@x", "GIT_CONFIG_GLOBAL": "/dev/null"}  # fmt: skip


def git(folder: Path, *words: str) -> str:
    env = {**os.environ, **WHO}
    done = subprocess.run(["git", *words], cwd=folder, env=env, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    folder = tmp_path / "origin.git"
    git(tmp_path, "init", "-q", "--bare", str(folder))
    return folder


@pytest.fixture
def clone(tmp_path: Path, bare: Path) -> Path:
    folder = tmp_path / "work"
    git(tmp_path, "clone", "-q", str(bare), str(folder))
    git(folder, "checkout", "-q", "-b", "main")
    git(folder, "commit", "-q", "--allow-empty", "-m", "first")
    return folder


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """Stands for the interpreter: writes down what it is asked."""
    program = tmp_path / "python"
    program.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\n')
    program.chmod(0o755)
    return program


@pytest.mark.parametrize("where", ["clone", "bare"])
def test_a_push_is_told_with_branch_and_commit(
    tmp_path: Path, clone: Path, bare: Path, python: Path, where: str
) -> None:
    found = hooks.repository(clone if where == "clone" else bare)
    hooks.install(found, home=tmp_path / "home", python=str(python))
    git(clone, "push", "-q", "origin", "main")

    asked = until(lambda: (tmp_path / "asked").exists() and (tmp_path / "asked").read_text())
    assert f"schedules fire{f' --folder {clone}' if where == 'clone' else ''}" in asked
    assert f"--branch main --key {git(clone, 'rev-parse', 'main')}" in asked
    assert f"--home {tmp_path / 'home'}" in asked


def test_a_hook_that_cannot_work_neither_fails_nor_delays_a_push(
    tmp_path: Path, clone: Path, bare: Path
) -> None:
    for folder in (clone, bare):
        hooks.install(hooks.repository(folder), home=tmp_path, python=str(tmp_path / "gone"))
    begun = time.monotonic()
    git(clone, "push", "-q", "origin", "main")

    assert time.monotonic() - begun < 2.0
    assert git(bare, "rev-parse", "main") == git(clone, "rev-parse", "main")


def test_a_hook_waits_for_nobody(tmp_path: Path, clone: Path, python: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    python.write_text(f"#!/bin/sh\ncat {fifo}\n")  # says nothing until somebody writes
    hooks.install(hooks.repository(clone), home=tmp_path, python=str(python))
    git(clone, "push", "-q", "origin", "main")

    fifo.write_text("end\n")


def test_a_deleted_branch_and_a_tag_fire_nothing(tmp_path: Path, clone: Path, python: Path) -> None:
    git(clone, "push", "-q", "origin", "main", "main:old")
    hooks.install(hooks.repository(clone), home=tmp_path, python=str(python))
    git(clone, "tag", "v1")
    git(clone, "push", "-q", "origin", ":old", "v1")
    git(clone, "push", "-q", "origin", "main:new")

    asked = until(lambda: (tmp_path / "asked").exists() and (tmp_path / "asked").read_text())
    assert asked.count("--branch") == 1
    assert "--branch new" in asked


def test_somebody_elses_hook_stays_as_it_is(tmp_path: Path, clone: Path) -> None:
    theirs = clone / ".git" / "hooks" / "pre-push"
    theirs.parent.mkdir(exist_ok=True)
    theirs.write_text("#!/bin/sh\nmake test\n")

    with pytest.raises(Refused, match="is there already and not ours") as raised:
        hooks.install(hooks.repository(clone), home=tmp_path, python="python")

    assert "schedules fire" in raised.value.hint
    assert theirs.read_text() == "#!/bin/sh\nmake test\n"
    theirs.unlink()
    for _ in range(2):
        assert len(hooks.install(hooks.repository(clone), home=tmp_path, python="python")) == 2


def test_outside_a_repository_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(Usage, match="lies in no git repository"):
        hooks.repository(tmp_path)
