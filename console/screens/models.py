"""Models: versions and what they achieved, requests with their evidence, a second person's approval."""

from collections.abc import Mapping, Sequence
from shlex import quote
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widget import Widget

from lineside.console import commands
from lineside.console.ports import Question
from lineside.console.reads.registry import Packet, View, Wish, read
from lineside.console.screens.base.area import Targets
from lineside.console.screens.deeds.models import WAITS, ModelDeeds
from lineside.console.text import Line, Span, safe
from lineside.console.views.models import card as model_card
from lineside.console.views.models import compare as model_compare
from lineside.console.views.models import history
from lineside.console.views.models import models as views
from lineside.console.views.models import packet as model_packet
from lineside.console.widgets.lines import Drawing
from lineside.console.widgets.tables.rows import Cell, ListRows
from lineside.console.widgets.tables.table import Table
from lineside.store.queries.models import VersionRow

_TABLE_SHARE = 4
"""Each table may take one row in so many; the rest is for the evidence."""

_LOW = 18
"""On a screen of fewer rows only the table with the keys is shown."""

_HIGH, _ASIDE = 32, 3
"""On a screen of fewer rows the table without the keys shows only so many of its own."""

_LEAST_CARD = 6

_BROAD = 150
"""From so many columns on the evidence stands beside the tables."""


