CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");

CREATE TABLE home (
    id          integer primary key check (id = 1),
    uid         text not null,
    demo        integer not null check (demo in (0, 1)),
    created_us  integer not null
) strict;

CREATE TRIGGER home_is_for_ever before update on home begin
    select raise(abort, 'a home never changes what it is');
end;

CREATE TABLE audit (
    seq           integer primary key,          -- 1, 2, 3 ... without a gap
    at_us         integer not null,
    uid           integer not null,             -- the kernel's word; -1 is lineside itself
    name          text not null,
    acting_as     text,                         -- the mask, in a demo home only
    verb          text not null,
    subject_kind  text not null,
    subject_id    integer,
    detail        text not null,                -- canonical JSON
    prev_hash     text not null,
    hash          text not null
) strict;

CREATE INDEX audit_subject on audit (subject_kind, subject_id, seq);

CREATE TRIGGER audit_never_changes before update on audit begin
    select raise(abort, 'the audit trail is append-only');
end;

CREATE TRIGGER audit_never_shrinks before delete on audit begin
    select raise(abort, 'the audit trail is append-only');
end;

CREATE TABLE edge (
    id        integer primary key,
    src_kind  text not null,
    src_id    integer not null,
    dst_kind  text not null,
    dst_id    integer not null,
    relation  text not null,                    -- "trained", "registered", "served" ...
    at_us     integer not null,
    unique (src_kind, src_id, dst_kind, dst_id, relation)
) strict;

CREATE INDEX edge_back on edge (dst_kind, dst_id);

CREATE TABLE control_key (
    key     text primary key,                   -- what makes a repeated request harmless
    verb    text not null,
    answer  text not null,
    at_us   integer not null
) strict, without rowid;

CREATE TABLE story (
    id     integer primary key,                 -- what the demo says, line by line
    at_us  integer not null,
    text   text not null,
    key    text                                 -- the console key that shows it
) strict;

CREATE TABLE experiment (
    id          integer primary key,
    name        text not null unique,
    created_us  integer not null
) strict;

CREATE TABLE run (
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
) strict;

CREATE INDEX run_newest on run (created_us desc, id desc);

CREATE INDEX run_of_job on run (job_id) where job_id is not null;

CREATE INDEX run_live on run (status) where status in ('SCHEDULED', 'RUNNING');

CREATE INDEX run_status on run (status);

CREATE INDEX run_name on run (name collate nocase);

CREATE INDEX run_author on run (author collate nocase);

CREATE INDEX run_of_experiment on run (experiment_id);

CREATE INDEX run_started on run (started_us);

CREATE INDEX run_ended on run (ended_us);

CREATE INDEX run_took on run (ended_us - started_us);

CREATE TABLE spool (
    id             integer primary key,
    run_id         integer not null references run (id),
    path           text not null unique,        -- file name inside spool/
    rank           integer not null default 0,  -- 0 is the primary; other ranks and forks have their own
    offset_bytes   integer not null default 0,  -- ingested up to here
    frames         integer not null default 0,
    skipped_bytes  integer not null default 0,  -- lost to corruption, found again by resync
    sealed         integer not null default 0 check (sealed in (0, 1))
, cold_bytes integer not null default 0, cold_head text) strict;

CREATE INDEX spool_of_run on spool (run_id);

CREATE INDEX spool_open on spool (path) where sealed = 0;

CREATE TABLE shape (
    spool_id  integer not null references spool (id),
    id        integer not null,
    names     text not null,                    -- JSON list of metric names
    primary key (spool_id, id)
) strict, without rowid;

CREATE TABLE name (
    id    integer primary key,
    kind  text not null check (kind in ('metric', 'param', 'tag')),
    name  text not null,
    unique (kind, name)
) strict;

CREATE TABLE param (
    run_id  integer not null references run (id),
    key_id  integer not null references name (id),
    value   text not null,
    num     real,                               -- null when the value is not a number
    primary key (run_id, key_id)
) strict, without rowid;

CREATE INDEX param_text on param (key_id, value, run_id);

CREATE INDEX param_num on param (key_id, num, run_id);

CREATE TABLE tag (
    run_id  integer not null references run (id),
    key_id  integer not null references name (id),
    value   text not null,
    primary key (run_id, key_id)
) strict, without rowid;

