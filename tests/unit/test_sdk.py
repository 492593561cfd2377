"""The SDK: what a script says arrives, and nothing it says can hurt it."""

import ast
import math
import os
import sys
import threading
from pathlib import Path

import pytest
from fixtures.spools import script, writing

import lineside
from lineside.store import spool
from lineside.store.homes import Home


def read_all(home: Home) -> dict[str, spool.Decoded]:
    return {path.name: spool.read(path) for path in home.spool.glob("*.sp")}


def points(found: spool.Decoded) -> dict[str, list[tuple[int, float]]]:
    return {
        name: list(zip(part.steps.tolist(), part.values[:, column].tolist(), strict=True))
        for part in found.steps
        for column, name in enumerate(part.names)
    }


def events(found: spool.Decoded, kind: str) -> list[dict[str, object]]:
    return [event for event in found.events if event["event"] == kind]


def test_it_is_one_file_that_python_3_9_can_read() -> None:
    tree = ast.parse(Path(lineside.__file__).read_text(), feature_version=(3, 9))
    imported = {
        alias.name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in (node.names if isinstance(node, ast.Import) else [ast.alias(node.module or "")])
    }
    assert imported <= sys.stdlib_module_names | {"lineside"}  # the rest of it, which `open` reads with


def test_a_step_without_a_number_follows_the_highest(home: Home) -> None:
    run = writing(home, "run_a")
    run.log_metric("loss", 3.0)
    run.log_metric("loss", 2.0, step=10)
    run.log_metric("loss", 1.5, step=4)
    run.log_metric("loss", 1.0)
    run.finish()
    assert points(read_all(home)["run_a.sp"])["loss"] == [(0, 3.0), (10, 2.0), (4, 1.5), (11, 1.0)]


def test_what_is_no_number_is_dropped_counted_and_takes_nothing_with_it(home: Home) -> None:
    class Angry:
        def __float__(self) -> float:
            raise RuntimeError("not now")

    run = writing(home, "run_a")
    run.log_metrics({"loss": 1.0, "note": "high", "nothing": None, "angry": Angry()}, step=1)
    run.log_metrics({"loss": True, "text": "3.5"}, step=2)
    run.log_metrics({"loss": 1.0}, step="first")  # type: ignore[arg-type]
    run.log_metrics({"loss": 1.0}, step=2**70)
    run.log_metrics(None, step=1)  # type: ignore[arg-type]
    run.finish()
    found = read_all(home)["run_a.sp"]
    assert points(found) == {"loss": [(1, 1.0), (2, 1.0)]}
    assert sum(int(str(event["points"])) for event in events(found, "drop")) == 6


def test_more_names_than_a_frame_holds_become_several(home: Home) -> None:
    run = writing(home, "run_a")
    values = {f"a metric with a long name, number {number}": float(number) for number in range(5_000)}
    run.log_metrics(values, step=1)
    run.log_metrics({"n" * 1_000: 1.0}, step=1)
    run.finish()
    found = points(read_all(home)["run_a.sp"])
    assert {name: line[0][1] for name, line in found.items()} == {**values, "n" * 250: 1.0}


def test_params_and_tags_of_any_size_arrive(home: Home) -> None:
    run = writing(home, "run_a")
    run.log_params({f"p{number}": "ü" * 3_000 for number in range(40)} | {"lr": 1e-3, "long": "x" * 10_000})
    run.set_tags({"base": "yes", "gone": None})
    run.finish()
    found = read_all(home)["run_a.sp"]
    params = {key: text for event in events(found, "params") for key, text in event["values"].items()}  # type: ignore[attr-defined]
    assert len(params) == 42
    assert params["lr"] == "0.001"
    assert len(params["long"]) == 10_000
    assert events(found, "tags")[0]["values"] == {"base": "yes", "gone": None}


