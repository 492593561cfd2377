"""How far something is and when it will have ended, in words that do not tick."""

from lineside.console.format import clock, count
from lineside.console.reads.walls import Working
from lineside.store.clock import Micros, after

_DAY_S = 86_400.0


def hm(at: Micros | None, *, now: Micros) -> str:
    """`13:51` today, `Thu 18:20` before: seconds are for where one looks closer."""
    said = clock(at, now=now)
    return said[:5] if len(said) == 8 and said[2] == said[5] == ":" else said


def brief(at: Micros | None, *, now: Micros) -> str:
    """`13:51` today, `Thu` or `3 Nov` before: for where a few cells are all there are."""
    return hm(at, now=now).rpartition(" ")[0] or hm(at, now=now)


def ahead(at: Micros, *, now: Micros) -> str:
    """A moment that comes: `16:01` today, `Thu 09:14` on another day."""
    said = hm(at, now=now)
    return said if ":" in said[:3] else clock(at, now=after(at, _DAY_S))


def steps(work: Working) -> str:
    """`step 8,120 of 20,000`, `step 8,120`; nothing before the first."""
    metric = work.metric
    if metric is None:
        return ""
    total = f" of {count(work.end.total)}" if work.end.total else ""
    return f"step {count(metric.last_step)}{total}"


def ends(work: Working, *, now: Micros, brief: bool = False) -> tuple[str, str]:
    """`ends by 16:01`, `limit 21:20`, or since when it runs; and a style."""
    end = work.end
    if end.at_us is not None:
        at = ahead(end.at_us, now=now)
        return (
            (f"limit {at}", "warn")
            if end.how == "limit"
            else (f"ends {at}" if brief else f"ends by {at}", "")
        )
    since = hm(work.job.started_us or work.job.submitted_us, now=now)
    if brief:
        return since if " " in since else f"since {since}", "dim"
    return f"{'serves since' if work.job.kind == 'service' else 'since'} {since}", "dim"


def tries(work: Working) -> str:
    """`2/3` where it was tried again, or waits to be; nothing for a first try."""
    attempt, allowed = work.job.attempt, work.end.tries
    if allowed and (attempt > 1 or (attempt and work.job.state == "QUEUED")):
        return f"{attempt}/{max(allowed, attempt)}"
    return f"try {attempt}" if attempt > 1 else ""