CREATE INDEX tag_text on tag (key_id, value, run_id);

CREATE TABLE summary (
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
) strict, without rowid;

CREATE INDEX summary_last on summary (metric_id, last, run_id);

CREATE INDEX summary_min on summary (metric_id, min, run_id);

CREATE INDEX summary_max on summary (metric_id, max, run_id);

CREATE TABLE artifact (
    id          integer primary key,
    run_id      integer not null references run (id),
    path        text not null,                  -- the name the script gave it
    kind        text not null check (kind in ('file', 'model', 'checkpoint', 'log')),
    digest      text not null,                  -- of the object: a file, or a tree listing files
    tree        integer not null check (tree in (0, 1)),
    bytes       integer not null,
    created_us  integer not null,
    unique (run_id, path)
) strict;

CREATE TABLE dataset (
    id          integer primary key,
    name        text not null unique,
    created_us  integer not null
) strict;

CREATE TABLE dataset_version (
    id           integer primary key,
    uid          text not null unique,
    dataset_id   integer not null references dataset (id),
    number       integer not null,
    digest       text not null,                 -- over the digests of its files
    rows         integer not null,
    bytes        integer not null,
    columns      text not null,                 -- JSON list of {name, dtype}
    target       text,
    time_column  text,
    time_zone    text,
    exclude      text not null default '[]',    -- columns no model may see (JSON list)
    origin       text not null,                 -- JSON: the path it came from, or what it was joined from
    profile      text not null default '[]',    -- JSON list of column profiles
    created_us   integer not null,
    created_by   text not null,
    unique (dataset_id, number),
    unique (dataset_id, digest)
) strict;

CREATE TABLE dataset_file (
    version_id  integer not null references dataset_version (id),
    split       text not null,                  -- "all", or "train" and "recent"
    digest      text not null,
    rows        integer not null,
    bytes       integer not null,
    primary key (version_id, split)
) strict, without rowid;

CREATE TABLE project (
    name        text primary key,
    folder      text not null,
    text        text not null,                  -- lineside.toml as applied
    digest      text not null,
    applied_us  integer not null,
    applied_by  text not null,
    uid         integer not null                -- whose planner jobs run in that folder
) strict, without rowid;

CREATE TABLE job (
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
, gpu_slots integer, gpu_prefer text not null default '[]', memory_bytes integer, preemptible integer not null default 0 check (preemptible in (0, 1)), checkpoint_signal text, retry_backoff_s real, watch text not null default '[]', array_id integer references job (id), array_index integer, deps text not null default '[]', outs text not null default '[]', metrics text not null default '[]', cache_key text, schedule_id integer, due_us integer) strict;

CREATE INDEX job_queue on job (priority desc, id) where state = 'QUEUED';

CREATE INDEX job_queue_gpu on job (priority desc, id) where state = 'QUEUED' and gpus <> 0;

CREATE INDEX job_queue_cpu on job (priority desc, id) where state = 'QUEUED' and gpus = 0 and cpus <> 0;

CREATE INDEX job_queue_free on job (priority desc, id) where state = 'QUEUED' and gpus = 0 and cpus = 0;

CREATE INDEX job_held on job (id) where state = 'HELD';

CREATE INDEX job_live on job (state) where state in ('STARTING', 'RUNNING', 'STOPPING');

CREATE INDEX job_failed on job (id) where state = 'FAILED';

CREATE TABLE job_need (
    job_id     integer not null references job (id),
    needs_id   integer not null references job (id),
    condition  text not null check (condition in ('ok', 'any')),
    primary key (job_id, needs_id)
) strict, without rowid;

CREATE INDEX job_need_back on job_need (needs_id);

CREATE TABLE attempt (
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
    max_rss_bytes  integer, energy_j real, gpu_peak_bytes integer,
    primary key (job_id, number)
) strict, without rowid;

CREATE TABLE model (
    id          integer primary key,
    name        text not null unique,
    created_us  integer not null
) strict;

