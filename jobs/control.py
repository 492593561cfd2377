"""The control socket: one JSON request a line, answered by a verb, by whoever the kernel says is asking."""

import asyncio
import json
import logging
import os
import socket
from typing import Any

from lineside.jobs import peers, wire
from lineside.jobs.context import VERBS, Context, Json, Verb
from lineside.jobs.turns import Turns
from lineside.store import toml
from lineside.store.actors import Actor
from lineside.store.clock import now
from lineside.store.config import Config
from lineside.store.errors import LinesideError, NotPermitted, Refused, Usage
from lineside.store.homes import Home
from lineside.store.queries import keys

log = logging.getLogger(__name__)
_KNOWN = ("v", "id", "verb", "args", "key", "as")
_AT_ONCE = 200
"""Connections: whoever opens them and says nothing must not use up the runner's descriptors."""
_IDLE_S = 600.0
"""How long a connection may be silent, or in the middle of a line."""
_KEY = 200
"""Characters of the longest key."""
_INTEGER = 1 << 63


class Control:
    """Listens at `<home>/runner.sock`; each connection may send any number of requests, one after another."""

    def __init__(self, ctx: Context, config: Config, *, hello: Json) -> None:
        self._ctx, self._config, self._hello = ctx, config, hello
        self._keys = Turns()
        self._open = 0
        self._server: asyncio.Server | None = None

    async def listen(self) -> None:
        """Take over the socket; the caller holds the runner's lock, so what lies there is a leftover."""
        sock = _bind(self._ctx.home)
        self._server = await asyncio.start_unix_server(self._talk, sock=sock, limit=wire.LIMIT)

    def close(self) -> None:
        """Stop listening, and leave no socket file that nobody answers."""
        if self._server is not None:
            self._server.close()
            self._ctx.home.socket.unlink(missing_ok=True)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            peer = peers.peer_of(writer.get_extra_info("socket"))
            await self._converse(reader, writer, peer)
        except (ConnectionError, TimeoutError):
            pass  # the peer hung up, or fell silent; what it asked was done
        finally:
            self._open -= 1
            writer.close()

    async def _converse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, peer: peers.Peer
    ) -> None:
        if self._open > _AT_ONCE:
            hint = "close some: each connection may send any number of requests"
            writer.write(_refusal(None, Refused(f"{_AT_ONCE} connections are open", hint=hint)))
            return
        writer.write(wire.encode(self._hello))
        while line := await _line(reader):
            if len(line) > wire.LIMIT:
                hint = "send a file's path instead of its content, or fewer things at once"
                writer.write(_refusal(None, Usage(f"a line has at most {wire.LIMIT} bytes", hint=hint)))
                await writer.drain()
                return
            writer.write(await self._answer(line, peer))
            async with asyncio.timeout(_IDLE_S):
                await writer.drain()

    async def _answer(self, line: bytes, peer: peers.Peer) -> bytes:
        """The line to send back. Nothing a peer sends may end the runner."""
        number: object = None
        try:
            request = _parse(line)
            number = request.get("id")
            actor = peers.actor_of(peer, self._ctx.home, self._config, acting_as=request.get("as"))
            answer = await self._do(request, actor)
            return wire.encode({"id": number, "ok": answer})
        except LinesideError as error:
            return _refusal(number, error)
        except Exception as error:
            log.exception("a verb failed", extra={"request": line[:200].decode(errors="replace")})
            lost = LinesideError(
                f"the runner hit a fault of its own: {type(error).__name__}: {error}",
                hint=f"the whole story stands in {self._ctx.home.runner_log}",
            )
            return _refusal(number, lost)

    async def _do(self, request: Json, actor: Actor) -> Json:
        verb = permitted(str(request.get("verb")), actor)
        args, key = request.get("args", {}), request.get("key")
        if not isinstance(args, dict):
            raise Usage("args is not an object", hint='send {"verb": …, "args": {…}}')
        if key is None:
            return await verb.run(self._ctx, actor, args)
        if not isinstance(key, str) or not 0 < len(key) <= _KEY:
            raise Usage(f"key is not a text of 1 to {_KEY} characters", hint="a fresh uuid will do")
        return await self._once(verb, actor, args, key=f"{actor.uid}:{actor.label}:{key}")

    async def _once(self, verb: Verb, actor: Actor, args: Json, *, key: str) -> Json:
        """The answer of this actor's first request with this key.

        A verb that keeps its own answer in its own transaction (`keys.keep`) is exactly-once; for the
        others a runner killed between the change and the line below may do it again.
        """
        async with self._keys.take(key):
            if (found := keys.answer(self._ctx.db, key, verb.name)) is not None:
                return found
            if verb.keeps:
                return await verb.run(self._ctx, actor, {**args, "_key": key})
            answer = await verb.run(self._ctx, actor, args)
            await self._ctx.write(lambda db: keys.keep(db, key, verb.name, answer, at=now()))
        return answer


