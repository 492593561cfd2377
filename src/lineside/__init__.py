"""Tell lineside what a script does: params, metrics, files. Standard library only; Python 3.9 or newer.

    import lineside

    lineside.log_params({"lr": 1e-3})
    for step in range(1000):
        lineside.log_metrics({"loss": loss, "accuracy": accuracy}, step=step)
    lineside.log_model("package/")

Under the runner this writes into the job's run; outside it, into a run of its own. Nothing here raises, waits
or uses the network: what cannot be written is counted and dropped. The files' format: lineside.store.spool.

How a run came about is written down with it: command, commit and uncommitted changes, packages, GPUs, and the
environment variables of `_TOLD` (no others: they hold secrets). LINESIDE_SURVEY=off leaves the slow half out.
"""

from __future__ import annotations

import _thread
import atexit
import contextlib
import errno
import fcntl
import functools
import itertools
import json
import os
import re
import struct
import sys
import threading
import time
import zlib
from builtins import open as _open  # `open` is ours here: it reads a home
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Concatenate, ParamSpec

    from lineside.store.notebooks import Reading

    P = ParamSpec("P")

__path__ += [  # this copy of the SDK never hides lineside's own modules
    found
    for found in (os.path.join(place, "lineside") for place in sys.path)
    if found not in __path__ and os.path.isdir(found)
]
__version__ = "0.1.0"
__all__ = [
    "Run", "finish", "log_artifact", "log_artifacts", "log_dataset", "log_metric", "log_metrics", "log_model",
    "log_params", "set_tags", "start_run",
]  # fmt: skip

