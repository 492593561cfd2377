"""What may be done to versions and requests: approved, rejected, ratified, taken back, asked for, served."""

from lineside.console.commands import Command
from lineside.console.deeds import asking
from lineside.console.deeds.deed import Ask, Deed, FormField
from lineside.console.reads.registry import Packet, View
from lineside.console.screens.base.following import Following
from lineside.console.text import safe
from lineside.console.widgets.tables.table import Table
from lineside.store.queries.models import VersionRow
from lineside.store.queries.promotions import PromotionRow
from lineside.store.states import PromotionState

WAITS = PromotionState.PENDING_MANUAL_APPROVAL
_NEEDS_REQUEST = frozenset({"models.approve", "models.reject", "models.ratify", "models.withdraw"})


class ModelDeeds(Following[View]):
    """The commands behind `.` of the models area."""

    @property
    def versions(self) -> Table[VersionRow]:
        return self.query_one("#versions", Table)

    @property
    def requests(self) -> Table[Packet]:
        return self.query_one("#requests", Table)

    def offers(self, command: Command) -> bool:
        request = self._request()
        if command.id == "models.ratify":
            return request is not None and request.unratified
        if command.id == "models.withdraw":
            mine = request is not None and self.me.is_me(request.requested_by)
            return mine and request is not None and request.state == WAITS
        if command.id in _NEEDS_REQUEST:
            return request is not None and request.state == WAITS
        version = self.versions.current
        if command.id == "models.promote":
            return version is not None and version.status == "READY"
        return version is not None and bool(self._alias(version))

    def _request(self) -> PromotionRow | None:
        """The open request under the cursor or of the version there; else the only one that is open."""
        undecided = [p.request for p in (self.view.packets if self.view else ()) if p.undecided]
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
