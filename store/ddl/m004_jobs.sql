create table job (
    id             integer primary key,
    uid            text not null unique,
    kind           text not null check (kind in ('batch', 'service', 'planner')),
    name           text not null,
    pipeline       text,
    stage          text,
    argv           text not null,               -- JSON list; formatted, no shell
    cwd            text not null,
    env            text not null default '{}',  -- the allow-listed part; the whole lies in env, 0600
    inputs         text not null default '[]',  -- JSON list of {name, version_id}
    params         text not null default '{}',
    state          text not null check (state in ('QUEUED', 'HELD', 'STARTING', 'RUNNING', 'STOPPING',
                                                  'SUCCEEDED', 'FAILED', 'CANCELLED', 'SKIPPED')),
    reason         text not null default '',    -- why it waits, was skipped or stopped
    priority       integer not null default 50,
    gpus           integer not null default 0,  -- -1: one if the box has any
    cpus           integer not null default 1,  -- 0: takes no slot (services, planners)
    gpu_bytes      integer,                     -- null: nothing asked
    time_limit_s   real,
    grace_s        real not null default 10.0,
    retry_max      integer not null default 0,
    retry_on       text not null default '[]',
    not_before_us  integer not null default 0,
    attempt        integer not null default 0,  -- the newest attempt; 0 before the first
    submitted_us   integer not null,
    started_us     integer,
    ended_us       integer,
    submitted_by   text not null,
    submitter_uid  integer not null,
    run_id         integer references run (id), -- null for services and planners
    parent_id      integer references job (id)  -- the planner that submitted it
) strict

create index job_queue on job (priority desc, id) where state = 'QUEUED'

create index job_queue_gpu on job (priority desc, id) where state = 'QUEUED' and gpus <> 0

create index job_queue_cpu on job (priority desc, id) where state = 'QUEUED' and gpus = 0 and cpus <> 0

create index job_queue_free on job (priority desc, id) where state = 'QUEUED' and gpus = 0 and cpus = 0

create index job_held on job (id) where state = 'HELD'

create index job_live on job (state) where state in ('STARTING', 'RUNNING', 'STOPPING')

create index job_failed on job (id) where state = 'FAILED'

create table job_need (
    job_id     integer not null references job (id),
    needs_id   integer not null references job (id),
    condition  text not null check (condition in ('ok', 'any')),
    primary key (job_id, needs_id)
) strict, without rowid

create index job_need_back on job_need (needs_id)

create table attempt (
    job_id         integer not null references job (id),
    number         integer not null,
    gpu_uuids      text not null default '[]',
    started_us     integer not null,            -- when it was handed to the zygote
    pid            integer,                     -- null until the shim wrote `start`
    ended_us       integer,
    cause          text,
    detail         text,
    exit_code      integer,                     -- negative: the signal
    user_s         real,
    system_s       real,
    max_rss_bytes  integer,
    primary key (job_id, number)
) strict, without rowid
