create table dataset (
    id          integer primary key,
    name        text not null unique,
    created_us  integer not null
) strict

create table dataset_version (
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
) strict

create table dataset_file (
    version_id  integer not null references dataset_version (id),
    split       text not null,                  -- "all", or "train" and "recent"
    digest      text not null,
    rows        integer not null,
    bytes       integer not null,
    primary key (version_id, split)
) strict, without rowid

create table project (
    name        text primary key,
    folder      text not null,
    text        text not null,                  -- lineside.toml as applied
    digest      text not null,
    applied_us  integer not null,
    applied_by  text not null,
    uid         integer not null                -- whose planner jobs run in that folder
) strict, without rowid
