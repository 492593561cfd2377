"""Tell lineside what a script does: params, metrics, files. Standard library only; Python 3.9 or newer.

    import lineside

    lineside.log_params({"lr": 1e-3})
    for step in range(1000):
        lineside.log_metrics({"loss": loss, "accuracy": accuracy}, step=step)
    lineside.log_model("package/")

Under the runner this writes into the job's run; outside it, into a run of its own. Nothing here raises, waits
or uses the network: what cannot be written is counted and dropped. The files' format: lineside.store.spool.
"""

from __future__ import annotations

import atexit
import fcntl
import functools
import json
import os
import pkgutil
import secrets
import struct
import sys
import threading
import time
import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Concatenate, ParamSpec

    P = ParamSpec("P")

__path__ = pkgutil.extend_path(__path__, __name__)  # this copy of the SDK never hides lineside's own modules
__version__ = "0.1.0"
__all__ = [
    "Run", "finish", "log_artifact", "log_artifacts", "log_dataset", "log_metric", "log_metrics", "log_model",
    "log_params", "set_tags", "start_run",
]  # fmt: skip

_SHAPE, _STEP, _EVENT = 1, 2, b"\x03"
_MAX_PAYLOAD = 60_000  # bytes; readers take 65,536
_MAX_NAMES = 50  # declared at once when a larger set does not fit into a frame
_MAX_SHAPES = 60_000  # then numbers are given anew; they have 16 bits
_MAX_NAME, _MAX_TEXT = 250, 6_000  # characters
_HEAD = struct.Struct("<II")
_pack_head, _crc32, _write, _time_ns = _HEAD.pack, zlib.crc32, os.write, time.time_ns


