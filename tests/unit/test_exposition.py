"""Metrics pages of real servers are read exactly; everything else is refused in words."""

import math
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from lineside.jobs.monitor.exposition import Exposition, Unparseable

CAPTURES = Path(__file__).parents[2] / "fixtures" / "captures"
TEXT = ["mlserver_t0", "mlserver_t1", "bentoml_t0", "bentoml_t1"]


def capture(name: str) -> bytes:
    return (CAPTURES / f"{name}.txt").read_bytes()


def flat(page: Exposition, body: bytes) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    found = page.read(body)
    return {(s.name, tuple(sorted(s.labels.items()))): value for s, value in found.items()}


@pytest.mark.parametrize("name", TEXT)
def test_every_sample_equals_the_reference_parser(name: str) -> None:
    true = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(capture(name).decode())
        for sample in family.samples
    }
    page = Exposition()
    assert flat(page, capture(name)) == true
    assert flat(page, capture(name)) == true  # from memory, the second time


def test_a_series_is_the_same_object_from_page_to_page() -> None:
    page = Exposition()
    first, second = page.read(capture("mlserver_t0")), page.read(capture("mlserver_t1"))
    assert set(first) <= set(second)


def test_a_trailing_comma_and_a_blank_inside_a_label_are_read() -> None:
    found = flat(Exposition(), b'a{Level="Host",Hostname="not available",} 25.0\nb 1\n')
    assert found == {("a", (("Hostname", "not available"), ("Level", "Host"))): 25.0, ("b", ()): 1.0}
    assert flat(Exposition(), capture("torchserve_t0"))


def test_escapes_timestamps_exemplars_and_odd_numbers() -> None:
    body = (
        b'a{p="c:\\\\x \\"q\\" }{ \\n"} 1\n'
        b'b 2 1700000000000\nb2{x="1"} 3 1700000000\n'
        b'c_bucket{le="5"} 4 # {id="7"} 0.3 1700000000.1\n'
        b"d NaN\ne +Inf\nf -Inf\n"
    )
    page = Exposition()
    for _ in range(2):
        found = flat(page, body)
        assert found["a", (("p", 'c:\\x "q" }{ \n'),)] == 1
        assert (found["b", ()], found["b2", (("x", "1"),)], found["c_bucket", (("le", "5"),)]) == (2, 3, 4)
        assert math.isnan(found["d", ()])
        assert (found["e", ()], found["f", ()]) == (math.inf, -math.inf)


def test_openmetrics_is_read_and_a_page_that_was_cut_off_is_not() -> None:
    whole = capture("fastapi_t1")
    assert Exposition().read(whole, open_metrics=True)
    with pytest.raises(Unparseable, match="cut off"):
        Exposition().read(whole[: len(whole) // 2], open_metrics=True)


@pytest.mark.parametrize(
    "body", [b"<html><body>hello</body></html>", b'{"detail":"Not Found"}', b"\x00\x01 x"]
)
def test_what_is_no_metrics_page_is_refused(body: bytes) -> None:
    with pytest.raises(Unparseable, match=r"not a metrics line|not a number"):
        Exposition().read(body)


def test_an_endless_page_is_refused() -> None:
    with pytest.raises(Unparseable, match="MB"):
        Exposition().read(b"a 1\n" * 2_000_000)
    with pytest.raises(Unparseable, match="series"):
        Exposition().read(b"".join(b'a{i="%d"} 1\n' % i for i in range(20_001)))


def test_series_that_are_gone_are_forgotten() -> None:
    page = Exposition()
    for start in range(0, 20_000, 1_000):
        page.read(b"".join(b'a{i="%d"} 1\n' % i for i in range(start, start + 1_000)))
    assert len(page._known) < 5_000
