"""What stays out: command line and store start light, the runner never holds a framework."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from fixtures.runners import RunnerUnderTest

import lineside

FRAMEWORKS = {"torch", "sklearn", "onnxruntime", "onnx", "skl2onnx", "polars", "duckdb", "textual", "pandas"}
HEAVY = FRAMEWORKS | {
    "numpy",
    "scipy",
    "apscheduler",
    "httpx",
    "sqlite_utils",
    "rich",
    "starlette",
    "uvicorn",
}


@pytest.mark.parametrize(
    ("module", "banned"),
    [
        ("lineside", HEAVY | {"secrets", "hashlib", "pkgutil"}),
        ("lineside.store.db", HEAVY),
        ("lineside.jobs.commands", HEAVY | {"click", "asyncio"}),
        ("lineside.console.cli", HEAVY | {"importlib.metadata", "difflib"}),
        ("lineside.console.screens.wall", {"numpy", "hashlib", "secrets"}),  # the first screen
        ("lineside.jobs.runner", FRAMEWORKS | {"scipy", "click"}),
        ("lineside.jobs.compute", FRAMEWORKS | {"scipy"}),
    ],
)
def test_importing_it_brings_nothing_heavy(module: str, banned: set[str]) -> None:
    code = f"import sys, {module}; print(*sorted({banned!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_the_version_that_is_said_is_the_one_installed() -> None:
    """It is written down twice: to look it up costs a verb 15 ms."""
    assert lineside.__version__ == version("lineside")


def test_a_runner_at_work_holds_no_framework(busy_runner: RunnerUnderTest, tmp_path: Path) -> None:
    """Data is read in the compute child, a job runs: the runner's own memory maps none of their libraries."""
    table = tmp_path / "t.csv"
    table.write_text("amount,label\n" + "1.5,2\n" * 60)
    busy_runner.ask("data.add", {"name": "t", "path": str(table), "target": "label"})
    busy_runner.wait_for(busy_runner.submit("true"))

    maps = Path(f"/proc/{busy_runner.pid}/maps").read_text()

    assert "python" in maps
    for library in ("/torch/", "/sklearn/", "/onnxruntime/", "/polars", "/duckdb/", "/scipy/"):
        assert library not in maps, library