def _harmless(method: Callable[P, None]) -> Callable[P, None]:
    """Let nothing out but a line on stderr: a failing log call must not end a training."""

    @functools.wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            method(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - the border to somebody's training
            _complain(f"{method.__name__}: {error}")

    return call


class Run:
    """One run that this process writes to; a context manager that ends it."""

    def __init__(self, spool: _Spool, outbox: str) -> None:
        self.uid = spool.uid
        self._spool, self._outbox, self._files = spool, outbox, 0
        self._next_step = 0

    def log_metrics(self, values: Mapping[str, Any], step: int | None = None) -> None:
        """Write numbers of one step; without `step`, of the one after the highest so far."""
        try:
            if step is None:
                step = self._next_step
            if step >= self._next_step:
                self._next_step = step + 1
            spool = self._spool
            ident, pack = spool.shapes[tuple(values)]
            body = pack(_STEP, ident, step, _time_ns(), *values.values())
            if _write(spool.fd, _pack_head(len(body), _crc32(body)) + body) != len(body) + 8:
                spool.dropped += len(values)
        except Exception:  # noqa: BLE001 - a new shape, a fork, what is no number, a full disk
            self._log_slowly(values, step)

    def log_metric(self, name: str, value: Any, step: int | None = None) -> None:
        """Write one number."""
        self.log_metrics({name: value}, step)

    @_harmless
    def _log_slowly(self, values: Mapping[str, Any], step: Any) -> None:
        found = {name: _number(value) for name, value in values.items()}
        numbers = {name: number for name, number in found.items() if number is not None}
        self._spool.dropped += len(found) - len(numbers)
        try:
            self._spool.steps(numbers, int(step))
        except (OSError, ValueError, TypeError, OverflowError, struct.error):
            self._spool.dropped += len(numbers)

    @_harmless
    def log_params(self, params: Mapping[str, Any]) -> None:
        """Write what the run was given; a later value of a name replaces the earlier one."""
        self._spool.table("params", {str(key): str(value) for key, value in params.items()})

    @_harmless
    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Say something about the run; None takes a tag away."""
        self._spool.table("tags", {str(k): None if v is None else str(v) for k, v in tags.items()})

    @_harmless
    def log_artifact(self, path: Any, name: str | None = None, kind: str = "file") -> None:
        """Keep a copy of a file or folder as it is now."""
        import shutil

        if self._spool.ended:
            return
        source = os.path.abspath(os.fspath(path))
        self._files += 1
        box = os.path.join(self._outbox, f"{self._files:04d}-{secrets.token_hex(4)}")
        copy = os.path.join(box, os.path.basename(source) or "folder")
        os.makedirs(box)
        if os.path.isdir(source):
            shutil.copytree(source, copy)
        else:
            shutil.copyfile(source, copy)
        at = os.path.relpath(copy, self._spool.home)
        self._spool.event("artifact", path=str(name or os.path.basename(source)), kind=str(kind), at=at)

    @_harmless
    def log_artifacts(self, folder: Any) -> None:
        """Keep every file of a folder, each under its own name."""
        root = os.fspath(folder)
        for below, folders, files in os.walk(root):
            folders.sort()
            for file in sorted(files):
                path = os.path.join(below, file)
                self.log_artifact(path, name=os.path.relpath(path, root))

    def log_model(self, path: Any, name: str = "model") -> None:
        """Keep a model, so that it can be registered."""
        self.log_artifact(path, name=name, kind="model")

    @_harmless
    def log_dataset(
        self, name: str, version: Any = None, digest: str | None = None, role: str = "train"
    ) -> None:
        """Say which data the run read."""
        said = None if version is None else str(version)
        self._spool.event("dataset", name=str(name), version=said, digest=digest, role=str(role))

    @_harmless
    def finish(self, status: str = "FINISHED", detail: str = "") -> None:
        """End the run: FINISHED, FAILED or KILLED. What is logged afterwards is dropped."""
        if _state.current is self:
            _state.current = _state.parents.pop() if _state.parents else None
        elif self in _state.parents:
            _state.parents.remove(self)
        self._spool.finish(str(status), str(detail))

    def __enter__(self) -> Run:
        return self

    def __exit__(self, kind: Any, error: Any, _trace: Any) -> None:
        if kind is None or (issubclass(kind, SystemExit) and not error.code):
            self.finish()
        else:
            self.finish("KILLED" if issubclass(kind, KeyboardInterrupt) else "FAILED", kind.__name__)


class _Spool:
    """The file behind a run: the first process to lock it has it, every other one gets a side spool."""

    def __init__(self, home: str | None, uid: str, start: dict[str, Any]) -> None:
        self.home, self.uid, self.start = home, uid, start
        self.fd = -1  # not open yet, or never again
        self.ended = home is None
        self.dropped = 0
        self.shapes: dict[tuple[str, ...], tuple[int, Callable[..., bytes]]] = {}
        self._numbers = 0
        self._lock = threading.RLock()  # a signal handler may log while its own thread declares a shape

    def steps(self, values: Mapping[str, float], step: int) -> None:
        """Write a step whose shape may be new; too many names for one frame become several."""
        names = tuple(values)
        for known in _fitting(names):
            if known and self._open():
                ident, pack = self.shapes.get(known) or self._declare(known)
                numbers = [values[name] for name in known]
                self._frame(pack(_STEP, ident, step, _time_ns(), *numbers), len(known))

    def event(self, event: str, /, **fields: Any) -> None:
        """Write words."""
        if self._open():
            self._frame(_encoded(_EVENT, {"event": event, **fields}), 0)
            if self.dropped:
                points, self.dropped = self.dropped, 0
                self._frame(_encoded(_EVENT, {"event": "drop", "points": points}), points)

    def table(self, kind: str, values: Mapping[str, str | None]) -> None:
        """Write names and texts, in as many frames as they need."""
        part: dict[str, str | None] = {}
        size = 0
        for name, text in values.items():
            short = None if text is None else text[:_MAX_TEXT]
            weight = len(json.dumps([name[:_MAX_NAME], short], ensure_ascii=False).encode("utf-8", "replace"))
            if size + weight > _MAX_PAYLOAD - 100:
                self.event(kind, values=part)
                part, size = {}, 0
            part[name[:_MAX_NAME]] = short
            size += weight
        if part:
            self.event(kind, values=part)

    def finish(self, status: str, detail: str) -> None:
        if self.ended or not self._open():
            return
        self.event("status", status=status, detail=detail[:_MAX_TEXT], at_us=_time_ns() // 1_000)
        self.ended = True
        fd, self.fd = self.fd, -1
        self.shapes.clear()
        os.fdatasync(fd)
        os.close(fd)  # lets go of the lock

    def forked(self) -> None:
        """In the child: leave the parent's file, and open a side spool at the first write."""
        if self.fd >= 0:
            os.close(self.fd)  # the parent's lock must not outlive the parent
        self.fd, self.dropped, self._lock = -1, 0, threading.RLock()
        self.shapes = {}

    def _open(self) -> bool:
        with self._lock:
            if self.ended:
                return False
            if self.fd < 0:
                self.fd = _locked(str(self.home), self.uid)
                self._frame(_encoded(_EVENT, {"event": "start", "pid": os.getpid(), **self.start}), 0)
            return True

    def _declare(self, names: tuple[str, ...]) -> tuple[int, Callable[..., bytes]]:
        with self._lock:
            if len(self.shapes) >= _MAX_SHAPES:
                self.shapes.clear()
            if names not in self.shapes:
                ident, self._numbers = self._numbers, (self._numbers + 1) % 65_536
                body = _encoded(struct.pack("<BH", _SHAPE, ident), [str(name)[:_MAX_NAME] for name in names])
                whole = [self._frame(body, 0), self._frame(body, 0)]  # twice: a flipped bit in the only one
                if not any(whole):  # would lose every step behind it
                    raise OSError("the disk is full")
                self.shapes[names] = ident, struct.Struct(f"<BHqq{len(names)}d").pack
            return self.shapes[names]

    def _frame(self, body: bytes, points: int) -> bool:
        frame = _pack_head(len(body), _crc32(body)) + body
        try:
            whole = len(body) <= _MAX_PAYLOAD and _write(self.fd, frame) == len(frame)
        except OSError:
            whole = False
        if not whole:
            self.dropped += points  # a torn frame stays where it is: readers find the next one
        return whole


class _State:
    """What this process writes to now."""

    def __init__(self) -> None:
        self.current: Run | None = None
        self.parents: list[Run] = []
        self.began = False  # a run was started before: what comes after its end is no new run
        self.complaints = 0
        self.lock = threading.RLock()


_state = _State()


def start_run(
    name: str | None = None,
    experiment: str | None = None,
    params: Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
) -> Run:
    """Begin a run: the job's own under the runner, else a new one; inside another run, a child of it."""
    with _state.lock:
        run = _begin(name, experiment)
        if _state.current is not None:
            _state.parents.append(_state.current)
        _state.current, _state.began = run, True
    if params:
        run.log_params(params)
    if tags:
        run.set_tags(tags)
    return run


def _begin(name: str | None, experiment: str | None) -> Run:
    home, uid = _home(), os.environ.get("LINESIDE_RUN")
    if home is None:
        _complain("no lineside home here: nothing is recorded (make one with: lineside init)")
        return Run(_Spool(None, "", {}), "")
    start: dict[str, Any] = {"name": name, "experiment": experiment, "at_us": _time_ns() // 1_000}
    _harmless(_look_around)(start)
    if uid and not _state.began:
        start["attempt"] = os.environ.get("LINESIDE_ATTEMPT")
        folder = os.environ.get("LINESIDE_ATTEMPT_DIR") or os.path.join(home, "spool", uid)
        return Run(_Spool(home, uid, start), os.path.join(folder, "outbox"))
    if _state.current is not None:
        start["parent"] = _state.current.uid
    uid = f"run_{_time_ns() // 1_000:014x}{secrets.token_hex(4)}"
    return Run(_Spool(home, uid, start), os.path.join(home, "spool", f"{uid}.outbox"))


def _active() -> Run:
    """The current run; the first log call of a process begins one."""
    if _state.current is not None:
        return _state.current
    if not _state.began:
        return start_run()
    _complain("the run has ended: what is logged now is dropped")
    return Run(_Spool(None, "", {}), "")


def _of_current(method: Callable[Concatenate[Run, P], None]) -> Callable[P, None]:
    """The method of the same name, called on the current run."""

    @functools.wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> None:
        method(_active(), *args, **kwargs)

    return call


def log_metrics(values: Mapping[str, Any], step: int | None = None) -> None:
    """Write numbers of one step; without `step`, of the one after the highest so far."""
    (_state.current or _active()).log_metrics(values, step)


log_metric = _of_current(Run.log_metric)
log_params = _of_current(Run.log_params)
set_tags = _of_current(Run.set_tags)
log_artifact = _of_current(Run.log_artifact)
log_artifacts = _of_current(Run.log_artifacts)
log_model = _of_current(Run.log_model)
log_dataset = _of_current(Run.log_dataset)


def finish(status: str = "FINISHED") -> None:
    """End the current run: FINISHED, FAILED or KILLED."""
    if _state.current is not None:
        _state.current.finish(status)


def _at_exit() -> None:
    """End what is still open, with the verdict the interpreter came to."""
    error = getattr(sys, "last_value", None)
    status = "FINISHED" if error is None else "KILLED" if isinstance(error, KeyboardInterrupt) else "FAILED"
    while _state.current is not None:
        _state.current.finish(status, "" if error is None else type(error).__name__)


def _forked() -> None:
    _state.lock = threading.RLock()
    for run in [*_state.parents, _state.current]:
        if run is not None:
            run._spool.forked()


def _home() -> str | None:
    share = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    home = os.path.abspath(os.environ.get("LINESIDE_HOME") or os.path.join(share, "lineside"))
    return home if os.access(os.path.join(home, "spool"), os.W_OK | os.X_OK) else None


def _locked(home: str, uid: str) -> int:
    """Open the first of the run's spools that no other process holds."""
    side = f"{uid}.{os.getpid()}"
    for name in (uid, uid, side, f"{side}-{secrets.token_hex(4)}"):
        fd = os.open(os.path.join(home, "spool", name + ".sp"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return fd
        except OSError:
            os.close(fd)
            time.sleep(0.002)  # the runner may just have been looking
    raise OSError(f"no spool of {uid} is free")


def _number(value: Any) -> float | None:
    """The value as a float; None: it is no number."""
    if value is None or isinstance(value, (str, bytes)):
        return None
    try:
        return float(value)
    except Exception:  # noqa: BLE001 - whatever a foreign class raises
        return None


def _fitting(names: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The names in parts whose declaration fits into a frame."""
    if sum(6 * len(str(name)) + 20 for name in names) < _MAX_PAYLOAD:
        return [names]
    return [names[at : at + _MAX_NAMES] for at in range(0, len(names), _MAX_NAMES)]


def _encoded(head: bytes, value: Any) -> bytes:
    return head + json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _look_around(start: dict[str, Any]) -> None:
    """Note where and how this process runs."""
    facts = {"command": " ".join(sys.argv)[:_MAX_TEXT], "cwd": os.getcwd(), "host": os.uname().nodename}
    start["context"] = {**facts, "python": sys.version.split()[0], "commit": _commit(os.getcwd())}


def _commit(folder: str) -> str | None:
    """The git commit that is checked out around `folder`, read without git."""
    while not os.path.isdir(os.path.join(folder, ".git")):
        folder, below = os.path.dirname(folder), folder
        if folder == below:
            return None
    git = os.path.join(folder, ".git")
    head = _text(os.path.join(git, "HEAD"))
    if not head.startswith("ref: "):
        return head or None
    packed = (line.split(" ") for line in _text(os.path.join(git, "packed-refs")).splitlines())
    return _text(os.path.join(git, head[5:])) or next((ref[0] for ref in packed if ref[-1] == head[5:]), None)


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().strip()
    except OSError:
        return ""


def _complain(words: str) -> None:
    """One line on stderr, at most ten a process."""
    _state.complaints += 1
    if _state.complaints <= 10 and sys.stderr is not None:
        try:
            sys.stderr.write(f"lineside: {words}\n")
        except (OSError, ValueError):
            _state.complaints = 11  # nobody hears us


atexit.register(_at_exit)
os.register_at_fork(after_in_child=_forked)
