"""One attempt's supervisor: outlives the runner, owns the job's tree, and writes down how it ended.

Standard library only, single-threaded, loaded by path into the zygote. The folder is its only interface:

    spec   what to run (JSON), env its environment (JSON, 0600)     written by the runner
    stop   {"cause", "grace_s", "checkpoint", "detail"}: end the job; SIGTERM says "look"
                                                                    written by the runner
    lock   flock held while the shim lives: the one truth about being alive
    claim  made once, ever: no attempt is run twice
    start  {"shim", "pid", "born", "boot", "at_us"}                 written by rename
    exit   {"cause", "detail", "code", ...}                         written by rename, synced: the last thing
    log    what the job said, and what the shim has to say to its reader

A stop is the checkpoint signal to the job's leader, if it wants one; SIGTERM to the whole tree, at half the
grace then and else at once; SIGKILL when the grace is over. Before a time limit the checkpoint signal comes a
tenth of the limit early, at most a minute.
"""

import contextlib
import ctypes
import errno
import fcntl
import json
import os
import signal
import socket
import time

_PDEATHSIG, _SUBREAPER = 1, 36
_KEEP_SIZE, _PUNCH_HOLE = 1, 2
_IN_MODIFY, _IN_ONESHOT = 0x2, 0x80000000
_TELL = {signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGIO}
_DEFAULTS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE, signal.SIGCHLD)
_LIBC = ctypes.CDLL(None, use_errno=True)
_LIBC.fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
_LEAD_S = 60.0
_RESERVED = 1024
"""Bytes of `start` and of `exit`, taken before the job runs: of one that fills the disk it is told, too."""
_BLOCK = 64 * 1024
"""What is cut from the front of a log is whole blocks of any file system."""


