"""What the console may ask the runner, and how a runner comes up: the client's side of the socket."""

import contextlib
import fcntl
import json
import os
import socket
import sys
import time
from typing import Any

from lineside.jobs import wire
from lineside.jobs.context import Json
from lineside.store.errors import LinesideError, RunnerDown, rebuild
from lineside.store.homes import Home

START_WITHIN_S = 20.0
_KEPT = (
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR",
    "XDG_RUNTIME_DIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "LINESIDE_FAKE_GPUS",
)  # fmt: skip
"""The only variables a runner takes from the shell that happened to start it."""


def ask(
    home: Home,
    verb: str,
    args: Json,
    *,
    key: str | None = None,
    acting_as: str | None = None,
    timeout_s: float = 30.0,
) -> Json:
    """Ask the runner to do `verb`; its answer, or its error as the same class on this side.

    Args:
        key: makes the request idempotent: asked again, the first answer comes back.
        acting_as: "demo:ana", in a demo home only.

    Raises:
        RunnerDown: nobody answers at the socket.
        LinesideError: what the runner said.
    """
    request: Json = {"v": wire.VERSION, "id": 1, "verb": verb, "args": args}
    if key is not None:
        request["key"] = key
    if acting_as is not None:
        request["as"] = acting_as
    try:
        with wire.connect(home.socket, timeout_s=timeout_s) as sock, sock.makefile("rb") as lines:
            _greet(lines)
            sock.sendall(wire.encode(request))
            answer = _read(lines)
    except (OSError, EOFError) as error:
        raise _down(home, error) from error
    _raise_told(answer)
    ok: Json = answer["ok"]
    return ok


def runner_info(home: Home) -> Json | None:
    """What the runner says about itself; None when none is up."""
    try:
        return ask(home, "runner.info", {}, timeout_s=5.0)
    except RunnerDown:
        return None


def holder(home: Home) -> int | None:
    """The process that holds a home, whether it answers or not; None: nobody does."""
    try:
        with home.lock.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(file.read().strip() or 0)
    except OSError:  # no home, or not ours to look into
        pass
    return None


def ensure_runner(home: Home) -> None:
    """Start a runner when none is up; the caller must own the home.

    Raises:
        RunnerDown: it did not come up, or the home is somebody else's.
    """
    if _hello(home) is not None:
        return
    if home.path.stat().st_uid != os.getuid():
        raise RunnerDown(
            f"no runner is up for {home.path}, and only its owner may start one",
            hint="ask the owner to run: lineside runner start",
        )
    start_runner(home)


def start_runner(home: Home, *, within_s: float = START_WITHIN_S) -> int:
    """Start a runner in a session and an environment of its own; wait for its hello and give back its pid.

    Two starters may race: the loser of the lock exits with 3, and both get the winner's hello.
    """
    child = _spawn(home)
    deadline = time.monotonic() + within_s
    code: int | None = None
    while time.monotonic() < deadline:
        if hello := _hello(home):
            return int(hello["pid"])
        if code is None:
            ended, status = os.waitpid(child, os.WNOHANG)
            code = os.waitstatus_to_exitcode(status) if ended else None
        if code not in (None, 3):
            break
        time.sleep(0.02)
    raise RunnerDown(
        f"the runner of {home.path} did not come up: {_last_words(home)}",
        hint=f"read {home.runner_log}, or try: lineside runner start --foreground",
    )


def stop_runner(home: Home, *, jobs: bool = False, within_s: float = 30.0) -> bool:
    """Stop the runner, with `jobs` also all it has running; True when one was up."""
    try:
        pid = int(ask(home, "runner.stop", {"jobs": jobs}, timeout_s=within_s)["pid"])
    except RunnerDown:
        return False
    deadline = time.monotonic() + within_s
    while _alive(pid):
        if time.monotonic() > deadline:
            raise RunnerDown(f"the runner (pid {pid}) does not stop", hint=f"read {home.runner_log}")
        time.sleep(0.02)
    return True


def _spawn(home: Home) -> int:
    """A detached daemon; `posix_spawn`, because nothing here may own a child it must wait for."""
    env = {name: os.environ[name] for name in _KEPT if name in os.environ}
    log = os.open(home.runner_log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
    null = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    argv = [sys.executable, "-P", "-m", "lineside.jobs.runner", "--home", str(home.path)]
    dup = [(os.POSIX_SPAWN_DUP2, null, 0), (os.POSIX_SPAWN_DUP2, log, 1), (os.POSIX_SPAWN_DUP2, log, 2)]
    try:
        return os.posix_spawn(sys.executable, argv, env, file_actions=dup, setsid=True)
    finally:
        os.close(log)
        os.close(null)


def _hello(home: Home) -> Json | None:
    try:
        with wire.connect(home.socket, timeout_s=2.0) as sock, sock.makefile("rb") as lines:
            return _greet(lines)
    except (OSError, EOFError):
        return None


def _greet(lines: Any) -> Json:
    """The runner's hello.

    Raises:
        RunnerDown: it speaks another version of the protocol.
        LinesideError: it has no room for another connection.
    """
    hello = _read(lines)
    _raise_told(hello)
    if hello.get("v") != wire.VERSION:
        raise RunnerDown(
            f"the runner is lineside {hello.get('version')} and speaks protocol {hello.get('v')}, "
            f"not {wire.VERSION}",
            hint="stop it, so that this version can start its own: kill " + str(hello.get("pid")),
        )
    return hello


def _raise_told(answer: Json) -> None:
    if "error" in answer:
        told = answer["error"]
        raise rebuild(told["code"], told["message"], told["hint"])


def _read(lines: Any) -> Json:
    line = lines.readline()
    if not line.endswith(b"\n"):
        raise EOFError("the runner hung up")
    message: Json = json.loads(line)
    return message


def _down(home: Home, error: BaseException) -> LinesideError:
    if isinstance(error, (TimeoutError, socket.timeout)):
        return RunnerDown(
            f"the runner of {home.path} does not answer", hint="look with: lineside runner status"
        )
    return RunnerDown(f"no runner is up for {home.path}", hint="start it with: lineside runner start")


def _alive(pid: int) -> bool:
    """False also for a zombie: a child of ours that ended and that nobody has waited for."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] != b"Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _last_words(home: Home) -> str:
    """The newest thing the runner's log says, as words."""
    try:
        lines = home.runner_log.read_text(errors="replace").splitlines()
    except OSError:
        return "it left no log"
    for line in reversed(lines):
        with contextlib.suppress(ValueError, AttributeError):
            said = json.loads(line)
            return str(said.get("error") or said.get("event"))
    return lines[-1] if lines else "its log is empty"
