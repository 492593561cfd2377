"""`lineside lineage`: what a thing came from and what came from it, as a tree in text."""

from collections.abc import Callable, Iterator

import click

from lineside.console.cli import output
from lineside.console.cli.output import json_option
from lineside.console.cli.session import Session, pass_session
from lineside.store.queries.lineage import EdgeRow, Graph, Node


@click.command()
@click.argument("id")
@click.option("--up", "only_up", is_flag=True, help="Only what it came from.")
@click.option("--down", "only_down", is_flag=True, help="Only what came from it.")
@json_option
@pass_session
def lineage(session: Session, id: str, only_up: bool, only_down: bool, as_json: bool) -> None:
    """Show the lineage of a run (812), NAME@7, NAME@champion or data:NAME@2."""
    from lineside.store.queries import lineage as query

    db = session.read()
    up, down = only_up or not only_down, only_down or not only_up
    graph = query.around(db, query.resolve(db, id), up=up, down=down)
    output.one(graph, _lines(graph, up=up, down=down), as_json=as_json)


def _lines(graph: Graph, *, up: bool, down: bool) -> Iterator[str]:
    rows = {row.node: row for row in graph.nodes}

    def branch(
        node: Node, step: Callable[[Node], list[tuple[str, Node]]], indent: str, seen: set[Node]
    ) -> Iterator[str]:
        for relation, other in step(node):
            row, again = rows[other], other in seen
            yield f"{indent}{relation} {row.label}  {row.state}{'  (above)' if again else ''}"
            if not again:
                seen.add(other)
                yield from branch(other, step, indent + "  ", seen)

    root = rows[graph.root]
    yield f"{root.label}  {root.state}"
    if up:
        yield from branch(graph.root, lambda n: _steps(graph.edges, n, up=True), "  ↑ ", {graph.root})
    if down:
        yield from branch(graph.root, lambda n: _steps(graph.edges, n, up=False), "  ↓ ", {graph.root})


def _steps(edges: tuple[EdgeRow, ...], node: Node, *, up: bool) -> list[tuple[str, Node]]:
    if up:
        return [(e.relation, Node(e.src_kind, e.src_id)) for e in edges if (e.dst_kind, e.dst_id) == node]
    return [(e.relation, Node(e.dst_kind, e.dst_id)) for e in edges if (e.src_kind, e.src_id) == node]
