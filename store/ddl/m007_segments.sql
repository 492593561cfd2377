-- points of ended runs, moved out of their spools into sorted Parquet files

create table segment (
    id          integer primary key,
    path        text not null unique,           -- file name inside segments/
    rows        integer not null,
    bytes       integer not null,
    run_lo      integer not null,               -- lowest and highest run that has rows in it
    run_hi      integer not null,
    sha256      text not null,
    created_us  integer not null
) strict

create table run_segment (
    run_id      integer not null references run (id),
    segment_id  integer not null references segment (id),
    row_lo      integer not null,               -- the run's rows: row_lo up to, not including, row_hi
    row_hi      integer not null,
    places      integer not null,               -- places used so far: what comes later is numbered from here
    openings    integer not null,               -- how often the run had been begun
    primary key (run_id, segment_id)
) strict, without rowid

create index runs_in_segment on run_segment (segment_id)

-- up to here a spool's points are in segments
alter table spool add column cold_bytes integer not null default 0

-- what the file began with whose points those are; null: none is
alter table spool add column cold_head text

create index spool_warm on spool (run_id) where sealed = 1 and cold_head is null and offset_bytes > 0
