"""From a deed to what was done: the question, the requests in a worker thread, the words, the way back."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lineside.console.deeds.deed import Answer, Ask, Deed
from lineside.console.deeds.undoing import LASTS_S, requests, told, way_back
from lineside.console.text import Line, safe
from lineside.store.errors import LinesideError, RunnerDown

if TYPE_CHECKING:
    from lineside.console.screens.base.area import Area

_READ_S = 12.0
"""How long a refusal stays on the screen."""
_WRONG = ("✗ ", "bad")
"""Begins the line of a dialog that was answered in vain."""


def propose(area: "Area[Any]", deed: Deed) -> None:
    """Show what would be done; do it when the person says yes."""
    from lineside.console.overlays.confirm import Confirm

    if area.console_app.settings.read_only:
        area.notify("this console only reads: it was opened so", severity="warning", markup=False)
        return

    def decided(answer: Answer | None) -> None:
        if answer is not None:
            area.run_worker(lambda: _do(area, deed, answer), thread=True, group="do", exit_on_error=False)

    known = replace(deed, lines=[*deed.lines, *_others(area)])
    area.app.push_screen(Confirm(known), decided)


def _others(area: "Area[Any]") -> list[Line]:
    """`maria is looking at this too`: somebody else may be about to do the same."""
    names = area.console_app.present.get(area.looking_at() or "", ())
    if not names:
        return []
    verb = "is" if len(names) == 1 else "are"
    return [[(f"{safe(' and '.join(names))} {verb} looking at this too", "bold ask")]]


def _do(area: "Area[Any]", deed: Deed, answer: Answer) -> None:
    """Make the requests one after the other; a refusal of one does not keep the others from being made."""
    done: list[Ask] = []
    refused: list[LinesideError] = []
    try:
        asks = requests(deed, answer)
    except LinesideError as error:  # what was filled in makes no request
        asks, refused = [], [error]
    for ask in asks:
        try:
            area.actions.ask(ask.verb, ask.args)
            done.append(ask)
        except LinesideError as error:
            refused.append(error)
            if isinstance(error, RunnerDown):
                break
    area.app.call_from_thread(_tell, area, deed, done, refused)
    if refused and not done:
        area.app.call_from_thread(_ask_again, area, deed, answer, refused[0])


def _ask_again(area: "Area[Any]", deed: Deed, answer: Answer, why: LinesideError) -> None:
    """Nothing was done: what was filled in stands there again, with what was wrong."""
    if isinstance(why, RunnerDown) or deed.fields or deed.reason:
        fields = [replace(each, value=answer.values.get(each.key, each.value)) for each in deed.fields]
        lines = [line for line in deed.lines if list(line[:1]) != [_WRONG]]
        wrong = [_WRONG, (safe(str(why)), "bad")]
        propose(area, replace(deed, fields=fields, lines=[*lines, wrong], reason_said=answer.reason))


def _tell(area: "Area[Any]", deed: Deed, done: Sequence[Ask], refused: Sequence[LinesideError]) -> None:
    back = way_back(deed, done)
    if done:
        words = told(done)
        if back is not None:
            area.console_app.undoable(back, lasts_s=LASTS_S)
            words += "\n. u  takes it back"
        area.notify(words, markup=False)
    for words in dict.fromkeys(f"{error}\n{error.hint}" if error.hint else str(error) for error in refused):
        area.notify(words, severity="error", timeout=_READ_S, markup=False)
    area.reload()
