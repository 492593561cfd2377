"""The console's first 30 ms: what was asked for, and a first frame, before anything is imported.

Textual takes 150 ms to import; whoever typed `lineside` sees before that where they are.
"""

import os
import select
import signal
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple, NoReturn

from lineside.console.areas import AREAS, TITLES
from lineside.store.places import database, home_path

_ENTER = "\x1b[?1049h\x1b[?25l\x1b[2J\x1b[H"
_MODES = (1000, 1002, 1003, 1004, 1006, 1015, 1016, 2004, 2026, 2048, 1049)
_LEAVE = "\x1b[<u" + "".join(f"\x1b[?{mode}l" for mode in _MODES) + "\x1b[?7h\x1b[?25h\x1b[0m"
"""Turns off every mode that Textual turns on, should it not come to do so itself."""
_PATIENCE_S = 1.0
"""How long a terminal that nobody reads is waited for; a console must end, whoever looks."""


_Attributes = list[Any]
"""As termios has them."""


VALUED = {"--home": "home", "--as": "as", "--theme": "theme"}
SWITCHES = {
    "--ascii": ("ascii", True), "--read-only": ("read_only", True),
    "--mouse": ("mouse", True), "--no-mouse": ("mouse", False),
}  # fmt: skip
"""The options of the console as click knows them too (`console/cli/__init__.py`)."""


class Wish(NamedTuple):
    """A command line without a verb: the console of one home."""

    home: str
    acting_as: str | None
    flags: dict[str, str | bool]  # fields of console/settings.py:Settings


def wish(argv: list[str]) -> Wish | None:
    """The console that these arguments ask for; None where they, or the place, are a matter for click.

    >>> wish(["runs", "ls"]) is None
    True
    """
    said = _said(argv)
    if said is None or not drawable():
        return None
    home, acting_as = said.pop("home", None), said.pop("as", None)
    try:
        path = home_path(str(home) if home else None)
    except OSError:
        return None
    if not os.path.exists(database(path)):
        return None
    return Wish(path, str(acting_as) if acting_as else None, said)


def _said(argv: list[str]) -> dict[str, str | bool] | None:
    """The options of the console, in both spellings; None when anything else stands there.

    >>> _said(["--home=x", "--theme", "dark", "--no-mouse"])
    {'home': 'x', 'theme': 'dark', 'mouse': False}
    """
    said: dict[str, str | bool] = {}
    rest = list(argv)
    while rest:
        name, mark, value = rest.pop(0).partition("=")
        if name in VALUED and (mark or rest):
            said[VALUED[name]] = value if mark else rest.pop(0)
        elif name in SWITCHES and not mark:
            said.update([SWITCHES[name]])
        else:
            return None
    return said


def served() -> bool:
    """Whether a browser is at the other end (`textual serve`): the driver has a protocol of its own."""
    return "TEXTUAL_DRIVER" in os.environ


def drawable() -> bool:
    return served() or (_terminal(sys.__stdin__) and _terminal(sys.__stdout__))


def _terminal(stream: object) -> bool:
    return stream is not None and os.isatty(stream.fileno())  # type: ignore[attr-defined]


@contextmanager
def screen() -> Iterator[None]:
    """Take the terminal, draw on it, and give it back as it was found, whatever happens in between."""
    for number in (signal.SIGTERM, signal.SIGHUP):  # until the app listens to them
        signal.signal(number, _ended)
    if served():
        yield
        return
    before = _quiet()
    _write(_ENTER + _skeleton(*os.get_terminal_size(1)))
    try:
        yield
    finally:
        _write(_LEAVE)
        if before is not None:
            _set(before)


def leave(code: int) -> NoReturn:
    """End the process now: a thread that still waits for a silent runner would hold the terminal for it."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _ended(number: int, _: object) -> NoReturn:
    sys.exit(128 + number)


def _quiet() -> _Attributes | None:
    """Show no letters typed ahead: they are for the console. What the terminal was set to before."""
    try:
        before = termios.tcgetattr(0)
    except termios.error:
        return None
    now = [*before[:3], before[3] & ~(termios.ECHO | termios.ICANON), *before[4:]]
    _set(now)
    return before


def _set(attributes: _Attributes) -> None:
    with suppress(termios.error):  # hung up
        termios.tcsetattr(0, termios.TCSANOW, attributes)


def _skeleton(width: int, height: int) -> str:
    """Title bar and last line, where the first real frame has them too."""
    tabs = "".join(f" {digit}{TITLES[name]} " for digit, name in enumerate(AREAS, 1))[:width]
    first = len(" 1Wall")
    return f"\x1b[1m{tabs[:first]}\x1b[0m{tabs[first:]}\x1b[{height}H\x1b[2m{' opening …'[:width]}\x1b[0m"


def _write(text: str) -> None:
    """Past Python's own buffers, which another thread may hold; a terminal that nobody reads is given up."""
    with suppress(OSError):  # hung up
        if select.select((), (1,), (), _PATIENCE_S)[1]:
            os.write(1, text.encode())
