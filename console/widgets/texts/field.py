"""A one-line field that neither blinks nor has a frame: a blinking cursor costs 3.6 kB/s over SSH."""

from textual.widgets import Input


class Field(Input):
    """An input of one row."""

    DEFAULT_CSS = """
    Field, Field:focus { border: none; height: 1; padding: 0; background: $panel; color: $foreground; }
    """

    def __init__(
        self, value: str = "", *, placeholder: str = "", id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(
            value, placeholder=placeholder, id=id, classes=classes, compact=True, select_on_focus=False
        )
        self.cursor_blink = False
