"""The secret that lets the runner, and nobody else on the box, load and route versions."""

import os
import secrets
from pathlib import Path

NAME = "token"


def ensure(folder: Path) -> str:
    """The token of a deployment's folder; made once, readable by its owner alone."""
    path = folder / NAME
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(descriptor, "w") as file:
        token = secrets.token_urlsafe(32)
        file.write(token + "\n")
    return token
