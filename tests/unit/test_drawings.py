"""Digits, histograms, the sheet of witnesses and lineage, as text."""

import dataclasses

import pytest

from lineside.console.text import plain
from lineside.console.widgets.charts import histogram, scores
from lineside.console.widgets.graphs import dag, layout
from lineside.console.widgets.graphs.nodes import Notes
from lineside.console.widgets.images import digit
from lineside.store.clock import Micros
from lineside.store.queries.lineage import EdgeRow, Graph, Node, NodeRow
from lineside.store.queries.windows import ScoreRow, WindowRow

SEVEN = [0, 9, 9, 9, 0, 0, 0, 9, 0, 0, 9, 0, 0, 9, 0, 0]
"""A 7, four by four."""


def window(number: int, **known: object) -> WindowRow:
    base = WindowRow(
        id=number, uid=f"win_{number}", monitor_id=1, monitor="watch", number=number, state="MEASURED",
        version_id=1, version=1, start_us=Micros(0), end_us=Micros(1), rows=200, path=None,
        columns_tested=61, columns_fired=0, calibrated=False, domain_auc=0.5, labelled=200,
        metric="accuracy", value=0.97, low=0.94, high=0.99, baseline=0.97, detail="",
        measured_us=Micros(2), labelled_us=Micros(3),
    )  # fmt: skip
    return dataclasses.replace(base, **known)  # type: ignore[arg-type]


def test_a_digit_reads_without_any_colour() -> None:
    rows = digit.draw(digit.Picture(pixels=SEVEN, columns=4, full=9, caption=("7", "")))
    assert [plain(row) for row in rows] == [" ▀▀█", " ▄▀ ", "7   "]


def test_pixels_outside_their_range_are_clipped() -> None:
    rows = digit.draw(digit.Picture(pixels=[-5, 99, 99, 99], columns=2, full=9, caption=("", "")))
    assert plain(rows[0]) == "▄█"


def test_a_pair_of_histograms_shares_one_scale() -> None:
    rows = [plain(r) for r in histogram.pair([0.5, 0.5], [1.0, 0.0], labels=["a", "b"], width=12, height=5)]
    assert "".join(rows[:-1]).count("█") == 2 * "".join(rows[:-1]).count("░") / 2
    assert rows[-1].split() == ["a", "b"]


def test_a_share_that_is_not_nothing_is_seen() -> None:
    rows = histogram.single([1.0, 0.0001, 0.0], labels=["", "", ""], width=6, height=4)
    bottom = plain(rows[-2])
    assert bottom.replace("█", "").strip() == "▁"


@pytest.mark.parametrize(
    ("known", "says"),
    [
        ({"value": 0.83, "low": 0.77, "high": 0.88}, True),
        ({"value": 0.93, "low": 0.90, "high": 0.96}, False),  # within the drop
        ({"value": 0.90, "low": 0.80, "high": 0.98}, False),  # could be chance
        ({"value": None}, False),
        ({"metric": "mae", "value": 36.0, "low": 33.0, "high": 39.0, "baseline": 19.0}, True),
        ({"metric": "mae", "value": 12.0, "low": 11.0, "high": 13.0, "baseline": 19.0}, False),
    ],
)
def test_a_metric_fell_only_when_it_is_worse_and_not_by_chance(known: dict[str, object], says: bool) -> None:
    assert scores.fell(window(1, **known), 0.05) is says


def test_the_sheet_marks_each_witness_and_says_what_is_missing() -> None:
    rows = [window(1, columns_fired=7, value=0.83, low=0.77, high=0.88), window(2, domain_auc=0.9)]
    rows += [window(3, value=None, columns_fired=None, domain_auc=None, state="CLOSED")]
    sheet = scores.Sheet(windows=rows, scores=[], domain_line=0.65, drop=0.05, chosen=2)
    text = [plain(line).rstrip() for line in scores.table(sheet, width=60, height=10)]
    assert text[0].split() == ["window", "1", "▸2", "3"]
    assert text[1].split() == ["drifted/61", "◆7", "0", "…"]
    assert text[2].split()[2:5] == [".50", "◆.90", "…"]
    assert text[3].split() == ["accuracy", "◆.83", ".97", "…"]


def test_columns_that_fired_stand_first() -> None:
    def score(feature: str, value: float, fired: bool) -> ScoreRow:
        return ScoreRow(
            window_id=1, feature=feature, statistic="ks", value=value, line=0.1, p_adjusted=0.0, fired=fired,
            reference=(), live=(), edges=(),
        )  # fmt: skip

    found = scores.worst_features([score("calm", 0.4, False), score("moved", 0.2, True)], [1])
    assert found == ["moved", "calm"]


def lineage_of(root: Node, *arrows: tuple[Node, Node, int]) -> layout.Plan:
    edges = tuple(
        EdgeRow(
            src_kind=a.kind,
            src_id=a.id,
            dst_kind=b.kind,
            dst_id=b.id,
            relation="led to",
            at_us=Micros(at),
        )
        for a, b, at in arrows
    )
    nodes = dict.fromkeys([root, *(n for a, b, _ in arrows for n in (a, b))])
    rows = tuple(NodeRow(kind=n.kind, id=n.id, label=f"{n.kind} {n.id}", state="READY") for n in nodes)
    return layout.place(Graph(root=root, nodes=rows, edges=edges))


