"""Reading a metrics page: Prometheus text 0.0.4 and 1.0.0, and OpenMetrics.

What stands before the last blank of a line is the identity of a series. It is parsed once; after that a line
costs one dictionary look-up and one float. Lines with a timestamp or an exemplar go the slow way each time.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

MAX_BODY = 5_000_000
MAX_SERIES = 20_000
MAX_LINE = 4_096
MAX_LABELS = 64
_SLACK = 1_000

_LINE = re.compile(
    rb"([a-zA-Z_:][\w:]*)[ \t]*(?:\{((?:[^\"}]|\"(?:[^\"\\]|\\.)*\")*)\})?[ \t]+"
    rb"(\S+)(?:[ \t]+(-?[\d.]+(?:[eE][+-]?\d+)?))?(?:[ \t]*#.*)?$"
)
_LABEL = re.compile(rb"[ \t,]*([a-zA-Z_]\w*)[ \t]*=[ \t]*\"((?:[^\"\\]|\\.)*)\"[ \t]*")
_ESCAPED = re.compile(r"\\(.)")


class Unparseable(ValueError):
    """The page is no metrics page, was cut off, or is larger than anything sane; `str(error)` says which."""


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One line of a page without its value; the same object each time it is read."""

    name: str
    labels: Mapping[str, str]


Samples = Mapping[Series, float]


class Exposition:
    """Reads the pages of one server, one after another, and remembers its series."""

    def __init__(self, wanted: Callable[[str], bool] = lambda name: True) -> None:
        """Args:
        wanted: whether an adapter looks at series of this name; the others are not even converted.
        """
        self._wanted = wanted
        self._known: dict[bytes, Series | None] = {}

    def read(self, body: bytes, *, open_metrics: bool = False) -> dict[Series, float]:
        """The values of one page.

        Raises:
            Unparseable: it is none, or was cut off.
        """
        if len(body) > MAX_BODY:
            raise Unparseable(f"the page has {len(body) / 1e6:.0f} MB")
        if open_metrics and not body.rstrip().endswith(b"# EOF"):
            raise Unparseable("the page was cut off: no # EOF")
        found: dict[Series, float] = {}
        lines = 0
        for line in body.split(b"\n"):
            if line and line[0] != 35:  # a comment begins with "#"
                lines += 1
                self._line(line, found)
        if lines > MAX_SERIES:
            raise Unparseable(f"the page has {lines} series, more than {MAX_SERIES}")
        if not lines and body.strip() and not body.lstrip().startswith(b"#"):
            raise Unparseable("the page holds no metrics")
        if len(self._known) > 2 * lines + _SLACK:
            self._known.clear()  # series that are gone; the next page brings back those that live
        return found

    def _line(self, line: bytes, found: dict[Series, float]) -> None:
        key, _, value = line.rstrip(b"\r \t").rpartition(b" ")
        known = self._known.get(key, _NEW)
        if known is None:
            return
        if known is _NEW:
            self._first(line.rstrip(b"\r \t"), key, found)
            return
        try:
            found[known] = float(value)
        except ValueError as error:
            raise Unparseable(f"{_shown(value)} is not a number") from error

    def _first(self, line: bytes, key: bytes, found: dict[Series, float]) -> None:
        """A line whose identity is not known yet, or that carries more than a value."""
        match = _LINE.match(line) if len(line) <= MAX_LINE else None
        if match is None:
            raise Unparseable(f"not a metrics line: {_shown(line)}")
        name, labels, value, plain = match[1], match[2] or b"", match[3], match[3] == line[len(key) + 1 :]
        series = Series(name.decode(), _labels(labels)) if self._wanted(name.decode()) else None
        if plain:
            self._known[key] = series
        if series is not None:
            try:
                found[series] = float(value)
            except ValueError as error:
                raise Unparseable(f"{_shown(value)} is not a number") from error


_NEW = Series("", {})


def _labels(text: bytes) -> dict[str, str]:
    found = {}
    for match in _LABEL.finditer(text):
        value = match[2].decode("utf-8", "replace")
        found[match[1].decode()] = _ESCAPED.sub(_unescape, value) if "\\" in value else value
    if len(found) > MAX_LABELS:
        raise Unparseable(f"a series has {len(found)} labels")
    return found


def _unescape(match: re.Match[str]) -> str:
    return "\n" if match[1] == "n" else match[1]


def _shown(text: bytes) -> str:
    return repr(text[:60].decode("utf-8", "replace"))
