"""How fast windows are measured and pages are read, beside what others do in the same process. CPU time.

python -m tests.bench.bench_monitor
"""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from lineside.jobs.monitor import profiles
from lineside.jobs.monitor.drift import columns, domain
from lineside.jobs.monitor.exposition import Exposition
from lineside.jobs.monitor.fetching import Fetcher
from lineside.jobs.packaging.encoding import Feature

CAPTURES = Path(__file__).parents[2] / "fixtures" / "captures"


def best(run: Callable[[], object], *, times: int = 5) -> float:
    """Seconds of the fastest of a few runs: the others met somebody else on the box."""
    took = []
    for _ in range(times):
        began = time.process_time()
        run()
        took.append(time.process_time() - began)
    return min(took)


def window(rows: int, live: int) -> None:
    from scipy import stats

    rng = np.random.default_rng(0)
    names = [f"x{i}" for i in range(20)]
    old, new = rng.normal(size=(20, rows)), rng.normal(0.1, size=(20, live))
    features = [Feature(name=name, kind="numeric") for name in names]
    profile = profiles.build(dict(zip(names, old.tolist(), strict=True)), features)
    rows_of = dict(zip(names, new.tolist(), strict=True))
    ours = best(lambda: columns.score(profile, rows_of)) / 20

    def peer() -> None:
        for a, b in zip(old, new, strict=True):
            stats.ks_2samp(a, b, method="asymp")
            stats.wasserstein_distance(a, b)

    theirs = best(peer, times=2) / 20
    print(f"{rows}/{live}: ours {ours * 1e3:.2f} ms a column, scipy KS + W1 {theirs * 1e3:.2f} ms")


def classifier() -> None:
    from sklearn.datasets import load_digits

    rows = load_digits().data
    took = best(lambda: domain.auc(rows[:500], rows[500:700]), times=3)
    print(f"domain classifier, 64 columns, 500 + 200 rows: {took:.2f} s on one core")


def page(name: str) -> None:
    from prometheus_client.parser import text_string_to_metric_families

    pages = [(CAPTURES / f"{name}_{t}.txt").read_bytes() for t in ("t0", "t1")]
    parser = Exposition()
    ours = best(lambda: [parser.read(body) for body in pages * 10]) / 20

    def peer() -> None:
        for body in pages:
            for family in text_string_to_metric_families(body.decode()):
                assert family.samples is not None

    theirs = best(peer) / 2
    words = f"ours {ours * 1e6:.0f} us a page, prometheus_client {theirs * 1e6:.0f}: {theirs / ours:.0f}x"
    print(f"{name}: {words}")


def look() -> None:
    body = (CAPTURES / "bentoml_t1.txt").read_bytes()
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s" % (
        len(body),
        body,
    )

    async def run(looks: int) -> float:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                while await reader.readuntil(b"\r\n\r\n"):
                    writer.write(answer)
            except (EOFError, OSError):
                writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        fetcher = Fetcher(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/metrics")
        parser = Exposition()
        parser.read((await fetcher.get(within=5)).body)
        began = time.process_time()
        for _ in range(looks):
            parser.read((await fetcher.get(within=5)).body)
        took = time.process_time() - began
        fetcher.close()
        server.close()
        await asyncio.sleep(0.05)  # the server's end notices
        return took / looks

    print(f"one look at a 32 KB page, both ends in this process: {asyncio.run(run(500)) * 1e6:.0f} us of CPU")


def main() -> None:
    for rows, live in ((500, 200), (100_000, 10_000)):
        window(rows, live)
    classifier()
    for name in ("torchserve", "bentoml", "mlserver"):
        page(name)
    look()


if __name__ == "__main__":
    main()