class ModelsArea(ModelDeeds):
    """Versions, requests under them, and the card or packet of what the cursor is on."""

    NAME = "models"
    DEFAULT_CSS = """
    ModelsArea #case { height: 1fr; }
    ModelsArea #tables { height: auto; }
    ModelsArea #requests { margin-top: 1; }
    ModelsArea #side { display: none; height: 1fr; margin-top: 1; }
    ModelsArea.-broad #body { layout: horizontal; }
    ModelsArea.-broad #tables { width: 1fr; height: 1fr; }
    ModelsArea.-broad #side { display: block; }
    ModelsArea.-broad #case { width: 1fr; height: 1fr; }
    """

    def __init__(self, store: Any, actions: Any) -> None:
        super().__init__(store, actions)
        self._zoomed: str | None = None
        self._pair: tuple[int, int] | None = None  # versions that are compared
        self._shown: tuple[object, object, str] = ((), (), "")
        self._met: set[int] = set()  # waiting requests that have had the cursor put on them
        self._entering = True  # nobody has looked yet: the cursor may go to what waits

    def body(self) -> ComposeResult:
        with Vertical(id="body"):
            with Vertical(id="tables"):
                yield Table[VersionRow](
                    views.VERSION_COLUMNS, empty="no model yet: lineside register RUN NAME", id="versions"
                )
                yield Table[Packet](
                    views.REQUEST_COLUMNS,
                    empty="no request yet: lineside promote NAME@1 --to ALIAS",
                    id="requests",
                )
                yield Drawing[View](self._draw_side, id="side")
            yield Drawing[View](self._draw_case, id="case")

    # -- parts -------------------------------------------------------------------------------------

    @property
    def case(self) -> Drawing[View]:
        return self.query_one("#case", Drawing)

    @property
    def side(self) -> Drawing[View]:
        return self.query_one("#side", Drawing)

    def main(self) -> Table[Any]:
        return self.requests if self.focused is self.requests else self.versions

    def panels(self) -> Sequence[tuple[str, str, Widget]]:
        return (("v", "versions", self.versions), ("r", "requests", self.requests))

    def _draw_case(self, view: View, width: int, height: int) -> list[Line]:
        """The packet while the requests have the focus, else the version's card; both where there is room."""
        if self._pair is not None and view.pair is not None:
            return model_compare.compared(view.pair, width, height)
        packet, version = self.requests.current, self._version()
        whole = self.has_class("-broad") or self._zoomed is not None
        draw = model_card.long_card if whole else model_card.card
        cards: list[list[Line]] = []
        if packet is not None and self.focused is self.requests:
            cards.append(self._packet_of(view, packet, width, height))
        room = height - sum(len(card) + 1 for card in cards)
        if version is not None and room >= _LEAST_CARD:
            cards.append(draw(view, version, self.now, width, room))
        if packet is not None and self.focused is not self.requests:
            cards.append(self._packet_of(view, packet, width, height))
        return views.stacked(cards, height)

    def _packet_of(self, view: View, packet: Packet, width: int, height: int) -> list[Line]:
        steps = [row for row in view.steps if row.subject_id == packet.request.id]
        decides = self.me.may(commands.by_id("models.approve").role)
        return model_packet.packet(packet, steps, self.now, self.me.named, width, height, decides=decides)

    def _draw_side(self, view: View, width: int, height: int) -> list[Line]:
        version = self._version()
        return history.side(view, version, self.now, width, height) if version else []

    def _version(self) -> VersionRow | None:
        """The version under the cursor; while the requests have the focus, the one that is asked for."""
        packet = self.requests.current if self.focused is self.requests else None
        if packet is not None:
            id = packet.request.version_id
            return next((v for v in self._versions() if v.id == id), self.versions.current)
        return self.versions.current

    # -- reading -----------------------------------------------------------------------------------

    def question(self) -> Question[View]:
        version = self._version() if self.is_mounted else None
        packet = self.requests.current if self.is_mounted else None
        wish = Wish(
            version_id=version.id if version else None,
            request_id=packet.request.id if packet else None,
            pair=self._pair,
        )
        known = None if self.whole else self.view
        return lambda db: read(db, wish, known=known)

    def empty(self, view: View) -> bool:
        return not view.versions and not view.packets

    def show(self, view: View) -> None:
        fresh = view.versions is not self._shown[0] or view.packets is not self._shown[1]
        self.view = view
        if fresh or self.filter_text != self._shown[2]:
            self._shown = (view.versions, view.packets, self.filter_text)
            self._fill(view)
        self.case.show(view)
        self.side.show(view)

    def _fill(self, view: View) -> None:
        """The tables, where what is in them changed."""
        now, named = self.now, self.me.named
        text = self.filter_text.lower()
        versions = [v for v in view.versions if text in f"{v.label} {' '.join(v.aliases)} {v.status}".lower()]
        cells: dict[int, Sequence[Cell]] = {}

        def made(version: VersionRow) -> Sequence[Cell]:
            if version.id not in cells:
                lived = view.lived.get(version.id, ())
                cells[version.id] = views.version_cells(version, lived, now, named)
            return cells[version.id]

        packets = [p for p in view.packets if text in f"{p.request.label} {p.request.state}".lower()]
        self.versions.show(
            ListRows[VersionRow](
                versions,
                key=lambda v: v.id,
                cells=made,
                problem=lambda v: v.status == "FAILED_REGISTRATION",
            ),
            columns=views.version_columns(view.lived),
        )
        self.requests.show(
            ListRows[Packet](
                packets,
                key=lambda p: p.request.id,
                cells=lambda p: views.request_cells(p, now, named),
                problem=lambda p: p.undecided,
            )
        )
        self._arrange()
        self._meet([p.request.id for p in packets if p.request.state == WAITS])

    def _meet(self, waiting: Sequence[int]) -> None:
        """Who enters the area finds the cursor on a request that waits, once for each request."""
        if self._entering and self._met.issuperset(waiting) is False:
            self._to(self.requests)
            self.requests.go_to(waiting[0])
        if self._entering:
            self._met.update(waiting)
        self._entering = False

    def first_focus(self) -> Table[Any]:
        return self.requests if self._met else self.versions

    def on_screen_resume(self) -> None:
        self._entering = True

    def _arrange(self) -> None:
        broad = self.size.width >= _BROAD
        self.set_class(broad, "-broad")
        most = max(4, (self.size.height - 4) // (2 if broad else _TABLE_SHARE))
        for table in (self.versions, self.requests):
            hidden = self.size.height < _LOW and table is not self.main()
            table.display = self._zoomed in (None, table.id) and not hidden
            aside = self.size.height < _HIGH and table is not self.main()
            rows = 1 + max(1, min(len(table.rows), _ASIDE if aside else most))
            table.styles.height = "1fr" if self._zoomed == table.id else rows
        self.case.display = self._zoomed in (None, "case")
        self.query_one("#tables").display = self._zoomed != "case"

    def on_resize(self) -> None:
        self._arrange()

    def cmd_zoom(self) -> None:
        self._zoom(None if self._zoomed else "case")

    def _zoom(self, pane: str | None) -> None:
        self._zoomed = pane
        self._arrange()
        self.case.redraw()

    def cmd_compare(self) -> None:
        """The two marked versions, or the marked one and the one under the cursor."""
        marked = self.versions.chosen() if self.versions.marks else []
        pair = marked[:2] if len(marked) >= 2 else [v for v in (*marked, self._version()) if v is not None]
        if len({v.id for v in pair}) < 2:
            self.notify("mark a version (space), then x on another", markup=False)
            return
        self._pair = (pair[0].id, pair[1].id)
        self._zoom(None if self.has_class("-broad") else "case")
        self.reload(whole=False)

    def inside(self) -> bool:
        return super().inside() or self._pair is not None or bool(self._zoomed)

    def out(self) -> bool:
        if self._pair is not None:
            self._pair = None
            self._zoom(None)
            self.call_after_refresh(self.main().focus)
            return True
        if self._zoomed:
            self._zoom(None)
            self.call_after_refresh(self.main().focus)
            return True
        if self.focused is self.requests:
            self._to(self.versions)
            return True
        return False

    # -- moving ------------------------------------------------------------------------------------

    @on(Table.Moved)
    def _moved(self) -> None:
        """What stands beside follows once the cursor rests: drawn once, when all of it is there."""
        self.refresh_frame()
        self.follow()

    def _to(self, table: Table[Any]) -> None:
        """Give a table the keys, though it be hidden on a low screen."""
        table.display = True
        table.focus()

    def on_descendant_focus(self) -> None:
        """The case follows the focus."""
        self._arrange()
        self._redraw()
        if self.view is not None:
            self.reload(whole=False)

    def _redraw(self) -> None:
        self.case.redraw()
        self.side.redraw()
        self.refresh_frame()

    def cmd_enter(self) -> None:
        """From a version to its newest request, from a request to its version."""
        if self.focused is self.requests:
            packet = self.requests.current
            self._to(self.versions)
            if packet is not None:
                self.versions.go_to(packet.request.version_id)
            return
        version = self.versions.current
        packets = self.view.packets if self.view else ()
        mine = [p.request.id for p in packets if version and p.request.version_id == version.id]
        self._to(self.requests)
        if mine:
            self.requests.go_to(mine[0])

    def select(self, target: int | str) -> None:
        """A version's number in the table, or `promotion:3`."""
        self._entering = False
        kind, _, number = str(target).partition(":")
        if kind == "promotion" and number.isdigit():
            self._to(self.requests)
            self.requests.go_to(int(number))
        else:
            self._to(self.versions)
            self.versions.go_to(target)

    # -- the frame ---------------------------------------------------------------------------------

    def crumb(self) -> tuple[Line, Line]:
        here: list[Span] = [(" Models", "bold")]
        if self.is_mounted:
            packet = self.requests.current if self.focused is self.requests else None
            version = self.versions.current
            if packet is not None:
                here += [(" › ", "dim"), (f"request {packet.request.id}", "")]
            elif version is not None:
                here += [(" › ", "dim"), (safe(version.label), "")]
        if self.view is None:
            return here, []
        if self._pair is not None and self.view.pair is not None:
            pair = self.view.pair
            here += [("  compared: ", "dim"), (f"{safe(pair.old.label)} and v{pair.new.number}", "accent")]
        return here, views.summary(self.view, short=self.size.width < 60)

    def targets(self) -> Targets:
        packet = self.requests.current if self.focused is self.requests else None
        if packet is not None:
            return {**self._around(self._version()), "lineage": f"promotion:{packet.request.id}"}
        return self._around(self.versions.current)

    def _around(self, version: VersionRow | None) -> dict[str, int | str | None]:
        """Where `g` leads from a version."""
        if version is None:
            return {}
        origin = self.view.origin if self.view else None
        mine = origin if origin is not None and origin.version.id == version.id else None
        served = next((f"deployment:{d.id}" for d in mine.served), None) if mine else None
        return {
            "run": version.run_id,
            "job": mine.run.job_id if mine else None,
            "data": mine.data_id if mine else None,
            "model": version.id,
            "endpoint": served,
            "lineage": f"model_version:{version.id}",
        }

    def _versions(self) -> Sequence[VersionRow]:
        return self.view.versions if self.view else ()

    def copies(self) -> Mapping[str, str]:
        packet = self.requests.current if self.focused is self.requests else None
        if packet is not None:
            row = packet.request
            return {"command": f"lineside view request {row.id} --once", "id": row.uid, "value": row.label}
        version = self.versions.current
        if version is None:
            return {}
        if self._pair is not None and self.view is not None and self.view.pair is not None:
            old, new = self.view.pair.old, self.view.pair.new
            return {"command": f"lineside runs compare {old.run_id} {new.run_id}", "id": new.uid,
                    "value": f"{old.label} {new.label}"}  # fmt: skip
        return {
            "command": f"lineside models show {quote(version.label)}",
            "id": version.uid,
            "value": version.label,
        }
