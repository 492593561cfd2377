-- the home itself: one row, written once, never changed

create table home (
    id          integer primary key check (id = 1),
    uid         text not null,
    demo        integer not null check (demo in (0, 1)),
    created_us  integer not null
) strict

create trigger home_is_for_ever before update on home begin
    select raise(abort, 'a home never changes what it is');
end

create table audit (
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
) strict

create index audit_subject on audit (subject_kind, subject_id, seq)

create trigger audit_never_changes before update on audit begin
    select raise(abort, 'the audit trail is append-only');
end

create trigger audit_never_shrinks before delete on audit begin
    select raise(abort, 'the audit trail is append-only');
end

create table edge (
    id        integer primary key,
    src_kind  text not null,
    src_id    integer not null,
    dst_kind  text not null,
    dst_id    integer not null,
    relation  text not null,                    -- "trained", "registered", "served" ...
    at_us     integer not null,
    unique (src_kind, src_id, dst_kind, dst_id, relation)
) strict

create index edge_back on edge (dst_kind, dst_id)

create table control_key (
    key     text primary key,                   -- what makes a repeated request harmless
    verb    text not null,
    answer  text not null,
    at_us   integer not null
) strict, without rowid

create table story (
    id     integer primary key,                 -- what the demo says, line by line
    at_us  integer not null,
    text   text not null,
    key    text                                 -- the console key that shows it
) strict
