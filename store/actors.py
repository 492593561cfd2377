"""Who asks. The uid comes from the kernel; the name is for people; a demo home may add a mask."""

from dataclasses import dataclass
from enum import IntEnum


class Role(IntEnum):
    """Each role may do all that the ones below it may."""

    VIEWER = 0
    OPERATOR = 1
    APPROVER = 2
    ADMIN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """One person, or lineside itself (uid -1), at the moment of asking."""

    uid: int
    name: str
    role: Role
    acting_as: str | None = None  # "demo:ana": only a demo home lets one uid be several people
    in_job: bool = False  # the peer descends from a shim: it may submit, never approve

    @property
    def label(self) -> str:
        """The name every row shows: the mask where there is one."""
        return self.acting_as or self.name


LINESIDE = Actor(uid=-1, name="lineside", role=Role.ADMIN)
"""The runner acting by itself: a retrain trigger, an expiry, an automatic gate."""
