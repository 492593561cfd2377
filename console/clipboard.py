"""Copying out of a terminal, over SSH and inside tmux too.

A stock tmux drops an application's OSC 52, raw or wrapped; `tmux load-buffer -w` reaches the outer terminal
under every setting tried. Terminals cut long OSC 52 texts: above the limit it is refused instead.
"""

import base64
import os
import subprocess
from collections.abc import Callable, Mapping

from lineside.console.text import pastable

LIMIT = 74_994
"""Encoded bytes that terminals take in one OSC 52."""


def osc52(text: str) -> str | None:
    """The sequence that puts `text` on the terminal's clipboard; None when it is too long.

    >>> osc52("812")
    '\\x1b]52;c;ODEy\\x07'
    """
    encoded = base64.b64encode(text.encode()).decode("ascii")
    return None if len(encoded) > LIMIT else f"\x1b]52;c;{encoded}\x07"


def copy(text: str, *, write: Callable[[str], object], env: Mapping[str, str] = os.environ) -> str | None:
    """Put `text` on the clipboard; the name of the way it took, or None when there was none."""
    text = pastable(text)
    if env.get("TMUX") and _tmux(text):
        return "tmux"
    sequence = osc52(text)
    if sequence is None:
        return None
    write(sequence)
    return "OSC 52"


def _tmux(text: str) -> bool:
    try:
        done = subprocess.run(
            ["tmux", "load-buffer", "-w", "-"],
            input=text.encode(),
            capture_output=True,
            timeout=2,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
