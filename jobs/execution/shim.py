"""One attempt's supervisor: outlives the runner, owns the job's tree, and writes down how it ended.

Standard library only, single-threaded, loaded by path into the zygote. The folder is its only interface:

    spec   what to run (JSON), env its environment (JSON, 0600)     written by the runner
    stop   {"cause", "grace_s"}: end the job; SIGTERM says "look"   written by the runner
    lock   flock held while the shim lives: the one truth about being alive
    claim  made once, ever: no attempt is run twice
    start  {"shim", "pid", "born", "boot", "at_us"}                 written by rename
    exit   {"cause", "detail", "code", ...}                         written, synced, renamed: the last thing
    log    what the job said, and what the shim has to say to its reader
"""

import contextlib
import ctypes
import fcntl
import json
import os
import signal
import socket
import time

_PDEATHSIG, _SUBREAPER = 1, 36
_TELL = {signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
_DEFAULTS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE, signal.SIGCHLD)
_LIBC = ctypes.CDLL(None, use_errno=True)


def supervise(folder: str) -> None:
    """Run the attempt in `folder` from claim to exit; return at once when another shim has it or had it."""
    os.chdir(folder)
    lock = os.open("lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(os.open("claim", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except (BlockingIOError, FileExistsError):
        return
    log = os.open("log", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
    os.dup2(log, 1)
    os.dup2(log, 2)
    spec = _read("spec")
    order = _read("stop")
    if order:  # called off before it began: nothing runs
        _end(spec, {"cause": order["cause"], "detail": "never started", "code": None}, None, None)
    else:
        _run(spec, _read("env"))


def _run(spec: dict, env: dict) -> None:  # type: ignore[type-arg]  # JSON objects
    """The command itself, from fork to verdict."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _TELL)
    _LIBC.prctl(_SUBREAPER, 1, 0, 0, 0)
    began, me = now_us(), os.getpid()
    pid = os.fork()
    if pid == 0:
        _become(spec, env, me)
    _write("start", {"shim": me, "pid": pid, "born": born(me), "boot": spec["boot"], "at_us": began})
    stopped, status, usage = _wait(pid, spec)
    _sweep()
    _end(spec, _verdict(stopped, status), began, usage)


def _end(spec: dict, verdict: dict, began: "int | None", usage) -> None:  # type: ignore[no-untyped-def,type-arg]
    """The last thing a shim does; `usage` is None when nothing ran."""
    used = {
        "user_s": usage.ru_utime if usage else None,
        "system_s": usage.ru_stime if usage else None,
        "max_rss_bytes": usage.ru_maxrss * 1024 if usage else None,
    }
    _write("exit", {**verdict, **used, "started_us": began, "ended_us": now_us()}, sync=True)
    _tell_runner(spec)


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
        os.write(2, f"lineside: cannot {what}: {error.strerror}\n".encode())
    except ValueError as error:  # an environment that no process can have
        os.write(2, f"lineside: cannot {what}: {error}\n".encode())
    finally:
        os._exit(127)


def _wait(pid: int, spec: dict):  # type: ignore[no-untyped-def,type-arg]
    """Until the child ends: notice a stop, the time limit, and the end of the grace period.

    Returns:
        The cause of a stop or None, the wait status and the resource usage.
    """
    limit = spec.get("time_limit_s")
    deadline = time.monotonic() + limit if limit else None
    kill_at: float | None = None
    stopped: str | None = None
    while True:
        done, status, usage = os.wait4(pid, os.WNOHANG)
        if done:
            return stopped, status, usage
        stop = None if stopped else _stop_wanted(spec, deadline)
        if stop:
            stopped, grace = stop
            _signal_tree(signal.SIGTERM)
            kill_at = time.monotonic() + grace
        if kill_at is not None and time.monotonic() >= kill_at:
            _signal_tree(signal.SIGKILL)
            kill_at = time.monotonic() + 0.2  # whoever was born meanwhile
        _sleep(kill_at if stopped else deadline, pid)


def _stop_wanted(spec: dict, deadline: "float | None"):  # type: ignore[no-untyped-def,type-arg]
    """(cause, grace) when the job must end now."""
    order = _read("stop")
    if order:
        return order.get("cause", "cancelled"), float(order.get("grace_s", spec["grace_s"]))
    if deadline is not None and time.monotonic() >= deadline:
        print(f"lineside: the time limit of {spec['time_limit_s']:g} s is over", flush=True)  # noqa: T201
        return "timeout", float(spec["grace_s"])
    if _told:
        return "preempted", float(spec["grace_s"])
    return None


_told: list[int] = []
"""Signals that ask this shim to end without a `stop` file beside them: the machine is going down."""


def _sleep(until: "float | None", pid: int) -> None:
    """Until a child ends, a signal arrives, or the moment `until`."""
    wait = 3600.0 if until is None else min(3600.0, max(0.0, until - time.monotonic()))
    seen = signal.sigtimedwait(_TELL, wait)
    if seen is not None and seen.si_signo != signal.SIGCHLD and not os.path.exists("stop"):
        _told.append(seen.si_signo)
    while True:  # adopted orphans must not stay zombies; the job itself is left for `wait4`
        ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if ended is None or ended.si_pid == pid:
            return
        os.waitpid(ended.si_pid, 0)


def _verdict(stopped: "str | None", status: int) -> dict:  # type: ignore[type-arg]
    """How it ended: a stop that was asked for is the cause, whatever the job made of it."""
    code = os.waitstatus_to_exitcode(status)
    detail = f"signal {-code}" if code < 0 else f"exit {code}"
    if stopped:
        return {"cause": stopped, "detail": detail, "code": code}
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


def _read(name: str):  # type: ignore[no-untyped-def]
    try:
        with open(name) as file:
            return json.load(file)
    except (FileNotFoundError, ValueError):
        return None


def _write(name: str, what: dict, *, sync: bool = False) -> None:  # type: ignore[type-arg]
    file = os.open(f".{name}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    os.write(file, json.dumps(what).encode())
    if sync:
        os.fsync(file)
    os.close(file)
    os.rename(f".{name}", name)
