"""lineside beside the trackers that are here, in turns, in one run. Asserts nothing about time.

    python tests/bench/bench_tracking_peers.py [--peers PYTHON] [--rounds 3] [--runs N,M] [--keep DIR]

PYTHON is an interpreter that has mlflow, trackio or both: each that is absent is skipped, and that is said.
A cell is the median of the rounds; a ratio is of these medians: what else the machine does hits all alike.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
TITLES = {
    "p50_us": "a call of 10 values, p50 µs", "p99_us": "… p99 µs", "max_us": "… worst µs",
    "visible_per_s": "points/s until visible", "bytes_per_point": "bytes a point", "errors": "errors",
    "lost": "points lost", "page_ms": "page of 50, filtered and sorted, ms", "detail_ms": "one run, ms",
    "history_ms": "25 series of 10,000 steps, ms",
    "drawn_ms": "… cut to 400 columns, ms",
}  # fmt: skip


def ask(python: str, peer: str, *args: str, timeout_s: float = 400.0) -> dict[str, Any]:
    """What one driver says of itself; a failure is shown, not measured."""
    done = subprocess.run(
        [python, str(HERE / "drivers" / f"with_{peer}.py"), *args], capture_output=True, text=True,
        timeout=timeout_s, check=False, env={**os.environ, "PYTHONPATH": str(HERE.parents[1])},
    )  # fmt: skip
    if done.returncode:
        print(f"{peer} {args[0]} failed:\n{done.stderr[-800:]}", flush=True)
        return {}
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    found: dict[str, Any] = json.loads(lines[-1]) if lines else {}
    return found


def versions(python: str) -> dict[str, str]:
    """The peers that this interpreter has."""
    script = """
import importlib.metadata as known, json
found = {}
for name in ("mlflow", "trackio"):
    try:
        found[name] = known.version(name)
    except known.PackageNotFoundError:
        pass
print(json.dumps(found))
"""
    done = subprocess.run([python, "-c", script], capture_output=True, text=True, check=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found


def table(title: str, said: dict[str, list[dict[str, Any]]]) -> None:
    """Medians side by side, and how many times better lineside is."""
    print(f"\n== {title}")
    for key, name in TITLES.items():
        middle = {peer: statistics.median(row[key] for row in rows if key in row)
                  for peer, rows in said.items() if any(key in row for row in rows)}  # fmt: skip
        if not middle:
            continue
        ours = middle.get("lineside")
        cells = []
        for peer, value in middle.items():
            ratio = (
                "" if peer == "lineside" or not ours or not value else f" ({_times(key, ours, value):,.4g} x)"
            )
            cells.append(f"{peer} {value:,.2f}{ratio}")
        print(f"{name:38} " + "   ".join(cells), flush=True)


def _times(key: str, ours: float, theirs: float) -> float:
    """How many times better lineside is: more of a rate, less of anything else."""
    return ours / theirs if key.endswith("_per_s") else theirs / ours


def main(asked: argparse.Namespace, folder: Path) -> None:
    python = {"lineside": sys.executable}
    found = versions(asked.peers)
    python |= dict.fromkeys(found, asked.peers)
    print("peers: " + (", ".join(f"{name} {version}" for name, version in found.items()) or "none here"))
    for absent in {"mlflow", "trackio"} - set(found):
        print(f"skipped: {asked.peers} has no {absent}")
    for work, title in (("one", "one process, 10,000 steps of 10 metrics"),
                        ("eight", "eight processes, 2,000 steps of 5 metrics each")):  # fmt: skip
        if work not in asked.only:
            continue
        said: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for turn in range(asked.rounds):
            for peer, interpreter in python.items():
                row = ask(interpreter, peer, work, str(folder / f"{work}{turn}"), "0")
                said[peer].append({**row, "lost": row.get("points", 0) - row.get("stored", 0)})
        table(title, said)
    for runs in asked.runs.split(",") if "pages" in asked.only else ():
        for peer, interpreter in python.items():
            ask(interpreter, peer, "fill", str(folder), runs, timeout_s=900)
        pages: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for _ in range(asked.rounds):
            for peer, interpreter in python.items():
                pages[peer].append(ask(interpreter, peer, "pages", str(folder), runs))
        table(f"a home of {int(runs):,} runs, 20 params and metrics each", pages)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", default=sys.executable)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--runs", default="10000,100000")
    parser.add_argument("--only", default="one,eight,pages")
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        main(options, options.keep or Path(temporary))
