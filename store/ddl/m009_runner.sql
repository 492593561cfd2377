-- what else a job may ask for
-- of each GPU it gets; null: all of it
alter table job add column gpu_slots integer

-- UUIDs or indexes, the best first (JSON list)
alter table job add column gpu_prefer text not null default '[]'

-- of the box; null: nothing asked
alter table job add column memory_bytes integer

alter table job add column preemptible integer not null default 0 check (preemptible in (0, 1))

-- "USR1": sent before a stop and before the time limit
alter table job add column checkpoint_signal text

-- null: the home's
alter table job add column retry_backoff_s real

-- rules on live metrics (JSON list)
alter table job add column watch text not null default '[]'

-- one request of many jobs that differ in a number or in their params
-- the first of them
alter table job add column array_id integer references job (id)

alter table job add column array_index integer

create index job_of_array on job (array_id, array_index) where array_id is not null

-- what a stage reads and makes; its hash says whether it must run again
-- JSON list of {path, digest}, as they were when it was planned
alter table job add column deps text not null default '[]'

-- JSON list of absolute paths
alter table job add column outs text not null default '[]'

-- JSON list of absolute paths
alter table job add column metrics text not null default '[]'

-- null: it always runs
alter table job add column cache_key text

-- who asked for it: a firing of a schedule
alter table job add column schedule_id integer

alter table job add column due_us integer

-- how the box was used
-- of its GPUs, its share; null: not measured
alter table attempt add column energy_j real

-- of its processes on all its GPUs; null: not measured
alter table attempt add column gpu_peak_bytes integer

create index attempt_recent on attempt (started_us)

create index job_command on job (name, pipeline, stage) where gpus <> 0

create table schedule (
    id            integer primary key,
    uid           text not null unique,
    name          text not null unique,
    kind          text not null check (kind in ('cron', 'interval', 'dataset', 'push')),
    spec          text not null,                -- "30 2 * * 1-5", seconds, the dataset's name, the branch
    time_zone     text not null default 'UTC',
    folder        text not null,                -- the project's: a planner job runs there
    argv          text not null,                -- JSON list: what the planner job runs
    owner         text not null,
    owner_uid     integer not null,
    catch_up      text not null default 'latest' check (catch_up in ('latest', 'all', 'none')),
    overlap       text not null default 'skip' check (overlap in ('skip', 'queue', 'replace')),
    paused        integer not null default 0 check (paused in (0, 1)),
    broken        text not null default '',     -- why it was parked; '' when it was not
    next_us       integer,                      -- null: not by time, paused or broken
    created_us    integer not null,
    project       text,                         -- null: added by hand, not by `lineside apply`
    removed_us    integer                       -- null: it stands
) strict

create index schedule_due on schedule (next_us) where next_us is not null

create table firing (
    schedule_id  integer not null references schedule (id),
    due          text not null,                 -- what fires only once: a wall-clock time, a version, a commit
    at_us        integer not null,
    job_id       integer references job (id),   -- the planner job; null: skipped
    outcome      text not null,                 -- "started", "skipped: job 41 still runs"
    primary key (schedule_id, due)
) strict, without rowid

create index firing_newest on firing (schedule_id, at_us desc)

create index firing_of_job on firing (job_id) where job_id is not null

-- what a stage made, by the hash of all that went into it
create table stage_result (
    key       text primary key,
    pipeline  text not null,
    stage     text not null,
    job_id    integer not null references job (id),
    inputs    text not null,                    -- JSON: what the key was made of, to say what changed
    outs      text not null,                    -- JSON list of {path, digest, bytes}
    made_us   integer not null
) strict, without rowid

create index stage_result_newest on stage_result (pipeline, stage, made_us desc)

-- what the runner must not forget, by name: "drain"
create table setting (
    name   text primary key,
    value  text not null,
    at_us  integer not null,
    by     text not null
) strict, without rowid
