"""A form with a line for each thing to fill in, which says at once what is wrong with it."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.events import Key

from lineside.console.deeds.deed import Deed
from lineside.console.deeds.forms import Form
from lineside.console.overlays.confirm import DialogLines
from lineside.console.overlays.overlays import Overlay
from lineside.console.text import Line
from lineside.console.widgets.lines import Lines
from lineside.console.widgets.texts.field import Field
from lineside.store.errors import LinesideError


class StartForm(Overlay[Deed | None]):
    """Dismisses with what is to be confirmed, and None for leaving."""

    BINDINGS: ClassVar = []
    DEFAULT_CSS = """
    StartForm { align: center middle; background: $background 50%; }
    StartForm > Vertical {
        width: 100; max-width: 98%; height: auto; max-height: 96%;
        background: $panel; border: round $primary; padding: 0 1;
    }
    StartForm DialogLines { height: auto; }
    StartForm VerticalScroll { height: auto; max-height: 14; }
    StartForm Horizontal { height: 1; }
    StartForm .label { width: 18; }
    StartForm Field { width: 24; background: $background; }
    StartForm .hint { width: 1fr; padding-left: 1; }
    """

    def __init__(self, form: Form) -> None:
        super().__init__()
        self._form = form

    def compose(self) -> ComposeResult:
        form = self._form
        with Vertical():
            yield DialogLines([[(form.title, "bold")], *form.lines, []])
            with VerticalScroll(can_focus=False):
                for place, entry in enumerate(form.entries):
                    with Horizontal():
                        yield DialogLines([[(entry.label, "head")]], classes="label")
                        yield Field(entry.value, id=f"entry-{place}")
                        yield DialogLines([[(entry.hint, "dim")]], id=f"hint-{place}", classes="hint")
            yield DialogLines([[]], id="equals")
            yield DialogLines([[], self._keys()], id="keys")

    def _keys(self) -> Line:
        pairs = (("↵", "next"), ("↑ ↓", "move"), ("^s", self._form.yes), ("esc", "leave it"))
        return [span for key, word in pairs for span in ((key, "bold accent"), (f" {word}    ", ""))]

    def on_mount(self) -> None:
        self._equal()
        fields = self.query(Field)
        if fields:
            fields.first().focus()

    # -- filling in --------------------------------------------------------------------------------

    @property
    def _values(self) -> dict[str, str]:
        fields = [self.query_one(f"#entry-{n}", Field) for n in range(len(self._form.entries))]
        return {e.key: field.value.strip() for e, field in zip(self._form.entries, fields, strict=True)}

    def _check(self, place: int) -> str:
        """Say beside the field what is wrong with it, or what it takes."""
        entry = self._form.entries[place]
        wrong = entry.wrong(self.query_one(f"#entry-{place}", Field).value.strip())
        self.query_one(f"#hint-{place}", Lines).set(
            [[(f"✗ {wrong}", "bad")] if wrong else [(entry.hint, "dim")]]
        )
        return wrong

    def _equal(self) -> None:
        """The command line that does the same."""
        self.query_one("#equals", Lines).set(
            [[], [("the same as  ", "dim"), (self._form.command(self._values), "")]]
        )

    @on(Field.Changed)
    def _changed(self, event: Field.Changed) -> None:
        event.stop()
        self._check(self._place(event.input))
        self._equal()
        self.query_one("#keys", Lines).set([[], self._keys()])

    @on(Field.Submitted)
    def _submitted(self, event: Field.Submitted) -> None:
        event.stop()
        place = self._place(event.input)
        if place + 1 < len(self._form.entries):
            self.query_one(f"#entry-{place + 1}", Field).focus()
        else:
            self._finish()

    @staticmethod
    def _place(field: object) -> int:
        return int(str(getattr(field, "id", "")).removeprefix("entry-"))

    def _finish(self) -> None:
        """To the question whether to do it, unless something is wrong; then to that field."""
        wrong = [place for place in range(len(self._form.entries)) if self._check(place)]
        if wrong:
            self.query_one(f"#entry-{wrong[0]}", Field).focus()
            return
        try:
            self.leave(self._form.deed(self._values))
        except LinesideError as error:
            words = f"{error}: {error.hint}" if error.hint else str(error)
            self.query_one("#keys", Lines).set([[(f"✗ {words}", "bad")], self._keys()])

    def on_key(self, event: Key) -> None:
        steps = {"down": 1, "up": -1}
        if event.key == "escape":
            event.stop()
            self.leave(None)
        elif event.key == "ctrl+s":
            event.stop()
            self._finish()
        elif event.key in steps and isinstance(self.focused, Field):
            event.stop()
            place = (self._place(self.focused) + steps[event.key]) % len(self._form.entries)
            self.query_one(f"#entry-{place}", Field).focus()