_SHAPE, _STEP, _EVENT = 1, 2, b"\x03"
_MAX_PAYLOAD = 60_000  # bytes; readers take 65,536
_MAX_INLINE = 4_096  # bytes of a file that travels in a frame
_MAX_SHAPES = 60_000  # then numbers are given anew; they have 16 bits
_MAX_NAME, _MAX_SAID, _MAX_WORDS = 250, 1_000, 6_000  # characters
_MAX_TEXT = 16_384  # bytes; a longer param becomes a file
_LOOK_NS = 1_000_000_000  # how often the spool is looked at
_HIGH = 512  # our descriptors' numbers begin here: nobody else's are taken for ours, nor ours for theirs
_HEAD = struct.Struct("<II")
_STEP_FRAME = re.compile(rb"(?s)(?=..\0\0....\x02)")  # a length below 64 KiB, a checksum, the kind
_TAIL = 131_072
_PACK_STEP = struct.Struct("<q").pack
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
        self._survey: threading.Thread | None = None

    def log_metrics(self, values: Mapping[str, Any], step: int | None = None) -> None:
        """Write numbers of one step; without `step`, of the one after the highest so far."""
        try:
            if step is None:
                step = self._next_step
            spool = self._spool
            ident, pack = spool.shapes[tuple(values)]
            now = _time_ns()
            if not spool.looked_ns <= now <= spool.look_ns:  # a clock may be set back, too
                spool.look(now)
                spool.keep()
            body = pack(_STEP, ident, step, now, *values.values())
            if step >= self._next_step:
                self._next_step = int(step) + 1
            if _write(spool.fd, _pack_head(len(body), _crc32(body)) + body) != len(body) + 8:
                spool.drop(len(values), "the disk is full")
        except Exception:  # noqa: BLE001 - a new shape, a fork, what is no number, a full disk
            self._log_slowly(values, step)

    def log_metric(self, name: str, value: Any, step: int | None = None) -> None:
        """Write one number."""
        self.log_metrics({name: value}, step)

    @_harmless
    def _log_slowly(self, values: Mapping[str, Any], step: Any) -> None:
        if all(type(value) is float for value in values.values()):
            found: dict[str, float | None] = dict(values)
        else:
            found = {name: _number(value) for name, value in values.items()}
        numbers = {name: number for name, number in found.items() if number is not None}
        self._spool.drop(len(found) - len(numbers), "not a number")
        try:
            number = int(step)
            _PACK_STEP(number)  # what is no step is not counted from
            self._next_step = max(self._next_step, number + 1)
            self._spool.steps(numbers, number)
        except OSError as error:
            self._spool.drop(len(numbers), str(error.strerror or error))
        except (ValueError, TypeError, OverflowError, struct.error):
            self._spool.drop(len(numbers), "not a step")

    @_harmless
    def log_params(self, params: Mapping[str, Any]) -> None:
        """Write what the run was given; a later value of a name replaces the earlier one."""
        self._spool.table(
            "params", {str(k): self._short("params", str(k), str(v)) for k, v in params.items()}
        )

    @_harmless
    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Say something about the run; None takes a tag away."""
        said = {str(key): value for key, value in tags.items()}
        self._spool.table(
            "tags", {k: None if v is None else self._short("tags", k, str(v)) for k, v in said.items()}
        )

    @_harmless
    def log_artifact(self, path: Any, name: str | None = None, kind: str = "file") -> None:
        """Keep a copy of a file or folder as it is now."""
        import shutil

        if self._spool.ended:
            return
        source = os.path.abspath(os.fspath(path))
        said, kind = str(name or os.path.basename(source))[:_MAX_WORDS], str(kind)[:_MAX_SAID]
        box = self._box()
        copy = os.path.join(box, os.path.basename(source) or "folder")
        try:
            os.makedirs(box)
            if os.path.isdir(source):
                shutil.copytree(source, copy)
            else:
                shutil.copyfile(source, copy)
        except OSError:
            shutil.rmtree(box, ignore_errors=True)  # half a file is none
            self._spool.event("artifact", path=said, kind=kind, at="")
            raise
        self._spool.event("artifact", path=said, kind=kind, at=os.path.relpath(copy, self._spool.home))

    def _box(self) -> str:
        """A new place in the outbox."""
        self._files += 1
        return os.path.join(self._outbox, f"{self._files:04d}-{_random()}")

    def _keep(self, path: str, data: bytes) -> None:
        """Keep bytes as a file: a small one travels in a frame, a large one through the outbox."""
        if len(data) <= _MAX_INLINE:
            self._spool.event("artifact", path=path, kind="file", text=data.decode("utf-8", "replace"))
        elif not self._spool.ended:
            box = self._box()
            os.makedirs(box)
            with _open(os.path.join(box, "text"), "wb") as file:
                file.write(data)
            at = os.path.relpath(os.path.join(box, "text"), self._spool.home)
            self._spool.event("artifact", path=path, kind="file", at=at)

    def _short(self, kind: str, name: str, text: str) -> str:
        """The text, or what a table says of one too long for it; the whole of it becomes a file."""
        if len(text) * 4 < _MAX_TEXT or len(data := text.encode("utf-8", "replace")) <= _MAX_TEXT:
            return text
        path = f"{kind}/{name[:_MAX_NAME].replace('/', '_')}.txt"
        try:
            self._keep(path, data)
        except OSError as error:
            return f"{text[:200]}… ({len(text):,} characters; the rest was not kept: {error.strerror})"
        return f"{text[:200]}… ({len(text):,} characters: {path})"

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
        said = {"name": name, "version": version, "digest": digest, "role": role}
        self._spool.event("dataset", **{key: _short_of(value) for key, value in said.items()})

    @_harmless
    def finish(self, status: str = "FINISHED", detail: str = "") -> None:
        """End the run: FINISHED, FAILED or KILLED. What is logged afterwards is dropped."""
        if _state.current is self:
            _state.current = _state.parents.pop() if _state.parents else None
        elif self in _state.parents:
            _state.parents.remove(self)
        if self in _state.open:
            _state.open.remove(self)
        if self._survey is not None:
            self._survey.join(timeout=1.0)
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
        self.name = ""  # of the file this process holds: the run's own spool, or one beside it
        self.dropped, self._why, self._since_us, self._until_us = 0, "", 0, 0
        self.shapes: dict[tuple[str, ...], tuple[int, Callable[..., bytes]]] = {}
        self.looked_ns, self.look_ns = 0, 0  # when it was looked at, and will be again
        self._keeping = False  # a thread has the disk keep what was written
        self._parts: dict[tuple[str, ...], list[tuple[str, ...]]] = {}  # of sets too large for one frame
        self._file = (0, 0)  # device and inode behind `fd`
        self._pid = os.getpid()
        self._child = False  # forked from the process that began the run
        self._numbers = itertools.count()  # which no signal handler can enter half-way
        self._lock = threading.RLock()  # a signal handler may log while its own thread declares a shape

    def steps(self, values: Mapping[str, float], step: int) -> None:
        """Write a step whose shape may be new; too many names for one frame become several."""
        names, numbers, at = tuple(values), list(values.values()), 0
        for known in self._parts.get(names) or self._fitting(names):
            if known and self.open():
                ident, pack = self.shapes.get(known) or self._declare(known)
                part = numbers[at : at + len(known)]
                self._frame(pack(_STEP, ident, step, _time_ns(), *part), len(known))
            at += len(known)

    def _fitting(self, names: tuple[str, ...]) -> list[tuple[str, ...]]:
        """The names in parts whose declaration fits into a frame."""
        parts: list[tuple[str, ...]] = []
        part: list[str] = []
        size = 0
        for name in names:
            weight = max(8, len(_encoded(b"", str(name)[:_MAX_NAME])) + 1)  # a value takes eight
            if part and size + weight > _MAX_PAYLOAD - 100:
                parts.append(tuple(part))
                part, size = [], 0
            part.append(name)
            size += weight
        parts.append(tuple(part))
        if len(parts) > 1:
            if len(self._parts) >= 16:
                self._parts.clear()
            self._parts[names] = parts
        return parts

    def drop(self, points: int, why: str) -> None:
        """Count points that could not be written; said in the spool as soon as it can be."""
        if points:
            self._until_us = _time_ns() // 1_000
            if not self.dropped:
                self._since_us, self._why = self._until_us, why
            self.dropped += points

    def look(self, now: int) -> None:
        """Whether the spool is still there and ours; and say what was dropped.

        Raises:
            KeyError: it is not: shapes must be declared again.
        """
        self.looked_ns, self.look_ns = now, now + _LOOK_NS
        with self._lock:
            found = os.fstat(self.fd)
            if (found.st_dev, found.st_ino) != self._file:  # somebody closed it, and has its number now
                self.fd, self.shapes = -1, {}
                raise KeyError("fd")
            if found.st_nlink == 0:
                self._write_again()
            elif self.dropped:
                self._say_dropped()

    def keep(self) -> None:
        """Have the disk keep what was written so far: the runner does, once a second, where one is up.

        On a thread that ends with it, so that the caller does not wait, not even for its start.
        """
        if self._keeping or _runner_is_up(str(self.home)):
            return
        self._keeping = True
        try:
            _thread.start_new_thread(self._keep, (self.fd,))
        except RuntimeError:  # so many threads may not be
            self._keeping = False

    def _keep(self, fd: int) -> None:
        try:
            os.fdatasync(fd)
        except OSError:  # closed meanwhile, which syncs; or a disk that fails: the next second tries again
            pass
        finally:
            self._keeping = False

    def _write_again(self) -> None:
        """Somebody deleted the spool under us: what it held is still ours, and stands there again whole."""
        spool = os.path.join(str(self.home), "spool")
        fresh = os.path.join(spool, f".{self.name}.{os.getpid()}")
        try:
            fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
        except OSError:  # the folder is gone too: the next look tries again
            return
        try:
            with _open(f"/proc/self/fd/{self.fd}", "rb") as old:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _pour(old, fd)
                os.rename(fresh, os.path.join(spool, self.name))
                os.dup2(fd, self.fd, inheritable=False)
                _pour(old, fd)  # what other threads wrote meanwhile
            self._file = _identity(self.fd)
        finally:
            os.close(fd)

    def event(self, event: str, /, **fields: Any) -> None:
        """Write words."""
        if self.open():
            self._frame(_encoded(_EVENT, {"event": event, **fields}), 0)
            if self.dropped:
                self._say_dropped()

    def _say_dropped(self) -> None:
        points, self.dropped = self.dropped, 0
        said = {"points": points, "why": self._why, "since_us": self._since_us, "until_us": self._until_us}
        if not self._frame(_encoded(_EVENT, {"event": "drop", **said}), 0):
            self.dropped += points

    def table(self, kind: str, values: Mapping[str, str | None]) -> None:
        """Write names and texts, in as many frames as they need."""
        part: dict[str, str | None] = {}
        size = 0
        for name, text in values.items():
            weight = len(_encoded(b"", [name[:_MAX_NAME], text]))
            if weight > _MAX_PAYLOAD - 100:  # of signs that JSON writes with six
                text, weight = str(text)[:_MAX_WORDS], 6 * _MAX_WORDS
            if size + weight > _MAX_PAYLOAD - 100:
                self.event(kind, values=part)
                part, size = {}, 0
            part[name[:_MAX_NAME]] = text
            size += weight
        if part:
            self.event(kind, values=part)

    def finish(self, status: str, detail: str) -> None:
        silent = self._child and self.fd < 0  # a fork that never logged has nothing to end
        if self.ended or silent or not self.open():
            self.ended = True
            return
        self.event("status", status=status[:_MAX_SAID], detail=detail[:_MAX_WORDS], at_us=_time_ns() // 1_000)
        self.look(_time_ns())
        with self._lock:
            self.ended = True
            fd, self.fd = self.fd, -1
            self.shapes.clear()
        try:
            if not os.fstat(fd).st_nlink:
                _complain(f"the spool of {self.uid} was deleted: what it held is lost")
            os.fdatasync(fd)
        finally:
            os.close(fd)  # lets go of the lock

    def forked(self) -> None:
        """In the child: leave the parent's file, and open a side spool at the first write."""
        with contextlib.suppress(OSError):  # a script that becomes a daemon has closed it
            if self.fd >= 0 and _identity(self.fd) == self._file:
                os.close(self.fd)  # the parent's lock must not outlive the parent
        self.fd, self.dropped, self._lock, self._child = -1, 0, threading.RLock(), True
        self.shapes, self.name, self._keeping, self._pid = {}, "", False, os.getpid()

    def open(self) -> bool:
        """Have the spool open; False: the run has ended."""
        with self._lock:
            if self.ended:
                return False
            if self._pid != os.getpid():  # forked by a library, behind Python's back
                self.forked()
            if self.fd < 0:
                resumed = "resume" in self.start and not self._child
                self.fd, self.name = _locked(str(self.home), self.uid, 100 if resumed else 2)
                self._file, self.looked_ns = _identity(self.fd), _time_ns()
                self.look_ns = self.looked_ns + _LOOK_NS
                self._frame(_encoded(_EVENT, {"event": "start", "pid": os.getpid(), **self.start}), 0)
            return True

    def _declare(self, names: tuple[str, ...]) -> tuple[int, Callable[..., bytes]]:
        with self._lock:
            if len(self.shapes) >= _MAX_SHAPES:
                self.shapes.clear()
            if names not in self.shapes:
                ident = next(self._numbers) % 65_536
                body = _encoded(struct.pack("<BH", _SHAPE, ident), [str(name)[:_MAX_NAME] for name in names])
                whole = [self._frame(body, 0), self._frame(body, 0)]  # twice: a flipped bit in the only one
                if not any(whole):  # would lose every step behind it
                    raise OSError(errno.ENOSPC, "the disk is full")
                self.shapes[names] = ident, struct.Struct(f"<BHqq{len(names)}d").pack
            return self.shapes[names]

    def _frame(self, body: bytes, points: int) -> bool:
        frame = _pack_head(len(body), _crc32(body)) + body
        why = "the disk is full"
        try:
            whole = len(body) <= _MAX_PAYLOAD and _write(self.fd, frame) == len(frame)
        except OSError as error:
            whole, why = False, str(error.strerror)
            if error.errno == errno.EBADF:  # closed by somebody: the next call opens it again
                self.fd, self.shapes = -1, {}
        if not whole:
            self.drop(points, why)  # a torn frame stays where it is: readers find the next one
        return whole


