"""The ASGI application: inference handled here, bare; everything else by Starlette beneath it."""

import asyncio
import itertools
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from lineside.jobs.packaging.encoding import BadRows
from lineside.jobs.packaging.scoring import Predictions
from lineside.jobs.serving import answers, wire
from lineside.jobs.serving.admin import Admin
from lineside.jobs.serving.metrics import Metrics
from lineside.jobs.serving.payloads import SMALL, PayloadLog, Record
from lineside.jobs.serving.router import Router, Served
from lineside.store.clock import now

MAX_BODY = 16 << 20

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_JSON = (b"content-type", b"application/json")
_log = logging.getLogger(__name__)


class TooLarge(ValueError):
    """The body is longer than MAX_BODY."""


_STATUS: dict[type[Exception], int] = {TooLarge: 413, wire.BadRequest: 400, BadRows: 400}


class ModelServer:
    """One model, some of its versions, one payload log."""

    def __init__(self, *, model: str, folder: Path, token: str, payloads: Path) -> None:
        self._model = model
        self._metrics = metrics = Metrics(model)
        self._router = router = Router(model, metrics)
        self._payloads = PayloadLog(payloads, metrics)
        metrics.watch(busy=lambda: router.in_flight, queued=lambda: len(self._payloads))
        self._rest = Admin(router, metrics, folder=folder, token=token, close=self._payloads.close).app()
        self._boot, self._count = secrets.token_hex(4), itertools.count()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].endswith("/infer"):
            served = self._router.table.paths.get(scope["path"])
            if served is None or scope["method"] != "POST":
                await self._refuse(scope, send)
            else:
                await self._infer(served, receive, send)
        else:
            await self._rest(scope, receive, send)

    async def _infer(self, served: Served, receive: Receive, send: Send) -> None:
        """Answer one request with the version it came in for, whatever is swapped meanwhile."""
        served.in_flight += 1
        began = time.perf_counter()
        try:
            record, data = await self._answer(served, receive)
        except Exception as error:  # noqa: BLE001 - the border: whatever a model throws is one request's answer
            await self._fail(served, error, send)
        else:
            await _send(send, 200, data)
            if not record.asked.probe:
                served.metrics.answered(time.perf_counter() - began, record.asked.rows)
                await self._keep(record)
        finally:
            served.in_flight -= 1

    async def _answer(self, served: Served, receive: Receive) -> tuple[Record, bytes]:
        asked = wire.parse(await _body(receive), served.encoder)
        said = await _predict(served, asked)
        id = asked.id or f"{self._boot}-{next(self._count)}"
        data = answers.answer(
            asked, said, id=id, model=self._model, version=served.version,
            datatype=served.datatype, classes=served.classes,
        )  # fmt: skip
        return Record(id, asked, said, served.version, now(), served.names), data

    async def _keep(self, record: Record) -> None:
        """The answer is out already: this delays nobody but the loop, and a large request not even that."""
        if record.asked.rows <= SMALL:
            self._payloads.put(record)
        else:
            await asyncio.to_thread(self._payloads.put, record)

    async def _fail(self, served: Served, error: Exception, send: Send) -> None:
        status = _STATUS.get(type(error), 500)
        if status == 500:
            _log.error("inference failed", exc_info=error, extra={"version": served.version})
        self._metrics.refused(served.version, status)
        await _send(send, status, answers.dumps({"error": str(error) or type(error).__name__}))

    async def _refuse(self, scope: Message, send: Send) -> None:
        """No version answers at this path, or not to this method."""
        base, path = f"/v2/models/{self._model}", scope["path"]
        if scope["method"] != "POST":
            status, words = 405, "inference is a POST"
        elif path == f"{base}/infer":
            status, words = 503, f"no version of {self._model!r} is live yet"
        elif path.startswith(f"{base}/versions/"):
            status, words = 404, f"no version of {self._model!r} is loaded at {path}"
        else:
            status, words = 404, f"no model answers at {path}; this server has {self._model!r}"
        self._metrics.refused("", status)
        await _send(send, status, answers.dumps({"error": words}))


async def _predict(served: Served, asked: wire.Asked) -> Predictions:
    """On the loop when it is quick: a thread would cost more than the answer."""
    if served.slow(asked):
        return await asyncio.to_thread(served.predict, asked)
    return served.predict(asked)


async def _body(receive: Receive) -> bytes:
    """All of a request's body; small ones, which are nearly all, come in one message."""
    message = await receive()
    if not message.get("more_body"):
        return bytes(message.get("body", b""))
    parts: list[bytes] = []
    size = 0
    while True:
        parts.append(message.get("body", b""))
        if (size := size + len(parts[-1])) > MAX_BODY:
            raise TooLarge(f"a request has at most {MAX_BODY >> 20} MiB")
        if not message.get("more_body"):
            return b"".join(parts)
        message = await receive()


async def _send(send: Send, status: int, data: bytes) -> None:
    length = (b"content-length", str(len(data)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [_JSON, length]})
    await send({"type": "http.response.body", "body": data})
