create table deployment (
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
) strict

create table endpoint (
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
) strict

create table scrape (
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
) strict, without rowid

create table monitor (
    id             integer primary key,
    uid            text not null unique,
    name           text not null unique,
    model_id       integer not null references model (id),
    deployment_id  integer references deployment (id),
    settings       text not null,               -- [monitor.NAME] resolved (JSON)
    payload_bytes  integer not null default 0,  -- a frame of payloads/<deployment>.sp at or before the next window
    payload_rows   integer not null default 0,  -- rows from there on that earlier windows took
    created_us     integer not null
) strict

create table window (
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
) strict

create index window_unfinished on window (state) where state in ('OPEN', 'CLOSED')

create index window_closed on window (id) where state = 'CLOSED'

create table drift_score (
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
) strict, without rowid

create table label (
    monitor_id     integer not null references monitor (id),
    prediction_id  text not null,
    value          text not null,
    arrived_us     integer not null,
    primary key (monitor_id, prediction_id)
) strict, without rowid

create index label_arrival on label (monitor_id, arrived_us)

create table alert (
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
) strict

create unique index alert_open on alert (rule, subject_kind, subject_id) where state <> 'RESOLVED'

create index alert_newest on alert (opened_us desc)

create table retrain (
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
) strict

create index retrain_of_trigger on retrain (trigger_name, id)

create index retrain_live on retrain (state) where state in ('STARTED', 'REGISTERED')