class _State:
    """What this process writes to now."""

    def __init__(self) -> None:
        self.current: Run | None = None
        self.parents: list[Run] = []
        self.open: list[Run] = []  # all that have not ended
        self.began = False  # a run was started before: what comes after its end is no new run
        self.exit = ""  # how sys.exit ended the interpreter, when it did and not well
        self.found: _Found | None = None  # by the survey
        self.descriptors = 0  # opened so far
        self.complaints = 0
        self.lock = threading.RLock()


_state = _State()


def start_run(
    name: str | None = None,
    experiment: str | None = None,
    params: Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
    *,
    seed: Any = None,
    resume: str | None = None,
    current: bool = True,
) -> Run:
    """Begin a run: the job's own under the runner, else a new one; inside another run, a child of it.

    Args:
        seed: what the random numbers start from, to be kept with the run.
        resume: uid of a run that ended too early; it goes on, with the step after its last.
        current: False leaves `lineside.log_…` to whichever run they write to now.
    """
    with _state.lock:
        try:
            run = _begin(name, experiment, seed, resume)
        except Exception as error:  # noqa: BLE001 - a folder that is gone, an argument that has no words
            _complain(f"start_run: {error}: nothing is recorded")
            run = Run(_Spool(None, "", {}), "")
        if current:
            if _state.current is not None:
                _state.parents.append(_state.current)
            _state.current = run
        _state.began = True
        _state.open.append(run)
    _harmless(_set_off)(run)
    if params:
        run.log_params(params)
    if tags:
        run.set_tags(tags)
    return run


