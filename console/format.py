"""Numbers, moments and states in the words and glyphs of the console. Naive local times exist only here."""

import math
from datetime import datetime, tzinfo

from lineside.console.text import Span
from lineside.store.clock import SECOND, Micros

NONE = "–"
"""There is no value; not the same as a value that is not a number."""

GLYPHS: dict[str, tuple[str, str]] = {
    "ok": ("●", "ok"), "LIVE": ("●", "ok"), "RUNNING": ("●", "run"), "STARTING": ("◔", "run"),
    "STOPPING": ("◑", "warn"), "QUEUED": ("○", "wait"), "SCHEDULED": ("○", "wait"), "HELD": ("‖", "warn"),
    "SUCCEEDED": ("✓", "ok"), "FINISHED": ("✓", "ok"), "FAILED": ("✗", "bad"), "CANCELLED": ("⊘", "dim"),
    "KILLED": ("⊘", "dim"), "SKIPPED": ("↷", "dim"), "READY": ("●", "ok"),
    "PENDING_REGISTRATION": ("◔", "run"), "FAILED_REGISTRATION": ("✗", "bad"), "CHECKING": ("◔", "run"),
    "CHECKS_FAILED": ("✗", "bad"), "PENDING_MANUAL_APPROVAL": ("?", "ask"), "APPROVED": ("✓", "ok"),
    "APPLYING": ("◔", "run"), "APPLIED": ("●", "ok"), "APPLY_FAILED": ("✗", "bad"),
    "REJECTED": ("✗", "bad"), "WITHDRAWN": ("⊘", "dim"), "EXPIRED": ("⊘", "dim"),
    "SUPERSEDED": ("↷", "dim"), "VOIDED": ("✗", "bad"), "ROLLED_BACK": ("↩", "warn"),
    "DRAFT": ("○", "wait"), "PENDING": ("◇", "warn"), "FIRING": ("◆", "drift"), "ACKED": ("◇", "dim"),
    "SILENCED": ("◇", "dim"), "RESOLVED": ("✓", "ok"), "new": ("○", "wait"), "no traffic": ("∅", "dim"),
    "stale": ("◌", "warn"), "poller down": ("◌", "bad"), "unparseable": ("✗", "bad"),
    "drifted": ("◆", "drift"), "mismatch": ("▲", "warn"), "SWAPPING": ("◔", "run"),
    "STOPPED": ("○", "dim"), "stopped": ("○", "dim"), "REGISTERED": ("●", "ok"), "REQUESTED": ("?", "ask"),
    "STARTED": ("●", "run"), "SUPPRESSED": ("‖", "dim"),
}  # fmt: skip
"""State → glyph and style: one table, so a state looks the same in every area."""


def glyph(state: str) -> Span:
    """The glyph of a state and its style; a state nobody listed shows as a plain dot."""
    return GLYPHS.get(state, ("·", "dim"))


def state(word: str) -> Span:
    """Glyph and word in one span: colour never carries the meaning alone."""
    mark, style = glyph(word)
    return f"{mark} {word}", style


def count(value: int | None) -> str:
    """`1,214`."""
    return NONE if value is None else f"{value:,}"


def number(value: float | None, *, digits: int = 4) -> str:
    """Four digits that matter, never an exponent where people would not write one.

    >>> [number(v) for v in (0.97, 36.912, 12345.6, 0.00031, float("nan"), float("-inf"), None, 8120.0)]
    ['0.97', '36.91', '12,346', '3.1e-4', 'NaN', '-∞', '–', '8,120']
    """
    if value is None:
        return NONE
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    size = abs(value)
    if size >= 10 ** (digits + 2):
        return _exponent(value)
    if value == int(value) and size < 10 ** (digits + 2):
        return f"{int(value):,}"
    if size < 1e-3:
        return _exponent(value)
    places = max(0, digits - 1 - math.floor(math.log10(size)))
    text = f"{value:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _exponent(value: float) -> str:
    head, _, power = f"{value:.1e}".partition("e")
    return f"{head.removesuffix('.0')}e{int(power)}"


def amount(size: float | None) -> str:
    """Bytes in the largest unit that keeps a whole number in front: `61 GiB`, `940 KiB`, `12 B`."""
    if size is None:
        return NONE
    units = ("B", "KiB", "MiB", "GiB", "TiB")
    for unit in units[:-1]:
        if abs(size) < 1024:
            return f"{size:.0f} {unit}"
        size /= 1024
    return f"{size:.1f} {units[-1]}"


def took(seconds: float | None) -> str:
    """A length of time in the two largest words: `48 m`, `2 h 13 m`, `3.2 s`, `12 ms`."""
    if seconds is None:
        return NONE
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = int(seconds // 60)
    if minutes < 120:
        return f"{minutes} m"
    hours = minutes // 60
    return f"{hours} h {minutes % 60:02} m" if hours < 48 else f"{hours // 24} d {hours % 24} h"


def between(start: Micros | None, end: Micros | None) -> float | None:
    """Seconds from one moment to another; None while either is unknown."""
    return None if start is None or end is None else (end - start) / SECOND


def clock(at: Micros | None, *, now: Micros, zone: tzinfo | None = None) -> str:
    """The time on the wall: `13:51:07` today, `Thu 18:20` this week, `3 Nov 18:20` before.

    Clock times, not ages: a screen of ages would have to be redrawn while nothing happens.
    """
    if at is None:
        return NONE
    moment = datetime.fromtimestamp(at / SECOND, tz=zone).astimezone(zone)
    today = datetime.fromtimestamp(now / SECOND, tz=zone).astimezone(zone)
    if moment.date() == today.date():
        return f"{moment:%H:%M:%S}"
    if 0 <= (today.date() - moment.date()).days < 7:
        return f"{moment:%a %H:%M}"
    return f"{moment.day} {moment:%b %H:%M}" if moment.year == today.year else f"{moment:%Y-%m-%d}"


def day(at: Micros) -> str:
    """The day on the wall: `3 Nov`."""
    moment = datetime.fromtimestamp(at / SECOND).astimezone()
    return f"{moment.day} {moment:%b}"


def bar(share: float, width: int) -> str:
    """A bar of eighths: `████████▌`."""
    eighths = round(min(1.0, max(0.0, share)) * width * 8)
    full, part = divmod(eighths, 8)
    text = "█" * full + ("▏▎▍▌▋▊▉"[part - 1] if part else "")
    return text + " " * (width - len(text))


def plural(n: int, word: str, words: str = "") -> str:
    """`1 run`, `14 runs`."""
    return f"{n:,} {word if n == 1 else words or word + 's'}"
