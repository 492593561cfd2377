"""What may be done to a schedule: to the one under the cursor, or to one chosen from a list."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from lineside.console.deeds.deed import Ask, Deed
from lineside.console.text import safe
from lineside.console.views.jobs.schedules import line_words, when_words
from lineside.store.queries import schedules
from lineside.store.queries.schedules import ListedRow

if TYPE_CHECKING:
    from lineside.console.screens.base.area import Area


def pause(area: "Area[Any]") -> None:
    """Keep one from firing."""
    _deed(area, "pause", lambda row: not row.paused and not row.broken, said="paused", yes="pause it")


def resume(area: "Area[Any]") -> None:
    """Let one fire again that was paused or parked."""
    _deed(area, "resume", lambda row: bool(row.paused or row.broken), said="fires again", yes="resume it")


def fire(area: "Area[Any]") -> None:
    """Fire one now."""
    _deed(area, "fire", lambda row: not row.broken, said="fired", yes="fire it now")


def _deed(area: "Area[Any]", verb: str, able: Callable[[ListedRow], bool], *, said: str, yes: str) -> None:
    def chosen(row: ListedRow) -> None:
        area.propose(
            Deed(
                title=f"{verb.capitalize()} schedule {safe(row.name)}?",
                lines=[
                    [("when  ", "dim"), (safe(when_words(row)), "")],
                    [("in    ", "dim"), (safe(row.folder), "")],
                ],
                asks=[Ask(verb=f"schedules.{verb}", args={"schedule": row.name}, said=f"{row.name}: {said}")],
                yes=yes,
            )
        )

    table = area.main()
    here = table.current if table is not None and table.id == "schedules" else None
    if here is not None and able(here):
        chosen(here)
    else:
        _choose(area, f"{verb} schedule", able, chosen)


def _choose(
    area: "Area[Any]", title: str, able: Callable[[ListedRow], bool], then: Callable[[ListedRow], None]
) -> None:
    found: Sequence[ListedRow] = [row for row in area.store.read(schedules.listed) if able(row)]
    width = max((len(row.name) for row in found), default=0)
    names = [safe(line_words(row, now=area.now, width=width)) for row in found]
    area.choose(title, names, lambda at: then(found[at]))