def _begin(name: Any, experiment: Any, seed: Any, resume: Any) -> Run:
    home, uid = _home(), _sound(os.environ.get("LINESIDE_RUN") or None)
    if home is None:
        return Run(_Spool(None, "", {}), "")
    start: dict[str, Any] = {
        "name": _short_of(name), "experiment": _short_of(experiment), "at_us": _time_ns() // 1_000
    }  # fmt: skip
    _harmless(_look_around)(start)
    if seed is not None:
        start.setdefault("context", {})["seed"] = _short_of(seed)
    resume = _sound(resume)
    if resume is not None:
        start["resume"] = True
        return Run(_Spool(home, resume, start), os.path.join(home, "spool", f"{resume}.outbox"))
    if uid and not _state.began:
        start["attempt"] = os.environ.get("LINESIDE_ATTEMPT")
        folder = os.environ.get("LINESIDE_ATTEMPT_DIR") or os.path.join(home, "spool", uid)
        return Run(_Spool(home, uid, start), os.path.join(folder, "outbox"))
    if _state.current is not None:
        start["parent"] = _state.current.uid
    uid = f"run_{_time_ns() // 1_000:014x}{_random()}"
    return Run(_Spool(home, uid, start), os.path.join(home, "spool", f"{uid}.outbox"))


