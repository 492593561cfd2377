"""What is done with a query: keep it under a name, write its answer to a file, forget a kept one."""

from collections.abc import Callable
from pathlib import Path

from lineside.console.commands import Command
from lineside.console.deeds.deed import Answer as Said
from lineside.console.deeds.deed import Deed, FormField
from lineside.console.format import plural
from lineside.console.ports import Actions, Store
from lineside.console.querying import files, saved
from lineside.console.querying.answers import Answer
from lineside.console.screens.base.area import Area
from lineside.store.errors import LinesideError


class SqlDeeds(Area[Answer]):
    """What the SQL area can do with the query that was asked last."""

    def __init__(self, store: Store, actions: Actions) -> None:
        super().__init__(store, actions)
        self._query = ""
        self._asked: Answer | None = None

    def _redraw(self) -> None:
        """What is kept now may be on the screen."""

    def offers(self, command: Command) -> bool:
        if command.id == "sql.forget":
            return bool(saved.every(saved.folder()))
        return self._asked is not None and bool(self._asked.query) and not self._asked.problem

    def cmd_save(self) -> None:
        def keep(name: str) -> str:
            return f"kept in {saved.save(saved.folder(), name, self._query)}; `from {name}` reads it"

        self._form("Keep this query", "name", "small letters, digits and _", "", "keep it", keep)

    def cmd_export(self) -> None:
        query, home = self._query, self.store.home

        def write(path: str) -> str:
            rows = files.write(home, query, Path(path).expanduser(), saved=saved.every(saved.folder()))
            return f"{plural(rows, 'row')} written to {path}"

        hint = "ends in " + ", ".join(files.ENDINGS)
        self._form("Export the whole answer", "file", hint, "answer.csv", "write it", write)

    def cmd_forget(self) -> None:
        own = saved.every(saved.folder())

        def forget(name: str) -> str:
            saved.forget(saved.folder(), name)
            return f"{name} is forgotten"

        self._form("Forget a saved query", "its name", " ".join(own)[:50], "", "forget it", forget)

    def _form(
        self, title: str, label: str, hint: str, value: str, yes: str, then: Callable[[str], str]
    ) -> None:
        """Ask for one line; do it off the loop, and say what came of it."""
        from lineside.console.overlays.confirm import Confirm

        def filled(said: Said | None) -> None:
            text = said.values["text"].strip() if said is not None else ""
            if text:
                self.run_worker(lambda: self._keep(text, then), thread=True, group="do", exit_on_error=False)

        field = FormField(key="text", label=label, hint=hint, value=value)
        self.app.push_screen(Confirm(Deed(title=title, fields=[field], yes=yes)), filled)

    def _keep(self, text: str, then: Callable[[str], str]) -> None:
        try:
            self.app.call_from_thread(self.notify, then(text), markup=False)
        except LinesideError as error:
            words = f"{error}\n{error.hint}" if error.hint else str(error)
            self.app.call_from_thread(self.notify, words, severity="error", markup=False)
        self.app.call_from_thread(self._redraw)