def supervise(folder: str) -> None:
    """Run the attempt in `folder` from claim to exit; return at once when another shim has it or had it."""
    os.chdir(folder)
    lock = os.open("lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    if os.path.exists("claim"):
        return
    notes = _Notes(folder)
    log = os.open("log", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
    os.dup2(log, 1)
    os.dup2(log, 2)
    spec = _read("spec")
    os.close(os.open("claim", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    order = _read("stop")
    if order:  # called off before it began: nothing runs
        _end(notes, spec, {"cause": order["cause"], "detail": "never started", "code": None}, None, None)
    else:
        _run(notes, spec, _read("env"), _Log(log, spec.get("log_cap_bytes", 0)))


def _run(notes: "_Notes", spec: dict, env: dict, log: "_Log") -> None:  # type: ignore[type-arg]  # JSON objects
    """The command itself, from fork to verdict."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _TELL)
    _LIBC.prctl(_SUBREAPER, 1, 0, 0, 0)
    began, me = now_us(), os.getpid()
    pid = os.fork()
    if pid == 0:
        _become(spec, env, me)
    start = {"shim": me, "pid": pid, "born": born(me), "boot": spec["boot"], "at_us": began}
    notes.write("start", start)
    orders = _Orders(spec)
    status, usage = _wait(pid, orders, log)
    _sweep()
    log.look()
    _end(notes, spec, _verdict(orders, status), began, usage)


def _end(notes: "_Notes", spec: dict, verdict: dict, began: "int | None", usage) -> None:  # type: ignore[no-untyped-def,type-arg]
    """The last thing a shim does; `usage` is None when nothing ran."""
    used = {
        "user_s": usage.ru_utime if usage else None,
        "system_s": usage.ru_stime if usage else None,
        "max_rss_bytes": usage.ru_maxrss * 1024 if usage else None,
    }
    notes.write("exit", {**verdict, **used, "started_us": began, "ended_us": now_us()})
    _tell_runner(spec)  # which reads while the disk is asked; what it knows then is not synced sooner either
    notes.sync("exit")


def now_us() -> int:
    return time.time_ns() // 1000


def born(pid: int) -> int:
    """The kernel's start time of `pid`, in ticks since boot."""
    with open(f"/proc/{pid}/stat", "rb") as file:
        return int(file.read().rpartition(b")")[2].split()[19])


def _become(spec: dict, env: dict, shim: int) -> None:  # type: ignore[type-arg]
    """In the child: turn into the job's command. Never returns."""
    what = "begin"
    try:
        os.setsid()
        _LIBC.prctl(_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != shim:  # it died before it could take this child with it
            os._exit(127)
        for name in _DEFAULTS:
            signal.signal(name, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        what = f"enter {spec['cwd']}"
        os.chdir(spec["cwd"])
        what = f"run {spec['argv'][0]}"
        os.execvpe(spec["argv"][0], spec["argv"], env)
    except OSError as error:
        _say(f"cannot {what}: {error.strerror}")
    except ValueError as error:  # an environment that no process can have
        _say(f"cannot {what}: {error}")
    finally:
        os._exit(127)


def _wait(pid: int, orders: "_Orders", log: "_Log"):  # type: ignore[no-untyped-def]
    """Until the child ends, as the orders want it; its wait status and resource usage."""
    while True:
        done, status, usage = os.wait4(pid, os.WNOHANG)
        if done:
            return status, usage
        orders.follow(pid)
        log.look()
        _sleep(min(orders.next, log.next), pid, log)


class _Orders:
    """What the job is to be told and when, on the clock that nobody can set."""

    def __init__(self, spec: dict) -> None:  # type: ignore[type-arg]
        limit, self._spec = spec.get("time_limit_s"), spec
        self._signal: int | None = spec.get("checkpoint_signal")
        self.cause: str | None = None  # of a stop, once there is one
        self.warned = False  # the job has had its checkpoint signal
        self._deadline = time.monotonic() + limit if limit else None
        lead = min(_LEAD_S, limit / 10) if limit and self._signal else 0.0
        self._warn_at = self._deadline - lead if self._deadline and lead else None
        self._term_at: float | None = None
        self._kill_at: float | None = None

    @property
    def next(self) -> float:
        """The next moment at which there is something to do."""
        waits = (None if self.cause else self._deadline, self._warn_at, self._term_at, self._kill_at)
        return min((at for at in waits if at is not None), default=float("inf"))

    def follow(self, leader: int) -> None:
        """Do what is due."""
        at = time.monotonic()
        if self.cause is None and (stop := self._wanted(at)):
            self._begin(stop[0], stop[1], stop[2], at)
        if self._signal is not None and self._warn_at is not None and at >= self._warn_at:
            self._warn_at, self.warned = None, True
            os.kill(leader, self._signal)
        if self._term_at is not None and at >= self._term_at:
            self._term_at = None
            _signal_tree(signal.SIGTERM)
        if self._kill_at is not None and at >= self._kill_at:
            _signal_tree(signal.SIGKILL)
            self._kill_at = time.monotonic() + 0.2  # whoever was born meanwhile

    def _wanted(self, at: float):  # type: ignore[no-untyped-def]
        """(cause, grace, whether it may save first) when the job must end now."""
        order = _read("stop")
        if order:
            grace = float(order.get("grace_s", self._spec["grace_s"]))
            return order.get("cause", "cancelled"), grace, order.get("checkpoint", True)
        if self._deadline is not None and at >= self._deadline:
            _say(f"the time limit of {self._spec['time_limit_s']:g} s is over")
            return "timeout", float(self._spec["grace_s"]), True
        if _told:
            return "preempted", float(self._spec["grace_s"]), True
        return None

    def _begin(self, cause: str, grace: float, saves: bool, at: float) -> None:
        """A job that was to save before its time limit has had its time for it."""
        self.cause = cause
        saves = saves and self._signal is not None and not self.warned
        self._warn_at = at if saves else None
        self._term_at = at + grace / 2 if saves else at
        self._kill_at = at + grace


_told: list[int] = []
"""Signals that ask this shim to end without a `stop` file beside them: the machine is going down."""


def _sleep(until: float, pid: int, log: "_Log") -> None:
    """Until a child ends, a signal arrives, or the moment `until`."""
    wait = min(3600.0, max(0.0, until - time.monotonic()))
    seen = signal.sigtimedwait(_TELL, wait)
    if seen is not None and seen.si_signo == signal.SIGIO:
        log.grows()
    elif seen is not None and seen.si_signo != signal.SIGCHLD and not os.path.exists("stop"):
        _told.append(seen.si_signo)
    while True:  # adopted orphans must not stay zombies; the job itself is left for `wait4`
        ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if ended is None or ended.si_pid == pid:
            return
        os.waitpid(ended.si_pid, 0)


class _Log:
    """Keeps the log within its cap by taking away its front; offsets hold, and no writer notices.

    Looks every second while the log grows; when it rests, the kernel is asked to say when it grows again.
    """

    def __init__(self, file: int, cap: int) -> None:
        self._file, self._cap = file, cap
        self._size = self._gone = 0
        self._watch = -1  # an inotify descriptor, once the log has rested
        self.next = time.monotonic() + 1.0 if cap else float("inf")

    def grows(self) -> None:
        self.next = time.monotonic() + 1.0

    def look(self) -> None:
        """Cut what is too much, when it is time to look, or when the job has ended."""
        if not self._cap:
            return
        size = os.fstat(self._file).st_size
        self._cut(size - self._cap)
        if time.monotonic() >= self.next:
            grew, self._size = size != self._size, size
            self.next = time.monotonic() + (1.0 if grew or not self._armed(size) else float("inf"))

    def _cut(self, above: int) -> None:
        end = above // _BLOCK * _BLOCK
        if end <= self._gone:
            return
        if _LIBC.fallocate(self._file, _PUNCH_HOLE | _KEEP_SIZE, self._gone, end - self._gone) == 0:
            self._gone = end
        elif ctypes.get_errno() == errno.EOPNOTSUPP:
            self._cap, self.next = 0, float("inf")
            _say("this file system cannot drop the front of a log: it grows without a limit")

    def _armed(self, size: int) -> bool:
        """Whether the kernel will say when the log grows; False where it grew meanwhile, or cannot."""
        if self._watch < 0:
            self._watch = _LIBC.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
            if self._watch < 0:  # a person may have so many watches and no more
                return False
            fcntl.fcntl(self._watch, fcntl.F_SETOWN, os.getpid())
            fcntl.fcntl(self._watch, fcntl.F_SETFL, os.O_NONBLOCK | os.O_ASYNC)
        with contextlib.suppress(BlockingIOError):
            os.read(self._watch, 4096)
        path = f"/proc/self/fd/{self._file}".encode()
        heard = _LIBC.inotify_add_watch(self._watch, path, _IN_MODIFY | _IN_ONESHOT) >= 0
        return heard and os.fstat(self._file).st_size == size


def _verdict(orders: _Orders, status: int) -> dict:  # type: ignore[type-arg]
    """How it ended: a stop that was asked for is the cause, whatever the job made of it.

    A job that takes the checkpoint signal before its time limit for the end, and says so by its code, has run
    out of time; one that ends with 0 is done.
    """
    code = os.waitstatus_to_exitcode(status)
    detail = f"signal {-code}" if code < 0 else f"exit {code}"
    if orders.cause:
        return {"cause": orders.cause, "detail": detail, "code": code}
    if orders.warned and code:
        return {"cause": "timeout", "detail": f"{detail} after the checkpoint signal", "code": code}
    return {"cause": "ok" if code == 0 else "signal" if code < 0 else "exit", "detail": detail, "code": code}


def _sweep() -> None:
    """Kill whatever the job left behind: as subreaper, this shim is the parent of all its orphans."""
    deadline = time.monotonic() + 5.0
    while time.monotonic() < deadline:
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:  # no child, so no descendant either: the usual case, and a cheap one
            return
        _signal_tree(signal.SIGKILL)
        time.sleep(0.002)


def _signal_tree(number: int) -> None:
    """Signal every process below this one, whatever session or group it moved to."""
    for pid in _descendants():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def _descendants() -> "list[int]":
    """Everything below this process, from one look at the parents of all."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as file:
                parent = int(file.read().rpartition(b")")[2].split()[1])
                children.setdefault(parent, []).append(int(name))
    found, front = [], [os.getpid()]
    while front:
        front = [child for pid in front for child in children.get(pid, ())]
        found += front
    return found


def _tell_runner(spec: dict) -> None:  # type: ignore[type-arg]
    """A hint, nothing more: the runner looks by itself every second."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        home = os.open(spec["home"], os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        sock.setblocking(False)
        sock.sendto(spec["attempt"].encode(), f"/proc/self/fd/{home}/wake.sock")


def _say(words: str) -> None:
    """Into the log, for its reader; a full disk keeps nothing from going on."""
    with contextlib.suppress(OSError):
        os.write(2, f"lineside: {words}\n".encode(errors="replace"))


def _read(name: str):  # type: ignore[no-untyped-def]
    try:
        with open(name) as file:
            return json.load(file)
    except (FileNotFoundError, ValueError):
        return None


class _Notes:
    """`start` and `exit`, whose room on the disk is taken before there is anything to write."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._files = {name: self._reserve(name) for name in ("start", "exit")}

    def sync(self, name: str) -> None:
        os.fsync(self._files[name])

    def write(self, name: str, what: dict) -> None:  # type: ignore[type-arg]
        data = json.dumps(what).encode()
        file = self._files[name]
        os.pwrite(file, data, 0)
        os.ftruncate(file, len(data))
        try:
            os.rename(f".{name}", name)
        except FileNotFoundError:
            self._write_anew(name, data)

    def _write_anew(self, name: str, data: bytes) -> None:
        """The job took its own folder away. How it ended is told all the same, in a new one."""
        os.makedirs(self._folder, mode=0o750, exist_ok=True)
        os.chdir(self._folder)
        for each, text in (("claim", b""), (f".{name}", data)):
            file = os.open(each, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            os.write(file, text)
            os.fsync(file)
            os.close(file)
        os.rename(f".{name}", name)

    def _reserve(self, name: str) -> int:
        file = os.open(f".{name}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        os.write(file, b" " * _RESERVED)
        return file
