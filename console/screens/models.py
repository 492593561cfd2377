"""Models: versions and what they achieved, requests with their evidence, a second person's approval."""

from collections.abc import Mapping, Sequence
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widget import Widget

from lineside.console import asking
from lineside.console.commands import Command
from lineside.console.deeds import Ask, Deed, FormField
from lineside.console.ports import Question
from lineside.console.reads.registry import Packet, View, read
from lineside.console.screens.area import Area, Targets
from lineside.console.text import Line, Span, safe
from lineside.console.views import models as views
from lineside.console.widgets.lines import Drawing
from lineside.console.widgets.rows import ListRows
from lineside.console.widgets.table import Table
from lineside.store.queries.models import VersionRow
from lineside.store.queries.promotions import PromotionRow
from lineside.store.states import PromotionState

_WAITS = PromotionState.PENDING_MANUAL_APPROVAL
_NEEDS_REQUEST = frozenset({"models.approve", "models.reject", "models.ratify", "models.withdraw"})
_TABLE_SHARE = 4
"""Each table may take one row in so many; the rest is for the evidence."""

_BROAD = 150
"""From so many columns on the evidence stands beside the tables."""


class ModelsArea(Area[View]):
    """Versions, requests under them, and the card or packet of what the cursor is on."""

    NAME = "models"
    DEFAULT_CSS = """
    ModelsArea #case { height: 1fr; }
    ModelsArea #tables { height: auto; }
    ModelsArea #requests { margin-top: 1; }
    ModelsArea.-broad #body { layout: horizontal; }
    ModelsArea.-broad #tables { width: 1fr; height: 1fr; }
    ModelsArea.-broad #case { width: 1fr; }
    """

    def __init__(self, store: Any, actions: Any) -> None:
        super().__init__(store, actions)
        self._zoomed: str | None = None
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
            yield Drawing[View](self._draw_case, id="case")

    # -- parts -------------------------------------------------------------------------------------

    @property
    def versions(self) -> Table[VersionRow]:
        return self.query_one("#versions", Table)

    @property
    def requests(self) -> Table[Packet]:
        return self.query_one("#requests", Table)

    @property
    def case(self) -> Drawing[View]:
        return self.query_one("#case", Drawing)

    def main(self) -> Table[Any]:
        return self.requests if self.focused is self.requests else self.versions

    def panels(self) -> Sequence[tuple[str, str, Widget]]:
        return (("v", "versions", self.versions), ("r", "requests", self.requests))

    def _draw_case(self, view: View, width: int, height: int) -> list[Line]:
        """The packet while the requests have the focus, else the version's card; both where there is room."""
        packet, version = self.requests.current, self.versions.current
        cards: list[list[Line]] = []
        if version is not None:
            cards.append(views.card(view, version, self.now, width, height))
        if packet is not None:
            cards.append(views.packet(packet, self.now, self.me.named, width, height))
        if self.focused is self.requests:
            cards.reverse()
        return views.stacked(cards, height)

    # -- reading -----------------------------------------------------------------------------------

    def question(self) -> Question[View]:
        version = self.versions.current if self.is_mounted else None
        model_id = version.model_id if version else None
        return lambda db: read(db, model_id=model_id)

    def empty(self, view: View) -> bool:
        return not view.versions and not view.packets

    def show(self, view: View) -> None:
        now, named = self.now, self.me.named
        text = self.filter_text.lower()
        versions = [v for v in view.versions if text in f"{v.label} {' '.join(v.aliases)} {v.status}".lower()]
        packets = [p for p in view.packets if text in f"{p.request.label} {p.request.state}".lower()]
        self.versions.show(
            ListRows[VersionRow](
                versions,
                key=lambda v: v.id,
                cells=lambda v: views.version_cells(v, view.lived.get(v.id, ()), now, named),
                problem=lambda v: v.status == "FAILED_REGISTRATION",
            )
        )
        self.requests.show(
            ListRows[Packet](
                packets,
                key=lambda p: p.request.id,
                cells=lambda p: views.request_cells(p, now, named),
                problem=lambda p: p.request.state == _WAITS or p.request.unratified,
            )
        )
        self._arrange()
        self._meet([p.request.id for p in packets if p.request.state == _WAITS])
        self.case.show(view)

    def _meet(self, waiting: Sequence[int]) -> None:
        """Who enters the area finds the cursor on a request that waits, once for each request."""
        if self._entering and self._met.issuperset(waiting) is False:
            self.requests.focus()
            self.requests.go_to(waiting[0])
        if self._entering:
            self._met.update(waiting)
        self._entering = False

    def first_focus(self) -> Table[Any]:
        return self.requests if self._met else self.versions

    def on_screen_resume(self) -> None:
        self._entering = True
        super().on_screen_resume()

    def _arrange(self) -> None:
        broad = self.size.width >= _BROAD
        self.set_class(broad, "-broad")
        most = max(4, (self.size.height - 4) // (2 if broad else _TABLE_SHARE))
        for table in (self.versions, self.requests):
            table.display = self._zoomed in (None, table.id)
            rows = 1 + max(1, min(len(table.rows), most))
            table.styles.height = "1fr" if self._zoomed == table.id else rows
        self.case.display = self._zoomed in (None, "case")

    def on_resize(self) -> None:
        super().on_resize()
        self._arrange()

    def cmd_zoom(self) -> None:
        self._zoom(None if self._zoomed else "case")

    def _zoom(self, pane: str | None) -> None:
        self._zoomed = pane
        self._arrange()
        self.case.redraw()

    def out(self) -> bool:
        if self._zoomed:
            self._zoom(None)
            return True
        if self.focused is self.requests:
            self.versions.focus()
            return True
        return False

    # -- moving ------------------------------------------------------------------------------------

    @on(Table.Moved)
    def _moved(self, message: Table.Moved) -> None:
        self.case.redraw()
        self.refresh_frame()
        row = message.table.current
        shown = self.view.holders if self.view else ()
        if isinstance(row, VersionRow) and shown and shown[0].model_id != row.model_id:
            self.reload()

    def on_descendant_focus(self) -> None:
        """The case follows the focus."""
        self.case.redraw()
        self.refresh_frame()

    @on(Table.Opened)
    def cmd_enter(self) -> None:
        """From a version to its newest request, from a request to its version."""
        if self.focused is self.requests:
            packet = self.requests.current
            self.versions.focus()
            if packet is not None:
                self.versions.go_to(packet.request.version_id)
            return
        version = self.versions.current
        packets = self.view.packets if self.view else ()
        mine = [p.request.id for p in packets if version and p.request.version_id == version.id]
        self.requests.focus()
        if mine:
            self.requests.go_to(mine[0])

    def select(self, target: int | str) -> None:
        """A version's number in the table, or `promotion:3`."""
        self._entering = False
        kind, _, number = str(target).partition(":")
        if kind == "promotion" and number.isdigit():
            self.requests.focus()
            self.requests.go_to(int(number))
        else:
            self.versions.focus()
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
        return here, views.summary(self.view, sum(p.request.state == _WAITS for p in self.view.packets))

    def targets(self) -> Targets:
        packet = self.requests.current if self.focused is self.requests else None
        if packet is not None:
            version = next((v for v in self._versions() if v.id == packet.request.version_id), None)
            return {
                "model": packet.request.version_id,
                "lineage": f"promotion:{packet.request.id}",
                "run": version.run_id if version else None,
            }
        row = self.versions.current
        return {"run": row.run_id, "model": row.id, "lineage": f"model_version:{row.id}"} if row else {}

    def _versions(self) -> Sequence[VersionRow]:
        return self.view.versions if self.view else ()

    def copies(self) -> Mapping[str, str]:
        packet = self.requests.current if self.focused is self.requests else None
        if packet is not None:
            row = packet.request
            return {"command": f"lineside promotions show {row.id}", "id": row.uid, "value": row.label}
        version = self.versions.current
        if version is None:
            return {}
        return {"command": f"lineside models show {version.model}", "id": version.uid, "value": version.label}

    # -- doing -------------------------------------------------------------------------------------

    def offers(self, command: Command) -> bool:
        request = self._request()
        if command.id == "models.ratify":
            return request is not None and request.unratified
        if command.id == "models.withdraw":
            mine = request is not None and self.me.is_me(request.requested_by)
            return mine and request is not None and request.state == _WAITS
        if command.id in _NEEDS_REQUEST:
            return request is not None and request.state == _WAITS
        version = self.versions.current
        if command.id == "models.promote":
            return version is not None and version.status == "READY"
        return version is not None and bool(self._alias(version))

    def _request(self) -> PromotionRow | None:
        """The open request under the cursor or of the version there; else the only one that is open."""
        rows = [p.request for p in (self.view.packets if self.view else ())]
        undecided = [r for r in rows if r.state == _WAITS or r.unratified]
        packet, version = self.requests.current, self.versions.current
        if self.focused is self.requests:
            here = [r for r in undecided if packet and r.id == packet.request.id]
        else:
            here = [r for r in undecided if version and r.version_id == version.id]
        return here[0] if here else undecided[0] if len(undecided) == 1 else None

    def says(self, command: Command) -> str:
        request, version = self._request(), self.versions.current
        if command.id in _NEEDS_REQUEST and request is not None:
            return f"{command.title} {request.id}: {safe(request.label)}"
        if command.id == "models.promote" and version is not None:
            return f"ask that {safe(version.label)} hold an alias"
        if version is not None and (alias := self._alias(version)):
            name = f"{safe(version.model)}@{safe(alias)}"
            return f"serve {name}" if command.id == "models.serve" else f"give {name} back to the one before"
        return command.title

    def _alias(self, version: VersionRow) -> str:
        """The alias that this version holds, or that any of its model's versions holds."""
        held = [
            *version.aliases,
            *(h.alias for h in (self.view.holders if self.view else ()) if h.to_us is None),
        ]
        return held[0] if held else ""

    def _packet(self) -> Packet | None:
        request = self._request()
        packets = self.view.packets if self.view else ()
        return next((p for p in packets if request and p.request.id == request.id), None)

    def cmd_approve(self) -> None:
        if packet := self._packet():
            self.propose(asking.approve(packet.request, packet.gates))

    def cmd_reject(self) -> None:
        if packet := self._packet():
            self.propose(asking.reject(packet.request, packet.gates))

    def cmd_ratify(self) -> None:
        if request := self._request():
            self.propose(asking.ratify(request))

    def cmd_withdraw(self) -> None:
        if request := self._request():
            self.propose(asking.withdraw(request))

    def cmd_promote(self) -> None:
        if version := self.versions.current:
            self.propose(promote(version, self._alias(version) or "champion"))

    def cmd_rollback(self) -> None:
        if version := self.versions.current:
            self.propose(rollback(version.model, self._alias(version)))

    def cmd_serve(self) -> None:
        if version := self.versions.current:
            alias = self._alias(version)
            said = f"starting: {version.model}@{alias}"
            args = {"model": version.model, "alias": alias}
            self.propose(
                Deed(
                    title=f"Serve {safe(version.model)}@{safe(alias)} over HTTP?",
                    asks=[Ask(verb="serving.serve", args=args, said=said)],
                    yes="serve",
                )
            )


def promote(version: VersionRow, alias: str) -> Deed:
    """Ask that a version hold an alias: checked by the gates, approved by somebody else, typed by name."""
    args = {"model": version.model, "version": version.number}
    return Deed(
        title=f"Ask for {safe(version.label)} to be promoted?",
        lines=[[("the gates are checked now; then another person decides", "dim")]],
        fields=[FormField(key="alias", label="alias", value=alias)],
        reason="why",
        typed=version.label,
        asks=[Ask(verb="promotions.request", args=args, said=f"asked: {version.label}")],
        yes="ask",
    )


def rollback(model: str, alias: str) -> Deed:
    """Back to the holder before, by one person."""
    return Deed(
        title=f"Give {safe(alias)} of {safe(model)} back to the version before?",
        lines=[[("needs nobody's approval; what serves it swaps at once", "dim")]],
        reason="why",
        reason_needed=True,
        typed=f"{model}@{alias}",
        asks=[
            Ask(verb="alias.rollback", args={"model": model, "alias": alias}, said=f"rolled back: {model}")
        ],
        yes="roll back",
    )
