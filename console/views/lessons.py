"""What an area says while nothing is in it: what it is for, and what fills it."""

from collections.abc import Mapping, Sequence

from lineside.console.text import Line, fit, width_of

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
            (". n", "run a pipeline of a project"),
            (". x", "run any command"),
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


def lesson(name: str, width: int) -> list[Line]:
    """The lesson of an area; none for an area that cannot be empty."""
    import textwrap

    what, ways = LESSONS.get(name, ("", ()))
    if not what:
        return []
    lines: list[Line] = [[], *([("   " + row, "")] for row in textwrap.wrap(what, max(20, width - 6))), []]
    wide = max(width_of(way) for way, _ in ways)
    for way, does in ways:
        if wide + width_of(does) + 8 <= width:
            lines.append([("   ", ""), (fit(way, wide), "bold accent"), ("  " + does, "dim")])
        else:
            lines += [[("   ", ""), (way, "bold accent")], [("     " + does, "dim")]]
    return lines
