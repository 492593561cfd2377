"""How one person wants the console: theme, mouse, letters, keys; read once, before the first frame.

The home's config.toml says what is usual in the team, the person's own file what they want instead, the
environment and the flags of the command line what counts this time. `console/preferences.py` knows the rules
of the files; it is imported only where one of them says something about the console.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lineside.store.homes import Home


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All that may differ from person to person; every field has the default of somebody who said nothing."""

    theme: str = ""  # empty: light or dark, as the terminal says it is
    mouse: bool = True
    ascii: bool = False  # draw with the letters of ASCII only
    read_only: bool = False  # as a viewer, whatever the role
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # command id → its keys instead
    layout: Mapping[str, str | float] = field(default_factory=dict)  # e.g. {"runs.table": 0.6}

    @classmethod
    def load(
        cls,
        home_config_text: str | None = None,
        user_config_text: str | None = None,
        flags: Mapping[str, Any] | None = None,
        *,
        environ: Mapping[str, str] | None = None,
    ) -> "Settings":
        """The team's file, then the person's, then the environment, then the flags; the last one wins.

        Args:
            home_config_text: the home's config.toml, of which only `[console]` counts; None: there is none.
            user_config_text: the person's config.toml; None: there is none.
            flags: fields of this class as the command line gave them; None or missing: not given.
            environ: LINESIDE_THEME, LINESIDE_ASCII, LINESIDE_MOUSE, LINESIDE_READ_ONLY.

        Raises:
            BadConfig: a key, theme, area or command that nobody knows, two commands on one key, or a value
                of the wrong type; names the file, the line and the nearest known word.
        """
        said = cls()
        environ = {} if environ is None else environ
        if user_config_text or "console" in (home_config_text or ""):
            from lineside.console import preferences

            said = preferences.of_files(home_config_text or "", user_config_text or "")
        given = {name: environ[key] for name, key in VARIABLES.items() if environ.get(key)}
        given |= {name: value for name, value in (flags or {}).items() if value is not None}
        if not given:
            return said
        from lineside.console import preferences

        return replace(said, **preferences.of_words(given))


VARIABLES: Mapping[str, str] = {
    "theme": "LINESIDE_THEME", "ascii": "LINESIDE_ASCII", "mouse": "LINESIDE_MOUSE",
    "read_only": "LINESIDE_READ_ONLY",
}  # fmt: skip
"""Field → the environment variable that sets it."""


def person_file(environ: Mapping[str, str]) -> Path:
    """Where a person's own settings lie."""
    base = environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(base).expanduser() / "lineside" / "config.toml"


def read(
    home: "Home", *, flags: Mapping[str, Any] | None = None, environ: Mapping[str, str] = os.environ
) -> Settings:
    """The settings that count in a home for whoever asks.

    Raises:
        BadConfig: see `Settings.load`.
    """
    return Settings.load(_text(home.config), _text(person_file(environ)), flags, environ=environ)


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None
    except UnicodeDecodeError as error:
        from lineside.store.errors import BadConfig

        raise BadConfig(f"{path}: byte {error.start} is not UTF-8", hint="save the file as UTF-8") from error
