"""${…} in dvc.yaml: what stands for a parameter stays one, all else is filled in or refused by its line."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lineside.jobs.projects.foreign.documents import Document
from lineside.jobs.projects.words import PLACEHOLDER, shown

_TEMPLATE = re.compile(r"\\?\$\{\s*([^}]*?)\s*\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a template may name."""

    document: Document
    params: Mapping[str, Any]  # of params.yaml: they stay adjustable
    vars: Mapping[str, Any]
    item: Any = None  # of foreach
    key: Any = None
    axes: frozenset[str] = frozenset()  # of matrix: ${item.NAME}

    def text(self, said: Any, path: Sequence[str]) -> str:
        """A text of dvc.yaml as lineside writes it, its own braces doubled.

        Raises:
            BadConfig: a template that nothing gives a value to, or that stands for a table or a list.
        """
        text, done, end = str(said), "", 0
        for found in _TEMPLATE.finditer(text):
            done += _doubled(text[end : found.start()])
            done += _doubled(found[0][1:]) if found[0][0] == "\\" else self._one(found[1], path)
            end = found.end()
        return done + _doubled(text[end:])

    def value(self, said: Any, path: Sequence[str]) -> Any:
        """What a template stands for as a whole; anything else as it is."""
        found = _TEMPLATE.fullmatch(said) if isinstance(said, str) else None
        return self._look_up(found[1], path) if found else said

    def _one(self, name: str, path: Sequence[str]) -> str:
        if name.startswith("item.") and name.removeprefix("item.") in self.axes:
            return f"{{{name.removeprefix('item.')}}}"
        value = self._look_up(name, path)
        if isinstance(value, (Mapping, list)):
            raise self.document.wrong(
                path, f"${{{name}}} stands for a table or a list", hint="write its values out"
            )
        own = name.split(".")[0] not in ("item", "key") and _at(self.vars, name) is None
        if own and PLACEHOLDER.fullmatch(f"{{{name}}}") and not name.startswith("data."):
            return f"{{{name}}}"
        return _doubled(shown(value))

    def _look_up(self, name: str, path: Sequence[str]) -> Any:
        local = {"item": self.item} if self.item is not None else {}
        local |= {"key": self.key} if self.key is not None else {}
        for values in (local, self.vars, self.params):
            if (value := _at(values, name)) is not None:
                return value
        raise self.document.wrong(
            path, f"${{{name}}} cannot be resolved", hint="it is neither in params.yaml nor in vars"
        )


def _at(values: Any, name: str) -> Any:
    for part in name.split("."):
        values = values.get(part) if isinstance(values, Mapping) else None
    return values


def _doubled(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
