"""What an area says while nothing is in it: what it is for, and what fills it."""

from collections.abc import Mapping, Sequence

from lineside.console.commands import TITLES, shown
from lineside.console.text import Line, width_of

LESSONS: Mapping[str, tuple[str, Sequence[tuple[str, str]]]] = {
    "wall": (
        "Here stands what needs you: requests to approve, alerts, failed jobs; and all else at a glance.",
        (
            ("lineside data add NAME FILE", "give a table a name and a version"),
            ("lineside run train", "run a pipeline of lineside.toml"),
            ("3  then  . x", "run any command, from here"),
            ("lineside demo", "see the whole loop first, in a home of its own"),
        ),
    ),
    "runs": (
        "Every training with its params, metrics and curves: mark some with space, compare them with x.",
        (
            ("lineside run train", "run a pipeline of lineside.toml"),
            ("lineside run -- python train.py", "any command at all; it logs with  import lineside"),
            ("3  then  . n  or  . x", "the same, from here"),
        ),
    ),
    "jobs": (
        "The queue of this box: what runs, what waits and why, what it printed, which GPU it holds.",
        (
            (". x", "run any command"),
            (". n", "run a pipeline of a project: one that was applied"),
            ("lineside run --gpus 1 -- python train.py", "the same, from a shell"),
        ),
    ),
    "data": (
        "Tables by version: columns with their shapes, what moved since, which runs learned from them.",
        (
            (". n", "add a CSV or Parquet file"),
            ("lineside data add NAME FILE --target COLUMN", "the same, from a shell"),
        ),
    ),
    "models": (
        "Versions, who held `champion` when, and requests with their evidence, decided by a second person.",
        (
            ("lineside register RUN NAME", "make a run's model a version; or 2, then . m on the run"),
            ("lineside promote NAME@v1 --to champion", "ask that it hold an alias; gates check it first"),
        ),
    ),
    "lineage": (
        "Where a thing came from and what came of it, as a graph that is walked with the arrow keys.",
        (
            ("lineside data add NAME FILE", "a lineage begins with data or a run"),
            ("lineside run train", "each arrow is drawn by itself from then on"),
        ),
    ),
    "monitor": (
        "What is served: how fast, and whether it still fits what the model was trained on.",
        (
            ("lineside serve NAME@champion", "serve what holds an alias; or 5, then . s"),
            ("lineside apply", "make [monitor.NAME] and [retrain.NAME] of lineside.toml real"),
        ),
    ),
    "audit": (
        "Who did what, when, as whom: a chain of hashes that shows any change of the record.",
        (("lineside data add NAME FILE", "whatever changes something writes its row here"),),
    ),
}


SKETCHES: Mapping[str, Sequence[str]] = {
    "wall": (
        "? APPROVE  bike v7 → champion, tomas asks                13:22   ↵ look",
        "✗ FAILED   job 58 train fraud: oom_cuda at step 1,204    12:40   ↵ log",
    ),
    "runs": (
        "  812  ✓ FINISHED   tomas   val_mae 36.91   lr 3e-3   ▇▇▅▃▂▁▁",
        "  826  ● RUNNING    you     val_mae 39.42   lr 1e-3   ▇▅▄▃",
    ),
    "jobs": (
        "57  ● RUNNING  train bike   you  GPU 0  ends 16:01   loss 0.213 ▇▅▃▂",
        "60  ○ QUEUED   train fraud  you  –      since 13:39  0 held by job 57",
    ),
    "data": (
        "  bike@3   17,379 rows   + 2,379   16 columns   target cnt   ▁▃▇▅▂",
        "  bike@2   15,000 rows             16 columns   2 runs learned from it",
    ),
    "models": (
        "  bike v7   ? asked for champion   gates 6/6   hold-out 36.9",
        "  bike v6   ● champion since Tue   approved by maria",
    ),
    "lineage": (
        "  bike@3 ──▸ run 812 ──▸ bike v7 ──▸ request 3",
        "                      ╰──▸ window 4 ──▸ ◆ alert 1",
    ),
    "monitor": (
        "  ◆ bike-api   v6   drifted      212 req/s   p99 18 ms   ▂▂▃▅▇",
        "  ● fraud      v2   ok            35 req/s   p99 44 ms   ▂▂▂▂▂",
    ),
    "audit": (
        "  412  13:22:07   tomas   asks     bike v7 → champion    9f3c…",
        "  413  13:51:40   maria   approves bike v7               71ab…",
    ),
}  # fmt: skip
"""How a few rows of each area will look."""

