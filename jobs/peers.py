"""Who is at the other end of the socket: the kernel's word, never the peer's."""

import os
import pwd
import re
import socket
import struct
from typing import NamedTuple

from lineside.jobs.execution import processes
from lineside.store.actors import Actor, Role
from lineside.store.config import Config
from lineside.store.errors import Refused
from lineside.store.homes import Home

_MASK = re.compile(r"demo:[a-z]+")
_UCRED = struct.Struct("3i")
_MARK = b"LINESIDE_ATTEMPT_DIR="


class Peer(NamedTuple):
    """One connected process, as the kernel names it."""

    pid: int
    uid: int
    in_job: bool


def peer_of(sock: socket.socket) -> Peer:
    """The process that connected `sock`, looked at now: later its number may be anybody's."""
    pid, uid, _gid = _UCRED.unpack(sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
    return Peer(pid=pid, uid=uid, in_job=in_job(pid))


def actor_of(peer: Peer, home: Home, config: Config, *, acting_as: object = None) -> Actor:
    """The person behind a peer, with the role the home gives them.

    Raises:
        Refused: a mask outside a demo home, or one that is no mask.
    """
    mask = acting_as if isinstance(acting_as, str) else None
    if acting_as is not None and not (home.demo and mask and _MASK.fullmatch(mask)):
        raise Refused(
            f"nobody may act as {acting_as!r} here",
            hint='only a demo home knows masks, and they look like "demo:ana"',
        )
    name = name_of(peer.uid)
    owner = home.path.stat().st_uid == peer.uid
    role = Role.ADMIN if owner else config.roles.get(name, Role.VIEWER)
    return Actor(uid=peer.uid, name=name, role=role, acting_as=mask, in_job=peer.in_job)


def name_of(uid: int) -> str:
    """The user's name; the number where the machine does not know one."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def in_job(pid: int) -> bool:
    """Whether `pid` descends from a shim, or was started with a job's environment.

    A shim adopts whatever its job leaves behind, so the chain of parents holds while the shim lives;
    the environment tells when it was killed. A process that has ended left its connection to another one,
    which cannot be looked at: that counts as a job, since only a job has a reason to do so.
    """
    here = os.getpid()
    if _gone(pid):
        return True
    for ancestor in processes.ancestors(pid):
        if ancestor == here:
            return False
        if any(word.endswith("/zygote.py") for word in processes.command(ancestor)[:6]):
            return True
        if any(entry.startswith(_MARK) for entry in processes.environment(ancestor)):
            return True
    return False


def _gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False  # somebody else's, and there
    return False
