"""Where a home is, with nothing imported but os: the console draws before `pathlib` is there."""

import os


def home_path(given: str | None) -> str:
    """The folder that a command means: the flag, then LINESIDE_HOME, then the default.

    Raises:
        FileNotFoundError: the path is relative, and the folder one stands in is gone.
    """
    default = os.path.join(os.environ.get("XDG_DATA_HOME", "~/.local/share"), "lineside")
    path = os.path.expanduser(given or os.environ.get("LINESIDE_HOME") or default)
    return path if os.path.isabs(path) else os.path.join(os.getcwd(), path)


def database(home: str) -> str:
    return os.path.join(home, "lineside.db")
