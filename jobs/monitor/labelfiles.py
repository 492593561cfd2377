"""Labels from a person's file. Runs in the compute child."""

from pathlib import Path

from lineside.jobs.context import Json
from lineside.jobs.data import datafiles

_ID, _LABEL = "id", "label"


def read(*, path: str) -> Json:
    """The columns `id` and `label` of a CSV or Parquet file, as text; rows that lack either are left out.

    Returns:
        {"pairs": [[id, label], ...], "skipped": rows without an id or a label}.

    Raises:
        BadData: not a table, or a column is missing.
    """
    import polars as pl

    where = Path(path)
    frame = datafiles.read(where)
    for name in (_ID, _LABEL):
        datafiles.require(frame, name, role="labels", path=where)
    texts = frame.select(pl.col(_ID).cast(pl.String), pl.col(_LABEL).cast(pl.String))
    whole = texts.drop_nulls()
    return {"pairs": [list(row) for row in whole.iter_rows()], "skipped": texts.height - whole.height}
