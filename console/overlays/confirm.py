"""The last question before something is done. Its default is no: only `y`, or what was filled in, does it.

The key that asked never answers: without a form everything but `y` leaves, and a form that nobody has touched
takes `y` at its end.
"""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import Key

from lineside.console.deeds.deed import Answer, Deed
from lineside.console.overlays.overlays import Overlay
from lineside.console.text import Line
from lineside.console.widgets.lines import Lines
from lineside.console.widgets.texts.field import Field


class DialogLines(Lines):
    ground = "panel"


class Confirm(Overlay[Answer | None]):
    """Dismisses with an Answer for yes and None for no."""

    BINDINGS: ClassVar = []
    DEFAULT_CSS = """
    Confirm { align: center middle; background: $background 50%; }
    Confirm > Vertical {
        width: 72; max-width: 96%; height: auto; background: $panel; border: round $primary; padding: 0 1;
    }
    Confirm DialogLines { height: auto; }
    Confirm Field { background: $background; }
    """

    def __init__(self, deed: Deed) -> None:
        super().__init__()
        self._deed = deed
        self._asked_again = False  # the form is as it was: is that what is meant?

    def compose(self) -> ComposeResult:
        deed = self._deed
        style = "bold bad" if deed.typed else "bold"
        with Vertical():
            yield DialogLines([[(deed.title, style)], *([[]] if deed.lines else []), *deed.lines, []])
            for place in deed.fields:
                yield DialogLines([[(place.label, "dim"), ("  " + place.hint, "dim")]])
                yield Field(place.value, id=f"field-{place.key}", classes="asked")
            if deed.reason:
                need = " (needed)" if deed.reason_needed else " (may stay empty)"
                yield DialogLines([[(deed.reason, ""), (need, "dim")]])
                yield Field(deed.reason_said, id="reason", classes="asked")
            if deed.typed:
                yield DialogLines([[("type ", "dim"), (deed.typed, "bold ask"), (" to go on", "dim")]])
                yield Field(id="typed", classes="asked")
            yield DialogLines([[], self._keys()], id="keys")

    @property
    def _has_fields(self) -> bool:
        return bool(self._deed.reason or self._deed.typed or self._deed.fields)

    def _keys(self) -> Line:
        yes = "enter" if self._has_fields else "y"
        return [
            (yes, "bold accent"),
            (f" {self._deed.yes}    ", ""),
            ("esc", "bold accent"),
            (" leave it", ""),
        ]

    def on_mount(self) -> None:
        fields = self.query(Field)
        if fields:
            fields.last().focus() if self._deed.typed and not self._deed.reason else fields.first().focus()

    def on_key(self, event: Key) -> None:
        if event.key == "escape":
            event.stop()
            self.leave(None)
        elif event.key in ("tab", "shift+tab"):
            return
        elif self._asked_again:
            event.stop()
            event.prevent_default()
            self._asked_again = False
            self._finish() if event.character == "y" else self.leave(None)
        elif not self._has_fields:
            event.stop()
            event.prevent_default()
            self.leave(Answer() if event.character == "y" else None)

    @on(Field.Submitted)
    def _submitted(self, event: Field.Submitted) -> None:
        event.stop()
        fields = list(self.query(Field))
        at = fields.index(event.input)  # type: ignore[arg-type]
        if at + 1 < len(fields):
            fields[at + 1].focus()
        elif self._untouched:
            self._asked_again = True
            self.set_focus(None)
            words: Line = [
                ("nothing was changed: ", "warn"),
                ("y", "bold accent"),
                (f" {self._deed.yes} as it stands", ""),
            ]
            self.query_one("#keys", Lines).set([[], [*words, ("    esc", "bold accent"), (" leave it", "")]])
        else:
            self._finish()

    @property
    def _untouched(self) -> bool:
        """Whether the form is as it was, and could be sent like that."""
        deed = self._deed
        if deed.typed or deed.reason_needed or not (deed.reason or any(p.value for p in deed.fields)):
            return False
        reason = self.query_one("#reason", Field).value if deed.reason else ""
        return not reason and all(
            self.query_one(f"#field-{place.key}", Field).value == place.value for place in deed.fields
        )

    def _finish(self) -> None:
        deed = self._deed
        reason = self.query_one("#reason", Field).value.strip() if deed.reason else ""
        if deed.reason_needed and not reason:
            self._complain("a reason is needed", "#reason")
        elif deed.typed and self.query_one("#typed", Field).value.strip() != deed.typed:
            self._complain(f"that is not {deed.typed!r}", "#typed")
        else:
            values = {f.key: self.query_one(f"#field-{f.key}", Field).value for f in deed.fields}
            self.leave(Answer(reason=reason, values=values))

    def _complain(self, words: str, where: str) -> None:
        self.query_one("#keys", Lines).set([[(words, "bad")], self._keys()])
        self.query_one(where, Field).focus()
