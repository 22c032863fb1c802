-- Checkpoints, signed notes, the second copy of the log, and the schema that
-- readers look at.

create schema if not exists meta;
create schema archive;
create schema read;

comment on schema meta is 'what the program knows of its own tables';
comment on schema archive is 'the second copy of the log, with its Merkle tree';
comment on schema read is 'views on the read model that is served: the only schema a reader has rights on';

create table meta.read_model (
    name     text        primary key,
    status   text        not null check (status in ('archive', 'building', 'ready', 'serving', 'retired')),
    seq      bigint      not null default 0 check (seq >= 0),
    root     bytea       not null check (length(root) = 32),
    epoch    bigint      not null default 0,
    fold     text        not null,
    built_at timestamptz not null default now(),
    check ((name = 'archive') = (status = 'archive'))
);
create unique index read_model_serving on meta.read_model (status) where status = 'serving';
comment on table meta.read_model is 'written by the runner of package projections: the checkpoint of the archive and of each version of the read models, moved in the same transaction as their rows';
comment on column meta.read_model.seq is 'last record whose rows are in the tables';
comment on column meta.read_model.root is 'root of the Merkle tree over the log at seq';
comment on column meta.read_model.epoch is 'raised by each runner that takes over; an older one no longer matches it';
comment on column meta.read_model.fold is 'fingerprint of the code and tables that the rows were made by';

create table meta.halt (
    one    boolean     primary key default true check (one),
    reason text        not null check (reason in ('gap', 'behind', 'fork', 'poison', 'fold-changed')),
    seq    bigint      not null,
    detail text        not null,
    since  timestamptz not null default now()
);
comment on table meta.halt is 'written by the runner of package projections: why it stands still; empty while it runs';

create table meta.checkpoint_note (
    size      bigint      primary key check (size > 0),
    root      bytea       not null check (length(root) = 32),
    note      text        not null,
    signed_at timestamptz not null default now()
);
comment on table meta.checkpoint_note is 'signed checkpoints of the log, as published';

create table archive.record (
    seq         bigint      primary key check (seq > 0),
    recorded_at timestamptz not null,
    effective   date,
    name        text        not null,
    case_id     text        not null,
    command     text        not null,
    actor       text        not null,
    subject     text        not null,
    header      bytea       not null,
    data        bytea       not null,
    hashes      bytea       not null check (length(hashes) >= 32)
);
create index record_case on archive.record (case_id, seq);
create index record_command on archive.record (command);
comment on table archive.record is 'written by the runner of package projections (archive): every record of the log as stored, and the hashes of the Merkle tree that it completes; rows are added and never changed';
comment on column archive.record.header is 'canonical form of the header, as hashed';
comment on column archive.record.data is 'payload, byte for byte';
comment on column archive.record.hashes is 'row seq-1 of the stored hashes; the first 32 bytes are the leaf';

create function archive.refuse() returns trigger language plpgsql as $$
begin
    raise exception 'archive.record is append-only' using errcode = 'restrict_violation';
end $$;
create trigger append_only before update or delete or truncate on archive.record
    for each statement execute function archive.refuse();

create view read.event as
select seq, recorded_at, effective, name, case_id, command, actor, subject,
       convert_from(data, 'UTF8')::json as data, encode(substr(hashes, 1, 32), 'hex') as leaf
from archive.record;
comment on view read.event is 'every event as recorded; its data is JSON';

create view read.position as
select name as version, seq, root, epoch, built_at
from meta.read_model
where status = 'serving';
comment on view read.position is 'which version of the read models is served, and up to which record';

create view read.note as
select size, root, note, signed_at
from meta.checkpoint_note;
comment on view read.note is 'signed checkpoints';
