"""How a run came about is kept with it, and two runs can be told apart by it."""

import sqlite3
import subprocess
from pathlib import Path

import pytest
from fixtures.spools import script, take_all

import lineside
from lineside.console.__main__ import main
from lineside.store import differences, objects
from lineside.store.homes import Home
from lineside.store.queries import artifacts, runs

Screen = pytest.CaptureFixture[str]


def git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=ana", "-c", "user.email=ana@example.org"]
    subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A commit of one script."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "trunk")
    (folder / "train.py").write_text("lr = 1\nsteps = 10\n")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "first")
    return folder


def run_in(folder: Path, home: Home, more: str = "", **env: str) -> None:
    (folder / "sub").mkdir(exist_ok=True)
    done = script(home, f"""
        import os
        os.chdir({str(folder / "sub")!r})
        import lineside
        run = lineside.start_run("it", seed=7)
        {more}
        run.log_metric("loss", 1.0)
    """, **env)  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def text_of(home: Home, db: sqlite3.Connection, run: int, path: str) -> str:
    file = next(file for file in artifacts.artifacts(db, run) if file.path == path)
    return objects.path_of(home, file.digest).read_text()


def test_code_machine_seed_and_packages_are_kept(home: Home, db: sqlite3.Connection, checkout: Path) -> None:
    (checkout / "train.py").write_text("lr = 2\nsteps = 10\n")
    (checkout / "new.py").write_text("print(1)\n")
    run_in(checkout, home, OMP_NUM_THREADS="3", SECRET_TOKEN="no", CUDA_VISIBLE_DEVICES="GPU-1")
    take_all(db, home)
    told = runs.context(db, 1)
    assert told["branch"] == "trunk"
    assert len(told["commit"]) == 40
    assert told["changes"] == "2 files, +2 -1"
    assert (told["seed"], told["env.OMP_NUM_THREADS"], told["gpus"]) == ("7", "3", "GPU GPU-1")
    assert "no" not in told.values()
    patch = text_of(home, db, 1, "code/changes.patch")
    assert "+lr = 2" in patch
    assert "+print(1)" in patch
    assert "\npytest==" in text_of(home, db, 1, "environment/packages.txt")


def test_a_long_patch_goes_through_the_outbox(home: Home, db: sqlite3.Connection, checkout: Path) -> None:
    (checkout / "train.py").write_text("".join(f"line_{number} = {number}\n" for number in range(2_000)))
    run_in(checkout, home)
    take_all(db, home)
    assert "+line_1999 = 1999" in text_of(home, db, 1, "code/changes.patch")
    assert list(home.spool.glob("*.outbox")) == []


def test_a_worktree_has_its_own_branch(home: Home, db: sqlite3.Connection, checkout: Path) -> None:
    git(checkout, "worktree", "add", "-q", "-b", "side", str(checkout.parent / "tree"))
    run_in(checkout.parent / "tree", home)
    take_all(db, home)
    assert runs.context(db, 1)["branch"] == "side"
    assert runs.context(db, 1)["changes"] == "none"


def test_a_second_run_of_a_process_is_told_the_same_without_looking_again(
    home: Home, db: sqlite3.Connection, checkout: Path
) -> None:
    (checkout / "train.py").write_text("lr = 2\n")
    run_in(checkout, home, "lineside.finish(); run = lineside.start_run('again')")
    take_all(db, home)
    assert text_of(home, db, 1, "code/changes.patch") == text_of(home, db, 2, "code/changes.patch")


def test_the_survey_can_be_left_out(home: Home, db: sqlite3.Connection, checkout: Path) -> None:
    run_in(checkout, home, LINESIDE_SURVEY="off")
    take_all(db, home)
    assert artifacts.artifacts(db, 1) == []
    assert "changes" not in runs.context(db, 1)


def test_secrets_of_the_command_line_are_not_kept() -> None:
    words = ["t.py", "--api-key", "abc", "--token=def", "--hf-token", "--lr", "1"]
    assert lineside._command(words) == "t.py --api-key *** --token=*** --hf-token --lr 1"


