"""Random histories of requests, yeses, noes, edits and rollbacks never break what must always hold."""

import contextlib
import itertools
import random
import sqlite3
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from fixtures.registry import EVE, MARIA, POLICY, TOM, add_ready_version
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from lineside.jobs.projects.declared import ModelSpec
from lineside.jobs.promotion import pins, transitions
from lineside.store import homes
from lineside.store.actors import LINESIDE, Actor
from lineside.store.clock import Micros
from lineside.store.db import writer
from lineside.store.errors import Refused, Usage
from lineside.store.homes import Home
from lineside.store.migrations import migrate
from lineside.store.queries import aliases, audit, models, promotions
from lineside.store.queries.evidence import GateRow
from lineside.store.states import PROMOTION, PromotionState

PEOPLE = (TOM, MARIA, EVE, replace(TOM, name="tommy"), replace(EVE, in_job=True), LINESIDE)
ALIASES = ("champion", "shadow")
people, names = st.sampled_from(PEOPLE), st.sampled_from(ALIASES)
pick = st.integers(0, 30)
mostly, seldom = st.sampled_from([True, True, False]), st.sampled_from([[], [], [], ["artifact"]])


class Registry(RuleBasedStateMachine):
    """One model, two aliases, people who try everything in any order."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        home = Home(Path(self._folder.name) / "home")
        homes.create(home)
        self.db = writer(home.db)
        self.db.execute("pragma synchronous = off")
        migrate(self.db)
        self.clock = itertools.count(10)
        self.spec = ModelSpec(name="digits")
        self.policy = replace(POLICY, ttl_s=25e-6)  # 25 ticks of this clock
        self.states: dict[int, str] = {}
        self.intervals: dict[int, aliases.AliasRow] = {}
        for _ in range(3):
            add_ready_version(self.db)

    def teardown(self) -> None:
        self.db.close()
        self._folder.cleanup()

    def act(self, change: Callable[[Micros], object]) -> None:
        """One transaction; a refusal leaves nothing behind."""
        before = audit.newest(self.db, limit=1)
        self.db.execute("begin immediate")
        try:
            change(Micros(next(self.clock)))
            self.db.commit()
        except (Refused, Usage):
            self.db.rollback()
            assert audit.newest(self.db, limit=1) == before

    def some(self, number: int, *states: str) -> promotions.PromotionRow | None:
        """A request, mostly one in the states where something can happen; now and then any other."""
        rows = promotions.recent(self.db)
        fit = [row for row in rows if row.state in states] if number % 7 else rows
        return fit[number % len(fit)] if fit else None

    @rule(actor=people, number=pick, alias=names, approvals=st.integers(1, 2), glass=st.booleans())
    def ask(self, actor: Actor, number: int, alias: str, approvals: int, glass: bool) -> None:
        versions = models.versions(self.db, "digits")
        version, policy = versions[number % len(versions)], replace(self.policy, approvals=approvals)
        self.act(
            lambda at: transitions.ask(
                self.db, actor, version, alias=alias, reason="why", policy=policy, break_glass=glass, at=at
            )
        )

    @rule(number=pick, fine=mostly, broken=seldom)
    def advance(self, number: int, fine: bool, broken: list[str]) -> None:
        """What the runner does by itself, each step on its own."""
        row = self.some(number, "CHECKING", "APPROVED", "APPLYING")
        if row is None or row.state not in ("CHECKING", "APPLYING"):
            if row is not None:
                self.act(lambda at: transitions.begin(self.db, row, at=at))
            return
        if row.state == "CHECKING":
            found = [GateRow(gate="g", passed=fine, observed="1", required="1", rows=None, at_us=Micros(1))]
            pinned = pins.take(artifact="a" * 64, rows=None, spec=self.spec, found=found)
            self.act(lambda at: transitions.checked(self.db, row, found, pinned, at=at))
            return
        now = pins.now(self.db, row, self.spec)
        self.act(lambda at: transitions.apply(self.db, row, pinned_now=now, broken=broken, at=at))

    @rule(actor=people, number=pick, broken=seldom)
    def approve(self, actor: Actor, number: int, broken: list[str]) -> None:
        row = self.some(number, "PENDING_MANUAL_APPROVAL")
        if row is None:
            return
        now = pins.now(self.db, row, self.spec)
        self.act(
            lambda at: transitions.approve(
                self.db, actor, row, reason="", pinned_now=now, broken=broken, policy=self.policy, at=at
            )
        )

    @rule(actor=people, number=pick)
    def ratify(self, actor: Actor, number: int) -> None:
        if (row := self.some(number, "APPLIED")) is not None:
            self.act(lambda at: transitions.ratify(self.db, actor, row, reason="", policy=self.policy, at=at))

    @rule(actor=people, number=pick, no=st.booleans(), not_now=mostly)
    def stop(self, actor: Actor, number: int, no: bool, not_now: bool) -> None:
        row = self.some(number, "PENDING_MANUAL_APPROVAL", "CHECKING")
        if row is None or not_now:
            return
        if no:
            self.act(lambda at: transitions.reject(self.db, actor, row, reason="no", at=at))
        else:
            policy = self.policy
            self.act(lambda at: transitions.withdraw(self.db, actor, row, reason="", policy=policy, at=at))

    @rule(actor=people, alias=names)
    def roll_back(self, actor: Actor, alias: str) -> None:
        current = aliases.holder(self.db, 1, alias)
        if current is not None:
            self.act(lambda at: transitions.rollback(self.db, actor, current, reason="x", at=at))

    @rule(floor=st.sampled_from([None, None, None, None, 0.1]))
    def edit_the_gates(self, floor: float | None) -> None:
        self.spec = replace(self.spec, min_holdout=floor)

    @rule()
    def expire(self) -> None:
        self.act(lambda at: transitions.expire(self.db, at=at))

    @precondition(lambda self: len(models.versions(self.db)) < 5)
    @rule()
    def train(self) -> None:
        add_ready_version(self.db)

    @rule(number=pick, alias=names)
    def move_an_alias_behind_the_back(self, number: int, alias: str) -> None:
        """SQL that asks nobody: the database refuses unless a promotion is being applied."""
        row = self.some(number)
        if row is None or row.state in ("APPLYING", "APPLIED"):
            return
        with contextlib.suppress(sqlite3.IntegrityError):
            self.db.execute(
                "insert into alias_interval (model_id, alias, version_id, from_us, by, promotion_id)"
                " values (1, :alias, :version, 1, 'eve', :promotion)",
                {"alias": alias, "version": row.version_id, "promotion": row.id},
            )
            raise AssertionError("the alias moved without a promotion")

    @invariant()
    def every_state_was_reached_by_a_legal_step(self) -> None:
        for row in promotions.recent(self.db):
            old = self.states.get(row.id, "DRAFT")
            assert row.state == old or _reachable(PromotionState(old), PromotionState(row.state))
            self.states[row.id] = row.state

    @invariant()
    def every_alias_has_at_most_one_holder_and_its_history_only_grows(self) -> None:
        rows = {row.id: row for row in aliases.history(self.db, 1)}
        open_ones = [row.alias for row in rows.values() if row.to_us is None]
        assert len(open_ones) == len(set(open_ones))
        for id, before in self.intervals.items():
            now = rows[id]
            assert replace(now, to_us=None) == replace(before, to_us=None)
            assert before.to_us is None or now.to_us == before.to_us
        self.intervals = rows

    @invariant()
    def who_holds_an_alias_was_applied_and_enough_other_people_agreed(self) -> None:
        for row in aliases.history(self.db, 1):
            if row.to_us is not None:
                continue
            by = promotions.get(self.db, row.promotion_id)
            said = [a for a in promotions.approvals(self.db, by.id) if a.verdict == "approve"]
            assert (by.state, by.version_id, by.alias) == ("APPLIED", row.version_id, row.alias)
            assert by.break_glass or len({a.uid for a in said}) >= by.needed
            assert by.requester_uid not in {a.uid for a in said}
            assert -1 not in {a.uid for a in said}
            assert len({a.pins_digest for a in said} | {pins.digest(pins.read(by))}) == 1

    @invariant()
    def every_step_left_its_audit_row_and_the_chain_holds(self) -> None:
        assert audit.verify(self.db).broken_seq is None
        for row in promotions.recent(self.db):
            said = [r.detail for r in audit.of_subject(self.db, "promotion", row.id)]
            assert any(f'"to":"{row.state}"' in detail for detail in said)


def _reachable(old: PromotionState, new: PromotionState) -> bool:
    """Within one transaction a request makes at most two steps."""
    once = PROMOTION[old]
    return new in once or any(new in PROMOTION[middle] for middle in once)


TestRegistry = Registry.TestCase
TestRegistry.settings = settings(
    max_examples=settings.default.max_examples // 3,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@given(seed=st.integers(0, 2**32))
@settings(max_examples=settings.default.max_examples // 20, deadline=None)
def test_long_histories_keep_every_law_too(seed: int) -> None:
    """Hypothesis keeps its histories short; these are long enough for whole careers of an alias."""
    registry, chance = Registry(), random.Random(seed)
    try:
        for _ in range(250):
            _something(registry, chance)
            registry.every_state_was_reached_by_a_legal_step()
            registry.every_alias_has_at_most_one_holder_and_its_history_only_grows()
            registry.who_holds_an_alias_was_applied_and_enough_other_people_agreed()
        registry.every_step_left_its_audit_row_and_the_chain_holds()
    finally:
        registry.teardown()


def _something(registry: Registry, chance: random.Random) -> None:
    """One act of somebody, the ordinary ones more often."""
    actor, number, alias = chance.choice(PEOPLE), chance.randrange(31), chance.choice(ALIASES)
    broken = ["artifact"] if chance.random() < 0.05 else []
    few = chance.random() < 0.3
    acts: list[tuple[int, Callable[[], None]]] = [
        (4, lambda: registry.ask(actor, number, alias, 2 if few else 1, glass=chance.random() < 0.2)),
        (8, lambda: registry.advance(number, fine=not few, broken=broken)),
        (8, lambda: registry.approve(actor, number, broken)),
        (1, lambda: registry.ratify(actor, number)),
        (1, lambda: registry.stop(actor, number, no=few, not_now=False)),
        (1, lambda: registry.roll_back(actor, alias)),
        (1, lambda: registry.edit_the_gates(0.1 if chance.random() < 0.1 else None)),
        (1, registry.expire),
        (1, lambda: registry.move_an_alias_behind_the_back(number, alias)),
    ]
    weights, calls = zip(*acts, strict=True)
    chance.choices(calls, weights)[0]()