def test_threads_share_a_run_without_losing_a_point(home: Home) -> None:
    run = writing(home, "run_a")
    gate = threading.Barrier(6)

    def log(worker: int) -> None:
        gate.wait()
        for step in range(300):
            run.log_metrics({f"m{worker}": 1.0, f"shape{step % 7}": 2.0}, step=step)

    threads = [threading.Thread(target=log, args=(worker,)) for worker in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run.finish()
    found = read_all(home)["run_a.sp"]
    assert found.points == 6 * 300 * 2
    assert found.skipped == 0


def test_a_copy_of_a_file_is_kept_as_it_was(home: Home, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "weights").write_text("1")
    run = writing(home, "run_a")
    run.log_model(tmp_path / "model")
    (tmp_path / "model" / "weights").write_text("2")
    run.log_artifacts(tmp_path / "model")
    run.log_artifact(tmp_path / "nowhere")
    run.finish()
    model, inner, missing = events(read_all(home)["run_a.sp"], "artifact")
    assert (model["kind"], model["path"]) == ("model", "model")
    assert (home.path / str(model["at"]) / "weights").read_text() == "1"
    assert inner["path"] == "weights"
    assert (missing["path"], missing["at"]) == ("nowhere", "")


def test_a_script_outside_the_runner_has_a_run_of_its_own(home: Home) -> None:
    done = script(home, """
        import lineside
        lineside.log_params({"lr": 0.1})
        lineside.log_metrics({"loss": 1.0})
    """)  # fmt: skip
    ((name, found),) = read_all(home).items()
    assert (done.returncode, done.stderr) == (0, "")
    assert name.startswith("run_")
    assert events(found, "start")[0]["context"]["host"] == os.uname().nodename  # type: ignore[index]
    assert events(found, "status")[0]["status"] == "FINISHED"


@pytest.mark.parametrize(
    ("ending", "status"),
    [("raise ValueError('no')", "FAILED"), ("raise KeyboardInterrupt", "KILLED"), ("pass", "FINISHED")],
)
def test_the_way_a_script_ends_is_its_verdict(home: Home, ending: str, status: str) -> None:
    script(home, f"import lineside\nlineside.log_metric('a', 1)\n{ending}")
    (found,) = read_all(home).values()
    assert events(found, "status")[0]["status"] == status


def test_a_with_block_ends_its_run_and_lets_the_error_through(home: Home) -> None:
    run = writing(home, "run_a")
    with pytest.raises(ValueError, match="no"), run:
        raise ValueError("no")
    assert events(read_all(home)["run_a.sp"], "status")[0] | {"at_us": 0} == {
        "event": "status", "status": "FAILED", "detail": "ValueError", "at_us": 0,
    }  # fmt: skip


def test_under_the_runner_the_first_run_is_the_jobs_and_the_next_its_child(
    home: Home, tmp_path: Path
) -> None:
    script(home, """
        import lineside
        lineside.log_metric("outer", 1)
        with lineside.start_run("inner"):
            lineside.log_metric("inner", 2)
        lineside.log_metric("outer", 3)
        open("made.txt", "w").close()
        lineside.log_artifact("made.txt")
    """.replace("made.txt", str(tmp_path / "made.txt")), LINESIDE_RUN="run_job", LINESIDE_ATTEMPT="2",
           LINESIDE_ATTEMPT_DIR=str(home.attempt(7, 2)))  # fmt: skip
    found = read_all(home)
    outer = found.pop("run_job.sp")
    (inner,) = found.values()
    assert [value for _, value in points(outer)["outer"]] == [1, 3]
    assert events(outer, "start")[0]["attempt"] == "2"
    assert events(inner, "start")[0]["parent"] == "run_job"
    (made,) = (each for each in events(outer, "artifact") if each["path"] == "made.txt")
    assert str(made["at"]).startswith("jobs/7/2/outbox/")


def test_a_fork_and_a_second_process_write_beside_the_first(home: Home) -> None:
    done = script(home, """
        import os, subprocess, sys
        import lineside
        lineside.log_metric("parent", 1)
        if os.fork() == 0:
            lineside.log_metric("child", 2)
            os._exit(0)
        os.wait()
        second = "import lineside; lineside.log_metric('second', 3)"
        subprocess.run([sys.executable, "-c", second], check=True)
        lineside.log_metric("parent", 4)
    """, LINESIDE_RUN="run_job")  # fmt: skip
    found = read_all(home)
    assert done.stderr == ""
    assert [value for _, value in points(found.pop("run_job.sp"))["parent"]] == [1, 4]
    assert all(name.startswith("run_job.") for name in found)
    assert {name for side in found.values() for name in points(side)} == {"child", "second"}


def test_a_full_disk_is_not_the_scripts_problem(home: Home) -> None:
    done = script(home, """
        import resource, signal
        import lineside
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        run = lineside.start_run("big")
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        for step in range(2_000):
            lineside.log_metrics({"loss": 1.0, "accuracy": 2.0}, step=step)
        lineside.log_params({"a": 1})
        assert run._spool.dropped > 0
        print("trained")
    """)  # fmt: skip
    (found,) = read_all(home).values()
    assert done.stdout == "trained\n"
    assert done.returncode == 0
    assert 0 < found.points < 4_000


def test_a_shape_that_met_a_full_disk_is_declared_again(home: Home) -> None:
    script(home, """
        import resource, signal
        import lineside
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        run = lineside.start_run("big")
        lineside.log_metric("before", 1.0)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, -1))
        lineside.log_metric("loss", 1.0)
        resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))
        lineside.log_metric("loss", 2.0)
    """)  # fmt: skip
    (found,) = read_all(home).values()
    assert [value for _, value in points(found)["loss"]] == [2.0]
    assert events(found, "drop")[0]["points"] == 1


def test_without_a_home_one_line_says_so_and_nothing_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    nowhere = Home(tmp_path / "nowhere")
    done = script(nowhere, """
        import lineside
        with lineside.start_run("x", params={"a": 1}) as run:
            for _ in range(100):
                lineside.log_metrics({"loss": 1.0})
            lineside.log_artifact("/etc/hostname")
    """)  # fmt: skip
    assert done.returncode == 0
    assert done.stderr.count("\n") == 1
    assert "nothing is recorded" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_what_is_logged_after_the_end_starts_no_second_run(home: Home) -> None:
    done = script(home, """
        import lineside
        lineside.log_metric("a", 1)
        lineside.finish()
        for _ in range(100):
            lineside.log_metric("a", 2)
    """)  # fmt: skip
    (found,) = read_all(home).values()
    assert found.points == 1
    assert done.returncode == 0
    assert 1 <= done.stderr.count("has ended") <= 10


def test_a_copy_of_the_sdk_hides_nothing_of_lineside(home: Home, tmp_path: Path) -> None:
    copy = tmp_path / "sdk" / "lineside"
    copy.mkdir(parents=True)
    (copy / "__init__.py").write_text(Path(lineside.__file__).read_text())
    code = "import lineside, lineside.store.clock; print(lineside.__file__, lineside.store.clock.now() > 0)"
    done = script(home, code, PYTHONPATH=f"{tmp_path / 'sdk'}:{Path(lineside.__file__).parents[1]}")
    assert done.stdout == f"{copy / '__init__.py'} True\n"


def test_numbers_that_are_none_are_kept_apart(home: Home) -> None:
    run = writing(home, "run_a")
    run.log_metrics({"a": math.nan, "b": math.inf, "c": -math.inf})
    run.finish()
    found = points(read_all(home)["run_a.sp"])
    assert math.isnan(found["a"][0][1])
    assert (found["b"][0][1], found["c"][0][1]) == (math.inf, -math.inf)
