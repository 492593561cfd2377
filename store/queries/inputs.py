"""Which data a run read."""

import sqlite3

from lineside.store.queries.numbers import number_in

_KNOWN = """
    select v.id from dataset d join dataset_version v on v.dataset_id = d.id
     where d.name = :name and (v.number = :number or v.digest = :digest)
     order by v.number = :number desc limit 1
"""

_OF_RUN = """
    select d.name, v.number
      from edge e
      join dataset_version v on v.id = e.src_id
      join dataset d on d.id = v.dataset_id
     where e.dst_kind = 'run' and e.dst_id = :run_id and e.src_kind = 'dataset_version'
     order by d.name, v.number
"""


def known(db: sqlite3.Connection, name: str, *, number: str, digest: str) -> int | None:
    """The dataset version a script means by name and number, or name and content; None: not in this home."""
    asked = {"name": name, "number": number_in(number), "digest": digest}
    row = db.execute(_KNOWN, asked).fetchone()
    return row["id"] if row else None


def of_run(db: sqlite3.Connection, run_id: int) -> list[tuple[str, int]]:
    """Name and number of each dataset version that led to the run."""
    return [(row["name"], row["number"]) for row in db.execute(_OF_RUN, {"run_id": run_id})]
