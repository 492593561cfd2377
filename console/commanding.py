"""How commands are chosen: the menus, the palette, the panels, the keys; and what copies and undoes."""

import time
from typing import Any

from lineside.console import commands
from lineside.console.commands import Command
from lineside.console.deeds.deed import Deed
from lineside.console.memory import Memory
from lineside.console.ports import RunnerState
from lineside.console.screens.base.area import Area
from lineside.console.spoken import Spoken
from lineside.console.terminal.app import TerminalApp
from lineside.console.text import safe


class Commanding(TerminalApp[int]):
    """An app whose commands come from the table: by menu, by palette, by the spoken line."""

    memory: Memory
    runner: RunnerState
    _way_back: tuple[float, Deed] | None = None  # until when, and what takes the last deed back

    @property
    def area(self) -> Area[Any] | None:
        """The area on screen, under whatever overlay."""
        bottom = self.screen_stack[0] if self.screen_stack else None
        return bottom if isinstance(bottom, Area) else None

    def go(self, name: str, target: int | str | None = None) -> None:
        """Show an area, with its cursor on `target` where one is given."""
        raise NotImplementedError

    # -- menus -------------------------------------------------------------------------------------

    def cmd_do(self) -> None:
        self._menu(".")

    def cmd_go(self) -> None:
        self._menu("g")

    def cmd_copy(self) -> None:
        self._menu("y")

    def _menu(self, prefix: str) -> None:
        from lineside.console.overlays.menu import Menu

        area = self.area
        if area is None:
            return
        found = {
            key: command
            for key, command in commands.behind(prefix, area.scopes())
            if self._offered(area, command)
        }
        entries = [(key, self._called(area, command)) for key, command in found.items()]

        def chosen(key: str | None) -> None:
            if key:
                area.run_command(found[key])

        table = area.main()
        marks = len(table.marks) if table is not None and prefix == "." else 0
        title = commands.PREFIXES[prefix] + (f" to the {marks} marked, what suits all" if marks else "")
        self.push_screen(Menu(title, entries), chosen)

    def _offered(self, area: Area[Any], command: Command) -> bool:
        if command.id.startswith("everywhere.go_"):
            return area.targets().get(command.id.removeprefix("everywhere.go_")) is not None
        if command.id.startswith("everywhere.copy_"):
            return bool(area.copies().get(command.id.removeprefix("everywhere.copy_")))
        if command.id == "everywhere.undo":
            return self._undoing() is not None
        return self.runner.me.may(command.role) and (not command.does or area.offers(command))

    def _called(self, area: Area[Any], command: Command) -> str:
        back = self._undoing() if command.id == "everywhere.undo" else None
        if back is not None:
            return back.title[:1].lower() + back.title[1:].rstrip("?")
        return area.says(command) if command.does else command.title

    def undoable(self, back: Deed, *, lasts_s: float) -> None:
        """The last deed can be taken back by this one, for so long."""
        self._way_back = (time.monotonic() + lasts_s, back)

    def _undoing(self) -> Deed | None:
        until, back = self._way_back or (0.0, None)
        return back if time.monotonic() < until else None

    def cmd_undo(self) -> None:
        back = self._undoing()
        if back is None or self.area is None:
            self.notify("nothing was done in the last minute that can be taken back", markup=False)
        else:
            self._way_back = None
            self.area.propose(back)

    def cmd_panel(self) -> None:
        from lineside.console.overlays.jumping import Jump, in_sight

        area = self.area
        if area is None:
            return
        found = {letter: widget for letter, _, widget in in_sight(area.panels())}
        if not found:
            self.notify("there is one panel only", markup=False)
            return

        def chosen(letter: str | None) -> None:
            if letter:
                found[letter].focus()

        self.push_screen(Jump(area.panels()), chosen)

    def cmd_help(self) -> None:
        from lineside.console.overlays.help import Help

        area = self.area
        if area is not None:
            self.push_screen(Help(area.NAME, area.scopes(), self._may))

    def _may(self, command: Command) -> bool:
        """Whether this person is told of a command at all."""
        return not command.does or self.runner.me.may(command.role)

    def cmd_command(self) -> None:
        """The palette: every command that counts here, and the areas with a filter."""
        from lineside.console.overlays.palette import Palette

        area = self.area
        if area is None:
            return
        keys = commands.keymap(area.scopes())
        known = [c for c in dict.fromkeys(keys.values()) if c.keys[0] not in commands.PREFIXES]
        offered = [c for c in known if self._offered(area, c)]
        resting = [c for c in known if c.does and c not in offered and self.runner.me.may(c.role)]
        self.push_screen(Palette(offered, self.memory, resting), self._said)

    def _said(self, said: Spoken | Command | None) -> None:
        if isinstance(said, Command):
            if self.area is not None:
                self.area.run_command(said)
        elif said is not None:
            self.go(said.area, said.target)
            area = self.area
            if said.where is not None and area is not None:
                area.call_after_refresh(area.filtered, said.where)

    # -- copying --------------------------------------------------------------------------------------

    def cmd_copy_command(self) -> None:
        self._copy("command")

    def cmd_copy_id(self) -> None:
        self._copy("id")

    def cmd_copy_value(self) -> None:
        self._copy("value")

    def _copy(self, what: str) -> None:
        from lineside.console.clipboard import copy

        text = self.area.copies().get(what, "") if self.area is not None else ""
        if not text:
            return
        way = copy(text, write=self._write)
        told = f"copied {safe(text[:60])} ({way})" if way else "too long for the terminal's clipboard"
        self.notify(told, severity="information" if way else "warning", markup=False)

    def _write(self, sequence: str) -> None:
        if self._driver is not None:
            self._driver.write(sequence)
