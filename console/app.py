"""The console: nine areas, each a mode with its own stack of screens, over one read-only store."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, ClassVar

from textual import on
from textual.events import AppBlur, AppFocus, Event, Key
from textual.filter import LineFilter, Monochrome, NoColor
from textual.message import Message
from textual.screen import Screen
from textual.widget import AwaitMount

from lineside.console import commands
from lineside.console.attending import Attending, Present
from lineside.console.commanding import Commanding
from lineside.console.commands import AREAS
from lineside.console.journeys import Journey, Place
from lineside.console.look import COLOURLESS, colourless, themes
from lineside.console.memory import Memory
from lineside.console.ports import Actions, Me, RunnerState, Store
from lineside.console.reads.badges import NOTHING
from lineside.console.screens.base.area import Area
from lineside.console.screens.base.events import key_name
from lineside.console.settings import Settings
from lineside.console.spoken import Spoken
from lineside.console.terminal.plainly import Plainly
from lineside.console.text import Line
from lineside.console.themes import NAMES, usual
from lineside.console.views.frame import corners, frames
from lineside.console.watcher import Watcher
from lineside.console.widgets.frame.titlebar import TitleBar
from lineside.store.actors import Role
from lineside.store.clock import Micros, now
from lineside.store.queries.stories import StoryRow


@dataclass
class StoreChanged(Message):
    """Somebody committed."""


@dataclass
class RunnerChanged(Message):
    """The runner came up, went away, or says something new about us."""

    state: RunnerState


@dataclass
class OthersMoved(Message):
    """Somebody else looks at something else."""

    present: Present


class LinesideApp(Commanding):
    """Holds the areas and the way between them; knows nothing of what they show."""

    TITLE = "lineside"
    CSS_PATH = "theme.tcss"
    BINDINGS: ClassVar = []
    DEFAULT_MODE = "wall"
    ENABLE_COMMAND_PALETTE = False

    def __init__(
        self,
        store: Store,
        actions: Actions,
        *,
        settings: Settings | None = None,
        depth: str = "truecolor",
        watch: bool = True,
        clock: Callable[[], Micros] = now,
        memory: Memory | None = None,
    ) -> None:
        self.settings, self.memory = settings or Settings(), memory or Memory.of(store.home)
        self.DEFAULT_MODE = self._first()  # type: ignore[misc]  # Textual reads it once, in the next line
        super().__init__()
        self.store, self.actions, self.clock = store, actions, clock
        self.depth = depth  # of colour, as look.py names it
        self._filters_of_ours: list[LineFilter] = [Plainly()] if self.settings.ascii else []
        self._filters_of_ours += [NoColor()] if colourless() else []
        role = Role.VIEWER if self.settings.read_only else None
        self.runner = RunnerState(up=False, words="", me=Me(name=actions.acting_as or "you", role=role))
        self.paused = False
        self._mouse = self.settings.mouse
        self.around = NOTHING  # read by whichever area is on screen, with its own rows
        self._watcher = self._watcher_of(store, actions) if watch else None
        self._attending = Attending(actions, changed=self._others_moved) if watch else None
        self.present: Present = {}  # what is looked at → the names of others who do
        self._gone: Micros | None = None  # since when the runner, which was there, has not answered
        self._journey = Journey()
        self.opens_at: Spoken | None = None  # an area to begin with, its filter, a row in it
        for theme in themes(depth):
            self.register_theme(theme)
        chosen = COLOURLESS if colourless() else self.settings.theme or self._kept_theme()
        self.begin_in(chosen)
        commands.use(self.settings.keys, in_words=self.settings.ascii)
        for name in AREAS:
            self.add_mode(name, self._maker(name))

    def _watcher_of(self, store: Store, actions: Actions) -> Watcher:
        return Watcher(
            store.home, actions, changed=lambda: self.post_message(StoreChanged()),
            runner=lambda state: self.post_message(RunnerChanged(state)), slow=lambda: self.line_is_slow,
        )  # fmt: skip

    def _kept_theme(self) -> str:
        """What `T` was pressed for last, where no file and no flag says what it should be."""
        kept = self.memory.recall("theme")
        return kept if isinstance(kept, str) and kept in NAMES else usual(os.environ)

    def _first(self) -> str:
        """The area to begin with: the wall, or what this person's settings say."""
        start = self.settings.layout.get("start", "")
        place = self.memory.recall("place") if start == "last" else start
        return place if isinstance(place, str) and place in AREAS else "wall"

    def _maker(self, name: str) -> Callable[[], Screen[Any]]:
        return lambda: make_area(name, self.store, self.actions)

    # -- life --------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        self.settle_in()
        self.call_after_refresh(self._attend)
        self._said(self.opens_at)

    def _attend(self) -> None:
        """Behind the first frame: nobody who waits for it wants to know more than what is in the store."""
        if self._watcher is not None:
            self._watcher.start()
        if self._attending is not None:
            self._attending.start()

    def on_unmount(self) -> None:
        if self.settings.layout.get("start") == "last":
            self.memory.keep("place", self.current_mode)
        if self._watcher is not None:
            self._watcher.stop()
        if self._attending is not None:
            self._attending.stop()

    async def on_event(self, event: Event) -> None:
        """Where nothing can be seen nothing is done: of all keys only those that leave count."""
        if isinstance(event, Key) and event.key != "ctrl+c" and frames.too_small(*self.size):
            if commands.keymap(("everywhere",)).get(key_name(event)) is commands.by_id("everywhere.quit"):
                self.cmd_quit()
            return
        await super().on_event(event)

    @on(AppBlur)
    def _blurred(self) -> None:
        if self._watcher is not None:
            self._watcher.blurred = True

    @on(AppFocus)
    def _focused(self) -> None:
        if self._watcher is not None:
            self._watcher.blurred = False

    @on(StoreChanged)
    def _changed(self) -> None:
        if not self.paused and self.area is not None:
            self.area.store_changed()

    @on(RunnerChanged)
    def _runner_changed(self, message: RunnerChanged) -> None:
        before, state = self.runner, message.state
        self.runner = self._only_looking(state) if self.settings.read_only else state
        if before.up and not state.up:
            self._gone = self.clock()
        elif state.up and (self._gone is not None or before.pid not in (None, state.pid)):
            self._gone = None
            self.notify("the runner is back", markup=False)
        if self.area is not None:
            self.area.refresh_frame()
            self.area.reload()

    def _only_looking(self, state: RunnerState) -> RunnerState:
        """What the runner says, as a viewer hears it."""
        return replace(state, me=replace(state.me, role=Role.VIEWER))

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's, less the one that paints grey where no colour was wanted, and ours."""
        theirs = (each for each in super().get_line_filters() if not isinstance(each, Monochrome))
        return [*theirs, *self._filters_of_ours]

    # -- what every area shows ---------------------------------------------------------------------

    @property
    def badges(self) -> Mapping[str, int]:
        """What waits where; on the wall also what the runner says is wrong with itself."""
        told = self.around.badges
        troubles = len(self.runner.problems) if self.runner.up else 0
        return {**told, "wall": told.get("wall", 0) + troubles} if troubles else told

    @property
    def story(self) -> StoryRow | None:
        return self.around.story

    def urgent(self) -> Line:
        """Why nothing new comes; nothing while all is well."""
        stale = self.area.stale if self.area is not None else ""
        return corners.urgent(
            runner=self.runner, gone=self._gone, paused=self.paused, stale=stale, now=self.clock()
        )

    def corner(self) -> Line:
        """The right end of the title bar, where there is room for it; the wall says it in its own line."""
        alarm = self.urgent()
        if self.current_mode == "wall" and not alarm:
            return []
        return corners.corner(alarm, runner=self.runner, read_only=self.settings.read_only)

    def attend(self, subject: str | None) -> None:
        """This is what the person at this console looks at."""
        if self._attending is not None:
            self._attending.look_at(subject)

    def _others_moved(self, present: Present) -> None:
        """Called from the thread that listens."""
        self.post_message(OthersMoved(present))

    @on(OthersMoved)
    def _heard(self, message: OthersMoved) -> None:
        self.somebody_looks(message.present)

    def somebody_looks(self, present: Present) -> None:
        """Others look at other things than before."""
        self.present = present
        if self.area is not None:
            self.area.refresh_frame()

    # -- moving between areas ----------------------------------------------------------------------

    @property
    def _here(self) -> Place:
        area = self.area
        return Place(self.current_mode, area.place() if area is not None and area.is_mounted else None)

    def go(self, name: str, target: int | str | None = None) -> None:
        """Show an area, with its cursor on `target` where one is given."""
        if name != self.current_mode or target is not None:
            self._journey.left(self._here, led=target is not None)
        self.switch_mode(name)
        area = self.area
        if target is not None and area is not None:
            area.call_after_refresh(area.select, target)  # by its own queue: when it has its widgets

    def switch_mode(self, mode: str) -> AwaitMount:
        """What an area said of its own rows goes with it."""
        if mode != self.current_mode and self.area is not None:
            self.clear_notifications()
        return super().switch_mode(mode)

    @property
    def led_here(self) -> bool:
        """Whether a row of another place led here, which `esc` goes back to."""
        return self._journey.led

    def _return(self, place: Place | None) -> None:
        if place is None:
            self.notify("there is nothing further that way", markup=False)
            return
        self.switch_mode(place.area)
        area = self.area
        if place.row is not None and area is not None:
            area.call_after_refresh(area.return_to, place.row)

    @on(TitleBar.Chosen)
    def _tab(self, message: TitleBar.Chosen) -> None:
        self.go(message.area)

    def cmd_last_area(self) -> None:
        before = [place.area for place in self._journey.past if place.area != self.current_mode]
        if before:
            self.go(before[-1])

    def cmd_back(self) -> None:
        self._return(self._journey.back(self._here))

    def cmd_forward(self) -> None:
        self._return(self._journey.forward(self._here))

    def __getattr__(self, name: str) -> Any:
        """`cmd_area_runs` and its eight sisters, `cmd_go_run` and its five."""
        if name.startswith("cmd_area_"):
            return lambda: self.go(name.removeprefix("cmd_area_"))
        if name.startswith("cmd_go_"):
            return lambda: self._go_to(name.removeprefix("cmd_go_"))
        raise AttributeError(name)

    def _go_to(self, kind: str) -> None:
        target = self.area.targets().get(kind) if self.area else None
        if target is None:
            self.notify(f"no {kind} belongs to this row", severity="warning", markup=False)
        else:
            self.go(GOES[kind], target)

    # -- the rest ----------------------------------------------------------------------------------

    def cmd_pause(self) -> None:
        self.paused = not self.paused
        if self.area is not None:
            self.area.reload()

    def cmd_mouse(self) -> None:
        """Mouse reports on and off: off, the terminal's own selecting works again."""
        self._mouse = not self._mouse
        switch = "h" if self._mouse else "l"
        self._write("".join(f"\x1b[?{mode}{switch}" for mode in (1000, 1003, 1015, 1006)))
        self.notify("mouse on" if self._mouse else "mouse off: select with the terminal", markup=False)

    def cmd_theme(self) -> None:
        """The next theme, and its name."""
        if colourless():
            self.notify("NO_COLOR is set: there is one theme only", markup=False)
            return
        at = NAMES.index(self.theme) if self.theme in NAMES else -1
        self.theme = NAMES[(at + 1) % len(NAMES)]
        self.memory.keep("theme", self.theme)
        self.notify(f"theme {self.theme.removeprefix('lineside-')}", timeout=2, markup=False)

    def cmd_quit(self) -> None:
        self.exit(0)


GOES: Mapping[str, str] = {
    "run": "runs", "job": "jobs", "model": "models", "data": "data",
    "endpoint": "monitor", "lineage": "lineage",
}  # fmt: skip
"""`g` + letter: the kind of thing → the area that shows it."""


def make_area(name: str, store: Store, actions: Actions) -> Area[Any]:
    """The area of that name; its module is imported only now."""
    module = import_module(f"lineside.console.screens.{name}")
    kind = getattr(module, "SqlArea" if name == "sql" else f"{name.capitalize()}Area")
    area: Area[Any] = kind(store, actions)
    return area
