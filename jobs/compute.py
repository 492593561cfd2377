"""The compute child: whatever needs polars, scipy or torch, or more than a few milliseconds.

One process, called one task at a time over a socket pair; renewed after many tasks or much memory, and after
it was killed: then only the task under way fails.
"""

import asyncio
import contextlib
import ctypes
import importlib
import json
import logging
import os
import resource
import signal
import socket
import subprocess
import sys
from typing import Any

from lineside.jobs import wire
from lineside.jobs.context import Json
from lineside.jobs.control import told
from lineside.store.errors import LinesideError, Usage, rebuild

log = logging.getLogger(__name__)
_TASKS = 50
_BYTES = 1 << 30
_LIMIT = 64 << 20
"""Bytes of the longest line between runner and child."""
_PACKAGE = "lineside.jobs."
_PDEATHSIG = 1


class Compute:
    """The runner's side. `call` may be awaited by many; one child serves them in turn."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._child: _Child | None = None
        self._done = 0

    @property
    def pid(self) -> int | None:
        """Of the child that is up, if one is."""
        return self._child.process.pid if self._child else None

    async def call(self, function: str, args: Json) -> Json:
        """Call `lineside.jobs.….module:function(**args)` there.

        Raises:
            LinesideError: what the function raised; or that the child died of it.
        """
        async with self._turn:
            child = self._child = self._child or await _Child.begin()
            try:
                said = await child.ask({"function": function, "args": args})
            except (OSError, EOFError, asyncio.IncompleteReadError) as error:
                code = await self._end()
                raise LinesideError(
                    f"the compute process ended (code {code}) during {function}",
                    hint="the next call gets a fresh one; was it the kernel's memory killer?",
                ) from error
            except BaseException:  # cancelled in the middle: its answer would be taken for the next one's
                await self._end()
                raise
            self._done += 1
            if self._done >= _TASKS or said["rss_bytes"] > _BYTES:
                await self._end()
        if "error" in said:
            raise rebuild(said["error"]["code"], said["error"]["message"], said["error"]["hint"])
        answer: Json = said["ok"]
        return answer

    async def close(self) -> None:
        """End the child, whatever it does."""
        await self._end()

    async def _end(self) -> int | None:
        child, self._child, self._done = self._child, None, 0
        return await child.end() if child else None


class _Child:
    """One compute process and the runner's end of its socket."""

    def __init__(
        self,
        process: "subprocess.Popen[bytes]",
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self.process, self._reader, self._writer = process, reader, writer

    @classmethod
    async def begin(cls) -> "_Child":
        ours, its = socket.socketpair()
        argv = [sys.executable, "-P", "-m", "lineside.jobs.compute", str(its.fileno()), str(os.getpid())]
        with its:
            process = subprocess.Popen(
                argv, pass_fds=[its.fileno()], stdin=subprocess.DEVNULL, stdout=sys.stderr
            )
        reader, writer = await asyncio.open_unix_connection(sock=ours, limit=_LIMIT)
        return cls(process, reader, writer)

    async def ask(self, request: Json) -> Json:
        self._writer.write(json.dumps(wire.plain(request)).encode() + b"\n")
        await self._writer.drain()
        said: Json = json.loads(await self._reader.readuntil())
        return said

    async def end(self) -> int:
        self._writer.close()
        self.process.kill()
        return await asyncio.to_thread(self.process.wait)


def main() -> None:
    """The child: read a line, call, answer, until the runner hangs up."""
    ctypes.CDLL(None).prctl(_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != int(sys.argv[2]):
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(OSError):
        os.nice(5)
    with socket.socket(fileno=int(sys.argv[1])) as sock, sock.makefile("rwb") as lines:
        for line in lines:
            lines.write(json.dumps(serve(json.loads(line))).encode() + b"\n")
            lines.flush()


def serve(request: Json) -> Json:
    """One task: its answer, or its error in words, and how large the process has become."""
    try:
        function = _function(request["function"])
        answer: Json = {"ok": wire.plain(function(**request["args"]))}
    except LinesideError as error:
        answer = {"error": told(error)}
    except Exception as error:
        logging.exception("a computation failed: %s", request["function"])
        message = f"{request['function']} failed: {type(error).__name__}: {error}"
        lost = LinesideError(message, hint="the traceback stands in runner.log")
        answer = {"error": told(lost)}
    return {**answer, "rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}


def _function(place: str) -> Any:
    module, _, name = place.partition(":")
    if not module.startswith(_PACKAGE) or name.startswith("_"):
        raise Usage(f"{place!r} is not a function of {_PACKAGE}*", hint="name it as module:function")
    return getattr(importlib.import_module(module), name)


if __name__ == "__main__":
    main()
