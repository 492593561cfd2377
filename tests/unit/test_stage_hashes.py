"""What goes into a stage's hash and what does not; what the file system's word for it is worth."""

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lineside.jobs.projects import keys
from lineside.jobs.projects.hashing import Files
from lineside.jobs.projects.interpreters import packages, script
from lineside.jobs.projects.keys import Recipe
from lineside.store.errors import NotFound


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    folder = tmp_path / "project"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "a.csv").write_text("1")
    (folder / "train.py").write_text("print(1)")
    return Recipe(
        cell="train", folder=str(folder), wdir=".", cmd="{python} train.py --lr {lr}",
        argv=(sys.executable, "train.py", "--lr", "0.1"), params={"lr": 0.1}, deps=("data",),
        datasets={"digits": "d1"}, outs=("model.pt",), metrics=(), env=("TOKEN",), shell=False,
        python=sys.executable, may_skip=True, records=True,
    )  # fmt: skip


def old(path: Path, seconds: float = 10.0) -> None:
    """Make a file look as if it was written a while ago."""
    at = path.stat().st_mtime - seconds
    os.utime(path, (at, at))


def gather(recipe: Recipe, **env: str) -> dict[str, Any]:
    return keys.gather(recipe, Files(), env)


def test_the_hash_is_of_what_decides_the_result_and_the_words_say_what_changed(recipe: Recipe) -> None:
    folder = Path(recipe.folder)
    before = gather(recipe, TOKEN="a")

    def says(now: Recipe, **env: str) -> str:
        after = gather(now, **{"TOKEN": "a", **env})
        assert (keys.key_of(after) == keys.key_of(before)) == (keys.changes(before, after) == "")
        return keys.changes(before, after)

    assert says(recipe) == ""
    assert says(replace(recipe, python="/elsewhere/python")) == ""
    assert says(replace(recipe, params={"lr": 0.01})) == "lr changed 0.1 → 0.01"
    assert says(replace(recipe, datasets={"digits": "d2"})) == "dataset:digits changed"
    assert says(replace(recipe, outs=("m.pt",))) == "the paths of outs changed"
    assert says(replace(recipe, cmd="{python} train.py")) == "the command changed"
    assert says(recipe, TOKEN="b") == "variable TOKEN changed"
    (folder / "train.py").write_text("print(2)")
    (folder / "data" / "b.csv").write_text("2")
    assert says(recipe) == "data changed; train.py changed"


def test_a_script_is_the_first_file_of_the_project_that_the_command_names(tmp_path: Path) -> None:
    (tmp_path / "pkg").mkdir()
    for name in ("train.py", "out.txt", "pkg/__main__.py"):
        (tmp_path / name).touch()

    def named(*argv: str) -> str | None:
        found = script(argv, str(tmp_path), str(tmp_path), not_=[str(tmp_path / "out.txt")])
        return found and os.path.relpath(found, tmp_path)

    assert named("python", "out.txt", "train.py") == "train.py"
    assert named("python", "-P", "-m", "pkg") == "pkg/__main__.py"
    assert named("ls", "/etc/passwd") is None


def test_installed_packages_are_read_without_starting_the_interpreter() -> None:
    first, *rest = packages(sys.executable)

    assert first.startswith("python3")
    assert any(each.startswith("pytest==") for each in rest)
    assert packages("/nowhere/bin/python") == ["python"]


def test_a_changed_package_is_named_with_its_versions() -> None:
    was, now = ({"packages": ["python3.11 3.11.7", f"numpy=={v}"]} for v in ("2.4.5", "2.4.6"))

    assert keys.changes(was, now) == "numpy 2.4.5 → 2.4.6"


def test_a_file_is_read_again_only_when_it_may_have_changed(tmp_path: Path) -> None:
    path = tmp_path / "big"
    path.write_text("one")
    old(path)
    os.chmod(path, 0o600)
    fresh = Files.of(tmp_path)
    fresh.digest(str(path))
    fresh.keep()
    assert fresh.read_bytes == 3

    again = Files.of(tmp_path)  # its change time is of this moment: it was not remembered
    first = again.digest(str(path))
    assert again.read_bytes == 3

    known = [*_mark(path), first.digest]
    remembered = Files({os.path.realpath(path): known})
    assert remembered.digest(str(path)) == first
    assert remembered.read_bytes == 0
    path.write_text("two")
    assert remembered.digest(str(path)).digest != first.digest


def test_what_was_read_is_remembered_across_processes_once_it_is_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "big"
    path.write_text("one")
    later = path.stat().st_ctime_ns + 10_000_000_000
    monkeypatch.setattr("lineside.jobs.projects.hashing.time.time_ns", lambda: later)
    first = Files.of(tmp_path)
    first.digest(str(path))
    first.keep()

    second = Files.of(tmp_path)
    second.digest(str(path))

    assert (first.read_bytes, second.read_bytes, second.unread_bytes(str(path))) == (3, 0, 0)


def test_a_damaged_memory_costs_a_read_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("one")
    for text in ("[1]", "{", '{"x": 3}'):
        files = Files.of(tmp_path)
        assert files._at is not None
        files._at.parent.mkdir(parents=True, exist_ok=True)
        files._at.write_text(text)
        assert Files.of(tmp_path).digest(str(path)).bytes == 3


def test_a_folder_is_its_names_and_contents_and_a_link_that_leads_up_is_not_followed(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x").write_text("same")
        (tmp_path / name / "up").symlink_to("..")
    a, b = (Files().digest(str(tmp_path / name)) for name in ("a", "b"))
    assert a == b

    (tmp_path / "b" / "x").rename(tmp_path / "b" / "y")

    assert Files().digest(str(tmp_path / "b")).digest != a.digest


def test_a_dep_that_is_not_there_is_named_with_its_stage(recipe: Recipe) -> None:
    with pytest.raises(NotFound, match=r"no file 'gone\.csv'") as caught:
        gather(replace(recipe, deps=("gone.csv",)))

    assert caught.value.hint == "stage train depends on it"


def test_a_variable_may_be_a_token_and_never_reaches_the_store(recipe: Recipe) -> None:
    assert "s3cret" not in str(gather(recipe, TOKEN="s3cret"))


def _mark(path: Path) -> list[int]:
    found = path.stat()
    return [found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns]
