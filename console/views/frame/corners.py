"""The right end of the title bar: the runner, who one is, and whether what stands below is the newest."""

from lineside.console.format import clock
from lineside.console.ports import RunnerState
from lineside.console.text import Line, Span, safe
from lineside.store.clock import Micros


def urgent(*, runner: RunnerState, gone: Micros | None, paused: bool, stale: str, now: Micros) -> list[Span]:
    """What has to be said even where there is hardly room: nothing new comes, and why.

    Args:
        gone: since when the runner, which was there, has not answered.
        stale: `as of 12:03:07`; nothing while all is new.
    """
    out: list[Span] = [("paused", "bold warn")] if paused else []
    if stale:
        out += [(" " if out else "", ""), (stale, "warn")]
    if gone is not None:
        out += [
            (" · " if out else "", "dim"),
            (f"runner gone since {clock(gone, now=now)}, reconnecting", "bold bad"),
        ]
    elif not runner.up and runner.words:
        out += [(" · " if out else "", "dim"), (runner.words, "bad")]
    return out


def corner(alarm: Line, *, runner: RunnerState, read_only: bool) -> list[Span]:
    """`runner ok · ana (admin)`."""
    me = runner.me
    role = "only looks" if read_only else me.role.name.lower() if me.role is not None else ""
    calm: list[Span] = [(runner.words, "warn" if runner.problems else "ok")] if runner.up else []
    who: list[Span] = [(f"{safe(me.name)}{f' ({role})' if role else ''} ", "dim")]
    out: list[Span] = []
    for part in (list(alarm), calm, who):
        out += [(" · ", "dim"), *part] if out and part else part
    return out
