"""What a version promises that the one before kept: rule by rule, from the two profiles."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lineside.console.format import count
from lineside.console.reads.changes import Change
from lineside.console.reads.datasets import Chosen
from lineside.console.text import Line, fit, heading, safe
from lineside.console.views.data.data import far
from lineside.console.views.grid import wrapped

_MORE_MISSING = 0.05
_FEWER_ROWS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One rule and what it found."""

    name: str
    passed: bool
    words: str


def checks(chosen: Chosen) -> list[Check]:
    """Failed ones first; empty for a first version."""
    if chosen.against is None:
        return []
    both = [c for c in chosen.changes if c.now and c.before]
    size, was = chosen.version.rows, chosen.against.rows
    found = [
        _named("columns", [c for c in chosen.changes if c.fate in ("added", "dropped")],
               f"the same {len(chosen.version.columns)}", lambda c: f"{c.name} {c.fate}"),
        _named("types", [c for c in both if c.fate == "retyped"], "the same",
               lambda c: f"{c.name} is {c.profile.dtype}, was {c.before.dtype if c.before else ''}"),
        Check(name="rows", passed=size >= was * _FEWER_ROWS, words=f"{count(size)}, were {count(was)}"),
        _named("missing", [c for c in both if _emptier(c)], "no more than before",
               lambda c: f"{c.name} {c.missing_share:.1%}"),
        _named("range", [c for c in both if _outside(c)], "all within what was there before",
               lambda c: c.name),
        _named("constant", [c for c in both if c.constant and c.profile.rows and not _was_constant(c)],
               "none that varied before", lambda c: c.name),
        _named("moved", [c for c in both if c.moved], "no column by more than chance",
               lambda c: f"{c.name} {far(c)}"),
    ]  # fmt: skip
    return sorted(found, key=lambda check: check.passed)


def _named(name: str, bad: Sequence[Change], fine: str, say: Callable[[Change], str]) -> Check:
    if not bad:
        return Check(name=name, passed=True, words=fine)
    shown = ", ".join(say(c) for c in bad[:3])
    more = f" and {len(bad) - 3} more" if len(bad) > 3 else ""
    return Check(name=name, passed=False, words=f"{len(bad)}: {shown}{more}")


def _emptier(change: Change) -> bool:
    old = change.before
    assert old is not None
    had = (old.nulls + old.nans + old.infinite) / old.rows if old.rows else 0.0
    return change.missing_share - had > _MORE_MISSING


def _outside(change: Change) -> bool:
    now, old = change.now, change.before
    assert now is not None
    assert old is not None
    pairs = [now.min, now.max, old.min, old.max]
    if not all(isinstance(v, int | float) for v in pairs):
        return False
    low, high, old_low, old_high = (float(v) for v in pairs if v is not None)
    return low < old_low or high > old_high


def _was_constant(change: Change) -> bool:
    old = change.before
    return old is not None and old.min is not None and old.min == old.max


def lines(chosen: Chosen, width: int) -> list[Line]:
    """Every check on a line of its own, under a heading that says against what."""
    found = checks(chosen)
    if chosen.against is None:
        return [heading("CHECKS", width), [("  the first version: nothing to compare with", "dim")]]
    failed = sum(not check.passed for check in found)
    right = f"{failed} of {len(found)} want a look" if failed else f"all {len(found)} passed"
    out: list[Line] = [heading(f"CHECKS AGAINST @{chosen.against.number}", width, right=right)]
    for check in found:
        first, *rest = wrapped(check.words, width - 12, "") or [[("", "")]]
        mark = (" ✓ ", "ok") if check.passed else (" ! ", "bold warn")
        tone = "dim" if check.passed else "warn"
        out.append([mark, (fit(check.name, 10), ""), (safe(first[0][0].strip()), tone)])
        out += [[(" " * 13 + safe(line[0][0].strip()), tone)] for line in rest]
    return out


def brief(chosen: Chosen) -> Line:
    """All checks in one line: what failed, or that all passed."""
    found = checks(chosen)
    if chosen.against is None:
        return [(" checks ", "dim"), ("the first version: nothing to compare with", "dim")]
    failed = [check for check in found if not check.passed]
    against = f" against @{chosen.against.number}"
    if not failed:
        return [(" ✓ ", "ok"), (f"all {len(found)} checks{against} passed", "")]
    said = "; ".join(f"{check.name} {check.words}" for check in failed)
    return [(" ! ", "bold warn"), (f"{len(failed)} of {len(found)}{against}: ", "warn"), (safe(said), "")]
