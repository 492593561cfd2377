"""What areas draw of rows, as text: packets, cards, endpoints, worst rows, audit entries."""

import dataclasses
import json
from typing import Any

import pytest

from lineside.console.reads.monitoring import Look, View, Watch
from lineside.console.reads.registry import Packet
from lineside.console.reads.trail import Checked
from lineside.console.reads.trail import View as AuditView
from lineside.console.text import line_width, plain
from lineside.console.views import audit as audit_views
from lineside.console.views.models import packet as model_packet
from lineside.console.views.monitor import drift, predictions, series
from lineside.console.views.monitor import endpoints as monitor_views
from lineside.store.clock import Micros
from lineside.store.queries.audit import GENESIS, AuditRow, Verdict
from lineside.store.queries.endpoints import EndpointRow
from lineside.store.queries.evidence import ApprovalRow, GateRow
from lineside.store.queries.histories import History
from lineside.store.queries.promotions import PromotionRow

NOW = Micros(1_795_251_600_000_000)


def request(**known: Any) -> PromotionRow:
    base = PromotionRow(
        id=41, uid="pro_41", model_id=1, model="bike", version_id=7, number=7, alias="champion",
        state="PENDING_MANUAL_APPROVAL", requested_by="tomas", requester_uid=1001, reason="better in rain",
        author="tomas", expected_id=6, expected=6, pins=json.dumps({"artifact": "ab" * 32}),
        needed=1, given=0,
        created_us=NOW, expires_us=NOW, decided_us=None, applied_us=None, break_glass=False,
        ratify_before_us=None, ratified_by=None, outcome="",
    )  # fmt: skip
    return dataclasses.replace(base, **known)


GATE = GateRow(
    gate="beats_champion", passed=True, observed="0.92 vs 0.83, +0.09 [+0.04, +0.14]", required="at least 0",
    rows=100, at_us=NOW,
)  # fmt: skip


def packet(
    row: PromotionRow, *said: ApprovalRow, width: int = 80, me: str = "maria", decides: bool = True
) -> str:
    shown = Packet(
        request=row, gates=[GATE, dataclasses.replace(GATE, gate="floor", passed=False)], approvals=said
    )
    lines = model_packet.packet(
        shown, (), NOW, lambda who: "you" if who == me else who, width, 20, decides=decides
    )
    assert all(line_width(line) <= width for line in lines)
    return "\n".join(plain(line) for line in lines)


def test_a_packet_says_who_asks_why_and_what_the_gates_observed() -> None:
    text = packet(request())
    for words in ("bike@v7 → champion, v6 holds it", "tomas", "better in rain", "✓ beats_champion", "✗ floor",
                  "+0.09 [+0.04, +0.14]", "press . a to approve", "artifact abababab"):  # fmt: skip
        assert words in text


def test_who_asked_is_told_that_somebody_else_decides() -> None:
    assert "somebody else must approve" in packet(request(requested_by="maria"))


def test_who_may_not_decide_is_told_of_no_key_that_would_do_nothing() -> None:
    text = packet(request(), decides=False)
    assert "1 approval missing: an approver decides" in text
    assert ". a" not in text


def test_broken_glass_stays_red_until_a_second_person_ratifies() -> None:
    broken = request(state="APPLIED", applied_us=NOW, break_glass=True, ratify_before_us=NOW)
    assert "somebody else ratifies before" in packet(broken)
    assert "ratified by ben" in packet(dataclasses.replace(broken, ratified_by="ben"))


def test_a_single_account_is_stamped() -> None:
    said = ApprovalRow(
        actor="maria",
        uid=1000,
        verdict="approve",
        reason="",
        stamp="single account",
        pins_digest="",
        at_us=NOW,
    )
    assert "single account" in packet(request(state="APPLIED", given=1), said)


def test_a_hostile_reason_is_shown_and_not_obeyed() -> None:
    text = packet(request(reason="ok\x1b[2K\u202eDEVORPPA", requested_by="eve\x07"))
    assert not {"\x1b", "\u202e", "\x07"} & set(text)


def endpoint(**known: Any) -> EndpointRow:
    base = EndpointRow(
        id=1, uid="end_1", name="price", adapter="mlserver", url="http://x", metrics_url="http://x/metrics",
        period_s=5.0, deployment_id=None, model_id=1, model="price", alias="champion", state="ok",
        state_since_us=NOW, detail="", served_version="2", registry_version=2, last_look_us=NOW,
        last_good_us=NOW, scrape_us=NOW, elapsed_s=10.0, requests=800.0, errors=2.0, mean_ms=2.0, p50_ms=2.2,
        p99_ms=7.9, note="", in_flight=0.0,
    )  # fmt: skip
    return dataclasses.replace(base, **known)


def cells(row: EndpointRow) -> list[str]:
    shown = monitor_views.endpoint_cells(row, [1.0, 2.0], NOW)
    return [cell if isinstance(cell, str) else cell[0] for cell in shown]


def test_an_endpoint_shows_rate_errors_and_latency() -> None:
    assert cells(endpoint())[:7] == ["price", "v2", "● ok", "80", "0.25", "2.2", "7.9"]


@pytest.mark.parametrize("state", ["no traffic", "stale", "poller down", "unparseable"])
def test_of_a_silent_endpoint_nothing_is_claimed(state: str) -> None:
    assert cells(endpoint(state=state))[3:7] == ["–"] * 4


def test_a_mismatch_names_both_versions() -> None:
    assert cells(endpoint(state="mismatch", registry_version=3))[1] == "v2≠v3"


def test_the_monitor_area_of_an_empty_home_draws_nothing_and_does_not_fail() -> None:
    view = View(look=Look(deep=True), endpoints=[], latency={}, alerts=[], retrains={}, chosen=None)
    assert len(series.latency(view, 40, 8).rows) <= 8
    assert len(predictions.worst(view, 40, 8)) <= 8
    assert drift.distribution(view, None, 40, 8)
    assert drift.sheet(view, None, 40, 8, focused=False)
    assert Watch.__slots__, "rows are slotted"


def test_an_audit_entry_shows_the_kernels_word_and_both_hashes() -> None:
    row = AuditRow(
        seq=1, at_us=NOW, uid=1000, name="maria", acting_as="demo:ana", verb="promotions.approve",
        subject_kind="promotion", subject_id=3, detail='{"reason":"looks right"}', prev_hash=GENESIS,
        hash="f" * 64,
    )  # fmt: skip
    view = AuditView(newest=1, found=None, checked=None, moments=(NOW,))
    text = "\n".join(
        plain(line) for line in audit_views.entry(view, row, History(rows=(), total=0), NOW, 80, 6)
    )
    for words in ("demo:ana", "a mask of maria, uid 1000", "request 3", "looks right", "first entry", "ffff"):
        assert words in text


def test_a_broken_chain_is_said_in_words() -> None:
    broken = Verdict(rows=2, head="0" * 64, broken_seq=3, reason="its content was changed")
    said = plain(audit_views.chain(Checked(verdict=broken, at_us=NOW), NOW))
    assert said == "✗ chain broken at row 3: its content was changed"
    whole = Checked(verdict=Verdict(rows=2, head="a" * 64, broken_seq=None), at_us=NOW)
    assert "chain whole: 2 rows, checked" in plain(audit_views.chain(whole, NOW))
