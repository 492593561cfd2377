"""A small HTTP/1.1 client for one thing: the same page of one server, again and again, on one connection.

A general client over many hosts costs a hundred times more per look. Control calls use httpx.
"""

import asyncio
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

from lineside.jobs.monitor.exposition import MAX_BODY

ACCEPT = (
    "application/openmetrics-text;version=1.0.0,text/plain;version=1.0.0;q=.8,"
    "text/plain;version=0.0.4;q=.7,*/*;q=.1"
)
_MAX_HEAD = 64 * 1024


class NoAnswer(OSError):
    """The server cannot be reached, does not answer in time, or does not speak HTTP."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One answer."""

    status: int
    content_type: str
    body: bytes


class Fetcher:
    """One address and the connection kept to it. One question at a time."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._tls = parts.hostname or "", parts.scheme == "https"
        self._port = parts.port or (443 if self._tls else 80)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        host = f"[{self._host}]" if ":" in self._host else self._host
        self._question = (
            f"GET {path} HTTP/1.1\r\nHost: {host}:{self._port}\r\nAccept: {ACCEPT}\r\n"
            "User-Agent: lineside\r\n\r\n"
        ).encode()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, *, within: float) -> Page:
        """The page, on the kept connection; a reset of a reused one is tried once more on a fresh one.

        Raises:
            NoAnswer: not within `within` seconds, or not at all.
        """
        reused = self._streams is not None
        try:
            async with asyncio.timeout(within):
                try:
                    return await self._ask()
                except (OSError, EOFError):
                    if not reused:
                        raise
                    self.close()
                    return await self._ask()
        except TimeoutError as error:
            self.close()
            raise NoAnswer(f"no answer within {within:g} s") from error
        except (OSError, EOFError, ValueError) as error:
            self.close()
            raise NoAnswer(_words(error)) from error
        except asyncio.CancelledError:
            self.close()
            raise

    def close(self) -> None:
        """Give the connection up."""
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None

    async def _ask(self) -> Page:
        if self._streams is None:
            context = ssl.create_default_context() if self._tls else None
            self._streams = await asyncio.open_connection(
                self._host, self._port, ssl=context, limit=_MAX_HEAD
            )
        reader, writer = self._streams
        writer.write(self._question)
        status, headers = _head(await reader.readuntil(b"\r\n\r\n"))
        page = Page(
            status=status, content_type=headers.get("content-type", ""), body=await _body(reader, headers)
        )
        framed = "content-length" in headers or "transfer-encoding" in headers
        if headers.get("connection", "").lower() == "close" or not framed:
            self.close()
        return page


def _head(raw: bytes) -> tuple[int, dict[str, str]]:
    """Status and headers, names in small letters.

    Raises:
        ValueError: it is not HTTP.
    """
    first, *lines = raw.decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    if not version.startswith("HTTP/1."):
        raise ValueError("the answer is not HTTP")
    headers = {}
    for line in filter(None, lines):
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return int(rest[:3]), headers


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return await _chunks(reader)
    if "content-length" in headers:
        return await reader.readexactly(_sane(int(headers["content-length"])))
    body = await reader.read(MAX_BODY + 1)  # until the server closes
    while more := await reader.read(_sane(MAX_BODY + 1 - len(body))):
        body += more
    return body


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while True:
        size = int((await reader.readline()).split(b";")[0], 16)
        if size:
            body += await reader.readexactly(_sane(size))
        _sane(len(body))
        await reader.readline()  # the end of the chunk, or of (unread) trailers
        if not size:
            return body


def _sane(size: int) -> int:
    if not 0 <= size <= MAX_BODY:
        raise ValueError(f"the page has more than {MAX_BODY / 1e6:.0f} MB")
    return size


def _words(error: BaseException) -> str:
    """What went wrong, as people say it."""
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, EOFError):
        return "the server closed the connection"
    return str(error) or type(error).__name__