def _sound(uid: Any) -> str | None:
    """What may name a run's files; None, and a line that says so: it may not."""
    if uid is None or re.fullmatch(r"[A-Za-z0-9_-]{1,80}", str(uid)):
        return None if uid is None else str(uid)
    _complain(f"{str(uid)[:_MAX_NAME]!r} is no uid of a run: it is passed over")
    return None


def _short_of(value: Any) -> str | None:
    return None if value is None else str(value)[:_MAX_SAID]


def _set_off(run: Run) -> None:
    """Open the spool, which makes the run visible, and look at code and packages behind its back."""
    spool = run._spool
    if spool.home is None:
        return
    if spool.start.get("resume"):
        run._next_step = _highest_step(spool.home, run.uid) + 1
        with _open(os.path.join(spool.home, "spool", f"{run.uid}.resume"), "w"):
            pass  # the runner looks at a spool again that it had sealed
    spool.open()
    if not os.environ.get("LINESIDE_RUN"):
        _watch_exit()
    if spool.name != f"{spool.uid}.sp" or os.environ.get("LINESIDE_SURVEY") == "off":
        return
    if _state.found is not None:
        _tell(run, _state.found)
    else:
        run._survey = threading.Thread(target=_survey, args=(run,), name="lineside", daemon=True)
        run._survey.start()


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


def open(home: Any = None) -> Reading:
    """Read a home from Python, where lineside is installed: runs, series and SQL as polars frames.

    Args:
        home: its folder; None: LINESIDE_HOME, else the default.
    """
    try:
        from lineside.store import notebooks
    except ModuleNotFoundError as error:
        if not str(error.name).startswith("lineside"):
            raise
        raise ModuleNotFoundError(
            "lineside.open() reads a home, and this is only the part that writes to one: "
            "install lineside in this environment"
        ) from None
    return notebooks.opened(home)


def _at_exit() -> None:
    """End what is still open, with the verdict the interpreter came to."""
    error = getattr(sys, "last_value", None)
    status = "FAILED" if error is not None or _state.exit else "FINISHED"
    if isinstance(error, KeyboardInterrupt):
        status = "KILLED"
    for run in reversed(list(_state.open)):
        run.finish(status, _state.exit if error is None else type(error).__name__)


