"""Choosing by letter, or typing what no letter stands for."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from lineside.console.deeds.deed import Answer, Deed, FormField
from lineside.console.text import safe
from lineside.store.errors import LinesideError

if TYPE_CHECKING:
    from lineside.console.screens.base.area import Area

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
TYPED = "/"


def choose(area: "Area[Any]", title: str, names: Sequence[str], then: Callable[[int], None]) -> None:
    """Offer the names by their letters; `then` gets the place of the chosen one."""
    from lineside.console.overlays.menu import Menu

    def chosen(letter: str | None) -> None:
        if letter:
            then(LETTERS.index(letter))

    entries = list(zip(LETTERS, names, strict=False))
    area.app.push_screen(Menu(title, entries, empty="there is none yet"), chosen)


def choose_or_type(
    area: "Area[Any]",
    title: str,
    names: Sequence[str],
    then: Callable[[str], None],
    *,
    hint: str,
    letters: Sequence[str] = LETTERS,
    said: Sequence[str] = (),
) -> None:
    """Offer the names by their letters, and a field for any other; `then` may refuse what was typed.

    Args:
        said: what the menu calls the names, where that is not their own words.
    """
    from lineside.console.overlays.menu import Menu

    entries = [*zip(letters, map(safe, said or names), strict=False), (TYPED, f"type it: {hint}")]

    def chosen(letter: str | None) -> None:
        if letter == TYPED:
            type_it(area, title, then, hint=hint)
        elif letter:
            then(names[letters.index(letter)])

    area.app.push_screen(Menu(title, entries), chosen)


def type_it(area: "Area[Any]", title: str, then: Callable[[str], None], *, hint: str) -> None:
    """Ask for one line of text; an error of `then` is said, and nothing else happens."""
    from lineside.console.overlays.confirm import Confirm

    def typed(answer: Answer | None) -> None:
        text = answer.values["text"].strip() if answer is not None else ""
        if not text:
            return
        try:
            then(text)
        except LinesideError as error:
            words = f"{error}\n{error.hint}" if error.hint else str(error)
            area.notify(words, severity="error", markup=False)

    field = FormField(key="text", label=title, hint=hint)
    area.app.push_screen(Confirm(Deed(title=title, fields=[field], yes="show it")), typed)