_WIDEST = 110

_AREAS: Mapping[str, str] = {
    "wall": "what needs you, and all else at a glance",
    "runs": "every training: a leaderboard, curves, what differs between some",
    "jobs": "the queue, GPUs, output, schedules, pipelines",
    "data": "tables by version: their shapes, and what moved",
    "models": "versions, who holds an alias, requests with their evidence",
    "lineage": "where a thing came from and what came of it",
    "monitor": "what is served: latency, drift, alerts",
    "audit": "who did what, when, in a chain that shows any change",
    "sql": "any question to all of it",
}
"""What each area is for, in the lesson of the first."""


def lesson(name: str, width: int, height: int) -> list[Line]:
    """The lesson of an area: what it is for, the first step, other ways, how it will look.

    None for an area that cannot be empty.
    """
    import textwrap

    what, ways = LESSONS.get(name, ("", ()))
    if not what:
        return []
    room = min(width, _WIDEST)
    lines: list[Line] = [[], *([("   " + row, "bold")] for row in textwrap.wrap(what, max(20, room - 6))), []]
    for place, (way, does) in enumerate(ways):
        lines += _way(way, does, _column(way, ways), width, first=place == 0)
    sketch = [row.replace("↵", shown("enter")) for row in SKETCHES.get(name, ())]
    if sketch and width >= max(width_of(row) for row in sketch) + 6:
        lines += [[], [("   It will look like this:", "dim")], []]
        lines += [[("   │ ", "rule"), (row, "faint-fg")] for row in sketch]
    if name == "wall" and len(lines) + 3 + len(_AREAS) + _FRAME <= height:
        lines += [[], [("   The nine areas, by their digits:", "dim")], []]
        lines += [_area(place, each) for place, each in enumerate(_AREAS, 1)]
    return lines


_NEAR = 20
"""So far apart in length, ways are explained in one column."""


def _column(way: str, ways: Sequence[tuple[str, str]]) -> int:
    """How wide the ways are: all of them, or only keys, only commands, where they differ much."""
    lengths = [width_of(_typed(each)) for each, _ in ways]
    if max(lengths) - min(lengths) <= _NEAR:
        return max(lengths)
    shell = way.startswith("lineside")
    return max(width_of(_typed(each)) for each, _ in ways if each.startswith("lineside") == shell)


_FRAME = 3
"""Lines around the body."""


def _area(digit: int, name: str) -> Line:
    return [(f"   {digit}", "key"), (f" {TITLES[name]:<9}", "bold"), (_AREAS[name], "")]


def _typed(way: str) -> str:
    """A command as it stands behind a shell's prompt; a key as it is."""
    return f"$ {way}" if way.startswith("lineside") else way


def _way(way: str, does: str, wide: int, width: int, *, first: bool) -> list[Line]:
    """`▸ . n   run a pipeline`; in two lines where one is too narrow."""
    mark = (" ▸ ", "bold ask") if first else ("   ", "")
    tone = "reverse bold accent" if first and not way.startswith("lineside") else "bold accent"
    typed = _typed(way)
    if wide + width_of(does) + 8 <= width:
        return [
            [mark, (typed, tone), (" " * (wide - width_of(typed)), ""), ("  " + does, "" if first else "dim")]
        ]
    return [[mark, (typed, tone)], [("     " + does, "dim")]]
