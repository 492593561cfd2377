create table model (
    id          integer primary key,
    name        text not null unique,
    created_us  integer not null
) strict

create table model_version (
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
) strict

create index model_version_of_run on model_version (run_id)

create index model_version_pending on model_version (id) where status = 'PENDING_REGISTRATION'

create table promotion (
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
) strict

create index promotion_open on promotion (state, id)
    where state in ('DRAFT', 'CHECKING', 'PENDING_MANUAL_APPROVAL', 'APPROVED', 'APPLYING')

create index promotion_unratified on promotion (id)
    where break_glass = 1 and ratified_by is null and state = 'APPLIED'

create table gate_result (
    promotion_id  integer not null references promotion (id),
    gate          text not null,
    passed        integer not null check (passed in (0, 1)),
    observed      text not null,                -- "0.92 vs 0.83, difference +0.09 [0.04, 0.14]"
    required      text not null,                -- "at least 0.90"
    rows          integer,
    at_us         integer not null,
    primary key (promotion_id, gate)
) strict, without rowid

create table approval (
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
) strict

create table alias_interval (
    id            integer primary key,
    model_id      integer not null references model (id),
    alias         text not null,
    version_id    integer not null references model_version (id),
    from_us       integer not null,
    to_us         integer,                      -- null: the current holder
    by            text not null,
    promotion_id  integer not null references promotion (id)
) strict

create unique index alias_holder on alias_interval (model_id, alias) where to_us is null

create index alias_history on alias_interval (model_id, alias, id)

create trigger alias_moves_only_by_promotion before insert on alias_interval
    when not exists (select 1 from promotion
                      where id = new.promotion_id and model_id = new.model_id and alias = new.alias
                        and state in ('APPLYING', 'APPLIED'))
begin
    select raise(abort, 'an alias moves only by a promotion that is being applied');
end

create trigger alias_history_is_kept before delete on alias_interval begin
    select raise(abort, 'alias history is append-only');
end

create trigger alias_history_stands before update on alias_interval
    when old.to_us is not null or new.version_id <> old.version_id or new.alias <> old.alias
      or new.model_id <> old.model_id or new.from_us <> old.from_us
begin
    select raise(abort, 'alias history is append-only');
end
