create table experiment (
    id          integer primary key,
    name        text not null unique,
    created_us  integer not null
) strict

create table run (
    id             integer primary key,
    uid            text not null unique,
    experiment_id  integer not null references experiment (id),
    parent_id      integer references run (id),
    name           text not null,
    status         text not null check (status in ('SCHEDULED', 'RUNNING', 'FINISHED', 'FAILED', 'KILLED')),
    cause          text,                        -- null until it ended
    detail         text,                        -- "signal 9", "exit 3"
    author         text not null,
    job_id         integer,                     -- null for a run started outside the runner
    created_us     integer not null,
    started_us     integer,
    ended_us       integer,
    context        text not null default '{}',  -- git commit, command, host, python, seeds (JSON)
    dropped        integer not null default 0,  -- points the SDK could not write
    note           text not null default ''
) strict

create index run_newest on run (created_us desc, id desc)

create index run_of_job on run (job_id) where job_id is not null

create index run_live on run (status) where status in ('SCHEDULED', 'RUNNING')

create index run_status on run (status)

create index run_name on run (name collate nocase)

create index run_author on run (author collate nocase)

create index run_of_experiment on run (experiment_id)

create index run_started on run (started_us)

create index run_ended on run (ended_us)

create index run_took on run (ended_us - started_us)

create table spool (
    id             integer primary key,
    run_id         integer not null references run (id),
    path           text not null unique,        -- file name inside spool/
    rank           integer not null default 0,  -- 0 is the primary; other ranks and forks have their own
    offset_bytes   integer not null default 0,  -- ingested up to here
    frames         integer not null default 0,
    skipped_bytes  integer not null default 0,  -- lost to corruption, found again by resync
    sealed         integer not null default 0 check (sealed in (0, 1))
) strict

create index spool_of_run on spool (run_id)

create index spool_open on spool (path) where sealed = 0

create table shape (
    spool_id  integer not null references spool (id),
    id        integer not null,
    names     text not null,                    -- JSON list of metric names
    primary key (spool_id, id)
) strict, without rowid

create table name (
    id    integer primary key,
    kind  text not null check (kind in ('metric', 'param', 'tag')),
    name  text not null,
    unique (kind, name)
) strict

create table param (
    run_id  integer not null references run (id),
    key_id  integer not null references name (id),
    value   text not null,
    num     real,                               -- null when the value is not a number
    primary key (run_id, key_id)
) strict, without rowid

create index param_text on param (key_id, value, run_id)

create index param_num on param (key_id, num, run_id)

create table tag (
    run_id  integer not null references run (id),
    key_id  integer not null references name (id),
    value   text not null,
    primary key (run_id, key_id)
) strict, without rowid

create index tag_text on tag (key_id, value, run_id)

create table summary (
    run_id      integer not null references run (id),
    metric_id   integer not null references name (id),
    count       integer not null,               -- all points, bad ones too
    nan         integer not null default 0,
    pos_inf     integer not null default 0,
    neg_inf     integer not null default 0,
    first       real,                           -- null here and below: that point was not finite
    first_step  integer not null,
    last        real,
    last_kind   text not null default 'finite' check (last_kind in ('finite', 'nan', '+inf', '-inf')),
    last_step   integer not null,
    min         real,
    min_step    integer,
    max         real,
    max_step    integer,
    last_us     integer not null,
    primary key (run_id, metric_id)
) strict, without rowid

create index summary_last on summary (metric_id, last, run_id)

create index summary_min on summary (metric_id, min, run_id)

create index summary_max on summary (metric_id, max, run_id)

create table artifact (
    id          integer primary key,
    run_id      integer not null references run (id),
    path        text not null,                  -- the name the script gave it
    kind        text not null check (kind in ('file', 'model', 'checkpoint', 'log')),
    digest      text not null,                  -- of the object: a file, or a tree listing files
    tree        integer not null check (tree in (0, 1)),
    bytes       integer not null,
    created_us  integer not null,
    unique (run_id, path)
) strict