def _watch_exit() -> None:
    """Learn of sys.exit(3): the interpreter forgets the code before it asks anybody to clean up."""
    exit = sys.exit
    if type(exit) is not type(os.fstat):
        return  # replaced already: by us, or by somebody who had a reason

    class Exit(SystemExit):
        def __del__(self) -> None:
            try:
                sys._getframe(1)  # somebody caught it, and goes on
            except ValueError:
                if self.code not in (None, 0, False):
                    _state.exit = f"exit {self.code if isinstance(self.code, int) else 1}"

    @functools.wraps(exit)
    def watched(code: Any = None, /) -> None:
        if threading.current_thread() is not threading.main_thread():
            exit(code)  # ends that thread, and is told from every other class of error there
        raise Exit(code)

    Exit.__name__ = Exit.__qualname__ = "SystemExit"
    sys.exit = watched  # type: ignore[assignment]


def _forked() -> None:
    _state.lock = threading.RLock()
    for run in _state.open:
        run._survey = None
        run._spool.forked()


def _home() -> str | None:
    """The home to write to; None, and a line that says why: there is none."""
    share = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    home = os.path.abspath(os.environ.get("LINESIDE_HOME") or os.path.join(share, "lineside"))
    spool = os.path.join(home, "spool")
    if os.access(spool, os.W_OK | os.X_OK):
        return home
    if os.path.isdir(spool):
        _complain(f"{spool} cannot be written: nothing is recorded")
    else:
        _complain("no lineside home here: nothing is recorded (make one with: lineside init)")
    return None


