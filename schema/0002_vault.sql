-- The keys of persons, and by what a person is found again. Owned by package
-- projections/vault and by nothing else. It is no function of the log: it is
-- backed up on its own and never rebuilt.
create schema vault;
comment on schema vault is 'owner: projections/vault. Personal data: keys, keyed hashes, masked names. Not rebuilt from the log.';

create table vault.master (
    one boolean primary key default true check (one),
    id  text not null check (id ~ '^[0-9a-f]{16}$')
);
comment on table vault.master is 'owner: projections/vault. The master key that everything here is kept under, by its id.';

create table vault.key (
    party      text primary key check (party ~ '^[A-Za-z0-9._:-]{1,80}$'),
    wrapped    bytea not null check (length(wrapped) = 69),
    master_id  text not null check (master_id = encode(substr(wrapped, 2, 8), 'hex')),
    created_at timestamptz not null default now()
);
comment on table vault.key is 'owner: projections/vault. One wrapped key per party; deleting the row erases the person.';

-- An identity takes its party before the party takes its key, so that of two who
-- register the same person at once, one wins; hence a reference checked at commit.
create table vault.identity (
    kind   text not null check (kind in ('person', 'organisation', 'name')),
    hash   bytea not null check (length(hash) = 32),
    party  text not null references vault.key on delete cascade deferrable initially deferred,
    sealed text not null check (sealed like 's1.%'),
    primary key (kind, hash)
);
create index identity_party on vault.identity (party);
comment on table vault.identity is 'owner: projections/vault. Who is who: keyed hash of the identity number. The number itself is sealed under the party''s key, to be hashed anew when the master key changes.';

create table vault.display (
    party  text primary key references vault.key on delete cascade,
    masked text not null check (masked <> '')
);
comment on table vault.display is 'owner: projections/vault. Masked names of persons for lists, such as 张*三.';

create table vault.destroyed (
    party text primary key,
    seq   bigint not null check (seq > 0),
    at    timestamptz not null default now()
);
comment on table vault.destroyed is 'owner: projections/vault. Whose key was destroyed, and by which event of the log.';
