"""Tab in a query: the word becomes what all candidates share, then each of them in turn."""

from collections.abc import Mapping

from lineside.console.querying.words import Meant, meant
from lineside.console.text import Line, Span, clip, safe
from lineside.console.widgets.texts.editor import Editor
from lineside.store.queries.views import VIEWS

_KEYS = (("tab", "completes"), ("↵", "asks"), ("^j", "new line"), ("↑↓", "asked before"), ("esc", "leaves"))


class Completing:
    """Remembers which candidate was put last, so that the next tab puts the one after it."""

    def __init__(self) -> None:
        self._tables: dict[str, list[str]] = {}
        self.know({})
        self._turn: Meant | None = None
        self._at = 0
        self._put = ""

    def know(self, saved: Mapping[str, str]) -> None:
        """Saved queries can be read from like views."""
        self._tables = {name: list(view.columns) for name, view in VIEWS.items()} | {
            name: [] for name in saved
        }

    def complete(self, editor: Editor, step: int) -> None:
        """Do what tab does, or shift+tab with step -1."""
        if self._turn is not None and editor.text == self._put:
            self._at = (self._at + step) % len(self._turn.candidates)
            self._replace(editor, self._turn, self._turn.candidates[self._at])
            return
        found = self._meant(editor)
        word = editor.text[found.start : editor.offset_of_cursor]
        self._turn, self._at = None, 0
        if len(found.candidates) == 1:
            editor.replace_word(found.start, found.candidates[0])
        elif found.shared.lower() != word.lower() and found.shared:
            editor.replace_word(found.start, found.shared)
        elif found.candidates:
            self._turn = found
            self._replace(editor, found, found.candidates[0])

    def _replace(self, editor: Editor, turn: Meant, word: str) -> None:
        editor.replace_word(turn.start, word)
        self._put = editor.text

    def _meant(self, editor: Editor) -> Meant:
        return meant(editor.text, editor.offset_of_cursor, self._tables)

    def told(self, editor: Editor, width: int) -> Line:
        """The line under the query: candidates while there are any, else the keys."""
        if self._turn is not None and editor.text == self._put:
            candidates, at = self._turn.candidates, self._at
        else:
            candidates, at = self._meant(editor).candidates, -1
        spans: list[Span] = [("       ", "")]
        if not candidates:
            for key, words in _KEYS:
                spans += [(key, "key"), (f" {words}   ", "dim")]
            return clip(spans, width)
        spans += [("tab ", "key")]
        for place, word in list(enumerate(candidates))[max(0, at - 3) :]:
            spans += [(safe(word), "bold accent" if place == at else "dim"), ("  ", "")]
        return clip(spans, width)