def _locked(home: str, uid: str, tries: int) -> tuple[int, str]:
    """Open the first of the run's spools that no other process holds; its descriptor and its file name.

    The runner may just be looking, or moving the run's own into a segment: that one is tried several times.
    """
    side = f"{uid}.{os.getpid()}"
    for name in (*[uid] * tries, side, f"{side}-{_random()}"):
        fd = os.open(os.path.join(home, "spool", name + ".sp"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(fd).st_nlink:  # else it was moved between these two lines
                return _lifted(fd), name + ".sp"
        except OSError:
            pass
        os.close(fd)
        time.sleep(0.002)
    raise OSError(f"no spool of {uid} is free")


def _lifted(fd: int) -> int:
    """The same file under a high number that was not in use lately: a late write of a thread meets no
    other file there."""
    _state.descriptors += 1
    try:
        high = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _HIGH + _state.descriptors % 256)
    except OSError:  # so many may not be open
        return fd
    os.close(fd)
    return high


def _runner_is_up(home: str) -> bool:
    """Whether who last took the runner's lock is up; to try the lock would keep it from one that starts."""
    try:
        with _open(os.path.join(home, "runner.lock"), "rb") as file:
            pid = int(file.read(20))
        with _open(f"/proc/{pid}/cmdline", "rb") as file:
            return b"runner" in file.read()
    except (OSError, ValueError):
        return False


def _identity(fd: int) -> tuple[int, int]:
    found = os.fstat(fd)
    return found.st_dev, found.st_ino


def _pour(source: Any, fd: int) -> None:
    while data := source.read(1 << 20):
        while data:
            data = data[_write(fd, data) :]


def _highest_step(home: str, uid: str) -> int:
    """The highest step near the end of a run's spool, or in what was moved out of it; -1: there is none."""
    highest, behind = -1, b""
    try:
        with _open(os.path.join(home, "spool", f"{uid}.sp"), "rb") as file:
            end = os.fstat(file.fileno()).st_size
            while end and highest < 0:
                begin = max(0, end - _TAIL)
                file.seek(begin)
                data = file.read(end - begin)
                highest = max(_steps_in(data + behind), default=-1)
                end, behind = begin, data[: _MAX_PAYLOAD + 8]  # a frame may lie across
    except OSError:
        pass
    return max(highest, _highest_moved(home, uid))


def _steps_in(data: bytes) -> Iterator[int]:
    """The steps of all whole frames, wherever they begin."""
    for found in _STEP_FRAME.finditer(data):
        at = found.start()
        length, checksum = _HEAD.unpack_from(data, at)
        body = data[at + 8 : at + 8 + length]
        if length == len(body) >= 19 and _crc32(body) == checksum:
            yield struct.unpack_from("<q", body, 3)[0]


def _highest_moved(home: str, uid: str) -> int:
    """What the runner noted before it moved the run's points into a segment; -1: nothing."""
    try:
        with _open(os.path.join(home, "spool", "last_steps"), "rb") as file:
            said = re.findall(rb"(?m)^%s (\d{1,19})$" % uid.encode(), file.read())
    except OSError:
        return -1
    return max(map(int, said), default=-1)


def _number(value: Any) -> float | None:
    """The value as a float; None: it is no number."""
    if value is None or isinstance(value, (str, bytes)):
        return None
    try:
        return float(value)
    except Exception:  # noqa: BLE001 - whatever a foreign class raises
        return None


def _encoded(head: bytes, value: Any) -> bytes:
    return head + json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


# -- how a run came about -------------------------------------------------------------------------------

_TOLD = (
    "CONDA_DEFAULT_ENV", "CUBLAS_WORKSPACE_CONFIG", "CUDA_DEVICE_ORDER", "CUDA_VISIBLE_DEVICES",
    "HIP_VISIBLE_DEVICES", "LOCAL_RANK", "MKL_NUM_THREADS", "NCCL_DEBUG", "NCCL_P2P_DISABLE",
    "NCCL_SOCKET_IFNAME", "NVIDIA_TF32_OVERRIDE", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "PYTHONHASHSEED",
    "PYTORCH_CUDA_ALLOC_CONF", "RANK", "SLURM_JOB_ID", "TF_DETERMINISTIC_OPS", "TOKENIZERS_PARALLELISM", "TZ",
    "VIRTUAL_ENV", "WORLD_SIZE", "XLA_FLAGS",
)  # fmt: skip
_SECRET = re.compile(r"(?i)(token|secret|passw|api.?key|credential)")
_PATCH_S, _MAX_PATCH = 10.0, 8 << 20
_PATCH = """
cd "$0" || exit
say="nice git -c core.fsmonitor=false -c core.quotePath=false diff --no-ext-diff --no-textconv --no-color"
{ timeout 10 $say HEAD || printf '\\000'
  timeout 5 nice git ls-files -oz --exclude-standard -- '*.py' | head -zn 50 |
    xargs -0rn1 $say --no-index /dev/null
} &
"""

_Found = tuple[dict[str, str], dict[str, bytes]]  # facts by name, files by path


def _look_around(start: dict[str, Any]) -> None:
    """Note where and how this process runs, as far as that takes no time."""
    facts = {"command": _command(sys.argv)[:_MAX_WORDS], "cwd": os.getcwd(), "host": os.uname().nodename}
    facts |= {"python": sys.version.split()[0], "executable": sys.executable, **_commit(os.getcwd())}
    facts["cpus"] = str(len(os.sched_getaffinity(0)))
    facts |= {f"env.{name}": os.environ[name][:_MAX_NAME] for name in _TOLD if name in os.environ}
    start["context"] = {**facts, **_gpus()}


def _command(words: list[str]) -> str:
    """The command line, without what looks like a secret.

    >>> _command(["train.py", "--api-key", "abc", "--token=def", "--lr", "1"])
    'train.py --api-key *** --token=*** --lr 1'
    """
    said, hide = [], False
    for word in words:
        name, equals, _ = word.partition("=")
        secret = name.startswith("-") and _SECRET.search(name) is not None
        said.append(
            "***" if hide and not name.startswith("-") else f"{name}=***" if secret and equals else word
        )
        hide = secret and not equals
    return " ".join(said)


def _survey(run: Run) -> None:
    """On a thread of its own: what takes longer to find out. Nothing of it may disturb anybody."""
    try:
        facts, files = {}, {"environment/packages.txt": _packages()}
        root = _checkout(os.getcwd())
        if root is not None:
            patch = _changes(root)
            facts["changes"] = _said_of(patch)
            if patch:
                files["code/changes.patch"] = patch
        _state.found = facts, files
        _tell(run, _state.found)
    except Exception:  # noqa: BLE001 - the interpreter may be going down around us
        return


def _tell(run: Run, found: _Found) -> None:
    facts, files = found
    if facts:
        run._spool.event("context", values=facts)
    for path, data in files.items():
        run._keep(path, data)


def _packages() -> bytes:
    """What is installed where this process imports from, line by line: the names of its folders say it."""
    found = set()
    for folder in {os.path.realpath(path) for path in sys.path}:
        try:
            names = os.listdir(folder)
        except OSError:
            continue
        for stem, _, kind in (name.rpartition(".") for name in names):
            if kind in ("dist-info", "egg-info") and "-" in stem:
                found.add("==".join(stem.split("-")[:2]))
    return "".join(f"{line}\n" for line in sorted(found, key=str.lower)).encode("utf-8", "replace")


def _changes(root: str) -> bytes | None:
    """What differs from the commit, and scripts it does not know, as a patch; None: git did not say.

    The shell ends at once and git goes on behind it: nobody's os.wait() meets a child it does not know.
    """
    import select

    read, write = os.pipe()
    try:
        null = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 2)]
        env = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
        words = ["sh", "-c", _PATCH, root]
        pid = os.posix_spawn(
            "/bin/sh", words, env, file_actions=[*null, (os.POSIX_SPAWN_DUP2, write, 1)], setpgroup=0
        )
    finally:
        os.close(write)
    with contextlib.suppress(ChildProcessError):  # somebody waited for it
        os.waitpid(pid, 0)
    with _open(read, "rb", buffering=0) as pipe:
        told, data, until = select.poll(), bytearray(), time.monotonic() + _PATCH_S
        told.register(pipe, select.POLLIN)
        while len(data) < _MAX_PATCH and told.poll(max(0.0, until - time.monotonic()) * 1_000):
            part = pipe.read(1 << 16)
            if not part:
                return None if b"\0" in data else bytes(data)
            data += part
    return None


