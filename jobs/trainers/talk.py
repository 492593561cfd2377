"""What both trainers say: their flags, their log lines, and how they stop when they are told to."""

import argparse
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import lineside
from lineside.jobs.packaging.packages import Holdout
from lineside.jobs.trainers.columns import Source, Table, Unusable, load, source
from lineside.jobs.trainers.package import metric

STOPPED = 128 + signal.SIGTERM


class Stop:
    """True once SIGTERM has come; the training loop looks between two batches."""

    def __init__(self) -> None:
        self.asked = False
        signal.signal(signal.SIGTERM, self._note)

    def __bool__(self) -> bool:
        return self.asked

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True


def flags(about: str) -> argparse.ArgumentParser:
    """The flags both trainers take."""
    parser = argparse.ArgumentParser(description=about, allow_abbrev=False)
    parser.add_argument("--data", type=Path, required=True, help="folder of a dataset version")
    parser.add_argument("--target", help="column to predict (default: the dataset's own)")
    parser.add_argument("--exclude", default="", help="comma-separated columns no model may see")
    parser.add_argument("--task", choices=("classification", "regression"), help="default: from the target")
    parser.add_argument("--image", help="the columns are pixels, for example 8x8 (default: from their names)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="where to write the package (default: the attempt's folder)")
    return parser


def say(line: str) -> None:
    """One line in the job's log."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def open_table(args: argparse.Namespace) -> Table:
    """The rows to train on, told to the log and to the run.

    Raises:
        Unusable: they cannot be trained on.
    """
    where = source(args.data)
    target = args.target or where.target
    if not target:
        raise Unusable(f"{args.data} does not say what to predict: give --target COLUMN")
    extra = [name for name in args.exclude.split(",") if name]
    table = load(args.data, target=target, exclude=[*where.exclude, *extra], seed=args.seed,
                 task=args.task, image=args.image)  # fmt: skip
    _introduce(table, where, args)
    return table


def verdict(table: Table, holdout: Holdout, *, train_s: float) -> None:
    """The final numbers, to the log and to the run."""
    lineside.log_metrics(
        {
            "holdout": holdout.value,
            "holdout_low": holdout.low,
            "holdout_high": holdout.high,
            "train_s": train_s,
        }
    )
    say(
        f"hold-out {metric(table)} {holdout.value:.4g} [{holdout.low:.4g}, {holdout.high:.4g}] "
        f"on {holdout.n} rows after {train_s:.1f} s of training"
    )


def package_folder(args: argparse.Namespace) -> Path:
    """Where the package is built: inside the attempt, so that it goes when the attempt goes."""
    if args.out:
        return Path(args.out)
    return Path(os.environ.get("LINESIDE_ATTEMPT_DIR", ".")) / "package"


def main(train: Callable[[list[str]], int]) -> None:
    """Run a trainer as a program: what cannot be trained on ends with one plain line and exit 2."""
    try:
        code = train(sys.argv[1:])
    except Unusable as problem:
        sys.stderr.write(f"cannot train: {problem}\n")
        lineside.finish("FAILED")
        code = 2
    sys.exit(code)


def _introduce(table: Table, where: Source, args: argparse.Namespace) -> None:
    shown: dict[str, Any] = {
        k: v for k, v in vars(args).items() if k not in ("data", "out") and v is not None
    }
    lineside.log_params({**shown, "target": table.target, "task": table.task, "features": len(table.kinds),
                         "train_rows": len(table.train)})  # fmt: skip
    lineside.log_dataset(where.name, version=where.version, digest=where.digest)
    picture = f", a picture of {table.image.rows}x{table.image.cols}" if table.image else ""
    say(f"{where.name}: {len(table.train)} rows to learn, {len(table.holdout)} held out, "
        f"{len(table.kinds)} features{picture}; {table.task} of {table.target}")  # fmt: skip
    if table.dropped:
        say(f"not features (neither numbers nor words): {', '.join(table.dropped)}")
