"""The secret that lets the runner, and nobody else on the box, load and route versions."""

import os
import secrets
from pathlib import Path

NAME = "token"


def ensure(folder: Path) -> str:
    """The token of a deployment's folder; made once, readable by its owner alone."""
    path, token = folder / NAME, secrets.token_urlsafe(32)
    if path.exists():
        return path.read_text().strip()
    fresh = folder / f".{NAME}.{secrets.token_hex(4)}"
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(token + "\n")
    try:
        os.link(fresh, path)  # whole or not at all; the first one stays
    except FileExistsError:
        token = path.read_text().strip()
    fresh.unlink()
    return token