def _said_of(patch: bytes | None) -> str:
    if patch is None:
        return "unknown: git did not answer"
    lines = patch.splitlines()
    files = sum(line.startswith(b"diff --git ") for line in lines)
    more = sum(line.startswith(b"+") and not line.startswith(b"+++ ") for line in lines)
    less = sum(line.startswith(b"-") and not line.startswith(b"--- ") for line in lines)
    return f"{files} file{'' if files == 1 else 's'}, +{more} -{less}" if patch else "none"


def _gpus() -> dict[str, str]:
    """The GPUs this process may use, as the driver lists them: asking CUDA would start it."""
    root = "/proc/driver/nvidia/gpus"
    cards = []
    for card in sorted(os.listdir(root)) if os.path.isdir(root) else ():
        lines = (line.partition(":") for line in _text(os.path.join(root, card, "information")).splitlines())
        said = {name.strip(): value.strip() for name, _, value in lines}
        cards.append((said.get("GPU UUID", ""), said.get("Model", "GPU")))
    seen = os.environ.get("CUDA_VISIBLE_DEVICES")
    asked = [] if seen is None else [word.strip() for word in seen.split(",") if word.strip()]
    if seen is not None:
        by_index = {str(index): card for index, card in enumerate(cards)}
        by_uuid = {card[0]: card for card in cards}
        cards = [by_index.get(word) or by_uuid.get(word) or (word, "GPU") for word in asked]
    return {"gpus": ", ".join(f"{model} {uuid}".strip() for uuid, model in cards)} if cards else {}


def _checkout(folder: str) -> str | None:
    """The git checkout around `folder`; None: it is in none."""
    while not os.path.exists(os.path.join(folder, ".git")):
        folder, below = os.path.dirname(folder), folder
        if folder == below:
            return None
    return folder


def _commit(folder: str) -> dict[str, str]:
    """The git commit and branch that are checked out around `folder`, read without git."""
    root = _checkout(folder)
    if root is None:
        return {}
    git = os.path.join(root, ".git")
    if os.path.isfile(git):  # a worktree, or a submodule
        git = os.path.join(root, _text(git).partition("gitdir: ")[2])
    head, common = _text(os.path.join(git, "HEAD")), os.path.join(git, _text(os.path.join(git, "commondir")))
    if not head.startswith("ref: "):
        return {"commit": head} if head else {}
    ref = head[5:]
    packed = (line.split(" ") for line in _text(os.path.join(common, "packed-refs")).splitlines())
    commit = _text(os.path.join(common, ref)) or next((line[0] for line in packed if line[-1] == ref), "")
    branch = ref.partition("refs/heads/")[2] or ref
    return {"branch": branch, "commit": commit} if commit else {"branch": branch}


def _random() -> str:
    """Eight letters that nobody else has; `secrets` takes 5 ms to import."""
    return os.urandom(4).hex()


def _text(path: str) -> str:
    try:
        with _open(path, encoding="utf-8") as file:
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
