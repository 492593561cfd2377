"""docs/keys.md, made from the table of commands: `python -m lineside.console.keypage > docs/keys.md`."""

import sys
from collections.abc import Iterator

from lineside.console import commands
from lineside.console.commands import AREAS, TITLES, Command

_HEAD = """\
# Keys

Made from the one table of commands (`just keys`); `?` in the console shows the same for the area you are in.

One law: **letters look; `.` does.** Nothing changes the world but the menu behind `.`, so press any letter
without fear.
"""


def page() -> str:
    """The whole page in Markdown."""
    return "\n".join([_HEAD, *_sections()])


def _sections() -> Iterator[str]:
    scopes = list(dict.fromkeys(command.scope for command in commands.table()))
    for scope in sorted(scopes, key=lambda s: AREAS.index(s) if s in AREAS else -1):
        yield f"## {TITLES.get(scope, scope.capitalize())}\n"
        yield "| key | does |\n|---|---|"
        yield from (_row(command) for command in commands.of_scope(scope))
        yield ""


def _row(command: Command) -> str:
    keys = " ".join("`` ` ``" if key == "`" else f"`{key}`" for key in command.keys)
    who = f" ({command.role.name.lower()})" if command.does else ""
    return f"| {keys} | {command.title}{who} |"


if __name__ == "__main__":
    sys.stdout.write(page())