def permitted(name: str, actor: Actor) -> Verb:
    """The verb, when this actor may ask for it.

    Raises:
        Usage: no such verb.
        NotPermitted: the role does not reach, or a job may not ask for it.
    """
    verb = VERBS.get(name)
    if verb is None:
        raise Usage(f"no verb {name!r}", hint=toml.meant(name, VERBS))
    if actor.role < verb.role:
        raise NotPermitted(
            f"{actor.label} is {actor.role.name.lower()}; {name} takes {verb.role.name.lower()}",
            hint="the home's owner gives roles in config.toml, [roles]",
        )
    if actor.in_job and not verb.jobs_may:
        raise NotPermitted(f"{name} cannot be asked from inside a job", hint="ask from your own shell")
    return verb


def told(error: LinesideError) -> Json:
    """An error as it crosses the socket; `errors.rebuild` makes it one again."""
    return {
        "code": type(error).__name__,
        "message": str(error),
        "hint": error.hint,
        "exit": error.exit_code,
    }


def _refusal(number: object, error: LinesideError) -> bytes:
    return wire.encode({"id": number, "error": told(error)})


async def _line(reader: asyncio.StreamReader) -> bytes:
    """One line; empty at the end; longer than the limit when it is, or is going to be."""
    try:
        async with asyncio.timeout(_IDLE_S):
            return await reader.readuntil(b"\n")
    except asyncio.IncompleteReadError:
        return b""  # it hung up in the middle of a line: that was no request
    except asyncio.LimitOverrunError:
        return b" " * (wire.LIMIT + 1)


def _parse(line: bytes) -> dict[str, Any]:
    try:
        request = json.loads(line)
    except RecursionError as error:
        raise Usage("too many brackets inside each other", hint="send less at once") from error
    except ValueError as error:
        raise Usage(f"not a line of JSON: {error}", hint="newline-delimited JSON, UTF-8") from error
    if not isinstance(request, dict) or request.get("v") != wire.VERSION:
        raise Usage(
            f"a request is an object with v = {wire.VERSION}", hint="upgrade the older of the two sides"
        )
    toml.reject_unknown(request, _KNOWN, "the request")
    _check_storable(request)
    return request


def _check_storable(value: object, *, errors: str = "strict") -> None:
    """Refuse what no column can hold: a number of more than 64 bits, half of a character, a NUL.

    What is called "env" may hold any bytes, as a shell's variables may: it lies in a file.

    Raises:
        Usage: there is one somewhere inside.
    """
    if isinstance(value, str):
        if "\0" in value or not (value.isascii() or _encodes(value, errors)):
            raise Usage(f"{value[:40]!r} is not text", hint="UTF-8, without NUL")
    elif isinstance(value, int) and not -_INTEGER <= value < _INTEGER:
        raise Usage("a number has more than 64 bits", hint="send it as text")
    elif isinstance(value, dict):
        for key, inner in value.items():
            _check_storable(key, errors=errors)
            _check_storable(inner, errors="surrogateescape" if key == "env" else errors)
    elif isinstance(value, list):
        for inner in value:
            _check_storable(inner, errors=errors)


def _encodes(text: str, errors: str) -> bool:
    try:
        text.encode(errors=errors)
    except UnicodeEncodeError:
        return False
    return True


def _bind(home: Home) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    home.socket.unlink(missing_ok=True)
    with wire.short_path(home.socket) as name:
        before = os.umask(0o117)  # 0660 from the start: there is no moment at which it is open to all
        try:
            sock.bind(name)
        finally:
            os.umask(before)
    return sock