CREATE TABLE model_version (
    id               integer primary key,
    uid              text not null unique,
    model_id         integer not null references model (id),
    number           integer not null,
    status           text not null check (status in ('PENDING_REGISTRATION', 'READY', 'FAILED_REGISTRATION')),
    run_id           integer not null references run (id),
    artifact_digest  text,                      -- null until hashed; READY only with one
    package          text not null default '{}',-- package.json of the model: signature, classes, versions
    profile_digest   text,                      -- the training profile drift is measured against
    failure          text not null default '',
    created_us       integer not null,
    created_by       text not null,
    unique (model_id, number),
    check (status <> 'READY' or artifact_digest is not null)
) strict;

CREATE INDEX model_version_of_run on model_version (run_id);

CREATE INDEX model_version_pending on model_version (id) where status = 'PENDING_REGISTRATION';

CREATE TABLE promotion (
    id                integer primary key,
    uid               text not null unique,
    version_id        integer not null references model_version (id),
    model_id          integer not null references model (id),
    alias             text not null,
    state             text not null check (state in (
        'DRAFT', 'CHECKING', 'CHECKS_FAILED', 'PENDING_MANUAL_APPROVAL', 'APPROVED', 'APPLYING', 'APPLIED',
        'APPLY_FAILED', 'REJECTED', 'WITHDRAWN', 'EXPIRED', 'SUPERSEDED', 'VOIDED', 'ROLLED_BACK')),
    requested_by      text not null,
    requester_uid     integer not null,
    reason            text not null default '',
    expected_id       integer references model_version (id), -- the holder when it was asked; null: none
    pins              text not null default '{}', -- digests an approval counts for (JSON)
    needed            integer not null default 1, -- approvals
    created_us        integer not null,
    expires_us        integer not null,
    decided_us        integer,
    applied_us        integer,
    break_glass       integer not null default 0 check (break_glass in (0, 1)),
    ratify_before_us  integer,                  -- break-glass only
    ratified_by       text,
    outcome           text not null default ''  -- why it was rejected, voided, failed
) strict;

CREATE INDEX promotion_open on promotion (state, id)
    where state in ('DRAFT', 'CHECKING', 'PENDING_MANUAL_APPROVAL', 'APPROVED', 'APPLYING');

CREATE INDEX promotion_unratified on promotion (id)
    where break_glass = 1 and ratified_by is null and state = 'APPLIED';

CREATE TABLE gate_result (
    promotion_id  integer not null references promotion (id),
    gate          text not null,
    passed        integer not null check (passed in (0, 1)),
    observed      text not null,                -- "0.92 vs 0.83, difference +0.09 [0.04, 0.14]"
    required      text not null,                -- "at least 0.90"
    rows          integer,
    at_us         integer not null,
    primary key (promotion_id, gate)
) strict, without rowid;

CREATE TABLE approval (
    id            integer primary key,
    promotion_id  integer not null references promotion (id),
    actor         text not null,
    uid           integer not null,
    verdict       text not null check (verdict in ('approve', 'reject', 'ratify')),
    reason        text not null default '',
    stamp         text not null default '',     -- "single account" when nobody else exists
    pins_digest   text not null,
    at_us         integer not null,
    unique (promotion_id, actor)
) strict;

CREATE TABLE alias_interval (
    id            integer primary key,
    model_id      integer not null references model (id),
    alias         text not null,
    version_id    integer not null references model_version (id),
    from_us       integer not null,
    to_us         integer,                      -- null: the current holder
    by            text not null,
    promotion_id  integer not null references promotion (id)
) strict;

CREATE UNIQUE INDEX alias_holder on alias_interval (model_id, alias) where to_us is null;

CREATE INDEX alias_history on alias_interval (model_id, alias, id);

CREATE TRIGGER alias_moves_only_by_promotion before insert on alias_interval
    when not exists (select 1 from promotion
                      where id = new.promotion_id and model_id = new.model_id and alias = new.alias
                        and state in ('APPLYING', 'APPLIED'))
begin
    select raise(abort, 'an alias moves only by a promotion that is being applied');
end;

CREATE TRIGGER alias_history_is_kept before delete on alias_interval begin
    select raise(abort, 'alias history is append-only');
end;

CREATE TRIGGER alias_history_stands before update on alias_interval
    when old.to_us is not null or new.version_id <> old.version_id or new.alias <> old.alias
      or new.model_id <> old.model_id or new.from_us <> old.from_us
begin
    select raise(abort, 'alias history is append-only');
end;