DATA, RUN, V1, V2 = Node("data", 1), Node("run", 1), Node("version", 1), Node("version", 2)
SERVER, OLD, NEW = Node("server", 1), Node("window", 1), Node("window", 2)


def test_windows_watched_before_a_version_served_did_not_come_of_it() -> None:
    plan = lineage_of(
        V2, (V1, SERVER, 1), (SERVER, OLD, 2), (OLD, RUN, 3), (RUN, V2, 4), (V2, SERVER, 5), (SERVER, NEW, 6)
    )
    right = {spot.node for spot in plan.y if spot.depth > 0}
    left = {spot.node for spot in plan.y if spot.depth < 0}
    assert right == {SERVER, NEW}
    assert left == {RUN, OLD, SERVER, V1}, "the server stands on both sides: it did both"


def test_arrows_lead_from_node_to_node() -> None:
    plan = lineage_of(RUN, (DATA, RUN, 1), (RUN, V1, 2), (RUN, V2, 3))
    left = dag.step(plan, plan.root, "left")
    assert left.node == DATA
    first = dag.step(plan, plan.root, "right")
    assert {first.node, dag.step(plan, first, "down").node, dag.step(plan, first, "up").node} == {V1, V2}
    assert dag.step(plan, left, "left") == left, "the way ends"


def test_a_long_arrow_runs_round_what_stands_between() -> None:
    plan = lineage_of(DATA, (DATA, RUN, 1), (RUN, V1, 2), (DATA, V1, 3))
    rows = [plain(row) for row in dag.draw(plan, plan.root, width=80, height=9).lines]
    text = "\n".join(rows)
    assert text.count("▸") == 3 or text.count("▸") == 2, "two heads share one cell where they meet"
    assert "╮" in text or "╯" in text or "┴" in text or "┬" in text


def test_a_hostile_label_cannot_move_the_cursor() -> None:
    row = NodeRow(kind="run", id=1, label="x\x1b[2J\u202eevil", state="READY")
    plan = layout.place(Graph(root=Node("run", 1), nodes=(row,), edges=()))
    text = "".join(plain(line) for line in dag.draw(plan, plan.root, width=40, height=3).lines)
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_nodes_are_boxes_of_facts_where_there_is_room_and_every_arrow_says_what_it_means() -> None:
    plan = lineage_of(RUN, (DATA, RUN, 1), (RUN, V1, 2))
    notes = Notes(
        facts={RUN: [("FINISHED", "ok"), ("accuracy 0.98", ""), ("ana", "dim")]},
        relations={(DATA, RUN): "trained", (RUN, V1): "registered"},
    )
    big = "\n".join(plain(r) for r in dag.draw(plan, plan.root, width=200, height=30, notes=notes).lines)
    for words in ("╭", "run 1", "FINISHED", "accuracy 0.98", "ana", " trained ▸", " registered ▸"):
        assert words in big
    small = "\n".join(plain(r) for r in dag.draw(plan, plan.root, width=80, height=12, notes=notes).lines)
    assert "FINISHED" not in small


def test_the_way_from_the_root_to_the_chosen_node_stands_out() -> None:
    plan = lineage_of(DATA, (DATA, RUN, 1), (RUN, V1, 2), (DATA, V2, 3))
    picture = dag.draw(plan, plan.of(V1), width=200, height=30)
    lit = "".join(text for line in picture.lines for text, style in line if "accent" in style)
    assert "data 1" in lit, "the root"
    pale = "".join(text for line in picture.lines for text, style in line if style == "rule")
    assert "╭" in pale, "what is beside the way does not"


def test_a_step_within_sight_does_not_move_the_drawing() -> None:
    plan = lineage_of(DATA, (DATA, RUN, 1), (RUN, V1, 2), (V1, SERVER, 3), (SERVER, NEW, 4))
    middle = plan.of(V1)
    before = dag.draw(plan, middle, width=200, height=30)
    assert plan.of(RUN) in before.calm
    after = dag.draw(plan, plan.of(RUN), width=200, height=30, eye=middle)
    assert [plain(row) for row in before.lines] == [plain(row) for row in after.lines]
    narrow = dag.draw(plan, middle, width=40, height=10)
    assert plan.of(NEW) not in narrow.calm, "what is out of sight has to be looked at"


def test_a_step_moves_the_name_that_stands_out_and_leaves_the_way_for_later() -> None:
    """What a held arrow key costs: the rows of two names, not of every arrow and box."""
    plan = lineage_of(RUN, (DATA, RUN, 1), (RUN, V1, 2), (RUN, V2, 3))
    root, beside = plan.root, plan.of(V1)
    before = dag.draw(plan, root, width=200, height=30, eye=root).lines
    moving = dag.draw(plan, beside, width=200, height=30, eye=root, lit=root).lines
    rested = dag.draw(plan, beside, width=200, height=30, eye=root).lines
    changed = [row for row, (a, b) in enumerate(zip(before, moving, strict=True)) if a != b]
    assert 1 <= len(changed) <= 2
    assert [plain(a) for a in before] == [plain(a) for a in moving], "only styles change"
    assert sum(a != b for a, b in zip(before, rested, strict=True)) >= len(changed)