def test_two_runs_differ_by_the_whole_of_their_code(
    home: Home, db: sqlite3.Connection, checkout: Path, capsys: Screen
) -> None:
    (checkout / "train.py").write_text("lr = 2\nsteps = 10\n")
    run_in(checkout, home)
    (checkout / "train.py").write_text("lr = 3\nsteps = 10\n")
    git(checkout, "commit", "-qam", "second")
    (checkout / "train.py").write_text("lr = 3\nsteps = 99\n")
    run_in(checkout, home)
    take_all(db, home)

    found = differences.code(home, db, 1, 2)

    assert found.exact
    assert [line for line in found.diff if line[0] in "+-" and line[1] not in "+-"] == [
        "-lr = 2", "-steps = 10", "+lr = 3", "+steps = 99",
    ]  # fmt: skip
    status = subprocess.run(
        ["git", "-C", str(checkout), "status", "--short"], capture_output=True, check=True
    )
    assert status.stdout.split() == [b"M", b"train.py"]
    assert main(["--home", str(home.path), "runs", "compare", "1", "2", "--code"]) == 0
    assert "+steps = 99" in capsys.readouterr().out


def test_without_the_checkout_what_was_not_committed_is_compared(
    home: Home, db: sqlite3.Connection, checkout: Path
) -> None:
    for lr in (2, 3):
        (checkout / "train.py").write_text(f"lr = {lr}\nsteps = 10\n")
        run_in(checkout, home)
    take_all(db, home)
    checkout.rename(checkout.parent / "elsewhere")

    found = differences.code(home, db, 1, 2)

    assert not found.exact
    assert {"-+lr = 2", "++lr = 3"} <= set(found.diff)


def test_environments_differ_by_package_and_variable(
    home: Home, db: sqlite3.Connection, tmp_path: Path, capsys: Screen
) -> None:
    for version in ("1.0", "2.0"):
        site = tmp_path / version
        (site / f"alpha-{version}.dist-info").mkdir(parents=True)
        path = f"{site}:{Path(lineside.__file__).parents[1]}"
        script(home, "import lineside; lineside.log_metric('a', 1)", PYTHONPATH=path, RANK=version[0])
    take_all(db, home)

    found = {(each.kind, each.name): each.values for each in differences.environment(home, db, 1, 2)}

    assert found == {("env", "RANK"): ("1", "2"), ("package", "alpha"): ("1.0", "2.0")}
    assert main(["--home", str(home.path), "runs", "compare", "1", "2", "--env"]) == 0
    assert "alpha" in capsys.readouterr().out


def test_data_differ_by_version_and_column(home: Home, db: sqlite3.Connection, capsys: Screen) -> None:
    db.execute("insert into dataset (id, name, created_us) values (1, 'digits', 1)")
    for number, columns in (
        (1, '[{"name": "a", "dtype": "Int64"}]'),
        (2, '[{"name": "b", "dtype": "Int64"}]'),
    ):
        db.execute(
            "insert into dataset_version (id, uid, dataset_id, number, digest, rows, bytes, columns, origin,"
            " created_us, created_by) values (:n, :uid, 1, :n, :uid, :rows, 9, :columns, '{}', 1, 'ana')",
            {"n": number, "uid": f"d{number}", "rows": 10 * number, "columns": columns},
        )
        db.execute(
            "insert into dataset_file (version_id, split, digest, rows, bytes) values (:n, 'all', 'x', 9, 9)",
            {"n": number},
        )
        script(home, f"import lineside; lineside.log_dataset('digits', version={number})")
    take_all(db, home)

    found = [(each.kind, each.name, each.values) for each in differences.data(db, 1, 2)]

    assert found == [
        ("data", "digits", ("@1", "@2")),
        ("rows", "digits", ("10", "20")),
        ("content", "digits", ("d1", "d2")),
        ("column", "digits.a", ("Int64", None)),
        ("column", "digits.b", (None, "Int64")),
    ]
    assert main(["--home", str(home.path), "runs", "compare", "1", "2", "--data", "--json"]) == 0
    assert '"rows"' in capsys.readouterr().out


def test_a_difference_is_between_two(home: Home, db: sqlite3.Connection, capsys: Screen) -> None:
    script(home, "import lineside; lineside.log_metric('a', 1)")
    take_all(db, home)
    assert main(["--home", str(home.path), "runs", "compare", "1", "--code"]) == 2
    assert "give two" in capsys.readouterr().err