CREATE TABLE deployment (
    id          integer primary key,
    uid         text not null unique,
    name        text not null unique,
    model_id    integer not null references model (id),
    alias       text not null,
    job_id      integer references job (id),    -- the service job that serves it
    host        text not null,
    port        integer not null,
    live_id     integer references model_version (id), -- what was verified to answer; null: nothing yet
    state       text not null check (state in ('STARTING', 'LIVE', 'SWAPPING', 'FAILED', 'STOPPED')),
    detail      text not null default '',
    created_us  integer not null,
    created_by  text not null
) strict;

CREATE TABLE endpoint (
    id              integer primary key,
    uid             text not null unique,
    name            text not null unique,
    adapter         text not null,              -- "lineside", "mlserver", "prometheus" ...
    url             text not null,
    metrics_url     text not null,
    period_s        real not null,
    deployment_id   integer references deployment (id), -- null: a foreign server
    model_id        integer references model (id),
    alias           text,
    state           text not null default 'new',
    state_since_us  integer not null,
    detail          text not null default '',
    served_version  text,                       -- what the server itself says
    last_look_us    integer,
    last_good_us    integer,
    created_us      integer not null,
    created_by      text not null,
    removed_us      integer
) strict;

CREATE TABLE scrape (
    endpoint_id  integer not null references endpoint (id),
    at_us        integer not null,              -- end of the interval
    elapsed_s    real not null,
    requests     real not null,
    errors       real not null,
    mean_ms      real,                          -- null: nothing was served, or nothing is known
    p50_ms       real,
    p99_ms       real,
    note         text not null default '',      -- "mean only", "<= 5", "reset"
    in_flight    real,
    primary key (endpoint_id, at_us)
) strict, without rowid;

CREATE TABLE monitor (
    id             integer primary key,
    uid            text not null unique,
    name           text not null unique,
    model_id       integer not null references model (id),
    deployment_id  integer references deployment (id),
    settings       text not null,               -- [monitor.NAME] resolved (JSON)
    payload_bytes  integer not null default 0,  -- a frame of payloads/<deployment>.sp at or before the next window
    payload_rows   integer not null default 0,  -- rows from there on that earlier windows took
    created_us     integer not null
) strict;

