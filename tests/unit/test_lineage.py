"""Lineage: arrows between things, walked both ways, and the words a person names them by."""

import sqlite3

import pytest
from fixtures.registry import add_ready_version, apply_at_once

from lineside.store.clock import Micros
from lineside.store.errors import NotFound
from lineside.store.queries import lineage
from lineside.store.queries.lineage import Node

DATASET = "insert into dataset (id, name, created_us) values (1, 'digits', 1)"
DATA = """
    insert into dataset_version (id, uid, dataset_id, number, digest, rows, bytes, columns, target, origin,
                                 created_us, created_by)
    values (:id, :uid, 1, :id, :uid, 500, 1, '[]', 'digit', '{}', 1, 'tom')
"""


def chain(db: sqlite3.Connection) -> list[Node]:
    """data:digits@1 → run → digits@v1 → request 1, as the real steps leave them."""
    db.execute(DATASET)
    db.execute(DATA, {"id": 1, "uid": "ds_1"})
    db.execute(DATA, {"id": 2, "uid": "ds_2"})
    version = add_ready_version(db)
    data, run = Node("dataset_version", 1), Node("run", version.run_id)
    made = Node("model_version", version.id)
    lineage.link(db, src=data, dst=run, relation="trained", at=Micros(1))
    lineage.link(db, src=run, dst=made, relation="registered", at=Micros(2))
    request = apply_at_once(db, version)
    return [data, run, made, Node("promotion", request.id)]


def test_every_node_of_a_chain_sees_all_of_it(db: sqlite3.Connection) -> None:
    nodes = chain(db)

    for root in nodes:
        graph = lineage.around(db, root)
        assert {row.node for row in graph.nodes} == set(nodes)
        assert [edge.relation for edge in sorted(graph.edges, key=lambda e: e.at_us)] == [
            "trained", "registered", "proposed",
        ]  # fmt: skip


def test_up_is_where_it_came_from_and_down_is_what_came_of_it(db: sqlite3.Connection) -> None:
    data, run, made, request = chain(db)

    up = lineage.around(db, made, down=False)
    down = lineage.around(db, made, up=False)

    assert {row.node for row in up.nodes} == {made, run, data}
    assert {row.node for row in down.nodes} == {made, request}


def test_nodes_say_their_names_and_states(db: sqlite3.Connection) -> None:
    labels = [(row.label, row.state) for row in lineage.around(db, chain(db)[0]).nodes]

    assert labels == [
        ("data:digits@1", "500 rows"), ("run 1 network", "FINISHED"), ("digits@v1", "READY"),
        ("request 1 → champion", "APPLIED"),
    ]  # fmt: skip


def test_saying_an_arrow_twice_draws_it_once(db: sqlite3.Connection) -> None:
    data, run, *_ = chain(db)
    lineage.link(db, src=data, dst=run, relation="trained", at=Micros(9))

    assert len(lineage.around(db, run, down=False).edges) == 1


def test_a_loop_over_two_things_is_walked_once(db: sqlite3.Connection) -> None:
    """The loop of the product: a window of what a model served trains the next one."""
    data, run, made, _ = chain(db)
    lineage.link(db, src=made, dst=data, relation="watched", at=Micros(5))

    assert {row.node for row in lineage.around(db, run).nodes} >= {data, run, made}


def test_a_limit_cuts_the_far_end_and_leaves_no_dangling_arrow(db: sqlite3.Connection) -> None:
    graph = lineage.around(db, chain(db)[0], limit=2)
    shown = {row.node for row in graph.nodes}

    assert len(shown) == 2
    assert all(
        {lineage.Node(e.src_kind, e.src_id), lineage.Node(e.dst_kind, e.dst_id)} <= shown for e in graph.edges
    )


@pytest.mark.parametrize(
    ("text", "index"),
    [("data:digits@1", 0), ("1", 1), ("run:1", 1), ("digits@1", 2), ("digits@v1", 2), ("digits@champion", 2),
     ("promotion:1", 3), ("ds_1", 0)],
)  # fmt: skip
def test_a_node_is_found_by_what_a_person_writes(db: sqlite3.Connection, text: str, index: int) -> None:
    nodes = chain(db)

    assert lineage.resolve(db, text) == nodes[index]


def test_a_dataset_without_a_number_is_its_newest_version(db: sqlite3.Connection) -> None:
    chain(db)

    assert lineage.resolve(db, "data:digits") == Node("dataset_version", 2)
    assert lineage.resolve(db, "data:digits@latest") == Node("dataset_version", 2)


@pytest.mark.parametrize(
    "text", ["", "99", "nothing", "digits@9", "digits@shadow", "data:digits@9", "data:other", "data:digits@x",
             "window:3", "@", "data:"]
)  # fmt: skip
def test_what_nobody_answers_to_is_said_so(db: sqlite3.Connection, text: str) -> None:
    chain(db)

    with pytest.raises(NotFound):
        lineage.resolve(db, text)
