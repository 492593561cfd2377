"""The home folder: where everything lives, and whether it may be used at all."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from lineside.store.clock import new_id, now
from lineside.store.errors import HomeProblem
from lineside.store.places import home_path

FORMAT = 1
_FOLDERS = (
    "sdk",
    "spool",
    "segments",
    "objects",
    "datasets",
    "windows",
    "payloads",
    "jobs",
    "serving",
)
_NETWORK = frozenset({
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "lustre", "beegfs", "gpfs", "glusterfs",
    "fuse.sshfs", "fuse.s3fs", "fuse.rclone", "fuse.gcsfuse", "fuse.glusterfs", "fuse.ceph",
})  # fmt: skip
"""File systems that other machines write to as well."""


@dataclass(frozen=True, slots=True)
class Home:
    """Paths inside one home. Nothing here touches the disk but `create` and `check`."""

    path: Path

    @property
    def db(self) -> Path:
        return self.path / "lineside.db"

    @property
    def socket(self) -> Path:
        return self.path / "runner.sock"

    @property
    def lock(self) -> Path:
        return self.path / "runner.lock"

    @property
    def runner_log(self) -> Path:
        return self.path / "runner.log"

    @property
    def config(self) -> Path:
        return self.path / "config.toml"

    @property
    def identity(self) -> Path:
        return self.path / "home.json"

    @property
    def spool(self) -> Path:
        return self.path / "spool"

    @property
    def segments(self) -> Path:
        return self.path / "segments"

    @property
    def objects(self) -> Path:
        return self.path / "objects"

    @property
    def datasets(self) -> Path:
        """Dataset versions under readable names: links into objects/."""
        return self.path / "datasets"

    @property
    def windows(self) -> Path:
        return self.path / "windows"

    @property
    def payloads(self) -> Path:
        return self.path / "payloads"

    @property
    def serving(self) -> Path:
        """One folder per deployment: its token, its unpacked model versions."""
        return self.path / "serving"

    @property
    def sdk(self) -> Path:
        return self.path / "sdk"

    def attempt(self, job: int, number: int) -> Path:
        return self.path / "jobs" / str(job) / str(number)

    @property
    def exists(self) -> bool:
        return self.identity.exists()

    @property
    def demo(self) -> bool:
        """A demo home lets one uid act as several people; it can never stop being one."""
        return bool(json.loads(self.identity.read_text()).get("demo")) if self.exists else False


def locate(given: Path | None) -> Home:
    """The home that a command means: the flag, then LINESIDE_HOME, then the default."""
    return Home(Path(home_path(None if given is None else str(given))))


def create(home: Home, *, demo: bool = False) -> None:
    """Make the folders and the identity file; an existing home is left as it is.

    Raises:
        HomeProblem: the folder cannot be made or written, or lies on a network file system.
    """
    try:
        home.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        check(home)
        for folder in folders(home):
            folder.mkdir(exist_ok=True)
        if not home.exists:
            text = {"format": FORMAT, "uid": new_id("home"), "demo": demo, "created_us": now()}
            fresh = home.identity.with_suffix(".tmp")
            fresh.write_text(json.dumps(text))
            fresh.rename(home.identity)
    except OSError as error:
        raise HomeProblem(
            f"cannot use {home.path}: {error.strerror}",
            hint="choose a folder you can write with --home DIR or LINESIDE_HOME",
        ) from error


def folders(home: Home) -> tuple[Path, ...]:
    """Those that every home has."""
    return tuple(home.path / name for name in _FOLDERS)


def check(home: Home) -> None:
    """Refuse a home that cannot hold a store.

    Raises:
        HomeProblem: not a folder, not writable, or on a network file system.
    """
    if not home.path.is_dir():
        raise HomeProblem(f"{home.path} is not a folder", hint="choose another with --home DIR")
    if not os.access(home.path, os.W_OK | os.X_OK):
        raise HomeProblem(f"{home.path} is not writable", hint="choose another with --home DIR")
    if kind := network_kind(home.path.resolve(), mounts=Path("/proc/self/mounts").read_text()):
        raise HomeProblem(
            f"{home.path} lies on {kind}, where SQLite's write-ahead log and flock break",
            hint="put the home on a local disk: --home DIR or LINESIDE_HOME",
        )


def network_kind(path: Path, *, mounts: str) -> str | None:
    """The network file system under `path`, by the mount table; None: a local disk."""
    kind = kind_of(path, mounts=mounts)
    return kind if kind in _NETWORK else None


def kind_of(path: Path, *, mounts: str) -> str:
    """The file system under a path without links in it, by the mount table; nothing: it does not say."""
    best, kind = "", ""
    for line in mounts.splitlines():
        _, mount, fstype, *_ = line.split()
        mount = mount.replace("\\040", " ")
        if (path.is_relative_to(mount)) and len(mount) >= len(best):
            best, kind = mount, fstype
    return kind