CREATE TABLE window (
    id              integer primary key,
    uid             text not null unique,
    monitor_id      integer not null references monitor (id),
    number          integer not null,
    state           text not null check (state in ('OPEN', 'CLOSED', 'MEASURED', 'FAILED')),
    version_id      integer references model_version (id), -- what served most of it
    start_us        integer not null,           -- event time
    end_us          integer not null,
    rows            integer not null default 0,
    path            text,                       -- windows/*.parquet once closed
    digest          text,
    columns_tested  integer,
    columns_fired   integer,
    calibrated      integer check (calibrated in (0, 1)),
    domain_auc      real,                       -- out of fold; 0.5: cannot tell it from training
    labelled        integer not null default 0, -- rows whose label has come
    metric          text,                       -- "accuracy", "mae"
    value           real,
    low             real,                       -- 95 % interval
    high            real,
    baseline        real,                       -- the version's own hold-out
    detail          text not null default '',   -- "too few rows, n = 18"
    measured_us     integer,
    labelled_us     integer,
    unique (monitor_id, number)
) strict;

CREATE INDEX window_unfinished on window (state) where state in ('OPEN', 'CLOSED');

CREATE INDEX window_closed on window (id) where state = 'CLOSED';

CREATE TABLE drift_score (
    window_id   integer not null references window (id),
    feature     text not null,
    statistic   text not null,                  -- "ks", "psi_refdecile", "l_inf"
    value       real not null,
    line        real,                           -- null: shown, not judged
    p_adjusted  real,
    fired       integer not null check (fired in (0, 1)),
    reference   text not null default '[]',     -- shares per bin, for the pair of histograms (JSON)
    live        text not null default '[]',
    edges       text not null default '[]',
    primary key (window_id, feature, statistic)
) strict, without rowid;

CREATE TABLE label (
    monitor_id     integer not null references monitor (id),
    prediction_id  text not null,
    value          text not null,
    arrived_us     integer not null,
    primary key (monitor_id, prediction_id)
) strict, without rowid;

CREATE INDEX label_arrival on label (monitor_id, arrived_us);

CREATE TABLE alert (
    id            integer primary key,
    uid           text not null unique,
    rule          text not null,                -- "drift.columns", "performance", "endpoint" ...
    subject_kind  text not null,
    subject_id    integer not null,
    subject       text not null,                -- its name, as people say it
    state         text not null check (state in ('PENDING', 'FIRING', 'ACKED', 'SILENCED', 'RESOLVED')),
    title         text not null,
    value         real,
    line          real,
    window_id     integer references window (id),
    opened_us     integer not null,
    fired_us      integer,
    acked_us      integer,
    acked_by      text,
    silenced_until_us integer,
    resolved_us   integer,
    seen          integer not null default 1,   -- how many looks in a row said so
    clean         integer not null default 0,   -- how many in a row said not
    resolution    text not null default ''      -- why it ended: "3 clean windows", "v2 serves now"
) strict;

CREATE UNIQUE INDEX alert_open on alert (rule, subject_kind, subject_id) where state <> 'RESOLVED';

CREATE INDEX alert_newest on alert (opened_us desc);

CREATE TABLE retrain (
    id                  integer primary key,
    trigger_name        text not null,          -- [retrain.NAME]
    alert_id            integer not null references alert (id),
    state               text not null check (state in ('STARTED', 'SUPPRESSED', 'REGISTERED', 'REQUESTED', 'FAILED')),
    reason              text not null default '',
    dataset_version_id  integer references dataset_version (id),
    job_id              integer references job (id),
    version_id          integer references model_version (id),
    promotion_id        integer references promotion (id),
    at_us               integer not null
) strict;

CREATE INDEX retrain_of_trigger on retrain (trigger_name, id);

CREATE INDEX retrain_live on retrain (state) where state in ('STARTED', 'REGISTERED');

CREATE TABLE segment (
    id          integer primary key,
    path        text not null unique,           -- file name inside segments/
    rows        integer not null,
    bytes       integer not null,
    run_lo      integer not null,               -- lowest and highest run that has rows in it
    run_hi      integer not null,
    sha256      text not null,
    created_us  integer not null
) strict;

CREATE TABLE run_segment (
    run_id      integer not null references run (id),
    segment_id  integer not null references segment (id),
    row_lo      integer not null,               -- the run's rows: row_lo up to, not including, row_hi
    row_hi      integer not null,
    places      integer not null,               -- places used so far: what comes later is numbered from here
    openings    integer not null,               -- how often the run had been begun
    primary key (run_id, segment_id)
) strict, without rowid;

CREATE INDEX runs_in_segment on run_segment (segment_id);

CREATE INDEX spool_warm on spool (run_id) where sealed = 1 and cold_head is null and offset_bytes > 0;

CREATE INDEX summary_first on summary (metric_id, first, run_id);

CREATE INDEX run_of_parent on run (parent_id) where parent_id is not null;

CREATE INDEX job_of_array on job (array_id, array_index) where array_id is not null;

CREATE INDEX attempt_recent on attempt (started_us);

CREATE INDEX job_command on job (name, pipeline, stage) where gpus <> 0;

CREATE TABLE schedule (
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
) strict;

CREATE INDEX schedule_due on schedule (next_us) where next_us is not null;

CREATE TABLE firing (
    schedule_id  integer not null references schedule (id),
    due          text not null,                 -- what fires only once: a wall-clock time, a version, a commit
    at_us        integer not null,
    job_id       integer references job (id),   -- the planner job; null: skipped
    outcome      text not null,                 -- "started", "skipped: job 41 still runs"
    primary key (schedule_id, due)
) strict, without rowid;

CREATE INDEX firing_newest on firing (schedule_id, at_us desc);

CREATE INDEX firing_of_job on firing (job_id) where job_id is not null;

CREATE TABLE stage_result (
    key       text primary key,
    pipeline  text not null,
    stage     text not null,
    job_id    integer not null references job (id),
    inputs    text not null,                    -- JSON: what the key was made of, to say what changed
    outs      text not null,                    -- JSON list of {path, digest, bytes}
    made_us   integer not null
) strict, without rowid;

CREATE INDEX stage_result_newest on stage_result (pipeline, stage, made_us desc);

CREATE TABLE setting (
    name   text primary key,
    value  text not null,
    at_us  integer not null,
    by     text not null
) strict, without rowid;
