"""How one person wants the console: theme, mouse, letters, keys; read once, before the first frame."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All that may differ from person to person; every field has the default of somebody who said nothing."""

    theme: str = "lineside-dark"
    mouse: bool = True
    ascii: bool = False  # draw with the letters of ASCII only
    read_only: bool = False  # as a viewer, whatever the role
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # command id → its keys instead
    layout: Mapping[str, str] = field(default_factory=dict)  # e.g. {"start": "jobs"}
