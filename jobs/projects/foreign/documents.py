"""A YAML file of another tool, with the line of every key; and commands as both sides write them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lineside.jobs.projects.paramfiles import yaml_of
from lineside.store.errors import BadConfig

_OF_SHELLS = re.compile(r"[|&;<>$`*?~#\n]|^\s*\w+=")
"""What a shell would do something about."""


@dataclass(frozen=True, slots=True)
class Document:
    """What the file says, and where."""

    name: str
    values: Mapping[str, Any]
    lines: Mapping[tuple[str, ...], int]

    @classmethod
    def read(cls, path: Path) -> "Document":
        """The file.

        Raises:
            BadConfig: it cannot be read, is not YAML or no table, or there is no PyYAML.
        """
        try:
            text = path.read_text()
        except OSError as error:
            raise BadConfig(f"cannot read {path}: {error.strerror}", hint="name another file") from error
        values = yaml_of(text, path.name)
        if not isinstance(values, Mapping):
            raise BadConfig(f"{path.name} is no table", hint="key: value")
        import yaml

        return cls(path.name, values, dict(_lines(yaml.compose(text, Loader=yaml.SafeLoader), ())))

    def wrong(self, path: Sequence[str], says: str, *, hint: str = "") -> BadConfig:
        """An error at the line of a key, or of the nearest one around it."""
        at = tuple(path)
        while at and at not in self.lines:
            at = at[:-1]
        return BadConfig(f"{self.name}: line {self.lines.get(at, 1)}: {says}", hint=hint)


def needs_shell(cmd: str) -> bool:
    """Whether the command means something else without a shell."""
    return _OF_SHELLS.search(cmd) is not None


def _lines(node: Any, path: tuple[str, ...]) -> list[tuple[tuple[str, ...], int]]:
    found: list[tuple[tuple[str, ...], int]] = []
    if node is not None and node.id == "mapping":
        for key, value in node.value:
            inner = (*path, str(key.value))
            found += [(inner, key.start_mark.line + 1), *_lines(value, inner)]
    elif node is not None and node.id == "sequence":
        for place, value in enumerate(node.value):
            inner = (*path, str(place))
            found += [(inner, value.start_mark.line + 1), *_lines(value, inner)]
    return found
