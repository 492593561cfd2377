"""How many requests one core answers: the server on core 0, the client on core 1, payload log on.

    python tests/bench/bench_serving.py [SECONDS]

Prints requests a second, latency, and requests per second of server CPU (least distorted by other work).
"""

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import cast

import uvloop
from fixtures.packages import PIXELS, digits, tiny_package
from fixtures.servers import MODEL, RunningServer, running_server


def body(row: int) -> bytes:
    columns = digits(row, row + 1)
    data = [columns[name][0] for name in PIXELS]
    tensor = {"name": "features", "shape": [1, len(data)], "datatype": "FP32", "data": data}
    return json.dumps({"id": f"bench-{row}", "inputs": [tensor]}).encode()


class Caller(asyncio.Protocol):
    """One kept-alive connection that asks again as soon as it was answered."""

    def __init__(self, requests: list[bytes], until: float) -> None:
        self.requests, self.until = requests, until
        self.took: list[float] = []
        self.failed = 0
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport, self.got = cast(asyncio.Transport, transport), b""
        self.ask()

    def ask(self) -> None:
        self.began = time.perf_counter()
        self.transport.write(self.requests[len(self.took) % len(self.requests)])

    def data_received(self, data: bytes) -> None:
        self.got += data
        head, found, rest = self.got.partition(b"\r\n\r\n")
        if not found or len(rest) < int(head.lower().partition(b"content-length: ")[2].split(b"\r")[0]):
            return
        self.took.append(time.perf_counter() - self.began)
        self.failed += not self.got.startswith(b"HTTP/1.1 200")
        self.got = b""
        if time.perf_counter() < self.until:
            self.ask()
        else:
            self.transport.close()
            self.done.set_result(None)


async def hammer(port: int, *, callers: int, seconds: float) -> tuple[list[float], int]:
    path = f"/v2/models/{MODEL}/infer"
    requests = [
        f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(text)}\r\n\r\n".encode() + text
        for text in (body(row) for row in range(64))
    ]
    until, loop = time.perf_counter() + seconds, asyncio.get_running_loop()
    made = [
        (await loop.create_connection(lambda: Caller(requests, until), "127.0.0.1", port))[1]
        for _ in range(callers)
    ]
    await asyncio.gather(*(each.done for each in made))
    return [t for each in made for t in each.took], sum(each.failed for each in made)


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(server: RunningServer, *, callers: int, seconds: float) -> None:
    cpu, began = cpu_seconds(server.process.pid), time.perf_counter()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        took, failed = runner.run(hammer(server.port, callers=callers, seconds=seconds))
    wall, cpu = time.perf_counter() - began, cpu_seconds(server.process.pid) - cpu
    ms = [1e3 * t for t in sorted(took)]
    print(
        f"c={callers:<3} {len(ms) / wall:7.0f} req/s  {len(ms) / cpu:7.0f} req/cpu-s  failed {failed}  "
        f"p50 {statistics.median(ms):.2f} ms  p99 {ms[int(len(ms) * 0.99)]:.2f} ms  max {ms[-1]:.1f} ms"
    )


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    with tempfile.TemporaryDirectory() as base, running_server(Path(base)) as server:
        os.sched_setaffinity(server.process.pid, {0})
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        tiny_package(server.folder / "1")
        server.go_live("1")
        for callers in (1, 16):
            measure(server, callers=callers, seconds=seconds)
        page = server.call("/metrics")[1]
        print(*(line for line in page.splitlines() if line.startswith("lineside_payload")), sep="\n")


if __name__ == "__main__":
    main()
