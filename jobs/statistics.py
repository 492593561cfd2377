"""Keeps SQLite's idea of its tables fresh while a home grows."""

from lineside.jobs.context import Context
from lineside.store.db import reader
from lineside.store.queries import statistics


async def tick(ctx: Context) -> None:
    """After every thousand new runs, let SQLite look at its tables again."""
    db = reader(ctx.home)
    try:
        stale = statistics.stale(db)
    finally:
        db.close()
    if stale:
        await ctx.write(statistics.refresh, durable=False)
