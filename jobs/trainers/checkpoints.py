"""Where a training stands, on disk: written now and then and on SIGTERM, found again by the next attempt."""

import os
import pickle
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FILE = "checkpoint.pt"
EVERY_S = 30.0


@dataclass(slots=True)
class Keeper:
    """Keeps the state of one training; `config` must be equal for a checkpoint to count as its own."""

    config: Mapping[str, Any]
    folder: Path | None = field(
        default_factory=lambda: _attempt()
    )  # None: outside the runner, nothing is kept
    _written: float = field(default_factory=time.monotonic)

    @property
    def path(self) -> Path | None:
        return self.folder / FILE if self.folder else None

    @property
    def due(self) -> bool:
        """Whether the last one is old enough for another."""
        return time.monotonic() - self._written > EVERY_S

    def write(self, state: Mapping[str, Any]) -> None:
        """Replace the checkpoint of this attempt; a reader sees a whole one or none."""
        import torch

        if self.path is None:
            return
        fresh = self.path.with_suffix(".tmp")
        torch.save({"config": dict(self.config), **state}, fresh)
        fresh.rename(self.path)
        self._written = time.monotonic()

    def newest(self) -> dict[str, Any] | None:
        """The state that the newest attempt of this job left behind; None where none fits."""
        import torch

        for path in _left_behind(self.folder):
            try:
                state: dict[str, Any] = torch.load(path, weights_only=True, map_location="cpu")
            except (OSError, RuntimeError, EOFError, ValueError, pickle.UnpicklingError):
                continue  # cut off by a kill
            if state.get("config") == dict(self.config):
                return state
        return None


def _attempt() -> Path | None:
    given = os.environ.get("LINESIDE_ATTEMPT_DIR")
    return Path(given) if given else None


def _left_behind(folder: Path | None) -> list[Path]:
    """Checkpoints of this job's attempts, the newest attempt first."""
    if folder is None:
        return []
    found = [path for path in folder.parent.glob(f"*/{FILE}") if path.parent.name.isdigit()]
    return sorted(found, key=lambda path: -int(path.parent.name))
