"""Where a filter is typed, in place of the crumb: what it finds at its right, what is wrong below it."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from lineside.console.text import Line, line_width
from lineside.console.widgets.lines import Lines
from lineside.console.widgets.texts.field import Field


class FilterBar(Vertical):
    """One row with the field, and one or two with a word of help or the error."""

    DEFAULT_CSS = """
    FilterBar { height: auto; }
    FilterBar > Horizontal { height: 1; }
    FilterBar Horizontal > Lines { height: 1; width: auto; }
    FilterBar Field { width: 1fr; }
    FilterBar > Lines { height: auto; }
    """

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield Lines(id="filter-where")
            yield Field(id="filter")
            yield Lines(id="filter-found")
        yield Lines([[]], id="filter-note")

    @property
    def field(self) -> Field:
        return self.query_one("#filter", Field)

    def tell(self, where: Line, found: Line, note: Sequence[Line]) -> None:
        """Say in which area one is, how much is found, and what helps."""
        for id, line in (("#filter-where", where), ("#filter-found", found)):
            part = self.query_one(id, Lines)
            part.styles.width = line_width(line)
            part.set([line])
        self.query_one("#filter-note", Lines).set(note)
